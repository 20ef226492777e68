"""Wearables and imaging: daily figures, one device counted once, optional libraries."""

from __future__ import annotations

import json

import pytest

from pgx.clinical import read
from pgx.errors import InputError
from tests.clinical.reading import codes, one, values

HEAD = (
    '<?xml version="1.0"?><!DOCTYPE HealthData [<!ELEMENT HealthData ANY>]>'
    '<HealthData><ExportDate value="2024-06-01 08:10:05 +0200"/>'
)


def record(
    kind: str, value: object, day: str, unit: str = "count", device: str = "Watch", hour: int = 10, end: str = ""
) -> str:
    return (
        f'<Record type="HK{kind}" sourceName="{device}" unit="{unit}" startDate="{day} {hour:02d}:00:00 +0200" '
        f'endDate="{end or f"{day} {hour:02d}:05:00 +0200"}" value="{value}"/>'
    )


def export(*records: str) -> str:
    return HEAD + "".join(records) + "</HealthData>"


def test_watch_and_phone_count_the_same_steps(kb, write):
    steps = "QuantityTypeIdentifierStepCount"
    path = write(
        "e.xml",
        export(
            record(steps, 4000, "2024-05-01"),
            record(steps, 1000, "2024-05-01"),
            record(steps, 4500, "2024-05-01", device="Phone"),
            record(steps, 7000, "2024-05-02"),
        ),
    )
    assert one(path, kb)["lifestyle.steps"] == 6000


def test_apple_units(kb, write):
    path = write(
        "e.xml",
        export(
            record("QuantityTypeIdentifierBodyMass", 154, "2024-05-01", "lb"),
            record("QuantityTypeIdentifierHeight", 5.9, "2024-05-01", "ft"),
            record("QuantityTypeIdentifierOxygenSaturation", 0.97, "2024-05-30", "%"),
            record("QuantityTypeIdentifierBodyMassIndex", 23.5, "2024-05-01"),
            record("QuantityTypeIdentifierBloodGlucose", 5.5, "2024-05-01", "mmol&lt;180.1558840000182&gt;/L"),
            record("QuantityTypeIdentifierRestingHeartRate", 58, "2024-05-01", "count/min"),
            record("QuantityTypeIdentifierRestingHeartRate", 62, "2024-05-02", "count/min"),
        ),
    )
    found = one(path, kb)
    assert found["clinical.weight"] == pytest.approx(69.85, abs=0.01)
    assert found["clinical.height"] == pytest.approx(179.83, abs=0.01)
    assert found["vital.oxygen_saturation"] == pytest.approx(97)
    assert found["clinical.bmi"] == 23.5
    assert found["lab.glucose"] == pytest.approx(99.1, abs=0.1)
    assert found["lifestyle.resting_heart_rate"] == 60


def test_a_night_of_sleep_stages(kb, write):
    sleep = "CategoryTypeIdentifierSleepAnalysis"
    path = write(
        "e.xml",
        export(
            record(sleep, "HKCategoryValueSleepAnalysisInBed", "2024-05-01", hour=22, end="2024-05-02 07:00:00 +0200"),
            record(
                sleep, "HKCategoryValueSleepAnalysisAsleepCore", "2024-05-02", hour=0, end="2024-05-02 04:00:00 +0200"
            ),
            record(
                sleep, "HKCategoryValueSleepAnalysisAsleepREM", "2024-05-02", hour=4, end="2024-05-02 06:30:00 +0200"
            ),
        ),
    )
    assert one(path, kb)["lifestyle.sleep_hours"] == 6.5


def test_an_export_that_is_cut_short_gives_what_came_before(kb, write):
    whole = export(
        record("QuantityTypeIdentifierBodyMass", 70, "2024-05-01", "kg"),
        record("QuantityTypeIdentifierStepCount", 70, "2024-05-01"),
    )
    data = read([write("e.xml", whole[:-60])], kb)
    assert values(data)["weight"] == 70
    assert codes(data, "error") == ["broken_xml"]


def test_an_entity_costs_its_line_and_is_called_what_it_is(kb, write):
    weight, entity = record("QuantityTypeIdentifierBodyMass", 70, "2024-05-01", "kg"), "<!ENTITY w '99'>"
    told = record("QuantityTypeIdentifierBodyMass", "&w;", "2024-05-02", "kg")
    for apart in ("\n", ""):
        whole = export(weight, apart, told, apart).replace("ANY>", f"ANY>{entity}")
        data = read([write("e.xml", whole)], kb)
        assert values(data)["weight"] == 70
        (problem,) = data.notes.filter(severity="error")["message"]
        assert "an entity, and none is expanded" in problem


