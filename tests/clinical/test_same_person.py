"""The same person from CSV, FHIR (R4, R5, NDJSON), OMOP (CSV, Parquet, SQLite, DuckDB) gives the same features."""

from __future__ import annotations

import json
import sqlite3
import sys
import types
from pathlib import Path

import polars as pl
import pytest

from pgx import clinical
from tests.clinical.reading import wide

ROW = {
    "sample": "P1",
    "date": "2024-05-01",
    "birth_date": "1950-05-01",
    "sex": "F",
    "race": "White",
    "height_cm": "160",
    "weight_kg": "70",
    "weight_date": "2024-04-01",
    "creatinine_umol_l": "97.3",
    "inr": "2.4",
    "smoking": "former smoker",
    "diabetes_type_2": "yes",
    "diabetes": "yes",
    "atrial_fibrillation": "yes",
    "medications": "warfarin;amiodarone",
    "stopped_medications": "clopidogrel (stopped 2023-06-01)",
}
CSV = f"{','.join(ROW)}\n{','.join(ROW.values())}\n"

LOINC, SNOMED, RXNORM = "http://loinc.org", "http://snomed.info/sct", "http://www.nlm.nih.gov/research/umls/rxnorm"


def coded(system: str, code: str, text: str = "") -> dict:
    return {"coding": [{"system": system, "code": code, "display": text}], "text": text}


def observation(code: str, day: str, **value: object) -> dict:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": coded(LOINC, code),
        "subject": {"reference": "Patient/P1"},
        "effectiveDateTime": day,
        **value,
    }


def quantity(value: float, unit: str) -> dict:
    return {"valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}}


def resources(release: str) -> list[dict]:
    subject = {"subject": {"reference": "Patient/P1"}}

    def medication(rxnorm: str, name: str, status: str, **more: object) -> dict:
        drug = coded(RXNORM, rxnorm, name)
        what = {"medication": {"concept": drug}} if release == "R5" else {"medicationCodeableConcept": drug}
        return {"resourceType": "MedicationRequest", "status": status, "intent": "order", **subject, **what, **more}

    race = {
        "url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race",
        "extension": [
            {"url": "ombCategory", "valueCoding": {"system": "urn:oid:2.16.840.1.113883.6.238", "code": "2106-3"}}
        ],
    }
    active = {"clinicalStatus": coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "active")}
    return [
        {"resourceType": "Patient", "id": "P1", "gender": "female", "birthDate": "1950-05-01", "extension": [race]},
        observation("8302-2", "2024-05-01", **quantity(1.6, "m")),
        observation("29463-7", "2024-04-01", **quantity(154.3236, "[lb_av]")),
        observation("2160-0", "2024-05-01", **quantity(1.100656, "mg/dL")),
        observation("6301-6", "2024-05-01", **quantity(2.4, "{INR}")),
        observation("72166-2", "2024-05-01", valueCodeableConcept=coded(SNOMED, "8517006")),
        {
            "resourceType": "Condition",
            **subject,
            **active,
            "code": coded(SNOMED, "44054006"),
            "onsetDateTime": "2010-01-01",
        },
        {"resourceType": "Condition", **subject, **active, "code": coded("http://hl7.org/fhir/sid/icd-10-cm", "I48.0")},
        medication("11289", "warfarin", "active", authoredOn="2024-01-01"),
        medication("833528", "Amiodarone hydrochloride 200 MG Oral Tablet", "active", authoredOn="2024-01-01"),
        medication(
            "309362",
            "clopidogrel 75 MG Oral Tablet [Plavix]",
            "stopped",
            dosageInstruction=[{"timing": {"repeat": {"boundsPeriod": {"start": "2023-01-01", "end": "2023-06-01"}}}}],
        ),
    ]


def omop() -> dict[str, pl.DataFrame]:
    def table(**columns: list) -> pl.DataFrame:
        return pl.DataFrame(columns)

    rows = [
        ("3036277", "2024-05-01", "160", "8582", None),
        ("3025315", "2024-04-01", "70", "9529", None),
        ("3016723", "2024-05-01", "97.3", "8749", None),
        ("3022217", "2024-05-01", "2.4", None, "INR"),
    ]
    return {
        "person": table(
            person_id=[1],
            gender_concept_id=["8532.0"],
            year_of_birth=[1950],
            month_of_birth=[5],
            day_of_birth=[1],
            race_concept_id=[8527],
            ethnicity_concept_id=[0],
            person_source_value=["P1"],
        ),
        "measurement": table(
            measurement_id=[1, 2, 3, 4],
            person_id=[1] * 4,
            measurement_concept_id=[r[0] for r in rows],
            measurement_date=[r[1] for r in rows],
            value_as_number=[r[2] for r in rows],
            unit_concept_id=[r[3] for r in rows],
            unit_source_value=[r[4] for r in rows],
        ),
        "observation": table(
            observation_id=[1],
            person_id=[1],
            observation_concept_id=[43054909],
            observation_date=["2024-05-01"],
            value_as_concept_id=[45883458],
        ),
        "condition_occurrence": table(
            condition_occurrence_id=[1, 2],
            person_id=[1, 1],
            condition_concept_id=[201826, 999],
            condition_start_date=["2010-01-01", "2015-01-01"],
            condition_source_value=[None, "I48.0"],
        ),
        "drug_exposure": table(
            drug_exposure_id=[1, 2, 3],
            person_id=[1, 1, 1],
            drug_concept_id=[1310149, 900, 901],
            drug_exposure_start_date=["2024-01-01", "2024-01-01", "2023-01-01"],
            drug_exposure_end_date=[None, None, "2023-06-01"],
            drug_source_value=[None, "Amiodarone 200 MG", None],
        ),
        "concept": table(
            concept_id=[900, 901, 999],
            concept_name=["amiodarone 200 MG Oral Tablet", "clopidogrel 75 MG Oral Tablet", "AF"],
            vocabulary_id=["RxNorm", "RxNorm", "SNOMED"],
            concept_code=["833528", "309362", "0"],
        ),
    }


