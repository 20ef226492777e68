"""Names of drugs: understood exactly or not at all."""

from __future__ import annotations

import json

import polars as pl
import pytest

from pgx.clinical import parse_medications, read
from pgx.clinical.drugs import dose_per_day, drug_names
from pgx.errors import UsageError
from tests.clinical.reading import wide


@pytest.mark.parametrize(
    ("written", "drugs"),
    [
        ("warfarin", ["warfarin"]),
        ("  WARFARIN ", ["warfarin"]),
        ("Coumadin", ["warfarin"]),
        ("11289", ["warfarin"]),
        ("RxNorm:11289", ["warfarin"]),
        ("B01AA03", ["warfarin"]),
        ("ATC:B01AC04", ["clopidogrel"]),
        ("Plavix", ["clopidogrel"]),
        ("rifampicin", ["rifampin"]),
        ("Naproxen sodium 220 MG Oral Tablet", ["naproxen"]),
        ("Diazepam [Valium]", ["diazepam"]),
        ("metoprolol succinate ER 50 mg", ["metoprolol"]),
        ("St John's Wort", ["st. john's wort"]),
        ("lopinavir / ritonavir", ["lopinavir/ritonavir"]),
        ("ace inhibitors, plain", ["ace inhibitors, plain"]),
        ("simvastatin and clopidogrel", ["simvastatin", "clopidogrel"]),
        ("12 HR bupropion hydrochloride 150 MG Extended Release Oral Tablet", ["bupropion"]),
        ("simvastatin 10-20 mg", ["simvastatin"]),
        ("trimethoprim-sulfamethoxazole", ["sulfamethoxazole / trimethoprim"]),
        ("lopinavir-ritonavir 200-50 mg tablet", ["lopinavir/ritonavir"]),
        ("HYDROcodone-acetaminophen (BRAND) 5-325 mg per tablet", ["acetaminophen / hydrocodone"]),
        ("acetaminophen-codeine 300-30 mg/tablet", ["acetaminophen / codeine"]),
        ("amlodipine-atorvastatin 10-20 mg, paroxetine 20 mg", ["amlodipine", "atorvastatin", "paroxetine"]),
    ],
)
def test_names_brands_codes_and_clinical_drug_descriptions(kb, written, drugs):
    assert list(drug_names(kb).find(written).drugs) == drugs


def test_the_unknown_part_of_a_hyphened_combination_is_named(kb):
    assert drug_names(kb).find("paregoric-codeine").unknown == ("paregoric",)


@pytest.mark.parametrize(
    "written", ["sirolimus-eluting stent", "warfarin-naive", "clopidogrel-resistant", "S-warfarin"]
)
def test_a_hyphen_that_tells_how_something_is_makes_no_drug(kb, written):
    assert drug_names(kb).find(written).drugs == ()


@pytest.mark.parametrize("written", ["warfarn", "simvastatinn", "xyzzy", "", "999999999", "Z99ZZ99", "mg", "5 mg"])
def test_anything_else_is_unknown(kb, written):
    assert drug_names(kb).find(written).drugs == ()


@pytest.mark.parametrize(
    ("written", "dose"),
    [
        ("warfarin 5 mg daily", 5),
        ("35 mg/week", 5),
        ("metoprolol 50 mg twice daily", 100),
        ("levothyroxine 100 mcg daily", 0.1),
        ("warfarin 5 mg", None),
    ],
)
def test_doses_need_amount_and_rhythm(written, dose):
    assert dose_per_day(written) == (dose if dose is None else pytest.approx(dose))


def test_a_typed_list_is_for_every_sample(kb):
    frame, notes = parse_medications("warfarin, Plavix; ace inhibitors, plain;quinidax", kb, samples=["A", "B"])
    assert frame.filter(pl.col("sample") == "A")["drug"].to_list() == [
        "warfarin",
        "clopidogrel",
        "ace inhibitors, plain",
    ]
    assert frame.height == 6
    assert notes.select("sample", "code").rows() == [("A", "drug_unknown"), ("B", "drug_unknown")]


def test_a_misspelt_name_ends_the_run_with_a_suggestion(kb):
    with pytest.raises(UsageError, match="unknown drug 'warfarn'; did you mean warfarin"):
        parse_medications("warfarn", kb, samples=["A"])


def test_every_name_table_row_points_to_a_drug(kb):
    assert set(kb.table("drug_names")["drug"]) <= set(kb.table("drugs")["drug"])


@pytest.mark.parametrize(
    ("written", "paroxetine", "cyp2d6"),
    [
        ("metformin", False, "none"),
        ("paroxitine", None, None),
        ("paroxitine; paroxetine", True, "strong"),
        ("paroxitine; duloxetine", None, None),
        ("tocilizumab", False, "none"),
    ],
)
def test_a_misspelt_drug_is_not_a_drug_that_is_not_taken(kb, write, written, paroxetine, cyp2d6):
    path = write("a.csv", f"sample,medications\nS1,{written}\n")
    row = wide(read([path], kb), kb)["S1"]
    assert row.get("medication.paroxetine") is paroxetine
    assert row.get("medication.inhibitor.cyp2d6") == cyp2d6
    assert row["medication.warfarin"] is False


