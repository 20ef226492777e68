"""What leads a drug's line where several drugs act on it: all of them, the strongest first, and the stricter word."""

from __future__ import annotations

import re
from itertools import product

import polars as pl
import pytest

from pgx.judgement.decide import decide
from pgx.judgement.statement import Statement
from pgx.knowledge.acting import DECIDES, Acting, phrase
from tests.guidance.test_interactions import everything, line, result
from tests.phenotypes.builders import pattern

POOR_2C9 = {"CYP2C9": pattern("*3/*3")}
NORMAL_2C9 = {"CYP2C9": pattern("*1/*1")}
NORMAL_2C19 = {"CYP2C19": pattern("*1/*1")}
SENSITIVE = {**POOR_2C9, "VKORC1": pattern("rs9923231 variant (T)/rs9923231 variant (T)")}
USUAL = {**NORMAL_2C9, "VKORC1": pattern("Reference/Reference")}


def planned(drug):
    return {"drug": drug, "status": "planned"}


@pytest.mark.parametrize(
    ("calls", "listed", "drug", "order"),
    [
        (NORMAL_2C9, ["fluconazole", "rifampin", planned("celecoxib")], "celecoxib", ["fluconazole", "rifampin"]),
        (SENSITIVE, ["fluconazole", "rifampin", "warfarin"], "warfarin", ["rifampin", "fluconazole"]),
        (USUAL, ["fluconazole", "rifampin", "warfarin"], "warfarin", ["rifampin", "fluconazole"]),
        (NORMAL_2C19, ["rifampin", planned("lansoprazole"), "citalopram"], "citalopram", ["rifampin", "lansoprazole"]),
        (NORMAL_2C19, ["rifampin", "voriconazole", "pantoprazole"], "pantoprazole", ["rifampin", "voriconazole"]),
    ],
)
def test_drugs_of_both_directions_are_named_and_the_label_decides(calls, listed, drug, order):
    found = result(calls, listed, [drug])
    own = line(found, drug)
    first = own.headline.split(":")[0]
    assert re.findall("|".join(order), first) == order, own.headline
    assert "raises" in first and "lowers" in first
    assert f"{drug}: dose by the label and {'the INR' if drug == 'warfarin' else 'the effect'}" in own.headline
    assert own.judgement.action == DECIDES and own.judgement.dose_change is None
    for name, text in everything(found, drug).items():
        assert not re.search(r"a (higher|lower) dose is likely|[−+]\d+ %", text), (name, text)
    for name in ("text", "card", "leaflet", "fhir"):
        text = everything(found, drug)[name]
        assert all(agent in text for agent in order), name
    labels = found.guidance.filter(pl.col("flags").list.contains("label_limit"), applies="yes", drug=drug)
    assert not set(labels["action"]) & {"reduce_dose", "increase_dose"}


@pytest.mark.parametrize("agents", [["fluconazole", "rifampin"], ["rifampin", "fluconazole"]])
def test_two_drugs_on_an_enzyme_that_is_absent_do_not_act_and_leave_the_lower_dose(agents):
    found = result(POOR_2C9, [*agents, planned("celecoxib")], ["celecoxib"])
    own = line(found, "celecoxib")
    assert not own.acting and "raises" not in own.headline and "lowers" not in own.headline
    assert "CYP2C9 does nothing in this person" in " ".join(own.interactions)
    assert own.judgement.action == "lower_start" and own.judgement.dose_change == "-50..-75"
    labels = found.guidance.filter(pl.col("flags").list.contains("label_limit"), applies="yes")
    assert not set(labels["action"]) & {"reduce_dose", "increase_dose"}


def test_what_is_weak_and_only_planned_does_not_lead_over_what_is_taken():
    own = line(
        result(USUAL, ["fluconazole", "amiodarone", planned("fluvastatin"), "warfarin"], ["warfarin"]), "warfarin"
    )
    assert [one.agent for one in own.acting] == ["amiodarone", "fluconazole", "fluvastatin"]
    assert own.headline.startswith("amiodarone (moderate CYP2C9 inhibitor) and fluconazole (")
    first = next(one for one in own.advice if one.rule == "DPWG-1449")
    assert "the advice by the genes does not count all of that" in first.text


