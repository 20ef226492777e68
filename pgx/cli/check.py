"""``pgx check``: what a clinical or genotype file says, and what of it is not understood."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pgx.cli import options as opt

if TYPE_CHECKING:
    import polars as pl

_GENOTYPES = (b"##fileformat", b"BCF\x02", b"#CHROM")
_SUFFIXES = (".vcf", ".vcf.gz", ".vcf.bgz", ".bcf", ".gvcf", ".gvcf.gz")


def check(
    file: Annotated[
        Path | None,
        typer.Argument(help="Clinical file or folder, VCF, BCF or array raw data.", show_default=False),
        opt.Role.record,
    ] = None,
    out: opt.Out = Path("-"),
    columns: Annotated[
        bool, typer.Option("--columns", help="List the columns that a flat clinical file can have instead.")
    ] = False,
    as_of: opt.AsOf = None,
    knowledge: opt.Knowledge = None,
) -> None:
    """Say what a file holds, column by column or line by line; exit code 3 if it cannot be used as it is."""
    from pgx import clinical, pipeline
    from pgx.errors import InputError, UsageError
    from pgx.tables import write_table

    opt.check_table(out)
    now = opt.day("--as-of", as_of)
    kb = pipeline.knowledge(knowledge or ())
    if columns:
        write_table(clinical.columns(kb), out)
        return
    if file is None:
        raise UsageError("pgx check needs a file (or --columns)")
    frame = _genotypes(file) if _is_genotypes(file) else clinical.check(file, kb, as_of=now)
    write_table(frame, out)
    wrong = frame.filter(frame["kind"] == "error")
    if not wrong.is_empty():
        first = wrong.row(0, named=True)
        raise InputError(f"refused: {first['meaning']}", file=file, where=first["where"] or None)


def _is_genotypes(file: Path) -> bool:
    """Whether a file is checked as genotypes: by its name, or by what it begins with."""
    from pgx.clinical.readers.sniff import read_head
    from pgx.variants.arrays.consumer import recognise

    if str(file) == "-" or file.name.lower().endswith(_SUFFIXES):
        return True
    if not file.is_file():
        return False
    head = read_head(file).removeprefix(b"\xef\xbb\xbf")
    return head.startswith(_GENOTYPES) or recognise(head) is not None


def _genotypes(file: Path) -> pl.DataFrame:
    import polars as pl

    from pgx.clinical.check import COLUMNS
    from pgx.variants.check import check as check_variants

    found = check_variants(file)
    rows = [
        ("understood", "format", f"{found.format} {found.version}".strip(), 1, ""),
        ("understood", "samples", str(found.samples), found.samples, ""),
        ("understood", "records", str(found.records), found.records, ""),
        ("understood", "build", found.build or "not said by the header", 1, ""),
    ]
    rows += [(one.severity, one.code, one.message, 1, one.where) for one in found.findings]
    return pl.DataFrame(rows, schema=COLUMNS, orient="row")
