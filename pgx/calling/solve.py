"""The posterior over the diplotypes that fit one genotype pattern.

For haplotypes i, j with frequencies f in group g and mixture weights w, every pair that the pattern allows weighs
``sum_g w_g f_gi f_gj`` (Hardy-Weinberg within a group), twice that for i != j, times one half for each block of phased
positions (an unphased position is a block of its own) and each order in which its strands fit i and j. A strand
without data at a position fits everything there: the position is summed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pgx.calling.model import GeneModel
from pgx.calling.mosaic import Donors
from pgx.calling.patterns import HOMOZYGOUS
from pgx.calling.strands import Strand

MAX_BLOCKS = 8
"""Heterozygous blocks up to which every arrangement of the strands is tried."""
FEW_BLOCKS = 3
"""The same in genes where it only guards against strands that the panel does not show."""
COMMON = 60
"""Haplotypes that are paired with all others; rare ones are paired among themselves only if that could matter."""
KEPT_MASS = 0.9995
MOST_PAIRS = 200
"""Diplotypes are kept until they hold `KEPT_MASS` of the posterior, at most `MOST_PAIRS` of them."""
UNSEEN_HAPLOTYPE = 2e-4
"""What the panel's size allows at most for a combination that it does not show."""
COMBINED = 1e-2
"""Prior factor of each further allele on a strand of a gene whose alleles are whole haplotypes."""
UNEXPLAINED = 1e-3
"""Prior factor of each base on a strand that no allele of the strand explains."""
PARTNERS = 16
"""Counted haplotypes that are tried beside a strand that no source counts."""
NEGLIGIBLE = 1e-4
"""Share of the counted pairs' weight below which such a pair is left out."""
LEAST = 1e-100
"""Frequency of the least probable strand, so that two of them still weigh something."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two strands (the second None if haploid) and their weight, not normalised."""

    first: Strand
    second: Strand | None
    weight: float
    counted: bool
    """Whether both strands are named alleles or combinations that frequencies are known for."""


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
    """

    pairs: tuple[Pair, ...]
    total: float
    exhaustive: bool = True


@dataclass(frozen=True, slots=True)
class Reduced:
    """One pattern cut down to what differs between its candidates.

    Parameters
    ----------
    candidates
        Haplotypes that fit every homozygous position.
    first, second
        bool (K, B): whether a candidate fits the block's one or other strand.
    """

    candidates: NDArray[np.intp]
    first: NDArray[np.bool_]
    second: NDArray[np.bool_]


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
        return _ranked(
            [Pair(one, None, float(weight @ mixture), known) for one, weight, known in context.explain(codes[:, 0])]
        )
    labels = _labels(blocks)
    n_blocks = len(labels)
    whole = n_blocks == 0 or (n_blocks == 1 and (codes[blocks != HOMOZYGOUS] >= 0).all())
    if whole:  # one arrangement only: each strand is explained alone, and strands recur
        first, second = context.explain(codes[:, 0]), context.explain(codes[:, 1])
        if len(first) * len(second) <= MOST_PAIRS:
            return _ranked(context.arrange(codes, blocks, mixture))
    model = context.model
    if model.independent and 1 < n_blocks <= (MAX_BLOCKS if model.variant_list else FEW_BLOCKS):
        return _ranked(context.arrange(codes, blocks, mixture))
    reduced = _reduce(context, codes, blocks, labels)
    found = _named(model, reduced, mixture)
    if model.donors is not None:
        found = _with_new(context, model.donors, reduced, codes, blocks, mixture, found)
    if found.pairs:
        return found
    if n_blocks <= MAX_BLOCKS:
        return _ranked(context.arrange(codes, blocks, mixture))
    return replace(_ranked(context.complete(codes, blocks, mixture)), exhaustive=False)


def _ranked(found: list[Pair]) -> Found:
    if len(found) == 1:
        return Found(tuple(found), found[0].weight)
    ranked = sorted(found, key=lambda pair: (-float(f"{pair.weight:.9g}"), pair.first.detail))
    return Found(tuple(ranked[: _enough([pair.weight for pair in ranked])]), sum(pair.weight for pair in ranked))


def _enough(weights: Sequence[float] | NDArray[np.float64]) -> int:
    """How many of the sorted weights to keep."""
    sums = np.cumsum(weights)
    return min(int(np.searchsorted(sums, KEPT_MASS * sums[-1])) + 1, MOST_PAIRS) if len(sums) else 0


def _reduce(context: Context, codes: NDArray[np.int8], blocks: NDArray[np.int32], labels: list[int]) -> Reduced:
    accepts, candidates = context.accepts, context.candidates
    columns = context.model.columns(codes)
    plain = np.flatnonzero((blocks == HOMOZYGOUS) & (codes[:, 0] >= 0) & ~context.settled)
    fits = accepts[candidates[:, None], plain, columns[plain, 0]].all(axis=1)
    candidates = candidates[fits]
    first = np.ones((len(candidates), len(labels)), dtype=bool)
    second = first.copy()
    for b, label in enumerate(labels):
        where = np.flatnonzero(blocks == label)
        first[:, b] = accepts[candidates[:, None], where, columns[where, 0]].all(axis=1)
        second[:, b] = accepts[candidates[:, None], where, columns[where, 1]].all(axis=1)
    return Reduced(candidates, first, second)


def _named(model: GeneModel, reduced: Reduced, mixture: NDArray[np.float64]) -> Found:
    """Pairs of counted haplotypes."""
    possible = (reduced.first | reduced.second).all(axis=1)
    kept, first, second = reduced.candidates[possible], reduced.first[possible], reduced.second[possible]
    if not len(kept):
        return Found((), 0.0)
    frequency = model.frequency[kept]
    order = np.argsort(-_rounded(frequency @ mixture), kind="stable")
    kept, frequency, first, second = kept[order], frequency[order], first[order], second[order]
    n_common = COMMON if len(kept) > 2 * COMMON else len(kept)
    weight = _weigh(frequency, mixture, first, second, n_common)
    rare = _rare_pairs(frequency[n_common:], mixture, first[n_common:], second[n_common:])
    if rare > (1 - KEPT_MASS) * float(weight.sum()):
        weight = _weigh(frequency, mixture, first, second, len(kept))
    rows, columns = np.nonzero(np.triu(weight))
    values = weight[rows, columns] * np.where(rows == columns, 1, 2)
    order = np.argsort(-_rounded(values), kind="stable")
    order = order[: _enough(values[order])]
    haplotypes = [model.haplotypes[k] for k in kept]
    pairs = tuple(Pair(haplotypes[rows[n]], haplotypes[columns[n]], float(values[n]), True) for n in order)
    return Found(pairs, float(values.sum()))


def _with_new(
    context: Context,
    donors: Donors,
    reduced: Reduced,
    codes: NDArray[np.int8],
    blocks: NDArray[np.int32],
    mixture: NDArray[np.float64],
    found: Found,
) -> Found:
    """Add pairs of a common counted haplotype and a strand that no source counts; pairs of two such are left out."""
    model = context.model
    possible = np.flatnonzero((reduced.first | reduced.second).all(axis=1))
    frequency = model.frequency[reduced.candidates[possible]]
    possible = possible[np.argsort(-_rounded(frequency @ mixture), kind="stable")[:PARTNERS]]
    turned = ~reduced.first[possible]  # blocks in which the other strand is the first one
    fits = np.where(turned[:, None], reduced.first, reduced.second)
    counted = np.any(np.all(fits, axis=2), axis=1)
    possible, turned = possible[~counted], turned[~counted]
    if not len(possible):
        return found
    labels = _labels(blocks)
    swapped = turned @ (np.array(labels)[:, None] == blocks)
    groups = np.flatnonzero(mixture)
    new = donors.frequencies(model.columns(codes), swapped, groups)
    own = reduced.candidates[possible]
    weight = 2 * 0.5 ** len(labels) * ((model.frequency[own][:, groups] * new) @ mixture[groups])
    added = []
    for n in np.flatnonzero(weight > NEGLIGIBLE * found.total):
        strand = np.where(swapped[n], codes[:, 0], codes[:, 1]).astype(np.int8)
        other = context.compose(strand)
        added.append(Pair(model.haplotypes[own[n]], other, float(weight[n]), False))
    if not added:
        return found
    total = found.total + sum(pair.weight for pair in added)
    return replace(
        _ranked([*found.pairs, *added]), total=total, exhaustive=bool(found.pairs) or len(labels) <= MAX_BLOCKS
    )


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
    for b in range(first.shape[1]):
        one = first[:n_rows, b, None] & second[None, :, b]
        other = second[:n_rows, b, None] & first[None, :, b]
        weight = weight * (one.astype(np.float64) + other) / 2
    return np.asarray(weight)


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round to nine significant digits, so that equal weights stay equal whatever order they were summed in."""
    scale = 10.0 ** (8 - np.floor(np.log10(values)))
    return np.asarray(np.round(values * scale) / scale)


