"""Cases of CPIC's level A: a genotype as a laboratory writes it, a drug or class, the phenotype and the action of CPIC."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pgx import knowledge
from pgx.guidance import recommend
from pgx.knowledge.resolver import drugs_of
from pgx.phenotypes import assign
from pgx.phenotypes.outside import merge
from pgx.types import CallSet

KB = knowledge.load()
DATA = Path(__file__).resolve().parents[2] / "data" / "laboratory_cases.tsv"
with DATA.open(encoding="utf-8") as _handle:
    CASES = list(csv.DictReader(_handle, delimiter="\t", quoting=csv.QUOTE_NONE))
LEVEL_A = KB.table("pairs").filter(cpic_level="A")


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Read every case from a file of its own sample, and give the guidance on it."""
    folder = tmp_path_factory.mktemp("cases")
    samples = tuple(f"case{number}" for number in range(len(CASES)))
    callset = CallSet(samples, ())
    for sample, case in zip(samples, CASES, strict=True):
        path = folder / f"{sample}.outside.tsv"
        path.write_text(f"{case['gene']}\t{case['written']}\n", encoding="utf-8")
        callset = merge.merge(callset, [path], KB)
    frame, phenotypes = assign(callset, KB, None)
    asked = drugs_of(KB, sorted({case["drug"] for case in CASES}))
    said = recommend(phenotypes, frame, None, KB, drugs=asked)
    refused = {one.sample: one.message for one in callset.notes if one.code == "outside_refused"}
    return phenotypes, said, refused


def test_the_cases_are_many_and_of_every_gene_of_level_a():
    assert len(CASES) >= 320
    assert {case["gene"] for case in CASES} >= set(LEVEL_A["gene"]) - {"CYP2C_CLUSTER"}
    for case in CASES:
        drugs = drugs_of(KB, [case["drug"]])
        assert LEVEL_A.filter(pl.col("gene") == case["gene"], pl.col("drug").is_in(drugs)).height, case


@pytest.mark.parametrize(
    "number", range(len(CASES)), ids=lambda n: f"{CASES[n]['gene']} {CASES[n]['written']} {CASES[n]['drug']}"
)
def test_a_case_has_its_phenotype_and_its_action(told, number):
    phenotypes, said, refused = told
    case, sample = CASES[number], f"case{number}"
    assert sample not in refused, refused.get(sample)
    own = phenotypes.filter(sample=sample, gene=case["gene"], scheme="CPIC").sort("probability", descending=True)
    if case["gene"].startswith("HLA"):
        own = own.filter(pl.col("phenotype").str.starts_with(case["phenotype"].split()[0]))
    assert own["phenotype"][0] == case["phenotype"], own
    assert np.isclose(own.filter(phenotype=case["phenotype"])["probability"].sum(), 1.0)
    if not case["action"]:
        return  # dosed by an equation of several genes
    drugs = drugs_of(KB, [case["drug"]])
    advice = said.filter(
        pl.col("sample") == sample, pl.col("source") == "CPIC", pl.col("drug").is_in(drugs),
        pl.col("applies").is_in(["yes", "if_population"]), pl.col("genes").list.contains(case["gene"]),
    )  # fmt: skip
    assert case["action"] in set(advice["action"]), sorted(set(advice["action"]))
