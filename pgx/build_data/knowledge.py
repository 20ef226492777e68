"""Bring fact tables into the project's own schema: ``pgx kb build FACTS_DIR -o OUT_DIR``.

The fact tables are the curated input (see ``data/knowledge/sources.toml``); this importer is the only way by which they
enter ``data/knowledge``. It renames, splits and normalises. The cells that it changes are listed, each with its reason,
in ``corrections.tsv``; a correction whose old value is no longer there stops the import. Rows of newer sources are in
``additions/NAME.tsv``, in the columns of the table. Rows of DPWG go to files of their own, ``NAME.dpwg.tsv``, because
their licence asks to share alike.
"""

from __future__ import annotations

import csv
import hashlib
import re
import sys
from pathlib import Path

from pgx.build_data.facts import CONVERT, NEEDED, Row, with_evidence
from pgx.errors import InputError, UsageError
from pgx.io import atomic_write, check_outputs, write_bytes
from pgx.knowledge.manifest import NAME, read_manifest, seal, sha256, write_manifest
from pgx.knowledge.overlays import parse_cell, read_strict
from pgx.knowledge.tables.declared import TABLES
from pgx.paths import data_dir

_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,60}")
_SHOWN = 8
_WHOLE_ROW = "*"
_DPWG = "DPWG"


def build(facts: Path, out: Path, *, corrections: Path | None = None) -> dict[str, int]:
    """Write every knowledge table that comes from `facts` into `out`, and the manifest of their checksums.

    Parameters
    ----------
    facts
        Folder with the fact tables.
    out
        Folder to write to; other files there are left alone.
    corrections
        Table of corrections; None = the one in `out`, else the product's.

    Returns
    -------
    dict
        Rows written per table.

    Raises
    ------
    InputError
        If a fact table is missing or lacks a column, or a correction no longer fits.
    """
    _check_apart(facts, out)
    if not facts.is_dir():
        raise InputError("no such folder of fact tables", file=facts, fix="name the folder that holds drugs.tsv")
    tables = {path.stem: _read(path) for path in sorted(facts.glob("*.tsv"))}
    missing = sorted(NEEDED - set(tables))
    if missing:
        raise InputError(f"fact tables are missing: {', '.join(missing)}", file=facts)
    converted = {}
    for name, convert in CONVERT.items():
        try:
            converted[name] = [dict(row) for row in convert(tables)]
        except KeyError as error:
            raise InputError(f"the fact tables behind {name} lack {error}", file=facts) from error
        _fit(converted[name], name, facts)
    _correct(converted, corrections or _curated(out, "corrections"))
    _add(converted, _curated(out, "additions", ""))
    _verify(converted, _curated(out, "verifications"))
    converted["interactions"] = [with_evidence(row) for row in converted["interactions"]]
    out.mkdir(parents=True, exist_ok=True)
    files = [one for name, rows in converted.items() for one in _write(out, name, rows)]
    write_manifest(out, {path: len(tables[path.stem]) for path in sorted(facts.glob("*.tsv"))}, files)
    return {name: len(rows) for name, rows in converted.items()}


def build_folder(facts: Path, out: Path, *, version: str | None = None) -> dict[str, int]:
    """Build a complete knowledge folder: the imported tables, and the product's other files where `out` has none.

    Parameters
    ----------
    facts
        Folder with the fact tables; a file ``VERSION`` there names them.
    out
        Folder to write to.
    version
        Version of the new folder. None = the name of the facts, else that of the product's tables, and, unless these
        are the very tables that the product has under that name, a checksum of theirs: ``2026.11.1+5e1f0c2a``.

    Returns
    -------
    dict
        Rows written per imported table.

    Raises
    ------
    InputError
        As for `build`, or if `version` is the name of tables that are different.
    """
    _check_apart(facts, out)
    own = data_dir() / "knowledge"
    known = {_version(folder): _fingerprint(folder) for folder in (own, out) if (folder / "VERSION").is_file()}
    base = _version(facts if (facts / "VERSION").is_file() else own).partition("+")[0]
    if version and not _VERSION.fullmatch(version):
        raise UsageError(f"{version!r} is no version: use letters, digits, '.', '-' and '+'")
    counts = build(facts, out)
    for path in sorted(own.rglob("*")):
        target = out / path.relative_to(own)
        if path.is_file() and path.name != "VERSION" and not target.exists():
            write_bytes(target, path.read_bytes())
    made = _fingerprint(out)
    if version and known.get(version, made) != made:
        raise InputError(f"version {version} is the name of other tables", file=out, fix="choose another version")
    given = version or (base if known.get(base) == made else f"{base}+{made[:_SHOWN]}")
    write_bytes(out / "VERSION", f"{given}\n".encode())
    seal(out)
    return counts


def _check_apart(facts: Path, out: Path) -> None:
    """Refuse to write over the facts, or among them."""
    written = [out / NAME, out / "VERSION", *(out / file for name in CONVERT for file in TABLES[name].files())]
    check_outputs(written, [facts, facts / "VERSION", *facts.glob("*.tsv")])


def _version(folder: Path) -> str:
    text = (folder / "VERSION").read_text(encoding="utf-8").strip()
    if not _VERSION.fullmatch(text):
        problem = f"{text[:40]!r} is no version"
        raise InputError(problem, file=folder / "VERSION", fix="write one line of letters, digits, '.', '-' and '+'")
    return text


