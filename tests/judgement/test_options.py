"""A second action that a source names as an option: told with its dose, and first where an earlier source wants it."""

from __future__ import annotations

import pytest

from pgx.codes import Flag, FlagCode
from tests.guidance.test_interactions import line, result
from tests.phenotypes.builders import pattern
from tests.reports.rendered import render_leaflet

POOR_TPMT = {"TPMT": pattern("*3A/*3A"), "NUDT15": pattern("*1/*1")}


def judged(calls, drug, conditions=(), others=()):
    seen = [{"concept": concept, "code": "yes"} for concept in conditions]
    return line(result(calls, [drug, *others], observations=seen), drug)


@pytest.mark.parametrize("drug", ["mercaptopurine", "thioguanine"])
@pytest.mark.parametrize("conditions", [(), ("leukemia",), ("malignancy",)])
def test_the_dose_leads_that_one_source_gives_and_the_other_names_as_an_option(drug, conditions):
    shown = judged(POOR_TPMT, drug, conditions)
    assert (shown.judgement.urgency, shown.judgement.dose_change) == ("change_dose", "-90")
    assert shown.headline.startswith("start with a lower dose (−90 %)")
    assert "DPWG: choose another drug" in shown.differences


def test_who_takes_ten_times_the_advised_dose_is_told_to_ask_today():
    page = render_leaflet(result(POOR_TPMT, ["mercaptopurine"]), "s")
    assert "pharmacist today, before the next dose" in page
    assert "pharmacist today" not in render_leaflet(result({"CYP2C19": pattern("*2/*2")}, ["sertraline"]), "s")


def test_in_a_disease_that_is_not_malignant_the_other_drug_leads():
    shown = judged(POOR_TPMT, "mercaptopurine", ("inflammatory_bowel_disease",))
    assert (shown.judgement.urgency, shown.judgement.action) == ("avoid", "alternative")
    assert "another option: start with a lower dose (−90 %)" in shown.headline


@pytest.mark.parametrize(
    ("calls", "drug"),
    [
        (POOR_TPMT, "azathioprine"),  # the first source prefers another drug itself
        ({"TPMT": pattern("*1/*1"), "NUDT15": pattern("*3/*3")}, "mercaptopurine"),  # a source says avoid
        (POOR_TPMT | {"NUDT15": pattern("*3/*3")}, "thioguanine"),
        ({"CYP2D6": pattern("*4/*4")}, "amitriptyline"),
    ],
)
def test_what_rules_a_drug_out_stays_in_front(calls, drug):
    assert judged(calls, drug).judgement.urgency == "avoid"


def test_a_doubled_dose_that_is_an_option_is_told_in_milligrams():
    shown = judged({"CYP2C19": pattern("*1/*2")}, "clopidogrel", ("stroke",))
    assert shown.judgement.urgency == "avoid"
    assert "another option: double the dose, to 150 mg/day (loading dose 600 mg)" in shown.headline


def test_without_the_option_its_dose_is_not_told_either():
    # A dose by the genes alone is no answer to what another medicine does to the drug.
    shown = judged({"CYP2C19": pattern("*1/*2")}, "clopidogrel", ("stroke",), others=["fluconazole"])
    assert not any(Flag.parse(flag).code == FlagCode.DOSE for flag in shown.judgement.flags)
