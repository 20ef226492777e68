"""What genes cannot say: limits of the label, what an untested gene could mean, what is left without an inhibitor."""

from __future__ import annotations

import polars as pl
import pytest

from pgx import knowledge
from pgx.guidance import recommend
from pgx.guidance.label_limits import FLAG
from pgx.phenotypes import assign
from tests.listed import with_text
from tests.phenotypes.builders import NOT_CALLED, callset, clinical, pattern

KB = knowledge.load()


def guidance(calls, drugs, history=None):
    frame, phenotypes = assign(callset({"s": calls}), KB, history)
    return with_text(recommend(phenotypes, frame, history, KB, drugs=drugs))


def aged(years, **more):
    seen = [{"concept": "age", "value": float(years)}, *({"concept": k, "code": v} for k, v in more.items())]
    return clinical(observations=seen)


def limits(drug, history, calls=None):
    rows = guidance(calls or {"CYP2D6": pattern("*1/*1")}, [drug], history)
    return rows.filter(pl.col("flags").fill_null("").str.split(";").list.contains(FLAG))


@pytest.mark.parametrize("drug", ["codeine", "tramadol"])
def test_a_child_with_normal_genes_is_ruled_out_by_the_label(drug):
    rows = limits(drug, aged(8)).filter(applies="yes")
    assert rows.select("source", "action", "urgency", "genes", "phenotypes").rows() == [
        ("FDA label", "contraindicated", "avoid", "none", None)
    ]
    assert rows["recommendation"][0].startswith(f"Below 12 years of age: {drug} is contraindicated.")
    assert rows["recommendation"][0].endswith("holds whatever the genes.")


def test_an_adult_is_not_concerned_and_nobody_knows_of_an_unknown_age():
    assert limits("codeine", aged(40, lactation="no")).is_empty()
    assert set(limits("codeine", aged(40))["population"]) == {"breastfeeding"}
    assert set(limits("codeine", None)["applies"]) == {"if_population"}


def test_after_removal_of_tonsils_is_not_decided_below_18_years():
    rows = limits("tramadol", aged(15, lactation="no"))
    assert rows.select("population", "applies").rows() == [("post_tonsillectomy_lt_18", "if_population")]


def test_pregnancy_is_asked_of_women_only():
    calls = {"CYP2C9": pattern("*1/*1")}
    assert limits("warfarin", aged(30, sex="male"), calls).is_empty()
    assert limits("leflunomide", aged(30, sex="female", pregnancy="yes"), calls)["applies"].to_list() == ["yes"]
    assert limits("leflunomide", aged(30, sex="female", pregnancy="no"), calls).is_empty()
    assert limits("warfarin", aged(30, sex="female"), calls)["applies"].to_list() == ["if_population"]
    assert limits("codeine", aged(30, sex="male")).is_empty()
    valve = aged(30, sex="female", pregnancy="yes", heart_valve="yes")
    assert limits("warfarin", valve, calls).is_empty()


def test_an_exception_counts_only_where_it_is_recorded():
    calls = {"CYP2C9": pattern("*1/*1")}
    for history in (aged(30, sex="female", pregnancy="yes"), aged(30, sex="female", pregnancy="yes", heart_valve="no")):
        assert limits("warfarin", history, calls)["applies"].to_list() == ["yes"]


@pytest.mark.parametrize("years", [8, 68])
def test_an_age_without_pregnancies_needs_no_question_but_a_record_outweighs_it(years):
    assert limits("leflunomide", aged(years, sex="female")).is_empty()
    recorded = aged(years, sex="female", pregnancy="yes")
    assert limits("leflunomide", recorded)["applies"].to_list() == ["yes"]


def test_every_limit_can_be_said_and_decided():
    # An acute state that no record shows is told only to those whose record has its disease.
    table, asks = KB.table("label_limits"), KB.table("populations").filter(test="recorded")
    diseases = asks.filter(~pl.col("subject").is_in(["pregnancy", "lactation"]))
    history = clinical(observations=[{"concept": one, "code": "yes"} for one in diseases["subject"].unique().sort()])
    drugs = table["drug"].unique().sort().to_list()
    told = {}
    for name, record in (("nothing", None), ("everything", history)):
        rows = guidance({"CYP2D6": pattern("*1/*1")}, drugs, record)
        told[name] = set(rows.filter(pl.col("guideline").fill_null("").str.starts_with("LABEL"))["guideline"])
    assert told["everything"] >= set(table["limit_id"])
    acute = table.filter(pl.col("population").is_in(diseases["population"].unique().to_list()))
    assert told["nothing"] >= set(table["limit_id"]) - set(acute["limit_id"])
    known = set(KB.table("populations")["population"])
    assert set(KB.table("label_limits")["population"]) <= known


def test_sources_that_differ_on_a_genotype_are_no_matter_of_the_label():
    rows = guidance({"CYP2D6": pattern("*4/*4")}, ["codeine"], aged(8))
    assert rows["flags"].fill_null("").str.contains("sources_differ").any()
    assert set(rows.filter(source="FDA label")["flags"]) == {FLAG}


def test_an_untested_gene_says_what_it_could_mean():
    rows = guidance({"DPYD": NOT_CALLED}, ["fluorouracil"])
    assert set(rows["flags"]) == {"could_mean:avoid:DPYD"}
    assert all("Some results would mean: avoid or replace it." in text for text in rows["recommendation"])
    told = guidance({"CYP3A5": NOT_CALLED}, ["tacrolimus"])
    assert set(told.filter(pl.col("source") != "FDA")["flags"]) == {"could_mean:change_dose:CYP3A5"}


def test_advice_that_an_inhibitor_makes_names_what_the_genes_alone_ask_for():
    history = clinical([{"drug": "codeine"}, {"drug": "paroxetine"}])
    rows = guidance({"CYP2D6": pattern("*1/*1")}, ["codeine"], history).filter(source="CPIC")
    assert rows["action"].to_list() == ["avoid"]
    assert "genes_alone:standard" in rows["flags"][0].split(";")
    without = guidance({"CYP2D6": pattern("*1/*1")}, ["codeine"]).filter(source="CPIC")
    assert without["flags"].to_list() == [None]


def test_as_usual_because_of_an_inhibitor_names_the_graver_advice_of_the_genes():
    history = clinical([{"drug": "escitalopram"}, {"drug": "esomeprazole"}])
    rows = guidance({"CYP2C19": pattern("*17/*17")}, ["escitalopram"], history).filter(source="CPIC")
    assert rows["action"].to_list() == ["standard"]
    assert "genes_alone:alternative" in rows["flags"][0].split(";")


def test_a_poor_metaboliser_by_genes_is_told_nothing_more():
    history = clinical([{"drug": "codeine"}, {"drug": "paroxetine"}])
    rows = guidance({"CYP2D6": pattern("*4/*4")}, ["codeine"], history)
    assert not rows["flags"].fill_null("").str.contains("genes_alone").any()
