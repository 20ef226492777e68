"""``pgx check``: what a clinical or genotype file says, and what of it is not understood."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pgx.cli import options as opt

if TYPE_CHECKING:
    import polars as pl

_GENOTYPES = (b"##fileformat=VCF", b"BCF\x02", b"# rsid", b"#CHROM")


def check(
    file: Annotated[
        Path | None, typer.Argument(help="Clinical file or folder, or VCF or BCF.", show_default=False)
    ] = None,
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Table to write: .tsv, .parquet or .json; '-' = TSV on standard output.")
    ] = Path("-"),
    columns: Annotated[
        bool, typer.Option("--columns", help="List the columns that a flat clinical file can have instead.")
    ] = False,
    knowledge: opt.Knowledge = None,
) -> None:
    """Say what a file holds, column by column or line by line; exit code 3 if it cannot be used as it is."""
    from pgx import clinical, pipeline
    from pgx.errors import UsageError
    from pgx.io import write_table

    opt.check_table(out)
    kb = pipeline.knowledge(knowledge or ())
    if columns:
        write_table(clinical.columns(kb), out)
        return
    if file is None:
        raise UsageError("pgx check needs a file (or --columns)")
    frame = _genotypes(file) if _is_genotypes(file) else clinical.check(file, kb)
    write_table(frame, out)
    if "error" in set(frame["kind"]):
        raise typer.Exit(3)


def _is_genotypes(file: Path) -> bool:
    from pgx.clinical.sniff import read_head

    return str(file) == "-" or (file.is_file() and read_head(file).startswith(_GENOTYPES))


def _genotypes(file: Path) -> pl.DataFrame:
    import polars as pl

    from pgx.clinical.check import COLUMNS
    from pgx.variants.gate import check as check_variants

    found = check_variants(file)
    rows = [
        ("understood", "format", f"{found.format} {found.version}".strip(), 1, ""),
        ("understood", "samples", str(found.samples), found.samples, ""),
        ("understood", "records", str(found.records), found.records, ""),
        ("understood", "build", found.build or "not said by the header", 1, ""),
    ]
    rows += [(one.severity, one.code, one.message, 1, one.where) for one in found.findings]
    return pl.DataFrame(rows, schema=COLUMNS, orient="row")
