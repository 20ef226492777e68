"""The day that counts as now: the newest of the record, or the one that somebody chose."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from pgx.clinical import check, read
from pgx.errors import InputError
from tests.clinical.reading import codes, drugs, values, wide

RECORD = {
    "sample": "A",
    "birth_date": "1950-01-01",
    "inr": [{"value": 2.0, "date": "2020-01-10"}, {"value": 3.0, "date": "2020-06-10"}],
    "medications": [
        {"drug": "warfarin", "start": "2020-01-01"},
        {"drug": "fluconazole", "status": "stopped", "start": "2020-01-05", "end": "2020-02-01"},
        {"drug": "amiodarone", "start": "2020-05-01"},
        {"drug": "rifampin", "status": "stopped", "start": "2020-03-01", "end": "2020-04-01"},
    ],
}


def test_the_newest_day_of_the_record_is_now_if_nobody_says_otherwise(kb, write):
    data = read([write("a.json", RECORD)], kb)
    assert values(data)["as_of"] == "2020-06-10"
    assert wide(data, kb)["A"]["lab.inr"] == 3.0
    assert drugs(data)["amiodarone"] == "current"
    assert "after_as_of" not in codes(data)


def test_a_chosen_day_sees_only_what_was_known_and_taken_on_it(kb, write):
    data = read([write("a.json", RECORD)], kb, as_of=date(2020, 1, 20))
    features = wide(data, kb)["A"]
    assert features["lab.inr"] == 2.0
    assert features["clinical.age"] == pytest.approx(70.05, abs=0.01)
    assert drugs(data) == {"warfarin": "current", "fluconazole": "current", "amiodarone": "planned"}
    (note,) = data.notes.filter(pl.col("code") == "after_as_of")["message"]
    assert note == "3 statements are dated after 2020-01-20, the day that counts as now, and not used"


def test_a_list_of_a_later_day_is_not_that_of_the_chosen_day(kb, write):
    rows = "sample,date,inr,medications\nA,2026-01-01,2,fluoxetine\nA,2026-02-01,2,paroxetine\n"
    path = write("a.csv", rows)
    data = read([path], kb, as_of=date(2026, 1, 15))
    assert drugs(data) == {"fluoxetine": "current"}
    assert "medications of 2026-02-01 is not used: 2026-01-15 counts as now" in data.notes["message"].to_list()
    before = read([path], kb, as_of=date(2025, 1, 1))
    assert drugs(before) == {} and "medication_list" not in values(before), "nothing is known, so nothing is 'none'"
    assert before.notes.filter(code="list_after_as_of").height == 2
    one = write("a.json", {"sample": "A", "date": "2026-01-01", "medications": ["fluoxetine"]})
    assert drugs(read([one], kb, as_of=date(2025, 1, 1))) == {}
    assert drugs(read([one], kb, as_of=date(2026, 1, 1))) == {"fluoxetine": "current"}


def test_a_column_says_it_for_each_person_and_the_caller_overrides_it(kb, write):
    path = write(
        "a.csv", "sample,as_of,birth_date,date\nA,2020-01-01,1950-01-01,2022-01-01\nB,,1950-01-01,2022-01-01\n"
    )
    ages = {name: round(row["clinical.age"]) for name, row in wide(read([path], kb), kb).items()}
    assert ages == {"A": 70, "B": 72}
    ages = {
        name: round(row["clinical.age"]) for name, row in wide(read([path], kb, as_of=date(2030, 1, 1)), kb).items()
    }
    assert ages == {"A": 80, "B": 80}
    with pytest.raises(InputError, match="line 2, sample A: as_of: a date cannot be read"):
        read([write("b.csv", "sample,as_of\nA,soon\n")], kb, strict=True)


def test_a_birth_after_the_chosen_day_is_said(kb, write):
    data = read([write("a.json", {"sample": "A", "birth_date": "2015-05-05"})], kb, as_of=date(2010, 1, 1))
    assert codes(data, "warning") == ["contradiction"] and "age" not in values(data)


def test_check_shows_the_day_and_the_drugs_of_it(kb, write):
    rows = check(write("a.json", RECORD), kb, as_of=date(2020, 1, 20)).filter(pl.col("kind") == "info")
    said = rows["meaning"].to_list()
    assert {"2020-01-20: as said", "fluconazole: current", "amiodarone: planned"} <= set(said)


def test_a_list_after_the_day_of_the_persons_own_row_does_not_count(kb, write):
    rows = (
        "sample,date,as_of,medications\nA,2026-01-01,2026-01-15,fluoxetine\nA,2026-02-01,2026-01-15,paroxetine\n"
        "B,2026-01-01,,fluoxetine\nB,2026-02-01,,paroxetine\n"
    )
    data = read([write("a.csv", rows)], kb)
    assert dict(data.medications.select("sample", "drug").iter_rows()) == {"A": "fluoxetine", "B": "paroxetine"}
    assert "medications of 2026-02-01 is not used: 2026-01-15 counts as now" in data.notes["message"].to_list()
    one = write("a.json", {"sample": "A", "date": "2026-02-01", "as_of": "2026-01-15", "medications": ["paroxetine"]})
    assert drugs(read([one], kb)) == {}
    assert drugs(read([one], kb, as_of=date(2026, 3, 1))) == {"paroxetine": "current"}, "the caller's day goes first"


def test_sex_and_birth_date_hold_on_days_before_they_were_recorded(kb, write):
    path = write("a.csv", "sample,date,sex,birth_date,inr\nA,2026-02-01,female,1950-01-01,2\n")
    data = read([path], kb, as_of=date(2025, 1, 1))
    features = wide(data, kb)["A"]
    assert features["clinical.sex"] == "female" and features["clinical.age"] == pytest.approx(75, abs=0.01)
    assert "lab.inr" not in features
    (note,) = data.notes.filter(code="after_as_of")["message"]
    assert note.startswith("1 statements are dated after")


def test_an_age_of_years_ago_is_said_to_be_old(kb, write):
    rows = "sample,date,age,sex,inr\nA,2015-03-01,50,male,2\nA,2025-03-01,,male,2\n"
    data = read([write("a.csv", rows)], kb)
    (note,) = data.notes.filter(code="old_age")["message"]
    assert note.startswith("age 50 is of 2015-03-01, 10.0 years before the day that counts as now (2025-03-01)")
    assert "old_age" not in codes(read([write("b.csv", rows.replace("2025", "2015").replace("-01,,", "-02,,"))], kb))
    born = rows.replace("age", "age,birth_date").replace("50,", "50,1965-01-01,").replace(",,", ",,,")
    with_birth = read([write("c.csv", born)], kb)
    assert not {"old_age", "contradiction"} & set(codes(with_birth)), "the age was right on its day"
    assert wide(with_birth, kb)["A"]["clinical.age"] == pytest.approx(60.16, abs=0.01), "counted from the birth date"


def fhir(*drugs: dict[str, object], **bundle: object) -> dict[str, object]:
    inr = {"coding": [{"system": "http://loinc.org", "code": "6301-6"}]}
    resources: list[dict[str, object]] = [
        {"resourceType": "Patient", "id": "A", "birthDate": "1950-01-01"},
        {"resourceType": "Observation", "status": "final", "code": inr, "effectiveDateTime": "2025-01-10"}
        | {"valueQuantity": {"value": 2.0, "unit": "{INR}", "code": "{INR}"}},
        *drugs,
    ]
    return {"resourceType": "Bundle", "type": "collection", **bundle, "entry": [{"resource": one} for one in resources]}


def taken(drug: str, start: str, **more: object) -> dict[str, object]:
    about = {"status": "active", "effectivePeriod": {"start": start}, "medicationCodeableConcept": {"text": drug}}
    return {"resourceType": "MedicationStatement", **about, **more}


@pytest.mark.parametrize(
    ("bundle", "status", "day"),
    [
        (fhir(taken("fluoxetine", "2025-03-01", dateAsserted="2025-01-12")), "planned", "2025-01-12"),
        (fhir(taken("fluoxetine", "2025-03-01"), timestamp="2025-01-12T08:00:00Z"), "planned", "2025-01-10"),
        (fhir(taken("fluoxetine", "2035-03-01")), "planned", "2025-01-10"),
        (fhir(taken("fluoxetine", "2025-03-01", dateAsserted="2025-04-01")), "current", "2025-03-01"),
        (fhir(taken("fluoxetine", "2025-03-01"), timestamp="2025-04-12T08:00:00Z"), "current", "2025-03-01"),
        (
            fhir(taken("fluoxetine", "2025-03-01", meta={"lastUpdated": "2025-04-12T08:00:00Z"})),
            "current",
            "2025-03-01",
        ),
        (fhir(taken("fluoxetine", "2025-03-01")), "current", "2025-03-01"),
        (fhir(taken("fluoxetine", "2024-12-01", dateAsserted="2024-11-01")), "current", "2025-01-10"),
    ],
    ids=[
        *("asserted before", "document before", "years after all else"),
        *("asserted after", "document after", "updated after", "nobody says when", "the record goes on"),
    ],
)
def test_an_active_drug_that_begins_in_the_future_is_planned_and_does_not_tell_the_present(
    kb, write, bundle, status, day
):
    path = write("a.json", bundle)
    data = read([path], kb)
    assert (drugs(data), values(data)["as_of"]) == ({"fluoxetine": status}, day)
    assert ("future_start" in codes(data, "warning")) == (status == "planned")
    assert drugs(read([path], kb, as_of=date(2036, 1, 1))) == {"fluoxetine": "current"}, "the chosen day settles it"


def test_a_request_for_later_is_planned(kb, write):
    later = [{"timing": {"repeat": {"boundsPeriod": {"start": "2025-06-01"}}}}]
    request = {"resourceType": "MedicationRequest", "status": "active", "intent": "order", "authoredOn": "2025-02-01"}
    request |= {"medicationCodeableConcept": {"text": "fluoxetine"}, "dosageInstruction": later}
    data = read([write("a.json", fhir(request))], kb)
    assert (drugs(data), values(data)["as_of"]) == ({"fluoxetine": "planned"}, "2025-02-01")


@pytest.mark.parametrize(
    ("end", "day", "meant", "now"),
    [
        ("2031-01-01", None, "yes", "2024-11-20"),
        ("2031-01-01", date(2024, 12, 1), "yes", "2024-12-01"),
        ("2031-01-01", date(2032, 1, 1), "no", "2032-01-01"),
        ("2022-01-01", None, "no", "2024-11-20"),
        ("2022-01-01", date(2021, 1, 1), "yes", "2021-01-01"),
        ("2024-11-20", None, "no", "2024-11-20"),
    ],
)
@pytest.mark.parametrize("start", ["2020-01-01", None])
def test_a_condition_that_ends_after_the_present_day_is_there_and_does_not_move_it(
    kb, write, start, end, day, meant, now
):
    entry = {"name": "type 2 diabetes", "start": start, "end": end}
    taken = [{"drug": "warfarin", "start": "2020-11-01", "end": "2025-02-01"}]
    path = write("a.json", {"sample": "A", "date": "2024-11-20", "conditions": [entry], "medications": taken})
    data = read([path], kb, as_of=day)
    assert (values(data).get("diabetes_type_2"), values(data)["as_of"]) == (meant, now)
    assert drugs(data) == {"warfarin": "stopped" if now > "2025" else "current"}
    assert "after_as_of" not in codes(data) or now < "2024"


def test_what_is_resolved_was_there_on_a_chosen_day_before(kb, write):
    entry = {"name": "heart failure", "start": "2020-01-01", "end": "2022-01-01", "status": "resolved"}
    path = write("a.json", {"sample": "A", "date": "2024-11-20", "conditions": [entry]})
    for day, meant in ((None, False), (date(2021, 1, 1), True), (date(2023, 1, 1), False), (date(2019, 1, 1), None)):
        assert wide(read([path], kb, as_of=day), kb)["A"].get("condition.heart_failure") is meant
    path = write("b.json", {"sample": "A", "date": "2024-11-20", "conditions": [entry | {"end": "2031-01-01"}]})
    data = read([path], kb)
    assert (values(data)["heart_failure"], values(data)["as_of"]) == ("no", "2024-11-20"), "its status says so"


def test_ends_tell_the_present_where_nothing_else_does(kb, write):
    gone = {"name": "heart failure", "start": "2020-01-01", "end": "2022-01-01"}
    data = read([write("a.json", {"sample": "A", "conditions": [gone]})], kb)
    assert (values(data)["heart_failure"], values(data)["as_of"]) == ("no", "2022-01-01")
    later = [gone | {"end": "2031-01-01"}, {"name": "asthma", "start": "2024-01-01"}]
    data = read([write("b.json", {"sample": "A", "conditions": later})], kb)
    assert (values(data)["heart_failure"], values(data)["as_of"]) == ("yes", "2024-01-01")


def test_the_end_of_a_treatment_does_not_move_the_present(kb, write):
    interval = {"interval": {"start": "2024-01-01T00:00:00Z", "end": "2031-01-01T00:00:00Z"}}
    agent = {"agent": {"id": "RxNorm:11289", "label": "warfarin"}, "doseIntervals": [interval]}
    term = {"term": {"id": "SNOMED:84114007", "label": "Heart failure"}}
    disease = term | {
        "onset": {"timestamp": "2020-01-01T00:00:00Z"},
        "resolution": {"timestamp": "2030-01-01T00:00:00Z"},
    }
    subject = {"id": "A", "timeAtLastEncounter": {"timestamp": "2024-11-20T00:00:00Z"}}
    packet = {"id": "p", "subject": subject, "diseases": [disease], "medicalActions": [{"treatment": agent}]}
    data = read([write("p.json", packet | {"metaData": {"created": "2024-11-21T00:00:00Z"}})], kb)
    assert (values(data)["heart_failure"], values(data)["as_of"]) == ("yes", "2024-11-20")
    assert drugs(data) == {"warfarin": "current"}
