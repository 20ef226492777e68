"""``pgx evaluate``: a model, or the training of an endpoint, on a cohort."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pgx.cli import options as opt
from pgx.cli import train as shared


def evaluate(
    model: Annotated[
        str,
        typer.Argument(help="Model folder, or an endpoint whose training is evaluated.", show_default=False),
        opt.Role.perhaps,
    ],
    cohort: Annotated[Path, typer.Option(help="Cohort table: features, outcome, person, site.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option(
            "-o", "--out", help="Folder for all tables and plots [default: overall table only].", show_default=False
        ),
        opt.Role.folder,
    ] = None,
    outcome: shared.Outcome = None,
    person: shared.Person = None,
    site: shared.Site = None,
    time: shared.Time = None,
    ignore: shared.Ignore = None,
    population_risk: shared.PopulationRisk = None,
    repeats: Annotated[int, typer.Option(min=1, help="Repeats of the cross-validation by person.")] = 1,
    folds: Annotated[int, typer.Option(min=2, help="Folds.")] = 5,
    seed: shared.Seed = 20261101,
    resume: Annotated[
        bool, typer.Option(help="Go on with the folds that a run that was cut off left in the folder of -o.")
    ] = False,
    knowledge: opt.Knowledge = None,
    quiet: opt.Quiet = False,
) -> None:
    """Compare with the prior, a refitted equation, the simple rule and a plain booster, on the same folds.

    Finished folds are kept in the folder of -o until the evaluation is complete; with --resume they are not done again.
    """
    from pgx import models, pipeline
    from pgx.errors import UsageError
    from pgx.io import check_outputs
    from pgx.models.cohort.tables import read
    from pgx.models.evaluation import measures, plots
    from pgx.models.fitting import work
    from pgx.models.fitting.boost import Settings
    from pgx.tables import write_table

    if resume and out is None:
        raise UsageError("--resume needs -o: finished folds are kept in that folder")
    if not Path(model).is_dir() and len(Path(model).parts) > 1:
        raise UsageError(f"{model}: no such model folder")
    if out is not None:
        check_outputs([*(out / f"{name}.tsv" for name in measures.TABLES), *(out / name for name in plots.FILES)])

    roles = models.Roles(outcome, person, site, time, tuple(opt.split(ignore) or ()))
    found = models.evaluate(
        models.read(Path(model)) if Path(model).is_dir() else model,
        read(cohort),
        pipeline.knowledge(knowledge or ()),
        roles=roles,
        settings=Settings(seed=seed),
        repeats=repeats,
        folds=folds,
        population_risk=population_risk,
        plots=out,
        keep=None if out is None else out / work.FOLDER,
        resume=resume,
        say=shared.progress(quiet),
    )
    for line in [] if quiet else found.verdict:
        print(f"pgx: {line}", file=sys.stderr)
    if out is None:
        write_table(found.overall, Path("-"))
        return
    for name, table in found.tables().items():
        if table.width:
            write_table(table, out / f"{name}.tsv")
