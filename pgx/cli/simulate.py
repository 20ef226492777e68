"""``pgx simulate``: made-up cohorts for trying things out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pgx.cli import completion
from pgx.cli import options as opt


def simulate(
    endpoint: Annotated[
        str,
        typer.Argument(
            help="Endpoint, as in `pgx models list`.", show_default=False, autocompletion=completion.endpoint
        ),
    ],
    n: Annotated[int, typer.Option("-n", help="Number of persons.")] = 1000,
    out: opt.Out = Path("-"),
    events: Annotated[
        int | None, typer.Option(help="Approximate number of persons with the outcome.", show_default=False)
    ] = None,
    effect: Annotated[float, typer.Option(help="How true the published effects are: 1 = fully, 0 = not at all.")] = 1.0,
    shift: Annotated[
        float, typer.Option(help="Amount added to the log odds, or to the square root of the dose.")
    ] = 0.0,
    covariate: Annotated[
        float, typer.Option(help="Effect of a laboratory value that the published evidence leaves out.")
    ] = 0.0,
    leak: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="How strongly a missing value gives the outcome away.")
    ] = 0.0,
    nuisance: Annotated[int, typer.Option(min=0, help="Number of meaningless columns.")] = 0,
    sites: Annotated[int, typer.Option(min=1, help="Number of sites.")] = 1,
    site_sd: Annotated[float, typer.Option(min=0.0, help="Standard deviation of the differences between sites.")] = 0.0,
    seed: Annotated[int, typer.Option(min=0, help="Random seed; the same seed gives the same cohort.")] = 1,
    truth: Annotated[
        bool, typer.Option("--truth", help="Add the column `truth`: each person's true risk or expected dose.")
    ] = False,
    knowledge: opt.Knowledge = None,
) -> None:
    """Draw a made-up cohort for testing.

    The persons are invented: a model trained on them says nothing about patients.
    """
    import pgx

    opt.check_table(out)
    pgx.simulate(
        endpoint,
        n,
        events=events,
        effect=effect,
        shift=shift,
        covariate=covariate,
        leak=leak,
        nuisance=nuisance,
        sites=sites,
        site_sd=site_sd,
        seed=seed,
        truth=truth,
        knowledge=knowledge or (),
        out=out,
    )
