"""Counts so small that they could point at a person are hidden, and some larger ones beside them.

A count from 1 to below the minimum is hidden. Where the rest of a sum would tell it, the next smallest count is hidden
too, until the hidden ones together are no small number either; and a sum over the groups goes when a group's part went.
What is hidden stands in the order of names. Counts that could be solved for each other are not told together: of a
group the phenotypes alone, of a position the call rate, and no diplotypes. It is not proven that nothing can be worked
out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.codes import Status, Urgency
from pgx.cohort.summary.parts import EVERYBODY
from pgx.cohort.summary.published import ALLELE, PHENOTYPE

OTHERS = "other groups"
Mask = NDArray[np.bool_]
ABOUT_PERSONS = ("cohort_persons", "cohort_pairs", "cohort_sex")
"""Tables in which persons are named: they are not written when small counts are hidden."""
_OF_STATUS = [str(one) for one in Status]
_OF_URGENCY = [str(one) for one in Urgency]


def hidden_in_sum(counts: NDArray[np.int64], minimum: int, also: Mask | None = None) -> Mask:
    """Say which parts of a sum that is known must be hidden.

    Examples
    --------
    >>> hidden_in_sum(np.array([90, 7, 3, 0]), 5).tolist()
    [False, True, True, False]
    >>> hidden_in_sum(np.array([90, 2, 4]), 5).tolist()
    [False, True, True]
    >>> hidden_in_sum(np.array([3, 0, 0]), 5).tolist()
    [True, True, False]
    """
    hidden = (counts > 0) & (counts < minimum)
    if also is not None:
        hidden = hidden | also
    for place in np.argsort(counts, kind="stable"):
        told = counts[hidden].sum()
        if not hidden.any() or (hidden.sum() > 1 and told >= minimum):
            break
        if not hidden[place] and counts[place] > 0:
            hidden[place] = True
    if hidden.sum() == 1 and not hidden.all():
        # Nothing else is left: beside a hidden 0 it is not known that the one is all there is.
        hidden[np.flatnonzero(~hidden)[0]] = True
    return hidden


def with_large_groups(people: pl.DataFrame, minimum: int) -> pl.DataFrame:
    """Lay groups of few persons together, with the next smallest one if they are still few.

    Examples
    --------
    >>> few = pl.DataFrame({"group": ["a"] * 9 + ["b"] * 2 + ["c"] * 7})
    >>> with_large_groups(few, 5)["group"].unique().sort().to_list()
    ['a', 'other groups']
    """
    sizes = people.group_by("group").len().sort("len", "group").rows()
    merged: list[str] = []
    total = 0
    for name, size in sizes:
        if size >= minimum and (not merged or total >= minimum):
            break
        merged.append(name)
        total += size
    if not merged:
        return people
    return people.with_columns(
        group=pl.when(pl.col("group").is_in(merged)).then(pl.lit(OTHERS)).otherwise(pl.col("group"))
    )


def frequencies(frame: pl.DataFrame, minimum: int) -> pl.DataFrame:
    """Hide small counts of `own_columns.COHORT_FREQUENCIES`; of groups the phenotypes alone are left.

    Alleles, diplotypes and phenotypes are sums of the same persons: what one hides could be solved from the others.
    So diplotypes go; of the alleles of everybody `pgx.cohort.summary.solving` says which may stay.
    """
    frame = frame.filter((pl.col("level") == PHENOTYPE) | (pl.col("level") == ALLELE) & (pl.col("group") == EVERYBODY))
    rows = frame.with_row_index("_row")
    hidden = np.zeros(frame.height, dtype=bool)
    counts = frame["count"].to_numpy()
    sums = [part["_row"].to_numpy() for part in rows.partition_by("group", "gene", "level")]
    values = [part for part in rows.partition_by("gene", "level", "value") if part.height > 1]
    # What is hidden in a group is hidden in all, and what is hidden in all hides more of it: until nothing changes.
    while True:
        before = int(hidden.sum())
        for own in sums:
            hidden[own] = hidden_in_sum(counts[own], minimum, hidden[own])
        for part in values:
            own = part["_row"].to_numpy()
            every = (part["group"] == EVERYBODY).to_numpy()
            if hidden[own[~every]].any():
                hidden[own[every]] = True
        if int(hidden.sum()) == before:
            break
    kept = _without(frame, hidden, ["count", "frequency", "low", "high", "z"])
    few = _of_few(rows, minimum)
    told = _without(kept, few, ["count", "total", "frequency", "low", "high", "z"])
    place = pl.int_range(pl.len()).min().over("group", "gene", "level")
    return told.sort(place, pl.col("count").is_null(), -pl.col("count"), "value")


def _of_few(rows: pl.DataFrame, minimum: int) -> Mask:
    """Say in which rows the total is of few persons, or would tell that of another group."""
    few = (rows["total"] < pl.Series(np.where(rows["level"] == ALLELE, 2 * minimum, minimum))).to_numpy()
    for part in rows.filter(pl.col("group") != EVERYBODY).partition_by("gene", "level"):
        totals = part.select("group", "total").unique().sort("group")
        away = totals.filter(hidden_in_sum(totals["total"].to_numpy(), minimum))["group"]
        few[part.filter(pl.col("group").is_in(away.to_list()))["_row"].to_numpy()] = True
    return few


def genes(frame: pl.DataFrame, minimum: int) -> pl.DataFrame:
    """Hide small counts of `own_columns.COHORT_GENES`; a row of few persons is hidden whole."""
    found = _in_rows(frame, _OF_STATUS, minimum, ["call_rate", "low", "high"])
    if found["group"].n_unique() < 2:
        return found
    touched = found.filter(pl.col("group") != EVERYBODY, pl.any_horizontal(pl.col(_OF_STATUS).is_null()))["gene"]
    clear = (pl.col("group") == EVERYBODY) & pl.col("gene").is_in(touched.unique().to_list())
    names = [*_OF_STATUS, "call_rate", "low", "high"]
    return found.with_columns(pl.when(~clear).then(pl.col(name)).alias(name) for name in names)


def drugs(frame: pl.DataFrame, minimum: int) -> pl.DataFrame:
    """Hide small counts of `own_columns.COHORT_DRUGS`."""
    found = _in_rows(frame, _OF_URGENCY, minimum, ["actionable", "low", "high"])
    return found.sort(pl.col("actionable").is_null(), -pl.col("actionable"), "drug")


def positions(frame: pl.DataFrame, minimum: int) -> pl.DataFrame:
    """Hide every count of alleles of `own_columns.COHORT_POSITIONS`, and what is worked out from them.

    They would tell the counts of alleles that are hidden elsewhere; how many persons are known stays.
    """
    carriers, het = frame["carriers"].to_numpy(), frame["heterozygous"].to_numpy()
    rest = frame["known"].to_numpy() - carriers
    hidden = np.zeros(frame.height, dtype=bool)
    for part in (carriers, het, carriers - het, rest):
        hidden |= (part > 0) & (part < minimum)
    everything = np.ones(frame.height, dtype=bool)
    told = _without(frame, everything, ["carriers", "frequency", "heterozygous", "equilibrium_p", "inbreeding"])
    return _without(told, hidden, ["suspect"])


def next_tests(frame: pl.DataFrame, minimum: int) -> pl.DataFrame:
    """Hide small counts of `own_columns.COHORT_NEXT_TESTS`."""
    few = frame["persons"].is_between(1, minimum - 1).to_numpy()
    told = _without(frame, few, ["persons", "expected_persons", "expected_changes", "unknown"])
    told = _without(told, told["unknown"].fill_null(0).is_between(1, minimum - 1).to_numpy(), ["unknown"])
    place = pl.int_range(pl.len())
    return told.sort(pl.col("persons").is_null(), pl.when(pl.col("persons").is_not_null()).then(place), "what", "kind")


def _in_rows(frame: pl.DataFrame, names: Sequence[str], minimum: int, shares: Sequence[str]) -> pl.DataFrame:
    """Hide the parts of each row's sum; the shares go with any of them."""
    counts = frame.select(names).to_numpy()
    hidden = np.zeros(counts.shape, dtype=bool)
    small = (frame["persons"] < minimum).to_numpy() & (counts.sum(axis=1) > 0)
    for row in np.flatnonzero(((counts > 0) & (counts < minimum)).any(axis=1)):
        hidden[row] = hidden_in_sum(counts[row], minimum)
    hidden[small] = True
    columns = [
        pl.Series(name, np.where(hidden[:, i], -1, counts[:, i])).replace(-1, None) for i, name in enumerate(names)
    ]
    kept = _without(frame.with_columns(columns), np.asarray(hidden.any(axis=1)), shares)
    return _without(kept, small, ["persons"])


def _without(frame: pl.DataFrame, hidden: Mask, names: Sequence[str]) -> pl.DataFrame:
    seen = pl.lit(pl.Series("_seen", ~hidden))
    return frame.with_columns(pl.when(seen).then(pl.col(name)).alias(name) for name in names)
