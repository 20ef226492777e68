"""What a source says stays in the line: limits beside other medicines, alternatives, the loading dose."""

from __future__ import annotations

import re

import pytest

from pgx.judgement.rule_details import LOADING, details_of
from pgx.reports.page.details import doses, instead, not_fitting, words_with
from pgx.reports.page.lexicon import Lexicon
from tests.guidance.test_interactions import KB, everything, line, result
from tests.judgement.test_judge import row, said
from tests.phenotypes.builders import pattern

LEXICON = Lexicon(KB)
POOR = {gene: pattern(diplotype) for gene, diplotype in (("CYP2C19", "*2/*2"), ("CYP2D6", "*4/*4"))}


def test_what_blocks_the_very_gene_leaves_the_dose_of_the_label():
    # Labels of pravastatin, rosuvastatin and fluvastatin give a dose beside cyclosporine, which blocks SLCO1B1.
    own = line(result({"SLCO1B1": pattern("*5/*5")}, ["simvastatin", "cyclosporine"]), "simvastatin").judgement
    said = {one.partition(" ")[0]: one for one in instead(own)}
    assert "at most 20 mg a day with cyclosporine" in said["pravastatin"]
    assert "at most 5 mg a day with cyclosporine" in said["rosuvastatin"]
    assert "atorvastatin (another medicine of the list rules it out)" in not_fitting(own)


def test_what_does_to_a_third_medicine_what_the_replaced_one_does_says_so():
    listed = ["tacrolimus", {"drug": "voriconazole", "status": "planned"}]
    own = line(result({"CYP2C19": pattern("*17/*17")}, listed), "voriconazole").judgement
    assert "posaconazole (acts on tacrolimus too)" in instead(own)


def test_a_combination_that_is_named_instead_is_looked_at_part_by_part():
    listed = ["warfarin", {"drug": "clopidogrel", "status": "planned"}]
    own = line(result(POOR, listed), "clopidogrel").judgement
    (both,) = (one for one in instead(own) if one.startswith("acetylsalicylic acid/dipyridamole ("))
    assert both.endswith(", monitor with warfarin)")


def test_what_a_source_names_instead_stays_where_another_medicine_takes_its_dose_the_weight():
    own = line(result(POOR, ["tramadol", "oxycodone", "amlodipine"]), "tramadol").judgement
    assert own.alternatives == ("morphine",)


def test_of_two_limits_for_ages_that_are_not_known_the_lower_one_counts():
    own = line(result(POOR, ["pimozide"]), "pimozide")  # FDA: 4 mg for adults; DPWG: 10 mg from 12 years
    assert "at_most:4:mg/day" in own.judgement.flags and "at most 4 mg/day" in own.headline


@pytest.mark.parametrize("rule", ["CPIC-0458", "CPIC-0764", "DPWG-1353"])
def test_the_loading_dose_stays_where_the_source_lowers_the_dose_that_follows(rule):
    lower = row(guideline=rule, action="reduce_dose", urgency="change_dose", dose_change="-50")
    told = said(lower, details=details_of(KB))
    assert LOADING in told.flags
    assert (
        words_with("reduce the dose", told, doses(told, LEXICON)) == "reduce the dose, the loading dose stays as usual"
    )


@pytest.mark.parametrize("genes", [("VKORC1",), ("VKORC1", "CYP2C9")])
def test_the_correction_of_a_calculated_dose_is_no_dose_that_a_source_wants(genes):
    sent = {"VKORC1": pattern("rs9923231 variant (T)/rs9923231 variant (T)"), "CYP2C9": pattern("*1/*1")}
    calls = {"CYP4F2": pattern("*1/*3"), **{gene: sent[gene] for gene in genes}}
    assert "+5" not in line(result(calls, ["warfarin"]), "warfarin").differences


def test_a_leaflet_has_no_codes_of_results():
    found = result({"VKORC1": pattern("rs9923231 variant (T)/rs9923231 variant (T)")}, ["warfarin"])
    told = re.sub(r"<[^>]+>", " ", everything(found, "warfarin")["leaflet"])
    assert "1639" not in told


def told(found, drug, form="leaflet"):
    """Return what a page says of a drug: from its name to the end of its line."""
    page = " ".join(re.sub(r"<[^>]+>", " ", everything(found, drug)[form]).split())
    return page[page.index(f" {drug} ") :]


def test_a_reaction_that_was_written_is_not_talked_away():
    allergic = [{"concept": "allergy", "code": "morphine"}]
    found = result(POOR, [{"drug": "oxycodone", "status": "planned"}], observations=allergic)
    assert "the reaction tells an allergy from a release of histamine" in line(found, "oxycodone").headline
    leaflet = told(found, "oxycodone")
    assert "an allergy to morphine" in leaflet
    assert "histamine" not in leaflet and "ring system" not in leaflet


