"""How far a risk may be off: what a cohort cannot tell, what the model has not learned of it, and how sites differ.

The interval of a trained risk rests on one covariance matrix of (intercept, slope of the prior, standardised features).
It is that of a second look at the residue: a logistic regression on the out-of-fold predictions of the whole model, the
trees included, with a normal prior on each feature's remaining effect. Its posterior covariance is what the cohort
cannot tell, of features that the gate has kept out too; the square of its posterior mean is what the data say that the
model has missed. The trees add how far they move when a fold is left out. Sites add their own spread, as a random
effect with the t quantile of a prediction for a new one (Higgins, Thompson and Spiegelhalter, J R Stat Soc A
2009;172:137).
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from pgx.models.evidence.links import sigmoid
from pgx.models.fitting import metrics
from pgx.models.fitting.boost import Floats
from pgx.models.fitting.linear import LARGE, Data, ridge, standardise

UNLEARNED = 0.5
"""Variance of the log odds that all features together are thought to hold beyond the model, before data are seen."""
LARGEST = 0.09
"""The same for one feature: an effect of 0.3 on the log odds for a standard deviation."""
_INTERCEPT, _SLOPE = 0.01, 4.0
MIN_SITES = 5
"""Fewer sites say nothing of how sites differ."""
_FEWEST_EVENTS = 1.0


def covariance(data: Data, margin: Floats, center: Floats, scale: Floats, moved: float = 0.0) -> Floats:
    """Return the covariance that a risk's interval rests on, float64 (p + 2, p + 2).

    Parameters
    ----------
    data
        The cohort: prior, features, outcome (0 or 1).
    margin
        float64 (n,): out-of-fold log odds of the whole model.
    center, scale
        Of the features, as the model standardises them.
    moved
        Jackknife variance of the whole model, the trees included; 0 without trees.
    """
    n, p = data.x.shape
    every = slice(0, n, max(1, (n * (p + 2)) // LARGE))
    y, offset = data.y[every], margin[every]
    design = np.column_stack([np.ones(len(y)), data.prior[every], standardise(data.x[every], center, scale)])
    weight = np.full(len(y), n / len(y)) if data.weight is None else data.weight[every] * (n / len(y))
    precision = np.r_[_INTERCEPT, _SLOPE, np.full(p, 1.0 / min(LARGEST, UNLEARNED / max(p, 1)))]
    missed = ridge(design, y, offset, precision, "logit", weight)
    rate = sigmoid(np.clip(offset + design @ missed, -8, 8))
    information = (design * (weight * rate * (1.0 - rate))[:, None]).T @ design + np.diag(precision)
    found = np.linalg.inv(information) + np.outer(missed, missed)
    found[0, 0] += moved
    return np.asarray(0.5 * (found + found.T), dtype=np.float64)


def between_sites(y: Floats, margin: Floats, sites: NDArray[np.int64]) -> float | None:
    """Return the variance of a new site's own shift of the log odds; None with fewer than `MIN_SITES` sites.

    Parameters
    ----------
    y, margin
        Outcome and out-of-fold log odds.
    sites
        int64 (n,): site of each row. Sites of which less than one event is expected count as none.

    Notes
    -----
    DerSimonian and Laird's moment estimate, times the square of the t quantile over the normal one: few sites say
    little of how the next one is.
    """
    rate = sigmoid(margin)
    _, code = np.unique(sites, return_inverse=True)
    curvature = np.bincount(code, rate * (1.0 - rate))
    use = curvature >= _FEWEST_EVENTS
    count = int(use.sum())
    if count < MIN_SITES:
        return None
    shift = (np.bincount(code, y - rate))[use] / curvature[use]
    w = curvature[use]
    away = float((w * (shift - np.average(shift, weights=w)) ** 2).sum())
    variance = max(away - (count - 1), 0.0) / float(w.sum() - (w**2).sum() / w.sum())
    return variance * (metrics.t_quantile(0.95, count - 2) / NormalDist().inv_cdf(0.95)) ** 2
