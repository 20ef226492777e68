"""Fitting a cohort on top of published evidence: one additive formula, and averaging instead of a gamble.

Every fitted model is ``margin = intercept + slope * prior + features @ weights + trees(features)`` on the link scale.
The
first three come from a handful of small candidates (the base rate; the prior as published; the prior with its
intercept,
or intercept and slope, recalibrated; a ridge on top) that are fitted and then *averaged* by weights from grouped
cross-validation (pseudo-BMA with a Bayesian bootstrap: Yao, Vehtari, Simpson and Gelman, Bayesian Analysis
2018;13:917).
The trees are added only when cross-validation says that they improve the loss by more than one standard error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from pgx.models import boost
from pgx.models.boost import Floats, Matrix, Settings

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
class Data:
    """A cohort in arrays.

    Parameters
    ----------
    prior
        float64 (n,): the prior's margin.
    x
        float32 (n, p): features, NaN = missing.
    y
        float64 (n,): 0/1, or the square root of the dose.
    groups
        int64 (n,): person, kept together in every split.
    """

    prior: Floats
    x: Matrix
    y: Floats
    groups: NDArray[np.int64]

    def take(self, rows: NDArray[np.bool_]) -> Data:
        """Return a part of the rows."""
        return Data(self.prior[rows], self.x[rows], self.y[rows], self.groups[rows])


@dataclass(frozen=True, slots=True)
class Linear:
    """Intercept, slope of the prior, and weights of the standardised features."""

    intercept: float
    slope: float
    weights: Floats

    def margin(self, prior: Floats, z: Floats) -> Floats:
        """Return the linear part's margin for standardised features `z`."""
        return self.intercept + self.slope * prior + z @ self.weights


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
        Number of trees and their UBJSON bytes (None if 0).
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
    gate = "intercept" if events < MIN_EVENTS else "linear" if events < BOOSTER_EVENTS else "booster"
    center, scale = moments(data.x)
    names = _candidates(events, data.x.shape[1], link)
    repeats = 4 if len(data.y) < 2000 else 1
    splits = list(split(data.y, data.groups, link, folds, repeats, settings.seed))
    margins = _cross_validate(data, link, names, splits)
    losses = {name: loss(data.y, margins[name], link) for name in names}
    # So few events cannot refute the published evidence: the base rate is then measured, not mixed in.
    mixed = [name for name in names if name != "base_rate" or events >= MIN_EVENTS]
    weights = dict.fromkeys(names, 0.0) | _average({n: losses[n] for n in mixed}, data.groups, link, settings.seed)
    linear = _mix({name: _fit_one(name, data, link, center, scale) for name in names}, weights)
    stacked = sum((weights[name] * margins[name] for name in names), np.zeros(len(data.y)))
    trees, booster, whole = 0, None, stacked
    if gate == "booster":
        trees, whole = _choose_trees(data, link, monotone, names, weights, splits, _suited(settings, events, link))
        if trees:
            base = linear.margin(data.prior, standardise(data.x, center, scale))
            booster = boost.grow(data.x, data.y, base, link, monotone, trees, _suited(settings, events, link))
    summary = {name: float(values.mean()) for name, values in losses.items()}
    summary["model"] = float(loss(data.y, whole, link).mean())
    return Fitted(
        link,
        linear,
        center,
        scale,
        trees,
        booster,
        weights,
        summary,
        _covariance(data, link, whole, weights),
        events,
        gate,
        whole,
    )


def count_events(y: Floats, link: str, groups: NDArray[np.int64] | None = None) -> int:
    """Return the number of persons with the rarer outcome (risks), or of persons (doses); None = a row is a person."""
    who = np.arange(len(y)) if groups is None else groups
    if link == "sqrt":
        return len(np.unique(who))
    return min(len(np.unique(who[y > 0.5])), len(np.unique(who[y <= 0.5])))


def moments(x: Matrix) -> tuple[Floats, Floats]:
    """Return each feature's mean and standard deviation over what is known; constant features get scale 0."""
    known = ~np.isnan(x)
    count = np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, x, 0.0).astype(np.float64)
    center = filled.sum(axis=0) / count
    spread = np.sqrt((np.where(known, x - center, 0.0) ** 2).sum(axis=0) / count)
    return center, np.where(spread > 1e-9, spread, 0.0)


def standardise(x: Matrix, center: Floats, scale: Floats) -> Floats:
    """Return features with mean 0 and deviation 1, missing = 0; far values are held at 4 deviations."""
    safe = np.where(scale > 0, scale, 1.0)
    z = np.where(np.isnan(x) | (scale <= 0), 0.0, (x - center) / safe)
    return np.clip(z, -4.0, 4.0)


