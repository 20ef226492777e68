"""Rows as a TSV file has them: lists joined to text, which is how tests and tables read best."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from pgx import cells, schema

with_text = cells.with_text
with_lists = cells.with_lists


def from_text(rows: Iterable[Mapping[str, object]], columns: schema.Schema) -> pl.DataFrame:
    """Return a frame of the pipeline from rows whose lists are written as text."""
    types = {column.name: column.dtype for column in columns if cells.is_list(column.dtype)}
    return schema.from_rows(
        (
            {name: cells.listed(cell, types[name]) if name in types else cell for name, cell in row.items()}
            for row in rows
        ),
        columns,
    )
