"""``pgx report``: the main job."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pgx.cli import completion
from pgx.cli import options as opt
from pgx.errors import UsageError

if TYPE_CHECKING:
    from pgx.cohort.person_pages import Made

FORMATS = ("text", "html", "pdf", "json", "tsv", "parquet", "fhir", "leaflet", "card", "plan", "multiqc")
DEFAULT = "text,json,tsv,html"
PSEUDONYMOUS = "json,tsv"


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
        bool, typer.Option("--no-print", help="Do not print the reports: write them only (with -o).")
    ] = False,
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
    from pgx.cli.shown import notes
    from pgx.pipeline import lexicon_of
    from pgx.reports import render_text

    opt.check_given(vcf, sheet)
    default = DEFAULT if pseudonymize is None else PSEUDONYMOUS
    chosen = opt.choices("--format", default if formats is None else formats, FORMATS)
    if pseudonymize is not None and out is None:
        raise UsageError("--pseudonymize writes files: say where with -o FOLDER")
    if formats is not None and out is None and chosen != ["text"]:
        raise UsageError(f"--format {formats} writes files: say where with -o FOLDER (text is printed without)")
    if no_print and out is None:
        raise UsageError("--no-print without -o would show nothing: name a folder")
    if no_print and out is not None and sheet is None and pseudonymize is None and medications is None:
        from pgx.cohort import person_pages

        if person_pages.suits(vcf or (), out, chosen, clinical or (), outside_calls or (), how):
            made = partial(person_pages.make, vcf or (), out, chosen, drugs=drugs, options=how)
            _many(made, clinical or (), outside_calls or (), out, quiet=quiet, verbose=verbose)
            return
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
    lexicon = lexicon_of(how)
    notes.show_suspects(result.suspects, quiet=quiet)
    for sample in () if no_print or pseudonymize else result.samples:
        render = render_text(result, sample, lexicon)
        typer.echo(render, nl=not render.endswith("\n"))
    notes.end(result.notes)


def _many(
    make: Callable[..., Made], clinical: Sequence[Path], outside_calls: Sequence[Path], out: Path,
    *, quiet: bool, verbose: bool,
) -> None:  # fmt: skip
    """Write the pages of many persons in blocks, and show how far that is."""
    from pgx.cli.shown import notes
    from pgx.cli.shown.progress import steps
    from pgx.cohort.finish import FAILURES

    with steps("persons", quiet=quiet) as progress:
        made = make(
            clinical=clinical, outside_calls=outside_calls,
            on_progress=lambda at: progress.step(at.done, at.total, lost=at.lost),
        )  # fmt: skip
    notes.show(made.notes, quiet=quiet, verbose=verbose, models=False)
    notes.show_suspects(made.suspects, quiet=quiet)
    done = made.progress
    if not quiet:
        earlier = f", {done.resumed:,} of them by an earlier run" if done.resumed else ""
        print(f"pgx: {done.done:,} of {done.total:,} persons done{earlier}: {out}", file=sys.stderr)
    if done.lost:
        print(f"pgx: {done.lost:,} results were lost: {out / FAILURES}", file=sys.stderr)
        raise typer.Exit(notes.EXIT_LOST)
