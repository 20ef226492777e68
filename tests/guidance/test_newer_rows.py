"""Rows of newer sources: each of DPWG of 2026, of labels, and those that carried a part of the meaning."""

from __future__ import annotations

import polars as pl
import pytest

from pgx import knowledge
from pgx.guidance import recommend
from pgx.knowledge.rules.outcomes import outcomes
from pgx.phenotypes import assign
from tests.guidance.test_interactions import line, result
from tests.listed import with_text
from tests.phenotypes.builders import callset, clinical, pattern

KB = knowledge.load()


def _told(gene, diplotype, drug, source, history=None, **more):
    calls = {gene: pattern(diplotype), **{name: pattern(one) for name, one in more.items()}}
    frame, phenotypes = assign(callset({"s": calls}), KB, history)
    rows = with_text(recommend(phenotypes, frame, history, KB, drugs=[drug])).filter(source=source)
    return rows.filter(pl.col("applies") != "no")


@pytest.mark.parametrize(
    ("gene", "diplotype", "drug", "action"),
    [
        ("UGT1A1", "*28/*28", "atazanavir", "avoid"),
        ("UGT1A1", "*80+*28/*80+*28", "atazanavir", "avoid"),
        ("UGT1A1", "*28/*80+*28", "atazanavir", "avoid"),
        ("UGT1A1", "*1/*28", "atazanavir", "standard"),
        ("UGT1A1", "*1/*80+*28", "atazanavir", "standard"),
        ("UGT1A1", "*6/*6", "atazanavir", "standard"),
        ("UGT1A1", "*1/*6", "atazanavir", "standard"),
        ("UGT1A1", "*1/*1", "atazanavir", "no_recommendation"),
        ("CYP2D6", "*4/*10", "gefitinib", "standard"),
        ("CYP2D6", "*1/*1", "gefitinib", "no_recommendation"),
        ("CYP2B6", "*1/*4", "efavirenz", "no_recommendation"),
        ("CYP2B6", "*4/*4", "efavirenz", "no_recommendation"),
        ("SLCO1B1", "*14/*14", "simvastatin", "no_recommendation"),
    ],
)
def test_dpwg_of_2026(gene, diplotype, drug, action):
    assert set(_told(gene, diplotype, drug, "DPWG")["action"]) == {action}


def test_eliglustat_in_intermediate_metabolizers_asks_for_kidneys_and_liver_alone():
    history = clinical(observations=[{"concept": "kidney_disease", "code": "yes"}])
    rows = _told("CYP2D6", "*4/*10", "eliglustat", "DPWG", history).filter(applies="yes")
    assert rows["action"].to_list() == ["avoid"]
    texts = _told("CYP2D6", "*4/*10", "eliglustat", "DPWG")
    assert set(texts["action"]) == {"avoid", "standard"} and not texts["population"].str.starts_with("comed:").any()


def test_eliglustat_in_poor_metabolizers_with_a_weak_inhibitor():
    rows = _told("CYP2D6", "*4/*4", "eliglustat", "DPWG").filter(population="comed:CYP3A_inhibitor_weak")
    assert rows["action"].to_list() == ["reduce_dose"]
    assert (
        "84 mg once daily" in rows["recommendation"][0]
        and "Replace the weak CYP3A4 inhibitors" in rows["recommendation"][0]
    )


def test_a_row_on_a_possible_phenotype_goes_before_the_row_on_the_plain_one():
    rows = _told("SLCO1B1", "*27/*40", "simvastatin", "DPWG")
    assert rows["guideline"].to_list() == ["DPWG-1398"] and rows["applies"].to_list() == ["yes"]


@pytest.mark.parametrize("diplotype", ["*1/*3", "*2/*3", "*1/*6"])
def test_siponimod_names_strong_inducers(diplotype):
    text = _told("CYP2C9", diplotype, "siponimod", "DPWG")["recommendation"][0]
    assert "moderate" in text and "strong" in text and "50" in text


def test_aripiprazole_has_the_injection_every_two_months():
    assert "720 mg every two months" in _told("CYP2D6", "*4/*4", "aripiprazole", "DPWG")["recommendation"][0]


@pytest.mark.parametrize(
    ("gene", "diplotype", "phenotype"),
    [
        ("TPMT", "*3A/*24", "Possible Intermediate Metabolizer"),
        ("NUDT15", "*3/*11", "Possible Intermediate Metabolizer"),
        ("CYP3A5", "*1/*8", "Possible Intermediate Metabolizer"),
        ("SLCO1B1", "*5/*2", "Possible Decreased Function"),
        ("CYP2C19", "*1/*22", "Intermediate Metabolizer"),
        ("TPMT", "*1/*45", "Intermediate Metabolizer"),
        ("CYP2B6", "*1/*4", "Rapid Metabolizer"),
    ],
)
def test_phenotypes_that_dpwg_has_through_cpic(gene, diplotype, phenotype):
    found = {one.alleles: one.result.phenotype for one in outcomes(KB, gene, "DPWG")}
    pair = tuple(diplotype.split("/"))
    assert found.get(pair, found.get(pair[::-1])) == phenotype


