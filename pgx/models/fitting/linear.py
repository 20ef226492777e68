"""The linear part of a fit: an intercept, a slope of the prior and a ridge, on rows that may weigh differently.

Small cohorts are solved in one piece. From `LARGE` cells on, everything runs over blocks of rows, so that the matrix is
never copied whole in double precision; the optimum is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pgx.models.evidence.links import sigmoid
from pgx.models.fitting.boost import Floats, Matrix

Table = TypeVar("Table", Matrix, Floats)
LARGE = 2_000_000
"""Cells (rows times columns) from which on the solution is found block by block."""
_BLOCK = 8192
_START = 20_000
_PASSES = 12
_NEAR = 1e-4
"""Twice the log-likelihood still to gain, from which on one more step is the last."""

SHRINK = {"sqrt": (12.0, 25.0), "log": (2.0, 4.0), "logit": (1.0, 4.0)}
"""Precision of the normal priors on the intercept's shift and on (slope - 1), by link.

Sites differ from a published dose equation by about 0.3 on the square-root scale and hardly in slope; levels differ by
a third, risks by a factor of e, and published odds ratios by half their logarithm.
"""


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
    weight
        float64 (n,): what a row counts; None = 1 each. The rows of a person count as much as one row of another.
    """

    prior: Floats
    x: Matrix
    y: Floats
    groups: NDArray[np.int64]
    weight: Floats | None = None

    def take(self, rows: NDArray[np.bool_]) -> Data:
        """Return a part of the rows, in memory."""
        weight = None if self.weight is None else self.weight[rows]
        return Data(self.prior[rows], self.x[rows], self.y[rows], self.groups[rows], weight)


@dataclass(frozen=True, slots=True)
class Linear:
    """Intercept, slope of the prior, and weights of the standardised features."""

    intercept: float
    slope: float
    weights: Floats

    def margin(self, prior: Floats, z: Floats) -> Floats:
        """Return the linear part's margin for standardised features `z`."""
        return self.intercept + self.slope * prior + z @ self.weights


def mean(values: Floats, weight: Floats | None) -> float:
    """Return the weighted mean."""
    return float(values.mean()) if weight is None else float((weight * values).sum() / weight.sum())


def per_person(groups: NDArray[np.int64]) -> Floats | None:
    """Return 1 / (rows of the person) for each row; None if every person has one row; persons are numbered from 0."""
    rows = np.bincount(groups)
    return None if rows.max(initial=1) <= 1 else np.asarray(1.0 / rows[groups], dtype=np.float64)


def moments(x: Matrix) -> tuple[Floats, Floats]:
    """Return each feature's mean and standard deviation over what is known; constant features get scale 0."""
    if x.size >= LARGE:
        return _moments_by_blocks(x)
    known = ~np.isnan(x)
    count = np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, x, 0.0).astype(np.float64)
    center = filled.sum(axis=0) / count
    spread = np.sqrt((np.where(known, x - center, 0.0) ** 2).sum(axis=0) / count)
    return center, np.where(spread > 1e-9, spread, 0.0)


def standardise(x: Matrix, center: Floats, scale: Floats) -> Floats:
    """Return features with mean 0 and deviation 1, missing = 0; far values are held at 4 deviations."""
    return _standardised(x, center, scale, np.empty(x.shape))


def room(x: Matrix, center: Floats, scale: Floats) -> Floats:
    """Return the standardised features behind two free columns, float64 (n, p + 2): for `candidate`, made once."""
    found = np.empty((x.shape[0], x.shape[1] + 2))
    _standardised(x, center, scale, found[:, 2:])
    return found


def _standardised(x: Matrix, center: Floats, scale: Floats, out: Floats) -> Floats:
    """Write the standardised features into `out`, without another copy of them."""
    np.subtract(x, center, out=out)
    out /= np.where(scale > 0, scale, 1.0)
    out[np.isnan(out)] = 0.0
    out[:, scale <= 0] = 0.0
    return np.clip(out, -4.0, 4.0, out=out)


