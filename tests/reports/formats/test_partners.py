"""Card and leaflet say of both of a pair which one is changed, though one has a line of its own."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from pgx.judgement.read_back import stopped_of
from tests.guidance.test_interactions import everything, line, result
from tests.judgement.test_together import NORMAL, planned
from tests.phenotypes.builders import pattern

TODAY = date(2026, 12, 1)


def pages(listed, calls=NORMAL):
    found = result(calls, listed, observations=[{"concept": "age", "value": 50.0, "unit": "a"}])
    return {form: " ".join(re.sub(r"<[^>]+>", " ", page).split()) for form, page in everything(found, "x").items()}


def test_each_partner_of_a_medicine_with_a_line_of_its_own_is_told():
    listed = ["carbamazepine", "omeprazole", "tramadol", "dabigatran"]
    told = pages(listed)
    assert "not together with tramadol: change tramadol" in told["card"]
    assert "not together with dabigatran: change this one or the other" in told["card"]
    assert "tramadol and this one do not go together: ask about another medicine instead of tramadol" in told["leaflet"]
    assert "dabigatran and this one do not go together: ask which of the two can be changed" in told["leaflet"]


def test_what_is_not_started_says_beside_what_on_the_card():
    poor = NORMAL | {"CYP2C19": pattern("*2/*2")}
    told = pages(["clopidogrel", planned("voriconazole")], poor)
    assert "voriconazole (do not start it beside clopidogrel)" in told["card"]


def test_a_label_that_asks_for_less_beside_the_same_medicine_is_not_said_beside_what_leads():
    found = result(NORMAL, ["tramadol", "carbamazepine"])
    own = line(found, "tramadol")
    assert own.urgency == "avoid" and not [limit for limit in own.beside if limit.urgency == "monitor"]
    first_page = everything(found, "tramadol")["text"].split(" What each source says ")[0]
    assert "monitor treatment with tramadol closely" not in first_page


@pytest.mark.parametrize(
    ("drug", "agent", "days"),
    [("simvastatin", "amiodarone", 20), ("sertraline", "tranylcypromine", 7), ("codeine", "fluoxetine", 10)],
)
def test_what_was_stopped_and_still_acts_is_told_with_the_day(drug, agent, days):
    stopped = {"drug": agent, "status": "stopped", "start": date(2020, 1, 1), "end": TODAY - timedelta(days=days)}
    listed = [planned(drug) if drug != "simvastatin" else drug, stopped]
    found = result(NORMAL, listed, observations=[{"concept": "as_of", "code": TODAY.isoformat()}])
    until = stopped_of(line(found, drug).judgement)[agent]
    told = {form: " ".join(re.sub(r"<[^>]+>", " ", page).split()) for form, page in everything(found, drug).items()}
    assert f"{agent}, stopped, acts until about {until}" in told["card"]
    assert told["leaflet"].count(f"{agent}, which you have stopped, still works on it until about {until}") == 1
