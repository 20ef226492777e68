"""What acts on an enzyme that a person lacks acts on nothing; what is planned adds to what acts already."""

from __future__ import annotations

import polars as pl
import pytest

from pgx import knowledge, schema
from pgx.guidance.likelier import likelier_results, without_function
from pgx.knowledge.acting import Acting, phrase
from pgx.phenotypes.absent_enzymes import weakened
from pgx.phenotypes.interaction_notes import _agent_list
from tests.guidance.test_interactions import result
from tests.phenotypes.builders import pattern


def planned(drug):
    return {"drug": drug, "status": "planned"}


def messages(alleles, listed, subject):
    found = result({"CYP2C19": pattern(alleles)}, listed)
    return found.notes.filter(subject=subject)["message"].to_list()


@pytest.mark.parametrize("agent", ["rifampin", "fluconazole", "fluvoxamine"])
def test_nothing_acts_through_an_enzyme_that_the_person_lacks(agent):
    for drug in ("omeprazole", "citalopram", "clopidogrel"):
        told = [one for one in messages("*2/*2", [drug, agent], drug) if "CYP2C19" in one]
        assert told and all("CYP2C19 does nothing in this person" in one for one in told), told
        assert not [one for one in messages("*2/*2", [drug, agent], agent) if "CYP2C19" in one and "depend" in one]
        assert [one for one in messages("*1/*1", [drug, agent], agent) if "CYP2C19" in one and "depend" in one]


def test_what_is_planned_is_told_with_what_acts_already():
    told = messages("*1/*1", ["pantoprazole", "rifampin", planned("voriconazole")], "pantoprazole")
    both = [one for one in told if "PC-005" in one]
    assert both and all(
        one.startswith("rifampin (strong inducer), voriconazole (") and "planned" in one for one in both
    )


def test_what_is_taken_and_planned_too_is_told_once():
    told = messages("*1/*1", ["pantoprazole", "rifampin", "voriconazole", planned("voriconazole")], "pantoprazole")
    both = [one for one in told if one.startswith("rifampin (strong inducer), voriconazole (")]
    assert both and all(one.count("voriconazole") == 1 and "planned" not in one for one in both), told
    weak = [Acting("omeprazole", "CYP2C19", "weak", "inhibitor", phase, "lowers") for phase in ("planned", "current")]
    assert phrase(weak, "clopidogrel") == "omeprazole (weak CYP2C19 inhibitor) lowers clopidogrel"
    assert phrase(weak[:1], "clopidogrel") == "omeprazole (weak CYP2C19 inhibitor, planned) lowers clopidogrel"


def test_every_phase_of_what_acts_is_told_alike():
    for phase in ("planned", "washout", "perhaps", "unread"):
        ended = Acting("rifampin", "CYP2C19", "strong", "inducer", phase, "lowers").named.partition("inducer")[2]
        row = {"agent": "rifampin", "trigger": "inducer", "strength": "strong", "phase": phase, "local": None}
        assert _agent_list([row]) == f"rifampin (strong inducer{ended}" and ended != ")"


def test_what_a_drug_does_to_itself_is_not_counted_in_what_another_one_does_to_it():
    (told,) = [one for one in messages("*1/*1", ["voriconazole", "fluvoxamine"], "fluvoxamine") if "CYP2C19" in one]
    assert told.endswith("without fluvoxamine, CYP2C19 would act as Normal Metabolizer"), told


@pytest.mark.parametrize(
    ("alleles", "said"),
    [
        ("*2/*3", "; the phenotype is Poor Metabolizer with or without it (activity score 0.25, without it 0.5)"),
        ("*1/*3", "; without amiodarone, CYP2C9 would act as Intermediate Metabolizer (activity score 1)"),
    ],
)
def test_a_medicine_without_which_the_phenotype_is_the_same_makes_no_other_one(alleles, said):
    found = result({"CYP2C9": pattern(alleles)}, ["amiodarone", "celecoxib"])
    (told,) = found.notes.filter(subject="amiodarone", code="acts_on_others")["message"]
    assert told.endswith(said), told


def test_the_phase_of_a_drug_is_said_once():
    acting = [
        Acting("rifampin", "CYP2C19", "strong", "inducer", "planned", "lowers"),
        Acting("rifampin", "CYP3A4", "strong", "inducer", "planned", "lowers"),
        Acting("rifampin", "", "", "", "planned", "lowers"),
    ]
    assert phrase(acting, "x") == "rifampin (strong CYP2C19 inducer, strong CYP3A4 inducer, planned) lowers x"


@pytest.mark.parametrize(("probability", "likelier"), [(0.5, False), (0.501, True), (None, True)])
def test_what_is_just_as_likely_as_not_is_no_result_for_anybody_who_asks(probability, likelier):
    poor = {"sample": "P", "gene": "CYP2D6", "scheme": "CPIC", "phenotype": "Poor Metabolizer", "activity_score": None}
    columns = {c.name: c.dtype for c in schema.PHENOTYPES}
    rows = pl.DataFrame([{**poor, "probability": probability}], schema=columns)
    kb, place = knowledge.load(), ("P", "CYP2D6")
    assert (place in weakened(rows, kb).poor) is likelier
    assert (place in without_function(rows)) is likelier
    assert (place in likelier_results(rows, kb)) is likelier
