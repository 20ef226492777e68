"""A person's unknown response on a grid: what is believed before any INR, and after each.

Two numbers are unknown of a person: the dose rate with half of the effect, and the rate at which a dose wears off. Both
are lognormal about what age and genotype let expect, and a mixture where a genotype is not known. The grid is fixed,
nothing is drawn by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from pgx.models.warfarin_inr.genotypes import Sums, typical
from pgx.models.warfarin_inr.kinetics import Floats, Kinetics, Response
from pgx.models.warfarin_inr.parameters import Parameters

_REACH, _REACH_OF_RATE = 4.0, 2.5
"""Standard deviations to which the grid reaches."""
_STEP, _STEP_OF_RATE = 0.07, 0.35
"""Distance of its points on the logarithmic scale."""
_NOISE = np.array([NormalDist().inv_cdf((i + 0.5) / 25) for i in range(25)])
"""Equally probable values of a standard normal variable."""
_Z = NormalDist().inv_cdf(0.95)


@dataclass(frozen=True, slots=True)
class Start:
    """What is expected before any INR: dose and its 90 % interval, mg/week."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Grid:
    """The points of a person's grid, their kinetics, and the logarithm of what is believed of each before any INR."""

    response: Response
    kinetics: Kinetics
    log_prior: Floats


def grid(
    known: Parameters, clearance: Sums, half_effect: Sums, age: float | None, baseline: float, start: Start | None
) -> Grid:
    """Return the grid of a person.

    Parameters
    ----------
    known
        The model's parameters.
    clearance, half_effect
        What the genotypes leave open.
    age
        Years; None = unknown, which widens what is believed.
    baseline
        INR without warfarin.
    start
        A score of the dose, which then replaces what genotype and age say of it; they still say how fast a dose acts.
    """
    spread = known["spread_half_effect"]
    if age is None:
        spread = float(np.hypot(spread, known["clearance_per_year"] * known["age_spread"]))
    classes = [
        (np.log(typical(known, age, cl) * half), np.log(typical(known, age, cl) / known["volume"]), p * q)
        for cl, p in clearance.values
        for half, q in half_effect.values
    ]
    centres = [one[0] for one in classes]
    rates = [one[1] for one in classes]
    if start is not None:
        centres = _reach_of(start, known, rates)
    half_rate = _axis(centres, spread * _REACH if start is None else 0.0, _STEP)
    rate = _axis(rates, known["spread_rate"] * _REACH_OF_RATE, _STEP_OF_RATE)
    points = np.array(np.meshgrid(half_rate, rate)).reshape(2, -1)
    density = np.zeros(points.shape[1])
    for centre, middle, weight in classes:
        about = (points[1] - middle) / known["spread_rate"]
        if start is None:
            about = np.hypot(about, (points[0] - centre) / spread)
        density += weight * np.exp(-0.5 * about**2)
    response = Response(np.exp(points[1]), np.exp(points[0]), np.full(points.shape[1], baseline))
    log_prior = np.log(np.maximum(density, 1e-300))
    if start is not None:
        log_prior += _log_density(start, response, known)
    return Grid(response, Kinetics(response, known), log_prior)


def believed(log_weights: Floats) -> Floats:
    """Return weights that add up to 1."""
    weights = np.exp(log_weights - log_weights.max())
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def quantiles(values: Floats, weights: Floats, levels: Sequence[float]) -> list[float]:
    """Return quantiles of weighed values, each value standing for a stretch about it."""
    order = np.argsort(values, kind="stable")
    cumulated = np.cumsum(weights[order])
    return [float(one) for one in np.interp(levels, cumulated - 0.5 * weights[order], values[order])]


def measured(expected: Floats, weights: Floats, residual: float, levels: Sequence[float]) -> list[float]:
    """Return quantiles of an INR that will be measured, where its curve is known as weighed values."""
    spread = np.log(expected)[:, None] + residual * _NOISE
    shares = np.repeat(weights / len(_NOISE), len(_NOISE))
    return [float(np.exp(one)) for one in quantiles(spread.ravel(), shares, levels)]


def per_week(daily: Floats, known: Parameters) -> Floats:
    """Return doses of warfarin, mg/week, for those of S-warfarin a day."""
    return daily * 7.0 / known["active_share"]


def _axis(centres: Sequence[float], reach: float, step: float) -> Floats:
    low, high = min(centres) - reach, max(centres) + reach
    return np.linspace(low, high, max(int(np.ceil((high - low) / step)) + 1, 3))


def _log_density(start: Start, response: Response, known: Parameters) -> Floats:
    """Return the density of a score over the logarithm of the dose: normal on the scale of the dose's square root."""
    plain = Response(response.rate, response.half_rate, np.full_like(response.rate, known["baseline"]))
    root = np.sqrt(per_week(Kinetics(plain, known).needed(known["target"]), known))
    centre, spread = np.sqrt(start.estimate), _spread(start)
    return np.asarray(-0.5 * ((root - centre) / spread) ** 2 + np.log(root), dtype=np.float64)


def _spread(start: Start) -> float:
    return float((np.sqrt(start.high) - np.sqrt(max(start.low, 0.0))) / (2 * _Z))


def _reach_of(start: Start, known: Parameters, rates: Sequence[float]) -> list[float]:
    """Return the logarithm of the lowest and highest half rate that a score leaves."""
    roots = [max(float(np.sqrt(start.estimate)) + side * _REACH * _spread(start), 0.7) for side in (-1, 1)]
    one = Response(np.exp(np.array([np.mean(rates)])), np.array([1.0]), np.array([known["baseline"]]))
    dose_of_one = per_week(Kinetics(one, known).needed(known["target"]), known)[0]
    # The dose rises in proportion to the half rate; a little more room, as the rate has a say too.
    return [float(np.log(root**2 / dose_of_one)) + side * 0.3 for root, side in zip(roots, (-1, 1), strict=True)]
