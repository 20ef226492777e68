"""Fitting a cohort on top of published evidence: one additive formula, and averaging instead of a gamble.

Every fitted model is ``margin = intercept + slope * prior + features @ weights + trees(features)`` on the link scale.
The first three come from a handful of small candidates (the base rate; the prior as published; the prior with its
intercept, or intercept and slope, recalibrated; a ridge on top) that are fitted and then *averaged* by weights from
grouped cross-validation (pseudo-BMA with a Bayesian bootstrap: Yao, Vehtari, Simpson and Gelman, Bayesian Analysis
2018;13:917). The trees are added only when cross-validation says that they improve the loss by more than one standard
error. The unit is the person: rows of one person share a weight of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from pgx.models.fitting import boost
from pgx.models.fitting.boost import Floats, Matrix, Settings
from pgx.models.fitting.linear import (
    LARGE,
    WEIGHTS,
    Data,
    Linear,
    candidate,
    covariance,
    loss,
    mean,
    mix,
    moments,
    per_person,
    ridge,
    standardise,
)
from pgx.models.fitting.linear import margins as linear_margins

__all__ = [
    "BOOSTER_EVENTS",
    "MIN_EVENTS",
    "RIDGE_EVENTS",
    "RIDGE_PATIENTS",
    "Data",
    "Fitted",
    "Linear",
    "candidate",
    "count_events",
    "fit",
    "gate_of",
    "grouped_se",
    "loss",
    "mean",
    "moments",
    "per_person",
    "refit",
    "ridge",
    "selection_loss",
    "split",
    "standardise",
    "suited",
]

MIN_EVENTS = 15
"""Fewer events than this: only the intercept of the prior is learned."""
RIDGE_EVENTS = 50
"""From this many events on, features may enter linearly."""
RIDGE_PATIENTS = 150
"""The same for doses, in patients."""
BOOSTER_EVENTS = 100
"""From this many events (or patients with a dose) on, trees are tried."""
_DRAWS = 400
_TIES = 0.05


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted model.

    Parameters
    ----------
    link
        ``sqrt`` or ``logit``.
    linear, center, scale
        The linear part, and how features are standardised for it (missing = center).
    trees, booster
        Number of trees and their JSON bytes (None if 0).
    weights
        Candidate name -> weight in the average.
    losses
        Candidate name -> cross-validated loss, ``base_rate``, ``prior`` and the whole among them.
    covariance
        float64 (p + 2, p + 2): sampling covariance of intercept, slope and feature weights.
    events
        Persons with the event (or without, if fewer), or patients for doses.
    gate
        ``intercept``, ``linear`` or ``booster``: what the number of events allowed.
    out_of_fold
        float64 (n,): cross-validated margins of the whole.
    """

    link: str
    linear: Linear
    center: Floats
    scale: Floats
    trees: int
    booster: bytes | None
    weights: dict[str, float]
    losses: dict[str, float]
    covariance: Floats
    events: int
    gate: str
    out_of_fold: Floats = field(repr=False)

    def margin(self, prior: Floats, x: Matrix) -> Floats:
        """Return the model's margin, float64 (n,)."""
        found = self.linear.margin(prior, standardise(x, self.center, self.scale))
        if self.booster is not None:
            found = found + boost.margins(boost.open_booster(self.booster), x)
        return found


def fit(data: Data, link: str, monotone: Sequence[int], *, settings: Settings | None = None, folds: int = 5) -> Fitted:
    """Fit a cohort.

    Parameters
    ----------
    data
        The cohort.
    link
        ``sqrt`` or ``logit``.
    monotone
        Direction allowed per feature.
    settings
        How trees are grown.
    folds
        Folds of the inner cross-validation.
    """
    settings = settings or Settings()
    events = count_events(data.y, link, data.groups)
    gate = gate_of(events)
    center, scale = moments(data.x)
    names = _candidates(events, data.x.shape[1], link)
    repeats = 4 if len(data.y) < 2000 else 1
    splits = list(split(data.y, data.groups, link, folds, repeats, settings.seed))
    margins, parts = _cross_validate(data, link, names, splits)
    losses = {name: loss(data.y, margins[name], link) for name in names}
    # Few events hardly refute the published evidence: below `MIN_EVENTS` the base rate starts behind it.
    behind = _HANDICAP if events >= MIN_EVENTS else {**_HANDICAP, "base_rate": _DOUBT}
    weights = _average(losses, data, link, settings.seed, behind)
    linear = _linear(data, link, weights, center, scale)
    stacked = sum((weights[name] * margins[name] for name in names), np.zeros(len(data.y)))
    trees, booster, whole = 0, None, stacked
    if gate == "booster":
        trees, whole = _choose_trees(data, link, monotone, parts, weights, splits, suited(settings, events, link))
        if trees:
            base = linear_margins(linear, data, center, scale)
            booster = boost.grow(
                data.x, data.y, base, link, monotone, trees, suited(settings, events, link), data.weight
            )
    summary = {name: mean(values, data.weight) for name, values in losses.items()}
    summary["model"] = mean(loss(data.y, whole, link), data.weight)
    spread = _covariance(data, link, whole, weights, data.y - whole, data.weight)
    return Fitted(link, linear, center, scale, trees, booster, weights, summary, spread, events, gate, whole)