def as_files(kind: str, folder: Path) -> Path:
    if kind == "csv":
        path = folder / "p.csv"
        path.write_text(CSV)
    elif kind in ("R4", "R5"):
        path = folder / "bundle.json"
        path.write_text(
            json.dumps(
                {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources(kind)]}
            )
        )
    elif kind == "ndjson":
        path = folder / "all.ndjson"
        path.write_text("".join(json.dumps(r) + "\n" for r in resources("R4")))
    elif kind == "bulk":
        path = folder / "bulk"
        path.mkdir()
        for name in {r["resourceType"] for r in resources("R4")}:
            lines = [json.dumps(r) for r in resources("R4") if r["resourceType"] == name]
            (path / f"{name}.ndjson").write_text("\n".join([*lines, '{"resourceType": "Basic"}']) + "\n")
    elif kind.startswith("omop"):
        path = folder / "omop"
        path.mkdir()
        for name, frame in omop().items():
            frame.write_csv(path / f"{name.upper()}.csv") if kind.endswith("csv") else frame.write_parquet(
                path / f"{name}.parquet"
            )
    elif kind == "sqlite":
        path = folder / "omop.sqlite"
        with sqlite3.connect(path) as connection:
            for name, frame in omop().items():
                connection.execute(f"create table {name} ({', '.join(frame.columns)})")
                marks = ", ".join("?" * frame.width)
                connection.executemany(f"insert into {name} values ({marks})", frame.rows())
        connection.close()
    else:
        duckdb = pytest.importorskip("duckdb")
        path = folder / "omop.duckdb"
        connection = duckdb.connect(str(path))
        for name, frame in omop().items():
            frame.write_csv(folder / f"{name}.csv")
            connection.execute(
                f"create table {name} as select * from read_csv('{folder / name}.csv', all_varchar=true)"
            )
        connection.close()
    return path


@pytest.mark.parametrize("kind", ["R4", "R5", "ndjson", "bulk", "omop csv", "omop parquet", "sqlite", "duckdb"])
def test_same_features_as_from_csv(kb, tmp_path, kind):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (expected,) = wide(clinical.read([as_files("csv", tmp_path / "a")], kb, samples=["P1"]), kb).values()
    data = clinical.read([as_files(kind, tmp_path / "b")], kb, samples=["P1"])
    (found,) = wide(data, kb).values()
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name] == (pytest.approx(value, rel=1e-3) if isinstance(value, float) else value), name
    assert expected["clinical.age"] == pytest.approx(74.0, abs=0.01)
    assert expected["medication.inhibitor.cyp2d6"] == "weak"
    assert expected["medication.clopidogrel"] is False
    stopped = data.medications.filter(pl.col("status") == "stopped").row(0, named=True)
    assert (stopped["drug"], str(stopped["end"])) == ("clopidogrel", "2023-06-01")


def test_a_postgres_server_by_its_address(kb, tmp_path, monkeypatch):
    """The server is stood in for by SQLite: what is tested is the address, the read-only session and the tables."""
    path = as_files("sqlite", tmp_path)
    told: list[str] = []

    class Connection:
        read_only = False

        def __init__(self, url: str) -> None:
            told.append(url)
            self.file = sqlite3.connect(path, check_same_thread=False)

        def cancel(self) -> None:
            raise AssertionError("nothing is cancelled")

        def close(self) -> None:
            self.file.close()
            told.append("closed")

        def cursor(self, name: str) -> Connection:
            assert name not in told
            told.append(name)
            return self

        def execute(self, query: str) -> None:
            assert self.read_only
            if query.startswith("set statement_timeout = "):
                told.append("limited")
                return
            if "information_schema" in query:
                query = "select name as table_name from sqlite_master"
            self.found = self.file.execute(query)
            self.description, self.fetchmany = self.found.description, self.found.fetchmany

    fake = types.SimpleNamespace(
        Error=sqlite3.Error,
        ProgrammingError=sqlite3.ProgrammingError,
        conninfo=types.SimpleNamespace(conninfo_to_dict=lambda url: {}),
        connect=lambda url, connect_timeout: Connection(url),
    )
    monkeypatch.setitem(sys.modules, "psycopg", fake)
    data = clinical.read([Path("postgresql://me:secret@host/cdm?x=1")], kb, samples=["P1"])
    assert told[:2] == ["postgresql://me:secret@host/cdm?x=1", "limited"] and told[-1] == "closed"
    assert set(data.medications["drug"]) == {"warfarin", "amiodarone", "clopidogrel"}
    assert all(
        source.startswith(("postgresql://host/cdm: ", "from ", "newest")) for source in data.observations["source"]
    )
