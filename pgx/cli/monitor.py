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
    scores: Annotated[Path, typer.Option(help="Table of `pgx score` that includes warfarin.dose.", show_default=False)],
    target: Annotated[float, typer.Option(help="Target INR.")] = 2.5,
    out: opt.Out = Path("-"),
) -> None:
    """Update a predicted warfarin dose with each INR.

    Each row says what to do next: the advice, the change of dose, and the days until the next INR.
    """
    import pgx

    opt.check_table(out)
    pgx.monitor(values, scores, target=target, out=out)
