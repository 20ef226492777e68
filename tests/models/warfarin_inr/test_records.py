"""Monitoring from what the clinical reader reads: FHIR, flat files, several files of a person, and genotypes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import pgx
from pgx.errors import InputError, UsageError
from tests.conftest import EXAMPLES

GENOME = EXAMPLES / "HG00652.GRCh38.vcf.gz"


def _inr(day: str, value: float) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "subject": {"reference": "Patient/p"},
            "code": {"coding": [{"system": "http://loinc.org", "code": "6301-6"}]}, "effectiveDateTime": day,
            "valueQuantity": {"value": value, "unit": "{INR}"}}  # fmt: skip


def _warfarin(start: str, end: str | None, mg: float | None) -> dict[str, Any]:
    dosage = {"timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
              "doseAndRate": [{"doseQuantity": {"value": mg, "unit": "mg", "system": "http://unitsofmeasure.org",
                                                "code": "mg"}}]}  # fmt: skip
    return {"resourceType": "MedicationStatement", "status": "completed" if end else "active",
            "subject": {"reference": "Patient/p"}, "effectivePeriod": {"start": start} | ({"end": end} if end else {}),
            "medicationCodeableConcept": {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm",
                                                      "code": "11289"}]},
            **({} if mg is None else {"dosage": [dosage]})}  # fmt: skip


def _bundle(path: Path, *resources: dict[str, Any], born: str = "1955-01-01") -> Path:
    person = {"resourceType": "Patient", "id": "p", "birthDate": born, "gender": "female"}
    entries = [{"resource": one} for one in (person, *resources)]
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}), encoding="utf-8")
    return path


def _told(path: Path, **more: Any) -> tuple[pl.DataFrame, pl.DataFrame]:
    notes: list[pl.DataFrame] = []
    return pgx.monitor(path, on_notes=notes.append, **more), notes[0]


def test_a_record_says_inr_doses_and_age(tmp_path: Path) -> None:
    record = _bundle(tmp_path / "p.json", _inr("2026-01-05", 1.0), _warfarin("2026-01-05", "2026-01-11", 10.0),
                     _warfarin("2026-01-12", None, 5.0), _inr("2026-01-19", 2.7))  # fmt: skip
    found, notes = _told(record)
    assert found["dose"].to_list() == [70.0, 35.0] and found["inr"].to_list() == [1.0, 2.7]
    assert not any(one.startswith("missing") for flags in found["flags"] for one in flags)
    assert notes.filter(pl.col("severity") != "info").is_empty()


def test_an_impossible_inr_costs_itself_alone(tmp_path: Path) -> None:
    good = [_inr("2026-01-05", 1.0), _warfarin("2026-01-05", None, 5.0), _inr("2026-01-19", 2.7)]
    plain, _ = _told(_bundle(tmp_path / "good.json", *good))
    found, notes = _told(_bundle(tmp_path / "bad.json", *good, _inr("2026-02-19", 27000.0)))
    same = ["date", "inr", "dose"]
    assert found.select(same).equals(plain.select(same)), "also where the newest is the bad one"
    # ... but then somebody has to read it: what it meant may be any INR.
    assert plain["advice"].to_list() == ["recheck_soon", "keep_dose"]
    assert found["advice"].to_list() == ["recheck_soon", "clinician_today"]
    assert notes.filter(severity="error").height == 1 and "27000" in notes.filter(severity="error")["message"].item()
    with pytest.raises(InputError, match="inr: a value that no person can have") as error:
        pgx.monitor(tmp_path / "bad.json", options=pgx.Options(strict=True))
    assert "27000" not in str(error.value)


def test_a_dose_that_is_not_recorded_is_unknown(tmp_path: Path) -> None:
    record = _bundle(tmp_path / "p.json", _inr("2026-01-05", 1.0), _warfarin("2026-01-05", None, None),
                     _inr("2026-01-19", 2.7))  # fmt: skip
    found, _ = _told(record)
    assert found["advice"].to_list() == ["dose_unknown"] * 2 and found["dose"].null_count() == 2
    assert found["next_dose"].null_count() == found["forecast"].null_count() == 2


def test_a_flat_file_has_its_own_columns(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("sample,date,inr,warfarin_dose,age,target_inr\nA,2026-01-05,1.0,,70,3\nA,2026-01-12,2.2,35,,\n"
                    "A,2026-01-26,2.9,35,,\n", encoding="utf-8")  # fmt: skip
    found, _ = _told(path)
    assert found["target"].to_list() == [3.0] * 3 and found["dose"].to_list()[1:] == [35.0, 35.0]


def test_genotypes_are_called_from_a_file_or_taken_from_calls(tmp_path: Path) -> None:
    table = tmp_path / "inr.tsv"
    table.write_text("sample\tdate\tdose\tinr\nHG00652\t2026-01-05\t0\t1.0\n", encoding="utf-8")
    called, _ = _told(table, vcf=GENOME)
    pgx.call(GENOME, options=pgx.Options(genes="CYP2C9,VKORC1"), out=tmp_path / "calls.tsv")
    read, _ = _told(table, calls=tmp_path / "calls.tsv")
    assert called["estimate"].item() == pytest.approx(read["estimate"].item(), rel=1e-3)
    assert called["estimate"].item() < 30, "two sensitive alleles of VKORC1"
    assert not any(one.startswith("gene_averaged") for one in called["flags"].item())
    with pytest.raises(UsageError, match="not both"):
        pgx.monitor(table, vcf=GENOME, calls=tmp_path / "calls.tsv")
    with pytest.raises(InputError, match="no column 'gene'"):
        pgx.monitor(table, calls=table)


def test_a_record_is_joined_to_its_genome(tmp_path: Path) -> None:
    record = _bundle(tmp_path / "p.json", _inr("2026-01-05", 1.0), _warfarin("2026-01-05", None, 5.0))
    found, _ = _told(record, vcf=GENOME, options=pgx.Options(persons={"p": "HG00652"}))
    assert found["sample"].to_list() == ["HG00652"]
    assert not any(one.startswith("gene_averaged") for one in found["flags"].item())


def test_a_file_without_an_inr_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no INR"):
        pgx.monitor(EXAMPLES / "HG00652.clinical.json")


@pytest.mark.parametrize(
    ("inr", "day"), [(">8", date(2026, 1, 5)), ("> 4,5", date(2026, 1, 5)), ("250", None), ("too high to read", None)]
)
def test_a_person_whose_only_inr_cannot_be_read_is_to_be_seen_today(tmp_path: Path, inr: str, day: date | None) -> None:
    path = tmp_path / "ward.csv"
    path.write_text(f'sample,date,inr,weight_kg\nA,2026-01-05,"{inr}",70\nB,2026-01-05,2.4,70\n', encoding="utf-8")
    found, _ = _told(path)
    row = found.row(by_predicate=pl.col("sample") == "A", named=True)
    assert (row["advice"], row["recheck_days"], row["date"], row["flags"]) == (
        "clinician_today", 1, day, ["implausible:inr"],
    )  # fmt: skip
    told = {"sample", "date", "target", "advice", "recheck_days", "flags"}
    assert all(row[name] is None for name in row if name not in told), "no value is made up, not even a trend"
    path.write_text(f'sample,date,inr,weight_kg\nA,2026-01-05,"{inr}",70\n', encoding="utf-8")
    assert _told(path)[0]["advice"].to_list() == ["clinician_today"]


def test_two_files_of_one_person_are_no_two_histories(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("sample,date,dose,inr\nA,2026-01-05,35,2.4\n", encoding="utf-8")
    with pytest.raises(InputError, match="several files"):
        pgx.monitor([tmp_path / "a.csv", tmp_path / "b.csv"])


def test_what_is_wrong_is_one_line(tmp_path: Path, pgx_command: Callable[..., Any]) -> None:
    (tmp_path / "inr.csv").write_text("sample,date,dose,inr\nA,2026-01-05,35,99\n", encoding="utf-8")
    done = pgx_command("monitor", tmp_path / "inr.csv")
    table = [line.split("\t") for line in done.stdout.splitlines()]
    told = {name: cell for name, cell in zip(*table, strict=True) if cell}
    assert done.returncode == 0 and told == {
        "sample": "A", "date": "2026-01-05", "target": "2.5", "advice": "clinician_today", "recheck_days": "1",
        "flags": "implausible:inr",
    }  # fmt: skip
    said = done.stderr.replace(str(tmp_path), "")
    assert "line 2: inr: a value that no person can have is not used" in said and "99" not in said
    done = pgx_command("monitor", tmp_path / "inr.csv", "--target", "7")
    assert done.returncode == 2 and done.stderr.count("\n") == 1


def test_whoever_has_an_inr_is_a_person_and_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "ward.csv"
    path.write_text("sample,date,concept,value,unit\nwith,2026-01-05,inr,1.0,\nwithout,2026-01-05,weight,70,kg\n")
    found, _ = _told(path)
    assert found["sample"].unique().to_list() == ["with"]
