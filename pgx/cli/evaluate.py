"""``pgx evaluate``: a model, or the training of an endpoint, on a cohort."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pgx.cli import completion
from pgx.cli import options as opt
from pgx.cli import train as shared


def evaluate(
    model: Annotated[
        str,
        typer.Argument(
            help="Model folder, or an endpoint whose training to evaluate.",
            show_default=False,
            autocompletion=completion.endpoint,
        ),
        opt.Role.perhaps,
    ],
    cohort: Annotated[
        Path,
        typer.Option(
            help="Cohort table with features, outcome, and optionally person, site and time.", show_default=False
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            help="Folder for all tables and plots; without it the overall table is printed.",
            show_default=False,
        ),
        opt.Role.folder,
    ] = None,
    outcome: shared.Outcome = None,
    person: shared.Person = None,
    site: shared.Site = None,
    time: shared.Time = None,
    ignore: shared.Ignore = None,
    population_risk: shared.PopulationRisk = None,
    all_columns: shared.AllColumns = False,
    repeats: Annotated[int, typer.Option(min=1, help="How many times to run the cross-validation.")] = 1,
    folds: Annotated[int, typer.Option(min=2, help="Number of folds.")] = 5,
    seed: shared.Seed = 20261101,
    knowledge: opt.Knowledge = None,
    quiet: opt.Quiet = False,
) -> None:
    """Validate a model, or the training of an endpoint, on a cohort.

    Compares it with the published evidence, a refitted equation, the simple rule, a linear model and a plain booster on
    the same folds, and says, with 95 % intervals, which of them it beats and which it does not.
    """
    import pgx
    from pgx.tables import write_table

    found = pgx.evaluate(
        model,
        cohort,
        outcome=outcome,
        person=person,
        site=site,
        time=time,
        ignore=ignore,
        population_risk=population_risk,
        all_columns=all_columns,
        repeats=repeats,
        folds=folds,
        seed=seed,
        out=out,
        knowledge=knowledge or (),
        say=shared.progress(quiet),
    )
    for line in [] if quiet else found.verdict:
        print(f"pgx: {line}", file=sys.stderr)
    if out is None:
        write_table(found.overall, Path("-"))
