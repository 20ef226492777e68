"""``pgx report``: the main job."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pgx.cli import completion
from pgx.cli import options as opt
from pgx.errors import UsageError

if TYPE_CHECKING:
    from pgx.cohort.person_pages import Asked

FORMATS = ("text", "html", "pdf", "json", "tsv", "parquet", "fhir", "leaflet", "card", "plan", "multiqc")
DEFAULT = "text,json,tsv,html"
PSEUDONYMOUS = "json,tsv"
_MANY = 100
"""Persons from which reports that are written are not printed as well; so many pages are made in blocks, too."""


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
            autocompletion=completion.several_of(*FORMATS),
        ),
    ] = None,
    *,
    pseudonymize: Annotated[
        Path | None,
        typer.Option(
            help="Key file: samples become pseudonyms under it and dates move, in json, tsv, parquet and fhir; the "
            "text report is not printed.",
            show_default=False,
        ),
    ] = None,
    no_print: Annotated[
        bool,
        typer.Option(
            "--no-print",
            help="Only write the reports (with -o), do not print them. Reports of 100 persons or more are "
            "never printed.",
        ),
    ] = False,
    log_file: opt.LogFile = None,
    how: opt.How,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
) -> None:
    """Report what a person's genome and history mean for their drugs.

    Reads the genotypes, calls named alleles with their probabilities, looks up what the guidelines recommend for the
    person's medication list (or --drugs), predicts doses and risks with intervals, and writes the reports. The text
    report goes to standard output, notes go to standard error. From 100 persons on, reports are made in blocks on all
    cores, and the same command resumes a run that was stopped.

    Exit codes: 0 = done; 1 = an error in pgx; 2 = wrong usage; 3 = bad input; 4 = finished, but a person's or a
    laboratory's result was lost, and the first page says which.
    """
    import pgx
    from pgx.cli.shown import notes
    from pgx.cli.shown.progress import steps
    from pgx.pipeline import lexicon_of

    opt.check_given(vcf, sheet)
    default = DEFAULT if pseudonymize is None else PSEUDONYMOUS
    chosen = opt.choices("--format", default if formats is None else formats, FORMATS)
    if pseudonymize is not None and out is None:
        raise UsageError("--pseudonymize writes files: say where with -o FOLDER")
    if formats is not None and out is None and chosen != ["text"]:
        raise UsageError(f"--format {formats} writes files: say where with -o FOLDER (text is printed without)")
    if no_print and out is None:
        raise UsageError("--no-print without -o would show nothing: name a folder")
    if out is not None and pseudonymize is None:
        from pgx.cohort import person_pages

        people = person_pages.Asked(
            vcf or (), sheet, clinical or (), medications, outside_calls or (), drugs, how, out, chosen
        )
        if person_pages.suits(people):
            _many(people, quiet=quiet, verbose=verbose, log_file=log_file)
            return
    with steps("persons", quiet=True, log_file=log_file):
        result = pgx.report(
            vcf or (),
            sheet=sheet,
            clinical=clinical or (),
            medications=medications,
            drugs=drugs,
            outside_calls=outside_calls or (),
            out=out,
            formats=chosen,
            pseudonymize=pseudonymize,
            options=how,
        )
    notes.show(result.notes, quiet=quiet, verbose=verbose, models=False)
    notes.show_suspects(result.suspects, quiet=quiet)
    if not (no_print or pseudonymize) and (out is None or len(result.samples) < _MANY):
        from pgx.reports import render_texts

        for text in render_texts(result, lexicon_of(how)):
            typer.echo(text, nl=not text.endswith("\n"))
    notes.end(result.notes)


def _many(asked: Asked, *, quiet: bool, verbose: bool, log_file: Path | None) -> None:
    """Write the pages of many persons in blocks, and show how far that is."""
    from pgx.cli.shown import notes
    from pgx.cli.shown.progress import steps
    from pgx.cohort import person_pages
    from pgx.cohort.finish import FAILURES

    with steps("persons", quiet=quiet, log_file=log_file) as progress:
        made = person_pages.make(asked, on_progress=lambda at: progress.step(at.done, at.total, lost=at.lost))
    notes.show(made.notes, quiet=quiet, verbose=verbose, models=False)
    notes.show_suspects(made.suspects, quiet=quiet)
    done = made.progress
    if not quiet:
        earlier = f", {done.resumed:,} of them by an earlier run" if done.resumed else ""
        print(f"pgx: {done.done:,} of {done.total:,} persons done{earlier}: {asked.out}", file=sys.stderr)
    if done.lost:
        print(f"pgx: {done.lost:,} results were lost: {asked.out / FAILURES}", file=sys.stderr)
        raise typer.Exit(notes.EXIT_LOST)