def margins(linear: Linear, data: Data, center: Floats, scale: Floats) -> Floats:
    """Return the linear part's margin of every row, float64 (n,)."""
    if data.x.size < LARGE:
        return read(linear, data.prior, data.x, center, scale)
    found = linear.intercept + linear.slope * data.prior
    if linear.weights.any():
        for rows, x in blocks(data.x):
            found[rows] += _standard(x, center, scale) @ linear.weights
    return np.asarray(found, dtype=np.float64)


def read(linear: Linear, prior: Floats, x: Matrix, center: Floats, scale: Floats) -> Floats:
    """Return the linear part's margin of every row in double precision, float64 (n,), a block of rows at a time."""
    found = np.empty(len(x))
    for rows, part in blocks(x):
        found[rows] = linear.margin(prior[rows], standardise(part, center, scale))
    return found


def loss(y: Floats, margin: Floats, link: str) -> Floats:
    """Return the loss per row: log-loss, or half the squared error on the link scale (a log-likelihood at sd 1)."""
    if link == "logit":
        return np.logaddexp(0.0, np.where(y > 0.5, -margin, margin))
    return 0.5 * (y - margin) ** 2


def candidate(
    name: str,
    data: Data,
    link: str,
    center: Floats,
    scale: Floats,
    features: Floats | None = None,
    precision: float = 100.0,
) -> Linear:
    """Fit one candidate: ``prior``, ``base_rate``, ``intercept``, ``slope``, ``ridge`` or ``plain_ridge``.

    Parameters
    ----------
    name
        Which.
    data, link
        What it is fitted on.
    center, scale
        Of the features.
    features
        What `room` returned, if the caller has it; its free columns are written. Only small cohorts use it.
    precision
        Of the normal prior on each standardised weight of a ridge; ``plain_ridge`` starts from the base rate.
    """
    none, y, weight = np.zeros(data.x.shape[1]), data.y, data.weight
    if name == "prior":
        return Linear(0.0, 1.0, none)
    if name == "base_rate":
        return Linear(_intercept(y, np.zeros(len(y)), link, 0.0, weight), 0.0, none)
    if name == "intercept":
        return Linear(_intercept(y, data.prior, link, SHRINK[link][0], weight), 1.0, none)
    start = data.prior
    if name == "plain_ridge":
        data = replace(data, prior=np.full(len(y), _intercept(y, np.zeros(len(y)), link, 0.0, weight)))
    both = np.array(SHRINK[link])
    if name != "slope":
        both = np.concatenate([both, np.full(data.x.shape[1], precision)])
    if name == "slope" or data.x.size < LARGE:
        design = np.empty((len(y), 2))
        if name != "slope":
            design = room(data.x, center, scale) if features is None else features
        design[:, 0], design[:, 1] = 1.0, data.prior - data.prior.mean()
        solution = ridge(design, y, data.prior, both, link, weight)
    else:
        solution = _by_blocks(data, link, both, center, scale)
    weights = none if name == "slope" else solution[2:]
    if data.prior is not start:
        return Linear(float(data.prior[0] + solution[0]), 0.0, weights)
    return Linear(float(solution[0] - solution[1] * data.prior.mean()), float(1.0 + solution[1]), weights)


def mix(parts: Mapping[str, Linear], weights: Mapping[str, float]) -> Linear:
    """Return the weighted sum of candidates."""
    size = len(next(iter(parts.values())).weights)
    return Linear(
        sum(weights[name] * part.intercept for name, part in parts.items()),
        sum(weights[name] * part.slope for name, part in parts.items()),
        sum((weights[name] * part.weights for name, part in parts.items()), np.zeros(size)),
    )


