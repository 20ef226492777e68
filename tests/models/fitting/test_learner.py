"""The learner's parts: trees united, weights that pay their price, choices that are paid for, sites kept together."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from pgx.models.fitting import boost, candidates, fit, linear, stacking, union
from pgx.models.fitting.boost import Settings
from pgx.models.fitting.linear import Data
from pgx.models.scoring import shap
from tests.benchmarks import learner_worlds as worlds
from tests.sizes import size

RNG = np.random.default_rng(3)
X = RNG.normal(size=(300, 4)).astype(np.float32)
X[RNG.random(X.shape) < 0.1] = np.nan
Y = (RNG.random(300) < 0.3).astype(np.float64)
FREE = dict.fromkeys(stacking.PRICE, 0.0)


@cache
def _boosters() -> list[bytes]:
    ways = (Settings(seed=1), Settings(seed=2, depth=4, rate=0.2))
    return [boost.grow(X, Y, np.zeros(300), "logit", [0] * 4, 15, way) for way in ways]


@settings(max_examples=20, deadline=None)
@given(st.floats(0.01, 1.0), st.floats(0.01, 30.0))
def test_united_boosters_add_what_each_adds_times_its_weight(one: float, two: float) -> None:
    first, second = _boosters()
    both = union.united([(one, first), (two, second)])
    assert both is not None and union.count(both) == 30
    parts = [boost.margins(boost.open_booster(content), X) for content in (first, second)]
    expected = one * parts[0] + two * parts[1]
    assert boost.margins(boost.open_booster(both), X) == pytest.approx(expected, rel=1e-5, abs=1e-5)


def test_shapley_values_of_united_boosters_are_exact_and_xgboosts_own() -> None:
    import xgboost as xgb

    both = union.united(list(zip([0.4, 0.35], _boosters(), strict=True)))
    assert both is not None
    found = shap.contributions(shap.read(both), X)
    theirs = boost.open_booster(both).predict(xgb.DMatrix(X, base_margin=np.zeros(300)), pred_contribs=True)
    assert found == pytest.approx(theirs, abs=2e-5)
    assert found.sum(axis=1) == pytest.approx(boost.margins(boost.open_booster(both), X), abs=1e-5)


def test_a_union_of_nothing_is_none_and_a_union_is_the_same_bytes_again() -> None:
    assert union.united([]) is None and union.count(None) == 0
    parts = list(zip([0.4, 0.35], _boosters(), strict=True))
    assert union.united(parts) == union.united(parts)
    trees = json.loads(union.united(parts) or b"")["learner"]["gradient_booster"]["model"]["trees"]
    assert [tree["id"] for tree in trees] == list(range(30))


@pytest.mark.parametrize("link", ["logit", "sqrt"])
def test_weights_are_the_best_convex_sum_where_nothing_is_paid(link: str) -> None:
    rng = np.random.default_rng(1)
    truth = rng.normal(size=400)
    y = truth + rng.normal(size=400) if link == "sqrt" else (rng.random(400) < 1 / (1 + np.exp(-truth))).astype(float)
    margins = {"prior": rng.normal(size=400), "ridge": truth + rng.normal(size=400), "boosted": 2 * truth}
    found = stacking.weights({k: v[None] for k, v in margins.items()}, y, link, None, FREE)
    assert sum(found.values()) == pytest.approx(1.0) and min(found.values()) >= 0
    stack = np.column_stack(list(margins.values()))

    def cost(free: np.ndarray) -> float:
        w = np.abs(free) / np.abs(free).sum()
        return float(linear.loss(y, stack @ w, link).sum())

    best = min(optimize.minimize(cost, start, method="Nelder-Mead").fun for start in np.eye(3) + 0.2)
    assert cost(np.array(list(found.values()))) <= best + 0.2


def test_a_candidate_pays_for_its_weight() -> None:
    """A gain of less than its price leaves the evidence as it is; where the evidence is free, so is the gain."""
    rng = np.random.default_rng(5)
    prior = rng.normal(size=200)
    y = (rng.random(200) < 1 / (1 + np.exp(-prior))).astype(float)
    better = prior + 0.35 * (y - 1 / (1 + np.exp(-prior)))
    gain = float((linear.loss(y, prior, "logit") - linear.loss(y, better, "logit")).sum())
    rows = {"prior": prior[None], "ridge": better[None]}
    for price, kept in ((1.2 * gain + 0.5, True), (0.5 * gain, False)):
        found = stacking.weights(rows, y, "logit", None, {"prior": 0.0, "ridge": price})
        assert (found["prior"] > 0.99) == kept
    numbers = {"base_rate": 2, "intercept": 1, "slope": 2}
    assert all(stacking.PRICE[name] >= number for name, number in numbers.items()), "one for each free number"
    assert stacking.PRICE["prior"] == 0 < min(price for name, price in stacking.PRICE.items() if name != "prior")


def test_few_persons_pay_more_and_many_the_price_that_is_written() -> None:
    assert stacking.prices(75) == stacking.prices(5000) == dict(stacking.PRICE)
    assert stacking.prices(50)["ridge"] == pytest.approx(1.5 * stacking.PRICE["ridge"])
    rng = np.random.default_rng(3)
    prior = rng.normal(5.5, 0.5, 50)
    y = prior + 0.35 + rng.normal(0, 0.9, 50)
    weight = {}
    for price in (stacking.PRICE, stacking.prices(50)):
        found = stacking.weights({"prior": prior[None], "intercept": prior[None] + 0.35}, y, "sqrt", None, price)
        weight[price["intercept"]] = found["prior"]
    assert weight[1.5] < weight[2.25]


def test_a_fit_of_few_persons_asks_for_their_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    asked = []
    monkeypatch.setattr(stacking, "prices", lambda persons: asked.append(persons) or dict(stacking.PRICE))
    prior = rng.normal(5.5, 0.5, 40)
    data = Data(
        prior, np.zeros((40, 0), np.float32), prior + rng.normal(0, 0.9, 40), np.arange(40) // 2, np.full(40, 0.5)
    )
    fit.fit(data, "sqrt", [])
    assert asked == [20]


def test_the_variant_of_a_fold_is_chosen_by_the_other_folds() -> None:
    """One variant is right in the first fold only: the rows of that fold must not choose it."""
    y = np.zeros(100)
    folds = np.arange(100) // 50
    right_there = np.where(folds == 0, 0.0, 9.0)
    values = np.stack([right_there, np.full(100, 1.0)])[:, None, :]
    ways = (candidates.Variant(1.0), candidates.Variant(2.0))
    tried = candidates.Tried({"ridge": values}, {"ridge": ways}, [folds])
    data = Data(np.zeros(100), np.zeros((100, 1), np.float32), y, np.arange(100))
    _, margins = candidates.choose(tried, data, "log")
    assert (margins["ridge"][0, :50] == 1.0).all()
    assert (margins["ridge"][0, 50:] == 9.0).all()
    assert not tried.margins


def test_a_large_cohort_tries_fewer_numbers_of_trees_up_to_the_same_largest() -> None:
    assert candidates.halved(candidates.numbers(Settings())) == [5, 10, 20, 40, 80, 160]
    assert candidates.halved([]) == [] and candidates.halved([7]) == [7]
    tried = {
        rows: {way.trees for way in candidates.plan(900, _empty(rows), "logit", Settings(), "booster")["boosted"]}
        for rows in (19_999, 20_000)
    }
    assert tried[20_000] == {5, 10, 20, 40, 80, 160} < tried[19_999]


def _empty(rows: int) -> Data:
    return Data(np.zeros(rows), np.zeros((rows, 1), np.float32), np.zeros(rows), np.arange(rows))


def test_features_made_once_fit_what_features_made_anew_fit() -> None:
    """Their free columns are written by every candidate: none may see what another left there."""
    center, scale = linear.moments(X)
    prior = np.linspace(-2.0, 0.0, 300)
    data = Data(prior, X, Y, np.arange(300))
    once = linear.room(X, center, scale)
    assert (once[:, 2:] == linear.standardise(X, center, scale)).all()
    for name in ("ridge", "plain_ridge", "ridge"):
        one = linear.candidate(name, data, "logit", center, scale, once, 5.0)
        two = linear.candidate(name, data, "logit", center, scale, precision=5.0)
        assert (one.intercept, one.slope, *one.weights) == (two.intercept, two.slope, *two.weights)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_sites_and_persons_at_several_sites_stay_together(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sites = rng.integers(0, 12, 150)
    groups = np.unique(np.where(rng.random(150) < 0.03, 0, np.arange(150)), return_inverse=True)[1]
    for folds in fit.split_sites(sites, groups, 5, 2, seed):
        assert all(len(set(folds[sites == one])) == 1 for one in np.unique(sites))
        assert all(len(set(folds[groups == one])) == 1 for one in np.unique(groups))
        assert set(folds) == set(range(len(set(folds)))) and len(set(folds)) >= 2


def test_sites_that_all_share_persons_are_one_and_cannot_be_left_out() -> None:
    rng = np.random.default_rng(1)
    groups, sites = np.repeat(np.arange(60), 2), np.tile(np.arange(6), 20)
    sites[1::2] = (sites[1::2] + 1) % 6
    prior = rng.normal(size=120)
    data = Data(prior, rng.normal(size=(120, 2)).astype(np.float32), prior + 5, groups, linear.per_person(groups))
    assert fit.fit(data, "sqrt", [0, 0], settings=Settings(max_trees=5), sites=sites).sites == 0


def test_a_column_that_tells_the_site_is_trusted_less_where_sites_are_left_out() -> None:
    rng = np.random.default_rng(8)
    sites, shift = np.repeat(np.arange(12), 60), rng.normal(size=12)
    x = np.column_stack([shift[sites] + 0.01 * rng.normal(size=720), rng.normal(size=720)]).astype(np.float32)
    place = np.argsort(np.argsort(rng.random(12)))
    y = 5 + 0.8 * np.where(place % 2 == 0, 1.0, -1.0)[sites] + rng.normal(size=720)
    data = Data(np.full(720, 5.0), x, y, np.arange(720))
    alone, apart = (fit.fit(data, "sqrt", [0, 0], settings=Settings(max_trees=40), sites=s) for s in (None, sites))
    assert (alone.sites, apart.sites) == (0, 12)
    assert apart.weights["prior"] > alone.weights["prior"] + 0.2


def _at_sites(spread: float) -> tuple[Data, np.ndarray, dict[str, np.ndarray]]:
    """A candidate that is ahead of the evidence at some of 20 sites of 50 persons and behind at the others."""
    rng = np.random.default_rng(12)
    sites = np.repeat(np.arange(20), 50)
    y = rng.normal(size=1000)
    moved = y * 0.05 + spread * rng.normal(size=20)[sites] * y
    data = Data(np.zeros(1000), np.empty((1000, 0), np.float32), y, np.arange(1000))
    return data, sites, {"prior": np.zeros((1, 1000), np.float32), "ridge": moved[None].astype(np.float32)}


def test_persons_of_a_site_speak_for_fewer_where_sites_differ() -> None:
    data, sites, margins = _at_sites(0.3)
    apart = stacking.design_effect(margins, data, "sqrt", sites)
    mixed = stacking.design_effect(margins, data, "sqrt", np.random.default_rng(1).permutation(sites))
    assert apart > 5.0
    assert 1.0 <= mixed < 1.6
    assert stacking.design_effect({"prior": margins["prior"]}, data, "sqrt", sites) == 1.0


def test_rows_of_a_person_are_no_design_effect_of_sites() -> None:
    data, sites, margins = _at_sites(0.0)
    three = [np.repeat(rows, 3, axis=0) for rows in (data.prior, data.y, data.groups)]
    twice = Data(three[0], np.repeat(data.x, 3, axis=0), three[1], three[2])
    again = {name: np.repeat(rows, 3, axis=1) for name, rows in margins.items()}
    one = stacking.design_effect(margins, data, "sqrt", sites)
    assert stacking.design_effect(again, twice, "sqrt", np.repeat(sites, 3)) == pytest.approx(one)


def test_what_helps_at_some_sites_and_harms_at_others_gets_less_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(22)
    sites = np.repeat(np.arange(8), 40)
    x = rng.normal(size=(320, 1)).astype(np.float32)
    y = 5 + (0.2 + 0.3 * rng.normal(size=8))[sites] * x[:, 0] + rng.normal(size=320)
    data = Data(np.full(320, 5.0), x, y, np.arange(320))
    apart = fit.fit(data, "sqrt", [0], settings=Settings(max_trees=5), sites=sites)
    monkeypatch.setattr(stacking, "design_effect", lambda *_: 1.0)
    alone = fit.fit(data, "sqrt", [0], settings=Settings(max_trees=5), sites=sites)
    assert apart.weights["prior"] > alone.weights["prior"] + 0.1


def test_trees_do_not_depend_on_the_unit_of_a_dose() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(300, 2)).astype(np.float32)
    y = 5 + np.where(np.abs(x[:, 0]) > 0.7, 1.0, -1.0) + 0.5 * rng.normal(size=300)
    found = []
    for unit in (1.0, 40.0):
        data = Data(np.full(300, 5.0 * unit), x, y * unit, np.arange(300))
        size, trees = candidates.grown("boosted", data, data.prior, "sqrt", [0, 0], 40, Settings(bins=32))
        found.append(size * boost.margins(boost.open_booster(trees), x) / unit)
    assert found[1] == pytest.approx(found[0], abs=1e-4)


def test_a_log_scale_is_learned_like_any_other() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(400, 3)).astype(np.float32)
    y = 6 + 0.5 * x[:, 0] + 0.3 * rng.normal(size=400)
    data = Data(np.full(400, 6.0), x, y, np.arange(400))
    found = fit.fit(data, "log", [0] * 3, settings=Settings(max_trees=20))
    assert found.losses["model"] < 0.5 * found.losses["prior"]
    assert np.corrcoef(found.margin(data.prior, x), y)[0, 1] > 0.8


@pytest.mark.parametrize(
    "name",
    size(
        ["wrong_prior 100x10 risk", "null 60x6 dose"],
        long=["null 100x10 risk", "wrong_prior 100x10 risk", "linear 200x20 dose", "null 60x6 dose"],
    ),
)
def test_the_learner_is_near_the_best_of_its_candidates(name: str) -> None:
    """A slice of `tests/benchmarks/bench_learner.py`, which judges all worlds and more draws."""
    from tests.benchmarks import bench_learner

    world = next(one for one in worlds.worlds() if one.name == name)
    rows = [bench_learner.judged(world, number, 4000, Settings(max_trees=40)) for number in range(3)]
    assert np.mean([row["regret"] for row in rows]) <= 0.02
    assert max(row["regret"] for row in rows) <= 0.05
    if world.kind == "null":
        assert np.mean([row["against_prior"] for row in rows]) <= 0.01


def test_weights_do_not_depend_on_the_unit_of_the_outcome_and_are_never_worse_than_the_best_candidate() -> None:
    """Published doses in mg, a cohort in g: the search for weights must not stop where it began."""
    rng = np.random.default_rng(6)
    y = rng.normal(0.3, 0.05, 300)
    good = (y + rng.normal(0, 0.02, 300)).astype(np.float32)
    margins = {name: np.full((1, 300), 17.0, np.float32) for name in stacking.PRICE}
    margins |= {"plain_ridge": good[None, :], "base_rate": np.full((1, 300), y.mean(), np.float32)}
    found = stacking.weights(margins, y, "sqrt", None)
    assert found["prior"] == 0.0 and found["plain_ridge"] > 0.8
    mixed = sum(weight * margins[name][0] for name, weight in found.items())
    assert np.mean((mixed - y) ** 2) <= 1.01 * np.mean((good - y) ** 2)
