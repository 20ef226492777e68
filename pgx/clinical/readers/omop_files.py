"""A folder of OMOP CDM tables, as CSV or Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from pathlib import Path

import polars as pl

from pgx.clinical.readers.omop import TABLES, VISIT_COLUMNS, read_tables
from pgx.clinical.readers.sniff import open_plain, read_head
from pgx.clinical.readers.text import as_text
from pgx.clinical.statements import Events
from pgx.errors import InputError
from pgx.guard.panics import no_panic
from pgx.guard.parquet import read_parquet
from pgx.tables import separator_of

_OTHER = ("concept", "visit_occurrence")


def tables_in(folder: Path) -> dict[str, Path]:
    """Return the OMOP tables of a folder by name; empty when it has no ``person`` table."""
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        name = path.name.lower().removesuffix(".gz").removesuffix(".csv").removesuffix(".tsv").removesuffix(".parquet")
        if path.is_file() and name in (*TABLES, *_OTHER) and name != path.name.lower():
            found.setdefault(name, path)
    return found if "person" in found else {}


def read_folder(events: Events, folder: Path) -> None:
    """Read the tables of a folder."""
    paths = tables_in(folder)
    needed = {"visit_occurrence": VISIT_COLUMNS}
    read_tables(events, lambda name, ids: _file(paths[name], ids, needed.get(name)) if name in paths else None)


def _file(path: Path, ids: Collection[int] | None, needed: Collection[str] | None) -> pl.DataFrame:
    try:
        with no_panic(InputError("a damaged table", file=path)):
            return _text(path, ids, needed)
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        problem = f"not a readable table: {str(error).splitlines()[0][:120]}"
        if "utf-8" in problem:
            raise InputError("not UTF-8 text", file=path, fix="save it as UTF-8") from None
        ragged = _ragged(path) if ".parquet" not in path.name.lower() else None
        if ragged:
            raise InputError(ragged[0], file=path, where=ragged[1], fix="quote cells that hold the separator") from None
        raise InputError(problem, file=path) from None


def _text(path: Path, ids: Collection[int] | None, needed: Collection[str] | None) -> pl.DataFrame:
    if ".parquet" in path.name.lower():
        among = None if ids is None else ("concept_id", ids)
        return as_text(read_parquet(path, columns=needed, among=among, small_letters=True))
    head = read_head(path)
    separator = separator_of(head.split(b"\n", 1)[0].decode("utf-8", "replace"))
    quote = None if separator == "\t" else '"'  # the vocabulary tables of Athena are unquoted TSV
    lazy = pl.scan_csv(path, separator=separator, quote_char=quote, infer_schema=False)
    lazy = lazy.rename({name: name.lower() for name in lazy.collect_schema().names()})
    if ids is not None:
        lazy = lazy.filter(pl.col("concept_id").cast(pl.Int64, strict=False).is_in(sorted(ids)))
    if needed is not None:
        lazy = lazy.select(name for name in lazy.collect_schema().names() if name in needed)
    return as_text(lazy.collect())


def _ragged(path: Path) -> tuple[str, str] | None:
    """Find the first row that has more cells than the heading: what is wrong, and where."""
    with open_plain(path) as file:
        lines = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
        head = lines.readline()
        separator = separator_of(head)
        try:
            width = len(next(csv.reader([head], delimiter=separator)))
            reader = csv.reader(lines, delimiter=separator)
            for row in reader:
                if len(row) > width:
                    return f"{len(row)} cells, but the heading has {width}", f"line {reader.line_num + 1}"
        except csv.Error:
            return None
    return None