class Context:
    """Explains single strands, and puts them together; what a strand may be is worked out once.

    Parameters
    ----------
    model
        The gene.
    accepts
        `GeneModel.accepts`, with proxies applied.
    candidates
        Haplotypes that fit the settled positions; all by default.
    settled
        bool (P,): positions that all patterns share and that `candidates` accounts for.
    extra
        Bases by position that the knowledge does not have.
    """

    def __init__(
        self,
        model: GeneModel,
        accepts: NDArray[np.bool_] | None = None,
        candidates: NDArray[np.intp] | None = None,
        settled: NDArray[np.bool_] | None = None,
        extra: dict[int, list[str]] | None = None,
    ) -> None:
        self.model, self.extra = model, extra or {}
        self.accepts = model.accepts if accepts is None else accepts
        self.candidates = np.arange(len(model.haplotypes)) if candidates is None else candidates
        self.settled = np.zeros(len(model.definition.sites), dtype=bool) if settled is None else settled
        self._explained: dict[bytes, list[tuple[Strand, NDArray[np.float64], bool]]] = {}

    def explain(self, codes: NDArray[np.int8]) -> list[tuple[Strand, NDArray[np.float64], bool]]:
        """Return what a strand may be: (strand, frequency per group, whether it is counted)."""
        key = codes.tobytes()
        if key not in self._explained:
            self._explained[key] = self._counted(codes) or self._composed(codes)
        return self._explained[key]

    def _counted(self, codes: NDArray[np.int8]) -> list[tuple[Strand, NDArray[np.float64], bool]]:
        where = np.flatnonzero((codes >= 0) & ~self.settled)
        columns = self.model.columns(codes[where])
        fits = self.accepts[self.candidates[:, None], where, columns].all(axis=1)
        return [(self.model.haplotypes[h], self.model.frequency[h], True) for h in self.candidates[fits]]

    def _composed(self, codes: NDArray[np.int8]) -> list[tuple[Strand, NDArray[np.float64], bool]]:
        """Combinations and partial matches; unknown positions are filled from each allele that may be there."""
        found: dict[str, tuple[Strand, NDArray[np.float64], bool]] = {}
        for filled in self._fillings(codes):
            strand = self.model.naming.name(filled, self.extra)
            found.setdefault(strand.detail, (strand, self._frequency(strand), False))
        return list(found.values())

    def _fillings(self, codes: NDArray[np.int8]) -> Iterator[NDArray[np.int8]]:
        """Yield the strand, unknown bases as in the reference allele, then as in each allele that may be there."""
        naming = self.model.naming
        codes = self._without_proxies(codes)
        unknown = codes < 0
        default = naming.baseline.argmax(axis=1)
        likely = naming.carried(codes, assume=True) if unknown.any() else np.zeros(0, dtype=np.intp)
        for a in (0, *likely[(naming.core[likely] & unknown).any(axis=1)]):
            own = np.where(naming.core[a], naming.definition.accepts[a].argmax(axis=1), default)
            yield np.where(unknown, own, codes).astype(np.int8)

    def compose(self, codes: NDArray[np.int8]) -> Strand:
        """Return the name of a strand that no counted haplotype fits, unknown bases as in the reference allele."""
        return self.model.naming.name(next(self._fillings(codes)), self.extra)

    def filled(self, codes: NDArray[np.int8], strand: Strand) -> NDArray[np.int8]:
        """Return the bases of `strand`, one of those that `explain` gave for `codes`."""
        return next(f for f in self._fillings(codes) if self.model.naming.name(f, self.extra).detail == strand.detail)

    def _without_proxies(self, codes: NDArray[np.int8]) -> NDArray[np.int8]:
        """Put aside proxy bases where the deciding position shows the reference allele's base."""
        codes = codes.copy()
        for proxy in self.model.proxies:
            if codes[proxy.decided_by] >= 0 and self.model.naming.is_baseline(codes)[proxy.decided_by]:
                codes[proxy.position] = self.model.naming.baseline[proxy.position].argmax()
        return codes

    def _frequency(self, strand: Strand) -> NDArray[np.float64]:
        """Presume a frequency (G,) for a strand that no source counts.

        Where alleles are single variants they are put together as if independent, up to what the panel would have
        shown; where they are haplotypes, a strand with two of them needs a rare recombination.
        """
        names = self.model.definition.alleles
        frequency = self.model.frequency[names.index(strand.parts[0])].copy()
        for part in strand.parts[1:]:
            other = self.model.frequency[names.index(part)]
            frequency *= other / self.model.frequency[0] if self.model.independent else other * COMBINED
        if len(strand.parts) > 1:
            frequency = np.minimum(frequency, UNSEEN_HAPLOTYPE)
        return np.asarray(np.maximum(frequency * UNEXPLAINED**strand.n_unexplained, LEAST))

    def arrange(self, codes: NDArray[np.int8], blocks: NDArray[np.int32], mixture: NDArray[np.float64]) -> list[Pair]:
        """Try every arrangement of the blocks on the two strands."""
        labels = _labels(blocks)
        weights: dict[tuple[str, str | None], Pair] = {}
        for turned in _turns(blocks, labels):
            one = np.where(turned, codes[:, 1], codes[:, 0]).astype(np.int8)
            two = np.where(turned, codes[:, 0], codes[:, 1]).astype(np.int8)
            self._add(weights, one, two, mixture)
        return list(weights.values())

    def complete(self, codes: NDArray[np.int8], blocks: NDArray[np.int32], mixture: NDArray[np.float64]) -> list[Pair]:
        """Let one strand be a counted haplotype and name the other; for patterns too wide to try all arrangements."""
        weights: dict[tuple[str, str | None], Pair] = {}
        labels = _labels(blocks)
        reduced = _reduce(self, codes, blocks, labels)
        seen: set[bytes] = set()
        for k in np.flatnonzero((reduced.first | reduced.second).all(axis=1)):
            turned = np.zeros(len(blocks), dtype=bool)
            for b, label in enumerate(labels):
                if not reduced.first[k, b]:
                    turned |= blocks == label
            if turned.tobytes() in seen:
                continue
            seen.add(turned.tobytes())
            one = np.where(turned, codes[:, 1], codes[:, 0]).astype(np.int8)
            two = np.where(turned, codes[:, 0], codes[:, 1]).astype(np.int8)
            self._add(weights, one, two, mixture)
        return list(weights.values())

    def _add(
        self,
        weights: dict[tuple[str, str | None], Pair],
        one: NDArray[np.int8],
        two: NDArray[np.int8],
        mixture: NDArray[np.float64],
    ) -> None:
        for s1, f1, known1 in self.explain(one):
            for s2, f2, known2 in self.explain(two):
                first, second = (s1, s2) if s1.detail <= s2.detail else (s2, s1)
                weight = float((f1 * f2) @ mixture)
                old = weights.get((first.detail, second.detail))
                total = weight + (old.weight if old else 0.0)
                weights[first.detail, second.detail] = Pair(first, second, total, known1 and known2)


def _labels(blocks: NDArray[np.int32]) -> list[int]:
    """Return the labels of the heterozygous blocks, sorted."""
    return sorted(set(blocks.tolist()) - {HOMOZYGOUS})


def _turns(blocks: NDArray[np.int32], labels: list[int]) -> Iterator[NDArray[np.bool_]]:
    """Yield bool (P,): which positions have their strands swapped; the first block stays, to count each once."""
    free = labels[1:]
    for bits in range(2 ** len(free)):
        turned = np.zeros(len(blocks), dtype=bool)
        for b, label in enumerate(free):
            if bits >> b & 1:
                turned |= blocks == label
        yield turned