def ridge(
    design: Floats, y: Floats, offset: Floats, precision: Floats, link: str, weight: Floats | None = None
) -> Floats:
    """Penalised least squares, or penalised logistic regression by damped Newton steps, beside an offset."""
    if link != "logit":
        weighed = design if weight is None else design * weight[:, None]
        return np.asarray(
            np.linalg.solve(weighed.T @ design + np.diag(precision), weighed.T @ (y - offset)), dtype=np.float64
        )
    beta = np.zeros(design.shape[1])
    beta[0] = _intercept(y, offset, link, 0.0, weight)

    def cost(b: Floats) -> float:
        each = loss(y, offset + design @ b, link)
        return float((each if weight is None else weight * each).sum() + 0.5 * (precision * b * b).sum())

    current = cost(beta)
    for _ in range(50):
        p = sigmoid(np.clip(offset + design @ beta, -35, 35))
        residual, curvature = p - y, p * (1 - p)
        if weight is not None:
            residual, curvature = weight * residual, weight * curvature
        gradient = design.T @ residual + precision * beta
        hessian = _squared(design, curvature) + np.diag(precision)
        step = np.linalg.solve(hessian + 1e-9 * np.eye(len(beta)), gradient)
        size = 1.0
        while size > 1e-4 and cost(beta - size * step) > current:
            size *= 0.5
        beta = beta - size * step
        improved, current = current - cost(beta), cost(beta)
        if improved < 1e-9:
            break
    return beta


def _squared(design: Floats, weight: Floats) -> Floats:
    """Return ``design.T @ diag(weight) @ design``, a block of rows at a time: there is no weighed copy of the whole."""
    parts = [(part * weight[rows, None]).T @ part for rows, part in blocks(design)]
    return np.asarray(sum(parts[1:], parts[0]), dtype=np.float64)


def covariance(data: Data, link: str, margin: Floats, residual: float, features: bool, shrink: float = 100.0) -> Floats:
    """Laplace covariance of intercept, slope and feature weights, float64 (p + 2, p + 2).

    Parameters
    ----------
    data, link
        The cohort.
    margin
        float64 (n,): the model's margin, by which the curvature of a risk is taken.
    residual
        Variance of a dose's residuals on the link scale.
    features
        Whether any candidate in the average uses the features; otherwise their rows and columns are 0.
    shrink
        Precision of the normal prior on each standardised weight.
    """
    p = data.x.shape[1]
    precision = np.r_[1e-6, SHRINK[link][1], np.full(p, shrink)]
    used = np.r_[True, True, np.full(p, features)]
    if link != "logit":
        curvature = np.full(len(data.y), 1.0 / max(residual, 1e-6))
    else:
        rate = sigmoid(np.clip(margin, -8, 8))
        curvature = rate * (1.0 - rate)
    if data.weight is not None:
        curvature = curvature * data.weight
    information = np.diag(precision)
    if data.x.size < LARGE:
        design = room(data.x, *moments(data.x))
        design[:, 0], design[:, 1] = 1.0, data.prior
        information = _squared(design, curvature) + information
    else:
        center, scale = moments(data.x)
        for rows, x in blocks(data.x):
            here = data.prior[rows]
            design = np.column_stack([np.ones(len(here)), here, _standard(x, center, scale)])
            information += (design * curvature[rows, None]).T @ design
    found = np.zeros((p + 2, p + 2))
    found[np.ix_(used, used)] = np.linalg.inv(information[np.ix_(used, used)])
    return found


def _intercept(y: Floats, offset: Floats, link: str, precision: float = 0.0, weight: Floats | None = None) -> float:
    """Fit an intercept beside an offset, drawn to 0 by `precision`; half an event keeps none or all events finite."""
    w = 1.0 if weight is None else weight
    total = float(len(y)) if weight is None else float(weight.sum())
    if link != "logit":
        return float((w * (y - offset)).sum() / (total + precision))
    target = ((w * y).sum() + 0.5) / (total + 1.0) * total
    low, high = -40.0, 40.0
    for _ in range(80):
        middle = 0.5 * (low + high)
        if (w * sigmoid(offset + middle)).sum() + precision * middle < target:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _standard(x: Matrix, center: Floats, scale: Floats) -> Matrix:
    """`standardise` in single precision and in few passes, for blocks."""
    z = x - center.astype(np.float32)
    z *= np.where(scale > 0, 1.0 / np.where(scale > 0, scale, 1.0), 0.0).astype(np.float32)
    np.clip(z, -4.0, 4.0, out=z)
    z[np.isnan(z)] = 0.0
    return z


