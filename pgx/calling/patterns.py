"""The distinct genotype patterns of one gene: samples with the same data get the same answer, computed once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.calling.copy_number import BOTH_CUT, ONE_CUT
from pgx.types import NO_COPY, NOT_CALLED, SPANNED, UNREAD, Genotypes, State

HOMOZYGOUS = 0
"""Block label of a position whose strands carry the same base, or that has no data at all."""

UNKNOWN_BASE = 126
"""Code of a strand that the file shows to differ from the reference without telling how; no definition accepts it."""

_USABLE = np.zeros(256, dtype=bool)
_USABLE[[State.CALLED, State.REFERENCE_BLOCK, State.ASSUMED_REFERENCE]] = True


def usable(state: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return whether a genotype of that `State` may be called from."""
    return np.asarray(_USABLE[state])


@dataclass(frozen=True, slots=True)
class Patterns:
    """N distinct patterns of one gene.

    Parameters
    ----------
    codes
        int8 (N, P, 2): allele codes; the second strand is `NO_COPY` throughout in haploid patterns.
    blocks
        int32 (N, P): `HOMOZYGOUS`, -(position + 1) for an unphased position of its own, or the phase set + 1.
    assumed
        bool (N, P): read as reference only because the user said so.
    group
        int (N,): biogeographic group index.
    haploid
        bool (N,).
    conflict
        bool (N,): haploid and heterozygous positions met in one sample; the latter were put aside.
    strange
        bool (N,): bases in no definition were passed over that are not known to be common.
    unread
        bool (N,): some strand carries `UNKNOWN_BASE`, or of an autosomal genotype only one strand is told and it
        shows a change: what the other carries is as likely as not the same.
    filtered
        bool (N,): a genotype that was not used because of its quality shows a variant.
    copies
        int32 (N,): known copies of the gene, negative = unknown.
    copy_quality
        int32 (N,): how sure (phred) the file is of them, 0 = nothing is left to weigh.
    doubts
        int32 (N, P): number of the genotype's likelihood in `Genotypes.doubts`, from 1; 0 = it is as good as certain.
    imputed
        bool (N,): some genotype was imputed.
    shows_change
        bool (N,): a genotype that a record tells, not a reference block, is not that of GRCh38.
    pattern_of
        int32 (S,): pattern of each sample.
    """

    codes: NDArray[np.int8]
    blocks: NDArray[np.int32]
    assumed: NDArray[np.bool_]
    group: NDArray[np.intp]
    haploid: NDArray[np.bool_]
    conflict: NDArray[np.bool_]
    strange: NDArray[np.bool_]
    unread: NDArray[np.bool_]
    filtered: NDArray[np.bool_]
    copies: NDArray[np.int32]
    copy_quality: NDArray[np.int32]
    doubts: NDArray[np.int32]
    imputed: NDArray[np.bool_]
    shows_change: NDArray[np.bool_]
    pattern_of: NDArray[np.int32]

    def keys(self) -> list[bytes | None]:
        """Return a key for each pattern, the same for the same pattern of the gene in every file.

        A pattern with genotypes in doubt has none: likelihoods are numbered file by file.
        """
        n = len(self.group)
        if not n:
            return []
        traits = (self.haploid, self.conflict, self.strange, self.unread, self.filtered, self.imputed,
                  self.shows_change)  # fmt: skip
        columns = [
            np.ascontiguousarray(array).reshape(n, -1).view(np.uint8).reshape(n, -1)
            for array in (self.codes, self.blocks, self.assumed, self.group, self.copies, self.copy_quality, *traits)
        ]
        in_doubt: list[bool] = np.asarray(self.doubts.any(axis=1)).tolist()
        rows = np.concatenate(columns, axis=1)
        return [None if doubt else digest(row.tobytes()) for row, doubt in zip(rows, in_doubt, strict=True)]


def digest(content: bytes) -> bytes:
    """Return 16 bytes that stand for a pattern: no two of a million million share them by chance."""
    return hashlib.blake2b(content, digest_size=16).digest()


