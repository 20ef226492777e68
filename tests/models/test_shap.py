"""Contributions of the trees: xgboost's own to its single precision, and the same whatever else is in the table."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgx.models.fitting import boost
from pgx.models.scoring import shap


def _data(n: int, seed: int) -> tuple[boost.Matrix, boost.Floats]:
    rng = np.random.default_rng(seed)
    x = np.round(rng.normal(size=(n, 5)), 1).astype(np.float32)
    x[rng.random(x.shape) < 0.2] = np.nan
    return x, np.nan_to_num(x[:, 0]) * np.nan_to_num(x[:, 1]) + rng.normal(size=n)


@pytest.mark.parametrize("depth", [1, 2, 3, 5])
@pytest.mark.parametrize("link", ["sqrt", "logit"])
def test_they_are_xgboosts(depth: int, link: str) -> None:
    import xgboost as xgb

    x, y = _data(500, depth)
    y = y if link == "sqrt" else (y > 0).astype(np.float64)
    grown = boost.grow(x, y, np.zeros(500), link, [0] * 5, 15, boost.Settings(depth=depth, leaf_weight=1.0))
    trees = shap.read(grown)
    sides = [np.unique(tree.edges[feature]) for tree in trees for feature in tree.edges]
    x[: len(sides[0]), 0] = sides[0]  # values right on a split
    theirs = boost.open_booster(grown).predict(xgb.DMatrix(x, base_margin=np.zeros(500)), pred_contribs=True)
    np.testing.assert_allclose(shap.contributions(trees, x), theirs, atol=2e-6)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 299), min_size=1, max_size=30))
def test_company_does_not_matter_to_the_last_bit(rows: list[int]) -> None:
    whole = shap.contributions(_TREES, _X)
    assert shap.contributions(_TREES, _X[rows]).tobytes() == whole[rows].tobytes()


def test_large_trees_are_solved_without_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = shap.contributions(_TREES, _X)
    monkeypatch.setattr(shap, "_LARGEST_TABLE", 1)
    assert shap.contributions(_TREES, _X).tobytes() == whole.tobytes()


def test_no_rows_give_no_rows() -> None:
    assert shap.contributions(_TREES, _X[:0]).shape == (0, 6)


_X, _Y = _data(300, 9)
_TREES = shap.read(boost.grow(_X, _Y, np.zeros(300), "sqrt", [1, 0, 0, 0, 0], 20, boost.Settings()))
