"""Validation: the same folds for the product, the prior, a refitted equation, the simple rule and a plain booster."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.errors import InputError
from pgx.models.cohort import cohort, missing_codes, summary
from pgx.models.cohort.cohort import Cohort, Roles
from pgx.models.evaluation import baselines, measures
from pgx.models.evaluation import plots as drawing
from pgx.models.evaluation.baselines import Predicted
from pgx.models.evaluation.measures import Block, Evaluation
from pgx.models.evidence import baseline_levels, design, endpoints, plausible, uncounted
from pgx.models.evidence.endpoint import Endpoint
from pgx.models.evidence.links import measured
from pgx.models.fitting import fit, metrics, new_sites
from pgx.models.fitting.boost import Floats, Settings
from pgx.models.store.folder import Model
from pgx.models.training import train
from pgx.models.training.fit_cohort import probe_cohort

if TYPE_CHECKING:
    from pgx.knowledge import KnowledgeBase

__all__ = ["Evaluation", "evaluate", "learning_curve"]

Say = Callable[[str], None]
Split = NDArray[np.bool_]
"""True = tested. One entry a row."""
_MOST_SITES = 30
"""Sites beyond which several are left out at a time: a fit a site would take hours where there are hundreds."""
_STRANGERS = 0.1
"""Share of rows that may have taught a model that is applied as it is; a sketch tells it within a few per cent."""
_NO_TERMS = np.empty((0, 0)), np.empty(0)


def evaluate(
    model: Model | str,
    table: pl.DataFrame,
    kb: KnowledgeBase,
    *,
    roles: Roles | None = None,
    settings: Settings | None = None,
    repeats: int = 5,
    folds: int = 5,
    population_risk: float | None = None,
    plots: str | Path | None = None,
    say: Say = lambda text: None,
) -> Evaluation:
    """Evaluate a model, or the training of an endpoint, on a cohort.

    Parameters
    ----------
    model
        A model (also applied as it is, design ``external``), or an endpoint's name.
    table
        The cohort, as for `pgx.models.train`.
    kb
        Knowledge base.
    roles
        Which columns are what.
    settings
        How trees are grown.
    repeats, folds
        Repeated cross-validation by person.
    population_risk
        For a case-control cohort: the risk in the population. What is learned is moved there, as in training, and every
        measure but the AUC weighs cases and controls as the population has them.
    plots
        Folder for SVG plots; None draws nothing.
    say
        Called with progress.

    Raises
    ------
    InputError
        If the cohort cannot be used, or is too small for the folds.
    UsageError
        If the endpoint is unknown, or the population risk is not one.
    """
    endpoint = model.endpoint if isinstance(model, Model) else endpoints.get(kb, model)
    endpoint = replace(endpoint, baseline_levels=baseline_levels.of(endpoint, kb), uncounted=uncounted.of(endpoint, kb))
    train.check_risk(endpoint, population_risk)
    settings = settings or Settings()
    features = model.features if isinstance(model, Model) else None
    group = model.group if isinstance(model, Model) else ""
    table, impossible = _of_possible_persons(table, design.columns(endpoint, features or ()), kb)
    given = [table]
    del table  # a large one must not stand beside its arrays
    whole = baselines.read_whole(endpoint, group)
    taken = cohort.load(given.pop(), endpoint, roles or Roles(), features, kb, whole)
    taken = baselines.slim(taken, endpoint, group)
    if len(np.unique(taken.data.groups)) < 2 * folds:
        raise InputError(f"{len(np.unique(taken.data.groups))} persons are too few for {folds} folds",
                         where="cohort", fix="give more persons or fewer folds")  # fmt: skip
    weight = None if population_risk is None else metrics.weights_to(taken.data.y, population_risk)
    probes = probe_cohort(taken, settings.seed)
    task = _Task(endpoint, taken, settings, population_risk, weight, say)
    blocks, skipped = [], list[str]()
    taught = _taught(model, taken) if isinstance(model, Model) else 0.0
    if isinstance(model, Model) and taught < _STRANGERS:
        blocks.append(_as_it_is(model, task))
    elif isinstance(model, Model):
        skipped.append(f"the model as it is, for about {taught:.0%} of these rows taught it; the folds teach it again "
                       "without those that they test")  # fmt: skip
    for name, splits in _designs(taken, endpoint, repeats, folds, settings.seed):
        say(f"{name}: {sum(len(one) for one in splits)} splits")
        try:
            blocks.append(_run(name, task, splits))
        except InputError as error:
            if name == "person":
                raise
            skipped.append(str(error))
    # The features have done their part: what is measured now takes their place in memory.
    taken = replace(taken, data=replace(taken.data, x=np.empty((0, 0), np.float32)), prior=design.bare(*_NO_TERMS))
    del task
    found = measures.assemble(endpoint, taken, blocks, probes, weight)
    told = tuple(message for _, message in (*impossible, *taken.remarks))
    told += tuple(f"not evaluated: {text}" for text in skipped)
    found = replace(found, verdict=(*found.verdict, *told))
    if plots is not None:
        drawing.write(found, endpoint, Path(plots))
    return found


def _of_possible_persons(
    table: pl.DataFrame, read: Sequence[str], kb: KnowledgeBase
) -> tuple[pl.DataFrame, list[tuple[str, str]]]:
    """Leave out rows with a value that is read and that no person can have: no score is given of them either.

    A code for "not known" is none of these. Return what stays, and code and sentence of each column.
    """
    allowed = plausible.limits([name for name in read if name in table.columns], kb)
    if not plausible.found(table, allowed):
        return table, []
    tally = missing_codes.Tally()
    tally.add(table.select(list(allowed)))
    known = missing_codes.clean(table.select(list(allowed)), tally.found())
    marked = plausible.keep_out(known, allowed, mark=True).select(pl.col(f"^{re.escape(plausible.MARK)}.*$"))
    odd = marked.select(pl.any_horizontal(pl.all())).to_series() if marked.width else pl.Series([False])
    return table.filter(~odd), plausible.said(plausible.found(known, allowed), allowed, scored=True)


def learning_curve(
    endpoint: Endpoint,
    table: pl.DataFrame,
    sizes: Sequence[int],
    *,
    roles: Roles | None = None,
    settings: Settings | None = None,
    repeats: int = 10,
    held_out: int = 1000,
) -> pl.DataFrame:
    """Measure every method after teaching it with few or many rows: ``n`` and one mean loss a method.

    Parameters
    ----------
    endpoint, table, roles, settings
        As for `evaluate`.
    sizes
        Numbers of rows to teach with.
    repeats
        Random divisions a size; `held_out` other rows are predicted in each.
    """
    settings = settings or Settings()
    taken = cohort.load(table, endpoint, roles or Roles())
    rng, n = np.random.default_rng(settings.seed), len(taken.data.y)
    rows = []
    for size in sizes:
        found: dict[str, list[float]] = {}
        for _ in range(repeats):
            order = rng.permutation(n)
            learn, test = np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
            learn[order[:size]], test[order[n - held_out :]] = True, True
            learn &= ~test
            with baselines.parted(taken, learn, test) as (here, there):
                one = baselines.fitted(endpoint, here, there, settings, None, sites=False)
            for method, margin in one.margins.items():
                found.setdefault(method, []).append(measures.loss(endpoint, taken.data.y[test], margin))
        rows.append({"n": size} | {method: float(np.mean(values)) for method, values in found.items()})
    return pl.DataFrame(rows)


@dataclass(frozen=True, slots=True)
class _Task:
    """What stays the same over all folds."""

    endpoint: Endpoint
    taken: Cohort
    settings: Settings
    population_risk: float | None
    weight: Floats | None
    say: Say


@dataclass(slots=True)
class _Gathered:
    """The predictions of one design, put in their places as its folds are done.

    Parameters
    ----------
    task
        What is evaluated.
    margins, inside, new
        Method (or none) -> one float64 (n,) a repeat, NaN where nothing was tested: as of `Predicted`.
    losses
        Method -> one loss a fold.
    shares
        Rows tested over rows learned from, of each fold.
    """

    task: _Task
    margins: dict[str, list[Floats]] = field(default_factory=dict)
    losses: dict[str, list[float]] = field(default_factory=dict)
    inside: list[Floats] = field(default_factory=list)
    new: list[Floats] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)

    def add(self, repeat: int, test: Split, learned: int, found: Predicted) -> None:
        """Add a tested part: its repeat, its rows, the number of rows learned from, and what was predicted."""
        y, weight = self.task.taken.data.y[test], None if self.task.weight is None else self.task.weight[test]
        for method, margin in found.margins.items():
            self._row(self.margins.setdefault(method, []), repeat)[test] = margin
            self.losses.setdefault(method, []).append(measures.loss(self.task.endpoint, y, margin, weight))
        self._row(self.inside, repeat)[test], self._row(self.new, repeat)[test] = found.inside, found.inside_new
        if learned:
            self.shares.append(float(test.sum()) / learned)

    def block(self, name: str) -> Block:
        """Return all that was added."""
        for rows in self.margins.values():
            self._row(rows, len(self.inside) - 1)
        share = float(np.mean(self.shares)) if self.shares else float("nan")
        inside, new = measures.mean_of(self.inside), measures.mean_of(self.new)
        return Block(name, self.margins, self.losses, share, inside, new)

    def _row(self, rows: list[Floats], repeat: int) -> Floats:
        while len(rows) <= repeat:
            rows.append(np.full(len(self.task.taken.data.y), np.nan))
        return rows[repeat]


def _designs(
    taken: Cohort, endpoint: Endpoint, repeats: int, folds: int, seed: int
) -> Iterator[tuple[str, list[list[tuple[Split, Split]]]]]:
    """Yield each design's name and its repeats, each a list of (learn, test)."""
    people = fit.split(taken.data.y, taken.data.groups, endpoint.link, folds, repeats, seed + 1)
    yield "person", [[(row != fold, row == fold) for fold in np.unique(row)] for row in people]
    if taken.site is not None and len(np.unique(taken.site)) > 1:
        left = taken.site if len(np.unique(taken.site)) <= _MOST_SITES else new_sites.folds(taken.site, _MOST_SITES)
        yield "site", [[(left != one, left == one) for one in np.unique(left)]]
    if taken.time is not None and np.isfinite(taken.time).sum() > 50:
        cuts = np.nanquantile(taken.time, [0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
        forward = [(taken.time <= a, (taken.time > a) & (taken.time <= b)) for a, b in pairwise(cuts)]
        yield "time", [[(before, after) for before, after in forward if after.any()]]


def _taught(model: Model, taken: Cohort) -> float:
    training = model.facts["training"]
    return summary.shared(training.get("sketch", ()), int(training["n"]), taken)


def _as_it_is(model: Model, task: _Task) -> Block:
    done = _Gathered(task)
    done.add(
        0, np.ones(len(task.taken.data.y), dtype=np.bool_), 0, baselines.as_it_is(model, task.taken, task.settings.seed)
    )
    return done.block(measures.EXTERNAL)


def _predicted(task: _Task, learn: Split, test: Split, *, sites: bool) -> Predicted:
    with baselines.parted(task.taken, learn, test) as (here, there):
        return baselines.fitted(task.endpoint, here, there, task.settings, task.population_risk, sites=sites)


def _run(name: str, task: _Task, repeats: list[list[tuple[Split, Split]]]) -> Block:
    taken, done = task.taken, _Gathered(task)
    for number, splits in enumerate(repeats):
        for outside, test in splits:
            # A person who is tested must not have taught, whatever the design.
            learn = outside & ~np.isin(taken.data.groups, taken.data.groups[test])
            if not learn.any() or np.ptp(taken.data.y[learn]) == 0:
                continue
            done.add(number, test, int(learn.sum()), _predicted(task, learn, test, sites=name == "site"))
        task.say(f"{name}: repeat {number + 1} of {len(repeats)}")
    if not done.losses:
        level = measured(task.endpoint.link)
        raise InputError(f"no split has {'values that differ' if level else 'both outcomes'} to learn from",
                         where=f"design {name}", fix="check the outcome" if level else "give more events")  # fmt: skip
    return done.block(name)
