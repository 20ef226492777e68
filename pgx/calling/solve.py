"""The posterior over the diplotypes that fit one genotype pattern.

For haplotypes i, j with frequencies f in group g and mixture weights w, every pair that the pattern allows weighs
``sum_g w_g f_gi f_gj`` (Hardy-Weinberg within a group), twice that for i != j, times one half for each block of phased
positions (an unphased position is a block of its own) and each order in which its strands fit i and j. A strand
without data at a position fits everything there: the position is summed over.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from pgx.calling.context import Context, Pair, Reduced, labels_of, reduce
from pgx.calling.model import GeneModel
from pgx.calling.mosaic import Donors
from pgx.calling.patterns import HOMOZYGOUS

MAX_BLOCKS = 8
"""Heterozygous blocks up to which every arrangement of the strands is tried."""
FEW_BLOCKS = 3
"""The same in genes where it only guards against strands that the panel does not show."""
COMMON = 60
"""Haplotypes that are paired with all others; rare ones are paired among themselves only if that could matter."""
KEPT_MASS = 0.9995
MOST_PAIRS = 200
"""Diplotypes are kept until they hold `KEPT_MASS` of the posterior, at most `MOST_PAIRS` of them."""
MANY_PAIRS = 16
"""Pairs of counted haplotypes from which on they are weighed together; fewer are faster one by one."""
PARTNERS = 16
"""Counted haplotypes that are tried beside a strand that no source counts."""
NEGLIGIBLE = 1e-4
"""Share of the counted pairs' weight below which such a pair is left out."""
_ALIKE = 1e-7
"""Weights that differ by less may agree to nine digits."""
_WITHIN_REACH = 1e-5
"""Share by which weights may differ that are all alike, each to the next."""
MOST_BITS = 62
"""Heterozygous blocks that fit into one number."""


@dataclass(frozen=True, slots=True)
class Found:
    """The diplotypes of one pattern.

    Parameters
    ----------
    pairs
        Most probable first, at most `MOST_PAIRS`.
    total
        Weight of all that were found.
    exhaustive
        Whether every arrangement of the strands was tried.
    scale
        What a pair's weight must be multiplied with to be the joint probability of the pair and the pattern; the same
        for all pairs of a pattern, so that it matters only where patterns are compared.
    """

    pairs: tuple[Pair, ...]
    total: float
    exhaustive: bool = True
    scale: float = 1.0


def pairs(
    context: Context, codes: NDArray[np.int8], blocks: NDArray[np.int32], mixture: NDArray[np.float64], *, haploid: bool
) -> Found:
    """Return the weighted diplotypes of one pattern; empty if it cannot be resolved.

    Parameters
    ----------
    context
        The gene, and the haplotypes that are left.
    codes
        int8 (P, 2).
    blocks
        int32 (P,).
    mixture
        float (G,): weights of the groups.
    haploid
        Whether there is one strand only.
    """
    if haploid:
        return ranked(
            [Pair(one, None, float(weight @ mixture), known) for one, weight, known in context.explain(codes[:, 0])]
        )
    labels = labels_of(blocks)
    n_blocks = len(labels)
    once = 2.0 if n_blocks else 1.0  # an arrangement has each pair of different strands in one of two orders
    whole = n_blocks == 0 or (n_blocks == 1 and (codes[blocks != HOMOZYGOUS] >= 0).all())
    model = context.model
    if whole and (found := _arranged(context, codes, mixture)):
        return replace(found, scale=once)
    if model.independent and 1 < n_blocks <= (MAX_BLOCKS if model.variant_list else FEW_BLOCKS):
        return replace(ranked(context.arrange(codes, blocks, mixture)), scale=once)
    reduced = reduce(context, codes, blocks)
    reduced = reduced.taken(np.argsort(_ranks(context, mixture)[reduced.candidates]))
    found = _named(context, reduced, mixture)
    if model.donors is not None:
        found = _with_new(context, model.donors, reduced, labels, codes, blocks, mixture, found)
    if found.pairs:
        return replace(found, scale=2.0**n_blocks)
    if n_blocks <= MAX_BLOCKS:
        return replace(ranked(context.arrange(codes, blocks, mixture)), scale=once)
    return replace(ranked(context.complete(codes, blocks, mixture)), exhaustive=False, scale=once)


def _arranged(context: Context, codes: NDArray[np.int8], mixture: NDArray[np.float64]) -> Found | None:
    """Pair the strands of one arrangement, each explained alone, as strands recur; None if that is too many pairs."""
    first, second = context.counted(codes[:, 0]), context.counted(codes[:, 1])
    if MANY_PAIRS <= len(first) * len(second) <= MOST_PAIRS and context.names_differ:
        return _beside(context.model, first, second, mixture)
    if len(context.explain(codes[:, 0])) * len(context.explain(codes[:, 1])) <= MOST_PAIRS:
        return ranked(context.pair(codes, mixture))
    return None


