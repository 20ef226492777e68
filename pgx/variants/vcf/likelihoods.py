"""What a record's own numbers say of its genotypes: PL or GL; GP, DS or HDS; AD, GQ or DP; else the kind of site.

Where PL or GL is present it alone decides. GP and DS are posteriors (`posteriors`). Levels are ten times log10, 0 for
the best genotype, as PL with its sign turned. Only genotypes in doubt are handed on; the rest are as good as certain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from pgx.types import NO_COPY
from pgx.variants.vcf import local_alleles, read_counts
from pgx.variants.vcf.other_lists import lead_of, told_by
from pgx.variants.vcf.posteriors import is_imputed, without_prior
from pgx.variants.vcf.records import Record, values
from pgx.variants.vcf.sample_columns import lists

CERTAIN_REFERENCE = 40
"""Tenths by which a homozygous reference must lead to count as certain: below the rate of any common allele."""
CERTAIN_VARIANT = 60
"""The same of any other genotype: below the rate of the rarest allele that is called (`pgx.calling.priors.FLOOR`)."""
LEAST = 120
"""Tenths below the best beyond which likelihoods are not told apart."""
MOST_ALLELES = 7
"""Alleles of a record up to which likelihoods are read; beyond, the file is of a repeat that defines no allele."""
_NUMBERS = read_counts.KEYS | {"PL", "GL", "LPL", "GP", "DS", "HDS", "GQ", "RGQ", "DP", "MIN_DP"}
"""Sub-fields that say how certain a genotype is."""
_DEPTHS = ("DP", "MinDP", "MIN_DP")
"""What INFO calls the depth of all samples together."""
Levels = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """Error rates of one kind of site: of a read, and of a genotype that shows a change where there is none."""

    read: float
    genotype: float


@dataclass(frozen=True, slots=True)
class Weights:
    """Likelihoods of one record's genotypes, of the samples for which they come from one kind of evidence.

    Parameters
    ----------
    evidence
        As in `pgx.types.Likelihood`.
    pairs
        Genotypes as pairs of allele indices; (index, NO_COPY) where there is one copy.
    rows
        int (D,): the samples, only those in doubt.
    tenths
        int16 (D, G).
    """

    evidence: str
    pairs: tuple[tuple[int, int], ...]
    rows: NDArray[np.intp]
    tenths: NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a record's numbers say: genotypes in doubt, those without any evidence, those that PL or GL contradict."""

    weights: tuple[Weights, ...]
    void: NDArray[np.bool_]
    contradicted: NDArray[np.bool_]
    imputed: bool


def weigh(
    record: Record, gt: NDArray[np.int16], rates: ErrorRates, published: Sequence[float | None]
) -> Weighed | None:
    """Weigh the genotypes of a record; None if its numbers leave none in doubt and void none.

    Parameters
    ----------
    record
        The record; its sub-fields beside GT are read.
    gt
        int16 (S, 2): the genotypes as `sample_columns.decode` gives them.
    rates
        Error rates of this kind of site.
    published
        Frequency of each ALT in the population, None where none is published: the prior in GP if the file has no AF.
    """
    count, alleles = len(gt), len(record.alts) + 1
    if alleles > MOST_ALLELES or not count:
        return None
    called = (gt[:, 0] >= 0) & ((gt[:, 1] >= 0) | (gt[:, 1] == NO_COPY))
    imputed = is_imputed(record)
    bare = _NUMBERS.isdisjoint(record.format) and not _without_reads(record)
    if bare and not imputed and _settles(rates):
        return None
    void = np.zeros(count, dtype=bool)
    contradicted = np.zeros(count, dtype=bool)
    found: list[Weights] = []
    for ploidy in (2, 1):
        left = called & ((gt[:, 1] == NO_COPY) == (ploidy == 1))
        if not left.any():
            continue
        pairs = genotype_pairs(alleles, ploidy)
        shown = _index_of(gt, ploidy)
        for evidence, levels in _evidence(record, gt, pairs, rates, published, imputed=imputed, silent=void):
            own = left & ~np.isnan(levels[:, 0]) & ~void
            left &= ~own
            rows = np.flatnonzero(own)
            top = levels[rows].max(axis=1)
            relative = np.maximum(np.rint(levels[rows] - top[:, None]), -LEAST).astype(np.int16)
            if evidence in ("PL", "GL"):
                flat = (relative == 0).all(axis=1)
                void[rows[flat]] = True
                contradicted[rows] |= (relative[np.arange(len(rows)), shown[rows]] < 0) & ~flat
                rows, relative = rows[~flat], relative[~flat]
            doubtful = _doubtful(relative, shown[rows])
            if doubtful.any():
                found.append(Weights(evidence, pairs, rows[doubtful], relative[doubtful]))
            if not left.any():
                break
    if not found and not void.any() and not imputed:
        return None
    return Weighed(tuple(found), void, contradicted, imputed)


def _without_reads(record: Record) -> bool:
    return any(record.info_value(key) == "0" for key in _DEPTHS)


def _settles(rates: ErrorRates) -> bool:
    """Say whether the kind of site alone makes every genotype certain; it says the same of all that show a change."""
    return bool(min(-np.rint(10 * np.log10(rates.genotype)), LEAST) >= max(CERTAIN_VARIANT, CERTAIN_REFERENCE))


def genotype_pairs(alleles: int, ploidy: int) -> tuple[tuple[int, int], ...]:
    """Return the genotypes in the order of PL, GL and GP (VCF 4.5, section 1.6.2)."""
    if ploidy == 1:
        return tuple((a, NO_COPY) for a in range(alleles))
    return tuple((a, b) for b in range(alleles) for a in range(b + 1))


