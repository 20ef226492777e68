"""Cohorts and feature tables from files: Parquet, TSV, CSV or JSON."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pgx.errors import InputError

_NOTHING = ["", "NA", "N/A", "#N/A", "n/a", "NaN", "nan", "NULL", "null", "."]
"""How tables say that nothing is known."""


def read(path: str | Path) -> pl.DataFrame:
    """Read a table; empty cells are null, TSV is not quoted.

    Parameters
    ----------
    path
        ``.parquet``, ``.tsv``, ``.csv`` or ``.json``.

    Raises
    ------
    InputError
        If the file is missing, empty, of another kind, or not what its ending says.
    """
    source = Path(path)
    if not source.is_file():
        raise InputError("no such file", file=source, fix="check the path")
    if source.stat().st_size == 0:
        raise InputError("the file is empty", file=source)
    try:
        table = _read(source)
    except InputError:
        raise
    except (pl.exceptions.PolarsError, UnicodeDecodeError, ValueError, OSError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"not a readable {source.suffix[1:]} table: {first}", file=source) from error
    if table.width == 0 or table.height == 0:
        raise InputError("the table has no rows", file=source)
    return absent(table)


def absent(table: pl.DataFrame) -> pl.DataFrame:
    """Make every way to say that nothing is known null: NaN, and empty or ``N/A``-like text."""
    return table.with_columns(
        pl.col(pl.Float32, pl.Float64).fill_nan(None),
        pl.col(pl.String).str.strip_chars().replace(dict.fromkeys(_NOTHING)),
    )


def _read(source: Path) -> pl.DataFrame:
    if source.suffix == ".parquet":
        return pl.read_parquet(source)
    if source.suffix == ".json":
        return pl.read_json(source, infer_schema_length=None)
    if source.suffix == ".tsv":
        return pl.read_csv(source, separator="\t", quote_char=None, infer_schema_length=None, null_values=_NOTHING)
    if source.suffix == ".csv":
        return pl.read_csv(source, infer_schema_length=None, null_values=_NOTHING)
    raise InputError("the ending must be .parquet, .tsv, .csv or .json", file=source, fix="convert or rename the file")