def _beside(model: GeneModel, first: NDArray[np.intp], second: NDArray[np.intp], mixture: NDArray[np.float64]) -> Found:
    """Pair every haplotype of one strand with every one of the other: what `Context.arrange` does, all at once."""
    # A product of vectors each, not one of matrices: the sums are in the same order then as for a pair alone.
    products = model.frequency[first][:, None, None, :] * model.frequency[second][None, :, None, :]
    weights: NDArray[np.float64] = (products @ mixture[:, None]).ravel()
    one, other = np.repeat(first, len(second)), np.tile(second, len(first))
    low, high = np.minimum(one, other), np.maximum(one, other)
    _, at, pair = np.unique(low * len(model.haplotypes) + high, return_index=True, return_inverse=True)
    if len(at) < len(weights):  # a pair that fits both ways round
        weights = np.asarray(np.bincount(pair, weights)[np.argsort(at)], dtype=np.float64)
        one, other = one[np.sort(at)], other[np.sort(at)]
    order = np.argsort(-weights, kind="stable")
    falling = weights[order]
    kept = last = enough(falling)
    steps = falling[:-1] - falling[1:]
    alike = bool(((steps > 0) & (steps <= _ALIKE * falling[:-1])).any())
    while last < len(order) and (alike or falling[last] == falling[last - 1]):
        last += 1  # which of equal ones come first is for their names to say
    chosen = np.sort(order[:last])
    columns = (one[chosen].tolist(), other[chosen].tolist(), weights[chosen].tolist())
    found = [_pair(model, *strands) for strands in zip(*columns, strict=True)]
    return ranked(found) if alike else Found(tuple(_sorted(found)[:kept]), sum(falling.tolist()))


def _pair(model: GeneModel, one: int, other: int, weight: float) -> Pair:
    first, second = model.haplotypes[one], model.haplotypes[other]
    return Pair(first, second, weight, True) if first.detail <= second.detail else Pair(second, first, weight, True)


def ranked(found: list[Pair], left_out: float = 0.0) -> Found:
    """Return pairs in order, the most probable first, as many as are kept; others that are not may weigh `left_out`."""
    if len(found) == 1:
        return Found(tuple(found), found[0].weight)
    ordered = _sorted(found)
    weights = [pair.weight for pair in ordered]
    return Found(tuple(ordered[: enough(weights, left_out)]), sum(weights))


def _sorted(found: list[Pair]) -> list[Pair]:
    """Sort pairs by weight, and those whose weights agree to nine digits by name."""
    ordered = sorted(found, key=lambda pair: -pair.weight)
    runs: list[list[Pair]] = []
    before = float("inf")
    for pair in ordered:
        if before - pair.weight <= _ALIKE * before and runs:
            runs[-1].append(pair)
        else:
            runs.append([pair])
        before = pair.weight
    if len(runs) == len(ordered):
        return ordered
    place = {id(pair): at for at, pair in enumerate(found)}
    return [
        pair
        for run in runs
        for pair in (
            run
            if len(run) == 1
            else sorted(run, key=lambda one: (-float(f"{one.weight:.9g}"), one.first.detail, place[id(one)]))
        )
    ]


def enough(weights: Sequence[float] | NDArray[np.float64], left_out: float = 0.0) -> int:
    """How many of the sorted weights to keep, of these and smaller ones that add up to `left_out`."""
    sums = list(accumulate(weights)) if isinstance(weights, list) else np.cumsum(weights)
    return min(bisect_left(sums, KEPT_MASS * (sums[-1] + left_out)) + 1, MOST_PAIRS) if len(sums) else 0


