"""FHIR statements: what counts, what does not, and what is said about the rest."""

from __future__ import annotations

import json

import pytest

from pgx.clinical import check, read, sexes
from pgx.errors import InputError
from tests.clinical.reading import codes, drugs, values
from tests.clinical.test_left_out import amount, observed
from tests.clinical.test_same_person import LOINC, RXNORM, SNOMED, coded, observation, quantity

PATIENT = {"resourceType": "Patient", "id": "P1", "gender": "male", "birthDate": "1970"}
SUBJECT = {"subject": {"reference": "Patient/P1"}}


@pytest.fixture
def bundle(kb, write):
    def build(*resources: dict, **options):
        entries = [{"resource": resource} for resource in (PATIENT, *resources)]
        return read(
            [write("b.json", {"resourceType": "Bundle", "type": "collection", "entry": entries})], kb, **options
        )

    return build


def medication(name: str, status: str = "active", **more: object) -> dict:
    return {
        "resourceType": "MedicationRequest",
        "status": status,
        "intent": "order",
        **SUBJECT,
        "medicationCodeableConcept": {"text": name},
        **more,
    }


def test_blood_pressure_components(bundle):
    panel = observation(
        "85354-9",
        "2024-01-01",
        component=[
            {"code": coded(LOINC, "8480-6"), **quantity(120, "mm[Hg]")},
            {"code": coded(LOINC, "8462-4"), **quantity(80, "mm[Hg]")},
        ],
    )
    found = values(bundle(panel))
    assert (found["systolic_bp"], found["diastolic_bp"]) == (120, 80)


def test_medication_statuses_and_plans(bundle):
    data = bundle(
        medication("warfarin"),
        medication("codeine", "completed"),
        medication("clopidogrel", intent="plan"),
        medication("fluoxetine", "entered-in-error"),
        medication("simvastatin", doNotPerform=True),
        {
            "resourceType": "MedicationStatement",
            "status": "intended",
            **SUBJECT,
            "medicationCodeableConcept": {"text": "omeprazole"},
        },
    )
    assert drugs(data) == {
        "warfarin": "current",
        "codeine": "stopped",
        "clopidogrel": "planned",
        "omeprazole": "planned",
    }


def test_a_medication_given_by_reference_before_or_after_it(bundle):
    drug = {"resourceType": "Medication", "id": "m1", "code": coded(RXNORM, "11289")}
    order = {
        "resourceType": "MedicationRequest",
        "status": "active",
        **SUBJECT,
        "medicationReference": {"reference": "Medication/m1"},
    }
    inside = {
        "resourceType": "MedicationRequest",
        "status": "active",
        **SUBJECT,
        "contained": [{"resourceType": "Medication", "id": "x", "code": {"text": "Plavix"}}],
        "medicationReference": {"reference": "#x"},
    }
    assert drugs(bundle(order, drug, inside)) == {"warfarin": "current", "clopidogrel": "current"}


def test_daily_dose_from_structured_dosage(bundle):
    dosage = {
        "doseAndRate": [{"doseQuantity": {"value": 2.5, "unit": "mg", "code": "mg"}}],
        "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
    }
    assert bundle(medication("warfarin", dosageInstruction=[dosage])).medications["dose_mg_per_day"].to_list() == [5]


def test_refuted_is_no_and_unsure_is_not_used(bundle):
    def condition(code: str, verification: str) -> dict:
        status = coded("http://terminology.hl7.org/CodeSystem/condition-ver-status", verification)
        return {"resourceType": "Condition", **SUBJECT, "code": coded(SNOMED, code), "verificationStatus": status}

    found = values(
        bundle(
            condition("44054006", "refuted"), condition("38341003", "provisional"), condition("49436004", "confirmed")
        )
    )
    assert found["diabetes"] == "no" and found["atrial_fibrillation"] == "yes" and "hypertension" not in found


