"""The feature frame: one row per sample, typed, documented, missing stays missing."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgx import knowledge, schema
from pgx.clinical import read
from pgx.errors import UsageError
from pgx.features import build, describe, missing, scenarios
from pgx.features.diplotypes import posterior, read_diplotype
from pgx.phenotypes import assign
from pgx.types import CallSet, Diplotype, GeneCalls, PatternCall

KB = knowledge.load()


def diplotype(a: str, b: str | None, p: float = 1.0) -> Diplotype:
    return Diplotype(a, b, (a,), () if b is None else (b,), p)


def calls_of(**genes: list[tuple[Diplotype, ...]]) -> CallSet:
    """One pattern per sample and gene; no diplotype = not called."""
    count = len(next(iter(genes.values())))
    made = [
        GeneCalls(
            gene,
            tuple(
                PatternCall(p, "called" if p else "not_called", 5 if p else 0, 5, () if p else ("no_data",))
                for p in patterns
            ),
            np.arange(count, dtype=np.int32),
        )
        for gene, patterns in genes.items()
    ]
    return CallSet(tuple(f"S{i}" for i in range(count)), tuple(made))


SOME = calls_of(
    CYP2C9=[(diplotype("*1", "*3", 0.9), diplotype("*1", "*1", 0.1)), (diplotype("*1", "*1"),), ()],
    VKORC1=[
        (diplotype("rs9923231 reference (C)", "rs9923231 variant (T)"),),
        (diplotype("rs9923231 variant (T)", "rs9923231 variant (T)"),),
        (),
    ],
    CYP2C19=[
        (diplotype("*2", "*2"),),
        (diplotype("*1", "*17"),),
        (diplotype("*1", "*2", 0.6), diplotype("*2", "*2", 0.4)),
    ],
)


@pytest.fixture(scope="module")
def made() -> tuple[pl.DataFrame, pl.DataFrame]:
    return assign(SOME, KB, None)


def test_gene_features_of_a_certain_and_an_uncertain_call(made):
    frame = build(*made, None, KB)
    row = frame.row(0, named=True)
    assert row["sample"] == "S0" and frame["sample"].to_list() == ["S0", "S1", "S2"]
    assert row["gene.cyp2c9.diplotype"] == "*1/*3"
    assert row["gene.cyp2c9.probability"] == pytest.approx(0.9)
    assert row["gene.cyp2c9.activity_score"] == 1
    assert row["gene.cyp2c9.expected_activity"] == pytest.approx(0.9 * 1 + 0.1 * 2)
    assert row["gene.cyp2c9.activity_sd"] == pytest.approx((0.9 * 1 + 0.1 * 4 - 1.1**2) ** 0.5)
    assert row["gene.cyp2c9.allele_count.*3"] == pytest.approx(0.9)
    assert row["gene.cyp2c9.allele_count.*2"] == 0
    assert row["gene.vkorc1.allele_count.rs9923231 variant (T)"] == 1
    assert frame["gene.vkorc1.allele_count.rs9923231 variant (T)"].to_list() == [1, 2, None]
    assert frame["gene.cyp2c19.phenotype"].to_list() == [
        "Poor Metabolizer",
        "Rapid Metabolizer",
        "Intermediate Metabolizer",
    ]
    assert frame["gene.cyp2c19.phenotype_probability"].to_list() == pytest.approx([1, 1, 0.6])


def test_what_is_not_called_is_missing_with_its_reason(made):
    frame = build(
        *made,
        None,
        KB,
        columns=["gene.cyp2c9.activity_score", "gene.cyp2c19.activity_score", "lab.inr", "medication.warfarin"],
    )
    assert frame.filter(sample="S2").row(0) == ("S2", None, None, None, None)
    reasons = {
        (r["sample"], r["feature"]): r["reason"] for r in missing(frame, made[0], None, KB).iter_rows(named=True)
    }
    assert reasons["S2", "gene.cyp2c9.activity_score"].startswith("not_called (no_data")
    assert reasons["S0", "gene.cyp2c19.activity_score"] == "no_score"
    assert reasons["S0", "lab.inr"] == "no_value"
    assert reasons["S0", "medication.warfarin"] == "no_medication_list"


def test_every_feature_is_in_the_registry_with_its_type(made):
    registry = describe(KB)
    assert registry["name"].is_unique().all()
    assert registry.select("name", "type", "meaning", "source").null_count().row(0) == (0, 0, 0, 0)
    types = {"float": pl.Float64, "string": pl.String, "bool": pl.Boolean}
    listed = {row["name"]: types[row["type"]] for row in registry.iter_rows(named=True)}
    frame = build(*made, None, KB)
    assert {name: dtype for name, dtype in frame.schema.items() if name != "sample"}.items() <= listed.items()
    genes = tuple(f"gene.{gene}." for gene in ("cyp2c9", "vkorc1", "cyp2c19"))
    assert set(frame.columns) - {"sample"} == {
        name for name in listed if not name.startswith("gene.") or name.startswith(genes)
    }


def test_any_allele_can_be_asked_for_and_unknown_features_are_refused(made):
    assert build(*made, None, KB, columns=["gene.cyp2c9.allele_count.*13"]).columns == [
        "sample",
        "gene.cyp2c9.allele_count.*13",
    ]
    for name in ("gene.cyp2c9.allele_count.*999", "gene.nope.diplotype", "lab.nope", "sample"):
        with pytest.raises(UsageError, match="no feature is called"):
            build(*made, None, KB, columns=[name])


def test_drugs_are_absent_only_where_the_list_is_known(tmp_path, made):
    path = tmp_path / "c.csv"
    path.write_text("sample,medications,diabetes,inr\nS0,fluconazole;paroxetine,yes,2.5\nS1,none,no,\n")
    clinical = read([path], KB, samples=["S0", "S1", "S2"])
    names = [
        "medication.fluconazole",
        "medication.inhibitor.cyp2d6",
        "medication.inducer.cyp3a4",
        "medication.count",
        "condition.diabetes",
        "lab.inr",
    ]
    frame = build(*made, clinical, KB, columns=names)
    assert frame.rows() == [
        ("S0", True, "strong", "none", 2.0, True, 2.5),
        ("S1", False, "none", "none", 0.0, False, None),
        ("S2", None, None, None, None, None, None),
    ]


def test_interacting_drugs_change_the_clinical_features_beside_the_genetic_ones(tmp_path):
    callset = calls_of(CYP2D6=[(diplotype("*1", "*1"),)])
    path = tmp_path / "c.csv"
    path.write_text("sample,medications\nS0,paroxetine\n")
    clinical = read([path], KB, samples=["S0"])
    row = build(*assign(callset, KB, clinical), clinical, KB).row(0, named=True)
    assert (row["gene.cyp2d6.phenotype"], row["gene.cyp2d6.activity_score"]) == ("Normal Metabolizer", 2)
    assert (row["gene.cyp2d6.clinical_phenotype"], row["gene.cyp2d6.clinical_activity_score"]) == (
        "Poor Metabolizer",
        0,
    )
    assert (row["gene.cyp2d6.expected_activity"], row["gene.cyp2d6.expected_clinical_activity"]) == (2, 0)


def test_persons_with_clinical_data_only_come_last(tmp_path, made):
    path = tmp_path / "c.csv"
    path.write_text("sample,age\nZ,40\n")
    frame = build(*made, read([path], KB), KB, columns=["clinical.age", "gene.cyp2c9.diplotype"])
    assert frame.row(3) == ("Z", 40, None)


def test_scenarios_average_back_to_the_expected_values(made):
    base = build(*made, None, KB)
    rows = scenarios(base, made[0], KB, ["CYP2C9", "CYP2C19"], phenotypes=made[1])
    assert set(base.columns) | {"scenario", "weight"} == set(rows.columns)
    totals = rows.group_by("sample", maintain_order=True).agg(
        pl.col("weight").sum(),
        mean=(pl.col("gene.cyp2c9.activity_score") * pl.col("weight")).sum(),
        count=(pl.col("gene.cyp2c9.allele_count.*3") * pl.col("weight")).sum(),
    )
    assert totals["weight"].to_list() == pytest.approx([1, 1, 1])
    assert totals["mean"].to_list()[:2] == pytest.approx(base["gene.cyp2c9.expected_activity"].to_list()[:2])
    assert totals["count"].to_list()[:2] == pytest.approx(base["gene.cyp2c9.allele_count.*3"].to_list()[:2])
    uncertain = rows.filter(sample="S2")
    assert uncertain["gene.cyp2c19.phenotype"].to_list() == ["Intermediate Metabolizer", "Poor Metabolizer"]
    assert uncertain["gene.cyp2c19.probability"].to_list() == [1, 1]
    assert uncertain["gene.cyp2c9.diplotype"].to_list() == [None, None]
    assert rows.filter(sample="S1").height == 1


def test_no_genes_is_one_scenario_each(made):
    rows = scenarios(build(*made, None, KB, columns=["clinical.age"]), made[0], KB, [])
    assert rows["weight"].to_list() == [1.0] * 3


def test_scenarios_are_limited_and_still_add_up(made):
    base = build(*made, None, KB, columns=["gene.cyp2c9.diplotype"])
    rows = scenarios(base, made[0], KB, ["CYP2C9", "CYP2C19"], limit=1)
    assert rows["weight"].to_list() == [1.0] * 3


@pytest.mark.parametrize(
    ("gene", "name", "parts"),
    [
        ("CYP2C9", "*1/*3", [("*1",), ("*3",)]),
        ("CYP2D6", "*1x2/*4", [("*1x2",), ("*4",)]),
        ("CYP2D6", "[*6 + *14]/*1", [("*6", "*14"), ("*1",)]),
        ("CYP2C19", "*2 + g.94781859G>A/*1", [("*2",), ("*1",)]),
        ("CYP2C9", "*1", [("*1",)]),
        ("CYP2C9", "*1/*999", None),
        ("CYP2C9", "nonsense", None),
    ],
)
def test_diplotype_names(gene, name, parts):
    strands = read_diplotype(KB, gene, name)
    assert (strands if strands is None else [strand.parts for strand in strands]) == parts


def test_every_pair_of_alleles_of_every_gene_is_read_back():
    for gene in KB.genes:
        alleles = KB.table("alleles").filter(pl.col("gene") == gene)["allele"].to_list()
        first = alleles[0]
        for allele in alleles:
            strands = read_diplotype(KB, gene, f"{first}/{allele}")
            assert strands is not None and [s.name for s in strands] == [first, allele], (gene, allele)


@settings(deadline=None)
@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=8))
def test_a_posterior_adds_up_to_one(shares):
    alternatives = [{"diplotype": f"*1/*{i}", "probability": share} for i, share in enumerate(shares[1:], start=2)]
    listed = posterior("*1/*1", shares[0], alternatives)
    assert sum(share for _, share in listed) == pytest.approx(1)
    assert [name for name, _ in listed] == [f"*1/*{i}" for i in range(1, len(shares) + 1)]


def test_no_samples_gives_an_empty_frame_of_the_right_shape():
    frame = build(
        schema.empty(schema.CALLS),
        schema.empty(schema.PHENOTYPES),
        None,
        KB,
        columns=["clinical.age", "gene.cyp2c9.diplotype"],
    )
    assert frame.height == 0 and frame.columns == ["sample", "clinical.age", "gene.cyp2c9.diplotype"]
