"""Diplotypes of a pattern in which genotypes are in doubt: each is weighed by how well it explains the evidence.

A confident genotype rules haplotypes in or out. A genotype in doubt weighs every pair of counted haplotypes with the
likelihood of the bases that they carry there, so that no list of possible genotypes is gone through. Strands that no
source counts are looked for in the genotypes as the file shows them, and as the likelihoods have them at their best.
"""

from __future__ import annotations

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
_OUT_OF_QUESTION = -12.0

Doubted = Mapping[int, Likelihood]


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
    found: dict[tuple[str, str | None], Pair] = {}
    counted = (_one_strand if haploid else _two_strands)(context, codes, blocks, mixture, doubts)
    for pair in counted:
        _add(found, pair)
    shown = _shares(doubts, {p: (int(codes[p, 0]), int(codes[p, 1])) for p in doubts})
    best = {p: likelihood.pairs[int(np.argmax(likelihood.tenths))] for p, likelihood in doubts.items()}
    exhaustive = True
    for genotypes, share in _patterns(codes, blocks, doubts, best, shown):
        hard = solve.pairs(context, *genotypes, mixture, haploid=haploid)
        exhaustive &= hard.exhaustive or not hard.pairs
        for pair in hard.pairs:
            if not pair.counted:
                _add(found, Pair(pair.first, pair.second, pair.weight * hard.scale * share, counted=False))
    if not found:
        return Weighed(Found((), 0.0), overruled=False)
    ranked = solve.ranked(list(found.values()))
    return Weighed(Found(ranked.pairs, ranked.total, exhaustive), _overruled(context, ranked.pairs[0], codes, doubts))


def _add(found: dict[tuple[str, str | None], Pair], pair: Pair) -> None:
    first, second = pair.first, pair.second
    if second is not None and second.detail < first.detail:
        first, second = second, first
    key = (first.detail, None if second is None else second.detail)
    old = found.get(key)
    found[key] = Pair(first, second, pair.weight + (old.weight if old else 0.0), pair.counted or bool(old))


def _shares(doubts: Doubted, genotypes: Mapping[int, tuple[int, int]]) -> float:
    """Likelihood of one genotype at every position in doubt."""
    levels = [_level(likelihood, *genotypes[p]) for p, likelihood in doubts.items()]
    return float(10 ** (sum(_OUT_OF_QUESTION * 10 if level is None else level for level in levels) / 10))


def _patterns(
    codes: NDArray[np.int8],
    blocks: NDArray[np.int32],
    doubts: Doubted,
    best: Mapping[int, tuple[int, int]],
    shown: float,
) -> list[tuple[tuple[NDArray[np.int8], NDArray[np.int32]], float]]:
    """Return the genotypes as the file shows them, and with the likeliest ones instead if those are others."""
    found = [((codes, blocks), shown)]
    other_codes, other_blocks = codes.copy(), blocks.copy()
    for p, (one, two) in best.items():
        second = NO_COPY if codes[p, 1] == NO_COPY else one if two == NO_COPY else two
        if sorted((one, second)) != sorted(codes[p].tolist()):
            other_codes[p] = one, second
            other_blocks[p] = HOMOZYGOUS if second in (one, NO_COPY) else -(p + 1)
    if (other_codes != codes).any():
        found.append(((other_codes, other_blocks), 1.0))
    return found


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


