"""An order whose drug acts on another one: the stored dose by the genes is not shown, and the interaction is."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi")

from pgx.serve.app import create_app
from pgx.serve.store import Store
from tests.guidance.test_interactions import result
from tests.phenotypes.builders import pattern
from tests.reports.rendered import LEXICON, write
from tests.serve.client import Client
from tests.serve.test_service import cards, order


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stored")
    calls = {"CYP3A5": pattern("*1/*1"), "SLCO1B1": pattern("*1/*1")}
    write(result(calls, ["tacrolimus", "simvastatin"], ["tacrolimus", "simvastatin"]), folder, ["json"])
    return Client(create_app(folder, LEXICON, tell_untested=False))


def test_alone_the_stored_advice_stands(client):
    (card,) = cards(client, **order("tacrolimus", patient="s"))
    assert card["summary"].startswith("tacrolimus: start with a higher dose")


@pytest.mark.parametrize("agent", ["voriconazole", "indinavir", "clarithromycin", "itraconazole"])
@pytest.mark.parametrize("also", [["tacrolimus"], []])
def test_a_drug_that_turns_the_advice_around_is_said_and_no_number_shown(client, agent, also):
    found = {card["summary"].split(":")[0]: card for card in cards(client, **order(*also, agent, patient="s"))}
    for drug in ("tacrolimus", "simvastatin"):
        card = found[drug]
        assert f"{agent} (strong CYP3A4 inhibitor" in card["summary"]
        # The label of simvastatin speaks against these, that of tacrolimus asks for less.
        assert card["indicator"] == ("critical" if drug == "simvastatin" else "warning")
        assert "%" not in card["summary"] + card["detail"]


def test_what_the_stored_report_counts_is_not_said_again(client):
    assert [card["summary"][:10] for card in cards(client, **order("tacrolimus", "simvastatin", patient="s"))] == [
        "tacrolimus"
    ]


def test_a_drug_that_acts_on_nothing_changes_nothing(client):
    assert cards(client, **order("tacrolimus", "warfarin", patient="s"))[0]["summary"].startswith(
        "tacrolimus: start with a higher dose"
    )


def test_what_acts_weakly_is_said_where_the_stored_dose_stands_against_it(client):
    (card,) = (
        card
        for card in cards(client, **order("tacrolimus", "cilostazol", patient="s"))
        if "tacrolimus" in card["summary"]
    )
    assert card["summary"].startswith("tacrolimus: cilostazol (weak CYP3A4 inhibitor")
    assert "%" not in card["summary"] + card["detail"]
    assert not [card for card in cards(client, **order("cilostazol", patient="s")) if "simvastatin" in card["summary"]]


def test_a_pair_that_a_label_names_without_an_enzyme_is_said(client):
    found = [card["summary"] for card in cards(client, **order("fusidic acid", patient="s"))]
    assert any(
        text.startswith("simvastatin: ") and "fusidic acid (planned) raises simvastatin" in text for text in found
    ), found


def test_the_ordered_one_of_two_that_a_label_forbids_is_the_one_that_is_not_started(client):
    found = {card["summary"].split(":")[0]: card for card in cards(client, **order("clarithromycin", patient="s"))}
    assert "not to be started beside the other one:** clarithromycin" in found["simvastatin"]["detail"]
    assert "not to be started" not in found["tacrolimus"]["detail"]  # its label gives a dose for the two


@pytest.fixture(scope="module")
def planners(tmp_path_factory):
    """Of a person who takes nothing and is to begin with omeprazole."""
    folder = tmp_path_factory.mktemp("planners")
    calls = {"CYP2C19": pattern("*1/*1")}
    omeprazole = {"drug": "omeprazole", "status": "planned"}
    write(result(calls, [omeprazole], ["omeprazole"]), folder, ["json"])
    return Client(create_app(folder, LEXICON, tell_untested=False))


def test_of_two_of_which_neither_is_taken_none_is_said_to_be_the_one_that_is_not_started(planners):
    (card,) = cards(planners, **order("clopidogrel", patient="s"))
    assert card["indicator"] == "critical"
    assert card["summary"].startswith("clopidogrel: a label speaks against it: omeprazole (")
    assert "planned) lowers the active form of clopidogrel" in card["detail"]
    assert "not to be started" not in card["detail"]


@pytest.mark.parametrize(("status", "idle"), [("current", "clopidogrel"), ("planned", "")])
def test_the_store_tells_what_is_taken_from_what_is_planned(tmp_path, status, idle):
    listed = [{"drug": "omeprazole", "status": status}, {"drug": "warfarin"}]
    write(result({"CYP2C19": pattern("*1/*1")}, listed, ["omeprazole"]), tmp_path, ["json"])
    found = Store(tmp_path, LEXICON).find("s").medicines
    assert ("omeprazole" in found.planned) is (status == "planned") is ("omeprazole" not in found.taken)
    assert "warfarin" in found.taken
    client = Client(create_app(tmp_path, LEXICON, tell_untested=False))
    (card,) = (one for one in cards(client, **order("clopidogrel", patient="s")) if "clopidogrel:" in one["summary"])
    assert ("not to be started beside the other one:** clopidogrel" in card["detail"]) is bool(idle)


@pytest.fixture(scope="module")
def takers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("takers")
    calls = {"SLCO1B1": pattern("*1/*1"), "CYP2D6": pattern("*1/*1")}
    write(result(calls, ["clarithromycin"], ["simvastatin"]), folder, ["json"])
    return Client(create_app(folder, LEXICON, tell_untested=False))


@pytest.fixture(scope="module")
def takers_of_two(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    calls = {"CYP2D6": pattern("*1/*1")}
    write(result(calls, ["ketoconazole", "paroxetine"], ["paroxetine"]), folder, ["json"])
    return Client(create_app(folder, LEXICON, tell_untested=False))


def test_a_taken_drug_that_acts_on_an_ordered_one_is_named_where_the_report_says_nothing_of_it(takers):
    (card,) = cards(takers, **order("lovastatin", patient="s"))
    assert card["indicator"] == "critical" and card["summary"].startswith("lovastatin: a label speaks against it: ")
    assert "clarithromycin (strong CYP3A4 inhibitor" in card["summary"] and "planned" not in card["summary"]
    assert "contraindicated" in card["detail"] and "nothing is known" not in card["detail"]
    assert "not to be started beside the other one:** lovastatin" in card["detail"]


def test_two_taken_drugs_on_two_enzymes_are_named_and_no_number(takers_of_two):
    (card,) = cards(takers_of_two, **order("aripiprazole", patient="s"))
    assert card["indicator"] == "warning"
    for agent in ("ketoconazole (strong CYP3A4 inhibitor)", "paroxetine (strong CYP2D6 inhibitor)"):
        assert agent in card["summary"] + card["detail"]
    assert "half" not in card["detail"] and "quarter" not in card["detail"]


def test_an_uncovered_drug_on_which_nothing_acts_is_still_said_to_be_uncovered(takers):
    (card,) = cards(takers, **order("siponimod", patient="s"))
    assert "siponimod" in card["summary"]
