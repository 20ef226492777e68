"""Whether hidden counts can be solved from those shown: alleles and phenotypes are sums of the same persons."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.cohort.summary.parts import EVERYBODY
from pgx.cohort.summary.published import ALLELE, PHENOTYPE

_ALIKE = ("allele1", "allele2", "phenotype")
_LEVELS: dict[str, tuple[str, ...]] = {ALLELE: ("allele1", "allele2"), PHENOTYPE: ("phenotype",)}
_EXACT = 1e-6
Line = NDArray[np.float64]


def without_solvable(shown: pl.DataFrame, calls: pl.DataFrame) -> pl.DataFrame:
    """Leave out the alleles of genes of which a hidden count follows from all that is shown.

    Parameters
    ----------
    shown
        `own_columns.COHORT_FREQUENCIES` in which small counts are hidden.
    calls
        ``gene group allele1 allele2 phenotype``: what there is in each group, once.
    """
    own = {gene: part for (gene,), part in calls.group_by("gene")}
    away = [
        gene
        for (gene,), part in shown.group_by("gene")
        if part["level"].n_unique() > 1 and part["count"].has_nulls() and is_solvable(part, own[gene])
    ]
    return shown.filter((pl.col("level") == PHENOTYPE) | ~pl.col("gene").is_in(away))


def is_solvable(shown: pl.DataFrame, calls: pl.DataFrame) -> bool:
    """Say whether any hidden count of a gene is fixed by the equations that the others are.

    Examples
    --------
    With two alleles two phenotypes tell all: 22 strands of *2 in 19 persons are 16 who have one and 3 who have two.

    >>> calls = pl.DataFrame({"group": "all", "allele1": ["*1", "*2"], "allele2": "*2", "phenotype": ["IM", "PM"]})
    >>> shown = pl.DataFrame({"group": "all", "level": ["allele"] + ["phenotype"] * 2, "value": ["*2", "IM", "PM"],
    ...                       "count": [22, None, None], "total": [38, 19, 19]})
    >>> is_solvable(shown, calls)
    True
    """
    # Whoever solves may know which calls there are, but not in which group.
    kinds = calls.select("group").unique().join(calls.select(_ALIKE).unique(), how="cross")
    possible = np.ones(kinds.height, dtype=bool)
    known: list[Line] = []
    asked: list[Line] = []
    for group, level, value, count, total in shown.select("group", "level", "value", "count", "total").iter_rows():
        inside = np.full(kinds.height, True) if group == EVERYBODY else (kinds["group"] == group).to_numpy()
        cells = [kinds[name] for name in _LEVELS[level]]
        line = _line([one.eq_missing(value) for one in cells], inside)
        if count is None:
            asked.append(line)
        elif count == 0:
            possible &= line == 0
        else:
            known.append(line)
        if total is not None:
            known.append(_line([one.is_not_null() for one in cells], inside))
    if not known or not asked:
        return False
    _, sizes, rows = np.linalg.svd(np.unique(np.array(known)[:, possible], axis=0), full_matrices=False)
    basis = rows[sizes > _EXACT]
    wanted = np.array(asked)[:, possible]
    left = wanted - wanted @ basis.T @ basis
    return bool((np.abs(left).max(axis=1, initial=0) < _EXACT).any())


def _line(cells: list[pl.Series], inside: NDArray[np.bool_]) -> Line:
    """Return how often a person of each kind is counted."""
    return np.sum([one.to_numpy() for one in cells], axis=0, dtype=np.float64) * inside
