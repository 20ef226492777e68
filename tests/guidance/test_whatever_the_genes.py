"""What genes cannot say: limits of the label, what an untested gene could mean, what is left without an inhibitor."""

from __future__ import annotations

import polars as pl
import pytest

from pgx import knowledge
from pgx.guidance import recommend
from pgx.guidance.label_cells import FLAG
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
    table, tests = KB.table("label_limits"), KB.table("populations")
    of_record = pl.col("test").str.starts_with("recorded").any()
    each_way = tests.group_by("population", "alternative").agg(of_record)
    silent = each_way.group_by("population").agg(pl.col("test").all()).filter("test")["population"].to_list()
    states = tests.filter(test="recorded").group_by("subject").agg(pl.col("value").min(), last=pl.col("value").max())
    women = [
        clinical(observations=[{"concept": "sex", "code": "female"}, *({"concept": s, "code": c} for s, c in rows)])
        for rows in (states.select("subject", name).sort("subject").rows() for name in ("value", "last"))
    ]
    drugs = table["drug"].unique().sort().to_list()
    told = {}
    for name, record in (("nothing", None), *(("everything", history) for history in women)):
        rows = guidance({"CYP2D6": pattern("*1/*1")}, drugs, record)
        told[name] = told.get(name, set()) | set(
            rows.filter(pl.col("guideline").fill_null("").str.starts_with("LABEL"))["guideline"]
        )
    # Of a drug that is ruled out no dose is told.
    dosed = pl.any_horizontal(pl.col("dose", "limit").is_not_null())
    ruled_out = table.filter(action="contraindicated")["drug"].to_list()
    # Whom a recorded disease lifts out of a limit is not told of it.
    lifted = tests.filter(test="not_recorded")["population"].unique().to_list()
    told_all = table.filter(~(dosed & pl.col("drug").is_in(ruled_out)) & ~pl.col("population").is_in(lifted))
    assert told["everything"] >= set(told_all["limit_id"])
    assert told["nothing"] == set(table.filter(~pl.col("population").is_in(silent))["limit_id"])
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
    history = clinical([{"drug": "escitalopram"}, {"drug": "felbamate"}])
    rows = guidance({"CYP2C19": pattern("*17/*17")}, ["escitalopram"], history).filter(source="CPIC")
    assert rows["action"].to_list() == ["standard"]
    assert "genes_alone:alternative" in rows["flags"][0].split(";")


def test_a_poor_metaboliser_by_genes_is_told_nothing_more():
    history = clinical([{"drug": "codeine"}, {"drug": "paroxetine"}])
    rows = guidance({"CYP2D6": pattern("*4/*4")}, ["codeine"], history)
    assert not rows["flags"].fill_null("").str.contains("genes_alone").any()


def told(drug, calls, *seen):
    rows = limits(drug, clinical(observations=list(seen)), calls).filter(applies="yes")
    return list(zip(rows["action"], rows["recommendation"], strict=True))


@pytest.mark.parametrize(("age", "action"), [(60, []), (61, ["reduce_dose"])])
def test_the_highest_dose_of_citalopram_is_half_of_it_above_60_years(age, action):
    said = told("citalopram", {"CYP2C19": pattern("*1/*1")}, {"concept": "age", "value": float(age)})
    assert [one for one, _ in said] == action
    assert all("to at most 20 mg a day" in text for _, text in said)


def test_a_missing_age_is_no_young_one():
    rows = limits("citalopram", None, {"CYP2C19": pattern("*1/*1")})
    assert rows.select("population", "applies").rows() == [("above_60_years", "if_population")]


@pytest.mark.parametrize(
    ("drug", "seen", "action", "dose"),
    [
        ("escitalopram", {"age": 70}, "reduce_dose", "to 10 mg a day"),
        ("apixaban", {"age": 82, "weight": 58, "atrial_fibrillation": "yes"}, "reduce_dose", "to 2.5 mg twice a day"),
        ("apixaban", {"age": 82, "weight": 80, "creatinine": 1.0, "atrial_fibrillation": "yes"}, None, ""),
        ("rivaroxaban", {"creatinine_clearance": 40, "atrial_fibrillation": "yes"}, "reduce_dose", "to 15 mg a day"),
        ("dabigatran", {"creatinine_clearance": 25}, "contraindicated", "is contraindicated"),
        ("rosuvastatin", {"creatinine_clearance": 25, "egfr": 25}, "reduce_dose", "to at most 10 mg a day"),
        ("rosuvastatin", {"egfr": 12}, "reduce_dose", "to at most 10 mg a day"),
        ("ibuprofen", {"egfr": 29.95}, "avoid", ""),
        ("ibuprofen", {"egfr": 30}, None, ""),
        ("ondansetron", {"long_qt": "yes"}, "avoid", "avoid ondansetron"),
        ("ondansetron", {"qtc": 510}, "avoid", "avoid ondansetron"),
        ("ondansetron", {}, None, ""),
        ("ramipril", {"sex": "female", "pregnancy": "yes"}, "avoid", "avoid ramipril"),
        ("methotrexate", {"sex": "female", "pregnancy": "yes"}, "contraindicated", "except to treat cancer"),
        ("methotrexate", {"sex": "female", "pregnancy": "yes", "cancer": "yes"}, None, ""),
    ],
)
def test_what_a_label_says_of_a_state_whatever_the_genes(drug, seen, action, dose):
    record = [
        {"concept": name, "code": value} if isinstance(value, str) else {"concept": name, "value": float(value)}
        for name, value in seen.items()
    ]
    said = told(drug, {"CYP2D6": pattern("*1/*1")}, *record)
    assert [one for one, _ in said] == ([action] if action else [])
    assert all(dose in text for _, text in said)


@pytest.mark.parametrize(
    ("status", "rows"),
    [("current", [("monitor", "yes")]), ("former", [("reduce_dose", "if_population")]), ("never", [])],
)
def test_smoke_counts_for_clozapine_and_so_does_its_end(status, rows):
    record = clinical(observations=[{"concept": "smoking_status", "code": status}])
    assert limits("clozapine", record).select("action", "applies").rows() == rows