def _index_of(gt: NDArray[np.int16], ploidy: int) -> NDArray[np.intp]:
    """Return the place of each genotype in that order."""
    if ploidy == 1:
        return np.maximum(gt[:, 0], 0).astype(np.intp)
    low, high = np.maximum(gt.min(axis=1), 0).astype(np.intp), np.maximum(gt.max(axis=1), 0).astype(np.intp)
    return np.asarray(high * (high + 1) // 2 + low)


def _doubtful(relative: NDArray[np.int16], shown: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Say which genotypes do not lead all others by as much as certainty takes."""
    others = relative.copy()
    others[np.arange(len(shown)), shown] = -LEAST - 1
    needed = np.where(shown == 0, CERTAIN_REFERENCE, CERTAIN_VARIANT)
    lead = relative[np.arange(len(shown)), shown] - others.max(axis=1, initial=-LEAST - 1)
    return np.asarray(lead < needed)


def _evidence(
    record: Record, gt: NDArray[np.int16], pairs: tuple[tuple[int, int], ...], rates: ErrorRates,
    published: Sequence[float | None], *, imputed: bool, silent: NDArray[np.bool_],
) -> list[tuple[str, Levels]]:  # fmt: skip
    """Return what the record has, the most telling first, as levels (S, G) with NaN where a sample has none.

    Samples that show no reads, and have no likelihoods that say more, are added to `silent`.
    """
    count, keys = len(gt), record.format
    found: list[tuple[str, Levels]] = []
    told = np.zeros(count, dtype=bool)
    for key, factor in (("PL", -1.0), ("GL", 10.0)):
        if key in keys:
            levels = factor * lists(record.rest, count, keys.index(key), len(pairs))
            found.append((key, levels))
            told |= ~np.isnan(levels[:, 0])
    if "LPL" in keys and not told.all():
        levels = -local_alleles.likelihoods(record, count, pairs)
        found.append(("PL", levels))
        told |= ~np.isnan(levels[:, 0])
    if told.all():
        return found
    if imputed or "GP" in keys:
        shown = _index_of(gt, 1 if pairs[0][1] == NO_COPY else 2)
        unbiased = without_prior(record, shown, pairs, published, imputed=imputed)
        if unbiased is not None:
            found.append((next((key for key in ("GP", "DS", "HDS") if key in keys), "R2"), unbiased))
            told |= ~np.isnan(unbiased[:, 0])
    return [*found, *_from_reads(record, gt, pairs, rates, told, silent)]


def _from_reads(
    record: Record, gt: NDArray[np.int16], pairs: tuple[tuple[int, int], ...], rates: ErrorRates,
    told: NDArray[np.bool_], silent: NDArray[np.bool_],
) -> list[tuple[str, Levels]]:  # fmt: skip
    """Levels from AD, GQ and DP, and from the kind of site where there is none of them."""
    count = len(gt)
    found: list[tuple[str, Levels]] = []
    shown = _index_of(gt, 1 if pairs[0][1] == NO_COPY else 2)
    others = np.arange(len(pairs))[None, :] != shown[:, None]
    depths = read_counts.of_alleles(record, count)
    if depths is not None:
        silent |= ~told & (depths == 0).all(axis=1)
        found.append(("AD", _from_depths(depths, pairs, rates.read)))
    rows = ~told & (gt[:, 0] >= 0)
    quality = _else(
        values(record, ("GQ", "RGQ"), count), *(told_by(record, rows, (key,), lead_of) for key in ("PL", "GL"))
    )
    depth = values(record, ("MIN_DP", "DP"), count)
    for known in (depth, depths):
        rows &= True if known is None else np.isnan(known.reshape(count, -1)).any(axis=1)
    depth = _else(depth, *(told_by(record, rows, keys, sum) for keys in read_counts.SUMS))
    if quality is None and depth is None and depths is None and _without_reads(record):
        silent |= ~told  # the record's depth is that of all samples together
    for number in (quality, depth):
        if number is not None:
            silent |= ~told & (number == 0)
    if quality is not None:
        found.append(("GQ", np.where(others, -quality[:, None], np.where(np.isnan(quality), np.nan, 0.0)[:, None])))
    if depth is not None:
        plain = (gt[:, 0] == gt[:, 1]) | (gt[:, 1] == NO_COPY)
        per_read = np.log10(rates.read) if pairs[0][1] == NO_COPY else np.log10(0.5)
        levels = np.where(others, 10 * per_read * depth[:, None], np.where(np.isnan(depth), np.nan, 0.0)[:, None])
        levels[~plain] = np.nan
        found.append(("DP", levels))
    reference = shown == 0
    untold = np.where(others, 10 * np.log10(rates.genotype), 0.0)
    untold[reference] = np.where(others[reference], -float(LEAST), 0.0)
    found.append(("site", untold))
    return found


def _else(*numbers: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
    """Return the first number that each sample has."""
    known = [one for one in numbers if one is not None]
    return reduce(lambda one, other: np.where(np.isnan(one), other, one), known) if known else None


def _from_depths(depths: NDArray[np.float64], pairs: tuple[tuple[int, int], ...], error: float) -> Levels:
    """Levels of the genotypes from the reads of each allele: a read errs, or shows one of the person's alleles."""
    levels = np.zeros((len(depths), len(pairs)))
    for g, (one, two) in enumerate(pairs):
        for allele in range(depths.shape[1]):
            copies = ((allele == one) + (allele == two)) / (1 if two == NO_COPY else 2)
            levels[:, g] += 10 * depths[:, allele] * np.log10(copies * (1 - error) + (1 - copies) * error)
    return levels
