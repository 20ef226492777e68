"""Evaluation: every method on the same folds, groups, coverage, corrected differences, plots, verdict."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest
from sklearn import metrics as oracle

from pgx import models
from pgx.errors import InputError
from pgx.knowledge import KnowledgeBase
from pgx.models.cohort.simulation import Truth, simulate
from pgx.models.evidence import endpoints
from pgx.models.fitting import metrics
from pgx.models.fitting.boost import Settings

FEW = Settings(max_trees=20)


@pytest.fixture(scope="module")
def risk(kb: KnowledgeBase, tmp_path_factory: pytest.TempPathFactory) -> tuple[models.Evaluation, Path]:
    one = endpoints.get(kb, "azathioprine.leukopenia")
    table = simulate(one, 600, truth=Truth(sites=3, site_sd=0.3, leak=0.8), events=90, seed=1)
    place = tmp_path_factory.mktemp("plots")
    found = models.evaluate("azathioprine.leukopenia", table, kb, repeats=1, folds=3, settings=FEW, plots=place)
    return found, place


def test_every_method_is_measured_on_the_same_rows(risk: tuple[models.Evaluation, Path]) -> None:
    overall = risk[0].overall
    assert set(overall["design"]) == {"person", "site"}
    methods = {"product", "prior", "refit", "base_rate", "rule", "linear", "plain_booster"}
    for design in ("person", "site"):
        part = overall.filter(pl.col("design") == design)
        assert set(part["method"]) == methods
        assert part["n"].unique().to_list() == [600]


def test_measures_agree_with_scikit_learn(risk: tuple[models.Evaluation, Path]) -> None:
    rows = risk[0].predictions.filter(pl.col("design") == "person")
    product = (
        risk[0].overall.filter((pl.col("design") == "person") & (pl.col("method") == "product")).row(0, named=True)
    )
    y, p = rows["truth"].to_numpy(), rows["product"].to_numpy()
    assert product["auc"] == pytest.approx(oracle.roc_auc_score(y, p))
    assert product["brier"] == pytest.approx(oracle.brier_score_loss(y, p))
    assert product["log_loss"] == pytest.approx(oracle.log_loss(y, p))


def test_the_leak_and_simple_baselines_are_spoken_of(risk: tuple[models.Evaluation, Path]) -> None:
    assert any("lab.leaky" in line for line in risk[0].verdict)
    assert set(risk[0].differences["against"]) == {"prior", "refit", "base_rate", "rule", "linear", "plain_booster"}


def test_plots_are_svg(risk: tuple[models.Evaluation, Path]) -> None:
    for name in ("calibration.svg", "decision_curve.svg"):
        root = ElementTree.fromstring((risk[1] / name).read_text(encoding="utf-8"))
        assert root.tag.endswith("svg")
        assert len(root.findall("{http://www.w3.org/2000/svg}polyline")) >= 3


def test_doses_report_coverage_by_group_and_groups_by_dose(kb: KnowledgeBase) -> None:
    table = simulate(endpoints.get(kb, "warfarin.dose"), 400, seed=2)
    found = models.evaluate("warfarin.dose", table, kb, repeats=1, folds=3, settings=FEW)
    everyone = found.coverage.filter(pl.col("by") == "all")["coverage"].item()
    assert 0.84 < everyone < 0.96
    assert {"sex", "race", "age", "dose"} <= set(found.groups["by"])
    assert {"mae", "within_20_percent", "r2"} <= set(found.overall.columns)


def test_a_person_is_never_in_both_parts(kb: KnowledgeBase) -> None:
    one = endpoints.get(kb, "clopidogrel.mace")
    table = simulate(one, 300, truth=Truth(sites=2), events=60, seed=3)
    # The same persons visit both sites: leaving a site out must leave them out of the teaching, too.
    table = table.with_columns(person=pl.int_range(300) // 2)
    found = models.evaluate("clopidogrel.mace", table, kb, repeats=1, folds=2, settings=FEW)
    assert "person" in set(found.overall["design"])


def test_too_few_persons(kb: KnowledgeBase) -> None:
    table = simulate(endpoints.get(kb, "clopidogrel.mace"), 8, seed=3)
    with pytest.raises(InputError, match="too few"):
        models.evaluate("clopidogrel.mace", table, kb)


def test_calibration_of_the_truth_is_perfect() -> None:
    rng = np.random.default_rng(0)
    margin = rng.normal(size=200_000)
    y = (rng.random(200_000) < 1 / (1 + np.exp(-margin))).astype(np.float64)
    intercept, slope = metrics.calibration(y, margin)
    assert intercept == pytest.approx(0, abs=0.02) and slope == pytest.approx(1, abs=0.02)
    assert metrics.calibration(y, 2 * margin)[1] == pytest.approx(0.5, abs=0.02)


def test_auc_with_ties() -> None:
    y, value = np.array([0.0, 1, 0, 1, 1, 0]), np.array([0.1, 0.1, 0.3, 0.7, 0.3, 0.2])
    assert metrics.auc(y, value) == pytest.approx(oracle.roc_auc_score(y, value))


def test_the_interval_of_differences_is_wider_than_the_naive_one() -> None:
    each = [0.1, 0.2, 0.15, 0.05, 0.12]
    mean, low, high = metrics.corrected_interval(each, 0.25)
    naive = 2.776 * np.std(each, ddof=1) / np.sqrt(5)
    assert mean == pytest.approx(np.mean(each))
    assert high - mean == pytest.approx(naive * np.sqrt(1 + 5 * 0.25), rel=0.02)
    assert low < mean < high


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("warfarin.dose", 35.0, "values that differ to learn from; check the outcome"),
        ("azathioprine.leukopenia", 0, "both outcomes to learn from"),
    ],
)
def test_an_outcome_that_is_the_same_for_all_is_refused_in_words_that_fit(
    name: str, value: float, said: str, kb: KnowledgeBase
) -> None:
    table = simulate(endpoints.get(kb, name), 60, seed=1).with_columns(outcome=pl.lit(value))
    with pytest.raises(InputError, match=f"design person: no split has {said}"):
        models.evaluate(name, table, kb, folds=2, settings=FEW)


def test_a_design_that_cannot_be_run_is_named_and_the_others_are_run(kb: KnowledgeBase) -> None:
    table = simulate(endpoints.get(kb, "simvastatin.myopathy"), 120, events=6, seed=4).sort("outcome")
    table = table.with_columns(time=pl.int_range(120))  # all events come last
    found = models.evaluate("simvastatin.myopathy", table, kb, repeats=1, folds=3, settings=FEW)
    assert set(found.overall["design"]) == {"person"}
    assert any("not evaluated" in line and "time" in line for line in found.verdict)


def test_calibration_of_one_outcome_is_unknown() -> None:
    intercept, slope = metrics.calibration(np.zeros(20), np.linspace(-2, 2, 20))
    assert np.isnan(intercept) and np.isnan(slope)