def find(
    genotypes: Genotypes,
    sites: NDArray[np.int32],
    group: NDArray[np.intp],
    inheritance: str,
    copies: NDArray[np.int32],
    pass_over: NDArray[np.int8] | None = None,
    common: Mapping[int, frozenset[int]] | None = None,
    copy_quality: NDArray[np.int32] | None = None,
) -> Patterns:
    """Find the distinct patterns of one gene.

    Parameters
    ----------
    genotypes
        What the reader found.
    sites
        int32 (P,): the gene's sites.
    group
        int (S,): biogeographic group index of each sample.
    inheritance
        ``autosomal``, ``x_linked`` or ``mitochondrial``.
    copies
        int32 (S,): known copies of the gene, negative = unknown or a change of a part (`copy_number`); one copy
        makes an autosomal gene haploid if nothing in the sample is heterozygous.
    pass_over
        int8 (P, 2): count of documented codes, and the code that any past them is read as; None reads them as they are.
    common
        Of those, the codes by position (index) that are passed over without a word.
    copy_quality
        int32 (S,): how sure (phred) the files are of `copies`; 0, or None, = nothing is left to weigh.
    """
    copy_quality = np.zeros_like(copies) if copy_quality is None else copy_quality
    state = genotypes.state[sites]
    has_data = usable(state)
    # One array a strand: numpy is slow where the last axis has two elements.
    one, two = (np.ascontiguousarray(genotypes.alleles[sites, :, strand]) for strand in (0, 1))
    # Of a genotype of which one allele cannot be read the other one counts.
    told = has_data | ((state == State.UNSUPPORTED) & ((one == UNREAD) != (two == UNREAD)))
    first = np.where(told & (one >= 0), one, np.int8(NOT_CALLED))
    second = np.where((told & (two >= 0)) | (two == NO_COPY), two, np.int8(NOT_CALLED))
    strange = np.zeros(first.shape[1], dtype=bool)
    if pass_over is not None:
        for strand in (first, second):
            outside = strand >= pass_over[:, :1]
            doubtful = outside
            for position, codes in (common or {}).items():
                doubtful = outside.copy() if doubtful is outside else doubtful
                doubtful[position] &= ~np.isin(strand[position], list(codes))
            strange |= doubtful.any(axis=0)
            np.copyto(strand, pass_over[:, 1:], where=outside)
    one_left = (copies == 1) | (copies == ONE_CUT)
    missing = one_left | (copies == 0) | (copies == BOTH_CUT)
    for strand, unread in zip(
        (first, second), _unread(genotypes.sites, sites, (one, two), state, missing), strict=True
    ):
        strand[unread] = UNKNOWN_BASE
    filtered = ((state == State.FILTERED) & ((one == UNREAD) | (two == UNREAD))).any(axis=0)
    haploid, conflict = _ploidy(first, second, inheritance)
    single = one_left & (inheritance == "autosomal") & ~((first != second) & (first >= 0) & (second >= 0)).any(axis=0)
    first[:, single] = np.maximum(first, second)[:, single]
    second[:, single] = NO_COPY
    haploid |= single
    different = first != second
    blocks = _blocks(genotypes, sites, different & ~haploid)
    _orient(first, second, blocks)
    assumed = state == State.ASSUMED_REFERENCE
    doubts = _doubts(genotypes, sites, first, second, haploid)
    imputed = np.zeros(first.shape[1], dtype=bool)
    if genotypes.imputed is not None:
        imputed |= (genotypes.imputed[sites] & (first >= 0)).any(axis=0)
    changed = has_data & ((one > 0) | (two > 0))
    shows_change = (changed & (state == State.CALLED)).any(axis=0)
    half = changed & ((one < 0) != (two < 0)) & ((one == NOT_CALLED) | (two == NOT_CALLED) | (two == NO_COPY))
    half_told = half.any(axis=0) & ~missing & (inheritance == "autosomal")
    traits = np.stack([strange, filtered, imputed, shows_change, half_told]).view(np.int8)
    keys = np.concatenate([first, second, assumed.view(np.int8), traits])
    in_doubt = np.zeros((0, first.shape[1]), dtype=np.int32) if doubts is None else doubts[doubts.any(axis=1)]
    pattern_of, chosen = _distinct(
        keys, blocks, np.concatenate([np.stack([group, copies, copy_quality]), in_doubt]).astype(np.int32)
    )
    return Patterns(
        codes=np.stack([first[:, chosen].T, second[:, chosen].T], axis=2),
        blocks=np.ascontiguousarray(blocks[:, chosen].T),
        assumed=np.ascontiguousarray(assumed[:, chosen].T),
        group=group[chosen],
        haploid=haploid[chosen],
        conflict=conflict[chosen],
        strange=strange[chosen],
        unread=((first == UNKNOWN_BASE) | (second == UNKNOWN_BASE)).any(axis=0)[chosen] | half_told[chosen],
        filtered=filtered[chosen],
        copies=copies[chosen],
        copy_quality=copy_quality[chosen],
        doubts=np.zeros((len(chosen), len(sites)), np.int32) if doubts is None else doubts[:, chosen].T,
        imputed=imputed[chosen],
        shows_change=shows_change[chosen],
        pattern_of=pattern_of,
    )