def test_a_reference_to_no_drug_may_be_any_drug(kb, write):
    request = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/S1"},
        "medicationReference": {"reference": "Medication/x"},
    }
    row = wide(read([write("a.json", request)], kb), kb)["S1"]
    assert not [name for name, value in row.items() if name.startswith("medication.") and value is not True]


RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


def by_code(write, code, system=RXNORM):
    concept = {"coding": [{"system": system, "code": code}]}
    request = {"resourceType": "MedicationRequest", "status": "active", "intent": "order", "authoredOn": "2026-10-01"}
    return write("a.json", request | {"subject": {"reference": "Patient/S1"}, "medicationCodeableConcept": concept})


@pytest.mark.parametrize(
    ("code", "drugs"),
    [
        ("309362", ["clopidogrel"]),
        ("213169", ["clopidogrel"]),
        ("855332", ["warfarin"]),
        ("313222", ["terbinafine"]),
        ("992528", []),
    ],
)
def test_the_code_of_a_product_alone_names_its_drug_and_form(kb, write, code, drugs):
    data = read([by_code(write, code)], kb)
    assert list(data.medications["drug"]) == drugs
    assert ("local_form" in set(data.notes["code"])) is (drugs == [])
    assert list(read([write("b.csv", f"sample,medications\nS1,RxNorm:{code}\n")], kb).medications["drug"]) == drugs


def test_the_code_of_another_medicine_is_known(kb, write):
    data = read([by_code(write, "314076")], kb)
    assert list(data.medications["drug"]) == ["lisinopril"]
    assert "any drug" not in " ".join(data.notes["message"])


@pytest.mark.parametrize("system", [RXNORM, "http://hl7.org/fhir/sid/ndc", "http://example.org/formulary"])
def test_a_code_that_nobody_knows_may_be_any_drug_and_is_named(kb, write, system):
    data = read([by_code(write, "9999999", system)], kb)
    row = wide(data, kb)["S1"]
    assert not [name for name, value in row.items() if name.startswith("medication.") and value is not True]
    unknown = data.observations.filter(pl.col("concept") == "medication_unknown")["code"]
    assert [code for code in unknown if "9999999" in code and "code" in code]


def test_words_that_name_another_drug_than_the_code_are_said(kb, write):
    request = json.loads(by_code(write, "855332").read_text())
    request["medicationCodeableConcept"]["text"] = "Amiodarone hydrochloride 200 MG Oral Tablet"
    data = read([write("a.json", request)], kb)
    assert list(data.medications["drug"]) == ["amiodarone"]
    assert "its code is that of warfarin" in " ".join(data.notes["message"])
    assert wide(data, kb)["S1"].get("medication.warfarin") is None


def test_a_number_without_its_vocabulary_is_no_code_of_a_product(kb, write):
    assert read([write("a.csv", "sample,medications\nS1,309362\n")], kb).medications.is_empty()


@pytest.mark.parametrize(
    ("written", "drug"),
    [
        ("Tylenol No. 3", "codeine"),
        ("PRN: Percocet 5/325", "oxycodone"),
        ("Percocet 5/325", "oxycodone"),
        ("Percocet", "oxycodone"),
        ("Vicodin 5 mg-300 mg tablet", "hydrocodone"),
        ("Vytorin 10/40 mg", "simvastatin"),
        ("co-codamol 30/500 tablets", "codeine"),
        ("Co-codamol 30 mg/500 mg", "codeine"),
        ("co-codamol", "codeine"),
        ("Enteric-coated aspirin 81 mg", "aspirin"),
        ("enteric coated aspirin", "aspirin"),
    ],
)
def test_brands_of_combinations_stand_for_the_drug_of_the_tables_in_them(kb, written, drug):
    look_up = drug_names(kb)
    assert drug in look_up.substances(look_up.find(written).drugs)


@pytest.mark.parametrize("key", ["end", "end_date", "stop", "stop_date", "stopped", "until", "discontinued"])
def test_an_object_ends_a_medicine_by_any_name_that_a_table_has_for_it(kb, write, key):
    listed = [{"drug": "fluoxetine", "start_date": "2024-01-01", key: "2026-11-20"}]
    data = read([write("p.json", {"sample": "A", "as_of": "2026-12-01", "medications": listed})], kb)
    assert data.medications.select("drug", "status", pl.col("start", "end").cast(pl.String)).rows() == [
        ("fluoxetine", "stopped", "2024-01-01", "2026-11-20")
    ]
    assert data.notes.is_empty()


@pytest.mark.parametrize("end", ["9999-12-31", None])
def test_an_object_whose_end_is_open_is_taken(kb, write, end):
    listed = [{"drug": "fluoxetine", "start": "2024-01-01", "stop": end}]
    data = read([write("p.json", {"sample": "A", "as_of": "2026-12-01", "medications": listed})], kb)
    assert data.medications["status"].to_list() == ["current"] and data.notes.is_empty()


def test_an_end_that_is_no_day_is_named(kb, write):
    listed = [{"drug": "fluoxetine", "start": "2024-01-01", "stopped": True}]
    data = read([write("p.json", {"sample": "A", "as_of": "2026-12-01", "medications": listed})], kb)
    assert any("stopped" in message for message in data.notes["message"])
