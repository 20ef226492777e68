"""``pgx call``: named alleles and phenotypes as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pgx.cli import completion
from pgx.cli import options as opt
from pgx.errors import UsageError


@opt.reading()
def call(
    vcf: opt.MaybeVcfs = None,
    sheet: opt.Sheet = None,
    out: opt.Out = Path("-"),
    clinical: opt.Clinical = None,
    outside_calls: opt.OutsideCalls = None,
    explain: Annotated[
        str | None,
        typer.Option(
            help="Explain the call of this gene: every position, with the genotype and the alleles that it supports or "
            "rules out.",
            show_default=False,
            autocompletion=completion.gene,
        ),
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option(help="Also write a Parquet log with one row per position, sample and gene.", show_default=False),
        opt.Role.output,
    ] = None,
    *,
    how: opt.How,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
) -> None:
    """Call the diplotype and phenotype of every gene.

    Each call has its probability, its alternatives and flags that say how far the data carry it.
    """
    import pgx
    from pgx.cli.shown import notes

    opt.check_table(out)
    opt.check_given(vcf, sheet)
    if explain is not None and sheet is not None:
        raise UsageError("--explain is about the persons of a file: name it without --sheet")
    teller = notes.Teller(quiet=quiet, verbose=verbose)
    records, calls = clinical or (), outside_calls or ()
    if explain is None:
        pgx.call(
            vcf or (),
            sheet=sheet,
            clinical=records,
            outside_calls=calls,
            options=how,
            out=out,
            log=log,
            on_notes=teller,
            on_suspects=teller.suspects,
        )
    else:
        pgx.explain(
            vcf or (), explain, clinical=records, outside_calls=calls, options=how, out=out, log=log, on_notes=teller
        )
    teller.end()
