"""``pgx monitor``: warfarin over time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pgx.cli import options as opt


@opt.reading(without=("outside_mode", "genes", "absent_is_reference", "copy_number"))
def monitor(
    values: Annotated[
        list[Path],
        typer.Argument(
            help="INRs and doses: clinical files in any supported format, or a table with the columns sample, date, "
            "dose (mg/week taken before that INR; 0 before the first one; daily_dose is in mg/day) and inr, and "
            "perhaps age and target_inr.",
            show_default=False,
        ),
        opt.Role.record,
    ],
    scores: Annotated[
        Path | None,
        typer.Option(help="Table of `pgx score` with warfarin.dose, as the dose to start from.", show_default=False),
    ] = None,
    calls: Annotated[
        Path | None, typer.Option(help="Table of `pgx call` with CYP2C9 and VKORC1.", show_default=False)
    ] = None,
    vcf: Annotated[
        list[Path] | None,
        typer.Option(help="Genotype file to call the two genes from. Repeatable.", show_default=False),
    ] = None,
    target: Annotated[
        float | None,
        typer.Option(
            help="INR aimed at, 1.5 to 4 [default: that of each person's record, or 2.5].", show_default=False
        ),
    ] = None,
    out: opt.Out = Path("-"),
    *,
    how: opt.How,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
) -> None:
    """Follow warfarin: what to do next, and the INR to come.

    Each row has the dose that is needed with its interval, the advice, the change of dose, the days until the next INR
    and a forecast of it. The model is that of Hamberg et al. 2010: age, CYP2C9 and VKORC1. What is not known of a
    person is averaged, and the flags say what is assumed. `pgx schema monitor` explains the columns and codes.
    """
    import pgx
    from pgx.cli.shown import notes

    opt.check_table(out)
    teller = notes.Teller(quiet=quiet, verbose=verbose)
    pgx.monitor(values, scores, calls=calls, vcf=vcf or (), target=target, options=how, out=out, on_notes=teller)
    teller.end()
