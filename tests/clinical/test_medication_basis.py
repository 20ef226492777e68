"""On which medication list a clinical phenotype rests is said: a drug that is not listed may be taken all the same."""

from __future__ import annotations

import pytest

from pgx.clinical import medication_basis, read
from pgx.clinical.medications import add_medications
from pgx.phenotypes.exposures import known_medication
from tests.clinical.reading import codes
from tests.clinical.test_allergies import PATIENT, taking


def basis(data, samples) -> list[tuple]:
    return [(n["sample"], n["severity"], n["message"]) for n in medication_basis(data, samples).iter_rows(named=True)]


def bundle(*resources: dict) -> dict:
    return {"resourceType": "Bundle", "entry": [{"resource": one} for one in (PATIENT, *resources)]}


def coded(system: str, code: str) -> dict:
    return taking("x") | {"medicationCodeableConcept": {"coding": [{"system": system, "code": code}]}}


IPS = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"


def test_a_list_that_someone_gave_is_the_list(kb, write):
    data = read([write("a.csv", "sample,date,medications\nA,2026-01-02,warfarin;codeine\nB,2026-01-02,none\n")], kb)
    assert basis(data, ["A", "B"]) == [
        ("A", "info", "clinical phenotypes rest on 2 drugs (codeine, warfarin) listed as taken as of 2026-01-02"),
        ("B", "info", "clinical phenotypes rest on 0 drugs listed as taken as of 2026-01-02"),
    ]


def test_a_record_that_holds_one_drug_does_not_say_that_it_is_all(kb, write):
    data = read([write("b.json", bundle(taking("warfarin") | {"effectiveDateTime": "2020-05-01"}))], kb, samples=["P1"])
    assert basis(data, ["P1"]) == [
        (
            "P1",
            "warning",
            "clinical phenotypes rest on 1 drug (warfarin) listed as taken as of 2020-05-01; the record does not say "
            "that these are all",
        )
    ]


def test_nothing_said_is_nothing_adjusted(kb, write):
    message = "no medication list is given: phenotypes are not adjusted for other drugs"
    assert basis(read([], kb), ["A", "B"]) == [("A", "info", message), ("B", "info", message)]
    data = read([write("a.csv", "sample,medications,age\nA,warfarin,\nB,,50\n")], kb, samples=["A", "B"])
    assert basis(data, ["A", "B"])[1] == ("B", "info", message)


def test_a_drug_that_could_not_be_read_is_a_gap(kb, write):
    data = read([write("a.csv", "sample,medications\nA,warfarin;fluoxetinne;quixotin\n")], kb)
    ((_, severity, message),) = basis(data, ["A"])
    assert severity == "warning" and "2 more not known here" in message and "no clinical phenotype" in message


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        (coded(IPS, "no-known-medications"), "rest on 0 drugs"),
        (coded("http://snomed.info/sct", "787481004"), "rest on 0 drugs"),
        (coded(IPS, "no-medication-info"), "no medication list is given"),
    ],
)
def test_what_records_write_in_the_place_of_a_drug(kb, write, resource, said):
    data = read([write("b.json", bundle(resource))], kb, samples=["P1"])
    ((_, severity, message),) = basis(data, ["P1"])
    assert severity == "info" and said in message


@pytest.mark.parametrize(
    ("change", "whole"),
    [
        ({}, True),
        ({"emptyReason": {"coding": [{"code": "nilknown"}]}}, True),
        ({"emptyReason": {"coding": [{"code": "notasked"}]}}, False),
        ({"mode": "changes"}, False),
        ({"status": "retired"}, False),
    ],
)
def test_a_list_resource_says_that_the_drugs_are_all(kb, write, change, whole):
    resource = {
        "resourceType": "List",
        "status": "current",
        "mode": "snapshot",
        "subject": {"reference": "Patient/P1"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "10160-0"}]},
        **change,
    }
    data = read([write("b.json", bundle(taking("warfarin"), resource))], kb, samples=["P1"])
    ((_, severity, message),) = basis(data, ["P1"])
    assert (severity == "info") is whole and ("does not say" in message) is not whole


def test_a_typed_list_is_the_list_and_none_is_one(kb):
    empty = read([], kb)
    data = add_medications(empty, ["warfarin"], kb, samples=["A"])
    assert basis(data, ["A"]) == [("A", "info", "clinical phenotypes rest on 1 drug (warfarin) listed as taken")]
    assert basis(add_medications(empty, ["none"], kb, samples=["A"]), ["A"])[0][2].startswith(
        "clinical phenotypes rest on 0"
    )


@pytest.mark.parametrize("cell", ["unknown", "N/A", "?", "not recorded", ""])
def test_a_list_that_is_not_known_is_not_empty(kb, write, cell):
    data = read([write("a.csv", f"sample,age,medications,allergies\nA,50,{cell},{cell}\n")], kb)
    assert basis(data, ["A"])[0][2].startswith("no medication list is given") and codes(data, "warning") == []


@pytest.mark.parametrize("note", ["Patient stopped taking this 2 months ago", "discontinued by GP"])
def test_a_note_that_says_otherwise_than_the_status_is_said(kb, write, note):
    drug = taking("fluoxetine", status="active") | {"note": [{"text": note}]}
    data = read([write("b.json", bundle(drug))], kb, samples=["P1"])
    assert "remark_beside_drug" in codes(data, "warning")
    plain = taking("fluoxetine", status="active") | {"note": [{"text": "take with food"}]}
    assert "remark_beside_drug" not in codes(read([write("c.json", bundle(plain))], kb, samples=["P1"]), "warning")


@pytest.mark.parametrize(
    "more",
    [{"modifierExtension": [{"url": "http://x/negated", "valueBoolean": True}]}, {"focus": [{"reference": "Group/1"}]}],
)
def test_what_may_mean_the_reverse_or_another_one_is_not_used_and_said(kb, write, more):
    data = read([write("b.json", bundle(taking("fluoxetine") | more, taking("warfarin")))], kb, samples=["P1"])
    assert data.medications["drug"].to_list() == ["warfarin"] and codes(data, "error") == ["bad_row"]
    assert "P1" not in known_medication(data), "what was refused may be taken"
