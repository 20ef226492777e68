"""A folder of tables, as a hospital or a generator of records writes them: read as the same files one by one."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgx.clinical import read
from pgx.errors import InputError
from tests.clinical.reading import codes, drugs, values

TABLES = {
    "patients.csv": "Id,BIRTHDATE,DEATHDATE,RACE,GENDER\nA,1950-03-04,2021-06-07,white,M\nB,1960-03-04,,black,F\n",
    "medications.csv": "START,STOP,PATIENT,CODE,DESCRIPTION,DISPENSES\n"
    "2020-01-02T10:00:00Z,,A,309362,Clopidogrel 75 MG Oral Tablet,12\n",
    "conditions.csv": "START,STOP,PATIENT,CODE,DESCRIPTION\n2018-05-01,,A,53741008,Coronary Heart Disease\n",
    "observations.csv": "DATE,PATIENT,CODE,DESCRIPTION,VALUE,UNITS\n2021-01-05,A,38483-4,Creatinine,1.1,mg/dL\n",
    "allergies.csv": "START,STOP,PATIENT,CODE,DESCRIPTION\n1982-10-25,,A,91936005,Allergy to penicillin\n",
}
ORDER = ["sample", "concept"]
OTHERS = {
    "payers.csv": "Id,NAME,ADDRESS\nP1,Payer,Street\n",
    "procedures.csv": "DATE,PATIENT,CODE,DESCRIPTION\n2021-01-05,B,73761001,Suspected diabetes\n",
}


@pytest.fixture
def folder(tmp_path: Path):
    def put(tables: dict[str, str]) -> Path:
        (tmp_path / "export").mkdir()
        for name, text in tables.items():
            (tmp_path / "export" / name).write_text(text)
        return tmp_path / "export"

    return put


def test_it_is_read_as_its_files_one_by_one(kb, folder):
    where = folder(TABLES)
    together, apart = read([where], kb), read([where / name for name in TABLES], kb)
    assert together.observations.sort(ORDER).equals(apart.observations.sort(ORDER))
    assert together.medications.equals(apart.medications) and drugs(together) == {"clopidogrel": "current"}
    assert values(together, "A")["creatinine"] == pytest.approx(1.1)
    assert values(together, "A")["allergy"] == "penicillins" and "coronary_disease" not in values(together, "B")
    assert together.notes.filter(code="deceased")["sample"].to_list() == ["A"]


def test_tables_that_are_not_of_persons_are_said_and_add_nobody(kb, folder):
    data = read([folder(TABLES | OTHERS)], kb)
    assert set(data.observations["sample"]) == {"A", "B"} and "diabetes" not in values(data, "B")
    said = [message for message in data.notes["message"] if "not a part of a record export" in message]
    assert [name in " ".join(said) for name in OTHERS] == [True, True]


def test_a_table_without_a_row_is_no_fault(kb, folder):
    data = read([folder(TABLES | {"allergies.csv": TABLES["allergies.csv"].partition("\n")[0] + "\n"})], kb)
    assert "allergy" not in values(data, "A") and values(data, "A")["coronary_disease"] == "yes"
    assert any("allergies.csv" in message for message in data.notes["message"]) and not codes(data, "error")


def test_a_folder_of_other_tables_alone_is_refused(kb, folder):
    with pytest.raises(InputError, match="table of persons"):
        read([folder(OTHERS)], kb)
