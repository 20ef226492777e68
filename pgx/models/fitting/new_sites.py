"""Dose intervals for sites that a model has not seen: the usual ones, stretched by what leaving sites out has shown.

Persons of one hospital err together, so that an interval that holds 90 % of the persons of known sites holds fewer at
a new one. Whole sites are left out, the model is fitted to the others, and the intervals are stretched by one factor
until the share of persons that they hold, averaged over the sites with each site counting once, is the nominal one even
when the average is taken a standard error lower. Sites are what is exchangeable here (Dunn, Wasserman and Ramdas, J Am
Stat Assoc 2023;118:2491).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pgx.models.fitting import boost, conformal, fit, linear
from pgx.models.fitting.boost import Floats

if TYPE_CHECKING:
    from pgx.models.fitting.fit import Fitted
    from pgx.models.fitting.linear import Data

MIN_SITES = 5
"""Fewer sites say nothing of how sites differ."""
_FEWEST = 20
"""Sites of fewer persons are left out like the others, but no share is taken in them."""
_FOLDS = 10


def margins(data: Data, link: str, fitted: Fitted, sites: NDArray[np.int64], monotone: Sequence[int]) -> Floats:
    """Return each row's margin from a fit without its site, float64 (n,).

    Parameters
    ----------
    data, link
        The cohort.
    fitted
        The fit of the whole cohort: its candidates' weights and variants are kept.
    sites
        int64 (n,): site of each row; many sites are left out several at a time.
    monotone
        As the fit had it.
    """
    found, fold_of = np.full(len(data.y), np.nan), folds(sites, _FOLDS)
    for fold in np.unique(fold_of):
        test = fold_of == fold
        train, held = data.take(~test), data.take(test)
        center, scale = linear.moments(train.x)
        whole, trees = fit.follow(fitted.recipe, train, link, monotone, center, scale)
        found[test] = linear.margins(whole, held, center, scale)
        if trees is not None:
            found[test] += boost.margins(boost.open_booster(trees), held.x)
    return found


def stretch(over: Floats, sites: NDArray[np.int64], level: float) -> float | None:
    """Return the factor by which intervals must be stretched for a new site, 1 or more; None with too few sites.

    Parameters
    ----------
    over
        float64 (n,): each truth's distance from the left-out prediction, in units of its interval's side.
    sites
        int64 (n,): site of each row.
    level
        Nominal coverage.
    """
    _, code, count = np.unique(sites, return_inverse=True, return_counts=True)
    large = np.flatnonzero(count >= _FEWEST)
    if len(large) < MIN_SITES:
        return None
    each = [np.sort(over[code == site]) for site in large]

    def lowest(factor: float) -> float:
        shares = np.array([np.searchsorted(one, factor, "right") / len(one) for one in each])
        return float(shares.mean() - shares.std(ddof=1) / np.sqrt(len(shares)))

    low, high = 1.0, max(float(one[-1]) for one in each)
    if lowest(low) >= level:
        return low
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if lowest(middle) >= level else (middle, high)
    return high


def distances(y: Floats, margin: Floats, groups: list[str | None], table: dict[str, tuple[float, float]]) -> Floats:
    """Return how far each truth lies from its prediction, in units of its interval's side on that side."""
    low, high = conformal.bounds(margin, groups, table)
    below, above = np.maximum(margin - low, 1e-9), np.maximum(high - margin, 1e-9)
    return np.where(y < margin, (margin - y) / below, (y - margin) / above)


def folds(sites: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Divide whole sites into at most `most` folds of about the same number of rows, the largest sites first.

    Returns
    -------
    numpy.ndarray
        int64 (n,): fold of each row.
    """
    _, code, count = np.unique(sites, return_inverse=True, return_counts=True)
    load = np.zeros(min(most, len(count)))
    fold_of = np.zeros(len(count), dtype=np.int64)
    for site in np.argsort(-count, kind="stable"):
        fold_of[site] = int(np.argmin(load))
        load[fold_of[site]] += count[site]
    return np.asarray(fold_of[code], dtype=np.int64)