def loss(y: Floats, margin: Floats, link: str) -> Floats:
    """Return the loss per row: log-loss, or half the squared error of the square root (a log-likelihood at sd 1)."""
    if link == "logit":
        return np.logaddexp(0.0, np.where(y > 0.5, -margin, margin))
    return 0.5 * (y - margin) ** 2


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


# Precision of the normal priors on the intercept's shift, on (slope - 1), and on each standardised weight, by link.
# Sites
# differ from a published dose equation by about 0.3 on the square-root scale and hardly in slope; risks differ by
# a factor of e, and published odds ratios by half their logarithm.
_SHRINK = {"sqrt": (12.0, 25.0), "logit": (1.0, 4.0)}
_WEIGHTS = {"slope": 0.0, "ridge_strong": 400.0, "ridge": 100.0}
# What a candidate must be ahead by, in log-likelihood, to count as much as a simpler one.
_HANDICAP = {"slope": 0.5, "ridge_strong": 1.0, "ridge": 1.5}


def _fit_one(name: str, data: Data, link: str, center: Floats, scale: Floats) -> Linear:
    none = np.zeros(data.x.shape[1])
    if name == "prior":
        return Linear(0.0, 1.0, none)
    if name == "base_rate":
        return Linear(_intercept(data.y, np.zeros(len(data.y)), link), 0.0, none)
    if name == "intercept":
        return Linear(_intercept(data.y, data.prior, link, _SHRINK[link][0]), 1.0, none)
    (shift_precision, slope_precision), weight_precision = _SHRINK[link], _WEIGHTS[name]
    columns = [np.ones(len(data.y)), data.prior - data.prior.mean()]
    design = np.column_stack(columns)
    precision = np.array([shift_precision, slope_precision])
    if weight_precision:
        design = np.column_stack([design, standardise(data.x, center, scale)])
        precision = np.concatenate([precision, np.full(data.x.shape[1], weight_precision)])
    solution = ridge(design, data.y, data.prior, precision, link)
    slope = 1.0 + solution[1]
    weights = solution[2:] if weight_precision else none
    return Linear(float(solution[0] - solution[1] * data.prior.mean()), float(slope), weights)


def _intercept(y: Floats, offset: Floats, link: str, precision: float = 0.0) -> float:
    """Fit an intercept beside an offset, drawn to 0 by `precision`; half an event keeps none or all events finite."""
    if link == "sqrt":
        return float((y - offset).sum() / (len(y) + precision))
    target = (y.sum() + 0.5) / (len(y) + 1.0) * len(y)
    low, high = -40.0, 40.0
    for _ in range(80):
        middle = 0.5 * (low + high)
        if (1.0 / (1.0 + np.exp(-(offset + middle)))).sum() + precision * middle < target:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def ridge(design: Floats, y: Floats, offset: Floats, precision: Floats, link: str) -> Floats:
    """Penalised least squares, or penalised logistic regression by damped Newton steps, beside an offset."""
    if link == "sqrt":
        return np.asarray(
            np.linalg.solve(design.T @ design + np.diag(precision), design.T @ (y - offset)), dtype=np.float64
        )
    beta = np.zeros(design.shape[1])
    beta[0] = _intercept(y, offset, link)

    def cost(b: Floats) -> float:
        return float(loss(y, offset + design @ b, link).sum() + 0.5 * (precision * b * b).sum())

    current = cost(beta)
    for _ in range(50):
        p = 1.0 / (1.0 + np.exp(-np.clip(offset + design @ beta, -35, 35)))
        gradient = design.T @ (p - y) + precision * beta
        hessian = (design * (p * (1 - p))[:, None]).T @ design + np.diag(precision)
        step = np.linalg.solve(hessian + 1e-9 * np.eye(len(beta)), gradient)
        size = 1.0
        while size > 1e-4 and cost(beta - size * step) > current:
            size *= 0.5
        beta = beta - size * step
        improved, current = current - cost(beta), cost(beta)
        if improved < 1e-9:
            break
    return beta


def _cross_validate(
    data: Data, link: str, names: Sequence[str], splits: Sequence[NDArray[np.int64]]
) -> dict[str, Floats]:
    """Return out-of-fold margins per candidate, averaged over the repeats."""
    found = {name: np.zeros(len(data.y)) for name in names}
    for folds in splits:
        for fold in np.unique(folds):
            test = folds == fold
            train = data.take(~test)
            center, scale = moments(train.x)
            z = standardise(data.x[test], center, scale)
            for name in names:
                part = _fit_one(name, train, link, center, scale)
                found[name][test] += part.margin(data.prior[test], z) / len(splits)
    return found


