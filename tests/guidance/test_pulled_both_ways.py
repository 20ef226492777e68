"""A label's lower dose stays where another drug of the list pulls the other way, and that one is named beside it."""

from __future__ import annotations

import pytest

from pgx.knowledge.acting import DECIDES
from tests.guidance.test_interactions import everything, line, result
from tests.phenotypes.builders import pattern
from tests.reports.rendered import render_text

NORMAL = {
    **{gene: pattern("*1/*1") for gene in ("CYP2C19", "CYP2D6", "CYP2C9", "SLCO1B1")},
    "CYP3A5": pattern("*3/*3"),
}


STRONG = ("rifampin",)


@pytest.mark.parametrize("status", ["current", "planned"])
@pytest.mark.parametrize(
    ("drug", "inhibitor", "inducer", "dose"),
    [
        ("aripiprazole", "ketoconazole", "efavirenz", "to half of the usual dose"),
        ("atorvastatin", "clarithromycin", "efavirenz", "at most 20 mg a day"),
        ("tacrolimus", "voriconazole", "dexamethasone", "to one third of the dose before"),
        ("tacrolimus", "voriconazole", "rifampin", "to one third of the dose before"),
        ("avatrombopag", "fluconazole", "rifampin", "to the lower starting dose of the label"),
        ("simvastatin", "verapamil", "efavirenz", "at most 10 mg a day"),
    ],
)
def test_the_label_s_lower_dose_leads_and_says_what_pulls_the_other_way(drug, inhibitor, inducer, dose, status):
    found = result(NORMAL, [drug, inhibitor, {"drug": inducer, "status": status}])
    shown = line(found, drug)
    assert shown.urgency == "change_dose" and f"{inhibitor} (" in shown.headline and f"{inducer} (" in shown.headline
    assert "(nobody knows what they make together): " in shown.headline
    # Beside a strong inducer that is taken nobody knows which share of the dose is right.
    withheld = inducer in STRONG and status == "current"
    assert (dose in shown.headline) is not withheld, shown.headline
    assert ("dose by the label and" in shown.headline) is withheld
    assert shown.judgement.action == (DECIDES if withheld else "reduce_dose")
    assert "use as usual" not in shown.headline
    text = next(
        row["recommendation"] for row in found.guidance.iter_rows(named=True) if "But " in row["recommendation"]
    )
    assert f"lowers {drug}, and nobody knows what they make together" in text
    assert all("increase the dose" not in one for one in everything(found, drug).values())


@pytest.mark.parametrize("status", ["current", "planned"])
def test_the_label_s_lower_dose_stands_beside_an_inducer_that_another_label_forbids(status):
    found = result(NORMAL, ["clozapine", "fluvoxamine", {"drug": "carbamazepine", "status": status}])
    shown = line(found, "clozapine")
    assert shown.urgency == "avoid"
    assert any("one third of the dose before" in one.text for one in shown.beside) is (status == "planned")
    assert any(one.condition.startswith("with fluvoxamine (strong CYP1A2 inhibitor), and against it carbamazepine")
               for one in shown.beside)  # fmt: skip
    told = (
        "one third of the dose before"
        if status == "planned"
        else "carbamazepine (strong CYP3A4 inducer) lowers clozapine"
    )
    assert told in render_text(found, "s", color=False, width=400)


def test_a_share_of_the_dose_for_what_is_planned_is_not_told_beside_a_taken_drug_that_pulls_the_other_way():
    found = result(NORMAL, ["tacrolimus", "efavirenz", {"drug": "voriconazole", "status": "planned"}])
    headline = line(found, "tacrolimus").headline
    assert "(nobody knows what they make together): dose by the label and blood levels" in headline
    assert "one third" not in headline


def test_no_higher_dose_of_a_label_stands_beside_what_raises_the_level():
    found = result(NORMAL, ["aripiprazole", "rifampin", "ketoconazole"])
    assert "twice" not in " ".join(everything(found, "aripiprazole").values())


def test_a_drug_named_instead_is_limited_by_what_raises_it_alone():
    statin = {"SLCO1B1": pattern("*5/*5")}
    shown = line(result(statin, ["simvastatin", "clarithromycin", "efavirenz"], ["simvastatin"]), "simvastatin")
    limits = [one for one in shown.judgement.flags + tuple(shown.instead) if "atorvastatin" in one]
    assert limits and all("with efavirenz" not in one for one in limits), limits
