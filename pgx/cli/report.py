"""``pgx report``: the main job."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pgx.cli import options as opt

FORMATS = ("text", "html", "pdf", "json", "tsv", "parquet", "fhir", "leaflet", "card", "plan", "multiqc")


@opt.reading()
def report(
    vcf: opt.Vcfs,
    clinical: opt.Clinical = None,
    medications: opt.Medications = None,
    outside_calls: opt.OutsideCalls = None,
    drugs: opt.Drugs = None,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="Folder for the reports [default: print only].", show_default=False),
        opt.Role.folder,
    ] = None,
    formats: Annotated[
        str, typer.Option("--format", help=f"Files to write, joined by commas: {', '.join(FORMATS)}.")
    ] = "text,json,tsv,html",
    *,
    how: opt.How,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
) -> None:
    """Report what a person's genome and history mean for their drugs.

    Reads genotypes, calls named alleles with their probability, gives the guidelines' recommendations for the
    medication list (or --drugs), predicts doses and risks with intervals, and writes reports. The text report is
    printed on standard output; notes go to standard error. Exit codes: 0 done, 2 wrong usage, 3 bad input,
    4 done, but a laboratory's result (--outside-calls) could not be used: the first page says which.
    """
    import pgx
    from pgx.cli import notes
    from pgx.reports import render_text

    chosen = opt.choices("--format", formats, FORMATS)
    result = pgx.report(
        vcf,
        clinical=clinical or (),
        medications=opt.split(medications),
        drugs=opt.split(drugs),
        outside_calls=outside_calls or (),
        out=out,
        formats=chosen,
        options=how,
    )
    notes.show(result.notes, quiet=quiet, verbose=verbose)
    notes.show_suspects(result.suspects, quiet=quiet)
    for sample in result.samples:
        render = render_text(result, sample)
        typer.echo(render, nl=not render.endswith("\n"))
    notes.end(result.notes)