def _doubts(
    genotypes: Genotypes,
    sites: NDArray[np.int32],
    first: NDArray[np.int8],
    second: NDArray[np.int8],
    haploid: NDArray[np.bool_],
) -> NDArray[np.int32] | None:
    """Return int32 (P, S), the numbers of the likelihoods; None if no genotype of the gene is in doubt.

    A genotype that cannot be used, or of which only one strand is known, has none.
    """
    if genotypes.doubts is None:
        return None
    place = np.full(len(genotypes.sites), -1, dtype=np.int64)
    place[sites] = np.arange(len(sites))
    at = place[genotypes.doubts.site]
    own = at >= 0
    if not own.any():
        return None
    found = np.zeros(first.shape, dtype=np.int32)
    found[at[own], genotypes.doubts.sample[own]] = genotypes.doubts.vector[own] + 1
    usable_base = (first >= 0) & (first != UNKNOWN_BASE) & (haploid[None] | (second >= 0)) & (second != UNKNOWN_BASE)
    found[~usable_base] = 0
    return found


def _ploidy(
    first: NDArray[np.int8], second: NDArray[np.int8], inheritance: str
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Make each sample all haploid or all diploid, in place; return (haploid, conflict), bool (S,) each.

    On an autosome a haploid genotype is a half-call. On X a sample with any haploid genotype is haploid. A
    mitochondrial gene is haploid throughout. A heterozygous genotype in a haploid sample is of unknown base.
    """
    n_samples = first.shape[1]
    if inheritance == "autosomal":
        second[second == NO_COPY] = NOT_CALLED
        return np.zeros(n_samples, dtype=bool), np.zeros(n_samples, dtype=bool)
    haploid = (second == NO_COPY).any(axis=0) | (inheritance == "mitochondrial")
    mixed = haploid & (second != NO_COPY) & (second != first)
    both = (first >= 0) & (second >= 0)
    first[mixed] = np.where(both[mixed], np.int8(UNKNOWN_BASE), np.int8(NOT_CALLED))
    second[:, haploid] = NO_COPY
    return haploid, mixed.any(axis=0)


def _unread(
    table: pl.DataFrame,
    sites: NDArray[np.int32],
    strands: tuple[NDArray[np.int8], NDArray[np.int8]],
    state: NDArray[np.uint8],
    missing: NDArray[np.bool_],
) -> list[NDArray[np.bool_]]:
    """Return bool (P, S) a strand: changes that are seen but not told.

    Those are alleles that the reader could not place, and deletions across a position of which no position further
    left shows the variant that starts there, unless a whole copy of the gene is known to be `missing`.
    """
    unsupported = state == State.UNSUPPORTED
    unread = [(alleles == UNREAD) & unsupported for alleles in strands]
    crossed = [alleles == SPANNED for alleles in strands]
    if not any(one.any() for one in crossed):
        return unread
    counts = usable(state) & ~missing
    spanned = [one & counts for one in crossed]
    frame = table[sites.astype(np.uint32)]
    starts, lists = frame["pos_grch38"].to_list(), frame["alleles"].to_list()
    for p in np.flatnonzero((spanned[0] | spanned[1]).any(axis=1)):
        for q in np.flatnonzero(
            [start < starts[p] < start + len(bases[0]) for start, bases in zip(starts, lists, strict=True)]
        ):
            removed = [code for code, bases in enumerate(lists[q]) if len(bases) <= starts[p] - starts[q]]
            shown = np.isin(strands[0][q], removed) | np.isin(strands[1][q], removed)
            for one in spanned:
                one[p, shown] = False
    return [a | b for a, b in zip(unread, spanned, strict=True)]


def _blocks(genotypes: Genotypes, sites: NDArray[np.int32], different: NDArray[np.bool_]) -> NDArray[np.int32]:
    blocks = np.full(different.shape, HOMOZYGOUS, dtype=np.int32)
    position, sample = np.nonzero(different)
    at = sites[position], sample
    blocks[different] = np.where(genotypes.phased[at], genotypes.phase_set[at].astype(np.int32) + 1, -(position + 1))
    return blocks


def _orient(first: NDArray[np.int8], second: NDArray[np.int8], blocks: NDArray[np.int32]) -> None:
    """Order the strands so that patterns that mean the same look the same; in place.

    Unphased positions carry the smaller code first. A sample whose phased positions are all in one block has its
    strands swapped so that the first heterozygous position does.
    """
    n_positions, n_samples = first.shape
    if not n_positions:
        return
    swap = (blocks < 0) & (first > second)
    phased = blocks > 0
    if phased.any():
        largest = np.where(phased, blocks, 0).max(axis=0)
        one_block = ((blocks == largest) | ~phased).all(axis=0) & (largest > 0)
        at = phased.argmax(axis=0)
        turned = one_block & (first[at, np.arange(n_samples)] > second[at, np.arange(n_samples)])
        swap |= phased & turned
        blocks[phased & one_block] = 1
    kept = first[swap]
    first[swap] = second[swap]
    second[swap] = kept


def _distinct(
    keys: NDArray[np.int8], blocks: NDArray[np.int32], traits: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
    """Return the pattern of each sample, and one sample of each pattern (in order of first appearance)."""
    n_samples = keys.shape[1]
    varying = keys[(keys != keys[:, :1]).any(axis=1)] if n_samples else keys
    turning = blocks[(blocks != blocks[:, :1]).any(axis=1)] if n_samples else blocks
    table = np.concatenate(
        [varying.astype(np.int32), turning, traits], dtype=np.int32
    )  # constant rows cannot tell samples apart
    _, found, pattern = np.unique(_fingerprints(table), return_index=True, return_inverse=True)
    if (table[:, found[pattern]] != table).any():  # two patterns share a fingerprint, once in a million million runs
        _, found, pattern = np.unique(table.T, axis=0, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(found))
    return rank[pattern.ravel()].astype(np.int32), np.sort(found)


def _fingerprints(table: NDArray[np.int32]) -> NDArray[np.uint64]:
    """Return a number for each column of a table, the same for the same content and hardly ever for another."""
    return np.asarray(_weights(len(table)) @ table.astype(np.uint64))


def _weights(count: int) -> NDArray[np.uint64]:
    """Return well mixed odd numbers (splitmix64, Steele, Lea and Flood 2014), the same in every run."""
    x = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x = (x ^ (x >> np.uint64(shift))) * np.uint64(factor)
    return (x ^ (x >> np.uint64(31))) | np.uint64(1)