def test_values_in_other_units_and_without_a_unit(bundle):
    data = bundle(
        observation("2160-0", "2024-01-01", **quantity(88.42, "umol/L")),
        observation("2345-7", "2024-01-01", **quantity(5.5, "mmol/L")),
        observation("4548-4", "2024-01-01", **quantity(48, "mmol/mol")),
        observation("718-7", "2024-01-01", valueQuantity={"value": 14}),
        observation("8310-5", "2024-01-01", **quantity(98.6, "[degF]")),
        observation("33914-3", "2024-01-01", valueQuantity={"value": 60, "comparator": ">", "unit": "mL/min/1.73m2"}),
    )
    found = values(bundle()) | values(data)
    assert found["creatinine"] == pytest.approx(1, abs=1e-3)
    assert found["glucose"] == pytest.approx(99.1, abs=0.1)
    assert found["hba1c"] == pytest.approx(6.54, abs=0.01)
    assert found["body_temperature"] == pytest.approx(37)
    assert "hemoglobin" not in found and "unit_missing" in codes(data, "error")
    assert any("is a bound" in message for message in data.notes["message"])


def test_an_impossible_newest_value_leaves_its_concept_unknown(bundle):
    data = bundle(
        observation("8302-2", "2020-01-01", **quantity(175, "cm")),
        observation("8302-2", "2024-01-01", **quantity(17500, "cm")),
    )
    assert "height" not in values(data) and set(data.kept_out["concept"]) == {"height", "bmi", "bsa"}
    assert codes(data, "error") == ["impossible_value"]


def test_an_impossible_older_value_is_left_out_and_noted(bundle):
    data = bundle(
        observation("8302-2", "2020-01-01", **quantity(17500, "cm")),
        observation("8302-2", "2024-01-01", **quantity(175, "cm")),
    )
    assert values(data)["height"] == 175 and data.kept_out.is_empty()
    assert codes(data, "error") == ["impossible_value"]


def test_entered_in_error_is_not_used(bundle):
    data = bundle(observation("8302-2", "2024-01-01", **quantity(175, "cm")) | {"status": "entered-in-error"})
    assert "height" not in values(data)
    assert "not_understood" in codes(data, "info")


def test_a_value_of_an_unreadable_day_does_not_pass_for_a_present_one(bundle):
    data = bundle(observation("8302-2", "someday", **quantity(175, "cm")))
    assert "height" not in values(data)
    assert set(codes(data, "error")) == {"bad_date"} and "height" in set(data.kept_out["concept"])


def test_names_stand_in_only_where_no_code_does(bundle):
    urine = observation(
        "2161-8", "2024-01-01", **quantity(100, "mg/dL")
    )  # creatinine in urine, whose text may say just Creatinine
    urine["code"]["text"] = "Creatinine"
    uncoded = {**observation("x", "2024-01-01", **quantity(14, "g/dL")), "code": {"text": "Hemoglobin"}}
    found = values(bundle(urine, uncoded))
    assert "creatinine" not in found and found["hemoglobin"] == 14


def test_references_by_urn(kb, write):
    entries = [
        {"fullUrl": "urn:uuid:aaa", "resource": {"resourceType": "Patient", "gender": "female"}},
        {
            "fullUrl": "urn:uuid:bbb",
            "resource": {
                **observation("8302-2", "2024-01-01", **quantity(160, "cm")),
                "subject": {"reference": "urn:uuid:aaa"},
            },
        },
    ]
    data = read([write("b.json", {"resourceType": "Bundle", "entry": entries})], kb)
    assert set(data.observations["sample"]) == {"aaa"}


def test_a_bad_line_of_ndjson_is_reported_and_the_others_are_read(kb, write):
    good = [
        f'{{"resourceType": "Patient", "id": "{name}", "gender": "{sex}"}}'
        for name, sex in (("A", "male"), ("B", "female"))
    ]
    path = write("b.ndjson", "\n".join([good[0], '{"resourceType": ', good[1]]))
    data = read([path], kb)
    assert (values(data, "A"), values(data, "B")) == ({"sex": "male"}, {"sex": "female"})
    assert data.notes.row(0, named=True)["where"] == "b.ndjson: line 2"


def test_check_says_what_is_read_and_what_is_not(kb, write):
    entries = [
        PATIENT,
        observation("72514-3", "2024-01-01", **quantity(3, "{score}")),
        medication("warfarin"),
        {"resourceType": "Encounter", **SUBJECT},
    ]
    path = write("b.json", {"resourceType": "Bundle", "entry": [{"resource": e} for e in entries]})
    rows = {(r["kind"], r["name"]) for r in check(path, kb).iter_rows(named=True)}
    assert {
        ("understood", "Patient.gender"),
        ("understood", "warfarin"),
        ("not_understood", "LOINC 72514-3"),
        ("not_understood", '"Encounter"'),
    } <= rows


