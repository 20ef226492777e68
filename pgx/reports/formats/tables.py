"""The result as plain tables: TSV and Parquet with the same columns, those of `pgx.schema`."""

from __future__ import annotations

import io

import polars as pl

from pgx.tables import tsv
from pgx.types import Result

TABLES = ("calls", "phenotypes", "guidance", "scores", "judgements", "next_tests", "exposure_ratios", "clinical",
          "medications", "notes")  # fmt: skip
"""The frames of a result, in the order in which they come about."""


FAILURES = "failures.tsv"
"""The table of what was lost: clinical values, rows, laboratory results."""


def failures(result: Result) -> pl.DataFrame:
    """Return ``sample stage code where message`` of everything that could not be used."""
    lost = result.notes.filter(pl.col("severity") == "error")
    return lost.select("sample", "stage", "code", "where", "message")


def to_tsv(frame: pl.DataFrame) -> bytes:
    """Return a frame as UTF-8 TSV (`pgx.tables.tsv`)."""
    return tsv(frame).encode()


def to_parquet(frame: pl.DataFrame) -> bytes:
    """Return a frame as a Parquet file (zstd)."""
    out = io.BytesIO()
    frame.write_parquet(out, compression="zstd")
    return out.getvalue()


def frames(result: Result) -> dict[str, pl.DataFrame]:
    """Return the result's frames by name."""
    return {name: getattr(result, name) for name in TABLES}
