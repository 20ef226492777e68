"""Intervals for doses: split-conformal within groups (Mondrian), from residuals of persons that the fit did not see.

Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World (2005), chapter 4; the residuals are those of
cross-validation (Barber, Candès, Ramdas and Tibshirani, Ann Stat 2021;49:486). The two sides have their own quantile.
"""

from __future__ import annotations

import numpy as np

from pgx.models.fitting.boost import Floats

LEVEL = 0.9
"""Nominal coverage of the product's intervals."""
MIN_GROUP = 100
"""Groups of fewer persons use the quantiles of everyone."""
OTHERS = "*"


def tables(
    y: Floats, margin: Floats, groups: list[str | None], level: float, weight: Floats | None = None
) -> dict[str, tuple[float, float]]:
    """Return group -> (distance below, distance above), link scale; ``*`` is everyone.

    Parameters
    ----------
    y, margin
        Outcome and out-of-fold prediction, link scale, float64 (n,).
    groups
        Group of each person; None counts as one group named ``*`` only.
    level
        Nominal coverage.
    weight
        float64 (n,): what a row counts; None = 1 each. Groups are counted in persons then.
    """
    each = np.ones(len(y)) if weight is None else weight
    found = {OTHERS: _pair(margin - y, level, weight)}
    names = np.array([OTHERS if group is None else group for group in groups], dtype=object)
    for name in sorted({str(group) for group in names} - {OTHERS}):
        rows = names == name
        if each[rows].sum() >= MIN_GROUP - 1e-6:
            found[name] = _pair((margin - y)[rows], level, None if weight is None else weight[rows])
    # Persons of no named group are a group too: their own quantiles, if there are enough of them.
    unnamed = ~np.isin(names, [name for name in found if name != OTHERS])
    if each[unnamed].sum() >= MIN_GROUP - 1e-6:
        found[OTHERS] = _pair((margin - y)[unnamed], level, None if weight is None else weight[unnamed])
    return found


def bounds(margin: Floats, groups: list[str | None], table: dict[str, tuple[float, float]]) -> tuple[Floats, Floats]:
    """Return the interval's ends on the link scale."""
    pairs = np.array([table.get(group or OTHERS, table[OTHERS]) for group in groups]).reshape(len(margin), 2)
    return margin - pairs[:, 0], margin + pairs[:, 1]


def _pair(over: Floats, level: float, weight: Floats | None) -> tuple[float, float]:
    side = 1.0 - (1.0 - level) / 2.0
    return _quantile(over, side, weight), _quantile(-over, side, weight)


def _quantile(values: Floats, share: float, weight: Floats | None) -> float:
    """Return the conformal quantile: the ceil((n + 1) share)-th smallest value, never below 0; n counts persons."""
    if weight is None:
        ordered = np.sort(values)
        rank = min(int(np.ceil((len(ordered) + 1) * share)), len(ordered))
        return float(max(ordered[rank - 1], 0.0))
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order])
    rank = int(np.searchsorted(reached, (reached[-1] + 1.0) * share - 1e-9))
    return float(max(values[order[min(rank, len(order) - 1)]], 0.0))