@pytest.mark.parametrize("drug", ["azathioprine", "mercaptopurine", "thioguanine"])
def test_possible_counts_as_the_plain_phenotype_with_dpwg(drug):
    plain, possible = (_told("TPMT", name, drug, "DPWG") for name in ("*1/*3A", "*3A/*24"))
    assert plain.height and set(plain["action"]) == set(possible["action"])


@pytest.mark.parametrize("gene", ["CYP2B6", "CYP2C19", "CYP3A5", "NUDT15", "SLCO1B1", "TPMT"])
def test_no_diplotype_that_cpic_names_is_indeterminate_with_dpwg(gene):
    cpic, dpwg = (
        {one.alleles: one.result.phenotype for one in outcomes(KB, gene, scheme)} for scheme in ("CPIC", "DPWG")
    )
    named = {pair for pair, phenotype in cpic.items() if phenotype not in (None, "Indeterminate")}
    lost = sorted(pair for pair in named if dpwg.get(pair) in (None, "Indeterminate"))
    assert lost == []


@pytest.mark.parametrize(
    ("gene", "diplotype", "drug", "action"),
    [
        ("G6PD", "A- 202A_376G", "rasburicase", "contraindicated"),
        ("G6PD", "A- 202A_376G", "tafenoquine", "contraindicated"),
        ("G6PD", "A- 202A_376G", "glipizide", "alternative"),
        ("G6PD", "A- 202A_376G", "lidocaine / prilocaine", "monitor"),
        ("RYR1", "Reference/c.7300G>A", "sevoflurane", "contraindicated"),
        ("CYP2C9", "*3/*3", "deuruxolitinib", "contraindicated"),
        ("CYP2D6", "*4/*4", "dextromethorphan hydrobromide / bupropion hydrochloride", "reduce_dose"),
    ],
)
def test_labels(gene, diplotype, drug, action):
    assert action in set(_told(gene, diplotype, drug, "FDA")["action"])


@pytest.mark.parametrize("diplotype", ["*1/*3", "*1/*1"])
def test_tacrolimus_by_the_fda_is_measured_and_not_raised_from_the_start(diplotype):
    rows = _told("CYP3A5", diplotype, "tacrolimus", "FDA")
    assert rows["action"].to_list() == ["monitor"] and "trough" in rows["recommendation"][0]


def test_warfarin_in_children_asks_for_an_equation_of_children():
    rows = KB.table("recommendations").filter(drug="warfarin", population="pediatric_European_ancestry", source="CPIC")
    assert (
        rows.height and rows["notes"].str.contains("pediatric").all() and not rows["notes"].str.contains("IWPC").any()
    )


@pytest.mark.parametrize("drug", ["valproic acid", "divalproex sodium"])
def test_valproate_in_pregnancy(drug):
    pregnant = [{"concept": "pregnancy", "code": "yes"}, {"concept": "sex", "code": "female"}]
    for extra, actions in (([], {"avoid"}), ([{"concept": "migraine", "code": "yes"}], {"avoid", "contraindicated"})):
        history = clinical(observations=[*pregnant, *extra])
        rows = _told("CYP2D6", "*1/*1", drug, "FDA label", history).filter(applies="yes")
        assert set(rows["action"]) == actions


def test_a_boy_with_migraine_is_warned_of_no_pregnancy():
    history = clinical(observations=[{"concept": "migraine", "code": "yes"}, {"concept": "sex", "code": "male"}])
    told = _told("CYP2D6", "*1/*1", "valproic acid", "FDA label", history)
    assert "pregnant_with_migraine" not in set(told["population"])


def test_every_fact_that_was_considered_says_what_became_of_it():
    rows = KB.table("considered")
    refused = rows.filter(pl.col("decision") == "refused")
    assert rows.height == 1563 and refused["reason"].null_count() == 0
    assert rows.filter(pl.col("decision") == "taken")["rows"].null_count() <= 7, "what was taken says where it is"
    ids = set(KB.table("recommendations")["rec_id"])
    named = rows["rows"].drop_nulls().str.extract_all(r"recommendations:([A-Z]+-\d+)").explode().drop_nulls()
    gone = {one.removeprefix("recommendations:") for one in named} - ids
    assert gone == set()


HANDED = {
    "alleles": 20, "atc": 12, "brand_names": 146, "dpwg": 34, "dpwg_indeterminate": 66, "effects": 75, "endpoints": 2,
    "fda_cyp_roles": 175, "fda_labels": 51, "frequencies": 5, "interaction_corrections": 51, "new_alleles": 11,
    "washout_additions": 13, "washout_check": 40,
}  # fmt: skip
"""Rows of each table of differences of 2026-11."""

