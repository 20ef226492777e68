"""The mean of an endpoint's estimates over the population that its own frequencies describe.

A mean of risks is not the risk at the mean of the log odds: where an effect is strong and rare, most of the mean comes
from the few who carry it. The population is put together from the terms: levels of one column exclude each other,
columns are independent, two copies of an allele are met as often as two draws say. Several genetic effects in one
person combine as they do in an estimate (`design.lead`).
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from pgx.models.evidence import design
from pgx.models.evidence.endpoint import Endpoint, Term
from pgx.models.evidence.links import linked, logit, measured, natural

Floats = NDArray[np.float64]
_LEVELS = ("level", "recorded", "range", "status")
_STEP = 0.01
_MOST = 2_000
"""Combinations of genetic findings that are looked at one by one; more are taken as adding up."""
_Choice = list[tuple[float, dict[int, float]]]
"""What one column may say: probability, and the value of each term's reading."""


def mean_of(endpoint: Endpoint) -> float:
    """Return the population's mean estimate, natural scale."""
    return _mean(_Key(endpoint))


def centres(endpoint: Endpoint) -> tuple[float, Floats]:
    """Return the mean on the link scale, and what of each term belongs to it: together they leave every sum as it is.

    The mean over persons lies beside the estimate at the terms' means; the terms that vary most are said to do it.
    """
    means = np.array([term.coefficient * term.mean for term in endpoint.terms])
    mean = mean_of(endpoint)
    start = float(linked(np.array(mean), endpoint.link)) if measured(endpoint.link) else logit(mean)
    spread = np.array([term.coefficient**2 * term.variance for term in endpoint.terms])
    rest = start - endpoint.baseline - float(means.sum())
    if not len(spread) or not spread.sum() > 0:
        return endpoint.baseline + float(means.sum()), means
    return start, means + rest * spread / spread.sum()


class _Key:
    """An endpoint by identity of its content, so that its mean is found once."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._id = (endpoint.name, endpoint.link, endpoint.baseline, endpoint.terms)

    def __hash__(self) -> int:
        return hash(self._id)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self._id == other._id


@lru_cache(maxsize=256)
def _mean(key: _Key) -> float:
    endpoint = key.endpoint
    columns: dict[object, list[int]] = {}
    for j, term in enumerate(endpoint.terms):
        alone = term.reading.kind not in _LEVELS
        columns.setdefault(j if alone else term.reading.column, []).append(j)
    genetic: list[_Choice] = []
    other: list[_Choice] = []
    for terms in columns.values():
        choices = _choices(endpoint.terms, terms)
        (genetic if all(endpoint.terms[j].single for j in terms) else other).append(choices)
    value, share = _combined(endpoint, genetic)
    for choices in other:
        value, share = _added(endpoint, choices, value, share)
    return float((share * natural(endpoint.baseline + value, endpoint.link)).sum())


def _choices(terms: tuple[Term, ...], members: list[int]) -> _Choice:
    first = terms[members[0]]
    if first.reading.kind in _LEVELS:
        shares = np.array([terms[j].mean for j in members])
        shares = shares / max(1.0, float(shares.sum()))
        each = [(float(share), {j: 1.0}) for j, share in zip(members, shares, strict=True)]
        return [*each, (1.0 - float(shares.sum()), {})]
    j = members[0]
    if first.reading.kind == "text_count":
        p = min(first.mean / 2.0, 1.0)
        return [((1 - p) ** 2, {}), (2 * p * (1 - p), {j: 1.0}), (p * p, {j: 2.0})]
    if first.reading.kind in ("yes", "missing"):
        return [(1.0 - first.mean, {}), (first.mean, {j: 1.0})]
    # A number: five points of a normal curve.
    points, weights = np.polynomial.hermite_e.hermegauss(5)
    sd = float(np.sqrt(max(first.variance, 0.0)))
    weights = weights / weights.sum()
    return [(float(w), {j: first.mean + sd * float(x)}) for x, w in zip(points, weights, strict=True)]


def _combined(endpoint: Endpoint, genetic: list[_Choice]) -> tuple[Floats, Floats]:
    """Return margins without the baseline, and how frequent they are, over all genetic findings together."""
    if np.prod([len(choices) for choices in genetic], dtype=np.float64) > _MOST:
        value, share = np.zeros(1), np.ones(1)
        for choices in genetic:
            value, share = _added(endpoint, choices, value, share)
        return value, share
    rows, shares = [], []
    for combination in product(*genetic):
        row = np.zeros(len(endpoint.terms))
        for _, values in combination:
            for j, count in values.items():
                row[j] = count
        rows.append(row)
        shares.append(float(np.prod([share for share, _ in combination])))
    copies = np.array(rows).reshape(len(rows), len(endpoint.terms))
    terms = copies * np.array([term.coefficient for term in endpoint.terms])
    single = np.array([term.single and term.coefficient != 0 for term in endpoint.terms], dtype=np.bool_)
    kept = design.lead(terms, np.where(single, np.abs(copies), 0.0))[0]
    return kept.sum(axis=1), np.array(shares)


def _added(endpoint: Endpoint, choices: _Choice, value: Floats, share: Floats) -> tuple[Floats, Floats]:
    """Add what an independent column may say; margins that lie together are then put together."""
    moves = [(p, sum(endpoint.terms[j].coefficient * v for j, v in values.items())) for p, values in choices if p > 0]
    value = np.concatenate([value + move for _, move in moves])
    share = np.concatenate([share * p for p, _ in moves])
    if len(value) <= _MOST:
        return value, share
    # Each margin is divided between its two neighbours of a grid: the mean stays exactly.
    low = np.floor(value / _STEP)
    part = value / _STEP - low
    ends, index = np.unique(np.r_[low, low + 1], return_inverse=True)
    merged = np.bincount(index, np.r_[share * (1 - part), share * part])
    return ends * _STEP, np.asarray(merged, dtype=np.float64)
