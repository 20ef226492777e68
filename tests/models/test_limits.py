"""The numbers that models decide by, each at its boundary."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy import stats

from pgx.errors import UsageError
from pgx.knowledge import KnowledgeBase
from pgx.models.cohort import cohort, column_choice, leakage, missing_codes
from pgx.models.cohort.cohort import Roles
from pgx.models.cohort.simulation import Truth, simulate
from pgx.models.evaluation import measures
from pgx.models.evidence import endpoint_parsing, endpoints
from pgx.models.evidence.endpoint import Term
from pgx.models.evidence.endpoint_parsing import MAX_RISK, odds_ratio
from pgx.models.fitting import boost, candidates, fit, linear, metrics, new_sites, risk_covariance, stacking
from pgx.models.fitting.linear import Data
from pgx.models.scoring import score_rows
from pgx.models.training import fit_cohort, train

LIMITS = {
    (endpoint_parsing, "MAX_RISK"): 0.9,
    (endpoint_parsing, "UNSTATED_SE"): 0.5,
    (fit, "MIN_EVENTS"): 10,
    (fit, "BOOSTER_EVENTS"): 20,
    (fit, "MIN_SITES"): 5,
    (fit, "_REPEATED"): 250,
    (fit, "_TWICE"): 2000,
    (stacking, "PRICE"): {
        "prior": 0.0,
        "base_rate": 2.0,
        "intercept": 1.5,
        "slope": 2.0,
        "ridge": 2.5,
        "plain_ridge": 2.5,
        "boosted": 3.5,
        "boosted_ridge": 3.5,
        "plain_booster": 3.5,
    },
    (stacking, "SMALLEST"): 0.02,
    (candidates, "PRECISIONS"): (0.01, 0.1, 1.0, 10.0, 100.0, 1e3, 1e4, 1e5),
    (candidates, "_FEW"): 400,
    (candidates, "_MANY"): 20_000,
    (candidates, "_MOST_OF_FEW"): 80,
    (candidates, "_PARALLEL"): 100_000,
    (linear, "LARGE"): 2_000_000,
    (linear, "SHRINK"): {"sqrt": (12.0, 25.0), "log": (2.0, 4.0), "logit": (1.0, 4.0)},
    (linear, "_NEAR"): 1e-4,
    (risk_covariance, "UNLEARNED"): 0.5,
    (risk_covariance, "LARGEST"): 0.09,
    (risk_covariance, "MIN_SITES"): 5,
    (new_sites, "MIN_SITES"): 5,
    (leakage, "_ALPHA"): 0.01,
    (leakage, "CERTAIN"): 0.98,
    (leakage, "_HARDLY"): 1e-6,
    (column_choice, "_NEARLY"): 0.95,
    (leakage, "_CASES"): 10,
    (measures, "_FEWEST"): 20,
    (fit_cohort, "LEVEL"): 0.9,
    (fit_cohort, "_FOLDS"): 5,
    (fit_cohort, "_FAR"): 3.0,
    (score_rows, "LEVEL"): 0.9,
    (score_rows, "_CERTAIN"): 0.95,
    (score_rows, "_FACTORS"): 6,
}


@pytest.mark.parametrize(("module", "name"), LIMITS, ids=lambda one: getattr(one, "__name__", one))
def test_a_limit_is_what_the_documentation_says(module: object, name: str) -> None:
    assert getattr(module, name) == LIMITS[module, name]


# What the number of events allows


@pytest.mark.parametrize(
    ("events", "gate", "names"),
    [
        (9, "intercept", {"prior", "base_rate", "intercept"}),
        (10, "linear", {"prior", "base_rate", "intercept", "slope", "ridge", "plain_ridge"}),
        (19, "linear", {"prior", "base_rate", "intercept", "slope", "ridge", "plain_ridge"}),
        (20, "booster", set(stacking.PRICE)),
    ],
)
def test_ten_events_allow_features_and_twenty_allow_trees(events: int, gate: str, names: set[str]) -> None:
    data = Data(np.zeros(200), np.zeros((200, 3), np.float32), np.r_[np.ones(events), np.zeros(200 - events)],
                np.arange(200))  # fmt: skip
    assert fit.count_events(data.y, "logit", data.groups) == events
    assert fit.gate_of(events) == gate
    assert set(candidates.plan(events, data, "logit", boost.Settings(), gate)) == names


@pytest.mark.parametrize(
    ("events", "depth", "leaf"), [(50, 2, 2.0), (100, 2, 2.0), (399, 2, 7.98), (400, 3, 8.0), (2000, 3, 20.0)]
)
def test_trees_are_shallow_and_leaves_heavy_where_events_are_few(events: int, depth: int, leaf: float) -> None:
    near = candidates.suited(boost.Settings(), events, "logit")
    assert (near.depth, near.l2, near.rate) == (depth, 5.0, 0.05)
    assert near.leaf_weight == pytest.approx(leaf)


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        ({"prior": 0.981, "slope": 0.019}, {"prior": 1.0, "slope": 0.0}),
        ({"prior": 0.98, "slope": 0.02}, {"prior": 0.98, "slope": 0.02}),
        ({"prior": 0.5, "slope": 0.49, "ridge": 0.01}, {"prior": 0.5051, "slope": 0.4949, "ridge": 0.0}),
    ],
)
def test_a_candidate_counts_from_a_fiftieth_on(found: dict[str, float], kept: dict[str, float]) -> None:
    assert stacking.rounded(found) == pytest.approx(kept)


# Published evidence


@pytest.mark.parametrize(
    ("measure", "ratio", "baseline", "risk"),
    [
        ("RR", 2.0, 0.44, 0.88),
        ("RR", 2.0, 0.45, 0.9),
        ("RR", 2.0, 0.46, 0.9),
        ("HR", 2.0, 0.1, 0.19),
        ("HR", 50.0, 0.1, 0.9),
        ("risk", 0.89, 0.1, 0.89),
        ("risk", 0.95, 0.1, 0.9),
    ],
)
def test_a_ratio_implies_no_risk_above_90_percent(measure: str, ratio: float, baseline: float, risk: float) -> None:
    assert MAX_RISK == 0.9
    expected = risk / (1 - risk) / (baseline / (1 - baseline))
    assert odds_ratio(measure, ratio, baseline) == pytest.approx(expected)


def test_an_odds_ratio_is_taken_as_it_is() -> None:
    assert odds_ratio("OR", 50.0, 0.5) == 50.0
    with pytest.raises(ValueError, match="'XR' is not one of"):
        odds_ratio("XR", 1.0, 0.5)


def _term(**more: object) -> Term:
    row = {"name": "t", "column": "c", "measure": "RR", "estimate": 2.0, "mark": "recall", **more}
    baseline, scale = (None, "log") if row["measure"] == "ratio" else (0.1, "sqrt")
    return endpoint_parsing._term(row, {}, baseline, scale)


def test_the_width_of_an_effect_is_that_of_its_interval_and_half_where_none_is_stated() -> None:
    assert _term().se == 0.5
    assert _term(measure="OR").se == 0.5
    assert _term(measure="ratio").se == 0.5
    assert _term(measure="ratio", low=1.0, high=4.0).se == pytest.approx(math.log(4) / (2 * stats.norm.ppf(0.975)))
    assert _term(measure="OR", low=1.0, high=4.0).se == pytest.approx(math.log(4) / (2 * stats.norm.ppf(0.975)))
    # An upper end that the largest risk holds back says nothing: the lower side does.
    held = _term(low=1.0, high=20.0)
    assert held.se == pytest.approx(held.coefficient / stats.norm.ppf(0.975))


# Cohorts


@pytest.mark.parametrize(("cases", "known"), [(9, False), (10, True), (11, True)])
def test_a_column_gives_the_outcome_away_only_with_ten_cases_of_each_kind(cases: int, known: bool) -> None:
    for y in (np.r_[np.ones(cases), np.zeros(50)], np.r_[np.zeros(cases), np.ones(50)]):
        assert leakage.gives_away(y.copy(), y, "logit") == known


@pytest.mark.parametrize(("slips", "gives"), [(39, True), (40, True), (41, False)])
def test_an_auc_of_98_percent_gives_the_outcome_away(slips: int, gives: bool) -> None:
    # Of 20 x 100 pairs, each slip turns one round: the area is 1 - slips / 2000.
    y = np.r_[np.ones(20), np.zeros(100)]
    value = np.r_[np.full(20, 200.0), np.arange(100.0)]
    turned, rest = divmod(slips, 20)
    value[20 + 80 : 20 + 80 + turned] = 300.0
    if rest:
        value[20 + 99] = 250.0
        value[rest:20] = 260.0
    assert metrics.auc(y, value) == pytest.approx(1 - slips / 2000)
    assert leakage.gives_away(value, y, "logit") == gives
    assert leakage.gives_away(-value, y, "logit") == gives


@pytest.mark.parametrize(("rows", "known"), [(19, False), (20, True)])
def test_a_dose_is_given_away_from_twenty_rows_on(rows: int, known: bool) -> None:
    y = np.arange(float(rows))
    assert leakage.gives_away(y * 2 + 1, y, "sqrt") == known
    assert leakage.gives_away(-y, y, "sqrt") == known
    assert not leakage.gives_away(np.random.default_rng(1).permutation(y), y, "sqrt")


@pytest.mark.parametrize(
    ("others", "code", "found"),
    [(19, -9.0, False), (20, -9.0, True), (20, -1.0, True), (20, 9999.0, True), (20, 100.0, False), (20, -9.5, False)],
)
def test_codes_for_missing_need_twenty_other_values(others: int, code: float, found: bool) -> None:
    tally = missing_codes.Tally()
    tally.add(pl.DataFrame({"x": [*np.linspace(11.0, 40.0, others), code, code]}))
    assert tally.found() == ({"x": {code: 2}} if found else {})


@pytest.mark.parametrize("digit", [7, 8, 9])
@pytest.mark.parametrize("length", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("sign", [-1, 1])
def test_numbers_of_one_digit_repeated_stand_for_not_known(digit: int, length: int, sign: int) -> None:
    code = sign * float(str(digit) * length)
    written = code not in (77.0, 88.0) and not (length == 1 and sign == 1) and (digit == 9 or length < 4)
    for near in (code, code - 1, code + 1):
        tally = missing_codes.Tally()
        tally.add(pl.DataFrame({"x": [*np.linspace(1.2, 3.4, 30), near]}))
        other = near in (-7.0, -8.0, -9.0)
        assert (tally.found() == {"x": {near: 1}}) == ((written and near == code) or other), near


@pytest.mark.parametrize(("highest", "found"), [(49.0, True), (49.4, True), (49.5, False), (60.0, False)])
def test_a_high_code_lies_twice_above_every_other_value(highest: float, found: bool) -> None:
    tally = missing_codes.Tally()
    tally.add(pl.DataFrame({"x": [*np.linspace(20.0, highest, 30), 99.0]}))
    assert ("x" in tally.found()) == found


def test_flags_are_codes_only_beside_yes_and_no() -> None:
    tally = missing_codes.Tally()
    yes_no = [0.0, 1.0] * 10
    tally.add(pl.DataFrame({"binary": [*yes_no, 9.0, 8.0], "counted": [*yes_no[:-2], 2.0, 3.0, 9.0, 8.0]}))
    assert tally.found() == {"binary": {8.0: 1, 9.0: 1}}


def test_levels_and_scales_below_zero_are_no_codes() -> None:
    tally = missing_codes.Tally()
    tally.add(pl.DataFrame({"level": [-1.0, 0.0, 1.0] * 10, "scale": [*np.linspace(-20.0, 20.0, 29), -9.0]}))
    assert tally.found() == {}


@pytest.mark.parametrize(
    ("column", "features", "why"),
    [
        (pl.Series("x", [1.0] * 4 + [2.0] * 5 + [None] * 50), 0, "hardly ever known"),
        (pl.Series("x", [1.0] * 5 + [2.0] * 5 + [None] * 50), 1, ""),
        (pl.Series("x", [True] * 4 + [False] * 50), 0, "hardly varies"),
        (pl.Series("x", [True] * 5 + [False] * 50), 1, ""),
        (pl.Series("x", list(range(99))), 1, ""),
        (pl.Series("x", list(range(100))), 0, "a number of its own for every row"),
        (pl.Series("x", ["a"] * 9 + ["b"] * 9), 0, "no value is frequent enough"),
        (pl.Series("x", ["a"] * 10 + ["b"] * 10), 2, ""),
        (pl.Series("x", ["a"] * 10 + ["b"] * 9), 0, "no value is frequent enough"),
        (pl.Series("x", [f"level {n // 12}" for n in range(108)]), 8, ""),
    ],
)
def test_which_columns_become_features(column: pl.Series, features: int, why: str) -> None:
    found, reason = column_choice._auto(column)
    assert (len(found), reason) == (features, why)


@pytest.mark.parametrize(
    ("words", "levels", "numbers"), [(50, 9, True), (51, 9, False), (50, 8, False), (10, 9, True), (10, 8, False)]
)
def test_half_of_a_column_of_many_numbers_may_be_words(words: int, levels: int, numbers: bool) -> None:
    column = pl.Series("x", [*(str(n % levels) for n in range(100 - words)), *["unknown"] * words])
    found, _ = column_choice._auto(column)
    assert bool(found and found[0].reading.kind == "number") == numbers


# Sites


@pytest.mark.parametrize(("sites", "persons", "known"), [(4, 20, False), (5, 20, True), (5, 19, False)])
def test_five_sites_of_twenty_persons_tell_how_sites_differ(sites: int, persons: int, known: bool) -> None:
    of = np.repeat(np.arange(sites), persons)
    over = np.tile(np.linspace(0.0, 2.0, persons), sites)
    assert (new_sites.stretch(over, of, 0.9) is not None) == known


@pytest.mark.parametrize(("sites", "persons", "known"), [(4, 40, False), (5, 40, True), (5, 4, True), (5, 3, False)])
def test_five_sites_of_one_expected_event_tell_how_risks_differ(sites: int, persons: int, known: bool) -> None:
    of = np.repeat(np.arange(sites), persons)
    y = (np.arange(len(of)) % 2).astype(np.float64)
    found = risk_covariance.between_sites(y, np.zeros(len(of)), of)
    assert (found is not None) == known


def test_the_spread_of_sites_is_dersimonian_and_lairds() -> None:
    """By hand: five sites of equal weight, times the squared t quantile (3 degrees) over the normal one."""
    of = np.repeat(np.arange(5), 400)
    events = np.array([120, 160, 200, 240, 280])
    y = np.concatenate([np.r_[np.ones(k), np.zeros(400 - k)] for k in events])
    shifts = (events - 200) / 100.0  # (observed - expected) / curvature, a curvature of 400 / 4
    q = 100.0 * ((shifts - shifts.mean()) ** 2).sum()
    tau = (q - 4) / (500.0 - 5 * 100.0**2 / 500.0)
    factor = (metrics.t_quantile(0.95, 3) / stats.norm.ppf(0.95)) ** 2
    assert risk_covariance.between_sites(y, np.zeros(2000), of) == pytest.approx(tau * factor)
    alike = np.tile(np.r_[np.ones(200), np.zeros(200)], 5)
    assert risk_covariance.between_sites(alike, np.zeros(2000), of) == 0.0


@pytest.mark.parametrize(("features", "variance"), [(1, 0.09), (5, 0.09), (6, 0.5 / 6), (50, 0.01)])
def test_what_one_feature_may_hold_is_bounded(features: int, variance: float) -> None:
    # One person says nothing: the covariance of the features is that of the prior.
    data = Data(np.zeros(2), np.zeros((2, features), np.float32), np.array([0.0, 1.0]), np.arange(2))
    found = risk_covariance.covariance(data, np.zeros(2), np.zeros(features), np.zeros(features), moved=0.3)
    assert np.diag(found)[2:] == pytest.approx(np.full(features, variance))
    without = risk_covariance.covariance(data, np.zeros(2), np.zeros(features), np.zeros(features))
    assert found[0, 0] - without[0, 0] == pytest.approx(0.3)


@pytest.mark.parametrize("margin", [20.0, 30.0])
def test_nobody_is_so_sure_that_the_rate_of_a_whole_cohort_is_not_in_doubt(margin: float) -> None:
    """Log odds beyond 8 count as 8: each of 2,000 persons then says 0.03 % of what one at even odds says."""
    one = np.ones(2000)
    data = Data(np.zeros(2000), np.zeros((2000, 1), np.float32), one, np.arange(2000))
    found = risk_covariance.covariance(data, margin * one, np.zeros(1), np.zeros(1))
    rate = 1.0 / (1.0 + math.exp(-8.0))
    assert found[0, 0] == pytest.approx(1.0 / (2000 * rate * (1.0 - rate) + 0.01), rel=0.15)


# Case-control cohorts


@pytest.mark.parametrize(("factor", "asked"), [(2.9, False), (3.1, True)])
def test_more_than_thrice_the_published_odds_are_asked_about(kb: KnowledgeBase, factor: float, asked: bool) -> None:
    one = endpoints.get(kb, "azathioprine.leukopenia")
    taken = cohort.load(simulate(one, 2000, events=200, seed=1), one, Roles())
    share = float(taken.data.y.mean())
    odds = share / (1 - share) / factor
    moved = replace(taken, data=replace(taken.data, prior=np.full(2000, math.log(odds))))
    assert bool(fit_cohort._sampled(moved, one)) == asked


@pytest.mark.parametrize("risk", [0.0, 1.0, -0.1, 1.1])
def test_a_population_risk_lies_between_0_and_1(kb: KnowledgeBase, risk: float) -> None:
    one = endpoints.get(kb, "azathioprine.leukopenia")
    with pytest.raises(UsageError, match="between 0 and 1"):
        train.check_risk(one, risk)
    train.check_risk(one, 0.5)
    train.check_risk(one, None)
    with pytest.raises(UsageError, match="for risks only"):
        train.check_risk(endpoints.get(kb, "warfarin.dose"), 0.5)


@pytest.mark.parametrize("probed", [500, 10_000])
def test_the_sites_of_a_cohort_are_looked_at_though_only_some_of_its_rows_are(
    kb: KnowledgeBase, probed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit_cohort, "_PROBED", probed)
    one = endpoints.get(kb, "simvastatin.myopathy")
    table = simulate(one, 2000, truth=Truth(sites=4), events=200, seed=1)
    taken = cohort.load(table, one, Roles(site="site"))
    assert taken.site is not None
    found, without = fit_cohort.probe_cohort(taken, 1), fit_cohort.probe_cohort(replace(taken, site=None), 1)
    assert {one.code for one in without} < {one.code for one in found}
