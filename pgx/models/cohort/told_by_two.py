"""Pairs of columns that give the outcome away together though neither does alone.

Numbers do by their difference or a weighted sum (a stay's first and last day), or by their ratio or product (tablets
and the strength of one); columns of few levels do by what stands beside what (the drug at the start and at the end).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from pgx.models.cohort import leakage
from pgx.models.fitting.boost import Floats

MOST_COLUMNS = 150
"""Columns of numbers beyond which pairs are not looked at: they would take longer than the fit."""
_ROWS = 1000
"""Rows of each outcome that a pair is asked about."""
_NEAR = 0.9
"""A column that tells so much alone needs no other: two that are strong findings are more so together."""
_FEWEST = 20
"""Persons of each outcome, of a measured one twice as many, below which one pair of many tells it by chance."""


def rows_asked(y: Floats, link: str, seed: int = 1) -> NDArray[np.int64]:
    """Return the rows that pairs are asked about: up to `_ROWS` of each outcome, or of a measured one twice as many."""
    order = np.random.default_rng(seed).permutation(len(y))
    if link != "logit":
        return np.sort(order[: 2 * _ROWS])
    return np.sort(np.concatenate([order[y[order] == outcome][:_ROWS] for outcome in (0, 1)]))


def pairs(values: Mapping[str, Floats], y: Floats, link: str) -> list[tuple[str, str]]:
    """Return the pairs whose difference, or best weighted sum, orders the outcome nearly without error.

    Parameters
    ----------
    values
        Column -> float64 (n,), NaN = not known.
    y
        Outcome of these rows.
    link
        As of the endpoint.
    """
    if (min(y.sum(), len(y) - y.sum()) if link == "logit" else len(y) / 2) < _FEWEST:
        return []
    names = [name for name, value in values.items() if not leakage.gives_away(value, y, link, _NEAR)]
    if len(names) > MOST_COLUMNS:
        return []
    return [two for two in combinations(names, 2) if _tell(values[two[0]], values[two[1]], y, link)]


def pairs_of_levels(levels: Mapping[str, NDArray[np.int64]], y: Floats, link: str) -> list[tuple[str, str]]:
    """Return the pairs of columns whose levels order the outcome nearly without error, taken together.

    Parameters
    ----------
    levels
        Column -> int64 (n,): number of each row's level, -1 = not known; they are few.
    y, link
        As for `pairs`.
    """
    if (min(y.sum(), len(y) - y.sum()) if link == "logit" else len(y) / 2) < _FEWEST:
        return []
    alone = {name: leakage.by_value(_numbers(level)[:, None], y) for name, level in levels.items()}
    names = [name for name, told in alone.items() if not leakage.gives_away(told, y, link, _NEAR)]
    found = []
    for a, b in combinations(names if len(names) <= MOST_COLUMNS else [], 2):
        known = (levels[a] >= 0) & (levels[b] >= 0)
        both = np.where(known, levels[a] * (int(levels[b].max()) + 1) + levels[b], -1)
        if leakage.gives_away(leakage.by_value(_numbers(both)[:, None], y), y, link):
            found.append((a, b))
    return found


def _numbers(level: NDArray[np.int64]) -> Floats:
    return np.where(level >= 0, level, np.nan)


def _tell(a: Floats, b: Floats, y: Floats, link: str) -> bool:
    known = np.isfinite(a) & np.isfinite(b)
    a, b, y = a[known], b[known], y[known]
    if len(y) < 2:
        return False
    return _sum_tells(a, b, y, link) or (bool(min(a.min(), b.min()) > 0) and _sum_tells(np.log(a), np.log(b), y, link))


def _sum_tells(a: Floats, b: Floats, y: Floats, link: str) -> bool:
    """Whether the difference or the best weighted sum orders the outcome nearly without error."""
    if leakage.gives_away(a - b, y, link):
        return True
    both = np.column_stack([a - a.mean(), b - b.mean()])
    spread = both.std(axis=0)
    if not spread.all():
        return False
    # The direction of least squares, which for two classes is that of linear discriminants (Fisher 1936).
    direction = np.linalg.lstsq(both / spread, y - y.mean(), rcond=1e-9)[0]
    return leakage.gives_away(both / spread @ direction, y, link)