def _classes(
    accepts: NDArray[np.bool_], table: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Return each haplotype's kind by the bases it accepts, and the log10 likelihoods of pairs and of single kinds."""
    kinds, kind_of = np.unique(accepts, axis=0, return_inverse=True)
    own = [np.flatnonzero(kind) for kind in kinds]
    both = np.array([[table[np.ix_(one, two)].max(initial=_OUT_OF_QUESTION) for two in own] for one in own])
    single = np.array([table[one, one].max(initial=_OUT_OF_QUESTION) for one in own])
    return kind_of.ravel(), both, single


def _one_strand(
    context: Context,
    codes: NDArray[np.int8],
    _blocks: NDArray[np.int32],
    mixture: NDArray[np.float64],
    doubts: Doubted,
) -> list[Pair]:
    model = context.model
    certain = np.array([p not in doubts for p in range(len(codes))])
    where = np.flatnonzero((codes[:, 0] >= 0) & ~context.settled & certain)
    columns = model.columns(codes[where, 0])
    kept = context.candidates[context.accepts[context.candidates[:, None], where, columns].all(axis=1)]
    logs = np.zeros(len(kept))
    for p, likelihood in doubts.items():
        kind, _, single = _classes(context.accepts[kept, p, : model.n_codes], _table(context, p, likelihood))
        logs += single[kind]
    weights = (model.frequency[kept] @ mixture) * 10**logs
    return [Pair(model.haplotypes[k], None, float(w), counted=True) for k, w in zip(kept, weights, strict=True) if w]


def _two_strands(
    context: Context,
    codes: NDArray[np.int8],
    blocks: NDArray[np.int32],
    mixture: NDArray[np.float64],
    doubts: Doubted,
) -> list[Pair]:
    model = context.model
    certain = codes.copy()
    certain[list(doubts)] = -1
    plain = np.where(np.isin(np.arange(len(blocks)), list(doubts)), HOMOZYGOUS, blocks)
    labels = labels_of(plain)
    reduced = reduce(context, certain, plain, labels)
    possible = (reduced.first | reduced.second).all(axis=1)
    kept, first, second = reduced.candidates[possible], reduced.first[possible], reduced.second[possible]
    if not len(kept):
        return []
    classes = {
        p: _classes(context.accepts[kept, p, : model.n_codes], _table(context, p, likelihood))
        for p, likelihood in doubts.items()
    }
    bound = np.log10(model.frequency[kept] @ mixture)
    for kind, both, _ in classes.values():
        bound += both.max(axis=1)[kind]
    order = np.argsort(-bound, kind="stable")[:MOST_HAPLOTYPES]
    order = order[bound[order] >= bound[order[0]] + np.log10(NEGLIGIBLE)]
    frequency = model.frequency[kept[order]]
    logs = np.zeros((len(order), len(order)))
    for p, (kind, both, _) in classes.items():
        if (
            blocks[p] == HOMOZYGOUS
            or not (blocks == blocks[p])[np.isin(np.arange(len(blocks)), [p], invert=True)].any()
        ):
            logs += both[np.ix_(kind[order], kind[order])]
    weight = (frequency * mixture) @ frequency.T * 10.0**logs
    for label in labels_of(blocks):
        ordered = _ordered(context, codes, blocks, label, classes, kept, order)
        if label in labels:
            b = labels.index(label)
            ordered = ordered * (first[order, b, None] & second[None, order, b])
        elif (blocks == label).sum() == 1:
            continue
        weight = weight * (ordered + ordered.T)
    rows, columns = np.nonzero(np.triu(weight))
    values = weight[rows, columns] * np.where(rows == columns, 1, 2)
    names = [model.haplotypes[k] for k in kept[order]]
    return [Pair(names[i], names[j], float(w), counted=True) for i, j, w in zip(rows, columns, values, strict=True)]


def _ordered(
    context: Context,
    codes: NDArray[np.int8],
    blocks: NDArray[np.int32],
    label: int,
    classes: Mapping[int, tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]],
    kept: NDArray[np.intp],
    order: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Weight (K, K) of a first and a second strand at a block's positions in doubt: a change that the file phases stays
    on its strand, and only what else there may be is unordered.
    """
    weight = np.ones((len(order), len(order)))
    inside = [p for p in classes if blocks[p] == label]
    if (blocks == label).sum() == 1:
        return weight
    for p in inside:
        kind, both, _ = classes[p]
        accepts = context.accepts[kept[order], p]
        one, two = (context.model.columns(codes[p, s : s + 1])[0] for s in (0, 1))
        turned = (accepts[:, two, None] & accepts[None, :, one]) & ~(accepts[:, one, None] & accepts[None, :, two])
        weight = weight * np.where(turned, 10.0**_OUT_OF_QUESTION, 10.0 ** both[np.ix_(kind[order], kind[order])])
    return weight


def _overruled(context: Context, best: Pair, codes: NDArray[np.int8], doubts: Doubted) -> bool:
    """Say whether the best pair is one of counted haplotypes that does not carry what the file shows in doubt."""
    if not best.counted:
        return False
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
