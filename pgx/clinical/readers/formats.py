"""The readers of all formats but the flat ones, by the format's name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pgx.clinical.readers import apple, dicom, fhir, fit, flat, omop_databases, omop_files, phenopacket, wearables
from pgx.clinical.readers.objects import load_json
from pgx.clinical.readers.sniff import read_all
from pgx.clinical.statements import Events
from pgx.errors import InputError

Content = Callable[[Events, object], None]
_JSON: dict[str, Content] = {
    "fhir": fhir.read_content,
    "phenopacket": phenopacket.read_content,
    "openmhealth": wearables.read_open_mhealth,
    "fitbit": wearables.read_fitbit,
}
_FILES: dict[str, Callable[[Events, Path], None]] = {
    "ndjson": fhir.read_ndjson,
    "apple": apple.read_export,
    "fit": fit.read_fit,
    "dicom": dicom.read_report,
    "sqlite": omop_databases.read_sqlite,
    "duckdb": omop_databases.read_duckdb,
}
_TABLES: dict[str, Callable[[Events, bytes], None]] = {"csv": flat.read_delimited, "parquet": flat.read_parquet}
_OF_PERSONS = {
    *("patient", "patients", "person", "persons", "people", "demographics"),
    *("medication", "medications", "drugs", "prescriptions"),
    *("condition", "conditions", "diagnosis", "diagnoses", "problems", "allergy", "allergies"),
    *("observation", "observations", "labs", "lab_results", "laboratory", "vitals", "vital_signs"),
}
"""Names of tables that say something of persons; others of an export are of payers, visits or procedures."""


def read(kind: str, events: Events, path: Path) -> None:
    """Read one file, or a folder of OMOP tables, FHIR NDJSON, wearable files or tables of persons."""
    if kind == "folder":
        _read_folder(events, path)
    elif kind in _JSON:
        _JSON[kind](events, load_json(events.file, read_all(path)))
    else:
        _FILES[kind](events, path)


def parts(folder: Path) -> list[Path]:
    """Return the files that are read of a folder: its OMOP tables, or else everything in it."""
    tables = omop_files.tables_in(folder)
    return list(tables.values()) or sorted(
        path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")
    )


def _read_folder(events: Events, path: Path) -> None:
    from pgx.clinical.readers.sniff import sniff

    if omop_files.tables_in(path):
        omop_files.read_folder(events, path)
        return
    inside = parts(path)
    if not inside:
        raise InputError("the folder is empty", file=path)
    known = 0
    for order in (0, 1):  # persons and medications first: other resources point to them
        for file in inside:
            if (file.name.lower().startswith(("patient", "medication.")) and file.suffix == ".ndjson") == bool(order):
                continue
            events.file = file.relative_to(path).as_posix()
            try:
                kind = sniff(file)
            except InputError as error:
                events.not_understood("file", "", "", f"{events.file}: {error.problem}", None)
                continue
            if kind in _TABLES and file.name.lower().partition(".")[0] in _OF_PERSONS:
                _read_table(events, kind, file)
                known += 1
                continue
            if kind in ("csv", "parquet", "json", "folder"):
                events.not_understood("file", "", "", f"{events.file}: not a part of a record export", None)
                continue
            read(kind, events, file)
            known += 1
    events.file = path.name
    if not known:
        raise InputError("no OMOP table, FHIR NDJSON, wearable file or table of persons in this folder", file=path)


def _read_table(events: Events, kind: str, file: Path) -> None:
    """Read one of several tables; that it has no row says only that nobody has anything in it."""
    explicit = events.explicit_ids
    try:
        _TABLES[kind](events, read_all(file))
    except flat.EmptyTableError as error:
        events.not_understood("file", "", "", f"{events.file}: {error.problem}", None)
    events.explicit_ids |= explicit