def test_entities_behind_a_document_type_in_a_comment_are_not_expanded(kb, write):
    told = record("QuantityTypeIdentifierBodyMass", "&w;", "2024-05-02", "kg")
    hidden = export(told).replace("<!DOCTYPE", "<!-- <!DOCTYPE x> --><!DOCTYPE").replace("ANY>", "ANY><!ENTITY w '99'>")
    with pytest.raises(InputError, match="entities are declared, and none is expanded"):
        read([write("e.xml", hidden)], kb)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "a.json",
            {"activities-heart": [{"dateTime": "2020-02-05", "value": {"restingHeartRate": 61}}]},
            {"lifestyle.resting_heart_rate": 61},
        ),
        (
            "a.json",
            {"sleep": [{"dateOfSleep": "2020-02-05", "minutesAsleep": 420, "logId": 1}]},
            {"lifestyle.sleep_hours": 7},
        ),
        (
            "steps-2020-01-01.json",
            [{"dateTime": "01/02/20 10:00:00", "value": "500"}, {"dateTime": "01/02/20 11:00:00", "value": "700"}],
            {"lifestyle.steps": 1200},
        ),
        (
            "resting_heart_rate-2020-01-01.json",
            [{"dateTime": "02/05/20 00:00:00", "value": {"date": "02/05/20", "value": 62.5, "error": 3}}],
            {"lifestyle.resting_heart_rate": 62.5},
        ),
    ],
)
def test_fitbit(kb, write, name, content, expected):
    found = one(write(name, content), kb)
    assert {k: v for k, v in found.items() if not k.startswith("trend")} == expected


def test_fitbit_weight_has_no_unit_and_is_not_guessed(kb, write):
    data = read([write("weight-2020.json", [{"logId": 1, "date": "02/05/20", "weight": 154.0, "bmi": 22.1}])], kb)
    assert values(data)["bmi"] == 22.1 and "weight" not in values(data)
    assert codes(data, "error") == ["unit_missing"]


def test_open_mhealth_with_header_and_at_rest(kb, write):
    point = {
        "header": {"id": "1", "user_id": "u7"},
        "body": {
            "heart_rate": {"value": 55, "unit": "beats/min"},
            "effective_time_frame": {"date_time": "2024-05-01T07:00:00Z"},
            "temporal_relationship_to_physical_activity": "at rest",
        },
    }
    data = read([write("p.json", [point])], kb, samples=["u7"])
    assert values(data, "u7")["resting_heart_rate"] == 55


def test_dicom_structured_report(kb, tmp_path):
    pydicom = pytest.importorskip("pydicom")
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.sequence import Sequence

    def code(value: str, scheme: str, meaning: str) -> Sequence:
        one_ = Dataset()
        one_.CodeValue, one_.CodingSchemeDesignator, one_.CodeMeaning = value, scheme, meaning
        return Sequence([one_])

    def measurement(name: Sequence, number: str, unit: str) -> Dataset:
        value = Dataset()
        value.NumericValue, value.MeasurementUnitsCodeSequence = number, code(unit, "UCUM", unit)
        item = Dataset()
        item.ValueType, item.ConceptNameCodeSequence, item.MeasuredValueSequence = "NUM", name, Sequence([value])
        return item

    group = Dataset()
    group.ValueType = "CONTAINER"
    group.ContentSequence = Sequence(
        [
            measurement(code("10230-1", "LN", "Left Ventricular Ejection Fraction"), "35", "%"),
            measurement(code("18083-6", "LN", "something else"), "4", "cm"),
        ]
    )
    report = Dataset()
    report.file_meta = FileMetaDataset()
    report.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    report.file_meta.MediaStorageSOPClassUID = report.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.33"
    report.file_meta.MediaStorageSOPInstanceUID = report.SOPInstanceUID = "1.2.3"
    report.PatientID, report.PatientSex, report.PatientBirthDate, report.ContentDate = "S1", "F", "19500501", "20240501"
    report.PatientSize, report.PatientWeight = "1.6", "70"
    report.ContentSequence = Sequence([group])
    path = tmp_path / "sr.dcm"
    report.save_as(path, enforce_file_format=True)
    found = one(path, kb)
    assert found["imaging.lvef"] == 35 and found["clinical.sex"] == "female" and found["clinical.height"] == 160
    assert found["clinical.age"] == pytest.approx(74, abs=0.01)
    path.write_bytes(path.read_bytes()[:140])
    with pytest.raises(InputError, match=r"DICOM|no person|no name"):
        read([path], kb, samples=["S2", "S3"])


def test_a_missing_library_is_named_with_the_extra_to_install(kb, write, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "fitdecode", None)
    with pytest.raises(InputError, match=r"FIT files needs fitdecode; pip install 'pgx-cli\[wearables\]'"):
        read([write("a.fit", b"\x0e\x10\x43\x08\x00\x00\x00\x00.FIT\x00\x00")], kb)


def test_a_data_point_of_an_unknown_measure_is_named_and_hides_no_other(kb, write):
    def point(**measure):
        return {
            "header": {"user_id": "P1"},
            "body": {**measure, "effective_time_frame": {"date_time": "2026-08-01T08:00:00Z"}},
        }

    unknown = point(expiratory_time={"unit": "sec", "value": 2.5})
    data = read([write("a.json", json.dumps([unknown, point(body_weight={"unit": "kg", "value": 70})]))], kb)
    assert values(data)["weight"] == 70
    assert any("expiratory_time" in message for message in data.notes["message"])
    assert any(
        "words" in message for message in read([write("b.json", json.dumps(point(words="x")))], kb).notes["message"]
    )
