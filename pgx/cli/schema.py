"""``pgx schema``: what the columns of a table mean."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pgx.cli import completion
from pgx.cli import options as opt

if TYPE_CHECKING:
    import polars as pl

TABLES = ("calls", "phenotypes", "guidance", "judgements", "scores", "clinical", "medications", "notes", "failures",
          "next_tests", "genotypes", "exposure", "exposure_ratios", "monitor", "polygenic", "polygenic_variants",
          "features", "missing", "positions", "cohort_frequencies", "cohort_genes", "cohort_positions", "cohort_pairs",
          "cohort_sex", "cohort_drugs", "cohort_persons", "cohort_next_tests", "endpoints", "check")  # fmt: skip
"""Names of the tables; the help and the completion must not wait for the schemas to load."""
_WIDTH = 100
_MOST = 15
"""Codes that the text names one a line, with their meanings."""


class Format(StrEnum):
    """How the columns are written."""

    text = "text"
    tsv = "tsv"
    json = "json"


def schema(
    table: Annotated[
        str | None,
        typer.Argument(
            help=f"One of {', '.join(TABLES)} [default: list them].",
            show_default=False,
            autocompletion=completion.one_of(*TABLES),
        ),
    ] = None,
    how: Annotated[
        Format | None,
        typer.Option("--format", help="Output format [default: text on a terminal, else tsv].", show_default=False),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="File [default: stdout].", show_default=False), opt.Role.output
    ] = None,
    knowledge: opt.Knowledge = None,
) -> None:
    """Explain the columns of an output table.

    Of each column: type, unit, meaning and codes.
    """
    import pgx
    from pgx.tables import put

    frame = pgx.kb.schema(table, knowledge or ())
    by_ending = {".tsv": Format.tsv, ".json": Format.json}.get(out.suffix) if out is not None else None
    usual = Format.text if out is None and sys.stdout.isatty() else Format.tsv
    text = _written(frame, how or by_ending or usual)
    if out is None or str(out) == "-":
        typer.echo(text, nl=False)
    else:
        put(out, text.encode())


def _written(frame: pl.DataFrame, how: Format) -> str:
    import json

    import polars as pl

    from pgx.tables import tsv

    if how is Format.json:
        return json.dumps(frame.to_dicts(), ensure_ascii=False, indent=1) + "\n"
    if how is Format.tsv:
        listed = [pl.col(one).list.eval(pl.element().struct.field("code")) for one in frame.columns if one == "codes"]
        return tsv(frame.with_columns(listed))
    return "".join(_paragraph(row) for row in frame.iter_rows(named=True))


def _paragraph(row: dict[str, object]) -> str:
    """Return one column, or one table, as lines of text."""
    from textwrap import fill

    def wrapped(text: str, indent: int) -> str:
        return fill(text, _WIDTH, initial_indent=" " * indent, subsequent_indent=" " * indent, break_long_words=False)

    if "table" in row:
        return f"{row['table']}\n{wrapped(str(row['about']), 4)}\n"
    unit = f", {row['unit']}" if row["unit"] and row["unit"] != "1" else ""
    lines = [f"{row['column']}  ({row['type']}{unit}{', never empty' if row['required'] else ''})"]
    lines.append(wrapped(str(row["meaning"]), 4))
    codes: list[dict[str, str]] = row["codes"]  # type: ignore[assignment]
    if len(codes) > _MOST:
        lines.append(wrapped(f"{', '.join(one['code'] for one in codes)} (--format json has their meanings)", 8))
    else:
        lines += [wrapped(f"{one['code']}: {one['meaning']}", 8) for one in codes]
    return "\n".join(lines) + "\n"
