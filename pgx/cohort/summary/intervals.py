"""Intervals of shares, and the test of Hardy and Weinberg's proportions."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import polars as pl

Z = 1.959963984540054
"""Standard normal quantile of a 95 % interval."""
EXACT = 10_000
"""Persons up to which the test of equilibrium is exact."""


def wilson(count: pl.Expr, total: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Return both ends of Wilson's 95 % interval of count / total; null where the total is 0.

    Examples
    --------
    >>> low, high = wilson(pl.lit(8), pl.lit(10))
    >>> [round(x, 4) for x in pl.select(low, high.alias("high")).row(0)]
    [0.4902, 0.9433]
    """
    n = pl.when(total > 0).then(total.cast(pl.Float64))
    share = count / n
    middle = share + Z**2 / (2 * n)
    half = Z * ((share * (1 - share) / n + Z**2 / (4 * n**2)).sqrt())
    scale = 1 + Z**2 / n
    low = pl.when(count == 0).then(0.0 * n).otherwise((middle - half) / scale)
    high = pl.when(count == total).then(0.0 * n + 1.0).otherwise((middle + half) / scale)
    return low, high


def with_share(frame: pl.DataFrame, count: str, total: str, share: str = "frequency") -> pl.DataFrame:
    """Add the share and its interval, ``low`` and ``high``."""
    low, high = wilson(pl.col(count), pl.col(total))
    named = (pl.col(count) / pl.when(pl.col(total) > 0).then(pl.col(total))).alias(share)
    return frame.with_columns(named, low.alias("low"), high.alias("high"))


@lru_cache(maxsize=65536)
def equilibrium(homozygous: int, heterozygous: int, changed: int) -> float:
    """Return the chance of genotypes that are no more probable than these, given the alleles (Hardy-Weinberg).

    Exact up to `EXACT` persons, chi-squared with one degree of freedom beyond.

    Parameters
    ----------
    homozygous, heterozygous, changed
        Persons with no, one and two copies of the change.

    Examples
    --------
    >>> round(equilibrium(57, 14, 50), 12) < 1e-12
    True
    >>> equilibrium(10, 0, 0)
    1.0
    """
    n, rare = homozygous + heterozygous + changed, heterozygous + 2 * min(homozygous, changed)
    if n == 0 or rare == 0:
        return 1.0
    if n > EXACT:
        p = rare / (2 * n)
        expected = n * np.array([(1 - p) ** 2, 2 * p * (1 - p), p * p])
        seen = np.array([max(homozygous, changed), heterozygous, min(homozygous, changed)])
        return math.erfc(math.sqrt(float(((seen - expected) ** 2 / expected).sum()) / 2))
    counts = np.arange(rare % 2, rare + 1, 2)
    few = (rare - counts) // 2
    factorials = _log_factorials(n)
    logs = counts * math.log(2) - factorials[counts] - factorials[few] - factorials[n - counts - few]
    chances = np.exp(logs - logs.max())
    own = chances[counts == heterozygous]
    return float(min(chances[chances <= own * (1 + 1e-9)].sum() / chances.sum(), 1.0))


@lru_cache(maxsize=8)
def _log_factorials(n: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
