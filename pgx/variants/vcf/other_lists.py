"""Lists of numbers that are not of their record's alleles: what they say all the same.

Records that were split or merged keep the lists of what they were. Which number is of which allele cannot be told, but
how many reads there are, and by how much the best genotype leads, can.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pgx.variants.vcf.records import Record
from pgx.variants.vcf.sample_columns import subfield
from pgx.variants.whole_numbers import decimal_number


def told_by(
    record: Record, rows: NDArray[np.bool_], keys: tuple[str, ...], of: Callable[[list[float]], float]
) -> NDArray[np.float64] | None:
    """Return what the numbers of `keys` say together, NaN where they are no list; None if the record lacks one.

    Parameters
    ----------
    record
        The record.
    rows
        bool (S,): the samples whose lists are of other alleles than the record's.
    keys
        The sub-fields whose numbers count together.
    of
        What is made of the numbers.
    """
    if not rows.any() or not set(keys) <= set(record.format):
        return None
    found = np.full(len(rows), np.nan)
    texts = [subfield(record.rest, len(rows), record.format.index(key)) for key in keys]
    for row in np.flatnonzero(rows):
        numbers = [decimal_number(number) for text in texts for number in text[row].split(b",")]
        known = [number for number in numbers if number is not None]
        if len(known) == len(numbers) > 1:
            found[row] = of(known)
    return found


def lead_of(levels: list[float]) -> float:
    """Return by how much the best of PL or GL leads the next one, as GQ tells it.

    >>> lead_of([12.0, 0.0, 90.0, 200.0]), lead_of([-1.5, 0.0, -9.0])
    (12.0, 15.0)
    """
    phred = sorted(levels) if max(levels) > 0 else sorted(-10 * level for level in levels)
    return phred[1] - phred[0]
