"""Strengths of interactions: FDA's table is what counts, and what no list confirms says so wherever it decides."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl
import pytest

from pgx import knowledge, schema
from pgx.guidance import recommend
from pgx.judgement import judgements
from pgx.knowledge.acting import Acting, parse, phrase
from pgx.knowledge.drug_names import drug_names
from pgx.phenotypes import assign
from pgx.phenotypes import notes as remarks
from pgx.phenotypes.exposures import exposures
from pgx.types import Result
from tests.phenotypes.builders import callset, clinical, pattern
from tests.reports.rendered import view

KB = knowledge.load()
DATA = Path(__file__).resolve().parents[1] / "data"
with (DATA / "fda_cyp_roles.tsv").open(encoding="utf-8") as _handle:
    FDA = list(csv.DictReader(_handle, delimiter="\t", quoting=csv.QUOTE_NONE))
ENZYME = {"CYP3A": "CYP3A4"}


def result(drugs, genes):
    history = clinical([{"drug": drug} for drug in drugs])
    calls, phenotypes = assign(callset({"s": genes}), KB, history)
    said = recommend(phenotypes, calls, history, KB)
    scores = schema.empty(schema.SCORES)
    return Result(
        ("s",), calls, phenotypes, said, scores, history.observations, history.medications,
        remarks(phenotypes, history, KB), judgements=judgements(said, calls, scores, KB),
    )  # fmt: skip


@pytest.mark.parametrize("row", FDA, ids=lambda row: f"{row['drug']} {row['enzyme']}")
def test_every_row_of_the_table_is_taken_in(row):
    names = drug_names(KB)
    (drug,) = names.find(row["drug"]).drugs
    found = KB.table("interactions").filter(
        pl.col("drug").str.to_lowercase() == drug,
        enzyme=ENZYME.get(row["enzyme"], row["enzyme"]),
        role=row["role"],
    )
    assert found.select("strength", "confidence", "evidence").rows() == [(row["strength"], "read", "fda_table")]


def test_what_is_outside_the_table_says_what_it_rests_on():
    table = KB.table("interactions")
    twice = 1  # grapefruit juice, as such and in a high dose
    assert table.filter(evidence="fda_table").height == len(FDA) + twice == 176
    assert table["evidence"].null_count() == 0
    assert set(table.filter(evidence="unverified")["confidence"]) == {"recall"}
    assert set(table.filter(pl.col("evidence") != "unverified")["confidence"]) == {"read"}


def test_fluvoxamine_does_not_halve_the_score_of_cyp2d6():
    found = result(["codeine", "fluvoxamine"], {"CYP2D6": pattern("*1/*4")})
    row = found.phenotypes.filter(gene="CYP2D6", scheme="CPIC").row(0, named=True)
    assert row["clinical_activity_score"] == row["activity_score"] == 1.0


@pytest.mark.parametrize(
    ("agent", "unverified"),
    [("paroxetine", False), ("mavorixafor", False), ("dacomitinib", False), ("tipranavir/ritonavir", True)],
)
def test_advice_on_a_converted_phenotype_says_that_nothing_confirms_it(agent, unverified):
    found = result(["codeine", agent], {"CYP2D6": pattern("*1/*1")})
    advice = found.guidance.filter(drug="codeine", source="CPIC")
    assert set(advice["action"]) == {"avoid"}
    flag = f"unverified:{agent}:CYP2D6"
    assert all((flag in flags) == unverified for flags in advice["flags"])
    judged = found.judgements.filter(drug="codeine").row(0, named=True)
    assert (flag in judged["flags"]) == unverified
    drug = next(one for one in view(found, "s").drugs if one.name == "codeine")
    said = f"that {agent} acts on CYP2D6 so strongly is unverified: no public list confirms it"
    assert (said in drug.cautions) == unverified
    noted = " ".join(found.notes["message"])
    assert (f"{agent} inhibits CYP2D6 (strong, unverified)" in noted) == unverified


@pytest.mark.parametrize(("agent", "unverified"), [("ketoconazole", False), ("ribociclib", False), ("josamycin", True)])
def test_a_headline_says_that_nothing_confirms_the_strength(agent, unverified):
    found = result(["tacrolimus", agent], {"CYP3A5": pattern("*3/*3")})
    drug = next(one for one in view(found, "s").drugs if one.name == "tacrolimus")
    assert drug.headline.startswith(f"{agent} (strong CYP3A4 inhibitor{', unverified' if unverified else ''}) raises")


def test_the_mark_survives_the_flag():
    one = Acting("ribociclib", "CYP3A4", "strong", "inhibitor", "planned", "raises", unverified=True)
    assert parse(str(one.flag)) == one
    assert phrase([one], "x") == "ribociclib (strong CYP3A4 inhibitor, unverified, planned) raises x"
    pair = Acting("pimozide", "", "", "", "planned", "with")
    assert parse(str(pair.flag)) == pair
    assert (
        phrase([pair, Acting("b", "", "", "", "current", "with")], "x") == "b and pimozide (planned) are taken with x"
    )


def test_what_a_combination_does_as_a_whole_stands_for_its_parts():
    names = drug_names(KB)
    taken = names.substances(names.find("Orkambi").drugs)
    assert set(taken) == {"ivacaftor / lumacaftor", "ivacaftor", "lumacaftor"}
    acting = exposures(clinical([{"drug": drug} for drug in taken]), KB).filter(gene="CYP3A4")
    assert acting.select("agent", "trigger", "strength").rows() == [("ivacaftor / lumacaftor", "inducer", "strong")]
    alone = exposures(clinical([{"drug": "ivacaftor"}]), KB).filter(gene="CYP3A4")
    assert alone.select("agent", "trigger", "strength").rows() == [("ivacaftor", "inhibitor", "weak")]


def test_what_no_list_confirms_is_no_comfort():
    genes = {"CYP2C19": pattern("*1/*2")}
    found = result(["clopidogrel", "carbamazepine"], genes)
    alone = result(["clopidogrel"], genes)
    own, plain = (line_of(one, "clopidogrel") for one in (found, alone))
    assert own.urgency == plain.urgency == "avoid"
    assert "CYP2C19 Intermediate Metabolizer" in own.reason
    assert any("is unverified: no public list confirms it" in remark for remark in own.cautions)


def test_what_a_drug_is_known_to_do_to_its_own_gene_is_not_called_unverified():
    found = result(
        ["warfarin", "fluconazole"],
        {"CYP2C9": pattern("*2/*3"), "VKORC1": pattern("rs9923231 variant (T)/rs9923231 variant (T)")},
    )
    assert not [remark for remark in line_of(found, "warfarin").cautions if "warfarin acts on" in remark]


def line_of(found, drug):
    return next(one for one in view(found, "s").drugs if one.name == drug)
