"""Scores: estimate, interval, evidence, reasons that add up, refusals, and averaging over uncertain genotypes."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pgx import models, schema
from pgx.errors import InputError
from pgx.knowledge import KnowledgeBase
from pgx.models.evidence import endpoints
from pgx.models.evidence.links import logit
from pgx.models.fitting import boost
from pgx.models.scoring import shap
from pgx.notes import frame_of


def _one(scores: pl.DataFrame, sample: str, endpoint: str) -> dict[str, object]:
    return scores.filter((pl.col("sample") == sample) & (pl.col("endpoint") == endpoint)).row(0, named=True)


def test_all_endpoints_for_all_persons_in_the_declared_schema(patients: pl.DataFrame, kb: KnowledgeBase) -> None:
    scores, notes = models.score(patients, kb)
    assert scores.columns == [column.name for column in schema.SCORES]
    assert scores.height == patients.height * len(models.endpoints_of(kb, None))
    assert scores["sample"].unique(maintain_order=True).to_list() == patients["sample"].to_list()
    frame_of(notes)
    given = scores.filter(pl.col("category") != "refused")
    assert given.filter((pl.col("low") > pl.col("estimate")) | (pl.col("estimate") > pl.col("high"))).is_empty()
    risks = given.filter(pl.col("unit") == "probability")
    assert risks.filter((pl.col("low") < 0) | (pl.col("high") > 1)).is_empty()


def test_the_dose_follows_the_genotype(patients: pl.DataFrame, kb: KnowledgeBase) -> None:
    scores, _ = models.score(patients, kb, endpoints=["warfarin.dose"])
    dose = dict(zip(scores["sample"], scores["estimate"], strict=True))
    assert dose["low"] < 15 < dose["middle"] < 45 < dose["high"]
    assert _one(scores, "low", "warfarin.dose")["category"] == "low"
    assert str(_one(scores, "low", "warfarin.dose")["evidence"]).startswith("patients:n=")


def test_reasons_add_up_to_the_score(patients: pl.DataFrame, kb: KnowledgeBase) -> None:
    for endpoint in models.endpoints_of(kb, None):
        scores, _ = models.score(patients, kb, endpoints=[endpoint])
        reasons = models.explain(patients, kb, endpoint)
        for row in scores.filter(pl.col("estimate").is_not_null()).iter_rows(named=True):
            total = math.fsum(reasons.filter(pl.col("sample") == row["sample"])["contribution"])
            link = {"mg/week": math.sqrt}.get(row["unit"], logit)
            if endpoint == "warfarin.dose_gage":
                link = math.log
            assert link(row["estimate"]) == pytest.approx(total, abs=1e-8), endpoint


def test_contributions_of_the_trees_are_xgboosts_margin(kb: KnowledgeBase) -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(400, 4)).astype(np.float32)
    x[rng.random(x.shape) < 0.2] = np.nan
    y = np.nan_to_num(x[:, 0]) + rng.normal(size=400)
    grown = boost.grow(x, y, np.zeros(400), "sqrt", [1, 0, 0, 0], 40, boost.Settings())
    margin = boost.margins(boost.open_booster(grown), x)
    np.testing.assert_allclose(shap.contributions(shap.read(grown), x).sum(axis=1), margin, atol=1e-5)


def test_literature_only_is_said_and_no_genotype_is_refused(patients: pl.DataFrame, kb: KnowledgeBase) -> None:
    scores, notes = models.score(patients, kb, endpoints=["clopidogrel.mace"])
    assert scores["category"].unique().to_list() == ["refused"]
    assert scores["estimate"].null_count() == patients.height
    assert scores["flags"][0][0] == "refused:genotype_unknown"
    assert any(note.code == "score_refused" for note in notes)
    known = patients.with_columns(pl.lit("Poor Metabolizer").alias("gene.cyp2c19.phenotype"))
    scores, _ = models.score(known, kb, endpoints=["clopidogrel.mace"])
    assert scores["evidence"].unique().to_list() == ["literature only"]


def test_children_and_other_inr_targets_are_refused(patients: pl.DataFrame, kb: KnowledgeBase) -> None:
    child = patients.with_columns(pl.lit(9).alias("clinical.age"))
    scores, _ = models.score(child, kb, endpoints=["warfarin.dose"])
    assert all("refused:age_below_18" in flags for flags in scores["flags"])
    other = patients.with_columns(pl.lit(3.5).alias("clinical.target_inr"))
    scores, _ = models.score(other, kb, endpoints=["warfarin.dose"])
    assert set(scores["category"]) == {"refused"}


@pytest.mark.parametrize("gene", ["vkorc1", "cyp2c9"])
def test_without_a_gene_that_the_dose_needs_there_is_none(patients: pl.DataFrame, kb: KnowledgeBase, gene: str) -> None:
    blank = patients.head(2).with_columns(pl.lit(None, dtype=pl.String).alias(f"gene.{gene}.diplotype"))
    scores, _ = models.score(blank, kb, endpoints=["warfarin.dose", "warfarin.dose_gage"])
    assert scores.select("estimate", "low", "high").null_count().row(0) == (4, 4, 4)
    assert scores["usable"].to_list() == [False] * 4
    wanted = f"refused:genotype_unknown;gene_not_called:{gene.upper()}"
    assert all(";".join(flags).startswith(wanted) for flags in scores["flags"])


def test_values_outside_the_training_range_are_flagged(patients: pl.DataFrame, kb: KnowledgeBase) -> None:
    heavy = patients.with_columns(pl.lit(250.0).alias("clinical.weight"))
    scores, _ = models.score(heavy, kb, endpoints=["warfarin.dose"])
    assert scores["usable"].to_list() == [True, True, True, False]
    flagged = ["out_of_range:clinical.weight" in flags for flags in scores["flags"]]
    assert flagged == [True, True, True, False], "what has no number is outside of no range"


def test_a_score_is_averaged_over_scenarios_and_its_interval_widens(patients: pl.DataFrame, kb: KnowledgeBase) -> None:
    sure = patients.filter(pl.col("sample") == "middle")
    other = sure.with_columns(
        pl.lit("*2/*3").alias("gene.cyp2c9.diplotype"), pl.lit(0.5).alias("gene.cyp2c9.activity_score")
    )
    both = pl.concat(
        [
            sure.with_columns(scenario=pl.lit(0), weight=pl.lit(0.7)),
            other.with_columns(scenario=pl.lit(1), weight=pl.lit(0.3)),
        ]
    )
    first, _ = models.score(sure, kb, endpoints=["warfarin.dose"])
    second, _ = models.score(other, kb, endpoints=["warfarin.dose"])
    mixed, _ = models.score(both, kb, endpoints=["warfarin.dose"])
    assert mixed["estimate"][0] == pytest.approx(0.7 * first["estimate"][0] + 0.3 * second["estimate"][0])
    assert second["low"][0] < mixed["low"][0] < first["low"][0]
    assert "genotype_uncertain" in mixed["flags"][0]
    assert math.fsum(models.explain(both, kb, "warfarin.dose")["contribution"]) == pytest.approx(
        math.sqrt(mixed["estimate"][0])
    )


def test_a_certain_scenario_changes_nothing(patients: pl.DataFrame, kb: KnowledgeBase) -> None:
    plain, _ = models.score(patients, kb)
    weighted, _ = models.score(patients.with_columns(scenario=pl.lit(0), weight=pl.lit(1.0)), kb)
    assert_frame_equal(plain, weighted)


def test_order_of_rows_and_company_do_not_change_a_score(patients: pl.DataFrame, kb: KnowledgeBase) -> None:
    together, _ = models.score(patients, kb)
    alone = pl.concat([models.score(patients.slice(i, 1), kb)[0] for i in range(patients.height)])
    assert_frame_equal(together, alone)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pl.DataFrame({"x": [1]}), "no column 'sample'"),
        (pl.DataFrame({"sample": [None]}, schema={"sample": pl.String}), "no sample name"),
        (pl.DataFrame({"sample": ["a", "a"]}), "several rows"),
        (pl.DataFrame({"sample": ["a", "a"], "weight": [0.5, 0.1]}), "add up to 1"),
    ],
)
def test_frames_that_cannot_be_scored(frame: pl.DataFrame, message: str, kb: KnowledgeBase) -> None:
    with pytest.raises(InputError, match=message):
        models.score(frame, kb)


def test_nobody_gives_an_empty_table(kb: KnowledgeBase) -> None:
    scores, _ = models.score(pl.DataFrame({"sample": []}, schema={"sample": pl.String}), kb)
    assert scores.is_empty() and scores.columns == [column.name for column in schema.SCORES]


def test_contributions_add_up_where_columns_are_interpreted(kb: KnowledgeBase) -> None:
    """A table with diplotypes alone: what they stand for is read by the score and by its explanation alike."""
    from pgx.models.cohort import simulation

    table = simulation.simulate(endpoints.get(kb, "warfarin.dose"), 40, seed=4).rename({"person": "sample"})
    found, _ = models.score(table, kb, endpoints=["warfarin.dose"])
    parts = models.explain(table, kb, "warfarin.dose")
    for row in found.iter_rows(named=True):
        total = math.fsum(parts.filter(pl.col("sample") == row["sample"])["contribution"])
        assert total**2 == pytest.approx(row["estimate"], abs=1e-6)
