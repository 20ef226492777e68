"""The fit: never far worse than base rate or prior, better as data grow; recalibration, gates, gaps that tell."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pgx.errors import InputError, UsageError
from pgx.knowledge import KnowledgeBase
from pgx.models.cohort import cohort, hidden_gaps
from pgx.models.cohort.cohort import Roles
from pgx.models.cohort.simulation import Truth, simulate
from pgx.models.evidence import endpoints
from pgx.models.evidence.links import logit
from pgx.models.fitting import conformal, fit
from pgx.models.fitting.boost import Floats, Settings
from pgx.models.training import train
from pgx.models.training.fit_cohort import Trained, fit_cohort

FEW = Settings(max_trees=40)
ENDPOINT = "azathioprine.leukopenia"


def _cohorts(kb: KnowledgeBase, truth: Truth, events: int, seed: int, name: str = ENDPOINT) -> tuple[pl.DataFrame, ...]:
    n = events * 8
    table = simulate(endpoints.get(kb, name), n + 4000, truth=truth, events=int((n + 4000) / 8), seed=seed)
    return table.head(n), table.tail(4000)


def _losses(kb: KnowledgeBase, learn: pl.DataFrame, test: pl.DataFrame) -> tuple[Trained, dict[str, float]]:
    one = endpoints.get(kb, ENDPOINT)
    taken = cohort.load(learn, one, Roles())
    trained = fit_cohort(one, taken, FEW)
    other = cohort.load(test, one, Roles(), taken.features)
    x = hidden_gaps.fill(other.data.x, trained.fitted.center) if trained.blind else other.data.x
    rate = logit(float(taken.data.y.mean()))

    def loss(margin: Floats) -> float:
        return float(fit.loss(other.data.y, margin, "logit").mean())

    return trained, {
        "model": loss(trained.fitted.margin(other.data.prior, x)),
        "base_rate": loss(np.full(len(other.data.y), rate)),
        "prior": loss(other.data.prior),
    }


@pytest.mark.parametrize("events", [30, 80])
@pytest.mark.parametrize(
    "truth",
    [
        Truth(),
        Truth(prior_slope=0.0),
        Truth(prior_slope=-1.0),
        Truth(shift=1.5),
        Truth(covariate=0.8, nuisance=10),
        Truth(leak=0.5),
    ],
    ids=["prior right", "prior empty", "prior wrong way", "baseline off", "unknown covariate", "telling gaps"],
)
def test_held_out_loss_is_not_worse_than_base_rate_or_prior(kb: KnowledgeBase, truth: Truth, events: int) -> None:
    _, losses = _losses(kb, *_cohorts(kb, truth, events, seed=events))
    assert losses["model"] <= min(losses["base_rate"], losses["prior"]) + 0.006  # one learned intercept costs 1 / 2n


def test_more_patients_let_the_features_speak(kb: KnowledgeBase) -> None:
    trained, losses = _losses(kb, *_cohorts(kb, Truth(covariate=1.0), 200, seed=5))
    assert trained.fitted.gate == "booster"
    assert losses["model"] < min(losses["base_rate"], losses["prior"]) - 0.02


def test_few_events_only_recalibrate_the_intercept_and_say_so(kb: KnowledgeBase) -> None:
    learn, test = _cohorts(kb, Truth(shift=1.0), 7, seed=2)
    trained, _ = _losses(kb, learn, test)
    assert trained.fitted.gate == "intercept"
    assert not trained.fitted.linear.weights.any() and trained.fitted.booster is None
    assert "few_events" in {warning["code"] for warning in trained.warnings}


def test_gaps_that_tell_the_outcome_are_warned_of_and_not_used(kb: KnowledgeBase) -> None:
    learn, test = _cohorts(kb, Truth(leak=0.9), 120, seed=3)
    trained, _ = _losses(kb, learn, test)
    assert trained.blind
    assert "missingness_predicts_outcome" in {warning["code"] for warning in trained.warnings}
    column = [feature.name for feature in trained.cohort.features].index("lab.leaky")
    x = trained.cohort.data.x
    assert not np.isnan(x).any()
    assert abs(trained.fitted.linear.weights[column]) < 0.1


def test_chance_gaps_are_not_warned_of(kb: KnowledgeBase) -> None:
    learn, test = _cohorts(kb, Truth(leak=0.0), 60, seed=4)
    trained, _ = _losses(kb, learn, test)
    assert "missingness_predicts_outcome" not in {warning["code"] for warning in trained.warnings}


def test_a_case_control_cohort_gets_its_intercept_corrected(kb: KnowledgeBase) -> None:
    one = endpoints.get(kb, ENDPOINT)
    table = simulate(one, 6000, seed=6)
    cases = table.filter(pl.col("outcome") == 1)
    even = pl.concat([cases, table.filter(pl.col("outcome") == 0).head(cases.height)])
    risk = float(table["outcome"].mean())  # type: ignore[arg-type]
    model = train.train(ENDPOINT, even, None, kb, population_risk=risk, settings=FEW)
    assert model.reference == pytest.approx(risk, rel=0.01)
    taken = cohort.load(table, one, Roles(), model.features)
    margin = model.linear.margin(taken.data.prior, fit.standardise(taken.data.x, model.center, model.scale))
    assert float((1 / (1 + np.exp(-margin))).mean()) == pytest.approx(risk, rel=0.25)


def test_persons_are_never_divided_between_folds() -> None:
    groups = np.repeat(np.arange(40), 3)
    y = np.tile([0.0, 1.0, 0.0], 40)
    for folds in fit.split(y, groups, "logit", 5, 2, 1):
        assert all(len(set(folds[groups == person])) == 1 for person in range(40))
        assert set(folds) == set(range(5))


def test_conformal_quantiles_cover_in_every_group() -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat(["a", "b"], 4000)
    y = rng.normal(scale=np.where(groups == "a", 1.0, 3.0))
    table = conformal.tables(y[::2], np.zeros(4000), groups[::2].tolist(), 0.9)
    low, high = conformal.bounds(np.zeros(4000), groups[1::2].tolist(), table)
    inside = (low <= y[1::2]) & (y[1::2] <= high)
    for group in ("a", "b"):
        assert 0.88 < inside[groups[1::2] == group].mean() < 0.92


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (pl.lit(2).alias("outcome"), "an outcome is not 0 or 1"),
        (pl.lit("maybe").alias("outcome"), "row 1 is not 0/1"),
        (pl.lit(None, dtype=pl.Float64).alias("outcome"), "no row has a usable"),
    ],
)
def test_outcomes_that_cannot_be_used(kb: KnowledgeBase, change: pl.Expr, message: str) -> None:
    table = simulate(endpoints.get(kb, ENDPOINT), 50, seed=1).with_columns(change)
    with pytest.raises(InputError, match=message):
        train.train(ENDPOINT, table, None, kb)


def test_columns_that_are_not_there(kb: KnowledgeBase) -> None:
    table = simulate(endpoints.get(kb, ENDPOINT), 50, seed=1)
    with pytest.raises(InputError, match="no outcome column"):
        train.train(ENDPOINT, table.drop("outcome"), None, kb)
    with pytest.raises(InputError, match="no person column 'pid'"):
        train.train(ENDPOINT, table, None, kb, roles=Roles(person="pid"))
    with pytest.raises(UsageError, match="published equation"):
        train.train("warfarin.dose_gage", table, None, kb)


def test_useless_columns_are_left_out_with_a_reason(kb: KnowledgeBase) -> None:
    table = simulate(endpoints.get(kb, ENDPOINT), 200, seed=1).with_columns(
        constant=pl.lit(1.0), note=pl.format("note {}", pl.int_range(200)), empty=pl.lit(None), day=pl.date(2020, 1, 1)
    )
    taken = cohort.load(table, endpoints.get(kb, ENDPOINT), Roles())
    assert set(taken.unused) == {"constant", "note", "empty", "day"}


def test_all_events_none_and_one_genotype_do_not_break_the_fit(kb: KnowledgeBase) -> None:
    table = simulate(endpoints.get(kb, ENDPOINT), 120, seed=1)
    for outcome in (0.0, 1.0):
        same = table.with_columns(outcome=pl.lit(outcome), **{"gene.tpmt.phenotype": pl.lit("Normal Metabolizer")})
        model = train.train(ENDPOINT, same, None, kb, settings=FEW)
        assert np.isfinite(model.linear.intercept) and np.isfinite(model.reference)