def refit(fitted: Fitted, data: Data, monotone: Sequence[int], settings: Settings) -> Fitted:
    """Fit on all rows what a sample of the persons has chosen: the candidates' weights and the number of trees.

    Standardisation, losses and covariance stay those of the sample.

    Parameters
    ----------
    fitted
        The fit of the sample.
    data
        All rows.
    monotone, settings
        As for `fit`.
    """
    link, booster = fitted.link, None
    linear = _linear(data, link, fitted.weights, fitted.center, fitted.scale)
    if fitted.trees:
        base = linear_margins(linear, data, fitted.center, fitted.scale)
        grown = suited(settings, fitted.events, link)
        booster = boost.grow(data.x, data.y, base, link, monotone, fitted.trees, grown, data.weight)
    return replace(fitted, linear=linear, booster=booster, events=count_events(data.y, link, data.groups))


def gate_of(events: int) -> str:
    """Return what a number of events allows: ``intercept``, ``linear`` or ``booster``."""
    return "intercept" if events < MIN_EVENTS else "linear" if events < BOOSTER_EVENTS else "booster"


def count_events(y: Floats, link: str, groups: NDArray[np.int64] | None = None) -> int:
    """Return the number of persons with the rarer outcome (risks), or of persons (doses); None = a row is a person."""
    who = np.arange(len(y)) if groups is None else groups
    if link == "sqrt":
        return len(np.unique(who))
    return min(len(np.unique(who[y > 0.5])), len(np.unique(who[y <= 0.5])))


def split(
    y: Floats, groups: NDArray[np.int64], link: str, folds: int, repeats: int, seed: int
) -> Iterator[NDArray[np.int64]]:
    """Yield, `repeats` times, a fold number per row; a group is never divided, outcomes are balanced over the folds."""
    rng = np.random.default_rng(seed)
    people, inverse = np.unique(groups, return_inverse=True)
    level = np.zeros(len(people))
    np.maximum.at(level, inverse, y)
    folds = min(folds, len(people))
    for _ in range(repeats):
        order = np.lexsort((rng.random(len(people)), level if link == "logit" else np.round(level, 1)))
        fold_of = np.empty(len(people), dtype=np.int64)
        fold_of[order] = (np.arange(len(people)) + rng.integers(folds)) % folds
        yield fold_of[inverse]


def _candidates(events: int, features: int, link: str) -> list[str]:
    names = ["base_rate", "prior", "intercept"]
    if events >= MIN_EVENTS:
        names.append("slope")
    if events >= (RIDGE_EVENTS if link == "logit" else RIDGE_PATIENTS) and features:
        names += ["ridge_strong", "ridge"]
    return names


# What a candidate must be ahead by, in log-likelihood, to count as much as a simpler one.
_HANDICAP = {"slope": 0.5, "ridge_strong": 1.0, "ridge": 1.5}
# The same for the base rate while events are few: published evidence is believed at odds of 4.5 to 1. In simulations of
# five endpoints with 3 to 14 events this costs 0.001 of log-loss where the evidence is right, and halves what evidence
# that is empty or the wrong way round costs (0.017 to 0.009, and 0.039 to 0.020, at 8 to 14 events).
_DOUBT = 1.5


def _cross_validate(
    data: Data, link: str, names: Sequence[str], splits: Sequence[NDArray[np.int64]]
) -> tuple[dict[str, Floats], list[dict[str, Linear]]]:
    """Return out-of-fold margins per candidate, averaged over the repeats, and the candidates of each fold in turn."""
    found = {name: np.zeros(len(data.y)) for name in names}
    parts: list[dict[str, Linear]] = []
    for folds in splits:
        for fold in np.unique(folds):
            test = folds == fold
            train = data.take(~test)
            center, scale = moments(train.x)
            z = standardise(data.x[test], center, scale)
            learned = standardise(train.x, center, scale) if train.x.size < LARGE else None
            parts.append({name: candidate(name, train, link, center, scale, learned) for name in names})
            for name, part in parts[-1].items():
                found[name][test] += part.margin(data.prior[test], z) / len(splits)
    return found, parts


def _linear(data: Data, link: str, weights: Mapping[str, float], center: Floats, scale: Floats) -> Linear:
    """Fit the candidates that count, and average them."""
    used = {name: candidate(name, data, link, center, scale) for name, weight in weights.items() if weight}
    return mix(used, weights)