def test_fhir_as_xml_is_refused_with_a_way_out(kb, write):
    with pytest.raises(InputError, match="FHIR as XML; give it as FHIR in JSON"):
        read([write("p.xml", '<?xml version="1.0"?><Patient xmlns="http://hl7.org/fhir"/>')], kb)


def test_a_subject_by_identifier_or_by_search_is_the_patient_who_has_it(kb, write):
    patient = {**PATIENT, "identifier": [{"system": "urn:mrn", "value": "M1"}]}
    subjects = [
        {"identifier": {"system": "urn:mrn", "value": "M1"}},
        {"reference": "Patient?identifier=urn:mrn|M1"},
        {"reference": "http://server/fhir/Patient/P1/_history/2"},
    ]
    measured = [
        {**observation("8302-2", f"2024-01-0{n}", **quantity(160, "cm")), "subject": subject}
        for n, subject in enumerate(subjects, 1)
    ]
    entries = [{"resource": one} for one in (*measured, patient)]
    data = read([write("b.json", {"resourceType": "Bundle", "entry": entries})], kb)
    assert set(data.observations["sample"]) == {"P1"}
    assert data.observations.filter(concept="height").height == 3


def test_an_identifier_that_two_patients_have_is_nobody(kb, write):
    patients = [{**PATIENT, "id": name, "identifier": [{"value": "M1"}]} for name in ("A", "B")]
    height = {**observation("8302-2", "2024-01-01", **quantity(160, "cm")), "subject": {"identifier": {"value": "M1"}}}
    entries = [{"resource": one} for one in (*patients, height)]
    data = read([write("b.json", {"resourceType": "Bundle", "entry": entries})], kb)
    assert data.observations.filter(concept="height")["sample"].to_list() == ["M1"]


def test_what_a_transaction_deletes_is_not_read(kb, write):
    entries = [{"resource": PATIENT}, {"resource": medication("warfarin"), "request": {"method": "DELETE", "url": "x"}}]
    assert drugs(read([write("b.json", {"resourceType": "Bundle", "type": "transaction", "entry": entries})], kb)) == {}


def test_drugs_dispensed_and_given_count_as_long_as_they_last(bundle):
    def given(kind: str, name: str, **more: object) -> dict:
        return {
            "resourceType": kind,
            "status": "completed",
            **SUBJECT,
            "medicationCodeableConcept": {"text": name},
            **more,
        }

    days = {"daysSupply": {"value": 90}}
    data = bundle(
        given("MedicationDispense", "fluoxetine", whenHandedOver="2024-01-01", **days),
        given("MedicationDispense", "warfarin", whenHandedOver="2024-01-01"),
        given("MedicationDispense", "codeine"),
        given("MedicationAdministration", "rifampin", effectiveDateTime="2024-02-15T10:00:00Z"),
    )
    assert drugs(data) == {"fluoxetine": "current", "warfarin": "stopped", "rifampin": "current"}
    assert any("codeine (given on an unknown day)" in message for message in data.notes["message"])


def test_a_drug_that_is_not_taken_is_said_and_not_used(bundle):
    statement = {"resourceType": "MedicationStatement", **SUBJECT, "medicationCodeableConcept": {"text": "warfarin"}}
    data = bundle({**statement, "status": "not-taken"})
    assert drugs(data) == {} and any("warfarin (not-taken)" in message for message in data.notes["message"])
    stopped = {"adherence": {"code": {"coding": [{"code": "stopped-as-directed"}]}}}
    assert drugs(bundle({**statement, "status": "recorded", **stopped})) == {"warfarin": "stopped"}


def test_one_record_that_contradicts_itself_is_said_and_decides_nothing(bundle):
    data = bundle({**PATIENT, "gender": "female", "birthDate": "1980-03-03"})
    assert codes(data, "warning") == ["contradiction", "contradiction"]
    assert sexes(data) == {}
    values_ = [observation("2160-0", "2024-01-01", **quantity(value, "mg/dL")) for value in (1, 9)]
    (message,) = bundle(*values_).notes.filter(severity="warning")["message"]
    assert message == "creatinine is 1 and 9 mg/dL on 2024-01-01: the one that is read last counts"


@pytest.mark.parametrize(
    ("system", "code", "meant"),
    [
        (SNOMED, "8392000", "not_current"),  # a non-smoker may have smoked
        (SNOMED, "266919005", "never"),
        (SNOMED, "8517006", "former"),
        (SNOMED, "449868002", "current"),
        (LOINC, "LA18979-7", None),  # smoker, current status unknown
    ],
)
def test_smoking_says_no_more_than_its_code(bundle, system, code, meant):
    status = observation("72166-2", "2024-01-01", valueCodeableConcept=coded(system, code))
    assert values(bundle(status)).get("smoking_status") == meant