def _ranks(context: Context, mixture: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return int (H,): the place of each haplotype, the most frequent first."""

    def rank() -> NDArray[np.intp]:
        order = np.argsort(-_rounded(context.model.frequency @ mixture), kind="stable")
        return np.argsort(order)

    return context.remember(("ranks", mixture.tobytes()), rank)


def _named(context: Context, reduced: Reduced, mixture: NDArray[np.float64]) -> Found:
    """Pairs of counted haplotypes; the candidates are in order, the most frequent first."""
    kept, first, second = reduced.candidates, reduced.first, reduced.second
    if not len(kept):
        return Found((), 0.0)
    frequency = context.model.frequency[kept]
    n_common = COMMON if len(kept) > 2 * COMMON else len(kept)
    weight = _weigh(frequency, mixture, first, second, n_common)
    if n_common < len(kept):
        rare = _rare_pairs(frequency[n_common:], mixture, first[n_common:], second[n_common:])
        if rare > (1 - KEPT_MASS) * float(weight.sum()):
            weight = _weigh(frequency, mixture, first, second, len(kept))
    rows, columns = np.nonzero(weight)
    upper = rows <= columns
    rows, columns = rows[upper], columns[upper]
    values = weight[rows, columns] * np.where(rows == columns, 1, 2)
    order = np.argsort(-_rounded(values), kind="stable")
    order = order[: enough(values[order])]
    haplotypes = context.model.haplotypes
    chosen = zip(kept[rows[order]].tolist(), kept[columns[order]].tolist(), values[order].tolist(), strict=True)
    pairs = tuple(Pair(haplotypes[one], haplotypes[other], weight, True) for one, other, weight in chosen)
    return Found(pairs, float(values.sum()))


def _with_new(
    context: Context,
    donors: Donors,
    reduced: Reduced,
    labels: list[int],
    codes: NDArray[np.int8],
    blocks: NDArray[np.int32],
    mixture: NDArray[np.float64],
    found: Found,
) -> Found:
    """Add pairs of a common counted haplotype and a strand that no source counts; pairs of two such are left out."""
    model, n_blocks = context.model, len(labels)
    turned = ~reduced.first[:PARTNERS]  # blocks in which the other strand is the first one
    n_fitting = _count(turned, reduced.first) + _count(~turned, reduced.second)
    new_ones = np.flatnonzero((n_fitting < n_blocks).all(axis=1))
    if not len(new_ones) or not n_blocks:
        return found
    own, turned = reduced.candidates[new_ones], turned[new_ones]
    of_block = np.searchsorted(labels, blocks)
    swapped = (blocks != HOMOZYGOUS) & turned[:, np.minimum(of_block, n_blocks - 1)]
    groups = np.flatnonzero(mixture)
    new = donors.frequencies(model.columns(codes), swapped, groups)
    weight = 2 * 0.5**n_blocks * ((model.frequency[own][:, groups] * new) @ mixture[groups])
    heavy = np.flatnonzero(weight > NEGLIGIBLE * found.total)
    if not len(heavy):
        return found
    weights = weight[heavy].tolist()
    least = _least([*(pair.weight for pair in found.pairs), *weights])
    added = []
    for n, value in zip(heavy, weights, strict=True):
        if value >= least:  # a name is slow to find, and none needs one that is not kept
            strand = np.where(swapped[n], codes[:, 0], codes[:, 1]).astype(np.int8)
            added.append(Pair(model.haplotypes[own[n]], context.compose(strand), value, False))
    best = ranked([*found.pairs, *added], left_out=sum(value for value in weights if value < least))
    exhaustive = bool(found.pairs) or n_blocks <= MAX_BLOCKS
    return replace(best, total=found.total + sum(weights), exhaustive=exhaustive)


def _least(weights: list[float]) -> float:
    """Return the weight from which a pair may be kept, names yet to put equal ones in order."""
    falling = sorted(weights, reverse=True)
    return falling[enough(falling) - 1] * (1 - _WITHIN_REACH)


def _count(blocks: NDArray[np.bool_], fits: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Count of each choice (T, B) of blocks in how many of them each haplotype (K, B) fits."""
    return np.asarray(blocks.astype(np.float64) @ fits.T.astype(np.float64))


def _rare_pairs(
    frequency: NDArray[np.float64], mixture: NDArray[np.float64], first: NDArray[np.bool_], second: NDArray[np.bool_]
) -> float:
    """Return a bound of what pairs among these haplotypes weigh: in every block one fits one strand, one the other."""
    bound = float((frequency.sum(axis=0) ** 2) @ mixture)
    both = 2 * ((first.T @ frequency) * (second.T @ frequency)) @ mixture
    return min(bound, float(both.min())) if both.size else bound


def _weigh(
    frequency: NDArray[np.float64],
    mixture: NDArray[np.float64],
    first: NDArray[np.bool_],
    second: NDArray[np.bool_],
    n_rows: int,
) -> NDArray[np.float64]:
    """Weight (n_rows, K) of ordered pairs."""
    weight = (frequency[:n_rows] * mixture) @ frequency.T
    n_blocks = first.shape[1]
    if not 0 < n_blocks < MOST_BITS:
        return np.asarray(weight) if not n_blocks else _weigh_block_by_block(weight, first, second)
    # A block halves the weight of a pair that fits it one way round, and keeps that of one that fits both ways.
    bits = np.int64(1) << np.arange(n_blocks, dtype=np.int64)
    one, other = first @ bits, second @ bits
    way, turned = one[:n_rows, None] & other, other[:n_rows, None] & one
    both_ways = np.bitwise_count(way & turned).astype(np.int32)
    return np.asarray(np.where((way | turned) == bits.sum(), np.ldexp(weight, both_ways - n_blocks), 0.0))


def _weigh_block_by_block(
    weight: NDArray[np.float64], first: NDArray[np.bool_], second: NDArray[np.bool_]
) -> NDArray[np.float64]:
    for b in range(first.shape[1]):
        one = first[: len(weight), b, None] & second[None, :, b]
        other = second[: len(weight), b, None] & first[None, :, b]
        weight = weight * (one.astype(np.float64) + other) / 2
    return weight


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round to nine significant digits, so that equal weights stay equal whatever order they were summed in."""
    scale = 10.0 ** (8 - np.floor(np.log10(values)))
    return np.asarray(np.round(values * scale) / scale)
