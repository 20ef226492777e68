"""Numbers of a record's local alleles (VCF 4.5): LAA names the ALTs that matter to a sample, LPL and LAD are of these.

The genotypes and reads of the other alleles are left out by the writer because they are as good as excluded.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pgx.types import NO_COPY
from pgx.variants.vcf.records import Record
from pgx.variants.vcf.sample_columns import subfield
from pgx.variants.whole_numbers import whole_number

LEFT_OUT = 255.0
"""PL of a genotype that is left out: excluded, if the writer leaves out no allele that any read shows."""


def likelihoods(record: Record, count: int, pairs: tuple[tuple[int, int], ...]) -> NDArray[np.float64]:
    """Return LPL as PL (S, G) of the genotypes `pairs`; NaN where a sample has none, or of the reference alone."""
    found = np.full((count, len(pairs)), np.nan)
    haploid = pairs[0][1] == NO_COPY
    for index, local, numbers in _samples(record, count, "LPL"):
        if haploid:
            own = [(allele, NO_COPY) for allele in local]
        else:
            own = [(low, high) for n, high in enumerate(local) for low in local[: n + 1]]
        if len(local) > 1 and len(own) == len(numbers):
            told = dict(zip(own, numbers, strict=True))
            found[index] = [told.get(pair, max(LEFT_OUT, *numbers)) for pair in pairs]
    return found


def depths(record: Record, count: int) -> NDArray[np.float64]:
    """Return LAD as AD (S, alleles); NaN where a sample has none."""
    found = np.full((count, len(record.alts) + 1), np.nan)
    for index, local, numbers in _samples(record, count, "LAD"):
        if len(local) == len(numbers):
            found[index] = 0
            found[index, local] = numbers
    return found


def _samples(record: Record, count: int, key: str) -> Iterator[tuple[int, list[int], list[float]]]:
    """Yield (sample, its alleles in ascending order, the numbers of `key`) where both can be read."""
    if "LAA" not in record.format:
        return
    named = subfield(record.rest, count, record.format.index("LAA"))
    texts = subfield(record.rest, count, record.format.index(key))
    for index, (alleles, text) in enumerate(zip(named, texts, strict=True)):
        local = [0] if alleles == b"." else [0, *(whole_number(a) or 0 for a in alleles.split(b","))]
        numbers = [whole_number(number) for number in text.split(b",")]
        rising = all(one < other for one, other in itertools.pairwise(local))
        if rising and local[-1] <= len(record.alts) and None not in numbers:
            yield index, local, [float(number or 0) for number in numbers]