@pytest.mark.parametrize(("code", "meant"), [("F17.210", "current"), ("F17.211", "former"), ("Z87.891", "former")])
def test_tobacco_dependence_in_remission_is_no_present_smoking(bundle, code, meant):
    condition = {"resourceType": "Condition", **SUBJECT, "code": coded("http://hl7.org/fhir/sid/icd-10-cm", code)}
    assert values(bundle(condition))["smoking_status"] == meant


def test_a_panel_of_mean_pressures_is_read_by_its_parts(bundle):
    parts = [
        {"code": coded(LOINC, "96608-5"), **quantity(131, "mm[Hg]")},
        {"code": coded(LOINC, "96609-3"), **quantity(82, "mm[Hg]")},
    ]
    found = values(bundle(observation("96607-7", "2024-01-01", component=parts)))
    assert (found["systolic_bp"], found["diastolic_bp"]) == (131, 82)


@pytest.mark.parametrize(
    "told",
    [
        {"valueRange": {"low": {"value": 1.0, "unit": "mg/dL"}, "high": {"value": 1.4, "unit": "mg/dL"}}},
        {"valueRatio": {"numerator": {"value": 2.5}, "denominator": {"value": 1}}},
        {"valueSampledData": {"origin": {"value": 0}, "period": 1, "dimensions": 1, "data": "1 2"}},
        {"interpretation": [{"coding": [{"code": "H"}]}]},
        {"dataAbsentReason": {"coding": [{"code": "error"}]}},
    ],
)
def test_a_value_in_a_form_that_is_not_read_leaves_its_concept_unknown_and_no_older_one_stands_in(kb, write, told):
    older = observed(("2160-0", "2025-01-01", amount(1.0, "mg/dL")), ("2160-0", "2026-01-01", told))
    data = read([write("r.json", older)], kb)
    assert "creatinine" not in values(data) and {"creatinine", "egfr"} <= set(data.kept_out["concept"])
    newer = observed(("2160-0", "2025-01-01", told), ("2160-0", "2026-01-01", amount(1.0, "mg/dL")))
    assert values(read([write("r.json", newer)], kb))["creatinine"] == 1.0


def test_what_was_not_measured_is_said_and_leaves_the_older_value(kb, write):
    absent = {"dataAbsentReason": {"coding": [{"code": "not-performed"}]}}
    path = write("r.json", observed(("2160-0", "2025-01-01", amount(1.0, "mg/dL")), ("2160-0", "2026-01-01", absent)))
    data = read([path], kb)
    assert values(data)["creatinine"] == 1.0
    assert "creatinine without a value (not-performed)" in data.notes.filter(code="not_understood")["message"][0]


@pytest.mark.parametrize("survivor", ["replaced-by", "replaces"])
def test_a_record_that_another_one_replaces_is_a_part_of_it_and_that_is_said(kb, write, survivor):
    old, new = ({"resourceType": "Patient", "id": name, "gender": "female"} for name in ("OLD", "A"))
    linked, other = (old, "A") if survivor == "replaced-by" else (new, "OLD")
    linked["link"] = [{"other": {"reference": f"Patient/{other}"}, "type": survivor}]
    weight = json.loads(observed(("29463-7", "2025-01-01", amount(70, "kg"))))["entry"][1]["resource"]
    weight["subject"] = {"reference": "Patient/OLD"}
    entries = [{"resource": one} for one in (old, new, weight)]
    data = read([write("r.json", {"resourceType": "Bundle", "entry": entries})], kb, samples=["A", "B"])
    assert values(data, "A")["weight"] == 70
    assert codes(data, "warning") == ["joined_twice", "no_clinical_data"]


def test_a_drug_whose_status_its_record_does_not_know_counts_as_taken_and_that_is_said(bundle):
    data = bundle(
        {
            "resourceType": "MedicationStatement",
            "status": "unknown",
            "effectiveDateTime": "2026-01-01",
            **SUBJECT,
            "medicationCodeableConcept": {"text": "codeine"},
        }
    )
    assert drugs(data) == {"codeine": "current"}
    assert [text for text in data.notes["message"] if "does not know its status" in text]
