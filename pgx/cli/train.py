"""``pgx train``: a site's own cohort to a model folder."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from pgx.cli import completion
from pgx.cli import options as opt

Outcome = Annotated[
    str | None,
    typer.Option(
        help="Column of the outcome: 0/1, or what was measured [default: outcome, or the endpoint's name].",
        show_default=False,
    ),
]
Person = Annotated[
    str | None,
    typer.Option(
        help="Column that identifies the person [default: person, sample, or a name such as patient_id].",
        show_default=False,
    ),
]
Site = Annotated[str | None, typer.Option(help="Column of the site [default: site].", show_default=False)]
Time = Annotated[str | None, typer.Option(help="Column of the date or time [default: time].", show_default=False)]
Ignore = Annotated[
    str | None, typer.Option(help="Columns to keep out of the features, separated by commas.", show_default=False)
]
AllColumns = Annotated[
    bool, typer.Option("--all-columns", help="Use every suitable column as a feature, beyond the endpoint's own.")
]
PopulationRisk = Annotated[
    float | None,
    typer.Option(help="Risk in the population, for a cohort sampled by outcome (case-control).", show_default=False),
]
Seed = Annotated[int, typer.Option(min=0, help="Random seed for folds and trees.")]


def progress(quiet: bool) -> Callable[[str], None]:
    """Return what shows progress: a line on a terminal, nothing elsewhere."""

    def show(text: str) -> None:
        if not quiet and sys.stderr.isatty():
            print(f"pgx: {text}", file=sys.stderr)

    return show


def train(
    endpoint: Annotated[
        str | None,
        typer.Argument(
            help="Endpoint, as in `pgx models list`.", show_default=False, autocompletion=completion.endpoint
        ),
    ] = None,
    cohort: Annotated[
        Path | None,
        typer.Option(
            help="Cohort table with features, outcome, and optionally person, site and time.", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Model folder to write.", show_default=False), opt.Role.folder
    ] = None,
    outcome: Outcome = None,
    person: Person = None,
    site: Site = None,
    time: Time = None,
    ignore: Ignore = None,
    population_risk: PopulationRisk = None,
    title: Annotated[str, typer.Option(help="Description of the cohort, for the model's card.")] = "",
    seed: Seed = 20261101,
    tune: Annotated[int, typer.Option(min=0, help="Number of tree settings to try (needs the extra 'tune').")] = 0,
    all_columns: AllColumns = False,
    template: Annotated[
        str | None,
        typer.Option(
            help="Print an example endpoint file and stop: dose, level, exposure, response or adverse_effect.",
            show_default=False,
        ),
    ] = None,
    knowledge: opt.Knowledge = None,
    quiet: opt.Quiet = False,
) -> None:
    """Train a model for an endpoint on a site's own cohort.

    The model is a weighted sum of candidates, from the published evidence alone to plain trees; the weights are those
    that best predict persons who were left out. Columns that give the outcome away are named as warnings. An endpoint
    of your own is a file: --template prints an example.
    """
    import pgx
    from pgx.errors import UsageError

    if template is not None:
        typer.echo(pgx.kb.endpoint_template(template), nl=False)
        return
    if endpoint is None or cohort is None or out is None:
        raise UsageError("pgx train needs an endpoint, --cohort TABLE and --out FOLDER; see pgx train --help")
    model = pgx.train(
        endpoint,
        cohort,
        out,
        outcome=outcome,
        person=person,
        site=site,
        time=time,
        ignore=ignore,
        all_columns=all_columns,
        population_risk=population_risk,
        title=title,
        seed=seed,
        tune=tune,
        knowledge=knowledge or (),
        say=progress(quiet),
    )
    for unused in [] if quiet else model.columns_not_used:
        print(f"pgx: not used: {unused}", file=sys.stderr)
    for warning in [] if quiet else model.facts["warnings"]:
        print(f"pgx: warning: {warning['code']}: {warning['message']}", file=sys.stderr)
    print(f"pgx: {model.identity}, {model.n} rows, in {out}", file=sys.stderr)
