"""The result as plain tables: TSV and Parquet with the same columns, those of `pgx.schema`."""

from __future__ import annotations

import io

import polars as pl

from pgx import cells
from pgx.types import Result

TABLES = ("calls", "phenotypes", "guidance", "scores", "clinical", "medications", "notes")
"""The frames of a result, in the order in which they come about."""


def to_tsv(frame: pl.DataFrame) -> bytes:
    """Return a frame as UTF-8 TSV: header, no quoting, null = empty, ``\\n`` line ends.

    Tabs and line breaks inside a value become spaces: nothing in a cell can start a new cell or row.
    """
    frame = cells.with_text(frame)
    text = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    frame = frame.with_columns(pl.col(text).str.replace_all(r"[\t\r\n\x0b\x0c\x00]+", " "))
    return frame.write_csv(separator="\t", quote_style="never", line_terminator="\n").encode()


def to_parquet(frame: pl.DataFrame) -> bytes:
    """Return a frame as a Parquet file (zstd)."""
    out = io.BytesIO()
    frame.write_parquet(out, compression="zstd")
    return out.getvalue()


def frames(result: Result) -> dict[str, pl.DataFrame]:
    """Return the result's frames by name."""
    return {name: getattr(result, name) for name in TABLES}
