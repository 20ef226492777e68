"""What the bases show of a gene's function, though they leave open which of several alleles alike it is.

A panel of four positions of DPYD that shows one strand without function leaves the other strand to thirty alleles of
normal function: no pair of names is probable, and what they do is certain all the same. A finding counts so; that
nothing was found does not, since positions that nobody looked at may hold what is rare, unless the guideline lets the
position that was looked at decide alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from pgx.calling.context import Pair
from pgx.calling.model import GeneModel
from pgx.calling.priors import before, removed
from pgx.calling.strands import Strand
from pgx.knowledge.rules.phenotypes import INDETERMINATE

MAY_BE_OTHER = 0.02
"""Probability of another known phenotype from which a gene that lacks positions is not called normal."""
Kind = frozenset[str]
"""What a strand does: the functions of its alleles, without the reference's beside another; its name if not known."""
Kinds = tuple[Kind, ...]
Meaning = tuple[str, float | None] | Kinds
"""Phenotype and activity score of a person's strands; what each strand does, where no rule tells what they mean."""
_UNTOLD: Kind = frozenset()
"""Stands for all strands of which nobody knows what they do: one rule holds for them all."""


class Findings:
    """Tells whether the data show more of a gene's function than the population does.

    Parameters
    ----------
    gene
        The gene's model.
    """

    def __init__(self, gene: GeneModel) -> None:
        self._functions, self._rules, self._decisive = gene.functions, gene.rules, gene.decisive
        reference = gene.definition.alleles[0] if gene.definition.alleles else ""
        self._usual = frozenset([gene.functions.get(reference, reference)])
        self._told = frozenset(gene.functions.values())
        self._frequency: defaultdict[Kind, NDArray[np.float64]] = defaultdict(lambda: np.zeros(gene.frequency.shape[1]))
        self._example: dict[Kind, Strand] = {}
        for strand, frequency in zip(gene.haplotypes, gene.frequency, strict=True):
            for kind in {self._kind(strand), self._sort(self._kind(strand))}:
                self._frequency[kind] += frequency
                self._example.setdefault(kind, strand)
        self._meanings: dict[Kinds, Meaning] = {}
        self._told_of: dict[Kinds, tuple[str, float | None] | None] = {}
        self._of_pair: dict[tuple[str, str | None], tuple[Kinds, Meaning]] = {}

    def shown(
        self,
        pairs: Sequence[Pair],
        total: float,
        mixture: NDArray[np.float64],
        known: NDArray[np.bool_],
        *,
        sure: float,
        evidence: float,
    ) -> bool:
        """Say whether an unusual function is sure, and the data remove enough of the doubt about it.

        Parameters
        ----------
        pairs, total
            The pairs that fit and what all of them weigh.
        mixture
            Share of each biogeographic group.
        known
            bool (P,): positions whose genotype is told. With the one that decides the gene alone among them, the usual
            function is a finding, too.
        sure
            Least probability of what the two strands do.
        evidence
            Least share of the prior doubt about it that the data removed.
        """
        weights: defaultdict[Meaning, float] = defaultdict(float)
        kinds_of: dict[Meaning, Kinds] = {}
        for pair in pairs:
            kinds, meaning = self._read(pair)
            weights[meaning] += pair.weight
            kinds_of.setdefault(meaning, kinds)
        best = max(weights, key=lambda meaning: weights[meaning])
        after, kinds = weights[best] / total, kinds_of[best]
        decided = self._decisive is not None and bool(known[self._decisive])
        if after < sure or (not decided and best == self._meaning((self._usual,) * len(kinds))):
            return False
        return removed(after, self._before(kinds, mixture)) >= evidence

    def may_be_other(self, pairs: Sequence[Pair], total: float) -> bool:
        """Say whether the likeliest pair is of the usual function, and those of another known meaning are not rare."""
        if pairs[0].weight > (1 - MAY_BE_OTHER) * total:
            return False
        usual = self._read(pairs[0])[1]
        if usual != self._meaning((self._usual,) * (1 if pairs[0].second is None else 2)):
            return False
        told = [(pair.weight, self._told_by_rule(self._read(pair)[0])) for pair in pairs]
        return sum(weight for weight, meaning in told if meaning not in (None, usual)) > MAY_BE_OTHER * total

    def _read(self, pair: Pair) -> tuple[Kinds, Meaning]:
        """Return what the strands of a pair do and mean, worked out once a pair of names."""
        key = (pair.first.detail, None if pair.second is None else pair.second.detail)
        known = self._of_pair.get(key)
        if known is None:
            kinds = self._kinds(pair)
            known = self._of_pair[key] = (kinds, self._meaning(kinds))
        return known

    def _told_by_rule(self, kinds: Kinds) -> tuple[str, float | None] | None:
        if kinds not in self._told_of:
            self._told_of[kinds] = self._by_rule(tuple(map(self._sort, kinds)))
        return self._told_of[kinds]

    def _kinds(self, pair: Pair) -> Kinds:
        strands = [pair.first] if pair.second is None else [pair.first, pair.second]
        return tuple(sorted(map(self._kind, strands), key=sorted))

    def _kind(self, strand: Strand) -> Kind:
        told = [self._functions.get(part) for part in strand.parts]
        if strand.novel or not told or None in told:
            return frozenset([strand.detail])
        found = frozenset(function for function in told if function is not None)
        return found - self._usual or found

    def _sort(self, kind: Kind) -> Kind:
        """Return the kind that stands for this one where phenotypes are looked up: those not known are one."""
        return kind if not self._told or kind <= self._told else _UNTOLD

    def _meaning(self, kinds: Kinds) -> Meaning:
        if kinds not in self._meanings:
            self._meanings[kinds] = self._told_by_rule(kinds) or kinds
        return self._meanings[kinds]

    def _by_rule(self, kinds: Kinds) -> tuple[str, float | None] | None:
        """Return what the gene's rules say of strands that do this; None if they leave it open."""
        strands = [self._example.get(kind) for kind in kinds]
        first, second = strands[0], strands[-1]
        if first is None or second is None:
            return None
        two = len(kinds) == 2
        found = self._rules.phenotype(
            first.parts, second.parts if two else None, novel1=first.novel, novel2=two and second.novel
        )
        if found.phenotype in (None, INDETERMINATE):
            return None
        return str(found.phenotype), found.activity_score

    def _before(self, kinds: Kinds, mixture: NDArray[np.float64]) -> float:
        """Probability of what the strands mean before anything is read."""
        sorts = sorted({self._sort(kind) for kind in self._frequency}, key=sorted)
        pairs = combinations_with_replacement(sorts, len(kinds))
        alike = [pair for pair in pairs if self._meaning(pair) == self._meaning(kinds)]
        return sum(self._share(pair, mixture) for pair in alike or [kinds])

    def _share(self, kinds: Kinds, mixture: NDArray[np.float64]) -> float:
        return before([self._frequency[kind] for kind in kinds], len(set(kinds)), mixture)