def blocks(x: Table, size: int = _BLOCK) -> Iterator[tuple[slice, Table]]:
    """Yield slices of rows and their features."""
    for first in range(0, x.shape[0], size):
        rows = slice(first, min(first + size, x.shape[0]))
        yield rows, x[rows]


def _moments_by_blocks(x: Matrix) -> tuple[Floats, Floats]:
    count, total = np.zeros(x.shape[1]), np.zeros(x.shape[1])
    for _, part in blocks(x):
        known = ~np.isnan(part)
        count += known.sum(axis=0)
        total += np.where(known, part, 0.0).sum(axis=0, dtype=np.float64)
    count = np.maximum(count, 1)
    center, square = total / count, np.zeros(x.shape[1])
    for _, part in blocks(x):
        away = part - center
        square += np.where(np.isnan(part), 0.0, away * away).sum(axis=0)
    spread = np.sqrt(square / count)
    return center, np.where(spread > 1e-9, spread, 0.0)


def _by_blocks(data: Data, link: str, precision: Floats, center: Floats, scale: Floats) -> Floats:
    """Solve what `ridge` solves, over blocks of rows.

    Logistic regression starts from the solution of every k-th row, which is near; the curvature is then taken once over
    all rows, and few steps with the exact gradient lead to the optimum.
    """
    n, shift = len(data.y), float(data.prior.mean())

    def design(rows: slice, x: Matrix) -> Floats:
        found = np.empty((len(x), len(precision)))
        found[:, 0], found[:, 1], found[:, 2:] = 1.0, data.prior[rows] - shift, _standard(x, center, scale)
        return found

    def weight(rows: slice) -> Floats | float:
        return 1.0 if data.weight is None else data.weight[rows]

    if link != "logit":
        left, right = np.diag(precision), np.zeros(len(precision))
        for rows, x in blocks(data.x):
            one = design(rows, x)
            weighed = (one.T * weight(rows)).T
            left = left + weighed.T @ one
            right += weighed.T @ (data.y[rows] - data.prior[rows])
        return np.asarray(np.linalg.solve(left, right), dtype=np.float64)

    every = slice(0, n, max(1, n // _START))
    few = design(every, data.x[every])
    share = len(few) / n
    part = None if data.weight is None else data.weight[every]
    beta = ridge(few, data.y[every], data.prior[every], precision * share, link, part)

    def look(b: Floats, curved: bool) -> tuple[float, Floats, Floats]:
        cost, gradient = 0.5 * float((precision * b * b).sum()), precision * b
        hessian = np.diag(precision + 1e-9)
        for rows, x in blocks(data.x):
            one, y, w = design(rows, x), data.y[rows], weight(rows)
            margin = data.prior[rows] + one @ b
            cost += float((w * loss(y, margin, link)).sum())
            p = sigmoid(np.clip(margin, -35, 35))
            gradient = gradient + one.T @ (w * (p - y))
            if curved:
                single = one.astype(np.float32)
                hessian += (single * (w * p * (1 - p)).astype(np.float32)[:, None]).T @ single
        return cost, gradient, hessian

    cost, gradient, hessian = look(beta, True)
    for _ in range(_PASSES):
        step = np.linalg.solve(hessian, gradient)
        if float(step @ gradient) < _NEAR:
            return beta - step
        size, limit = 1.0, cost + 1e-12 * abs(cost)
        tried, slope, _ = look(beta - step, False)
        while tried > limit and size > 1e-3:
            size *= 0.5
            tried, slope, _ = look(beta - size * step, False)
        if tried > limit:
            break
        beta, cost, gradient = beta - size * step, tried, slope
    return beta