def _average(losses: dict[str, Floats], groups: NDArray[np.int64], link: str, seed: int) -> dict[str, float]:
    """Weights of the candidates: pseudo-BMA over a Bayesian bootstrap of the groups; weights below `_TIES` are dropped.

    The bootstrap makes the weights of candidates that the data cannot tell apart equal instead of all or nothing.
    """
    names = list(losses)
    matrix = np.column_stack([losses[name] for name in names])
    handicap = np.array([_HANDICAP.get(name, 0.0) for name in names])
    if link == "sqrt":
        matrix = matrix / max(2.0 * matrix.mean(axis=0).min(), 1e-9)
    _, inverse = np.unique(groups, return_inverse=True)
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


def _mix(parts: dict[str, Linear], weights: dict[str, float]) -> Linear:
    size = len(next(iter(parts.values())).weights)
    return Linear(
        sum(weights[name] * part.intercept for name, part in parts.items()),
        sum(weights[name] * part.slope for name, part in parts.items()),
        sum((weights[name] * part.weights for name, part in parts.items()), np.zeros(size)),
    )


def _suited(settings: Settings, events: int, link: str) -> Settings:
    """Shallower trees and heavier leaves when events are few."""
    if link == "sqrt":
        return settings if events >= 1000 else replace(settings, depth=2, leaf_weight=max(settings.leaf_weight, 10.0))
    leaf = max(2.0, min(20.0, 0.02 * events))
    return replace(settings, depth=3 if events >= 400 else 2, leaf_weight=leaf, l2=max(settings.l2, 5.0))


def _choose_trees(
    data: Data,
    link: str,
    monotone: Sequence[int],
    names: Sequence[str],
    weights: dict[str, float],
    splits: Sequence[NDArray[np.int64]],
    settings: Settings,
) -> tuple[int, Floats]:
    """Return the number of trees, and the out-of-fold margins with it; 0 unless trees help by a standard error."""
    grid = list(range(0, settings.max_trees + 1, settings.step))
    found = np.zeros((len(grid), len(data.y)))
    for folds in splits:
        for fold in np.unique(folds):
            test = folds == fold
            train = data.take(~test)
            center, scale = moments(train.x)
            linear = _mix({n: _fit_one(n, train, link, center, scale) for n in names}, weights)
            base = linear.margin(train.prior, standardise(train.x, center, scale))
            start = linear.margin(data.prior[test], standardise(data.x[test], center, scale))
            content = boost.grow(train.x, train.y, base, link, monotone, settings.max_trees, settings)
            booster = boost.open_booster(content, settings.threads)
            for i, trees in enumerate(grid):
                extra = boost.margins(booster, data.x[test], trees) if trees else 0.0
                found[i, test] += (start + extra) / len(splits)
    losses = np.stack([selection_loss(data.y, row, link) for row in found])
    best = int(np.argmin(losses.mean(axis=1)))
    gain = losses[0] - losses[best]
    if best == 0 or gain.mean() <= grouped_se(gain, data.groups):
        return 0, found[0]
    return grid[best], found[best]


def selection_loss(y: Floats, margin: Floats, link: str) -> Floats:
    """Return what the number of trees is chosen by: log-loss, or the absolute error of the dose."""
    return loss(y, margin, link) if link == "logit" else np.abs(np.maximum(margin, 0.0) ** 2 - y**2)


def grouped_se(values: Floats, groups: NDArray[np.int64]) -> float:
    """Return the standard error of a mean over rows whose groups are independent."""
    _, inverse = np.unique(groups, return_inverse=True)
    total = np.zeros(inverse.max() + 1)
    np.add.at(total, inverse, values - values.mean())
    return float(np.sqrt((total**2).sum()) / len(values))


def _covariance(data: Data, link: str, margin: Floats, weights: dict[str, float]) -> Floats:
    """Laplace covariance of intercept, slope and feature weights, for the intervals of risks.

    Candidates that use no features leave their weights out: their rows and columns are 0.
    """
    p = data.x.shape[1]
    design = np.column_stack([np.ones(len(data.y)), data.prior, standardise(data.x, *moments(data.x))])
    precision = np.r_[1e-6, _SHRINK[link][1], np.full(p, _WEIGHTS["ridge"])]
    used = np.r_[True, True, np.full(p, any(w > 0 and _WEIGHTS.get(name, 0) > 0 for name, w in weights.items()))]
    if link == "sqrt":
        curvature = np.full(len(data.y), 1.0 / max(float(np.var(data.y - margin)), 1e-6))
    else:
        rate = 1.0 / (1.0 + np.exp(-np.clip(margin, -8, 8)))
        curvature = rate * (1.0 - rate)
    information = (design * curvature[:, None]).T @ design + np.diag(precision)
    found = np.zeros((p + 2, p + 2))
    found[np.ix_(used, used)] = np.linalg.inv(information[np.ix_(used, used)])
    return found
