"""Diplotypes of a pattern in which genotypes are in doubt: each is weighed by how well it explains the evidence.

A confident genotype rules haplotypes in or out. A genotype in doubt weighs every pair of counted haplotypes with the
likelihood of the bases that they carry there, so that no list of possible genotypes is gone through. Strands that no
source counts are looked for in the genotypes as the file shows them, and as the likelihoods have them at their best.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgx.calling import solve
from pgx.calling.context import Context, Pair, labels_of, reduce
from pgx.calling.patterns import HOMOZYGOUS
from pgx.calling.solve import Found
from pgx.types import NO_COPY, Likelihood

DECISIVE = 5
"""Tenths by which a genotype must lead all others to count as told: about three to one."""
MOST_HAPLOTYPES = 120
"""Counted haplotypes that are paired, those that explain most first."""
NEGLIGIBLE = 1e-9
"""Share of the best haplotype's weight below which a haplotype is left out."""
MOST_CHANGES = 8
"""Genotypes in doubt that are changed, one at a time, to look for strands that no source counts."""
WORTH_A_LOOK = 0.01
"""Share of all weight that such strands must have before genotypes are changed to look for more of them."""
_OUT_OF_QUESTION = -12.0

Doubted = Mapping[int, Likelihood]
_Likely = list[tuple[dict[int, tuple[int, int]], float]]


@dataclass(frozen=True, slots=True)
class Weighed:
    """The diplotypes, and whether the best of them carries other bases than the file shows."""

    found: Found
    overruled: bool


def is_told(likelihood: Likelihood) -> bool:
    """Say whether the evidence leads to one genotype rather than leaving several about as good."""
    ordered = sorted(likelihood.tenths, reverse=True)
    return len(ordered) < 2 or ordered[0] - ordered[1] >= DECISIVE


def is_contradicted(likelihood: Likelihood, shown: NDArray[np.int8]) -> bool:
    """Say whether the genotype that the file shows is not the one that its own likelihoods favour."""
    if likelihood.evidence not in ("PL", "GL"):
        return False
    level = _level(likelihood, int(shown[0]), int(shown[1]))
    return level is not None and level < 0


def may_be(likelihood: Likelihood, code: int) -> bool:
    """Say whether a genotype of this base alone is about as good as the best."""
    level = _level(likelihood, code, code)
    return level is not None and level > -DECISIVE


def pairs(
    context: Context,
    codes: NDArray[np.int8],
    blocks: NDArray[np.int32],
    mixture: NDArray[np.float64],
    doubts: Doubted,
    *,
    haploid: bool,
) -> Weighed:
    """Return the weighted diplotypes of one pattern: parameters as for `solve.pairs`, and likelihoods by position."""
    found: dict[tuple[str, ...], Pair] = {}
    counted, total = (_one_strand if haploid else _two_strands)(context, codes, blocks, mixture, doubts)
    for pair in counted:
        _add(found, pair)
    new, exhaustive = 0.0, True
    changed: dict[tuple[str, ...], float] = defaultdict(float)
    likely, further = _likely(codes, doubts)
    for n, (changes, share) in enumerate([*likely, *further]):
        if n >= len(likely) and new < WORTH_A_LOOK * total:
            break
        hard = solve.pairs(context, *_with(codes, blocks, changes), mixture, haploid=haploid)
        exhaustive &= hard.exhaustive or not hard.pairs
        for pair in hard.pairs:
            if not pair.counted:
                weight = pair.weight * hard.scale * share
                new += weight
                total += weight
                _add(found, Pair(pair.first, pair.second, weight, counted=False))
                if changes:
                    changed[_names(pair)] += weight
    if not found:
        return Weighed(Found((), 0.0), overruled=False)
    ranked = solve.ranked(list(found.values()))
    best = ranked.pairs[0]
    carried = not _overruled(context, best, codes, doubts) if best.counted else changed[_names(best)] <= best.weight / 2
    return Weighed(Found(ranked.pairs, total, exhaustive), overruled=not carried)


def _names(pair: Pair) -> tuple[str, ...]:
    return tuple(sorted(strand.detail for strand in (pair.first, pair.second) if strand is not None))


def _add(found: dict[tuple[str, ...], Pair], pair: Pair) -> None:
    old = found.get(_names(pair))
    weight = pair.weight + (old.weight if old else 0.0)
    found[_names(pair)] = Pair(pair.first, pair.second, weight, pair.counted or (old is not None and old.counted))


