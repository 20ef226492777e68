"""``pgx score``: the models' scores as a table."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pgx.cli import completion
from pgx.cli import options as opt

USUAL_MATCH = 0.75
"""Least match rate unless the user says otherwise: that of `pgx.score_polygenic`, whose module is slow to load."""


class Ambiguous(StrEnum):
    """What is done with variants that read the same on both strands."""

    drop = "drop"
    forward = "forward"


@opt.reading(without=("genes",))
def score(
    vcf: opt.MaybeVcfs = None,
    sheet: opt.Sheet = None,
    clinical: opt.Clinical = None,
    features: Annotated[
        Path | None,
        typer.Option(
            help="Score this table of `pgx features` (.parquet, .tsv, .csv) instead of a VCF.", show_default=False
        ),
    ] = None,
    endpoint: Annotated[
        list[str] | None,
        typer.Option(
            "--endpoint",
            "-e",
            help="Endpoint to score. Repeatable [default: all].",
            show_default=False,
            autocompletion=completion.endpoint,
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(help="Folder of a model, or of several, to use before the shipped ones.", show_default=False),
    ] = None,
    pgs: Annotated[
        list[Path] | None,
        typer.Option(
            help="Compute the polygenic score of this scoring file of the PGS Catalog instead of the models. "
            "Repeatable.",
            show_default=False,
        ),
    ] = None,
    ambiguous: Annotated[
        Ambiguous, typer.Option(help="With --pgs: leave A/T and C/G variants out, or take them for forward strand.")
    ] = Ambiguous.drop,
    min_match: Annotated[
        float, typer.Option(help="With --pgs: share of a score's variants that must be genotyped, 0 to 1.")
    ] = USUAL_MATCH,
    variants: Annotated[
        Path | None,
        typer.Option(help="With --pgs: also write what became of every variant of the score.", show_default=False),
        opt.Role.output,
    ] = None,
    out: opt.Out = Path("-"),
    outside_calls: opt.OutsideCalls = None,
    *,
    how: opt.How,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
) -> None:
    """Predict doses and risks, with intervals and reasons.

    Each score names the evidence that it rests on, and whether it is usable. With --pgs, computes polygenic scores
    instead: sums of published weights, which are not risks.
    """
    import pgx
    from pgx.cli.shown import notes
    from pgx.errors import UsageError

    opt.check_table(out)
    if pgs is None and (variants is not None or ambiguous is not Ambiguous.drop or min_match != USUAL_MATCH):
        raise UsageError("--variants, --ambiguous and --min-match are about polygenic scores; give --pgs FILE as well")
    teller = notes.Teller(quiet=quiet, verbose=verbose)
    if pgs is not None:
        unused = {"--sheet": sheet, "--features": features, "--endpoint": endpoint, "--model": model,
                  "--clinical": clinical, "--outside-calls": outside_calls}  # fmt: skip
        if not vcf or (given := [name for name, value in unused.items() if value]):
            raise UsageError("--pgs needs a VCF" if not vcf else f"--pgs makes no use of {given[0]}; leave it out")
        for table in [] if variants is None else [variants]:
            opt.check_table(table)
        pgx.score_polygenic(
            vcf,
            pgs,
            ambiguous=ambiguous.value,
            min_match=min_match,
            options=how,
            out=out,
            variants=variants,
            on_notes=teller,
        )
        teller.end()
        return
    if bool(vcf or sheet) == (features is not None):
        raise UsageError("pgx score needs either a VCF (or --sheet) or --features TABLE; see pgx score --help")
    pgx.score(
        vcf or None,
        sheet=sheet,
        clinical=clinical or (),
        outside_calls=outside_calls or (),
        features=features,
        endpoints=endpoint,
        model=model,
        options=how,
        out=out,
        on_notes=teller,
    )
    teller.end()
