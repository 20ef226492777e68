"""Other drugs, smoke and inflammation against the genes."""

from __future__ import annotations

import itertools
from datetime import date

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pgx import knowledge
from pgx.phenotypes import assign, notes
from pgx.phenotypes.exposures import agents
from pgx.phenotypes.phenoconversion import converter
from tests.listed import with_text
from tests.phenotypes.builders import NOT_CALLED, callset, clinical, diplotype, pattern

KB = knowledge.load()
DAY = date(2026, 6, 1)


def known(drugs=(), observations=()):
    listed = [{"drug": drug} if isinstance(drug, str) else drug for drug in drugs]
    return clinical(listed, observations)


def after(gene, name, drugs=(), observations=(), scheme="CPIC"):
    """Phenotype and score that a person with one diplotype has while taking `drugs`."""
    _, phenotypes = map(
        with_text, assign(callset({"s": {gene: pattern(name)}}), KB, known(drugs, observations), as_of=DAY)
    )
    row = phenotypes.filter(scheme=scheme).row(0, named=True)
    return row["clinical_phenotype"], row["clinical_activity_score"], row["conversion"]


@pytest.mark.parametrize(
    ("gene", "name", "drugs", "phenotype", "score", "rules"),
    [
        ("CYP2D6", "*1/*1", ["paroxetine"], "Poor Metabolizer", 0.0, "PC-009"),
        ("CYP2D6", "*1/*1", ["duloxetine"], "Intermediate Metabolizer", 1.0, "PC-008"),
        ("CYP2D6", "*1/*2x2", ["duloxetine"], "Normal Metabolizer", 1.5, "PC-008"),
        ("CYP2D6", "*1/*4", ["duloxetine"], "Intermediate Metabolizer", 0.5, "PC-008"),
        ("CYP2D6", "*10/*4", ["duloxetine"], "Intermediate Metabolizer", 0.125, "PC-008"),
        ("CYP2D6", "*4/*4", ["duloxetine"], "Poor Metabolizer", 0.0, None),
        ("CYP2D6", "*1/*1", ["duloxetine", "paroxetine"], "Poor Metabolizer", 0.0, "PC-009"),
        ("CYP2D6", "*1/*1", ["duloxetine", "cinacalcet"], "Intermediate Metabolizer", 1.0, "PC-008"),
        ("CYP2D6", "*1/*1", ["sertraline"], "Normal Metabolizer", 2.0, None),
        ("CYP2D6", "*1/*999", ["paroxetine"], "Poor Metabolizer", 0.0, "PC-009"),
        ("CYP2D6", "*1/*999", ["duloxetine"], "Indeterminate", None, None),
        ("CYP2C19", "*1/*1", ["fluvoxamine"], "Poor Metabolizer", None, "PC-006"),
        ("CYP2C19", "*1/*17", ["felbamate"], "Normal Metabolizer", None, "PC-005"),
        ("CYP2C19", "*1/*2", ["felbamate"], "Poor Metabolizer", None, "PC-005"),
        ("CYP2C19", "*1/*1", ["rifampin"], "Rapid Metabolizer", None, "PC-004"),
        ("CYP2C19", "*2/*2", ["rifampin"], "Poor Metabolizer", None, None),
        ("CYP2C19", "*1/*1", ["rifampin", "fluvoxamine"], "Poor Metabolizer", None, "PC-006"),
        ("CYP2C9", "*1/*1", ["fluconazole"], "Intermediate Metabolizer", 1.0, "PC-003"),
        ("CYP2C9", "*1/*2", ["fluconazole"], "Poor Metabolizer", 0.75, "PC-003"),
        ("CYP2B6", "*1/*1", ["carbamazepine"], "Rapid Metabolizer", None, "PC-002"),
        ("CYP2B6", "*6/*6", ["carbamazepine"], "Poor Metabolizer", None, None),
    ],
)
def test_drugs_convert_the_phenotype_by_a_cited_rule(gene, name, drugs, phenotype, score, rules):
    assert after(gene, name, drugs) == (phenotype, score, rules)


