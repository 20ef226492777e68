"""``pgx call``: named alleles and phenotypes as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pgx.cli import options as opt


def call(
    vcf: opt.Vcfs,
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Table to write: .tsv, .parquet or .json; '-' = TSV on standard output.")
    ] = Path("-"),
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
    ] = None,
    outside_mode: opt.OutsideMode = "override",
    samples: opt.Samples = None,
    genes: opt.Genes = None,
    build: opt.Assembly = None,
    absent_is_reference: opt.AbsentIsReference = False,
    min_gq: opt.MinGq = None,
    min_dp: opt.MinDp = None,
    include_filtered: opt.IncludeFiltered = False,
    fasta: opt.Fasta = None,
    sex: opt.Sex = None,
    ancestry: opt.Ancestry = None,
    copy_number: opt.CopyNumber = None,
    knowledge: opt.Knowledge = None,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
) -> None:
    """Call diplotypes and phenotypes of every gene, with their probabilities."""
    from pgx import pipeline
    from pgx.cli import notes
    from pgx.io import write_table

    opt.check_table(out)
    how = opt.options(
        samples=samples,
        genes=genes,
        build=build,
        absent_is_reference=absent_is_reference,
        min_gq=min_gq,
        min_dp=min_dp,
        include_filtered=include_filtered,
        fasta=fasta,
        sex=sex,
        ancestry=ancestry,
        copy_number=copy_number,
        outside_mode=outside_mode,
        knowledge=knowledge,
    )
    if explain is not None:
        write_table(pipeline.explain(vcf, explain, clinical=clinical or (), options=how), out)
        return
    result = pipeline.analyse(
        vcf, clinical=clinical or (), outside_calls=outside_calls or (), drugs=[], endpoints=[], options=how
    )
    if log is not None:
        write_table(pipeline.position_log(vcf, clinical=clinical or (), options=how), log)
    notes.show(result.notes, quiet=quiet, verbose=verbose)
    write_table(result.calls, out)
