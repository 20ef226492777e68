"""One public call a command: `train`, `evaluate`, `simulate` and `exposure`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import polars as pl

from pgx import models
from pgx.errors import UsageError
from pgx.inputs import knowledge as base
from pgx.inputs import model_files
from pgx.io import check_outputs, reading, table_files, write_bytes
from pgx.models.cohort.tables import read
from pgx.models.evaluation import measures, plots
from pgx.models.evidence import endpoints
from pgx.models.exposure import diplotype_scores, prediction
from pgx.models.exposure.plot import svg
from pgx.models.fitting.boost import Settings
from pgx.options import Names, PathLike, Paths, names_of, paths_of
from pgx.tables import write_table

SEED = 20261101
Table = PathLike | pl.DataFrame
"""A frame, or the file of one (``.parquet``, ``.tsv``, ``.csv`` or ``.json``)."""
Say = Callable[[str], None]


def train(
    endpoint: str,
    cohort: Table,
    out: PathLike | None = None,
    *,
    outcome: str | None = None,
    person: str | None = None,
    site: str | None = None,
    time: str | None = None,
    ignore: Names | None = None,
    all_columns: bool = False,
    population_risk: float | None = None,
    title: str = "",
    seed: int = SEED,
    tune: int = 0,
    knowledge: Paths = (),
    say: Say | None = None,
) -> models.Model:
    """Train a model of an endpoint on a cohort, starting from the published evidence.

    Parameters
    ----------
    endpoint
        Name of the endpoint; `pgx.kb.endpoints` lists them.
    cohort
        Features, outcome, and optionally person, site and time: one row an observation.
    out
        Model folder to write; None writes nothing.
    outcome, person, site, time
        Columns with these roles; None = ``outcome`` or the endpoint's name, ``person`` or ``sample``, ``site``,
        ``time``. The outcome is 0/1, or what was measured in the endpoint's unit.
    ignore
        Columns that must not become features.
    all_columns
        Let every usable column become a feature, not only the endpoint's own.
    population_risk
        Risk in the population, 0 to 1, if the cohort was sampled by outcome (case-control).
    title
        What the cohort is, for the card.
    seed
        Seed of folds and trees.
    tune
        Tries of a search for better settings of the trees (needs the extra ``tune``).
    knowledge
        Folders of site tables laid over the knowledge base.
    say
        Called with progress.

    Returns
    -------
    Model
        The model as it is in the folder; `facts` are its card, with warnings.

    Raises
    ------
    InputError
        If the cohort cannot be used.
    UsageError
        If the endpoint or a role is unknown, or the folder holds an input.

    Examples
    --------
    >>> import pgx
    >>> cohort = pgx.simulate("clopidogrel.mace", 300, events=60, seed=1)
    >>> pgx.train("clopidogrel.mace", cohort).n
    300
    """
    roles = models.Roles(outcome, person, site, time, tuple(names_of(ignore) or ()), all_columns)
    with reading(_files(cohort, *paths_of(knowledge))):
        return models.train(
            endpoint,
            cohort,
            None if out is None else Path(out),
            base(knowledge),
            roles=roles,
            population_risk=population_risk,
            settings=Settings(seed=seed),
            tune=tune,
            title=title,
            say=say or _silent,
        )


def evaluate(
    model: PathLike,
    cohort: Table,
    *,
    outcome: str | None = None,
    person: str | None = None,
    site: str | None = None,
    time: str | None = None,
    ignore: Names | None = None,
    all_columns: bool = False,
    population_risk: float | None = None,
    repeats: int = 1,
    folds: int = 5,
    seed: int = SEED,
    out: PathLike | None = None,
    knowledge: Paths = (),
    say: Say | None = None,
) -> models.Evaluation:
    """Evaluate a model, or the training of an endpoint, beside its rivals on the same folds.

    The rivals: the published evidence alone, a refitted equation, the simple rule, a linear model, a plain booster.

    Parameters
    ----------
    model
        Model folder, or the name of an endpoint whose training is evaluated.
    cohort, outcome, person, site, time, ignore, all_columns, population_risk, seed, knowledge, say
        As for `train`; a model keeps its own features where all columns are asked for.
    repeats, folds
        Repeated cross-validation by person.
    out
        Folder for all tables and plots; None writes nothing.

    Returns
    -------
    Evaluation
        Tables of every measure (`overall` first) and a verdict in sentences.

    Raises
    ------
    InputError
        If the cohort cannot be used, or has fewer than two persons a fold.
    UsageError
        If the model or endpoint is unknown, or an output is an input.

    Examples
    --------
    >>> import pgx
    >>> cohort = pgx.simulate("clopidogrel.mace", 200, events=60, seed=1)
    >>> found = pgx.evaluate("clopidogrel.mace", cohort, folds=2)
    >>> "person" in found.overall["design"].to_list()
    True
    """
    folder = Path(model)
    if not folder.is_dir() and len(folder.parts) > 1:
        raise UsageError(f"{model}: no such model folder")
    kept = None if out is None else Path(out)
    # The folder itself: a model has plots of the same names.
    own = [*model_files(folder), folder] if folder.is_dir() else []
    with reading([*_files(cohort, *paths_of(knowledge)), *own]):
        if kept is not None:
            check_outputs([*(kept / f"{name}.tsv" for name in measures.TABLES), *(kept / name for name in plots.FILES)])
        found = models.evaluate(
            models.read(folder) if folder.is_dir() else str(model),
            _frame(cohort),
            base(knowledge),
            roles=models.Roles(outcome, person, site, time, tuple(names_of(ignore) or ()), all_columns),
            settings=Settings(seed=seed),
            repeats=repeats,
            folds=folds,
            population_risk=population_risk,
            plots=kept,
            say=say or _silent,
        )
        for name, table in found.tables().items() if kept is not None else ():
            if kept is not None and table.width:
                write_table(table, kept / f"{name}.tsv")
    return found


def simulate(
    endpoint: str,
    n: int = 1000,
    *,
    events: int | None = None,
    effect: float = 1.0,
    shift: float = 0.0,
    covariate: float = 0.0,
    leak: float = 0.0,
    nuisance: int = 0,
    sites: int = 1,
    site_sd: float = 0.0,
    seed: int = 1,
    truth: bool = False,
    knowledge: Paths = (),
    out: PathLike | None = None,
) -> pl.DataFrame:
    """Draw a made-up cohort for testing; a model trained on it says nothing about patients.

    Parameters
    ----------
    endpoint
        Endpoint whose population and evidence the made-up world starts from.
    n
        Persons.
    events
        Persons with the outcome, about; None = as many as the truth gives.
    effect
        1 = the published effects are true, 0 = they are nothing.
    shift
        Added to the log odds, or to the square root of the dose.
    covariate
        Effect of one standard deviation of a laboratory value that the evidence does not know.
    leak
        Chance, 0 to 1, that a gap gives the outcome away.
    nuisance
        Columns without meaning.
    sites, site_sd
        Number of sites, and the standard deviation of the shifts between them.
    seed
        Seed; the same seed gives the same table.
    truth
        Add the column ``truth``: each person's true risk, or the expected dose.
    knowledge, out
        As for `train`; `out` is one table.

    Returns
    -------
    polars.DataFrame
        ``person``, ``site``, the endpoint's columns, ``clinical.*``, ``lab.*`` and ``outcome``: n rows.

    Raises
    ------
    UsageError
        If the endpoint is unknown, or a number cannot be used.

    Examples
    --------
    >>> import pgx
    >>> pgx.simulate("warfarin.dose", 50, seed=3).height
    50
    """
    world = models.Truth(
        prior_slope=effect, shift=shift, covariate=covariate, leak=leak, nuisance=nuisance, sites=sites, site_sd=site_sd
    )
    _check(out, [Path(one) for one in paths_of(knowledge)])
    known = endpoints.get(base(knowledge), endpoint)
    return _written(models.simulate(known, n, truth=world, events=events, seed=seed, tell=truth), out)


def _frame(table: Table) -> pl.DataFrame:
    return table if isinstance(table, pl.DataFrame) else read(table)


def _files(*tables: Table) -> list[Path]:
    return [Path(table) for table in tables if not isinstance(table, pl.DataFrame)]


def _check(out: PathLike | None, inputs: Iterable[Path]) -> None:
    check_outputs(table_files(out), inputs)


def _written(frame: pl.DataFrame, out: PathLike | None) -> pl.DataFrame:
    if out is not None:
        write_table(frame, out)
    return frame


def _silent(text: str) -> None:
    """Show no progress."""


def exposure(
    drug: str,
    *,
    genotype: Mapping[str, str] | None = None,
    agents: Sequence[str] = (),
    shares: Mapping[str, float] | None = None,
    plot: PathLike | None = None,
    out: PathLike | None = None,
    knowledge: Paths = (),
) -> pl.DataFrame:
    """Predict how genotype and other drugs change the exposure (AUC) of a drug.

    Parameters
    ----------
    drug
        Its name; without `shares` one of which it is known which enzymes clear it.
    genotype
        Gene -> diplotype (``*4/*4``) or activity score; None or empty = a row for each activity score.
    agents
        Inhibitors and inducers that are taken with it.
    shares
        Enzyme -> share of the drug's clearance, for a new drug, or in place of what is known.
    plot
        SVG file to draw the ratios to.
    out
        Table to write (``.tsv``, ``.parquet`` or ``.json``); ``-`` = standard output.
    knowledge
        Overlays of the knowledge base.

    Returns
    -------
    polars.DataFrame
        `pgx.schema.EXPOSURE`: ratio, interval, and what they rest on.

    Raises
    ------
    UsageError
        If a name, a genotype or a share is not understood.

    Examples
    --------
    >>> import pgx
    >>> pgx.exposure("metoprolol", genotype={"CYP2D6": "*4/*4"})["genotype"].item().to_list()
    ['CYP2D6=0']
    """

    if out is not None or plot is not None:
        check_outputs([*([plot] if plot is not None else []), *table_files(out)])
    kb = base(knowledge)
    given = prediction.shares_of(kb, shares or {})
    frame = prediction.exposure(
        drug if given else prediction.named(kb, drug),
        kb,
        scores=diplotype_scores.scores_of(kb, genotype) if genotype else None,
        agents=[prediction.named(kb, agent) for agent in agents],
        shares=given,
    )
    if plot is not None:
        write_bytes(plot, svg(frame).encode())
    if out is not None:
        write_table(frame, out, {"knowledge": kb.version})
    return frame