def test_cyp3a4_and_cyp3a5_share_inhibitors():
    assert after("CYP3A4", "*1/*1", ["itraconazole"], scheme="DPWG")[0] == "Poor Metabolizer"
    assert after("CYP3A4", "*1/*1", ["diltiazem"], scheme="DPWG")[0] == "Intermediate Metabolizer"
    assert after("CYP3A5", "*1/*1", ["itraconazole"])[0] == "Intermediate Metabolizer"
    assert after("CYP3A5", "*1/*1", ["diltiazem"])[0] == "Normal Metabolizer"


def test_a_scheme_never_gets_a_phenotype_that_it_does_not_have():
    assert after("CYP2C19", "*1/*1", ["rifampin"], scheme="DPWG")[0] == "Normal Metabolizer"
    assert after("CYP2C9", "*1/*2", ["fluconazole"], scheme="DPWG")[:2] == ("Poor Metabolizer", None)


@pytest.mark.parametrize(
    ("drug", "ended", "still"),
    [
        ("fluoxetine", date(2026, 5, 1), True),
        ("fluoxetine", date(2026, 4, 1), False),
        ("paroxetine", date(2026, 5, 28), True),
        ("paroxetine", date(2026, 5, 1), False),
        ("terbinafine", date(2026, 3, 15), True),
        ("dacomitinib", date(2026, 5, 20), True),
        ("dacomitinib", date(2026, 5, 10), False),
        ("mavorixafor", date(2026, 5, 18), True),
        ("mavorixafor", date(2026, 5, 10), False),
        ("tipranavir/ritonavir", date(2026, 5, 27), True),
        ("tipranavir/ritonavir", date(2026, 5, 20), False),
    ],
)
def test_a_stopped_drug_acts_on_until_it_is_washed_out(drug, ended, still):
    stopped = {"drug": drug, "status": "stopped", "end": ended}
    expected = "Poor Metabolizer" if still else "Normal Metabolizer"
    assert after("CYP2D6", "*1/*1", [stopped])[0] == expected


def test_an_end_date_in_the_past_stops_a_drug_that_the_list_calls_current():
    assert after("CYP2D6", "*1/*1", [{"drug": "paroxetine", "end": date(2026, 1, 1)}])[0] == "Normal Metabolizer"


def test_a_planned_drug_does_not_act_yet_but_is_announced():
    planned = {"drug": "paroxetine", "status": "planned"}
    assert after("CYP2D6", "*1/*1", [planned])[0] == "Normal Metabolizer"
    said = remarks({"CYP2D6": pattern("*1/*1")}, [planned, "codeine"])
    assert said["planned_interaction"] == [
        "paroxetine inhibits CYP2D6 (strong), on which codeine depends: Normal Metabolizer acts as Poor Metabolizer "
        "(rule PC-009)"
    ]


def test_inflammation_lowers_cyp2c19_when_crp_is_high_and_fresh():
    def crp(value, day):
        return [{"concept": "crp", "value": value, "unit": "mg/L", "date": day}]

    assert after("CYP2C19", "*1/*1", (), crp(120.0, date(2026, 5, 30)))[0] == "Intermediate Metabolizer"
    assert after("CYP2C19", "*1/*1", (), crp(20.0, date(2026, 5, 30)))[0] == "Normal Metabolizer"
    assert after("CYP2C19", "*1/*1", (), crp(120.0, date(2026, 1, 1)))[0] == "Normal Metabolizer"


def test_smoking_is_noted_on_cyp1a2_which_has_no_phenotype():
    smoker = known((), [{"concept": "smoking_status", "code": "current", "date": date(2026, 5, 1)}])
    calls, phenotypes = assign(callset({"s": {"CYP1A2": pattern("*1A/*1F")}}), KB, smoker, as_of=DAY)
    assert calls["phenotype"].to_list() == [None]
    assert calls["flags"].to_list() == [["enzyme_smoking"]]
    assert notes(phenotypes, smoker, KB, as_of=DAY)["code"].to_list() == ["enzyme_exposure"]