@pytest.mark.parametrize(
    ("drug", "plain"),
    [
        ("oxycodone", "an allergy to morphine is on record, and oxycodone can sometimes do the same"),
        ("carbamazepine", "an allergy to amitriptyline is on record, and who has it is not given carbamazepine"),
    ],
)
def test_a_leaflet_words_every_allergy_for_the_person(drug, plain):
    allergic = [{"concept": "allergy", "code": code} for code in ("morphine", "amitriptyline")]
    leaflet = told(result(POOR, [{"drug": drug, "status": "planned"}], observations=allergic), drug)
    assert plain in leaflet
    assert not [word for word in ("ring system", "histamine", "the morphine kind", "label of") if word in leaflet]


def test_a_leaflet_says_what_the_genes_ask_for_beside_what_a_label_does():
    genes = {"TPMT": pattern("*1/*3A"), "NUDT15": pattern("*1/*3")}
    said = told(result(genes, ["mercaptopurine", "allopurinol"]), "mercaptopurine")
    assert "with allopurinol, whatever your genes are; by your genes, a lower starting dose is advised" in said


def test_a_leaflet_names_both_medicines_that_raise_a_third_one():
    said = told(result({"CYP2D6": pattern("*1/*1")}, ["flecainide", "amiodarone", "fluoxetine"]), "flecainide")
    assert "with amiodarone" in said
    assert "fluoxetine changes how much of it is in your body too" in said


@pytest.mark.parametrize(("form", "heart"), [("leaflet", "if your heart needs longer"), ("card", "long QT interval")])
def test_of_a_condition_and_a_medicine_that_forbid_the_same_both_are_named(form, heart):
    seen = [{"concept": "qtc", "value": 520.0, "unit": "ms"}, {"concept": "long_qt", "code": "yes"}]
    said = told(
        result({"CYP2D6": pattern("*1/*1")}, ["ondansetron", "methadone"], observations=seen), "ondansetron", form
    )
    assert heart in said[:200] and "with methadone" in said[:200]


def test_of_two_planned_medicines_none_is_said_to_be_taken():
    planned = [{"drug": drug, "status": "planned"} for drug in ("carbamazepine", "lamotrigine")]
    found = result({"CYP2C9": pattern("*1/*1")}, ["valproic acid", *planned])
    own = line(found, "lamotrigine").judgement
    assert "interaction:carbamazepine::::planned:lowers" in own.flags
    assert "interaction:valproic acid::::current:raises" in own.flags


def test_a_leaflet_falls_back_on_no_line_of_the_first_page():
    found = result({"CYP2C9": pattern("*1/*1")}, ["warfarin", {"drug": "carbamazepine", "status": "planned"}])
    assert "VKORC1 not tested" not in told(found, "warfarin")[:300]


@pytest.mark.parametrize(
    ("medicines", "kept", "said"),
    [
        (["cyclosporine", "simvastatin"], "cyclosporine", "not together with simvastatin: change simvastatin*)"),
        (["clopidogrel", "omeprazole"], "omeprazole", "not together with clopidogrel: change this one first"),
    ],
)
def test_the_card_of_a_medicine_beside_which_another_is_ruled_out_is_not_bare(medicines, kept, said):
    found = result({"SLCO1B1": pattern("*1/*1"), "CYP2C19": pattern("*1/*1")}, medicines)
    assert told(found, kept, "card").startswith(f" {kept} ({said}")


@pytest.mark.parametrize(
    ("drug", "gene", "carried", "dose"),
    [
        ("clobazam", "CYP2C19", "*2/*2", "start with a lower dose, 5 mg/day"),
        ("siponimod", "CYP2C9", "*1/*3", "reduce the dose (−50 %), to 1 mg/day from day 5"),
        ("siponimod", "CYP2C9", "*2/*3", "reduce the dose (−50 %), to 1 mg/day from day 5"),
    ],
)
def test_the_dose_of_the_label_stands_in_numbers_beside_the_change(drug, gene, carried, dose):
    found = result({gene: pattern(carried)}, [drug])
    assert line(found, drug).headline == dose
    assert dose.rpartition(", ")[2] in told(found, drug, "card")


def test_a_group_of_medicines_takes_a_verb_of_several():
    calls = {"CYP2D6": pattern("*1/*1")}
    headline = line(result(calls, ["lamotrigine", "oral contraceptives"]), "lamotrigine").headline
    assert "oral contraceptives lower lamotrigine" in headline
