"""``pgx monitor``: warfarin over time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pgx.cli import options as opt


def monitor(
    values: Annotated[
        Path,
        typer.Argument(
            help="INR values: columns sample, date, dose (mg/week taken before that INR; 0 before the first one), inr.",
            show_default=False,
        ),
    ],
    scores: Annotated[Path, typer.Option(help="Table of `pgx score` with warfarin.dose.", show_default=False)],
    target: Annotated[float, typer.Option(help="INR aimed at.")] = 2.5,
    out: opt.Out = Path("-"),
) -> None:
    """Update the predicted warfarin dose with each INR, and say what to do next."""
    from pgx import models
    from pgx.errors import InputError
    from pgx.models.cohort.tables import read
    from pgx.models.warfarin_inr import starts_of
    from pgx.tables import write_table

    opt.check_table(out)
    table, starts = read(values), starts_of(read(scores))
    try:
        followed = models.monitor(table, starts, target=target)
    except InputError as error:
        raise InputError(error.problem, file=values, where=error.where, fix=error.fix) from error
    write_table(followed, out)
