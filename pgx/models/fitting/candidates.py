"""What a cohort may teach: candidates from the prior alone to plain trees, each tuned on persons that it has not seen.

==================  =====================================================================================
candidate           margin
==================  =====================================================================================
``prior``           the published evidence as it is
``base_rate``       the same for everybody
``intercept``       the prior, moved
``slope``           the prior, moved and stretched
``ridge``           the same, and a weight for each feature, drawn to 0 by a precision
``plain_ridge``     the base rate, and such weights: no prior
``boosted``         trees on top of ``slope``
``boosted_ridge``   trees on top of ``ridge``
``plain_booster``   trees on top of the base rate, free to go any way
==================  =====================================================================================

A candidate has variants (precisions, depths, numbers of trees). All variants are fitted in every fold of one
cross-validation; which one speaks for the rows of a fold is decided by the other folds, so that the choice is paid for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgx.models.evidence.links import natural
from pgx.models.fitting import boost, linear
from pgx.models.fitting.boost import Floats, Matrix, Settings
from pgx.models.fitting.linear import Data, Linear

PRECISIONS = (0.01, 0.1, 1.0, 10.0, 100.0, 1e3, 1e4, 1e5)
"""Of a ridge's weights; the last one leaves nothing of them."""
SIMPLE = ("prior", "base_rate", "intercept", "slope")
RIDGES = ("ridge", "plain_ridge")
BASE = {"boosted": "slope", "boosted_ridge": "ridge", "plain_booster": "base_rate"}
"""Candidate with trees -> what they correct."""
_FEW, _MANY = 400, 20_000
"""Rows below which deep trees, and from which on all but a few variants, are not tried."""
_MOST_OF_FEW = 80
"""Largest number of trees that is tried where rows are few."""
_PARALLEL = 100_000
"""Cells from which on two folds are fitted at a time."""
_ALONE = 8_000_000
"""Cells from which on trees are grown for one fold at a time again: their bins take as much as the rows."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to fit a candidate.

    Parameters
    ----------
    precision
        Of a ridge, or of the ridge that trees correct.
    trees, settings
        Number of trees, and how they are grown; None without trees.
    """

    precision: float = 0.0
    trees: int = 0
    settings: Settings | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """A cross-validation of every variant of every candidate.

    Parameters
    ----------
    margins
        Candidate -> float32 (variants, repeats, n): margins of rows that the fit did not see.
    variants
        Candidate -> its variants.
    splits
        int64 (n,) a repeat: fold of each row.
    """

    margins: dict[str, Matrix]
    variants: Mapping[str, tuple[Variant, ...]]
    splits: Sequence[NDArray[np.int64]]


def plan(events: int, data: Data, link: str, settings: Settings, gate: str) -> dict[str, tuple[Variant, ...]]:
    """Return the candidates that a cohort allows, each with its variants.

    Parameters
    ----------
    events
        Persons with the rarer outcome, or persons.
    data, link
        The cohort.
    settings
        How trees are grown.
    gate
        ``intercept``, ``linear`` or ``booster``.
    """
    found: dict[str, tuple[Variant, ...]] = {name: (Variant(),) for name in SIMPLE[:3]}
    if gate == "intercept":
        return found
    found["slope"] = (Variant(),)
    if not data.x.shape[1]:
        return found
    steps = PRECISIONS if len(data.y) < _MANY else (*PRECISIONS[::2], PRECISIONS[-1])
    for name in RIDGES:
        found[name] = tuple(Variant(precision) for precision in steps)
    if gate == "booster":
        counts = numbers(settings)
        if len(data.y) < _FEW:
            counts = [count for count in counts if count <= _MOST_OF_FEW] or counts[:1]
        if len(data.y) >= _MANY:
            counts = halved(counts)
        for name in BASE if counts else ():
            ways = _ways(name, settings, events, link, len(data.y))
            found[name] = tuple(Variant(0.0, count, way) for way in ways for count in counts)
    return found


