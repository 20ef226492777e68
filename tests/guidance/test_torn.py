"""Where the genes ask for one dose and a drug of the list for the other, a line says one thing: label and levels."""

from __future__ import annotations

import re

import pytest

from pgx.knowledge.acting import DECIDES
from pgx.phenotypes.substrates import acting_drugs
from tests.guidance.test_interactions import KB, everything, line, result
from tests.phenotypes.builders import clinical, pattern

FORBIDS = ("avoid", "contraindicated")
NO_ENZYME = {"CYP2C9": pattern("*3/*3"), "CYP2C19": pattern("*2/*2")}
SENSITIVE = {"VKORC1": pattern("rs9923231 variant (T)/rs9923231 variant (T)")}
ASKS_LOWER = [
    (NO_ENZYME, "phenytoin"),
    (NO_ENZYME, "brivaracetam"),
    (SENSITIVE, "acenocoumarol"),
    (SENSITIVE | NO_ENZYME, "acenocoumarol"),
    (SENSITIVE | NO_ENZYME, "warfarin"),
    (SENSITIVE, "phenprocoumon"),
]


def lowering(drug):
    """Agents of which a label says that they lower a drug, without forbidding it."""
    rows = KB.table("label_interactions").filter(drug=drug).iter_rows(named=True)
    return sorted({one["agent"].lower() for one in rows if one["agent"] and one["action"] not in FORBIDS
                   and (one["role"] == "inducer" or (one["effect"] or "").startswith("lowers"))})  # fmt: skip


CASES = [
    (calls, drug, agent)
    for calls, drug in ASKS_LOWER
    for agent in lowering(drug)
    if (drug, agent) != ("phenytoin", "carbamazepine")  # these genes speak against phenytoin instead of carbamazepine
]


@pytest.mark.parametrize(("calls", "drug", "agent"), CASES)
def test_a_lower_dose_by_the_genes_does_not_stand_beside_a_drug_whose_label_says_that_it_lowers_the_level(
    calls, drug, agent
):
    alone = line(result(calls, [drug], [drug]), drug).judgement
    assert alone.action in ("reduce_dose", "lower_start"), alone
    found = result(calls, [drug, agent], [drug])
    shown = line(found, drug)
    assert shown.judgement.action == DECIDES and shown.judgement.dose_change is None, shown.headline
    assert f"lowers {drug}" in shown.headline and "dose by the label and" in shown.headline
    for name, text in everything(found, drug).items():
        assert not re.search(r"[−+]\d+ %|reduce the dose|increase the dose|start with a (lower|higher)", text), (
            name,
            text,
        )


def test_the_cases_are_all_there():
    assert {("phenytoin", "rifampin"), ("brivaracetam", "rifampin"), ("acenocoumarol", "rifampin")} <= {
        (drug, agent) for _, drug, agent in CASES
    }


@pytest.mark.parametrize("drug", ["warfarin", "acenocoumarol", "phenprocoumon"])
def test_what_is_measured_is_the_inr_for_what_thins_the_blood(drug):
    assert "dose by the label and the INR" in line(result(SENSITIVE, [drug, "rifampin"], [drug]), drug).headline
    other = line(result(NO_ENZYME, ["phenytoin", "rifampin"], ["phenytoin"]), "phenytoin").headline
    assert "dose by the label and the drug concentration" in other


@pytest.mark.parametrize("agent", ["nevirapine", "efavirenz", "rifampin"])
@pytest.mark.parametrize("drug", ["clobazam", "celecoxib", "omeprazole", "phenytoin"])
def test_no_remark_says_that_a_level_falls_beside_a_lower_dose_that_stands(drug, agent):
    shown = line(result(NO_ENZYME, [drug, agent], [drug]), drug)
    if shown.judgement.action in ("reduce_dose", "lower_start"):
        assert not [one for one in shown.interactions if f"it lowers {drug}" in one], shown.interactions
    else:
        assert shown.judgement.action in (DECIDES, "avoid", "alternative", "standard", "monitor"), shown.headline


def test_no_higher_dose_of_the_label_is_told_for_what_induces_an_enzyme_that_is_lacking():
    normal = line(result({"CYP2C19": pattern("*1/*1")}, ["brivaracetam", "rifampin"]), "brivaracetam")
    assert "increase the dose" in normal.headline and "twice" in normal.headline
    poor = line(result(NO_ENZYME, ["brivaracetam", "rifampin"]), "brivaracetam")
    assert "twice" not in poor.headline + poor.reason and "increase" not in poor.headline


def test_no_drug_is_said_to_do_weakly_the_opposite_of_what_it_does_strongly():
    table = KB.table("interactions")
    agents = sorted({one.lower() for one in table.filter(strength="weak")["drug"]}
                    & {one.lower() for one in table.filter(table["strength"] != "weak")["drug"]})  # fmt: skip
    history = clinical([{"drug": agent} for agent in agents])
    seen = 0
    for (_, _), part in acting_drugs(history, KB).group_by("drug", "agent"):
        ways = {
            (row["effect"].startswith("raises"), row["strength"], row["named"]) for row in part.iter_rows(named=True)
        }
        strong = {up for up, strength, _ in ways if strength in ("strong", "moderate")}
        seen += bool(strong)
        assert not {
            up for up, strength, named in ways if strength == "weak" and not named and strong and up not in strong
        }
    assert seen > 100


def test_the_direction_of_the_genes_is_told_alone():
    found = line(result({"CYP2C9": pattern("*1/*3")}, ["siponimod", "ritonavir", "itraconazole"]), "siponimod")
    assert "higher or a lower" not in found.headline and found.judgement.dose_change == "-50"


@pytest.mark.parametrize(("alleles", "said"), [("*1/*1", True), ("*2/*2", False)])
def test_what_inhibits_an_enzyme_that_is_lacking_is_not_said_to_raise_the_level_by_it(alleles, said):
    found = result({"CYP2C9": pattern("*1/*1"), "CYP2C19": pattern(alleles)}, ["phenytoin", "ticlopidine"])
    notes = found.notes.filter(subject="phenytoin")["message"].to_list()
    by_enzyme = [one for one in notes if one.startswith("ticlopidine inhibits CYP2C19")]
    assert bool(by_enzyme) is said, notes


def test_the_dose_that_the_genes_ask_for_is_told_by_the_enzyme_that_turns_it():
    shown = line(result(SENSITIVE | {"CYP2C9": pattern("*1/*1")}, ["warfarin", "ritonavir"]), "warfarin")
    assert shown.judgement.action == DECIDES and {"raises", "lowers"} == {one.effect for one in shown.acting}
    assert "would ask for a lower dose" in shown.headline
