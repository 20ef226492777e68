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
    ("drug", "enzyme", "says"),
    [
        ("metoclopramide", "CYP2D6", "none_in_vivo"),
        ("fluoxetine", "CYP3A4", "none_in_vivo"),
        ("regorafenib", "UGT1A1", "weak"),
        ("eltrombopag", "SLCO1B1", "weak"),
        ("eltrombopag", "ABCG2", "weak"),
        ("letermovir", "CYP2C8", "in_vitro_net_effect_unknown"),
    ],
)
def test_a_label_that_says_otherwise_is_named_and_the_row_stays_unverified(drug, enzyme, says):
    found = row(drug, enzyme, "inhibitor")
    assert found["evidence"] == "unverified"
    assert f"checked_source_says_{says}" in found["notes"].split(";")


def test_propafenone_makes_cyp2d6_slower():
    history = clinical([{"sample": "s", "drug": "propafenone"}, {"sample": "s", "drug": "metoprolol"}])
    frame, _ = assign(callset({"s": {"CYP2D6": pattern("*1/*1")}}), KB, history)
    assert frame["phenotype"].to_list() == ["Normal Metabolizer"]
    assert frame["clinical_activity_score"].to_list() == [1.0]
