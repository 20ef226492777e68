"""What a dose is set by where neither the genes nor the other drugs tell it: a level only where levels are measured."""

from __future__ import annotations

import polars as pl
import pytest

from pgx.guidance.static_columns import static_columns
from pgx.knowledge.sentences import phrase
from pgx.reports import Lexicon
from tests.guidance.test_interactions import KB, everything, line, result
from tests.phenotypes.builders import pattern

GENES = {
    "CYP2C19": pattern("*1/*1"),
    "CYP2C9": pattern("*1/*1"),
    "SLCO1B1": pattern("*1/*1"),
    "CYP3A5": pattern("*1/*3"),
    "CYP2D6": pattern("*1/*1"),
}
LEVELS = "the drug concentration"
BY = {"TDM": LEVELS, "INR": "the INR", "CBC": "the blood count", "GLUCOSE": "blood glucose"}


@pytest.mark.parametrize(
    ("drug", "agent", "by"),
    [
        ("simvastatin", "carbamazepine", "the effect"),
        ("simvastatin", "rifampin", "the effect"),
        ("atorvastatin", "carbamazepine", "the effect"),
        ("fluvastatin", "rifampin", "the effect"),
        ("pantoprazole", "rifampin", "the effect"),
        ("tacrolimus", "diltiazem", LEVELS),
        ("nortriptyline", "quinidine", LEVELS),
        ("warfarin", "rifampin", "the INR"),
    ],
)
def test_only_what_is_measured_is_named(drug, agent, by):
    found = result(GENES, [drug, agent], [drug])
    shown = line(found, drug)
    rows = found.guidance.filter(drug=drug, action="interaction_decides")
    if "dose by the label and" in shown.headline:
        assert f"dose by the label and {by}" in shown.headline, shown.headline
    for name, text in everything(found, drug).items():
        assert by == LEVELS or f"dose by the label and {LEVELS}" not in text, name
        assert "blood levels" not in text, name
    for text in rows["recommendation"]:
        assert ("the drug concentration" in text) is (by == LEVELS), text


def test_each_code_of_the_table_has_words_and_each_drug_of_a_guideline_that_asks_for_levels_is_in_it():
    table = KB.table("dosed_by")
    assert set(table["code"]) == set(BY)
    asked = KB.table("recommendations").filter(pl.col("monitoring").str.split(";").list.contains("TDM"))
    carried = asked.join(KB.table("substrates"), on="drug", how="semi")
    missing = set(carried["drug"]) - set(table["drug"]) - {"capecitabine", "fluorouracil"}  # measured in trials alone
    assert not missing


def test_every_code_that_a_drug_may_be_dosed_by_is_said_alike_in_the_advice_and_in_the_line():
    codes = KB.table("follow_up")["code"].to_list()
    assert {"EFFICACY", "BP", "LFT"} <= set(codes)
    for code in codes:
        told = Lexicon(KB, {"dosed_by": {"newdrugine": code}}).by_label("newdrugine")
        assert told == f"dose by the label and {phrase('monitoring', code, kb=KB)}"
    assert Lexicon(KB).by_label("simvastatin") == "dose by the label and the effect"


@pytest.mark.parametrize("drug", ["omeprazole", "esomeprazole", "lansoprazole", "dexlansoprazole"])
@pytest.mark.parametrize("agent", ["rifampin", "st. john's wort"])
@pytest.mark.parametrize("alleles", ["*1/*1", "*2/*2"])
def test_the_labels_of_proton_pump_inhibitors_speak_against_what_induces_them(drug, agent, alleles):
    shown = line(result({"CYP2C19": pattern(alleles)}, [drug, agent], [drug]), drug)
    assert shown.judgement.action == "avoid" and shown.urgency == "avoid", shown.headline
    through = {one.enzyme for one in shown.acting}
    assert alleles == "*1/*1" or "CYP2C19" not in through, shown.headline


def test_what_stands_beside_the_label_is_what_the_genes_alone_ask_for():
    shown = line(result({"CYP3A5": pattern("*1/*3")}, ["tacrolimus", "clarithromycin"], ["tacrolimus"]), "tacrolimus")
    assert shown.judgement.action == "reduce_dose"
    assert "the genes alone would ask for a higher dose" in shown.reason, shown.reason
    told = " ".join((shown.headline, shown.reason, *shown.interactions))
    assert "use as usual" not in told, told
    poor = line(result({"CYP3A5": pattern("*3/*3")}, ["tacrolimus", "clarithromycin"], ["tacrolimus"]), "tacrolimus")
    assert "by the genes: use as usual" in poor.reason


def test_as_usual_as_converted_is_not_said_beside_what_is_not_counted():
    listed = ["tacrolimus", "ketoconazole", "rifampin"]
    shown = line(result({"CYP3A5": pattern("*1/*3")}, listed, ["tacrolimus"]), "tacrolimus")
    assert shown.headline.endswith(": dose by the label and the drug concentration, whatever the genes")
    assert "the genes alone would ask for a higher dose" in shown.reason and "use as usual" not in shown.headline
    assert not [one for one in shown.interactions if "by the genes alone" in one]


def test_an_ultrarapid_metabolizer_is_told_what_the_genes_alone_ask_for():
    """The source divides poor metabolizers by what they need, and speaks of all ultrarapid ones."""
    shown = line(result({"CYP2D6": pattern("*1/*2x2")}, ["metoprolol", "bupropion"], ["metoprolol"]), "metoprolol")
    told = [one for one in shown.interactions if one.startswith("by the genes alone")]
    assert told == ["by the genes alone, without the interacting drugs: increase the dose (DPWG)"]
    assert "in other cases" not in shown.next_test


def test_a_step_from_a_calculated_dose_says_of_which_genes_that_dose_is_calculated():
    genes = dict(KB.table("dosed_by").select("drug", "calculated_from").drop_nulls().iter_rows())
    drugs = KB.table("recommendations").filter(dose_reference="calculated_dose")["drug"].unique().to_list()
    assert set(drugs) == set(genes) == {"warfarin"}
    rows = static_columns(KB).filter(pl.col("static_flags").list.join(";").str.contains("of_calculated_dose"))
    assert rows.height == 3
    assert all("of_calculated_dose:CYP2C9:VKORC1" in flags for flags in rows["static_flags"].to_list())
