"""What a model's record says of its cohort: how many rows and persons, what was missing, which ranges were seen."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pgx.models.evidence.endpoint import Feature
from pgx.models.evidence.links import measured
from pgx.models.fitting.linear import mean

if TYPE_CHECKING:
    from pgx.models.cohort.cohort import Cohort
    from pgx.models.fitting.boost import Floats, Matrix

GROUPS = ("clinical.sex", "clinical.race", "clinical.ancestry")
"""Columns whose values are counted for the card."""
_MINIMA = 128
_BLOCK = 8192


@dataclass(slots=True)
class Tally:
    """Counts that can be taken block by block.

    Parameters
    ----------
    rows
        Rows seen.
    gaps
        Column -> rows without a value.
    groups
        Column of `GROUPS` -> value -> rows.
    low, high
        float64 (p,): range of every feature; infinite where nothing was known.
    """

    rows: int = 0
    gaps: dict[str, int] = field(default_factory=dict)
    groups: dict[str, dict[str, int]] = field(default_factory=dict)
    low: Floats | None = None
    high: Floats | None = None

    def add(self, frame: pl.DataFrame, columns: Sequence[str], x: Matrix) -> None:
        """Count a block of rows: the frame, the columns whose gaps count, and the features."""
        self.rows += frame.height
        for name in columns:
            self.gaps[name] = self.gaps.get(name, 0) + frame[name].null_count()
        for name in GROUPS:
            if name in frame.columns:
                seen = self.groups.setdefault(name, {})
                words = frame[name].cast(pl.String).fill_null("not recorded").value_counts(name="rows")
                for word, number in words.iter_rows():
                    seen[word] = seen.get(word, 0) + number
        low, high = np.fmin.reduce(x, axis=0, initial=np.inf), np.fmax.reduce(x, axis=0, initial=-np.inf)
        self.low = low if self.low is None else np.minimum(self.low, low)
        self.high = high if self.high is None else np.maximum(self.high, high)


@dataclass(frozen=True, slots=True)
class Census:
    """A cohort in numbers.

    Parameters
    ----------
    rows, persons, sites
        How many; no sites where none are known.
    average
        Mean outcome over persons, or the median for a dose (link scale).
    left_out
        Reason -> rows not used.
    missing
        Column -> share of rows without a value.
    groups
        Column -> value -> rows.
    ranges
        (low, high) of each feature; None where nothing was known.
    sample
        Rows and persons that choices and intervals rest on; None = all.
    """

    rows: int
    persons: int
    sites: int
    average: float
    left_out: Mapping[str, int]
    missing: Mapping[str, float]
    groups: Mapping[str, Mapping[str, int]]
    ranges: Sequence[tuple[float | None, float | None]]
    sample: Mapping[str, int] | None = None


def sketch(taken: Cohort) -> list[int]:
    """Return a short sketch of a cohort's rows (MinHash, Broder 1997), by which `shared` knows them again.

    Of every mix of the rows' checksums the smallest is kept: no row can be read from it.
    """
    sums = np.empty(len(taken.data.y), dtype=np.uint64)
    for first in range(0, len(sums), _BLOCK):  # a copy of all rows would be larger than the cohort
        part = slice(first, first + _BLOCK)
        rows = np.column_stack([taken.data.y[part], taken.data.x[part].astype(np.float64)])
        sums[part] = [int.from_bytes(hashlib.sha256(row.tobytes()).digest()[:8]) for row in rows]
    mixes = np.random.default_rng(1).integers(1, 2**63, size=_MINIMA, dtype=np.uint64) | np.uint64(1)
    return [int((sums * mix).min() >> np.uint64(32)) for mix in mixes]


def shared(known: Sequence[int], rows: int, taken: Cohort) -> float:
    """Return the share of a cohort's rows that another of so many `rows`, by its sketch, holds too."""
    if len(known) != _MINIMA:
        return 0.0
    alike = float(np.mean(np.array(known) == np.array(sketch(taken))))
    both = alike * (rows + len(taken.data.y)) / (1.0 + alike)
    return min(both / len(taken.data.y), 1.0)


def of(taken: Cohort, link: str) -> Census:
    """Count a cohort in memory."""
    tally = Tally()
    tally.add(taken.frame, columns(taken.frame, taken.features), taken.data.x)
    sites = 0 if taken.site is None else len(np.unique(taken.site))
    return counted(tally, len(np.unique(taken.data.groups)), sites, average(taken.data.y, taken.data.weight, link),
                   taken.left_out)  # fmt: skip


def average(y: Floats, weight: Floats | None, link: str) -> float:
    """Return the mean of an outcome over persons, or the median for a dose."""
    return float(np.median(y)) if measured(link) else mean(y, weight)


def columns(frame: pl.DataFrame, features: Sequence[Feature]) -> list[str]:
    """Return the columns that features are read from, as far as the frame has them."""
    return sorted({feature.reading.column for feature in features} & set(frame.columns))


def counted(
    tally: Tally,
    persons: int,
    sites: int,
    average: float,
    left_out: Mapping[str, int],
    sample: Mapping[str, int] | None = None,
) -> Census:
    """Return the census that counts make."""
    ends = [] if tally.low is None or tally.high is None else list(zip(tally.low, tally.high, strict=True))
    return Census(
        rows=tally.rows,
        persons=persons,
        sites=sites,
        average=average,
        left_out=left_out,
        missing={name: round(gaps / tally.rows, 4) for name, gaps in tally.gaps.items()},
        groups={name: dict(sorted(seen.items())) for name, seen in tally.groups.items()},
        ranges=[(float(a), float(b)) if a <= b else (None, None) for a, b in ends],
        sample=sample,
    )