def _likely(codes: NDArray[np.int8], doubts: Doubted) -> tuple[_Likely, _Likely]:
    """Return likely genotypes as changes of what the file shows, and their likelihood.

    The first are what the file shows and the likeliest genotype throughout; the others are the latter with one position
    changed, the likeliest first.
    """
    levels = {p: _level(likelihood, int(codes[p, 0]), int(codes[p, 1])) for p, likelihood in doubts.items()}
    shown = sum(_OUT_OF_QUESTION * 10 if level is None else level for level in levels.values())
    best: dict[int, tuple[int, int]] = {}
    others: list[tuple[int, int, tuple[int, int]]] = []
    for p, likelihood in doubts.items():
        ranked = sorted(zip(likelihood.tenths, likelihood.pairs, strict=True), key=lambda one: -one[0])
        if levels[p] != 0:
            best[p] = ranked[0][1]
        others += [(level, p, pair) for level, pair in ranked if pair != best.get(p) and level != levels[p]]
    others.sort(key=lambda one: -one[0])
    likely: _Likely = [({}, 10 ** (shown / 10))]
    if best:
        likely.append((best, 1.0))
    return likely, [({**best, p: pair}, 10 ** (level / 10)) for level, p, pair in others[:MOST_CHANGES]]


def _with(
    codes: NDArray[np.int8], blocks: NDArray[np.int32], changes: Mapping[int, tuple[int, int]]
) -> tuple[NDArray[np.int8], NDArray[np.int32]]:
    """Return a pattern with other genotypes at some positions, of unknown phase."""
    codes, blocks = codes.copy(), blocks.copy()
    for p, (one, two) in changes.items():
        second = NO_COPY if codes[p, 1] == NO_COPY else one if two == NO_COPY else two
        codes[p] = one, second
        blocks[p] = HOMOZYGOUS if second in (one, NO_COPY) else -(p + 1)
    return codes, blocks


def _level(likelihood: Likelihood, one: int, two: int) -> int | None:
    """Return the tenths of a genotype, whether the likelihood is of one copy or of two."""
    if two == NO_COPY or likelihood.pairs[0][1] == NO_COPY:
        level = likelihood.of(one, NO_COPY)
        return likelihood.of(one, one) if level is None else level
    return likelihood.of(one, two)


def _table(context: Context, position: int, likelihood: Likelihood) -> NDArray[np.float64]:
    """Log10 likelihood (C, C) of each pair of documented codes; bases that the gene passes over count as its own."""
    n_codes = context.model.n_codes
    table = np.full((n_codes, n_codes), _OUT_OF_QUESTION)
    pass_over = context.model.pass_over
    limit, instead = (n_codes, -1) if pass_over is None else pass_over[position].tolist()
    for pair, level in zip(likelihood.pairs, likelihood.tenths, strict=True):
        one, two = (instead if code >= limit else code for code in pair)
        two = one if two == NO_COPY else two
        if one >= 0 and two >= 0:
            table[one, two] = table[two, one] = max(table[one, two], level / 10)
    return table


@dataclass(frozen=True, slots=True)
class _Kinds:
    """The haplotypes of a gene by the bases that they accept at a position.

    `of` int (H,): kind of each haplotype; `both` (K, K) and `single` (K,): log10 likelihoods of pairs of kinds, and of
    one kind alone.
    """

    of: NDArray[np.intp]
    both: NDArray[np.float64]
    single: NDArray[np.float64]


def _kinds(context: Context, position: int, likelihood: Likelihood) -> _Kinds:
    def sort() -> tuple[list[NDArray[np.intp]], NDArray[np.intp]]:
        accepts = context.accepts[:, position, : context.model.n_codes]
        kinds, kind_of = np.unique(accepts, axis=0, return_inverse=True)
        return [np.flatnonzero(kind) for kind in kinds], kind_of.ravel()

    def weigh() -> _Kinds:
        bases, kind_of = context.remember(position, sort)
        table = _table(context, position, likelihood)
        both = [[table[np.ix_(one, two)].max(initial=_OUT_OF_QUESTION) for two in bases] for one in bases]
        single = [table[one, one].max(initial=_OUT_OF_QUESTION) for one in bases]
        return _Kinds(kind_of, np.array(both), np.array(single))

    return context.remember((position, likelihood), weigh)


def _one_strand(
    context: Context,
    codes: NDArray[np.int8],
    _blocks: NDArray[np.int32],
    mixture: NDArray[np.float64],
    doubts: Doubted,
) -> tuple[list[Pair], float]:
    model = context.model
    certain = np.array([p not in doubts for p in range(len(codes))])
    where = np.flatnonzero((codes[:, 0] >= 0) & ~context.settled & certain)
    columns = model.columns(codes[where, 0])
    kept = context.candidates[context.accepts[context.candidates[:, None], where, columns].all(axis=1)]
    logs = np.zeros(len(kept))
    for p, likelihood in doubts.items():
        kinds = _kinds(context, p, likelihood)
        logs += kinds.single[kinds.of[kept]]
    weights = (model.frequency[kept] @ mixture) * 10**logs
    pairs = [Pair(model.haplotypes[k], None, float(w), counted=True) for k, w in zip(kept, weights, strict=True) if w]
    return pairs, float(weights.sum())