def remarks(calls, drugs):
    history = known(drugs)
    _, phenotypes = assign(callset({"s": calls}), KB, history, as_of=DAY)
    found = {}
    for code, message in notes(phenotypes, history, KB, as_of=DAY).select("code", "message").iter_rows():
        found.setdefault(code, []).append(message)
    return found


def test_codeine_with_paroxetine_is_a_conflict_that_names_both():
    said = remarks({"CYP2D6": pattern("*1/*1")}, ["codeine", "paroxetine"])
    assert said["drug_drug_gene"] == [
        "paroxetine inhibits CYP2D6 (strong), on which codeine depends: Normal Metabolizer acts as Poor Metabolizer "
        "(rule PC-009)"
    ]
    assert "paroxetine (strong inhibitor)" in said["phenoconverted"][0]
    assert "not checked" not in said["phenoconverted"][0], "both the inhibitor and the rule are checked"
    recalled = remarks({"CYP2C19": pattern("*1/*1")}, ["clopidogrel", "esomeprazole"])
    assert "not checked against a source" in recalled["phenoconverted"][0]


def test_the_inhibitor_is_told_how_the_enzyme_would_act_without_it():
    said = remarks({"CYP2D6": pattern("*1/*1")}, ["codeine", "metoprolol", "paroxetine"])
    assert said["acts_on_others"] == [
        "paroxetine inhibits CYP2D6 (strong), on which codeine, metoprolol depend; without paroxetine, CYP2D6 would "
        "act as Normal Metabolizer (activity score 2)"
    ]
    poor = remarks({"CYP2D6": pattern("*4/*4")}, ["codeine", "paroxetine"])
    assert "acts_on_others" not in poor, "an enzyme that does nothing is not inhibited"
    uncalled = remarks({"CYP2D6": NOT_CALLED}, ["codeine", "paroxetine"])
    assert uncalled["acts_on_others"][0].endswith("CYP2D6 is not called")


def test_replacing_one_of_two_inhibitors_may_change_nothing():
    said = remarks({"CYP2C19": pattern("*1/*2")}, ["clopidogrel", "felbamate", "fluconazole"])
    mine = [message for message in said["acts_on_others"] if message.startswith("felbamate inhibits CYP2C19")]
    assert mine[0].endswith("without felbamate it would act the same, as fluconazole (strong inhibitor) acts on it too")
    both = [message for message in said["drug_drug_gene"] if "on which clopidogrel depends" in message]
    assert len(both) == 1
    assert "fluconazole (strong inhibitor)" in both[0]


def test_a_conflict_is_said_even_if_the_gene_is_not_called():
    said = remarks({"CYP2D6": NOT_CALLED}, ["codeine", "paroxetine"])
    assert said["drug_drug_gene"][0].endswith("CYP2D6 is not called")


def test_inhibited_and_induced_at_once_is_said():
    said = remarks({"CYP2C19": pattern("*1/*1")}, ["rifampin", "fluvoxamine"])
    assert sum(message.startswith("CYP2C19 ") for message in said["opposing_interactions"]) == 1


def test_a_drug_stopped_nobody_knows_when_is_said():
    said = remarks({"CYP2D6": pattern("*1/*1")}, [{"drug": "fluoxetine", "status": "stopped"}])
    assert "unknown day" in said["washout_unknown"][0]


def test_a_stop_date_alone_does_not_say_how_long_ago_it_is():
    stopped = {"drug": "fluoxetine", "status": "stopped", "end": date(2020, 1, 1)}
    history = clinical([stopped], [{"concept": "medication_list", "code": "given"}])
    calls, phenotypes = assign(callset({"s": {"CYP2D6": pattern("*1/*1")}}), KB, history)
    assert calls["clinical_phenotype"].to_list() == ["Normal Metabolizer"]
    assert notes(phenotypes, history, KB)["code"].to_list() == ["washout_unknown"]


