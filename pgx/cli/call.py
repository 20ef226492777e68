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
    from pgx import calling, pipeline
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
    found = pipeline.phenotyped(vcf, clinical=clinical or (), outside_calls=outside_calls or (), options=how)
    notes.show(pipeline.notes_of(found), quiet=quiet, verbose=verbose)
    origin = pipeline.provenance(found, how)
    if log is not None:
        write_table(calling.position_log(found.genotypes, found.kb, genes=opt.split(genes)), log, origin)
    write_table(found.calls if explain is None else pipeline.explain(found, explain), out, origin)