def single(context: Context, codes: NDArray[np.int8], mixture: NDArray[np.float64], doubts: Doubted) -> Found:
    """Return the counted haplotypes that alone explain one pattern, where genotypes are in doubt."""
    strands, total = _one_strand(context, codes, np.zeros(len(codes), dtype=np.int32), mixture, doubts)
    return Found(solve.ranked(strands).pairs, total)


def _two_strands(
    context: Context,
    codes: NDArray[np.int8],
    blocks: NDArray[np.int32],
    mixture: NDArray[np.float64],
    doubts: Doubted,
) -> tuple[list[Pair], float]:
    model = context.model
    certain = codes.copy()
    certain[list(doubts)] = -1
    plain = np.where(np.isin(np.arange(len(blocks)), list(doubts)), HOMOZYGOUS, blocks)
    labels = labels_of(plain)
    reduced = reduce(context, certain, plain)
    kept, first, second = reduced.candidates, reduced.first, reduced.second
    if not len(kept):
        return [], 0.0
    kinds = {p: _kinds(context, p, likelihood) for p, likelihood in doubts.items()}
    bound = np.log10(model.frequency[kept] @ mixture)
    for kind in kinds.values():
        bound += kind.both.max(axis=1)[kind.of[kept]]
    order = np.argsort(-bound, kind="stable")[:MOST_HAPLOTYPES]
    order = order[bound[order] >= bound[order[0]] + np.log10(NEGLIGIBLE)]
    kept, first, second = kept[order], first[order], second[order]
    frequency = model.frequency[kept]
    logs = np.zeros((len(kept), len(kept)))
    for p, kind in kinds.items():
        if blocks[p] == HOMOZYGOUS or (blocks == blocks[p]).sum() == 1:
            own = kind.of[kept]
            logs += kind.both[own[:, None], own]
    weight = (frequency * mixture) @ frequency.T * 10.0**logs
    for label in labels_of(blocks):
        ordered = _ordered(context, codes, blocks, label, kinds, kept)
        if label in labels:
            b = labels.index(label)
            ordered = ordered * (first[:, b, None] & second[None, :, b])
        elif (blocks == label).sum() == 1:
            continue
        weight = weight * (ordered + ordered.T)
    rows, columns = np.nonzero(np.triu(weight))
    values = weight[rows, columns] * np.where(rows == columns, 1, 2)
    best = np.argsort(-values, kind="stable")
    best = best[: solve.enough(values[best])]
    names = [model.haplotypes[k] for k in kept]
    pairs = [Pair(names[rows[n]], names[columns[n]], float(values[n]), counted=True) for n in best]
    return pairs, float(values.sum())


def _ordered(
    context: Context,
    codes: NDArray[np.int8],
    blocks: NDArray[np.int32],
    label: int,
    kinds: Mapping[int, _Kinds],
    kept: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Weight (K, K) of a first and a second strand at a block's positions in doubt.

    A change that the file phases stays on its strand; only what else there may be is unordered.
    """
    weight = np.ones((len(kept), len(kept)))
    if (blocks == label).sum() == 1:
        return weight
    for p in (p for p in kinds if blocks[p] == label):
        own, accepts = kinds[p].of[kept], context.accepts[kept, p]
        one, two = context.model.columns(codes[p])
        turned = (accepts[:, two, None] & accepts[None, :, one]) & ~(accepts[:, one, None] & accepts[None, :, two])
        weight = weight * np.where(turned, 10.0**_OUT_OF_QUESTION, 10.0 ** kinds[p].both[own[:, None], own])
    return weight


def _overruled(context: Context, best: Pair, codes: NDArray[np.int8], doubts: Doubted) -> bool:
    """Say whether the best pair, of counted haplotypes, does not carry what the file shows in doubt."""
    names = [strand.detail for strand in context.model.haplotypes]
    one = names.index(best.first.detail)
    two = one if best.second is None else names.index(best.second.detail)
    for p in doubts:
        a, b = (int(c) for c in context.model.columns(codes[p]))
        accepts = context.accepts[:, p]
        if best.second is None:
            fits = accepts[one, a]
        else:
            fits = (accepts[one, a] and accepts[two, b]) or (accepts[one, b] and accepts[two, a])
        if not fits:
            return True
    return False


def told_positions(doubts: Doubted, count: int) -> NDArray[np.bool_]:
    """Return bool (P,): positions whose genotype the evidence tells."""
    told = np.ones(count, dtype=bool)
    told[[p for p, likelihood in doubts.items() if not is_told(likelihood)]] = False
    return told


def evidence_of(vectors: Sequence[Likelihood], numbers: NDArray[np.int32]) -> dict[int, Likelihood]:
    """Return the likelihoods of one pattern by position."""
    return {int(p): vectors[numbers[p] - 1] for p in np.flatnonzero(numbers)}
