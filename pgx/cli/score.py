"""``pgx score``: the models' scores as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pgx.cli import completion
from pgx.cli import options as opt


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
    out: opt.Out = Path("-"),
    outside_calls: opt.OutsideCalls = None,
    *,
    how: opt.How,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
) -> None:
    """Predict doses and risks, with intervals and reasons.

    Each score names the evidence that it rests on, and whether it is usable.
    """
    import pgx
    from pgx.cli.shown import notes
    from pgx.errors import UsageError

    opt.check_table(out)
    if bool(vcf or sheet) == (features is not None):
        raise UsageError("pgx score needs either a VCF (or --sheet) or --features TABLE; see pgx score --help")
    teller = notes.Teller(quiet=quiet, verbose=verbose)
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
