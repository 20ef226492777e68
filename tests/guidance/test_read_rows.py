"""What the reading of every row against its text changed: the doses and the words that a person is told."""

from __future__ import annotations

import csv
import re

import polars as pl
import pytest

from pgx import knowledge
from pgx.guidance import recommend
from pgx.phenotypes import assign
from tests.listed import with_text
from tests.phenotypes.builders import callset, clinical, pattern

KB = knowledge.load()
G6PD = "A- 202A_376G"


def told(gene, diplotype, drug, source, history=None, **more):
    calls = {gene: pattern(diplotype), **{name: pattern(one) for name, one in more.items()}}
    frame, phenotypes = assign(callset({"s": calls}), KB, history)
    rows = with_text(recommend(phenotypes, frame, history, KB, drugs=[drug]))
    return rows.filter(pl.col("source") == source, pl.col("applies") != "no")


def weighing(kilograms, years):
    return clinical(observations=[
        {"concept": "weight", "value": float(kilograms), "unit": "kg"}, {"concept": "age", "value": float(years)},
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("diplotype", "action", "dose"),
    [
        ("*1/*2", "standard", "2 mg/day"),
        ("*2/*2", "standard", "2 mg/day"),
        ("*1/*3", "reduce_dose", "1 mg/day"),
        ("*2/*3", "reduce_dose", "1 mg/day"),
        ("*3/*3", "contraindicated", None),
    ],
)
def test_siponimod_goes_by_the_genotype(diplotype, action, dose):
    rows = told("CYP2C9", diplotype, "siponimod", "FDA")
    assert rows["action"].to_list() == [action]
    text = rows["recommendation"][0]
    assert dose is None or f"maintenance dose of {dose}" in text
    assert ("titration of the labelling, from 0.25 mg" in text) == (dose is not None)


@pytest.mark.parametrize(
    ("diplotype", "action", "dose"), [("*1/*4", "standard", "twice"), ("*4/*4", "reduce_dose", "once")]
)
def test_eliglustat_in_intermediate_metabolizers_is_given_twice_a_day(diplotype, action, dose):
    rows = told("CYP2D6", diplotype, "eliglustat", "FDA")
    assert rows["action"].to_list() == [action] and f"84 mg {dose} daily" in rows["recommendation"][0]
    text = rows["recommendation"][0]
    assert "moderate or strong CYP3A4 inhibitors or strong CYP3A4 inducers" in text
    assert ("weak, moderate or strong CYP3A4 inhibitors" in text) == (dose == "once")
    assert "contraindicated in any hepatic impairment" in text


def test_dihydrocodeine_in_ultrarapid_metabolizers_is_given_low_and_short():
    rows = told("CYP2D6", "*1/*1x2", "acetaminophen / caffeine / dihydrocodeine", "FDA")
    text = rows["recommendation"][0]
    assert "lowest effective dose for the shortest time" in text and "no advice on dose" not in text


def test_eliglustat_of_dpwg_beside_an_inducer_is_feared_to_fail():
    history = clinical([{"drug": "rifampin"}, {"drug": "eliglustat"}])
    rows = told("CYP2D6", "*4/*4", "eliglustat", "DPWG", history).filter(population="comed:CYP3A_inducer_strong")
    assert rows["implication"].to_list() == ["CYP2D6=exposure_down+efficacy_down"]


@pytest.mark.parametrize(
    ("drug", "other", "action", "said"),
    [
        ("tacrolimus", "letermovir", "reduce_dose", "whole blood levels"),
        ("tacrolimus", "chloramphenicol", "reduce_dose", "whole blood levels"),
        ("efavirenz", "rifampin", "increase_dose", "800 mg once a day"),
        ("eliglustat", "ketoconazole", "avoid", "contraindicated in intermediate and poor CYP2D6 metabolizers"),
        ("eliglustat", "erythromycin", "avoid", "normal ones get a lower dose"),
        ("mavacamten", "clarithromycin", "reduce_dose", "2.5 mg once a day where it is begun beside it"),
        ("methotrexate", "probenecid", "reduce_dose", "its level may need to be measured"),
        ("warfarin", "fenofibrate", "reduce_dose", "by the INR"),
    ],
)
def test_what_labels_say_of_two_drugs_together(drug, other, action, said):
    history = clinical([{"drug": other}, {"drug": drug}])
    rows = told("CYP2C9", "*1/*1", drug, "FDA label", history).filter(action=action)
    assert rows.height and any(said in text for text in rows["recommendation"])


def test_phenprocoumon_and_st_john_s_wort_are_kept_apart():
    history = clinical([{"drug": "st. john's wort"}, {"drug": "phenprocoumon"}])
    rows = told("CYP2C9", "*1/*1", "phenprocoumon", "EU label", history)
    assert rows["action"].to_list() == ["avoid"] and "measure the INR closely" in rows["recommendation"][0]


@pytest.mark.parametrize("others", [("clarithromycin", "felbamate"), ("voriconazole",)])
def test_mavacamten_beside_inhibitors_of_both_its_enzymes_is_avoided(others):
    history = clinical([*({"drug": one} for one in others), {"drug": "mavacamten"}])
    rows = told("CYP2C19", "*1/*1", "mavacamten", "FDA label", history)
    assert set(rows["action"]) == {"avoid"} and not any("2.5 mg" in text for text in rows["recommendation"])


@pytest.mark.parametrize(
    ("kilograms", "years", "dose"), [(30, 10, "5 mg/day"), (60, 15, "15 mg/day"), (40, 50, "15 mg/day")]
)
def test_amifampridine_goes_by_weight(kilograms, years, dose):
    rows = told("NAT2", "*5/*5", "amifampridine phosphate", "FDA", weighing(kilograms, years)).filter(applies="yes")
    assert rows.height == 1 and dose in rows["recommendation"][0].replace("than usual, ", "")
    assert f" {dose}" in rows["recommendation"][0]


def test_tramadol_in_ultrarapid_metabolizers_is_avoided_by_everybody():
    rows = told("CYP2D6", "*1/*1x2", "tramadol", "FDA").filter(population="general", applies="yes")
    assert rows["action"].to_list() == ["avoid"]


@pytest.mark.parametrize(
    ("gene", "diplotype", "drug", "action"),
    [
        ("CYP2C19", "*1/*2", "brivaracetam", "standard_with_caution"),
        ("CYP2C19", "*1/*2", "clobazam", "standard_with_caution"),
        ("CYP2C19", "*2/*2", "clobazam", "lower_start"),
        ("CYP2C9", "*1/*3", "piroxicam", "standard_with_caution"),
        ("CYP2C9", "*3/*3", "phenytoin", "reduce_dose"),
        ("CYP2C9", "*3/*3", "lesinurad", "standard_with_caution"),
        ("G6PD", G6PD, "methylene blue", "contraindicated"),
        ("G6PD", G6PD, "pegloticase", "contraindicated"),
        ("G6PD", G6PD, "sodium nitrite", "alternative"),
        ("G6PD", G6PD, "ropivacaine", "monitor"),
        ("G6PD", G6PD, "nitrofurantoin", "monitor"),
        ("MT-RNR1", "m.1555A>G", "streptomycin", "alternative"),
        ("CYP2D6", "*4/*4", "fluoxetine / olanzapine", "standard_with_caution"),
        ("F5", "Leiden/Reference", "eltrombopag", "standard_with_caution"),
        ("F5", "Leiden/Leiden", "lusutrombopag", "standard_with_caution"),
    ],
)
def test_what_the_fda_says(gene, diplotype, drug, action):
    assert set(told(gene, diplotype, drug, "FDA").filter(applies="yes")["action"]) & {action}


def test_an_fda_row_without_an_instruction_for_carriers_asks_for_nothing():
    text = told("CYP2C19", "*1/*2", "brivaracetam", "FDA")["recommendation"][0]
    assert "reduce" not in text.lower() and "caution" in text


@pytest.mark.parametrize(
    ("gene", "diplotype", "drug", "said", "unsaid"),
    [
        ("CYP2C19", "*2/*2", "clopidogrel", "ticagrelor or ticlopidine", "another P2Y12 inhibitor"),
        ("MT-RNR1", "m.1555A>G", "gentamicin", "hearing", "usual dose"),
        ("DPYD", "c.1905+1G>A (*2A)/c.2846A>T", "capecitabine", "by at least 75 %", "at most 75 %"),
        ("CYP2B6", "*6/*6", "efavirenz", "drug concentration", "haemolysis"),
        ("CYP3A5", "*1/*3", "tacrolimus", "only if the donor has the same genotype", "haemolysis"),
    ],
)
def test_what_cpic_says(gene, diplotype, drug, said, unsaid):
    texts = told(gene, diplotype, drug, "CPIC")["recommendation"].to_list()
    named = [text for text in texts if said in text]
    assert named and not any(unsaid in text for text in named)


def test_prasugrel_is_no_way_out_after_a_stroke():
    text = told("CYP2C19", "*2/*2", "clopidogrel", "CPIC").filter(population="neurovascular")["recommendation"][0]
    assert "prasugrel is contraindicated" in text.lower() and "such as prasugrel" not in text


def test_azathioprine_in_poor_metabolizers_is_replaced_without_a_word_on_malignancy():
    rows = told("TPMT", "*3A/*3A", "azathioprine", "CPIC", NUDT15="*1/*1")
    assert set(rows["action"]) == {"alternative"} and "malignan" not in rows["recommendation"][0].lower()


@pytest.mark.parametrize(("diplotype", "change"), [("*2/*9", None), ("*3/*9", -35)])
def test_warfarin_of_dpwg_knows_the_normal_allele_9(diplotype, change):
    rows = told("CYP2C9", diplotype, "warfarin", "DPWG").filter(pl.col("action").is_not_null())
    assert rows["action"].to_list() == ["standard" if change is None else "lower_start"]
    assert change is None or "35 %" in rows["recommendation"][0]


@pytest.mark.parametrize(
    ("drug", "gene", "diplotype", "action", "said"),
    [
        ("amitriptyline", "CYP2D6", "*4/*4", "reduce_dose", "40 %"),
        ("venlafaxine", "CYP2D6", "*1/*1x3", "standard", "standard dose"),
        ("thioguanine", "NUDT15", "*1/*3", "lower_start", "50 %"),
        ("phenytoin", "CYP2C9", "*1/*3", "reduce_dose", "30 %"),
        ("pantoprazole", "CYP2C19", "*17/*17", "increase_dose", "another proton pump inhibitor"),
        ("carbamazepine", "HLA-B", "*15:11/*07:02", "avoid", "skin"),
        ("doxepin", "CYP2D6", "*1/*1x3", "increase_dose", "adverse effects"),
    ],
)
def test_what_dpwg_says(drug, gene, diplotype, action, said):
    rows = told(gene, diplotype, drug, "DPWG").filter(action=action)
    assert rows.height and any(said in text for text in rows["recommendation"])


def _where(text):
    return dict(part.split("=", 1) for part in text.split("&"))


def test_every_verification_is_about_a_row_that_exists():
    keys = {name: {tuple(row) for row in KB.table(name).select("rec_id").iter_rows()} for name in ("recommendations",)}
    limits = {name: set(KB.table(name)["limit_id"]) for name in ("label_limits", "label_interactions")}
    for table, where in KB.table("verifications").select("table", "where").iter_rows():
        wanted = _where(where)
        if table == "recommendations" and "rec_id" in wanted:
            assert (wanted["rec_id"],) in keys["recommendations"], where
        elif table in limits:
            assert wanted["limit_id"] in limits[table], where


def _read(table, key):
    return {_where(one).get(key) for one in KB.table("verifications").filter(table=table)["where"]} - {None}


def test_every_recommendation_was_read_by_somebody_else():
    assert set(KB.table("recommendations")["rec_id"]) == _read("recommendations", "rec_id")


def test_as_many_rows_of_labels_were_read_by_somebody_else_as_the_readme_says():
    assert len(_read("label_limits", "limit_id")) >= 284
    assert len(_read("label_interactions", "limit_id")) >= 1888
    found = KB.table("verifications").filter(pl.col("table").str.starts_with("label_"))
    assert set(found["finding"]) == {"agrees"}


def test_labels_that_were_read_say_in_which_text():
    for name in ("label_limits", "label_interactions"):
        read = KB.table(name).filter(confidence="read")
        assert read["source"].str.contains("^recall$").sum() == 0, name
    recalled = KB.table("label_interactions").filter(confidence="recall").height
    assert recalled <= 37


def test_nearly_every_carried_drug_rests_on_a_text_that_was_read():
    rows = KB.table("substrates")
    read = rows.filter(confidence="read")
    assert not read["source"].str.starts_with("recall").any()
    assert rows.filter(confidence="recall").height <= 26


@pytest.mark.parametrize(
    ("gene", "diplotype", "drug", "population", "said"),
    [
        ("G6PD", G6PD, "ascorbic acid (vitamin c), plain", "general", "Stop it on signs of haemolysis"),
        ("G6PD", G6PD, "dapsone", "cutaneous", "blue lips"),
    ],
)
def test_labels_say_when_to_stop(gene, diplotype, drug, population, said):
    text = told(gene, diplotype, drug, "FDA").filter(population=population)["recommendation"].to_list()
    assert text and all(said in one for one in text)


def test_corrections_name_a_reason_and_a_source():
    path = KB.folders[0] / "corrections.tsv"
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert all(row["reason"] and row["source"] and not re.search(r"https?://", row["reason"]) for row in rows)
