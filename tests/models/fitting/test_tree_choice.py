"""Trees are added only when cross-validation says that they help by more than a standard error."""

from __future__ import annotations

import numpy as np
import pytest

from pgx.models.fitting import candidates, fit
from pgx.models.fitting.boost import Settings
from pgx.models.fitting.linear import Data

FEW = Settings(max_trees=20)


def _curved(link: str) -> Data:
    """An outcome that depends on how far a feature is from its middle, which no line can say."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(400, 2)).astype(np.float32)
    bump = np.where(np.abs(x[:, 0]) > 0.67, 1.5, -1.5)
    if link == "sqrt":
        return Data(np.full(400, 5.0), x, 5.0 + bump + 0.3 * rng.normal(size=400), np.arange(400))
    return Data(np.zeros(400), x, (rng.random(400) < 1 / (1 + np.exp(-bump))).astype(np.float64), np.arange(400))


@pytest.mark.parametrize("link", ["sqrt", "logit"])
def test_trees_are_given_weight_where_no_line_can_say_it(link: str) -> None:
    data = _curved(link)
    found = fit.fit(data, link, [0, 0], settings=FEW)
    grown = {name: weight for name, weight in found.weights.items() if name in candidates.BASE}
    assert sum(grown.values()) > 0.8
    assert found.losses["model"] < 0.9 * found.losses["ridge"]
    assert found.trees == sum(found.recipe.variants[name].trees for name, weight in grown.items() if weight)


@pytest.mark.parametrize("link", ["sqrt", "logit"])
def test_trees_are_given_none_where_there_is_nothing(link: str) -> None:
    rng = np.random.default_rng(2)
    x, prior = rng.normal(size=(400, 4)).astype(np.float32), rng.normal(size=400) + (5 if link == "sqrt" else -1)
    y = prior + rng.normal(size=400) if link == "sqrt" else (rng.random(400) < 1 / (1 + np.exp(-prior))).astype(float)
    found = fit.fit(Data(prior, x, y, np.arange(400)), link, [0] * 4, settings=FEW)
    assert found.weights["prior"] > 0.7 and found.trees == 0 and found.booster is None


def test_the_standard_error_is_that_of_the_mean_over_independent_persons() -> None:
    values = np.random.default_rng(0).normal(size=200)
    alone = fit.grouped_se(values, np.arange(200))
    assert alone == pytest.approx(values.std() / np.sqrt(200))
    # The same persons seen four times know no more; at a quarter of the weight neither.
    often, people = np.repeat(values, 4), np.repeat(np.arange(200), 4)
    assert fit.grouped_se(often, people) == pytest.approx(alone)
    assert fit.grouped_se(often, people, np.full(800, 0.25)) == pytest.approx(alone)


@pytest.mark.parametrize(
    ("events", "gate"),
    [(0, "intercept"), (9, "intercept"), (10, "linear"), (19, "linear"), (20, "booster"), (5000, "booster")],
)
def test_what_a_number_of_events_allows(events: int, gate: str) -> None:
    assert fit.gate_of(events) == gate


@pytest.mark.parametrize(
    ("gate", "names"),
    [
        ("intercept", ["prior", "base_rate", "intercept"]),
        ("linear", [*candidates.SIMPLE, *candidates.RIDGES]),
        ("booster", [*candidates.SIMPLE, *candidates.RIDGES, *candidates.BASE]),
    ],
)
def test_which_candidates_a_number_of_events_allows(gate: str, names: list[str]) -> None:
    data = Data(np.zeros(50), np.zeros((50, 3), np.float32), np.zeros(50), np.arange(50))
    found = candidates.plan(30, data, "logit", Settings(), gate)
    assert list(found) == names
    if "ridge" in names:
        precisions = [variant.precision for variant in found["ridge"]]
        assert precisions[0] == 0.01 and precisions[-1] == 100_000
    bare = Data(data.prior, np.zeros((50, 0), np.float32), data.y, data.groups)
    assert set(candidates.plan(30, bare, "logit", Settings(), gate)) <= set(candidates.SIMPLE)


def test_persons_are_counted_not_rows_and_the_rarer_outcome_decides() -> None:
    y = np.r_[np.ones(6), np.zeros(14)]
    assert fit.count_events(y, "logit") == 6
    assert fit.count_events(1 - y, "logit") == 6
    assert fit.count_events(y, "sqrt") == 20
    people = np.repeat(np.arange(10), 2)
    assert fit.count_events(y, "logit", people) == 3
    assert fit.count_events(y, "sqrt", people) == 10


@pytest.mark.parametrize(
    ("events", "link", "depth", "leaf"),
    [
        (999, "sqrt", 2, 10.0),
        (1000, "sqrt", 3, 5.0),
        (100, "logit", 2, 2.0),
        (399, "logit", 2, 7.98),
        (400, "logit", 3, 8.0),
        (2000, "logit", 3, 20.0),
    ],
)
def test_trees_are_shallow_and_leaves_heavy_when_events_are_few(
    events: int, link: str, depth: int, leaf: float
) -> None:
    found = fit.suited(Settings(), events, link)
    assert (found.depth, found.leaf_weight) == (depth, pytest.approx(leaf))
    assert found.l2 == (3.0 if link == "sqrt" else 5.0)