def numbers(settings: Settings) -> list[int]:
    """Return the numbers of trees that are tried."""
    grid = range(settings.step, settings.max_trees + 1, settings.step)
    return sorted({*(few for few in (5, 10) if few < settings.step and few <= settings.max_trees), *grid})


def halved(counts: Sequence[int]) -> list[int]:
    """Return the largest number, and of the smaller ones those that are half of the next or less."""
    found = list(counts[-1:])
    for count in reversed(counts[:-1]):
        if 2 * count <= found[0]:
            found.insert(0, count)
    return found


def suited(settings: Settings, events: int, link: str) -> Settings:
    """Shallower trees and heavier leaves when events are few."""
    if link != "logit":
        return settings if events >= 1000 else replace(settings, depth=2, leaf_weight=max(settings.leaf_weight, 10.0))
    leaf = max(2.0, min(20.0, 0.02 * events))
    return replace(settings, depth=3 if events >= 400 else 2, leaf_weight=leaf, l2=max(settings.l2, 5.0))


def _ways(name: str, settings: Settings, events: int, link: str, rows: int) -> list[Settings]:
    """Return how the trees of a candidate are grown: shallow, and deeper where there are rows enough."""
    near = suited(settings, events, link)
    if name != "plain_booster":
        return [near]
    quick = replace(near, rate=2.0 * near.rate, columns=max(near.columns, 0.7), leaf_weight=0.5 * near.leaf_weight)
    deep = replace(quick, depth=near.depth + 2)
    return [quick] if rows < _FEW else [quick, deep] if rows < _MANY else [deep]


