"""``pgx call``: named alleles and phenotypes as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pgx.cli import options as opt


@opt.reading()
def call(
    vcf: opt.Vcfs,
    out: opt.Out = Path("-"),
    clinical: opt.Clinical = None,
    outside_calls: opt.OutsideCalls = None,
    explain: Annotated[
        str | None,
        typer.Option(
            help="Instead of the calls: per position of this gene, the genotype and which alleles it supports.",
            show_default=False,
        ),
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option(help="Also write a Parquet log of every position, sample and gene.", show_default=False),
        opt.Role.output,
    ] = None,
    *,
    how: opt.How,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
) -> None:
    """Call diplotypes and phenotypes of every gene, with their probabilities."""
    from pgx import calling, pipeline
    from pgx.cli import notes
    from pgx.tables import write_table

    opt.check_table(out)
    found = pipeline.phenotyped(vcf, clinical=clinical or (), outside_calls=outside_calls or (), options=how)
    said = pipeline.notes_of(found)
    notes.show(said, quiet=quiet, verbose=verbose)
    origin = pipeline.provenance(found, how)
    if log is not None:
        write_table(
            calling.position_log(found.genotypes, found.kb, genes=list(how.genes) if how.genes else None), log, origin
        )
    write_table(found.calls if explain is None else pipeline.explain(found, explain), out, origin)
    notes.end(said)
