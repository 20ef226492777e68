"""``pgx report``: the main job."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pgx.cli import options as opt
from pgx.errors import UsageError

FORMATS = ("text", "html", "pdf", "json", "tsv", "parquet", "fhir", "leaflet", "card", "plan", "multiqc")
DEFAULT = "text,json,tsv,html"


@opt.reading()
def report(
    vcf: opt.MaybeVcfs = None,
    sheet: opt.Sheet = None,
    clinical: opt.Clinical = None,
    medications: opt.Medications = None,
    outside_calls: opt.OutsideCalls = None,
    drugs: opt.Drugs = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o", "--out", help="Folder for the reports; without it the report is only printed.", show_default=False
        ),
        opt.Role.folder,
    ] = None,
    formats: Annotated[
        str | None,
        typer.Option(
            "--format",
            help=f"Files to write, joined by commas: {', '.join(FORMATS)} [default: {DEFAULT}].",
            show_default=False,
        ),
    ] = None,
    *,
    how: opt.How,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
) -> None:
    """Report what a person's genome and history mean for their drugs.

    Reads the genotypes, calls named alleles with their probabilities, looks up what the guidelines recommend for the
    person's medication list (or --drugs), predicts doses and risks with intervals, and writes the reports. The text
    report goes to standard output, notes go to standard error.

    Exit codes: 0 = done; 1 = an error in pgx; 2 = wrong usage; 3 = bad input; 4 = finished, but a person's or a
    laboratory's result was lost, and the first page says which.
    """
    import pgx
    from pgx.cli import notes
    from pgx.pipeline import lexicon_of
    from pgx.reports import render_text

    opt.check_given(vcf, sheet)
    chosen = opt.choices("--format", DEFAULT if formats is None else formats, FORMATS)
    if formats is not None and out is None and chosen != ["text"]:
        raise UsageError(f"--format {formats} writes files: say where with -o FOLDER (text is printed without)")
    result = pgx.report(
        vcf or (),
        sheet=sheet,
        clinical=clinical or (),
        medications=medications,
        drugs=drugs,
        outside_calls=outside_calls or (),
        out=out,
        formats=chosen,
        options=how,
    )
    notes.show(result.notes, quiet=quiet, verbose=verbose)
    lexicon = lexicon_of(how)
    notes.show_suspects(result.suspects, quiet=quiet)
    for sample in result.samples:
        render = render_text(result, sample, lexicon)
        typer.echo(render, nl=not render.endswith("\n"))
    notes.end(result.notes)
