"""A label's lower dose stays where another drug of the list pulls the other way, and that one is named beside it."""

from __future__ import annotations

import pytest

from pgx.knowledge.acting import DECIDES
from pgx.reports.page.details import instead
from tests.guidance.test_interactions import everything, line, result
from tests.phenotypes.builders import pattern
from tests.reports.rendered import render_text

NORMAL = {
    **{gene: pattern("*1/*1") for gene in ("CYP2C19", "CYP2D6", "CYP2C9", "SLCO1B1")},
    "CYP3A5": pattern("*3/*3"),
}


STRONG = ("rifampin",)


@pytest.mark.parametrize(
    ("drug", "inhibitor", "inducer", "dose"),
    [
        ("tacrolimus", "voriconazole", "rifampin", "to one third of the dose before"),
        ("avatrombopag", "fluconazole", "rifampin", "to the lower starting dose of the label"),
    ],
)
def test_the_label_s_lower_dose_holds_until_a_strong_inducer_is_started(drug, inhibitor, inducer, dose):
    headline = line(result(NORMAL, [drug, inhibitor, {"drug": inducer, "status": "planned"}]), drug).headline
    then, _, now = headline.partition("; until then: ")
    assert then.startswith(f"once {inducer} is started: dose by the label and ")
    assert now.startswith(f"{inhibitor} (") and dose in now


LISTS = [
    ("aripiprazole", "ketoconazole", "efavirenz", "to half of the usual dose"),
    ("atorvastatin", "clarithromycin", "efavirenz", "at most 20 mg a day"),
    ("tacrolimus", "voriconazole", "dexamethasone", "to one third of the dose before"),
    ("tacrolimus", "voriconazole", "rifampin", "to one third of the dose before"),
    ("avatrombopag", "fluconazole", "rifampin", "to the lower starting dose of the label"),
    ("simvastatin", "verapamil", "efavirenz", "at most 10 mg a day"),
]


@pytest.mark.parametrize(
    ("drug", "inhibitor", "inducer", "dose", "status"),
    [(*one, "current") for one in LISTS] + [(*one, "planned") for one in LISTS if one[2] not in STRONG],
)
def test_the_label_s_lower_dose_leads_and_says_what_pulls_the_other_way(drug, inhibitor, inducer, dose, status):
    found = result(NORMAL, [drug, inhibitor, {"drug": inducer, "status": status}])
    shown = line(found, drug)
    assert shown.urgency == "change_dose" and f"{inhibitor} (" in shown.headline and f"{inducer} (" in shown.headline
    assert "(nobody knows what they make together): " in shown.headline
    # Beside a strong inducer that is taken nobody knows which share of the dose is right.
    withheld = inducer in STRONG
    assert (dose in shown.headline) is not withheld, shown.headline
    assert ("dose by the label and" in shown.headline) is withheld
    assert shown.judgement.action == (DECIDES if withheld else "reduce_dose")
    assert "use as usual" not in shown.headline
    text = next(
        row["recommendation"] for row in found.guidance.iter_rows(named=True) if "But " in row["recommendation"]
    )
    assert f"lowers {drug}, and nobody knows what they make together" in text
    assert all("increase the dose" not in one for one in everything(found, drug).values())


def test_the_label_s_lower_dose_is_named_beside_an_inducer_that_another_label_forbids():
    found = result(NORMAL, ["clozapine", "fluvoxamine", "carbamazepine"])
    shown = line(found, "clozapine")
    assert shown.urgency == "avoid"
    assert any(one.condition.startswith("with fluvoxamine (strong CYP1A2 inhibitor), and against it carbamazepine")
               for one in shown.beside)  # fmt: skip
    told = "carbamazepine (strong CYP3A4 inducer) lowers clozapine"
    assert told in render_text(found, "s", color=False, width=400)


@pytest.mark.parametrize("status", ["current", "planned"])
@pytest.mark.parametrize(
    ("drug", "inducer", "inhibitor"),
    [
        ("tacrolimus", "phenytoin", "telaprevir"),
        ("quetiapine", "phenytoin", "ketoconazole"),
        ("risperidone", "phenytoin", "itraconazole"),
        ("risperidone", "phenytoin", "atazanavir"),
        ("aripiprazole", "carbamazepine", "atazanavir"),
    ],
)
def test_a_label_s_rise_is_withheld_beside_any_inhibitor_even_one_that_no_list_confirms(
    drug, inducer, inhibitor, status
):
    shown = line(result(NORMAL, [drug, inducer, {"drug": inhibitor, "status": status}]), drug)
    assert shown.judgement.action == DECIDES
    assert f"{inhibitor} (" in shown.headline and f"{inducer} (" in shown.headline
    assert "dose by the label and" in shown.headline
    assert not any(word in shown.headline for word in ("twice", "five times", "increase"))


def test_the_label_s_lower_dose_holds_where_the_forbidden_inducer_is_only_planned():
    shown = line(
        result(NORMAL, ["clozapine", "fluvoxamine", {"drug": "carbamazepine", "status": "planned"}]), "clozapine"
    )
    assert shown.urgency == "change_dose" and "one third of the dose before" in shown.headline
    assert shown.headline.startswith(
        "carbamazepine (avoid, FDA label), which is not taken yet, is not to be started beside it"
    )


def test_what_is_planned_beside_a_taken_inducer_changes_the_dose_once_it_is_started():
    found = result(NORMAL, ["tacrolimus", "efavirenz", {"drug": "voriconazole", "status": "planned"}])
    then, _, now = line(found, "tacrolimus").headline.partition("; until then: ")
    assert then.startswith("once voriconazole is started: ") and "one third" not in now
    assert now.startswith("efavirenz (moderate CYP3A4 inducer) lowers tacrolimus: dose by the label and ")


def test_no_higher_dose_of_a_label_stands_beside_what_raises_the_level():
    found = result(NORMAL, ["aripiprazole", "rifampin", "ketoconazole"])
    assert "twice" not in " ".join(everything(found, "aripiprazole").values())


def test_a_drug_named_instead_is_limited_by_what_raises_it_alone():
    statin = {"SLCO1B1": pattern("*5/*5")}
    shown = line(result(statin, ["simvastatin", "clarithromycin", "efavirenz"], ["simvastatin"]), "simvastatin")
    limits = [one for one in shown.judgement.flags + tuple(instead(shown.judgement)) if "atorvastatin" in one]
    assert limits and all("with efavirenz" not in one for one in limits), limits
