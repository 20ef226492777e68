"""Evaluation continued: case-control cohorts, a finished model beside what is simple, new sites."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn import metrics as oracle

from pgx import models
from pgx.errors import UsageError
from pgx.knowledge import KnowledgeBase
from pgx.models.cohort.simulation import Truth, simulate
from pgx.models.evidence import endpoints
from pgx.models.fitting import metrics
from pgx.models.fitting.boost import Settings

FEW = Settings(max_trees=20)
RISK = "clopidogrel.mace"


def test_a_case_control_cohort_is_measured_as_the_population_has_it(kb: KnowledgeBase) -> None:
    one = endpoints.get(kb, RISK)
    everybody = simulate(one, 12_000, seed=2)
    cases = everybody.filter(pl.col("outcome") == 1).head(250)
    cohort = pl.concat([cases, everybody.filter(pl.col("outcome") == 0).head(250)])
    risk = float(everybody["outcome"].to_numpy().mean())
    naive = models.evaluate(RISK, cohort, kb, repeats=1, folds=4, settings=FEW)
    told = models.evaluate(RISK, cohort, kb, repeats=1, folds=4, settings=FEW, population_risk=risk)
    mean = {name: found.predictions["product"].mean() for name, found in (("naive", naive), ("told", told))}
    assert mean["naive"] == pytest.approx(0.5, abs=0.05)
    assert mean["told"] == pytest.approx(risk, abs=0.02)
    row = told.overall.filter(method="product").row(0, named=True)
    assert abs(row["calibration_intercept"]) < 0.3
    for wrong, name in ((1.5, RISK), (0.1, "warfarin.dose")):
        with pytest.raises(UsageError, match="population risk"):
            models.evaluate(name, cohort, kb, population_risk=wrong)


def test_weighted_measures_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    margin = rng.normal(size=400)
    y = (rng.random(400) < 1 / (1 + np.exp(-margin))).astype(np.float64)
    weight = metrics.weights_to(y, 0.1)
    assert weight is not None and np.average(y, weights=weight) == pytest.approx(0.1)
    found, p = metrics.risk(y, margin, weight), 1 / (1 + np.exp(-margin))
    assert found["log_loss"] == pytest.approx(oracle.log_loss(y, p, sample_weight=weight))
    assert found["brier"] == pytest.approx(oracle.brier_score_loss(y, p, sample_weight=weight))
    assert metrics.weights_to(np.zeros(5), 0.1) is None


def test_a_finished_model_is_compared_with_what_is_simple_on_a_new_cohort(kb: KnowledgeBase) -> None:
    one = endpoints.get(kb, "azathioprine.leukopenia")
    model = models.train(one.name, simulate(one, 400, events=80, seed=1), None, kb, settings=FEW)
    other = simulate(one, 400, truth=Truth(prior_slope=0.0), events=60, seed=9)
    found = models.evaluate(model, other, kb, repeats=1, folds=3, settings=FEW)
    external = found.overall.filter(design="external")
    assert set(external["method"]) == {"product", "prior", "base_rate", "local_base_rate", "rule"}
    base = external.filter(method="base_rate").row(0, named=True)
    assert base["auc"] == 0.5
    y, known = other["outcome"].to_numpy(), model.reference
    assert base["log_loss"] == pytest.approx(-np.mean(np.where(y == 1, np.log(known), np.log(1 - known))))
    differences = found.differences.filter(design="external")
    assert set(differences["against"]) == set(external["method"]) - {"product"}
    assert differences.filter(pl.col("low") > pl.col("high")).is_empty()
    # In a world where no published effect is true, the base rate is as good, and the verdict says so.
    assert any("as it is, on this cohort" in line and "base rate" in line for line in found.verdict)


def test_doses_at_sites_left_out_show_both_intervals(kb: KnowledgeBase) -> None:
    one = endpoints.get(kb, "warfarin.dose")
    table = simulate(one, 700, truth=Truth(sites=10, site_sd=0.8), seed=3)
    found = models.evaluate("warfarin.dose", table, kb, repeats=1, folds=2, settings=Settings(max_trees=0))
    row = found.coverage.filter(design="site", by="all").row(0, named=True)
    assert row["coverage_new_site"] > row["coverage"]
    assert row["coverage_new_site"] > 0.88


def test_rows_of_impossible_persons_are_not_predicted_and_a_code_for_unknown_is_none_of_them(kb: KnowledgeBase) -> None:
    one = endpoints.get(kb, "warfarin.dose")
    table = simulate(one, 300, seed=3)
    age = pl.int_range(pl.len())
    odd = table.with_columns(
        pl.when(age == 7)
        .then(1000.0)
        .when(age.is_in([11, 12]))
        .then(-999.0)
        .otherwise(pl.col("clinical.age").cast(pl.Float64))
        .alias("clinical.age")
    )
    found = models.evaluate(one.name, odd, kb, repeats=1, folds=2, settings=Settings(max_trees=0))
    assert found.predictions.filter(design="person").height == 299
    assert any("clinical.age" in line and "no person can have it (1 row" in line for line in found.verdict)


@pytest.mark.parametrize(("strangers", "is_external"), [(0, False), (200, False), (1900, True)])
def test_a_model_is_not_called_external_on_those_who_taught_it(
    kb: KnowledgeBase, strangers: int, is_external: bool
) -> None:
    one = endpoints.get(kb, "azathioprine.leukopenia")
    taught = simulate(one, 200, events=60, seed=1)
    model = models.train(one.name, taught, None, kb, settings=FEW)
    others = [simulate(one, strangers, events=60, seed=2)] if strangers else []
    cohort = pl.concat([taught, *others]) if strangers < 1900 else pl.concat([taught.head(100), *others])
    cohort = cohort.with_columns(pl.Series("person", range(cohort.height))).sample(fraction=1.0, shuffle=True, seed=3)
    found = models.evaluate(model, cohort, kb, repeats=1, folds=2, settings=FEW)
    assert ("external" in found.overall["design"]) is is_external
    assert any("these rows taught it" in text for text in found.verdict) is not is_external
