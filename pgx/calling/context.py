"""What one strand of a pattern may be, and how strands go together.

A strand is a counted haplotype, or, where none fits, a combination or partial match with a presumed frequency.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from pgx.calling.model import GeneModel
from pgx.calling.patterns import HOMOZYGOUS
from pgx.calling.strands import Strand

_T = TypeVar("_T")

UNSEEN_HAPLOTYPE = 2e-4
"""What the panel's size allows at most for a combination that it does not show."""
COMBINED = 1e-2
"""Prior factor of each further allele on a strand of a gene whose alleles are whole haplotypes."""
UNEXPLAINED = 1e-3
"""Prior factor of each base on a strand that no allele of the strand explains."""
LEAST = 1e-100
"""Frequency of the least probable strand, so that two of them still weigh something."""


class Pair(NamedTuple):
    """Two strands (the second None if haploid) and their weight, not normalised."""

    first: Strand
    second: Strand | None
    weight: float
    counted: bool
    """Whether both strands are named alleles or combinations that frequencies are known for."""


@dataclass(frozen=True, slots=True)
class Reduced:
    """One pattern cut down to what differs between its candidates.

    Parameters
    ----------
    candidates
        Haplotypes that fit every homozygous position, and one of the strands in every block.
    first, second
        bool (K, B): whether a candidate fits the block's one or other strand.
    """

    candidates: NDArray[np.intp]
    first: NDArray[np.bool_]
    second: NDArray[np.bool_]

    def taken(self, order: NDArray[np.intp]) -> Reduced:
        """Return these candidates alone, in this order."""
        return Reduced(self.candidates[order], self.first[order], self.second[order])