def test_nothing_known_of_medication_leaves_the_clinical_columns_empty():
    calls, _ = assign(callset({"s": {"CYP2D6": pattern("*1/*1")}}), KB, None)
    assert calls["clinical_phenotype"].to_list() == [None]
    calls, _ = assign(callset({"s": {"CYP2D6": pattern("*1/*1")}}), KB, known(["metformin"]))
    assert calls["clinical_phenotype"].to_list() == ["Normal Metabolizer"]
    listed = clinical((), [{"concept": "medication_list", "code": "given"}])
    calls, _ = assign(callset({"s": {"CYP2D6": pattern("*1/*1")}}), KB, listed)
    assert calls["clinical_phenotype"].to_list() == ["Normal Metabolizer"]


def test_the_calls_show_the_most_probable_clinical_class():
    uncertain = pattern(diplotype("*1/*1", 0.6), diplotype("*1/*17", 0.4))
    calls, _ = assign(callset({"s": {"CYP2C19": uncertain}}), KB, known(["felbamate"]))
    row = calls.row(0, named=True)
    assert (row["phenotype"], row["clinical_phenotype"]) == ("Normal Metabolizer", "Intermediate Metabolizer")
    assert row["flags"] == ["phenoconverted"]


INHIBITORS = sorted(agents(KB).filter(pl.col("trigger") == "inhibitor")["drug"].unique())
INDUCE = set(agents(KB).filter(pl.col("trigger") == "inducer").select("drug", "gene").iter_rows())
CASES = [
    ("CYP2D6", "*1/*1"), ("CYP2D6", "*1/*2x2"), ("CYP2D6", "*10/*41"), ("CYP2C19", "*17/*17"), ("CYP2C19", "*1/*9"),
    ("CYP2C9", "*1/*2"), ("CYP2B6", "*1/*4"), ("CYP3A5", "*1/*3"),
]  # fmt: skip


@given(
    st.sampled_from(CASES), st.lists(st.sampled_from(INHIBITORS), max_size=4, unique=True), st.sampled_from(INHIBITORS)
)
@settings(max_examples=80, deadline=None)
def test_another_inhibitor_never_raises_an_enzyme(case, drugs, more):
    terms = dict(KB.table("phenotype_terms").select("phenotype", "rung").iter_rows())
    gene, name = case
    assume((more, gene) not in INDUCE)  # efavirenz inhibits one enzyme and induces another
    before, score, _ = after(gene, name, drugs)
    worse, lower, _ = after(gene, name, [*drugs, more])
    assert terms.get(worse, 9) <= terms.get(before, 9)
    if score is not None:
        assert lower is not None
        assert lower <= score


def test_every_rule_gives_a_phenotype_of_the_scheme_from_every_phenotype():
    from pgx.knowledge.rules.phenotypes import rules_for

    engine = converter(KB)
    triggers = ["inhibitor:strong", "inhibitor:moderate", "inhibitor:weak", "inducer:strong", "inflammation:strong"]
    for gene, scheme, trigger in itertools.product(
        ["CYP2C19", "CYP2B6", "CYP3A4", "CYP3A5"], ["CPIC", "DPWG"], triggers
    ):
        rules = rules_for(KB, gene, scheme)
        if rules.has_rules:
            for phenotype in rules.outcomes:
                assert engine.apply(gene, scheme, phenotype, None, trigger).phenotype in rules.outcomes


def test_smoke_and_inflammation_are_said_of_the_drugs_that_cyp1a2_clears():
    seen = [
        {"concept": "smoking_status", "code": "current", "date": date(2026, 5, 1)},
        {"concept": "crp", "value": 80.0, "unit": "mg/L", "date": date(2026, 5, 30)},
    ]
    history = known(["clozapine", "warfarin"], seen)
    _, phenotypes = assign(callset({"s": {"CYP1A2": pattern("*1A/*1F")}}), KB, history, as_of=DAY)
    said = notes(phenotypes, history, KB, as_of=DAY).filter(code="drug_exposure")
    assert said["where"].unique().to_list() == ["clozapine"]
    assert sorted(message.split(" (")[0] for message in said["message"]) == ["inflammation", "smoking"]
