"""Trees are added only when cross-validation says that they help by more than a standard error."""

from __future__ import annotations

import numpy as np
import pytest

from pgx.models.fitting import fit
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
def test_trees_must_gain_more_than_the_standard_error_of_their_gain(link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data, gains = _curved(link), list[float]()

    def error_is(share: float):  # type: ignore[no-untyped-def]
        def standard_error(values, groups, weight=None):  # type: ignore[no-untyped-def]
            gains.append(fit.mean(values, weight))
            return share * gains[-1]

        return standard_error

    monkeypatch.setattr(fit, "grouped_se", error_is(1.0))
    without = fit.fit(data, link, [0, 0], settings=FEW)
    monkeypatch.setattr(fit, "grouped_se", error_is(0.999))
    with_them = fit.fit(data, link, [0, 0], settings=FEW)
    assert gains[0] == gains[1] > 0
    assert (without.trees, without.booster) == (0, None)
    assert with_them.trees == 20 and with_them.booster is not None
    assert with_them.losses["model"] < without.losses["model"]
    assert not np.array_equal(with_them.margin(data.prior, data.x), without.margin(data.prior, data.x))


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
    [(0, "intercept"), (14, "intercept"), (15, "linear"), (99, "linear"), (100, "booster"), (5000, "booster")],
)
def test_what_a_number_of_events_allows(events: int, gate: str) -> None:
    assert fit.gate_of(events) == gate


@pytest.mark.parametrize(
    ("events", "link", "more"),
    [
        (14, "logit", []),
        (15, "logit", ["slope"]),
        (49, "logit", ["slope"]),
        (50, "logit", ["slope", "ridge_strong", "ridge"]),
        (149, "sqrt", ["slope"]),
        (150, "sqrt", ["slope", "ridge_strong", "ridge"]),
    ],
)
def test_which_candidates_a_number_of_events_allows(events: int, link: str, more: list[str]) -> None:
    assert fit._candidates(events, 3, link) == ["base_rate", "prior", "intercept", *more]
    assert "ridge" not in fit._candidates(events, 0, link)


@pytest.mark.parametrize(("events", "tried"), [(99, False), (100, True)])
def test_no_tree_is_tried_below_a_hundred_events(events: int, tried: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def none(data, *rest):  # type: ignore[no-untyped-def]
        asked.append(len(data.y))
        return 0, np.zeros(len(data.y))

    monkeypatch.setattr(fit, "_choose_trees", none)
    y = np.r_[np.ones(events), np.zeros(300)]
    found = fit.fit(Data(np.full(len(y), -1.4), np.zeros((len(y), 0), np.float32), y, np.arange(len(y))), "logit", [])
    assert (found.gate == "booster") == bool(asked) == tried


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
