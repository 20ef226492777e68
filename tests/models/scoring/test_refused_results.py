"""A laboratory's result that was refused, or whose allele nobody knows: no number is made of the gene."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import pgx
from pgx import models
from pgx.features import refused
from pgx.knowledge import KnowledgeBase
from pgx.models.warfarin_inr import genotypes, parameters
from pgx.options import Options

VCF = Path("data/examples/HG00652.GRCh38.vcf.gz")
CLINICAL = Path("data/examples/HG00652.clinical.json")
LOST = {"DPYD": "c.9999A>G/Reference", "CYP2C9": "*3/*3/*1"}
SAID = ("estimate", "low", "high", "category", "usable")


@pytest.fixture
def laboratory(tmp_path: Path):
    """Write the laboratory's file of one result."""

    def write(gene: str, diplotype: str) -> Path:
        path = tmp_path / "laboratory.tsv"
        path.write_text(f"sample\tgene\tdiplotype\nHG00652\t{gene}\t{diplotype}\n")
        return path

    return write


@pytest.mark.parametrize(("gene", "endpoint"), [("DPYD", "fluorouracil.severe_toxicity"), ("DPYD", "capecitabine.severe_toxicity"), ("CYP2C9", "warfarin.dose"), ("CYP2C9", "warfarin.dose_gage")])  # fmt: skip
def test_a_refused_result_of_a_gene_that_is_needed_leaves_no_number(laboratory, tmp_path, gene, endpoint) -> None:
    lost = laboratory(gene, LOST[gene])
    if gene != "DPYD":  # which the file does not tell
        assert pgx.score(VCF, clinical=CLINICAL, endpoints=[endpoint])["usable"].item()
    row = pgx.score(VCF, clinical=CLINICAL, outside_calls=lost, endpoints=[endpoint]).row(0, named=True)
    assert (row["usable"], row["estimate"], row["category"]) == (False, None, "refused")
    assert {"refused:genotype_unknown", f"gene_not_called:{gene}", f"outside_refused:{gene}"} <= set(row["flags"])
    place = tmp_path / "features.tsv"
    table = pgx.features(VCF, clinical=CLINICAL, outside_calls=lost, out=place)
    assert table[refused.GENES].item() == gene
    assert all(table[name].item() is None for name in table.columns if name.startswith(f"gene.{gene.lower()}."))
    again = pgx.score(features=place, endpoints=[endpoint]).row(0, named=True)
    assert {name: again[name] for name in SAID} == {name: row[name] for name in SAID}
    assert set(again["flags"]) == set(row["flags"])


def test_a_refused_result_of_a_gene_that_is_not_needed_is_averaged_and_said(kb: KnowledgeBase) -> None:
    normal = "Normal Metabolizer"
    table = pl.DataFrame({"sample": ["known", "lost"], "gene.tpmt.phenotype": [normal, normal],
                          "gene.nudt15.phenotype": [normal, None], refused.GENES: [None, "CYP2C9;NUDT15"]})  # fmt: skip
    known, lost = models.score(table, kb, endpoints=["azathioprine.leukopenia"])[0].iter_rows(named=True)
    assert known["usable"] and lost["usable"] and lost["estimate"] > known["estimate"]
    assert set(lost["flags"]) - set(known["flags"]) == {"gene_averaged:NUDT15", "outside_refused:NUDT15"}


def test_our_own_call_stays_to_be_seen(laboratory) -> None:
    result = pgx.report(VCF, clinical=CLINICAL, outside_calls=laboratory("CYP2C9", "*3/*3/*1"), drugs=["warfarin"])
    call = result.calls.filter(gene="CYP2C9").row(0, named=True)
    assert call["diplotype"] == "*1/*1" and "outside_refused" in call["flags"]
    assert not result.scores.filter(pl.col("endpoint").str.starts_with("warfarin.dose"))["usable"].any()


def test_the_features_of_everybody_else_are_as_they_were(laboratory) -> None:
    lost = laboratory("CYP2C9", "*3/*3/*1")
    whole, less = (pgx.features(VCF, outside_calls=one, options=Options()) for one in ((), lost))
    assert whole[refused.GENES].item() is None and whole["gene.cyp2c9.diplotype"].item() == "*1/*1"
    changed = [name for name in whole.columns if not whole[name].equals(less[name])]
    assert {name.split(".")[1] for name in changed} == {"cyp2c9", "refused"}


def test_the_course_of_inr_does_not_rest_on_a_disputed_gene(kb: KnowledgeBase) -> None:
    known = parameters.parameters(kb).clearance
    row = {"status": "ambiguous", "diplotype": "*1/*1", "probability": 1.0, "alternatives": [], "flags": []}
    sure = genotypes.of_person(known, {known.gene: row}, kb, None)
    lost = genotypes.of_person(known, {known.gene: row | {"flags": ["outside_refused"]}}, kb, None)
    assert len(sure.values) == 1 < len(lost.values)
    assert lost.flags == (f"gene_averaged:{known.gene}", f"outside_refused:{known.gene}")


@pytest.mark.parametrize(("gene", "diplotype", "drug", "meaning"), [
    ("DPYD", "c.9999A>G/Reference", "fluorouracil", "avoid"), ("MT-RNR1", "m.9999A>G", "gentamicin", "avoid"),
    ("RYR1", "c.9999A>G/Reference", "sevoflurane", "avoid"), ("CACNA1S", "c.9999A>G/Reference", "sevoflurane", "avoid"),
    ("ABCG2", "rs99999999/Reference", "allopurinol", "change_dose"), ("CYP2D6", "*4/*999", "codeine", "avoid"),
])  # fmt: skip
def test_an_allele_that_nobody_knows_is_never_the_reference(laboratory, gene, diplotype, drug, meaning) -> None:
    options = Options(genes=(gene,))
    result = pgx.report(VCF, outside_calls=laboratory(gene, diplotype), drugs=[drug], options=options)
    judged = result.judgements.row(0, named=True)
    assert (judged["status"], judged["urgency"]) == ("not_judged", "no_data")
    assert f"laboratory:{gene}={meaning}" in judged["could_change"]
    assert not result.scores["usable"].any()
