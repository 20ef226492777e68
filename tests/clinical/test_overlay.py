"""A site extends the clinical tables with its own codes, drug names and units, without touching the product's."""

from __future__ import annotations

import pytest

from pgx import knowledge
from pgx.clinical import read
from tests.clinical.reading import drugs, values
from tests.clinical.test_same_person import observation, quantity


def test_local_codes_names_and_units(write, tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    (site / "concept_codes.tsv").write_text(
        "system\tmatch\tcode\tconcept\tanswer\tsource\nhttp://our.hospital/lab\texact\tKREA\tcreatinine\t\tlocal laboratory\n"
    )
    (site / "drug_names.tsv").write_text(
        "system\tname\tdrug\tsource\ntext\tmarcoumarol\tphenprocoumon\tlocal formulary\n"
    )
    (site / "unit_names.tsv").write_text("name\tucum\nmikromol\tumol/L\n")
    kb = knowledge.load([site])
    lab = observation("x", "2024-01-01", **quantity(88.42, "mikromol"))
    lab["code"] = {"coding": [{"system": "http://our.hospital/lab", "code": "KREA"}]}
    order = {"resourceType": "MedicationRequest", "status": "active", "subject": {"reference": "Patient/P1"},
             "medicationCodeableConcept": {"text": "Marcoumarol"}}  # fmt: skip
    path = write("b.json", {"resourceType": "Bundle", "entry": [{"resource": r} for r in (lab, order)]})
    data = read([path], kb)
    assert values(data)["creatinine"] == pytest.approx(1, abs=1e-3)
    assert drugs(data) == {"phenprocoumon": "current"}
    assert "creatinine" not in values(read([path], knowledge.load()))