def cross_validate(
    data: Data,
    link: str,
    monotone: Sequence[int],
    variants: Mapping[str, tuple[Variant, ...]],
    splits: Sequence[NDArray[np.int64]],
) -> Tried:
    """Fit every variant without each fold and predict the fold: first what is linear, then the trees on top of it."""
    shape = (len(splits), len(data.y))
    found = {name: np.zeros((len(ways), *shape), dtype=np.float32) for name, ways in variants.items()}
    places = [(repeat, int(fold)) for repeat, folds in enumerate(splits) for fold in np.unique(folds)]
    parts: dict[tuple[int, int], dict[str, list[Linear]]] = {}
    one_copy = Lock()

    def lines(repeat: int, fold: int) -> None:
        test = splits[repeat] == fold
        train, held = data.take(~test), data.take(test)
        center, scale = linear.moments(train.x)
        features = linear.room(train.x, center, scale) if train.x.size < linear.LARGE else None
        fits = {
            name: [linear.candidate(name, train, link, center, scale, features, way.precision) for way in ways]
            for name, ways in variants.items()
            if name not in BASE
        }
        parts[repeat, fold] = fits
        places_of = np.flatnonzero(test)
        for rows, x in linear.blocks(held.x):
            there = linear.standardise(x, center, scale)
            for name, each in fits.items():
                for i, part in enumerate(each):
                    found[name][i, repeat, places_of[rows]] = part.margin(held.prior[rows], there)

    def trees(repeat: int, fold: int) -> None:
        test = splits[repeat] == fold
        held, names = data.take(test), [name for name in variants if name in BASE]
        base = {name: parts[repeat, fold][BASE[name]][int(best[BASE[name]][repeat][fold])] for name in names}
        settings = next(variant.settings for variant in variants[names[0]] if variant.settings)
        with one_copy:  # the rows to learn from are most of the cohort: copied once at a time, and kept in bins
            train = data.take(~test)
            center, scale = linear.moments(train.x)
            begin = {name: linear.margins(base[name], train, center, scale) for name in names}
            bins = boost.binned(train.x, settings, train.weight)
            train = replace(train, x=train.x[:0])
        for name in names:
            start, first = linear.margins(base[name], held, center, scale), 0
            for way in dict.fromkeys(variant.settings for variant in variants[name] if variant.settings):
                counts = [variant.trees for variant in variants[name] if variant.settings == way]
                size, content = grown(name, train, begin[name], link, monotone, counts[-1], way, bins)
                added = start + size * boost.path(content, held.x, counts)
                found[name][first : first + len(counts), repeat, test] = added
                first += len(counts)

    parallel = data.x.size >= _PARALLEL
    # Where the matrix is large, one part of it is copied at a time; its products take all cores anyway.
    together([partial(lines, *place) for place in places], parallel and data.x.size < linear.LARGE // 4)
    best = {name: _best(values, data, link, splits)[1] for name, values in found.items() if name not in BASE}
    if set(BASE) & set(variants):
        together([partial(trees, *place) for place in places], parallel and data.x.size < _ALONE)
    return Tried(found, variants, splits)


def grown(
    name: str,
    data: Data,
    start: Floats,
    link: str,
    monotone: Sequence[int],
    trees: int,
    settings: Settings,
    bins: Any = None,
) -> tuple[float, bytes]:
    """Grow a candidate's trees on top of a margin; return what their leaves are multiplied by, and the trees.

    They are grown from `bins` where there are (`boost.binned`), and the matrix of `data` is not looked at. Outcomes
    that are measured are brought to a deviation of 1 first: how trees are held back rests on it.
    """
    free = [0] * len(monotone) if name == "plain_booster" else monotone
    x = data.x if bins is None else bins
    if link == "logit":
        return 1.0, boost.grow(x, data.y, start, link, free, trees, settings, data.weight)
    away = data.y - start
    size = float(np.sqrt(linear.mean((away - linear.mean(away, data.weight)) ** 2, data.weight))) or 1.0
    return size, boost.grow(x, data.y / size, start / size, link, free, trees, settings, data.weight)


def choose(tried: Tried, data: Data, link: str) -> tuple[dict[str, Variant], dict[str, Matrix]]:
    """Return each candidate's variant, and its margins as chosen: float32 (repeats, n).

    The margins of a fold are those of the variant that the rows outside it prefer. `tried` gives its margins away, a
    candidate at a time: all variants of all of them are most of what a large cohort's fit holds.
    """
    variant, margins = {}, {}
    for name, ways in tried.variants.items():
        values = tried.margins.pop(name)
        if len(ways) == 1:
            variant[name], margins[name] = ways[0], values[0]
            continue
        whole, apart = _best(values, data, link, tried.splits)
        variant[name] = ways[whole]
        every = np.arange(len(data.y))
        rows = [
            values[best[folds], repeat, every]
            for repeat, (folds, best) in enumerate(zip(tried.splits, apart, strict=True))
        ]
        margins[name] = np.stack(rows)
    return variant, margins


def selection_loss(y: Floats, margin: Floats, link: str) -> Floats:
    """Return what variants are chosen by: log-loss, or the absolute error (levels: of the logarithm)."""
    if link == "logit":
        return linear.loss(y, margin, link)
    if link == "log":
        return np.abs(margin - y)
    return np.abs(natural(margin, link) - natural(y, link))


def together(jobs: Sequence[Callable[[], None]], parallel: bool) -> None:
    """Run jobs, two at a time if `parallel`; the first error is raised."""
    with ThreadPoolExecutor(2 if parallel else 1) as pool:
        waiting = [pool.submit(job) for job in jobs]
        try:
            for job in waiting:
                job.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _best(
    values: Matrix, data: Data, link: str, splits: Sequence[NDArray[np.int64]]
) -> tuple[int, list[NDArray[np.int64]]]:
    """Return the best variant of all rows, and, for each repeat and fold, that of the rows outside the fold."""
    sums = [np.zeros((len(values), int(folds.max()) + 1)) for folds in splits]
    for i, way in enumerate(values):
        loss = np.zeros(len(data.y))
        for row in way:
            loss += selection_loss(data.y, row.astype(np.float64), link) / len(way)
        if data.weight is not None:
            loss *= data.weight
        for total, folds in zip(sums, splits, strict=True):
            total[i] = np.bincount(folds, loss, minlength=total.shape[1])
    whole = int(np.argmin(sums[0].sum(axis=1)))
    return whole, [np.argmin(total.sum(axis=1, keepdims=True) - total, axis=0) for total in sums]
