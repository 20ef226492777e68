"""Conformal intervals: exact against MAPIE, exact in rank, never narrower than the point, groups only if large."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mapie.regression import SplitConformalRegressor
from sklearn.base import BaseEstimator, RegressorMixin

from pgx.models.fitting import conformal


class _Zero(RegressorMixin, BaseEstimator):
    """A fitted model that predicts 0, so that outcomes are residuals."""

    n_features_in_ = 1

    def fit(self, x: np.ndarray, y: np.ndarray) -> _Zero:
        self.fitted_ = True
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        return np.zeros(len(x))


@pytest.mark.parametrize("n", [10, 19, 20, 39, 57, 100])
@pytest.mark.parametrize("level", [0.8, 0.9])
def test_the_quantile_of_absolute_residuals_is_mapies(n: int, level: float) -> None:
    residuals = np.random.default_rng(n).normal(size=n)
    x = np.zeros((n, 1))
    oracle = SplitConformalRegressor(_Zero().fit(x, residuals), confidence_level=level, prefit=True)
    _, intervals = oracle.conformalize(x, residuals).predict_interval(x[:1])
    ours = conformal._quantile(np.abs(residuals), level, None)
    assert ours == pytest.approx(float(intervals[0, 1, 0]))


@pytest.mark.parametrize(("n", "rank"), [(9, 9), (18, 18), (19, 19), (20, 20), (38, 38), (39, 38), (40, 39), (99, 95)])
def test_each_side_is_the_residual_of_rank_n_plus_one_times_95_percent(n: int, rank: int) -> None:
    values = np.arange(1.0, n + 1.0)
    below, _ = conformal.tables(-values, np.zeros(n), [None] * n, 0.9)["*"]
    _, above = conformal.tables(values, np.zeros(n), [None] * n, 0.9)["*"]
    assert below == above == rank


@given(st.integers(2, 60), st.sampled_from([0.5, 0.8, 0.9, 0.95]))
def test_persons_of_weight_one_and_persons_without_weights_are_the_same(n: int, level: float) -> None:
    values = np.random.default_rng(n).permutation(np.arange(1.0, n + 1.0))
    alone = conformal._quantile(values, level, None)
    assert conformal._quantile(values, level, np.ones(n)) == alone
    # Twice the rows at half the weight are the same persons.
    assert conformal._quantile(np.repeat(values, 2), level, np.full(2 * n, 0.5)) == alone


def test_an_interval_never_leaves_out_its_own_estimate() -> None:
    low = conformal.tables(np.full(50, 3.0), np.zeros(50), [None] * 50, 0.9)["*"]
    assert low == (0.0, 3.0)


@pytest.mark.parametrize(("size", "own"), [(99, False), (100, True), (101, True)])
def test_a_group_has_its_own_interval_from_100_persons_on(size: int, own: bool) -> None:
    assert conformal.MIN_GROUP == 100
    y = np.r_[np.full(size, 9.0), np.zeros(300)]
    groups = ["few"] * size + ["many"] * 300
    for weight, copies in ((None, 1), (np.full(2 * len(y), 0.5), 2)):
        table = conformal.tables(
            np.repeat(y, copies), np.zeros(copies * len(y)), list(np.repeat(groups, copies)), 0.9, weight
        )
        assert ("few" in table) == own
        low, high = conformal.bounds(np.zeros(2), ["few", "many"], table)
        assert (high[0] == 9.0, high[1]) == (True, 0.0)
        assert low.tolist() == [0.0, 0.0]


@pytest.mark.parametrize(("size", "own"), [(99, False), (100, True)])
def test_persons_of_no_named_group_are_a_group_from_100_on(size: int, own: bool) -> None:
    y = np.r_[np.full(size, 1.0), np.full(2000, 9.0)]
    table = conformal.tables(y, np.zeros(len(y)), [None] * size + ["named"] * 2000, 0.9)
    assert table["*"][1] == (1.0 if own else 9.0)


def test_the_shipped_level_is_90_percent() -> None:
    assert conformal.LEVEL == 0.9
