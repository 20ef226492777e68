"""Strengths of interactions that somebody read in a label, and what a label says against a strength from memory."""

from __future__ import annotations

import polars as pl
import pytest

from pgx import knowledge
from pgx.phenotypes import assign
from tests.phenotypes.builders import callset, clinical, pattern

KB = knowledge.load()


def row(drug, enzyme, role):
    found = KB.table("interactions").filter(pl.col("drug") == drug, pl.col("enzyme") == enzyme, pl.col("role") == role)
    return found.row(0, named=True)


@pytest.mark.parametrize(
    ("drug", "enzyme", "role", "strength"),
    [
        ("prasugrel", "CYP2B6", "inhibitor", "weak"),
        ("capecitabine", "CYP2C9", "inhibitor", "weak"),
        ("oxcarbazepine", "CYP2C19", "inhibitor", "weak"),
        ("dacomitinib", "CYP2D6", "inhibitor", "strong"),
        ("citalopram", "CYP2D6", "inhibitor", "weak"),
        ("gefitinib", "CYP2D6", "inhibitor", "weak"),
        ("imatinib", "CYP2D6", "inhibitor", "weak"),
        ("propafenone", "CYP2D6", "inhibitor", "moderate"),
        ("lesinurad", "CYP3A4", "inducer", "weak"),
        ("ribociclib", "CYP3A4", "inhibitor", "strong"),
        ("lonafarnib", "CYP3A4", "inhibitor", "strong"),
        ("duvelisib", "CYP3A4", "inhibitor", "moderate"),
        ("nilotinib", "CYP3A4", "inhibitor", "moderate"),
        ("everolimus", "CYP3A4", "inhibitor", "weak"),
        ("lapatinib", "CYP3A4", "inhibitor", "weak"),
        ("palbociclib", "CYP3A4", "inhibitor", "weak"),
        ("pazopanib", "CYP3A4", "inhibitor", "weak"),
        ("rimegepant", "CYP3A4", "inhibitor", "weak"),
    ],
)
def test_a_strength_that_a_label_gives_names_the_label(drug, enzyme, role, strength):
    found = row(drug, enzyme, role)
    assert (found["strength"], found["confidence"], found["evidence"]) == (strength, "read", "label")
    assert found["source"].startswith("label: ") and " section " in found["source"]


@pytest.mark.parametrize(
    ("drug", "enzyme", "was"),
    [("regorafenib", "UGT1A1", "moderate"), ("eltrombopag", "SLCO1B1", "strong"), ("eltrombopag", "ABCG2", "strong")],
)
def test_a_strength_that_a_label_measures_as_weaker_is_the_label_s(drug, enzyme, was):
    found = row(drug, enzyme, "inhibitor")
    assert (found["strength"], found["evidence"]) == ("weak", "label")
    assert f"was_{was}" in found["notes"].split(";")


@pytest.mark.parametrize(("drug", "enzyme"), [("metoclopramide", "CYP2D6"), ("letermovir", "CYP2C8")])
def test_what_a_label_finds_not_to_act_in_persons_is_no_inhibitor(drug, enzyme):
    table = KB.table("interactions")
    assert table.filter(pl.col("drug") == drug, pl.col("enzyme") == enzyme).is_empty()


@pytest.mark.parametrize(
    ("drug", "agent", "action"),
    [
        ("rosuvastatin", "eltrombopag", "reduce_dose"),
        ("atorvastatin", "eltrombopag", "monitor"),
        ("methotrexate", "eltrombopag", "monitor"),
        ("irinotecan", "eltrombopag", "monitor"),
        ("repaglinide", "letermovir", "avoid"),
    ],
)
def test_what_the_label_asks_beside_a_corrected_strength_is_a_pair_of_its_own(drug, agent, action):
    assert set(KB.table("label_interactions").filter(drug=drug, agent=agent)["action"]) == {action}


@pytest.mark.parametrize(
    ("drug", "enzyme", "role", "strength"),
    [
        ("boceprevir", "CYP3A4", "inhibitor", "strong"),
        ("fosamprenavir", "CYP3A4", "inhibitor", "moderate"),
        ("fluoxetine", "CYP3A4", "inhibitor", "weak"),
        ("rifapentine", "CYP3A4", "inducer", "strong"),
        ("nafcillin", "CYP3A4", "inducer", "moderate"),
        ("enoxacin", "CYP1A2", "inhibitor", "strong"),
        ("thioridazine", "CYP2D6", "inhibitor", "moderate"),
    ],
)
def test_a_strength_on_which_two_public_lists_agree_names_both(drug, enzyme, role, strength):
    found = row(drug, enzyme, role)
    assert (found["strength"], found["confidence"], found["evidence"]) == (strength, "read", "two_lists")
    assert found["source"].startswith("two lists: ") and " and " in found["source"]


@pytest.mark.parametrize("drug", ["atazanavir", "darunavir", "dexamethasone", "rifabutin"])
def test_a_strength_on_which_public_lists_differ_stays_unverified(drug):
    table = KB.table("interactions").filter(pl.col("drug") == drug, pl.col("enzyme") == "CYP3A4")
    assert set(table["evidence"]) == {"unverified"}


def test_propafenone_makes_cyp2d6_slower():
    history = clinical([{"sample": "s", "drug": "propafenone"}, {"sample": "s", "drug": "metoprolol"}])
    frame, _ = assign(callset({"s": {"CYP2D6": pattern("*1/*1")}}), KB, history)
    assert frame["phenotype"].to_list() == ["Normal Metabolizer"]
    assert frame["clinical_activity_score"].to_list() == [1.0]


def test_a_label_that_says_moderate_or_weak_is_no_second_list_of_a_weak_one():
    found = row("caffeine", "CYP1A2", "inhibitor")
    assert (found["strength"], found["evidence"]) == ("weak", "unverified")


@pytest.mark.parametrize(
    ("drug", "enzyme", "strength"),
    [
        ("berotralstat", "CYP2D6", "moderate"),
        ("berotralstat", "CYP3A4", "moderate"),
        ("nirmatrelvir/ritonavir", "CYP3A4", "strong"),
        ("mifepristone", "CYP3A4", "strong"),
    ],
)
def test_a_strength_that_its_own_label_gives_rests_on_it(drug, enzyme, strength):
    found = row(drug, enzyme, "inhibitor")
    assert (found["strength"], found["confidence"], found["evidence"]) == (strength, "read", "label")


@pytest.mark.parametrize(
    ("drug", "agent", "action"),
    [
        ("theophylline", "capmatinib", "reduce_dose"),
        ("theophylline", "vemurafenib", "avoid"),
        ("tizanidine", "vemurafenib", "avoid"),
        ("tizanidine", "famotidine", "avoid"),
        ("tizanidine", "ethinyl estradiol", "avoid"),
    ],
)
def test_labels_warn_of_weaker_inhibitors_of_cyp1a2_beside_drugs_of_a_narrow_range(drug, agent, action):
    assert set(KB.table("label_interactions").filter(drug=drug, agent=agent)["action"]) == {action}