def reduce(context: Context, codes: NDArray[np.int8], blocks: NDArray[np.int32]) -> Reduced:
    """Cut a pattern down to the haplotypes that may take part in it, and to the blocks in the order of their labels."""
    columns = context.model.columns(codes)
    heterozygous = blocks != HOMOZYGOUS
    plain = np.flatnonzero(~heterozygous & (codes[:, 0] >= 0) & ~context.settled)
    varying = np.flatnonzero(heterozygous)
    candidates = context.fitting(plain, columns[plain, 0], varying, columns[varying])
    if not len(varying):
        none = np.ones((len(candidates), 0), dtype=bool)
        return Reduced(candidates, none, none)
    varying = varying[np.argsort(blocks[varying], kind="stable")]
    first, second = (context.accepts[candidates[:, None], varying, columns[varying, strand]] for strand in (0, 1))
    ordered = blocks[varying]
    begins = ordered[1:] != ordered[:-1]
    if begins.all():
        return Reduced(candidates, first, second)
    starts = np.flatnonzero(np.append(True, begins))
    first, second = (np.logical_and.reduceat(strand, starts, axis=1) for strand in (first, second))
    return Reduced(candidates, first, second).taken(np.flatnonzero((first | second).all(axis=1)))


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
        # Haplotypes last, and their bits packed: most positions of most patterns rule out next to nothing.
        self._packed = np.packbits(np.ascontiguousarray(self.accepts.transpose(1, 2, 0)), axis=2)
        names = Counter(strand.detail for strand in model.haplotypes)
        self.has_own_name = np.array([names[strand.detail] == 1 for strand in model.haplotypes], dtype=bool)
        self.names_differ = bool(self.has_own_name.all())
        self._explained: dict[bytes, list[tuple[Strand, NDArray[np.float64], bool]]] = {}
        self._counts: dict[bytes, NDArray[np.intp]] = {}
        self._memory: dict[Hashable, Any] = {}

    def fitting(
        self,
        where: NDArray[np.intp],
        columns: NDArray[np.intp],
        varying: NDArray[np.intp] | None = None,
        either: NDArray[np.intp] | None = None,
    ) -> NDArray[np.intp]:
        """Return the candidates that accept these columns of `accepts` at these positions, and at the `varying` ones
        `either` of two."""
        bits = np.bitwise_and.reduce(self._packed[where, columns], axis=0)  # of nothing: all bits are set
        if varying is not None and either is not None:
            one, other = (self._packed[varying, either[:, strand]] for strand in (0, 1))
            bits = bits & np.bitwise_and.reduce(one | other, axis=0)
        fits = np.unpackbits(bits, count=len(self.accepts)).view(bool)
        return np.asarray(self.candidates[fits[self.candidates]])

    def fitting_each(self, codes: NDArray[np.int8]) -> NDArray[np.bool_]:
        """Return of each of N strands, int8 (N, P), which haplotypes it may be: bool (N, H)."""
        bits = np.tile(np.packbits(np.isin(np.arange(len(self.accepts)), self.candidates)), (len(codes), 1))
        columns = self.model.columns(codes)
        for p in np.flatnonzero((codes >= 0).any(axis=0) & ~self.settled):
            bits &= self._packed[p, columns[:, p]]
        return np.unpackbits(bits, axis=1, count=len(self.accepts)).view(bool)

    def remember(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """Return what `make` gives, made once in the life of this context."""
        if key not in self._memory:
            self._memory[key] = make()
        found: _T = self._memory[key]
        return found

    def explain(self, codes: NDArray[np.int8]) -> list[tuple[Strand, NDArray[np.float64], bool]]:
        """Return what a strand may be: (strand, frequency per group, whether it is counted)."""
        key = codes.tobytes()
        if key not in self._explained:
            counted = [(self.model.haplotypes[h], self.model.frequency[h], True) for h in self.counted(codes).tolist()]
            self._explained[key] = counted or self._composed(codes)
        return self._explained[key]

    def counted(self, codes: NDArray[np.int8]) -> NDArray[np.intp]:
        """Return the counted haplotypes that a strand may be."""
        key = codes.tobytes()
        if key not in self._counts:
            where = np.flatnonzero((codes >= 0) & ~self.settled)
            self._counts[key] = self.fitting(where, self.model.columns(codes[where]))
        return self._counts[key]

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
        yield self._filled_as(0, codes, unknown, default)
        if unknown.any():
            likely = naming.carried(codes, assume=True)
            for a in likely[(naming.core[likely] & unknown).any(axis=1)]:
                yield self._filled_as(a, codes, unknown, default)

    def _filled_as(
        self, allele: int, codes: NDArray[np.int8], unknown: NDArray[np.bool_], default: NDArray[np.intp]
    ) -> NDArray[np.int8]:
        naming = self.model.naming
        own = np.where(naming.core[allele], naming.definition.accepts[allele].argmax(axis=1), default)
        return np.where(unknown, own, codes).astype(np.int8)

    def compose(self, codes: NDArray[np.int8]) -> Strand:
        """Return the name of a strand that no counted haplotype fits, unknown bases as in the reference allele."""
        return self.remember(
            ("composed", codes.tobytes()), lambda: self.model.naming.name(next(self._fillings(codes)), self.extra)
        )

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

    def pair(self, codes: NDArray[np.int8], mixture: NDArray[np.float64]) -> list[Pair]:
        """Take the two strands as they are: all that `arrange` has to try where at most one block is heterozygous."""
        weights: dict[tuple[str, str | None], Pair] = {}
        self._add(weights, codes[:, 0], codes[:, 1], mixture)
        return list(weights.values())

    def arrange(self, codes: NDArray[np.int8], blocks: NDArray[np.int32], mixture: NDArray[np.float64]) -> list[Pair]:
        """Try every arrangement of the blocks on the two strands."""
        labels = labels_of(blocks)
        weights: dict[tuple[str, str | None], Pair] = {}
        for turned in turns(blocks, labels):
            one = np.where(turned, codes[:, 1], codes[:, 0]).astype(np.int8)
            two = np.where(turned, codes[:, 0], codes[:, 1]).astype(np.int8)
            self._add(weights, one, two, mixture)
        return list(weights.values())

    def complete(self, codes: NDArray[np.int8], blocks: NDArray[np.int32], mixture: NDArray[np.float64]) -> list[Pair]:
        """Let one strand be a counted haplotype and name the other; for patterns too wide to try all arrangements."""
        weights: dict[tuple[str, str | None], Pair] = {}
        labels = labels_of(blocks)
        reduced = reduce(self, codes, blocks)
        seen: set[bytes] = set()
        for k in range(len(reduced.candidates)):
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


def labels_of(blocks: NDArray[np.int32]) -> list[int]:
    """Return the labels of the heterozygous blocks, sorted."""
    return sorted(set(blocks.tolist()) - {HOMOZYGOUS})


def turns(blocks: NDArray[np.int32], labels: list[int]) -> Iterator[NDArray[np.bool_]]:
    """Yield bool (P,): which positions have their strands swapped; the first block stays, to count each once."""
    free = labels[1:]
    for bits in range(2 ** len(free)):
        turned = np.zeros(len(blocks), dtype=bool)
        for b, label in enumerate(free):
            if bits >> b & 1:
                turned |= blocks == label
        yield turned
