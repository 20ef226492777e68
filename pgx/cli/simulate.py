"""``pgx simulate``: made-up cohorts for trying things out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pgx.cli import options as opt


def simulate(
    endpoint: Annotated[str, typer.Argument(help="Endpoint, see `pgx models list`.", show_default=False)],
    n: Annotated[int, typer.Option("-n", help="Persons.")] = 1000,
    out: opt.Out = Path("-"),
    events: Annotated[int | None, typer.Option(help="Persons with the outcome, about.", show_default=False)] = None,
    effect: Annotated[float, typer.Option(help="1 = the published effects are true, 0 = they are nothing.")] = 1.0,
    shift: Annotated[float, typer.Option(help="Added to the log odds, or to the square root of the dose.")] = 0.0,
    covariate: Annotated[
        float, typer.Option(help="Effect of a laboratory value that the evidence does not know.")
    ] = 0.0,
    leak: Annotated[float, typer.Option(min=0.0, max=1.0, help="How far a gap gives the outcome away.")] = 0.0,
    nuisance: Annotated[int, typer.Option(min=0, help="Columns without meaning.")] = 0,
    sites: Annotated[int, typer.Option(min=1, help="Sites.")] = 1,
    site_sd: Annotated[float, typer.Option(min=0.0, help="How far sites differ.")] = 0.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed.")] = 1,
    truth: Annotated[
        bool, typer.Option("--truth", help="Add the column `truth`: each person's true risk, or the expected dose.")
    ] = False,
    knowledge: opt.Knowledge = None,
) -> None:
    """Draw a made-up cohort for testing; nothing trained on it says anything about patients."""
    from pgx import models, pipeline
    from pgx.models.evidence import endpoints
    from pgx.tables import write_table

    opt.check_table(out)
    world = models.Truth(
        prior_slope=effect, shift=shift, covariate=covariate, leak=leak, nuisance=nuisance, sites=sites, site_sd=site_sd
    )
    known = endpoints.get(pipeline.knowledge(knowledge or ()), endpoint)
    write_table(models.simulate(known, n, truth=world, events=events, seed=seed, tell=truth), out)
