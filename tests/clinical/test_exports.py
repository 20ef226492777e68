"""OMOP tables and device files as sites export them: every problem is one clear line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgx.clinical import read
from pgx.errors import InputError
from tests.clinical.reading import codes, drugs, values

PERSON = "person_id,gender_concept_id,year_of_birth\n1,8532,1950\n"
MEASUREMENT = "person_id,measurement_concept_id,measurement_date,value_as_number,unit_concept_id,unit_source_value,measurement_source_value\n"


@pytest.fixture
def cdm(tmp_path: Path):
    def put(encoding: str = "utf-8", **tables: str) -> Path:
        folder = tmp_path / "cdm"
        folder.mkdir()
        for name, text in {"person": PERSON, **tables}.items():
            (folder / f"{name}.csv").write_text(text, encoding=encoding)
        return folder

    return put


def test_source_values_stand_in_where_no_concept_is_mapped(kb, cdm):
    data = read(
        [
            cdm(
                measurement=MEASUREMENT
                + "1,0,2020-01-01,88.42,0,umol/L,LOINC:2160-0\n1,0,2020-01-02,14,0,g/dL,718-7\n",
                condition_occurrence="person_id,condition_concept_id,condition_start_date,condition_source_value\n"
                "1,0,2020-01-01,ICD10CM:E11.9\n1,0,2020-01-01,250.00\n",
                drug_exposure="person_id,drug_concept_id,drug_exposure_start_date,drug_source_value\n"
                "1,0,2020-01-01,RxNorm:11289\n1,0,2020-01-01,00093005801\n",
            )
        ],
        kb,
    )
    found = values(data)
    assert (
        found["creatinine"] == pytest.approx(1, abs=1e-3) and found["hemoglobin"] == 14 and found["diabetes"] == "yes"
    )
    assert drugs(data) == {"warfarin": "current"} and codes(data, "warning") == ["drug_unknown"]
    assert any('"250.00" is not used' in message for message in data.notes["message"])


def test_a_row_with_too_many_cells_is_named(kb, cdm):
    folder = cdm(measurement=MEASUREMENT + "1,3016723,2020-01-01,1,8840,,\n1,3016723,2020-01-01,1,8840,,,extra\n")
    with pytest.raises(InputError, match=r"measurement\.csv: line 3: 8 cells, but the heading has 7"):
        read([folder], kb)


def test_another_encoding_is_named(kb, cdm):
    with pytest.raises(InputError, match=r"measurement\.csv: not UTF-8 text; save it as UTF-8"):
        read([cdm("cp1252", measurement=MEASUREMENT + "1,3016723,2020-01-01,88.4,0,µmol/L,\n")], kb)


def test_semicolons(kb, cdm):
    data = read([cdm(measurement=(MEASUREMENT + "1,3016723,2020-01-01,1.5,8840,,\n").replace(",", ";"))], kb)
    assert values(data)["creatinine"] == 1.5


def test_a_drug_that_ends_before_it_begins_is_said(kb, cdm):
    exposure = "person_id,drug_concept_id,drug_exposure_start_date,drug_exposure_end_date,drug_source_value\n"
    data = read([cdm(drug_exposure=exposure + "1,0,2020-01-10,2020-01-01,warfarin\n")], kb)
    (message,) = data.notes.filter(severity="warning")["message"]
    assert message == "warfarin ends on 2020-01-01, before it begins (2020-01-10); it counts as stopped on 2020-01-01"


def test_a_file_of_which_nothing_is_understood_is_said(kb, write):
    data = read([write("w.json", [{"dateTime": "05/01/24 23:59:00", "value": "10"}])], kb)
    assert codes(data, "warning") == ["nothing_understood"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            "MSH|^~\\&|LAB|H|EHR|H|20260301||ORU^R01|1|P|2.5\rPID|1||007\rOBX|1|NM|2160-0^Creatinine^LN||1.9|mg/dL\r",
            "HL7 v2",
        ),
        ("\x0bMSH|^~\\&|LAB|H\rPID|1||007\r\x1c\r", "HL7 v2"),
        ("FHS|^~\\&|LAB\rBHS|^~\\&|LAB\rMSH|^~\\&|LAB\r", "HL7 v2"),
        ('<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"/>', "C-CDA"),
        ('<Bundle xmlns="http://hl7.org/fhir"/>', "FHIR as XML"),
    ],
)
def test_a_format_that_is_not_read_is_named(kb, write, content, told):
    with pytest.raises(InputError, match=told):
        read([write("record.txt", content)], kb)
