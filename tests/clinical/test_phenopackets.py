"""Phenopackets: whose each is, in a list, a cohort or a family, and of which day an age is."""

from __future__ import annotations

from datetime import date

import pytest

from pgx.clinical import read
from pgx.errors import InputError
from pgx.guidance.populations import NO, UNKNOWN, YES, Populations
from tests.clinical.reading import codes, values

CREATED = {"created": "2024-01-01T00:00:00Z"}
FAILING = [{"type": {"id": "HP:0001635", "label": "Congestive heart failure"}}]


def packet(sample: str | None, **fields: object) -> dict[str, object]:
    return {"id": "p", "subject": {"id": sample} if sample else {"sex": "MALE"}, "metaData": CREATED, **fields}


def test_one_without_a_subject_is_read_and_said_in_one_line(kb, write):
    data = read([write("p.json", {"id": "p", "phenotypicFeatures": FAILING, "metaData": CREATED})], kb, samples=["A"])
    assert values(data, "A")["heart_failure"] == "yes"
    (said,) = data.notes.filter(severity="warning")["message"]
    assert said.startswith("the phenopacket has no subject") and "unknown_column" not in codes(data)


def test_of_several_one_that_names_nobody_is_nobodys(kb, write):
    data = read([write("p.json", [packet("A", phenotypicFeatures=FAILING), packet(None), packet(None)])], kb)
    assert data.observations["sample"].unique().to_list() == ["A"] and "sex" not in values(data)
    assert codes(data, "error") == ["no_person", "no_person"]
    with pytest.raises(InputError, match="whose subject has an id"):
        read([write("q.json", [packet(None), packet(None)])], kb)


@pytest.mark.parametrize("kind", ["cohort", "family"])
def test_everybody_of_a_cohort_or_family_is_read(kb, write, kind):
    one, other = packet("A", phenotypicFeatures=FAILING), packet("B")
    group = {"members": [one, other]} if kind == "cohort" else {"proband": one, "relatives": [other]}
    data = read([write("p.json", {"id": "c", **group, "metaData": CREATED})], kb, samples=["A", "B"])
    assert values(data, "A")["heart_failure"] == "yes" and "heart_failure" not in values(data, "B")


@pytest.mark.parametrize(
    ("age", "now", "expected"),
    [("P52Y", None, 52), ("P52Y6M", "2022-06-01", 62), ("P52Y", "2011-01-01", 52)],
)
def test_an_age_at_the_last_encounter_is_of_its_day(kb, write, age, now, expected):
    subject = {"id": "A", "dateOfBirth": "1960-05-01", "timeAtLastEncounter": {"age": {"iso8601duration": age}}}
    seen = [{"assay": {"id": "LOINC:2160-0"}, "timeObserved": {"timestamp": now},
             "value": {"quantity": {"unit": {"id": "mg/dL"}, "value": 1.0}}}] if now else []  # fmt: skip
    data = read([write("p.json", {"id": "p", "subject": subject, "measurements": seen, "metaData": CREATED})], kb)
    assert int(values(data)["age"]) == expected and "contradiction" not in codes(data)
    assert values(data)["birth_date"] == "1960-05-01"


def test_an_age_that_is_yet_to_come_contradicts_the_birth_date(kb, write):
    subject = {"id": "A", "dateOfBirth": "1960-05-01", "timeAtLastEncounter": {"age": {"iso8601duration": "P99Y"}}}
    data = read([write("p.json", {"id": "p", "subject": subject, "metaData": CREATED})], kb)
    assert "contradiction" in codes(data, "error") and "age" not in values(data)


def ranged(start: str | None, end: str | None) -> dict[str, object]:
    ends = {name: {"iso8601duration": age} for name, age in (("start", start), ("end", end)) if age}
    return packet(None) | {"subject": {"id": "A", "timeAtLastEncounter": {"ageRange": ends}}}


@pytest.mark.parametrize(
    ("start", "end", "adult", "old"),
    [
        ("P40Y", "P45Y", YES, UNKNOWN),
        ("P70Y", "P75Y", YES, YES),
        ("P16Y", "P20Y", UNKNOWN, UNKNOWN),
        ("P30Y", "P30Y6M", YES, NO),
        ("P64Y6M", "P65Y6M", YES, UNKNOWN),
        ("P30Y", None, YES, UNKNOWN),
    ],
)
def test_a_range_of_ages_decides_what_all_of_it_decides(kb, write, start, end, adult, old):
    data = read([write("p.json", ranged(start, end))], kb)
    told = Populations(kb, data, ["A"], date(2026, 12, 1))
    assert (told.decide("adult")[0], told.decide("adult_ge_65")[0]) == (adult, old)


@pytest.mark.parametrize(("start", "end"), [("P50Y", "P40Y"), (None, "P40Y"), ("forty", "fifty")])
def test_a_range_that_tells_no_age_is_named(kb, write, start, end):
    data = read([write("p.json", ranged(start, end))], kb)
    assert "age" not in values(data)
    (said,) = data.notes.filter(code="not_a_number")["message"]
    assert "range of ages" in said
