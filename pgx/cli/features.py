"""``pgx features``: one typed row per sample."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pgx.cli import options as opt


@opt.reading()
def features(
    vcf: opt.MaybeVcfs = None,
    sheet: opt.Sheet = None,
    clinical: opt.Clinical = None,
    out: opt.Out = Path("-"),
    describe: Annotated[
        bool,
        typer.Option("--describe", help="List every feature with its type, unit, meaning and source, and stop."),
    ] = False,
    missing: Annotated[
        Path | None,
        typer.Option(help="Also write a table that explains each missing value.", show_default=False),
        opt.Role.output,
    ] = None,
    columns: Annotated[
        str | None, typer.Option(help="Features to write, separated by commas [default: all].", show_default=False)
    ] = None,
    pgs: Annotated[
        list[Path] | None,
        typer.Option(
            help="Scoring file of the PGS Catalog, whose score is a column pgs.<id>. Repeatable.", show_default=False
        ),
    ] = None,
    outside_calls: opt.OutsideCalls = None,
    *,
    how: opt.How,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
) -> None:
    """Turn genotypes and history into one typed row per sample."""
    import pgx
    from pgx.cli.shown import notes
    from pgx.errors import UsageError
    from pgx.tables import write_table

    for table in (out, missing):
        if table is not None:
            opt.check_table(table)
    if describe:
        write_table(pgx.kb.features(how.knowledge), out)
        return
    if not vcf and sheet is None:
        raise UsageError("pgx features needs a VCF, --sheet or --describe; see pgx features --help")
    teller = notes.Teller(quiet=quiet, verbose=verbose)
    pgx.features(
        vcf or (),
        sheet=sheet,
        clinical=clinical or (),
        outside_calls=outside_calls or (),
        columns=columns,
        pgs=pgs or (),
        options=how,
        out=out,
        missing=missing,
        on_notes=teller,
    )
    teller.end()
