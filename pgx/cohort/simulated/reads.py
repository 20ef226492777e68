"""Reads at a depth, and what a simple genotyper makes of them: counts, likelihoods and the genotype that fits best."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations_with_replacement

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pgx.types import NO_COPY

READ_ERROR = 0.005
"""Chance that a read shows another allele than the strand that it comes from."""
MOST_READS = 250
MOST_PL = 255
MOST_GQ = 99


@lru_cache(maxsize=32)
def _genotypes(alleles: int, copies: int) -> tuple[tuple[int, ...], ...]:
    """The genotypes in the order in which VCF lists their likelihoods."""
    pairs = combinations_with_replacement(range(alleles), copies)
    return tuple(sorted(pairs, key=lambda pair: pair[::-1]))


@lru_cache(maxsize=32)
def _chances(alleles: int, copies: int) -> NDArray[np.float64]:
    """Return (genotypes, alleles): the chance that one read shows the allele."""
    strand = np.full((alleles, alleles), READ_ERROR / max(alleles - 1, 1))
    np.fill_diagonal(strand, 1 - READ_ERROR if alleles > 1 else 1.0)
    return np.array([strand[list(pair)].mean(axis=0) for pair in _genotypes(alleles, copies)])


def draw_reads(rng: Generator, truth: NDArray[np.int8], alleles: int, depth: float, size: int) -> NDArray[np.int64]:
    """Return (persons, alleles): reads of each allele, as many as chance gives at a mean depth.

    Parameters
    ----------
    rng
        Stream of the unit.
    truth
        int8 (persons, 2): the strands, in the order of the file's alleles.
    alleles
        How many the file lists.
    depth
        Mean number of reads of two copies; one copy has half of it.
    size
        Persons of a whole unit: so many numbers are drawn whatever the persons.
    """
    # Every number is drawn alike for everybody, so that a person's do not depend on who comes before.
    total = np.minimum(rng.poisson(depth, size), MOST_READS)
    first = rng.binomial(total, 0.5)
    own = np.stack([first, total - first], axis=1)
    wrong = rng.binomial(own, READ_ERROR if alleles > 1 else 0.0)
    away = rng.integers(1, max(alleles, 2), size=(size, 2))
    persons = len(truth)
    counts = np.zeros((persons, alleles), dtype=np.int64)
    rows = np.arange(persons)
    for strand in range(2):
        there = truth[:, strand] != NO_COPY
        right = np.where(there, own[:persons, strand] - wrong[:persons, strand], 0)
        missed = np.where(there, wrong[:persons, strand], 0)
        codes = np.maximum(truth[:, strand], 0).astype(np.intp)
        counts[rows, codes] += right
        # The wrong reads of a strand are of one other allele: there is seldom more than one of them.
        counts[rows, (codes + away[:persons, strand]) % alleles] += missed
    return counts


def phred(counts: NDArray[np.int64], copies: int) -> NDArray[np.int64]:
    """Return (persons, genotypes): Phred-scaled likelihoods against the best, in VCF's order, at most `MOST_PL`.

    Examples
    --------
    >>> phred(np.array([[4, 4], [8, 0], [0, 0]]), 2).tolist()
    [[68, 0, 68], [0, 24, 184], [0, 0, 0]]
    """
    logs = counts @ np.log10(_chances(counts.shape[1], copies)).T
    levels = np.minimum(np.rint(-10 * (logs - logs.max(axis=1, keepdims=True))), MOST_PL)
    return np.asarray(levels, dtype=np.int64)


def sample_text(counts: NDArray[np.int64], strands: tuple[int, int], phased: bool) -> str:
    """Return the cell of one sample: ``GT:AD:DP:GQ:PL``, the genotype as the reads have it.

    Where it is the true one, it has the phase of the truth; one that only the reads show has none.

    Examples
    --------
    >>> sample_text(np.array([5, 4]), (1, 0), True)
    '1|0:5,4:9:65:65,0,88'
    >>> sample_text(np.array([0, 0]), (1, 0), True)
    './.:0,0:0:0:0,0,0'
    """
    copies = 1 if strands[1] == NO_COPY else 2
    levels = phred(counts[None], copies)[0]
    depth = int(counts.sum())
    quality = min(int(np.partition(levels, 1)[1]), MOST_GQ) if len(levels) > 1 else MOST_GQ
    if not depth:
        genotype = "." if copies == 1 else "./."
    else:
        best = _genotypes(len(counts), copies)[int(levels.argmin())]
        true = best == tuple(sorted(strands[:copies]))
        alone = len(set(best)) == 1
        order = strands[:copies] if true and phased else best
        genotype = ("|" if phased and (true or alone) else "/").join(map(str, order))
    return f"{genotype}:{','.join(map(str, counts))}:{depth}:{quality}:{','.join(map(str, levels))}"