def _average(
    losses: Mapping[str, Floats], data: Data, link: str, seed: int, behind: Mapping[str, float]
) -> dict[str, float]:
    """Weights of the candidates: pseudo-BMA over a Bayesian bootstrap of the groups; weights below `_TIES` are dropped.

    The bootstrap makes the weights of candidates that the data cannot tell apart equal instead of all or nothing.
    """
    names = list(losses)
    matrix = np.column_stack([losses[name] for name in names])
    handicap = np.array([behind.get(name, 0.0) for name in names])
    if link == "sqrt":
        matrix = matrix / max(2.0 * min(mean(one, data.weight) for one in losses.values()), 1e-9)
    if data.weight is not None:
        matrix = matrix * data.weight[:, None]
    _, inverse = np.unique(data.groups, return_inverse=True)
    total = np.zeros((inverse.max() + 1, len(names)))
    np.add.at(total, inverse, matrix)
    rng = np.random.default_rng(seed)
    weights = np.zeros(len(names))
    for _ in range(_DRAWS):
        draw = rng.exponential(size=len(total))
        score = -(draw / draw.mean()) @ total - handicap
        part = np.exp(score - score.max())
        weights += part / part.sum()
    weights /= weights.sum()
    weights = np.where(weights < _TIES, 0.0, weights)
    weights /= weights.sum()
    return dict(zip(names, (float(w) for w in weights), strict=True))


def suited(settings: Settings, events: int, link: str) -> Settings:
    """Shallower trees and heavier leaves when events are few."""
    if link == "sqrt":
        return settings if events >= 1000 else replace(settings, depth=2, leaf_weight=max(settings.leaf_weight, 10.0))
    leaf = max(2.0, min(20.0, 0.02 * events))
    return replace(settings, depth=3 if events >= 400 else 2, leaf_weight=leaf, l2=max(settings.l2, 5.0))


def _choose_trees(
    data: Data,
    link: str,
    monotone: Sequence[int],
    parts: Sequence[Mapping[str, Linear]],
    weights: Mapping[str, float],
    splits: Sequence[NDArray[np.int64]],
    settings: Settings,
) -> tuple[int, Floats]:
    """Return the number of trees, and the out-of-fold margins with it; 0 unless trees help by a standard error.

    The folds of a large cohort are grown two at a time; each is grown by one thread, so that the trees are the same.
    """
    grid = list(range(0, settings.max_trees + 1, settings.step))
    found = np.zeros((len(grid), len(data.y)))

    def grow(folds: NDArray[np.int64], fold: int, part: Mapping[str, Linear]) -> None:
        test = folds == fold
        train, held = data.take(~test), data.take(test)
        center, scale = moments(train.x)
        linear = mix(part, weights)
        base, start = linear_margins(linear, train, center, scale), linear_margins(linear, held, center, scale)
        content = boost.grow(train.x, train.y, base, link, monotone, settings.max_trees, settings, train.weight)
        booster = boost.open_booster(content, settings.threads)
        for i, trees in enumerate(grid):
            extra = boost.margins(booster, held.x, trees) if trees else 0.0
            found[i, test] += (start + extra) / len(splits)

    jobs = iter(parts)
    for folds in splits:
        _together([partial(grow, folds, fold, next(jobs)) for fold in np.unique(folds)], data.x.size >= LARGE)
    losses = np.stack([selection_loss(data.y, row, link) for row in found])
    best = int(np.argmin([mean(row, data.weight) for row in losses]))
    gain = losses[0] - losses[best]
    if best == 0 or mean(gain, data.weight) <= grouped_se(gain, data.groups, data.weight):
        return 0, found[0]
    return grid[best], found[best]


def _together(jobs: Sequence[Callable[[], None]], parallel: bool) -> None:
    """Run jobs, two at a time if `parallel`; the first error is raised."""
    with ThreadPoolExecutor(2 if parallel else 1) as pool:
        waiting = [pool.submit(job) for job in jobs]
        try:
            for job in waiting:
                job.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def selection_loss(y: Floats, margin: Floats, link: str) -> Floats:
    """Return what the number of trees is chosen by: log-loss, or the absolute error of the dose."""
    return loss(y, margin, link) if link == "logit" else np.abs(np.maximum(margin, 0.0) ** 2 - y**2)


def grouped_se(values: Floats, groups: NDArray[np.int64], weight: Floats | None = None) -> float:
    """Return the standard error of a (weighted) mean over rows whose groups are independent."""
    _, inverse = np.unique(groups, return_inverse=True)
    total = np.zeros(inverse.max() + 1)
    away = values - mean(values, weight)
    np.add.at(total, inverse, away if weight is None else weight * away)
    return float(np.sqrt((total**2).sum()) / (len(values) if weight is None else weight.sum()))


def _covariance(
    data: Data,
    link: str,
    margin: Floats,
    weights: Mapping[str, float],
    residual: Floats,
    weight: Floats | None,
) -> Floats:
    """Covariance of the linear part, for the intervals of risks; features count if a candidate that uses them does."""
    features = any(share > 0 and WEIGHTS.get(name, 0) > 0 for name, share in weights.items())
    spread = float(np.var(residual)) if weight is None else mean((residual - mean(residual, weight)) ** 2, weight)
    return covariance(data, link, margin, spread, features)