STRENGTHS = ("strong", "moderate", "weak")
KINDS = [
    Acting(f"{strength} {phase}{' unsure' if unsure else ''}", "CYP2C9", strength, role, phase, effect, unsure)
    for strength, phase, unsure, (role, effect) in product(
        STRENGTHS, ("current", "planned"), (False, True), (("inhibitor", "raises"), ("inducer", "lowers"))
    )
]


@pytest.mark.parametrize("one", KINDS, ids=lambda one: f"{one.agent} {one.role}")
def test_nothing_weak_unverified_or_planned_is_named_before_something_strong(one):
    strong = Acting("the strong one", "CYP3A4", "strong", "inducer", "current", "lowers")
    for order in ([one, strong], [strong, one]):
        said = phrase(order, "x")
        assert one.agent in said and strong.agent in said
        leads = said.startswith(strong.agent)
        assert leads or (one.strength == "strong" and one.phase == "current" and not one.unverified), said


CASES = [
    *(
        (POOR_2C9, agent, drug)
        for agent in ("carbamazepine", "rifampin")
        for drug in ("celecoxib", "flurbiprofen", "ibuprofen")
    ),
    ({"CYP2C19": pattern("*2/*2")}, "St. John's wort", "sertraline"),
    ({"CYP2C19": pattern("*2/*2")}, "efavirenz", "sertraline"),
]


@pytest.mark.parametrize("status", ["current", "planned"])
@pytest.mark.parametrize(("calls", "agent", "drug"), CASES)
def test_an_inducer_of_the_enzyme_that_is_lacking_leaves_the_lower_dose(calls, agent, drug, status):
    alone = line(result(calls, [drug], [drug]), drug).judgement
    assert (alone.dose_change or "").startswith("-")
    own = line(result(calls, [drug, {"drug": agent, "status": status}], [drug]), drug)
    assert (own.judgement.action, own.judgement.dose_change) == (alone.action, alone.dose_change)
    assert not own.headline.startswith(agent)


@pytest.mark.parametrize("status", ["current", "planned"])
def test_a_weak_inducer_of_another_enzyme_is_said_and_leaves_the_lower_dose(status):
    poor = {"CYP2B6": pattern("*6/*6")}
    alone = line(result(poor, ["efavirenz"], ["efavirenz"]), "efavirenz").judgement
    own = line(result(poor, ["efavirenz", {"drug": "nevirapine", "status": status}], ["efavirenz"]), "efavirenz")
    assert (own.judgement.action, own.judgement.dose_change) == (alone.action, alone.dose_change)
    assert own.headline.startswith("nevirapine (") and "weak CYP3A4 inducer" in own.headline


@pytest.mark.parametrize(
    ("calls", "agent", "drug"),
    [
        ({"CYP2C9": pattern("*1/*3")}, "rifampin", "celecoxib"),  # has the enzyme
        ({"CYP2C9": pattern("*2/*3")}, "rifampin", "celecoxib"),  # poor, and not without function
        ({"CYP2B6": pattern("*6/*6")}, "rifampin", "efavirenz"),  # by CYP3A4 too
        (POOR_2C9, "rifampin", "warfarin"),
    ],
)
def test_an_inducer_of_what_the_person_has_still_turns_the_lower_dose_around(calls, agent, drug):
    own = line(result(calls, [drug, agent], [drug]), drug)
    assert own.headline.startswith(f"{agent} (") and own.judgement.dose_change is None


def test_a_phenotype_that_an_inhibitor_made_poor_is_no_enzyme_that_is_lacking():
    found = result({"CYP2D6": pattern("*1/*1")}, ["paroxetine", "eliglustat", "ketoconazole"], ["eliglustat"])
    # The label rules it out beside inhibitors of both enzymes, and names both.
    assert [one.agent for one in line(found, "eliglustat").acting] == ["paroxetine", "ketoconazole"]
    named = found.guidance.filter(guideline="FDA-1529")["flags"].list.join(";")[0]
    assert "interaction:paroxetine:CYP2D6" in named and "phenoconverted" in named