def _fingerprint(folder: Path) -> str:
    """Checksum over what the imported tables of a folder hold."""
    tables = sorted(read_manifest(folder)["tables"])
    found = "".join(f"{name} {sha256(folder / name)}\n" for name in tables if (folder / name).is_file())
    return hashlib.sha256(found.encode()).hexdigest()


def _curated(out: Path, name: str, ending: str = ".tsv") -> Path:
    own = out / f"{name}{ending}"
    return own if own.exists() else data_dir() / "knowledge" / f"{name}{ending}"


def _rows_where(rows: list[Row], where: str) -> list[Row]:
    wanted = dict(part.split("=", 1) for part in where.split("&"))
    return [row for row in rows if all(row.get(column) == value for column, value in wanted.items())]


def _verify(converted: dict[str, list[Row]], path: Path) -> None:
    """Mark the rows that a public source confirms as read; note on the others what it says instead."""
    for one in _read(path):
        for row in _rows_where(converted.get(one["table"], []), one["where"]):
            if one["finding"] == "differs":
                row["notes"] = ";".join(filter(None, [row["notes"], f"checked_source_says_{one['says']}"]))
            elif one["finding"] == "partly":
                row["notes"] = "; ".join(filter(None, [row["notes"], f"{one['says']} checked: {one['source']}"]))
            elif "confidence" in row and one["says"] not in (row.get("strength"), row.get("factor"), row.get("method")):
                continue  # the fact has changed since it was compared with the source
            elif "confidence" in row:
                row.update(confidence="read", source=one["source"])
            elif "source_version" in row:
                row["source_version"] = row["source_version"].replace("recall", f"checked: {one['source']}")


def _correct(converted: dict[str, list[Row]], path: Path) -> None:
    for number, fix in enumerate(_read(path), 2):
        table, column = converted.get(fix["table"], []), fix["column"]
        rows = _rows_where(table, fix["where"])
        if not rows or (column != _WHOLE_ROW and any(row.get(column) != fix["old"] for row in rows)):
            raise InputError(
                f"the correction of {fix['table']} where {fix['where']} no longer fits",
                file=path,
                where=f"line {number}",
                fix="remove the line if the source has changed",
            )
        for row in rows:
            if column == _WHOLE_ROW:
                table.remove(row)
            else:
                row[column] = fix["new"]


def _add(converted: dict[str, list[Row]], folder: Path) -> None:
    """Add the rows of newer sources; a key that is there already is refused: corrections change what is."""
    for path in sorted(folder.glob("*.tsv")):
        table = TABLES.get(path.name.partition(".")[0])
        if table is None or table.name not in converted:
            raise InputError("not the name of an imported table", file=path, fix=f"use one of {', '.join(CONVERT)}")
        read_strict(path, table)
        keys = {tuple(row[name] for name in table.key) for row in converted[table.name]}
        empty = {one.name: one.default or "" for one in table.fields}
        for number, given in enumerate(_read(path), 2):
            row = {**empty, **given}
            key = tuple(row[name] for name in table.key)
            if key in keys:
                problem = f"{table.name} has {' '.join(key).strip()} already"
                raise InputError(problem, file=path, where=f"line {number}", fix="change a row by corrections.tsv")
            keys.add(key)
            converted[table.name].append(row)


def _read(path: Path) -> list[Row]:
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            reader = csv.reader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)
            header = next(reader, [])
            rows = list(reader)
    except UnicodeDecodeError as error:
        raise InputError("not UTF-8 text", file=path, fix="save it as UTF-8") from error
    for number, cells in enumerate(rows, 2):
        if len(cells) != len(header):
            problem = f"{len(cells)} cells, but the header has {len(header)} columns"
            raise InputError(problem, file=path, where=f"line {number}", fix="separate cells with tabs")
    return [dict(zip(header, cells, strict=True)) for cells in rows]


def _write(out: Path, table: str, rows: list[Row]) -> list[str]:
    """Write a table, rows of DPWG apart; return the names of the files."""
    declared = TABLES[table]
    names = [f.name for f in declared.fields]
    apart = [row for row in rows if declared.parts and _is_dpwg(row)]
    parts = [[row for row in rows if not _is_dpwg(row)], apart] if declared.parts else [rows]
    for file, part in zip(declared.files(), parts, strict=True):
        lines = ["\t".join(names), *("\t".join(row[name] for name in names) for row in part)]
        with atomic_write(out / file) as handle:
            handle.write("\n".join(lines) + "\n")
    return list(declared.files())


def _is_dpwg(row: Row) -> bool:
    return _DPWG in (row.get("source"), row.get("scheme")) or row.get("rec_id", "").startswith(f"{_DPWG}-")


def _fit(rows: list[Row], name: str, facts: Path) -> None:
    """Refuse rows that the table's schema does not allow: a wrong code or number is named before it is written."""
    for number, row in enumerate(rows, 1):
        for one in TABLES[name].fields:
            if one.name not in row:
                raise InputError(f"the fact tables behind {name} lack column {one.name!r}", file=facts)
            parse_cell(row[one.name], one, facts, f"table {name}, row {number}, column {one.name}")


if __name__ == "__main__":
    if len(sys.argv) == 2:
        seal(Path(sys.argv[1]))
    else:
        print(build(Path(sys.argv[1]), Path(sys.argv[2])))
