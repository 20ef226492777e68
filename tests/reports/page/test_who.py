"""The first lines of a page: whom it is about, and what was tested for the person's drugs."""

from __future__ import annotations

from datetime import date

import pytest

from pgx.reports.page import who
from tests.reports.rendered import LEXICON


def row(concept: str, value: float | None = None, code: str | None = None, **more: object) -> dict[str, object]:
    usual = {"concept": concept, "value": value, "code": code, "unit": None, "date": date(2026, 3, 1), "end_date": None}
    return usual | more


PERSON = [
    row("age", 70.0, unit="a"),
    row("sex", code="female"),
    row("weight", 61.0, unit="kg", date=date(2025, 1, 1)),
    row("weight", 58.0, unit="kg"),
    row("pregnancy", code="no"),
    row("stroke", code="yes"),
    row("asthma", code="no"),
    row("allergy", code="penicillin"),
    row("as_of", code="2026-10-12", date=None),
]


def test_the_newest_values_the_conditions_and_the_allergies_are_said():
    lines = dict(who.who(PERSON, LEXICON))
    assert lines["age"] == "70 years" and lines["sex"] == "female" and lines["weight"] == "58 kg"
    assert lines["conditions"] == "stroke or transient ischaemic attack", "what a person does not have is no condition"
    assert (lines["pregnant"], lines["allergies"], lines["as of"]) == ("no", "penicillin", "2026-10-12")
    assert lines["not on record"] == "kidney function (eGFR)"


@pytest.mark.parametrize(
    ("years", "said"),
    [(22 / 365.25, "22 days"), (1 / 365.25, "1 day"), (0.0, "0 days"), (0.586, "7 months"), (1.9, "22 months"),
     (2.0, "2 years"), (17.99, "17 years"), (7 / 12, "7 months"), (58.4, "58 years")],
)  # fmt: skip
def test_an_age_is_said_in_completed_years_and_of_the_smallest_in_months_or_days(years, said):
    assert dict(who.who([row("age", years, unit="a")], LEXICON))["age"] == said


def test_what_nobody_recorded_is_said_to_be_missing():
    assert dict(who.who([], LEXICON)) == {"not on record": "age, sex, weight, kidney function (eGFR)"}


@pytest.mark.parametrize(
    ("begun", "ended", "said"),
    [
        (date(2025, 1, 1), date(2025, 10, 1), None),
        (date(2024, 1, 1), None, None),
        (date(2026, 6, 1), date(2027, 2, 1), "yes"),
        (date(2026, 6, 1), None, "yes"),
        (None, None, "yes"),
    ],
)
def test_a_state_that_is_over_is_not_said_of_the_person(begun, ended, said):
    day = row("as_of", code="2026-10-12", date=None)
    told = dict(who.who([row("pregnancy", code="yes", date=begun, end_date=ended), day], LEXICON))
    assert told.get("pregnant") == said


@pytest.mark.parametrize("text", ["pen\x1b[31micillin", "peni\u202ecillin"])
def test_what_a_record_holds_cannot_rewrite_the_page(text):
    assert text not in dict(who.who([row("allergy", code=text)], LEXICON))["allergies"]


def test_conditions_that_mean_nothing_to_the_product_are_named_and_many_of_them_are_counted():
    notes = [{"code": "condition_unknown", "subject": "multiple sclerosis"}, {"code": "other", "subject": "age"}]
    assert who.not_read(notes) == (("conditions not read", "multiple sclerosis"),)
    assert who.not_read(notes[1:]) == ()
    many = [{"code": "condition_unknown", "subject": f"c{number}"} for number in range(14)]
    assert who.not_read(many)[0][1].endswith("c11 and 2 more")


def test_a_drug_is_tolerated_once_a_first_treatment_is_over_and_no_allergy_to_it_is_on_record():
    drugs = [
        {"drug": "carbamazepine", "status": "current", "start": date(2024, 1, 1)},
        {"drug": "phenytoin", "status": "current", "start": date(2026, 9, 1)},
        {"drug": "codeine", "status": "current", "start": date(2024, 1, 1)},
        {"drug": "abacavir", "status": "planned", "start": None},
    ]
    record = [
        {"concept": "as_of", "code": "2026-11-01", "date": None},
        {"concept": "allergy", "code": "codeine", "date": None},
    ]
    assert who.tolerated(record, drugs, LEXICON) == {"carbamazepine"}
    of_a_class = [*record, {"concept": "allergy", "code": "aromatic_anticonvulsants", "date": None}]
    assert who.tolerated(of_a_class, drugs, LEXICON) == frozenset()


def test_only_the_tests_that_a_source_sets_aside_are_not_asked_for_after_a_first_treatment():
    assert all(LEXICON.of_first_treatment("carbamazepine", gene) for gene in ("HLA-A", "HLA-B"))
    assert not any(LEXICON.of_first_treatment(drug, "HLA-B") for drug in ("abacavir", "allopurinol"))


def test_an_allergy_stands_with_what_it_did_where_that_is_known():
    allergies = [
        {**row("allergy", code="carbamazepine"), "reaction": "SJS 2019"},
        {**row("allergy", code="penicillin"), "reaction": None},
        {**row("allergy", code="carbamazepine"), "reaction": "fever"},
    ]
    assert dict(who.who(allergies, LEXICON))["allergies"] == "carbamazepine (SJS 2019, fever), penicillin"


@pytest.mark.parametrize(
    ("concept", "said"),
    [
        ("myasthenia_gravis", "myasthenia gravis"),
        ("heart_block", "heart block of the second degree"),
        ("pacemaker", "cardiac pacemaker"),
        ("lupus", "lupus"),
        ("tonsillectomy", "tonsils or adenoids removed within the last 30 days"),
    ],
)
def test_a_condition_that_no_model_looks_at_is_said_as_well(concept, said):
    assert said in dict(who.who([row(concept, code="yes")], LEXICON))["conditions"]
    assert "conditions" not in dict(who.who([row(concept, code="no")], LEXICON))
