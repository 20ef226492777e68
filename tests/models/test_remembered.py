"""Models on made-up cohorts give the figures that they gave when they were last looked at."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from pgx import models
from pgx.knowledge import KnowledgeBase
from pgx.models.cohort import cohort, leakage, prior_conflict
from pgx.models.cohort.cohort import Roles
from pgx.models.cohort.simulation import Truth, simulate
from pgx.models.evaluation import interval_coverage, validate
from pgx.models.evidence import endpoints
from pgx.models.fitting.boost import Settings
from pgx.models.training import fit_cohort, tuning
from pgx.models.warfarin_inr.grid import Start
from pgx.models.warfarin_inr.persons import of_table
from tests.remembered import check

FEW = Settings(max_trees=20)
DOSE, RISK = "warfarin.dose", "azathioprine.leukopenia"


def _dose(kb: KnowledgeBase, n: int = 300) -> pl.DataFrame:
    truth = Truth(sites=6, site_sd=0.6, covariate=1.5, age=0.5, nuisance=1, leak=0.2)
    return simulate(endpoints.get(kb, DOSE), n, truth=truth, seed=3)


def _risk(kb: KnowledgeBase, n: int = 420) -> pl.DataFrame:
    """Persons with two rows, gaps, words for the outcome's columns, and a time."""
    truth = Truth(sites=6, site_sd=0.4, covariate=1.2, nuisance=1, leak=0.1)
    table = simulate(endpoints.get(kb, RISK), n, truth=truth, events=n // 3, seed=5)
    gap = pl.Series(np.arange(n) % 7 == 0)
    return table.with_columns(
        person=pl.format("p{}", pl.int_range(n) // 2 * 2 + pl.int_range(n) % 2 * (pl.int_range(n) % 3 > 0)),
        time=pl.int_range(n) * 7 % n,
        **{"lab.marker": pl.when(~gap).then("lab.marker")},
    )


def _document(model: models.Model) -> dict[str, Any]:
    """Return what decides of a model, and its training record."""
    wanted = ("parameters", "training", "warnings")
    return {name: model.facts[name] for name in wanted if name in model.facts} | {
        "linear": {"intercept": model.linear.intercept, "slope": model.linear.slope,
                   "weights": model.linear.weights.tolist()},
        "intervals": {name: list(pair) for name, pair in model.intervals.items()},
        "covariance": np.asarray(model.covariance).round(8).tolist(),
        "others": [model.stretch, model.evidence_left, model.reference, model.n, model.events],
    }  # fmt: skip


def test_the_evidence_in_numbers(kb: KnowledgeBase) -> None:
    rows = []
    for name, one in sorted(endpoints.load(kb).items()):
        rows.append((name, one.link, "", one.baseline, one.baseline_se, one.average, one.residual_sd, one.ratio))
        rows += [(name, t.measure, t.name, t.coefficient, t.se, t.mean, t.variance, t.estimate) for t in one.terms]
        rows += [(name, "feature", f.name, float(f.monotone), 0.0, 0.0, 0.0, 0.0) for f in one.features]
    columns = ["endpoint", "kind", "name", "value", "se", "mean", "variance", "estimate"]
    check("models_evidence", pl.DataFrame(rows, schema=columns, orient="row"))


@pytest.mark.parametrize(
    "name", [DOSE, RISK, "warfarin.dose_gage", "warfarin.low_dose_need", "abacavir.hypersensitivity",
             "capecitabine.severe_toxicity", "simvastatin.myopathy", "tramadol.non_response"],
)  # fmt: skip
def test_made_up_cohorts(kb: KnowledgeBase, name: str) -> None:
    truth = Truth(sites=3, site_sd=0.5, covariate=0.7, age=0.3, leak=0.3, nuisance=2, prior_slope=0.8, shift=0.2)
    check(f"models_simulated_{name}", simulate(endpoints.get(kb, name), 40, truth=truth, seed=9, tell=True))


def test_a_trained_dose(kb: KnowledgeBase) -> None:
    check("models_dose", _document(models.train(DOSE, _dose(kb), None, kb, settings=FEW, title="made up")))


def test_a_trained_risk(kb: KnowledgeBase) -> None:
    roles = Roles(person="person", site="site", time="time")
    check("models_risk", _document(models.train(RISK, _risk(kb), None, kb, roles=roles, settings=FEW)))


def test_a_trained_risk_of_a_case_control_cohort(kb: KnowledgeBase) -> None:
    table = _risk(kb, 90).drop("site")
    model = models.train(RISK, table, None, kb, settings=FEW, population_risk=0.03)
    check("models_case_control", _document(model))


def _tables(found: models.Evaluation) -> pl.DataFrame:
    """Put all tables of an evaluation but the predictions into one of name, row, column and value."""
    rows = [
        (name, n, column, value)
        for name, frame in found.tables().items() if name not in ("predictions", "probes")
        for n, row in enumerate(frame.rows(named=True))
        for column, value in row.items()
    ]  # fmt: skip
    return pl.DataFrame(
        [(name, n, column, f"{value:.6g}" if isinstance(value, float) else str(value)) for name, n, column, value in rows],
        schema=["table", "row", "column", "value"], orient="row",
    )  # fmt: skip


def test_an_evaluated_dose(kb: KnowledgeBase) -> None:
    found = models.evaluate(DOSE, _dose(kb, 240), kb, repeats=2, folds=2, settings=Settings(max_trees=0))
    check("models_evaluated_dose", _tables(found))


def test_an_evaluated_risk(kb: KnowledgeBase) -> None:
    roles = Roles(person="person", site="site", time="time")
    found = models.evaluate(RISK, _risk(kb, 300), kb, roles=roles, repeats=2, folds=2, settings=Settings(max_trees=0))
    check("models_evaluated_risk", _tables(found))
    check("models_predictions", found.predictions.head(40))


def test_a_model_on_a_cohort_of_others(kb: KnowledgeBase) -> None:
    model = models.train(DOSE, _dose(kb, 200), None, kb, settings=Settings(max_trees=0))
    others = simulate(endpoints.get(kb, DOSE), 120, truth=Truth(shift=0.3), seed=8)
    found = models.evaluate(model, others, kb, repeats=1, folds=2, settings=Settings(max_trees=0))
    check("models_external", _tables(found))


def test_intervals_in_made_up_worlds(kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interval_coverage, "_OTHERS", 150)
    worlds = {"half": Truth(prior_slope=0.5, shift=0.4), "sites": Truth(sites=6, site_sd=0.6)}
    found = interval_coverage.coverage(
        "warfarin.low_dose_need", kb, (80,), repeats=2, worlds=worlds, settings=Settings(max_trees=0), seed=4
    )
    check("models_coverage", found)


def test_a_learning_curve(kb: KnowledgeBase) -> None:
    one = endpoints.get(kb, RISK)
    found = validate.learning_curve(
        one, _risk(kb, 300), (40, 80), roles=Roles(person="person"), settings=Settings(max_trees=0), repeats=2,
        held_out=100,
    )  # fmt: skip
    check("models_curve", found)


def test_what_is_asked_of_a_cohort(kb: KnowledgeBase) -> None:
    one = endpoints.get(kb, RISK)
    taken = cohort.load(_risk(kb), one, Roles(person="person", site="site", time="time"))
    found = [*fit_cohort.probe_cohort(taken, 7), *prior_conflict.checks(one, taken.data, taken.prior, 7)]
    rows = [(p.code, p.p_value, getattr(p, "statistic", None), str(getattr(p, "where", ""))) for p in found]
    check("models_probes", pl.DataFrame(rows, schema=["code", "p", "statistic", "where"], orient="row"))
    features = [(f.name, f.reading.column, f.reading.kind, str(f.reading.levels), f.monotone) for f in taken.features]
    check("models_features", pl.DataFrame(features, schema=["name", "column", "kind", "levels", "way"], orient="row"))
    sums = {f.name: [float(np.nansum(taken.data.x[:, j])), int(np.isnan(taken.data.x[:, j]).sum())]
            for j, f in enumerate(taken.features)}  # fmt: skip
    check("models_matrix", sums | {"prior": float(taken.data.prior.sum()), "unused": taken.unused})
    assert isinstance(found[0], leakage.Probe)


@pytest.mark.parametrize(
    ("events", "link"), [(60, "logit"), (150, "logit"), (500, "logit"), (300, "sqrt"), (2000, "sqrt")]
)
def test_what_tuning_may_choose(events: int, link: str) -> None:
    names = {
        (60, "logit"): {"rate", "subsample", "columns", "l2"},
        (150, "logit"): {"rate", "subsample", "columns", "l2"},
        (500, "logit"): {"rate", "subsample", "columns", "l2"},
        (300, "sqrt"): {"rate", "subsample", "columns", "leaf_weight", "l2"},
        (2000, "sqrt"): {"depth", "rate", "subsample", "columns", "leaf_weight", "l2"},
    }
    assert set(tuning._free(events, link, Settings())) == names[events, link]


def _persons() -> pl.DataFrame:
    """Draw persons with every kind of gap for all shipped endpoints."""
    rng, n = np.random.default_rng(11), 18
    phenotypes = ["Normal Metabolizer", "Intermediate Metabolizer", "Poor Metabolizer", None]
    ref, alt = "rs9923231 reference (C)", "rs9923231 variant (T)"

    def draw(values: list[Any]) -> list[Any]:
        return [values[i] for i in rng.integers(len(values), size=n)]

    columns: dict[str, list[Any]] = {
        "sample": [f"s{i}" for i in range(n)],
        "clinical.age": draw([25, 47, 66, 81, None, 12]),
        "clinical.sex": draw(["male", "female", None]),
        "clinical.race": draw(["asian", "white", "black", "mixed", None]),
        "clinical.height": draw([150.0, 171.0, 190.0, None]),
        "clinical.weight": draw([48.0, 77.0, 120.0, None]),
        "clinical.target_inr": draw([None, 2.5, 3.5]),
        "gene.vkorc1.diplotype": draw([f"{ref}/{ref}", f"{ref}/{alt}", f"{alt}/{alt}", None]),
        "gene.cyp2c9.diplotype": draw(["*1/*1", "*1/*2", "*2/*3", "*1/*5", None]),
        "gene.cyp2c9.activity_score": draw([2.0, 1.5, 1.0, 0.5, None]),
        "medication.amiodarone": draw([True, False, None]),
        "medication.carbamazepine": draw([True, False, None]),
        "gene.hla-b.phenotype": draw(["*57:01 positive", "*57:01 negative", "*58:01 positive;*57:01 negative", None]),
        "gene.slco1b1.phenotype": draw(["Normal Function", "Decreased Function", "Poor Function", None]),
    }
    for gene in ("cyp2c19", "cyp2d6", "tpmt", "nudt15", "dpyd", "nat2", "ugt1a1", "cyp2b6", "cyp2c9"):
        columns[f"gene.{gene}.phenotype"] = draw(phenotypes)
        columns[f"gene.{gene}.clinical_phenotype"] = columns[f"gene.{gene}.phenotype"]
    columns["gene.dpyd.activity_score"] = draw([2.0, 1.5, 1.0, 0.5, None])
    meant = {
        "*1/*1": (2.0, "Normal"),
        "*1/*2": (1.5, "Intermediate"),
        "*2/*3": (0.5, "Poor"),
        "*1/*5": (1.0, "Intermediate"),
    }
    for at, diplotype in enumerate(columns["gene.cyp2c9.diplotype"]):  # a row that contradicts itself is refused
        for kind, told in zip(("activity_score", "phenotype"), meant.get(diplotype, ()), strict=False):
            name = f"gene.cyp2c9.{kind}"
            if columns[name][at] is not None:
                columns[name][at] = told if kind == "activity_score" else f"{told} Metabolizer"
    return pl.DataFrame(columns)


def test_scores_of_persons_with_gaps(kb: KnowledgeBase) -> None:
    found, _ = models.score(_persons(), kb)
    check("models_scores", found.select("sample", "endpoint", "estimate", "low", "high", "level", "reference",
                                        "category", "evidence", "factors", "flags").sort("endpoint", "sample"))  # fmt: skip


def test_scores_averaged_over_what_is_not_known(kb: KnowledgeBase) -> None:
    persons = _persons().head(8)
    shares = pl.DataFrame({"scenario": [0, 1, 2], "weight": [0.6, 0.3, 0.1], "gene.cyp2c9.diplotype": ["*1/*1", "*1/*3", "*3/*3"],
                           "gene.cyp2c9.activity_score": [2.0, 1.0, 0.0]})  # fmt: skip
    wide = persons.drop("gene.cyp2c9.diplotype", "gene.cyp2c9.activity_score").join(shares, how="cross")
    found, _ = models.score(
        wide, kb, endpoints=[DOSE, "warfarin.low_dose_need", "warfarin.bleeding", "warfarin.dose_gage"]
    )
    check("models_averaged", found.select("sample", "endpoint", "estimate", "low", "high", "factors", "flags"))


def test_reasons_of_a_score(kb: KnowledgeBase) -> None:
    rows = [models.explain(_persons().head(5), kb, name).with_columns(endpoint=pl.lit(name)) for name in
            (DOSE, "warfarin.high_dose_need", "clopidogrel.mace")]  # fmt: skip
    check("models_reasons", pl.concat(rows, how="diagonal"))


def test_a_year_of_inr_values(kb: KnowledgeBase) -> None:
    rng, first = np.random.default_rng(2), date(2026, 1, 5)
    rows = []
    for name in ("a", "b", "c"):
        days = np.r_[0, np.cumsum(rng.integers(0, 25, size=14))]
        for day in days.tolist():
            rows.append({"sample": name, "date": first + timedelta(days=day),
                         "dose": float(rng.choice([0.0, 20.0, 35.0, 50.0], p=[0.1, 0.3, 0.3, 0.3])),
                         "inr": round(float(np.exp(rng.normal(0.9, 0.35))), 1)})  # fmt: skip
    starts = {"a": Start(35.0, 20.0, 54.0), "b": Start(20.0, 0.0, 44.0), "c": Start(50.0, 40.0, 61.0)}
    persons, _ = of_table(pl.DataFrame(rows), kb)
    found, _ = models.monitor(persons, kb, starts=starts, target=2.4)
    check("models_inr", found)
