"""What each candidate counts: non-negative weights that add up to 1, from predictions of persons not seen.

Stacked on the margin scale (Wolpert, Neural Netw 1992;5:241; van der Laan, Polley and Hubbard, Stat Appl Genet Mol Biol
2007;6:25): the loss of the weighted sum is minimised over persons whom the candidates have not seen, in every repeat of
the cross-validation. A candidate pays for its weight, in log-likelihood, the more the more it can learn from chance:
where the data say little, all the weight stays with the published evidence. The persons of a site share what sets the
site apart, so they speak for fewer persons than they are (`design_effect`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pgx.models.evidence.links import sigmoid
from pgx.models.fitting import linear
from pgx.models.fitting.boost import Floats, Matrix

PRICE: Mapping[str, float] = {
    "prior": 0.0,
    "base_rate": 2.0,
    "intercept": 1.5,
    "slope": 2.0,
    "ridge": 2.5,
    "plain_ridge": 2.5,
    "boosted": 3.5,
    "boosted_ridge": 3.5,
    "plain_booster": 3.5,
}
"""Log-likelihood by which a candidate must be ahead of the published evidence before it is given any weight.

At least one for each number that is free (as Akaike has it), and more for having been chosen among several: the base
rate gives up both the intercept and the slope of the evidence.
"""
FEW = 75
"""Persons below which prices rise as persons get fewer: what is gained by chance grows then (as Hurvich and Tsai
corrected Akaike's criterion, Biometrika 1989;76:297)."""
SMALLEST = 0.02
"""Smaller weights are dropped."""


def weights(
    margins: Mapping[str, Matrix], y: Floats, link: str, weight: Floats | None, price: Mapping[str, float] = PRICE
) -> dict[str, float]:
    """Return each candidate's weight.

    Parameters
    ----------
    margins
        Candidate -> float32 (repeats, n): margins of rows that it has not seen.
    y, link, weight
        Outcome on the link scale, and what a row counts.
    price
        Candidate -> log-likelihood that full weight costs.
    """
    from scipy import optimize

    names = list(margins)
    stack = np.stack([margins[name] for name in names], axis=-1, dtype=np.float64)
    each = np.ones(len(y)) if weight is None else weight
    noise = 1.0
    if link != "logit":
        error = ((stack - y[:, None]) ** 2).mean(axis=0)
        noise = max(float(np.min((each[:, None] * error).sum(axis=0)) / each.sum()), 1e-9)
    cost = np.array([price[name] for name in names])
    repeats = len(stack)

    def score(w: Floats) -> tuple[float, Floats]:
        margin = stack @ w
        if link == "logit":
            loss = np.logaddexp(0.0, np.where(y > 0.5, -margin, margin))
            slope = sigmoid(np.clip(margin, -35, 35)) - y
        else:
            loss, slope = 0.5 * (y - margin) ** 2 / noise, (margin - y) / noise
        gradient = np.einsum("rn,rnk->k", each * slope, stack) / repeats
        return float((each * loss).sum() / repeats + cost @ w), gradient + cost

    start = np.full(len(names), 0.5 / len(names))
    start[names.index("prior")] += 0.5

    def least(begin: Floats, unit: float) -> Floats:
        found: Floats = optimize.minimize(
            lambda w: tuple(part / unit for part in score(w)),
            begin,
            jac=True,
            method="SLSQP",
            bounds=[(0.0, 1.0)] * len(names),
            constraints={"type": "eq", "fun": lambda w: w.sum() - 1.0, "jac": lambda w: np.ones(len(w))},
            options={"maxiter": 200, "ftol": 1e-7},
        ).x
        return found

    found = least(start, 1.0)
    alone = min(np.eye(len(names)), key=lambda w: score(w)[0])
    if not score(found)[0] <= score(alone)[0]:
        # The search is lost where candidates lie far apart; from beside the best of them it is not, and never worse.
        near = least(0.9 * alone + 0.1 / len(names), max(abs(score(start)[0]), 1.0))
        found = near if score(near)[0] <= score(alone)[0] else alone
    return rounded(dict(zip(names, (float(one) for one in found), strict=True)))


def prices(persons: int) -> dict[str, float]:
    """Return what candidates pay in a cohort of so many persons."""
    return {name: cost * max(1.0, FEW / persons) for name, cost in PRICE.items()}


def design_effect(margins: Mapping[str, Matrix], data: linear.Data, link: str, sites: NDArray[np.int64]) -> float:
    """Return how many persons of a site tell as much of the candidates as one person would alone; at least 1.

    What a candidate gains on the published evidence varies between sites more than persons drawn at random would let
    it: the ratio of both variances (Kish, Survey Sampling, 1965), the median over the candidates.

    Parameters
    ----------
    margins
        Candidate -> float32 (repeats, n): margins of rows at sites that it has not seen.
    data, link
        The cohort.
    sites
        Number of each row's site; those with a person in common have one number.
    """
    each = np.ones(len(data.y)) if data.weight is None else data.weight
    number = int(sites.max()) + 1

    def lost(name: str) -> Floats:
        total = np.zeros(len(data.y))
        for row in margins[name]:
            total += linear.loss(data.y, row.astype(np.float64), link)
        return total / len(margins[name])

    evidence, ratios = lost("prior"), list[float]()
    for name in margins:
        gain = evidence - lost(name)
        away = each * (gain - linear.mean(gain, data.weight))
        of_persons = float((np.bincount(data.groups, away) ** 2).sum())
        if of_persons > 1e-12 * len(away):
            of_sites = float((np.bincount(sites, away) ** 2).sum())
            ratios.append(of_sites / of_persons * number / (number - 1))
    return max(1.0, float(np.median(ratios))) if ratios else 1.0


def rounded(found: Mapping[str, float]) -> dict[str, float]:
    """Return the weights without the smallest ones, in ten-thousandths, so that every machine fits the same model."""
    kept = {name: max(one, 0.0) if one >= SMALLEST else 0.0 for name, one in found.items()}
    total = sum(kept.values())
    short = {name: round(one / total, 4) for name, one in kept.items()}
    largest = max(short, key=lambda name: short[name])
    short[largest] = round(short[largest] + 1.0 - sum(short.values()), 4)
    return short