@pytest.mark.parametrize("agent", ["carbamazepine", "fluconazole"])
def test_the_contraindication_of_the_genes_leads_over_what_a_label_would_avoid(agent):
    own = line(result(POOR_2C9, ["siponimod", agent], ["siponimod"]), "siponimod")
    assert own.judgement.action == "contraindicated"
    assert re.search("(^|: |; )contraindicated(; besides, |$)", own.headline)
    assert "avoid" not in own.headline
    mild = line(result({"CYP2C9": pattern("*1/*2")}, ["siponimod", agent], ["siponimod"]), "siponimod")
    assert ": avoid" in mild.headline and mild.judgement.action == "avoid" and f"{agent} (" in mild.headline


def test_no_dose_stands_under_a_contraindication():
    for calls in ({"CYP2D6": pattern("*1/*1")}, {"CYP2D6": pattern("*4/*4")}):
        found = result(calls, ["paroxetine", "eliglustat", "ketoconazole"], ["eliglustat"])
        assert line(found, "eliglustat").judgement.action == "contraindicated"
        for row in found.guidance.filter(pl.col("action") != "contraindicated").iter_rows(named=True):
            assert not re.search(r"\d ?mg|\d ?%", row["recommendation"] or ""), row
            assert row["dose_change"] is None
    taken = result({"CYP2D6": pattern("*1/*1")}, ["paroxetine", "eliglustat"], ["eliglustat"])
    assert "84 mg once a day" in taken.guidance.filter(guideline="LABEL-I162")["recommendation"][0]


def statement(action, urgency, applies="yes", limit=False):
    cells = dict.fromkeys(("dose_change", "implication", "recommendation", "guideline", "population", "url"))
    flags = ["label_limit"] if limit else []
    own = {"source": "FDA", "genes": ["G"], "phenotypes": [], "strength": "strong", "alternatives": [], "flags": flags}
    return Statement({**cells, **own, "action": action, "urgency": urgency, "applies": applies})


@pytest.mark.parametrize(
    ("genes", "label", "applies", "leads"),
    [
        ("contraindicated", "avoid", "yes", "genes"),
        ("contraindicated", "avoid", "if_population", "label"),
        ("contraindicated", "contraindicated", "yes", "label"),
        ("avoid", "contraindicated", "yes", "label"),
        ("avoid", "avoid", "yes", "label"),
    ],
)
def test_the_stricter_word_leads(genes, label, applies, leads):
    decision = decide([statement(genes, "avoid", applies), statement(label, "avoid", limit=True)])
    assert (decision.ruled_out is None) == (leads == "genes")
    assert decision.urgency == "avoid"


@pytest.mark.parametrize(
    ("calls", "drug", "agent"),
    [
        ({"CYP3A5": pattern("*1/*1")}, "tacrolimus", "voriconazole"),
        ({"CYP2C9": pattern("*1/*3")}, "siponimod", "rifampin"),
        ({"CYP2D6": pattern("*1/*2x3")}, "metoprolol", "paroxetine"),
    ],
)
def test_a_number_does_not_lead_while_what_was_stopped_may_still_act_against_it(calls, drug, agent):
    alone = result(calls, [drug], [drug]).guidance
    changed = alone.filter(pl.col("dose_change").is_not_null(), applies="yes")
    assert changed.height
    found = result(calls, [drug, {"drug": agent, "status": "stopped"}], [drug])
    own = line(found, drug)
    assert f"{agent} (" in own.headline and "stopped, and perhaps still acting)" in own.headline
    assert found.guidance.filter(guideline=changed["guideline"][0])["dose_change"].to_list() == [None]
    same_way = result({"CYP2D6": pattern("*4/*4")}, ["metoprolol", {"drug": "paroxetine", "status": "stopped"}])
    assert "perhaps" not in line(same_way, "metoprolol").headline
