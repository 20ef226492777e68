"""What a knowledge table is: its columns, key, allowed codes and references."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

T, F, INT = pl.String, pl.Float64, pl.Int64
"""Types of columns: text, number, whole number."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a knowledge table.

    Parameters
    ----------
    name
        Column name.
    dtype
        Polars type of the parsed value.
    doc
        Meaning, unit.
    required
        Whether an empty cell is an error.
    codes
        Allowed values; empty = free.
    refers
        ``table.column`` that the value must exist in.
    default
        Value of an empty cell, or of a table without the column.
    """

    name: str
    dtype: type[pl.DataType]
    doc: str
    required: bool = False
    codes: tuple[str, ...] = ()
    refers: str | None = None
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One knowledge table: its columns and the columns that identify a row.

    `former` are names that a column had in earlier versions, which a site's tables may still have. `parts` are files
    beside the product's own ``NAME.tsv`` that hold more of its rows: ``("dpwg",)`` is ``NAME.dpwg.tsv``, whose rows
    have a licence of their own.
    """

    name: str
    doc: str
    key: tuple[str, ...]
    fields: tuple[Field, ...] = field(default=())
    former: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[str, ...] = ()

    def files(self) -> tuple[str, ...]:
        """Return the names of the product's files of the table."""
        return (f"{self.name}.tsv", *(f"{self.name}.{part}.tsv" for part in self.parts))

    def polars_schema(self) -> pl.Schema:
        """Return the columns in polars' own form."""
        return pl.Schema({f.name: f.dtype for f in self.fields})


DPWG_APART = ("dpwg",)
"""Parts of a table whose DPWG rows are in a file of their own: they are shared under ClinPGx's licence."""
YES_NO = ("y", "n")
SCHEMES = ("CPIC", "DPWG")


def gene_field(required: bool = True) -> Field:
    """Return the column that names a gene of the gene table."""
    return Field("gene", T, "HGNC symbol", required=required, refers="genes.gene")
