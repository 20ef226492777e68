"""``pgx train``: a site's own cohort to a model folder."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from pgx.cli import options as opt

Outcome = Annotated[
    str | None,
    typer.Option(
        help="Outcome column: 0/1, or the dose [default: outcome, or the endpoint's name].", show_default=False
    ),
]
Person = Annotated[
    str | None, typer.Option(help="Column that says whose row it is [default: person, sample].", show_default=False)
]
Site = Annotated[str | None, typer.Option(help="Column of the site [default: site].", show_default=False)]
Time = Annotated[str | None, typer.Option(help="Column of the date or time [default: time].", show_default=False)]
Ignore = Annotated[
    str | None, typer.Option(help="Columns that must not become features, joined by commas.", show_default=False)
]
AllColumns = Annotated[
    bool, typer.Option("--all-columns", help="Let every usable column become a feature, not only the endpoint's own.")
]
PopulationRisk = Annotated[
    float | None,
    typer.Option(
        help="Risk in the population, if the cohort was sampled by outcome (case-control).", show_default=False
    ),
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of folds and trees.")]


def progress(quiet: bool) -> Callable[[str], None]:
    """Return what shows progress: a line on a terminal, nothing elsewhere."""

    def show(text: str) -> None:
        if not quiet and sys.stderr.isatty():
            print(f"pgx: {text}", file=sys.stderr)

    return show


def train(
    endpoint: Annotated[str, typer.Argument(help="Endpoint, see `pgx models list`.", show_default=False)],
    cohort: Annotated[Path, typer.Option(help="Cohort table: features, outcome, person, site.", show_default=False)],
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Model folder to write.", show_default=False), opt.Role.folder
    ],
    outcome: Outcome = None,
    person: Person = None,
    site: Site = None,
    time: Time = None,
    ignore: Ignore = None,
    population_risk: PopulationRisk = None,
    title: Annotated[str, typer.Option(help="What the cohort is, for the card.")] = "",
    seed: Seed = 20261101,
    tune: Annotated[
        int, typer.Option(min=0, help="Tries of a search for better settings of the trees (needs the extra `tune`).")
    ] = 0,
    all_columns: AllColumns = False,
    knowledge: opt.Knowledge = None,
    quiet: opt.Quiet = False,
) -> None:
    """Train a model on top of the published evidence; never worse than it by design, and it says what leaks."""
    from pgx import models, pipeline
    from pgx.models.fitting.boost import Settings
    from pgx.models.training.train import train as run

    roles = models.Roles(outcome, person, site, time, tuple(opt.split(ignore) or ()), all_columns)
    model = run(
        endpoint,
        cohort,
        out,
        pipeline.knowledge(knowledge or ()),
        roles=roles,
        population_risk=population_risk,
        settings=Settings(seed=seed),
        tune=tune,
        title=title,
        say=progress(quiet),
    )
    for warning in [] if quiet else model.facts["warnings"]:
        print(f"pgx: warning: {warning['code']}: {warning['message']}", file=sys.stderr)
    print(f"pgx: {model.identity}, {model.n} rows, in {out}", file=sys.stderr)
