"""Whether a cohort contradicts the published evidence: prior-predictive checks, before anything is learned.

Box (J R Stat Soc A 1980;143:383): what was observed is set against what the prior, with its stated uncertainty,
predicted. Two things are looked at: the number of events, and how far the persons with the event are those that the
evidence points to.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pgx.models.evidence import design
from pgx.models.evidence.endpoint import Endpoint
from pgx.models.evidence.endpoint_parsing import UNSTATED_SE
from pgx.models.evidence.links import sigmoid
from pgx.models.fitting.boost import Floats
from pgx.models.fitting.linear import Data

_DRAWS = 2000
_GROUPS = 800
_ALPHA = 0.01
_ALIKE = 1e-9
"""Range of a prior's margins under which it says the same of all persons: the rest is rounding."""
NUMBER = "more_or_fewer_events_than_predicted"
EFFECT = "prior_data_conflict"
"""Code of the warning that the evidence itself does not fit."""
_WRONG = "the evidence may not hold for this cohort, or genotypes or outcomes are coded wrongly"


@dataclass(frozen=True, slots=True)
class Check:
    """One prior-predictive check.

    Parameters
    ----------
    code
        `NUMBER` or `EFFECT`.
    p_value
        Two-sided: how often the prior predicts something as far out; NaN where nothing can be said.
    message
        One sentence; empty where there is no conflict.
    """

    code: str
    p_value: float
    message: str


def checks(endpoint: Endpoint, data: Data, prior: design.Prior, seed: int) -> tuple[Check, Check]:
    """Set a cohort of a risk against its prior.

    Parameters
    ----------
    endpoint
        With the uncertainty of baseline and effects; a baseline without an interval is taken to have `UNSTATED_SE`.
    data
        The cohort; rows of a person count together.
    prior
        The prior term by term.
    seed
        Seed of the draws.
    """
    rng = np.random.default_rng(seed)
    start, values, persons, events = _grouped(endpoint, data, prior)
    total, observed = float(persons.sum()), float(events.sum())
    away = start - float((persons * start).sum()) / total
    if np.ptp(prior.margin) < _ALIKE:
        away = np.zeros_like(start)
    strength = float((away * (events - persons * (observed / total))).sum())
    errors = np.array([term.se for term in endpoint.terms])
    margin = start + (rng.normal(size=(_DRAWS, len(errors))) * errors) @ values.T
    shift = rng.normal(size=(_DRAWS, 1)) * (endpoint.baseline_se or UNSTATED_SE)
    whole = np.maximum(np.rint(persons), 1).astype(np.int64)
    numbers = rng.binomial(whole, _risk(margin + shift)).sum(axis=1)
    # The effects are looked at beside the number of events that there are.
    drawn = rng.binomial(whole, _risk(margin + _shift(margin, persons, observed)))
    strengths = (away * (drawn - persons * (drawn.sum(axis=1, keepdims=True) / total))).sum(axis=1)
    low, high = np.quantile(numbers, [0.05, 0.95])
    first, second = _two_sided(numbers, observed), _two_sided(strengths, strength)
    told = f"{observed:.0f} persons with the event, {low:.0f} to {high:.0f} were predicted"
    side = "less" if strength < np.median(strengths) else "more"
    return (
        Check(NUMBER, first, f"{told} by the published baseline (p = {first:.3f}): the intercept is learned anew, but "
              "look at how cases were counted" if first < _ALPHA else ""),
        Check(EFFECT, second, f"the event goes along with the published risk factors {side} than they predict (p = "
              f"{second:.3f}): {_WRONG}"
              if second < _ALPHA else ""),
    )  # fmt: skip


def measured_check(endpoint: Endpoint, data: Data, prior: design.Prior, seed: int) -> Check:
    """Set the doses, levels or exposures of a cohort against the effects of its prior; parameters as for `checks`.

    A small difference is what training is for: said is only an effect of less than half, or of more than twice, the
    published one, if the effects' uncertainty and the spread of persons do not explain it.
    """
    rng = np.random.default_rng(seed)
    start, values, persons, sums = _grouped(endpoint, data, prior)
    away = start - float((persons * start).sum() / persons.sum())
    spread = float((persons * away**2).sum())
    if np.ptp(prior.margin) < _ALIKE:
        return Check(EFFECT, float("nan"), "")
    strength = float((away * sums).sum())
    weight = np.ones(len(data.y)) if data.weight is None else data.weight
    far = data.prior - np.average(data.prior, weights=weight)
    left = data.y - np.average(data.y, weights=weight) - far * strength / spread
    noise = float(np.sqrt(np.average(left**2, weights=weight) * spread))
    errors = np.array([term.se for term in endpoint.terms])
    margin = start + (rng.normal(size=(_DRAWS, len(errors))) * errors) @ values.T
    strengths = margin @ (persons * away) + rng.normal(size=_DRAWS) * noise
    p, slope = _two_sided(strengths, strength), strength / spread
    odd = p < _ALPHA and not 0.5 <= slope <= 2.0
    text = f"the published effects are seen at {slope:.2g} of the strength that they predict (p = {p:.3f})"
    return Check(EFFECT, p, f"{text}: {_WRONG}" if odd else "")


def _grouped(endpoint: Endpoint, data: Data, prior: design.Prior) -> tuple[Floats, Floats, Floats, Floats]:
    """Return margin (g,), the terms' readings (g, k), persons and events (g,) of groups of rows with like margins."""
    coefficients = np.array([term.coefficient for term in endpoint.terms])
    values = np.where(coefficients == 0, 0.0, prior.terms / np.where(coefficients == 0, 1.0, coefficients))
    weight, n = np.ones(len(data.y)) if data.weight is None else data.weight, len(data.y)
    order = np.argsort(prior.margin, kind="stable")
    group = np.empty(n, dtype=np.int64)
    groups = max(1, min(_GROUPS, int(weight.sum() + 1e-6)))
    group[order] = np.arange(n) * min(n, groups) // n
    persons = np.bincount(group, weight)

    def mean(column: Floats) -> Floats:
        return np.asarray(np.bincount(group, weight * column) / persons, dtype=np.float64)

    columns = [mean(values[:, j]) for j in range(values.shape[1])]
    readings = np.column_stack(columns) if columns else np.zeros((len(persons), 0))
    events = np.bincount(group, weight * data.y).astype(np.float64)
    return mean(prior.margin), readings, persons.astype(np.float64), events


def _risk(margin: Floats) -> Floats:
    return sigmoid(np.clip(margin, -35, 35))


def _shift(margin: Floats, persons: Floats, events: float) -> Floats:
    """Return, for every draw, the shift that gives this number of events (half of one at least, or at most less)."""
    wanted, found = float(np.clip(events, 0.5, persons.sum() - 0.5)), np.zeros((len(margin), 1))
    for _ in range(8):
        p = _risk(margin + found)
        slope = np.maximum((persons * p * (1 - p)).sum(axis=1, keepdims=True), 1e-9)
        found += np.clip((wanted - (persons * p).sum(axis=1, keepdims=True)) / slope, -3, 3)
    return found


def _two_sided(draws: Floats, value: float) -> float:
    """Return the share of draws at least as far out, either side, ties counted half."""
    below = (draws < value).mean() + 0.5 * (draws == value).mean()
    if np.ptp(draws) == 0:
        return float("nan")
    return float(np.clip(2.0 * min(below, 1.0 - below) + 1.0 / len(draws), 0.0, 1.0))
