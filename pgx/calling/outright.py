"""Patterns that one diplotype answers outright, found for all patterns of a gene at once.

Most persons show the reference, or one well known allele beside it, and lack data at a few positions where only rare
alleles differ. One pair of haplotypes then holds all the mass that is kept. Where at most one block is heterozygous,
all pairs together weigh what one strand's haplotypes do times what the other's do, so that none but the likeliest has
to be looked at: a pair that holds that much is the answer, however it was come by.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pgx.calling.context import Context, Pair
from pgx.calling.patterns import HOMOZYGOUS, Patterns
from pgx.calling.solve import KEPT_MASS, MOST_PAIRS, Found

WORTHWHILE = 16
"""Patterns from which on they are looked at together; fewer are faster one by one."""
_ENOUGH = KEPT_MASS + 1e-9
"""Sums in another order may differ, but by far less than this leaves."""


def find(
    context: Context, patterns: Patterns, numbers: NDArray[np.intp], mixtures: Mapping[int, NDArray[np.float64]]
) -> dict[int, Found]:
    """Return what `solve.pairs` would, by number, for the patterns that one diplotype answers outright.

    Parameters
    ----------
    context
        The gene.
    patterns, numbers
        The gene's patterns, and which to look at; those with genotypes in doubt are left alone.
    mixtures
        float (G,) by group: weights of the groups.
    """
    numbers = numbers[(_in_one_order(patterns) & ~patterns.doubts.any(axis=1))[numbers]]
    haploid, group = patterns.haploid[numbers], patterns.group[numbers]
    two = ~haploid & (patterns.blocks[numbers] != HOMOZYGOUS).any(axis=1)
    first = context.fitting_each(patterns.codes[numbers, :, 0])
    second = first.copy()
    second[two] = context.fitting_each(patterns.codes[numbers[two], :, 1])
    found: dict[int, Found] = {}
    for number, mixture in mixtures.items():
        own = np.flatnonzero((group == number) & ~haploid)
        found |= _two_strands(context, numbers[own], first[own], second[own], two[own], mixture)
        own = np.flatnonzero((group == number) & haploid)
        found |= _one_strand(context, numbers[own], first[own], mixture)
    return found


def _in_one_order(patterns: Patterns) -> NDArray[np.bool_]:
    """Return bool (N,): haploid, or heterozygous in one block at most whose bases are all known."""
    heterozygous = patterns.blocks != HOMOZYGOUS
    if not heterozygous.shape[1]:
        return np.ones(len(heterozygous), dtype=bool)
    label = np.take_along_axis(patterns.blocks, heterozygous.argmax(axis=1)[:, None], axis=1)
    whole = (patterns.blocks == label) & (patterns.codes >= 0).all(axis=2)
    return np.asarray(patterns.haploid | (~heterozygous | whole).all(axis=1))


def _two_strands(
    context: Context,
    numbers: NDArray[np.intp],
    first: NDArray[np.bool_],
    second: NDArray[np.bool_],
    two: NDArray[np.bool_],
    mixture: NDArray[np.float64],
) -> dict[int, Found]:
    """Guess the likeliest haplotype of each strand, bool (N, H) each, and keep the pairs that are enough."""
    frequency, haplotypes, row = context.model.frequency, context.model.haplotypes, np.arange(len(numbers))
    total = (_summed(first, frequency) * _summed(second, frequency)) @ mixture
    likely = frequency @ mixture
    one, other = (np.where(fits, likely, -1.0).argmax(axis=1) for fits in (first, second))
    # A product of vectors each, not one of matrices: the sum is in the same order then as for a pair alone.
    weight = ((frequency[one] * frequency[other])[:, None, :] @ mixture[:, None]).ravel()
    turned = (one != other) & first[row, other] & second[row, one]
    weight = np.where(turned, weight + weight, weight)
    fits = first[row, one] & second[row, other] & context.has_own_name[one] & context.has_own_name[other]
    fits &= first.sum(axis=1) * second.sum(axis=1) <= MOST_PAIRS
    found = {}
    for n in np.flatnonzero(fits & (weight >= _ENOUGH * total)).tolist():
        pair = sorted((haplotypes[one[n]], haplotypes[other[n]]), key=lambda strand: strand.detail)
        found[int(numbers[n])] = Found(
            (Pair(pair[0], pair[1], float(weight[n]), True),), float(total[n]), scale=2.0 if two[n] else 1.0
        )
    return found


def _one_strand(
    context: Context, numbers: NDArray[np.intp], fits: NDArray[np.bool_], mixture: NDArray[np.float64]
) -> dict[int, Found]:
    frequency, haplotypes = context.model.frequency, context.model.haplotypes
    total = _summed(fits, frequency) @ mixture
    one = np.where(fits, frequency @ mixture, -1.0).argmax(axis=1)
    weight = (frequency[one][:, None, :] @ mixture[:, None]).ravel()
    enough = fits[np.arange(len(numbers)), one] & context.has_own_name[one] & (weight >= _ENOUGH * total)
    return {
        int(numbers[n]): Found((Pair(haplotypes[one[n]], None, float(weight[n]), True),), float(total[n]))
        for n in np.flatnonzero(enough).tolist()
    }


def _summed(fits: NDArray[np.bool_], frequency: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the frequency (N, G) of all haplotypes that fit."""
    return np.asarray(fits.astype(np.float64) @ frequency)
