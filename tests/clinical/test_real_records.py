"""Small records of each kind of surprise that hospitals, generators and devices send, with the right reading.

``tests/data/real_records.jsonl`` has one record a line: the kind, the record, and what must be read: drugs with their
status (null: not taken, as far as the advice goes), values (null: unknown) and codes of notes.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pgx.clinical import read
from tests.clinical.reading import codes, drugs, values

RECORDS = [json.loads(line) for line in Path("tests/data/real_records.jsonl").read_text(encoding="utf-8").splitlines()]
NEWEST = {
    "resourceType": "Observation",
    "status": "final",
    "subject": {"reference": "Patient/P1"},
    "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
    "effectiveDateTime": "2026-09-02",
    "valueQuantity": {"value": 70, "unit": "/min"},
}
"""What tells the day that counts as now."""
PATIENT = {"resourceType": "Patient", "id": "P1", "gender": "female", "birthDate": "1986-04-02"}


def content(record):
    """Return the name and the text of a record's file."""
    inside = record["record"]
    if record["format"] == "fhir":
        about = {"reference": "Patient/P1"}
        entries = [{"resource": {"id": f"r{i}", "subject": about} | one} for i, one in enumerate(inside)]
        listed = [{"resource": one} for one in (PATIENT, NEWEST)] + entries
        return "record.json", json.dumps({"resourceType": "Bundle", "type": "collection", "entry": listed})
    if record["format"] == "json":
        return "record.json", json.dumps({"sample": "P1"} | inside)
    names = {"csv": "record.csv", "apple": "export.xml", "ndjson": "record.ndjson", "phenopacket": "record.json"}
    return names[record["format"]], inside if isinstance(inside, str) else json.dumps(inside)


@pytest.mark.parametrize("record", RECORDS, ids=[f"{one['kind']}: {one['case']}"[:70] for one in RECORDS])
def test_a_record_is_read_as_it_is_meant(kb, write, record):
    data = read([write(*content(record))], kb)
    first = data.observations["sample"].to_list()[:1]
    taken, held = drugs(data), values(data, first[0] if first else None)
    for drug, status in record.get("drugs", {}).items():
        assert taken.get(drug) == status, drug
    for concept, value in record.get("values", {}).items():
        expected = pytest.approx(value, rel=1e-3) if isinstance(value, float | int) else value
        assert held.get(concept) == expected, concept
    assert set(record.get("notes", ())) <= set(codes(data))


def test_every_kind_is_there():
    assert len({one["kind"] for one in RECORDS}) > 25
    assert len(RECORDS) > 100