KEYS = {
    "alleles": ("gene", "allele"), "calling_policies": ("gene",), "definitions": ("gene", "allele"),
    "drug_names": ("name",), "drugs": ("drug",), "effects": ("drug",), "exposure_ratios": ("enzyme", "victim", "study"),
    "functions": ("gene", "scheme"), "guideline_sources": ("source",), "interactions": ("drug", "enzyme", "role"),
    "label_interactions": ("limit_id",), "phenotype_rules": ("gene", "scheme", "phenotype"),
    "recommendations": ("rec_id",), "washout": ("drug", "role"),
}  # fmt: skip
"""How a row of a table is named by what was considered: these columns, joined by a space."""

BESIDE = {"exposure_ratios": ("enzyme", "victim", "agent", "study")}
"""The same where a row is about another drug beside the first."""


def test_every_row_that_was_handed_has_its_number_and_its_decision():
    rows = KB.table("considered")
    numbers = {name: sorted(own["number"].to_list()) for (name,), own in rows.group_by("list")}
    assert {name: numbers[name] for name in HANDED} == {name: list(range(1, n + 1)) for name, n in HANDED.items()}
    assert set(rows["decision"]) == {"taken", "already", "partly", "refused"}
    assert rows.filter(pl.col("decision").is_in(["partly", "refused"]), pl.col("reason").is_null()).is_empty()
    untold = rows.filter(pl.col("decision") != "refused", pl.col("rows").is_null(), pl.col("reason").is_null())
    assert untold.is_empty(), untold


@pytest.mark.parametrize("table", KEYS)
def test_every_row_that_a_considered_fact_names_is_there(table):
    columns = [KEYS[table], *([BESIDE[table]] if table in BESIDE else [])]
    there = {" ".join(map(str, row)) for one in columns for row in KB.table(table).select(one).iter_rows()}
    named = {
        one.removeprefix(f"{table}:")
        for cell in KB.table("considered")["rows"].drop_nulls()
        for one in cell.split(";")
        if one.startswith(f"{table}:")
    }
    if table == "calling_policies":
        named = {one.split()[0] for one in named}
    missing = {one for one in named if one not in there and not any(row.startswith(f"{one} ") for row in there)}
    assert named and not missing, sorted(missing)


def test_what_was_considered_names_known_tables_alone():
    cells = KB.table("considered")["rows"].drop_nulls()
    tables = {one.partition(":")[0] for cell in cells for one in cell.split(";")}
    assert tables <= {*KEYS, "corrections", "endpoints"}, sorted(tables)


G, T = "rs9923231 reference (C)", "rs9923231 variant (T)"


@pytest.mark.parametrize(
    ("cyp2c9", "vkorc1", "action"),
    [("*1/*2", f"{G}/{G}", "standard"), ("*3/*3", f"{T}/{T}", "lower_start"), ("*1/*5", f"{G}/{G}", "lower_start")],
)
def test_the_fda_row_of_both_genes_is_its_answer_on_warfarin_where_the_table_has_one(cyp2c9, vkorc1, action):
    calls = {"CYP2C9": pattern(cyp2c9), "VKORC1": pattern(vkorc1)}
    rows = result(calls, ["warfarin"]).guidance.filter(source="FDA", applies="yes")
    genes = [tuple(one) for one in rows["genes"]]
    of_the_table = ("CYP2C9", "VKORC1") in genes
    assert of_the_table == (cyp2c9 != "*1/*5"), genes
    assert not of_the_table or not {("CYP2C9",), ("VKORC1",)} & set(genes), "rows that only point to the table"
    assert set(rows["action"]) == {action}


def test_a_changed_phenotype_is_not_answered_by_the_table_of_genotypes():
    calls = {"CYP2C9": pattern("*1/*2"), "VKORC1": pattern(f"{G}/{G}")}
    said = result(calls, ["warfarin", "fluconazole"], ["warfarin"]).guidance
    assert "lower_start" in set(said.filter(source="FDA")["action"]), said.select("genes", "action")


def test_a_transplanted_liver_has_the_donor_s_enzymes():
    calls = {"CYP3A5": pattern("*1/*3")}
    for organ, action in (("liver_transplant", "monitor"), ("transplant", "higher_start")):
        found = result(calls, ["tacrolimus"], observations=[{"concept": organ, "code": "yes"}])
        shown = line(found, "tacrolimus")
        assert shown.judgement.action == action, organ
        assert ("CPIC" in shown.sources) == (organ == "transplant")


@pytest.mark.parametrize("heart", ["myocardial_infarction", "coronary_disease", "coronary_intervention"])
def test_who_needs_aspirin_for_the_heart_is_not_offered_dipyridamole_instead(heart):
    found = result({"CYP2C19": pattern("*1/*2")}, ["clopidogrel"], observations=[{"concept": heart, "code": "yes"}])
    assert "acetylsalicylic acid/dipyridamole" not in line(found, "clopidogrel").judgement.alternatives
