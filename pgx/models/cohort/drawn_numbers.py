"""Numbers of made-up persons: about which mean they lie, how far they spread, and which no such person has.

The spreads are a table of ``data/models``; a number without a row there spreads by a fifth of its mean.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pgx.models.evidence.endpoint import Reading
from pgx.paths import data_dir

TABLE = "simulated_numbers.tsv"
_SHARE, _LEAST = 0.2, 0.1
_POOL = 20
_STEP = 0.25


@dataclass(frozen=True, slots=True)
class Spread:
    """A normal curve between two limits."""

    mean: float
    sd: float
    low: float = -math.inf
    high: float = math.inf


def draw_number(reading: Reading, mean: float, rng: Generator, n: int) -> NDArray[np.float64]:
    """Draw the numbers of a column of which a term reads the value itself.

    Parameters
    ----------
    reading
        Its centre is where persons lie whose reading is 0.
    mean
        Mean of the reading in the population.
    rng, n
        Generator, and how many.

    Examples
    --------
    >>> import numpy as np
    >>> from pgx.models.evidence.endpoint import Reading
    >>> drawn = draw_number(Reading("lab.hematocrit", center=33.0), 0.0, np.random.default_rng(1), 1000)
    >>> bool(drawn.min() >= 20), bool(drawn.max() <= 60), round(float(drawn.mean()))
    (True, True, 33)
    """
    centre = reading.center + reading.per * mean
    own = _spreads().get(reading.column)
    spread = Spread(centre, own.sd, own.low, own.high) if own else Spread(centre, _width(centre))
    drawn = np.clip(rng.normal(spread.mean, spread.sd, n), spread.low, spread.high)
    return np.asarray(np.round(drawn, 3), dtype=np.float64)


def draw_range(reading: Reading, inside: bool, rng: Generator, n: int) -> NDArray[np.float64]:
    """Draw the numbers of persons who are inside the range that a term reads, or outside of it."""
    bound = reading.below if math.isfinite(reading.below) else reading.at_least
    spread = _spreads().get(reading.column, Spread(bound, _width(bound)))
    pool = np.round(rng.normal(spread.mean, spread.sd, _POOL * n + 100), 1)
    fits = ((pool >= reading.at_least) & (pool < reading.below)) == inside
    fitting = pool[fits & (pool >= spread.low) & (pool <= spread.high)]
    if len(fitting):
        return rng.choice(fitting, n)
    within = bound - _STEP if math.isfinite(reading.below) else bound + _STEP
    return np.full(n, within if inside else 2 * bound - within)


def _width(mean: float) -> float:
    return max(abs(mean) * _SHARE, _LEAST)


@cache
def _spreads() -> dict[str, Spread]:
    """Return feature -> spread, of the table."""
    with (data_dir() / "models" / TABLE).open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    return {row["feature"]: Spread(*(float(row[key]) for key in ("mean", "sd", "low", "high"))) for row in rows}
