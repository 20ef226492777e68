"""Numbers that stand for "not known": -9 or 999 in a column whose other values are nowhere near.

They are made missing and said, never used. A value counts as such a code only if it is one that people use for it and
lies alone: the only negative value, one far below a scale that has others, twice above every other, or a 9 beside
nothing but 0 and 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

_LOW = (-1.0, -7.0, -8.0, -9.0, -77.0, -88.0, -99.0, -777.0, -888.0, -999.0, -9999.0, -99999.0)
_HIGH = (99.0, 777.0, 888.0, 999.0, 9999.0, 99999.0)
_FLAGS = (7.0, 8.0, 9.0)
_CODES = np.array([*_LOW, *_HIGH])
_LEAST = 20
Found = Mapping[str, Mapping[float, int]]
"""Column -> code -> number of rows."""


@dataclass(slots=True)
class Tally:
    """Counts of possible codes, which can be taken block by block.

    Parameters
    ----------
    codes
        Column -> code -> rows.
    ends
        Column -> smallest and largest of the other values.
    others
        Column -> rows with another value.
    """

    codes: dict[str, dict[float, int]] = field(default_factory=dict)
    ends: dict[str, tuple[float, float]] = field(default_factory=dict)
    others: dict[str, int] = field(default_factory=dict)

    def add(self, frame: pl.DataFrame, leave: Sequence[str] = ()) -> None:
        """Count a block of rows in its columns of numbers, but for those to `leave`."""
        for name, dtype in frame.schema.items():
            if not dtype.is_numeric() or name in leave:
                continue
            values = frame[name].drop_nulls().cast(pl.Float64).to_numpy()
            coded = np.isin(values, _CODES) | np.isin(values, _FLAGS)
            seen = self.codes.setdefault(name, {})
            for code, rows in zip(*np.unique(values[coded], return_counts=True), strict=True):
                seen[float(code)] = seen.get(float(code), 0) + int(rows)
            rest = values[~coded]
            low, high = self.ends.get(name, (np.inf, -np.inf))
            if len(rest):
                self.ends[name] = min(low, float(rest.min())), max(high, float(rest.max()))
            self.others[name] = self.others.get(name, 0) + len(rest)

    def found(self) -> Found:
        """Return the codes that lie alone."""
        found: dict[str, dict[float, int]] = {}
        for name, seen in self.codes.items():
            low, high = self.ends.get(name, (np.inf, -np.inf))
            if self.others.get(name, 0) < _LEAST:
                continue
            binary = low >= 0.0 and high <= 1.0 and low < high
            alone = {code for code in seen if code in _CODES and _alone(code, low, high)}
            if not binary:
                # 7, 8 and 9 are ordinary numbers: they widen the range that the codes must lie outside of.
                plain = [code for code in seen if code in _FLAGS]
                low, high = min([low, *plain]), max([high, *plain])
                alone = {code for code in alone if _alone(code, low, high)}
            else:
                alone |= {code for code in seen if code in _FLAGS}
            # Several different negative values are a scale that goes below zero.
            if sum(code < 0 for code in alone) > 2 or (low < 0 and any(code < 0 for code in alone)):
                alone = {code for code in alone if code > 0 or _far_below(code, low, high)}
            if alone:
                found[name] = {code: seen[code] for code in sorted(alone)}
        return found


def clean(frame: pl.DataFrame, found: Found) -> pl.DataFrame:
    """Make the codes missing."""
    return frame.with_columns(
        pl.when(~pl.col(name).cast(pl.Float64).is_in(list(codes))).then(pl.col(name)).alias(name)
        for name, codes in found.items()
        if name in frame.columns
    )


def counted(frame: pl.DataFrame, known: Mapping[str, Sequence[float]]) -> Found:
    """Count codes that are known already; columns and codes that do not occur are left out."""
    found: dict[str, dict[float, int]] = {}
    for name, codes in known.items():
        if name in frame.columns and frame.schema[name].is_numeric():
            rows = {code: int((frame[name].cast(pl.Float64) == code).sum()) for code in codes}
            if any(rows.values()):
                found[name] = {code: count for code, count in rows.items() if count}
    return found


def said(
    found: Found, why: str = "no other value is near, so this looks like a code for missing"
) -> list[tuple[str, str]]:
    """Return code and sentence of each column."""
    return [
        (
            "code_for_missing",
            f"{name} is taken as unknown where it is "
            + " or ".join(f"{code:g} ({rows} rows)" for code, rows in codes.items())
            + f": {why}; leave such cells empty",
        )
        for name, codes in found.items()
    ]


def _alone(code: float, low: float, high: float) -> bool:
    if code == -1.0 and high < 10.0:
        return False  # one of the levels -1, 0 and 1
    return low >= 0.0 or _far_below(code, low, high) if code < 0 else high < 0.5 * code


def _far_below(code: float, low: float, high: float) -> bool:
    """Whether a negative code is far from a scale that goes below zero itself: -999 among changes of -3 to 3."""
    return code <= -99.0 and max(-low, high) < 0.1 * -code
