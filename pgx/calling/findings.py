"""What the bases show of a gene's function, though they leave open which of several alleles alike it is.

A panel of four positions of DPYD that shows one strand without function leaves the other strand to thirty alleles of
normal function: no pair of names is probable, and what they do is certain all the same. A finding counts so; that
nothing was found does not, since positions that nobody looked at may hold what is rare.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pgx.calling.context import Pair
from pgx.calling.model import GeneModel
from pgx.calling.priors import before, removed
from pgx.calling.strands import Strand

Kind = frozenset[str]
"""What a strand does: the functions of its alleles, without the reference's beside another; its name if not known."""


class Findings:
    """Tells whether the data show more of a gene's function than the population does.

    Parameters
    ----------
    gene
        The gene's model.
    """

    def __init__(self, gene: GeneModel) -> None:
        self._functions = gene.functions
        reference = gene.definition.alleles[0] if gene.definition.alleles else ""
        self._usual = frozenset([gene.functions.get(reference, reference)])
        self._frequency: defaultdict[Kind, NDArray[np.float64]] = defaultdict(lambda: np.zeros(gene.frequency.shape[1]))
        for strand, frequency in zip(gene.haplotypes, gene.frequency, strict=True):
            self._frequency[self._kind(strand)] += frequency

    def shown(
        self, pairs: Sequence[Pair], total: float, mixture: NDArray[np.float64], *, sure: float, evidence: float
    ) -> bool:
        """Say whether an unusual function is sure, and the data remove enough of the doubt about it.

        Parameters
        ----------
        pairs, total
            The pairs that fit and what all of them weigh.
        mixture
            Share of each biogeographic group.
        sure
            Least probability of what the two strands do.
        evidence
            Least share of the prior doubt about it that the data removed.
        """
        weights: defaultdict[tuple[Kind, ...], float] = defaultdict(float)
        for pair in pairs:
            weights[self._kinds(pair)] += pair.weight
        best = max(weights, key=lambda kinds: weights[kinds])
        after = weights[best] / total
        if after < sure or all(kind == self._usual for kind in best):
            return False
        frequencies = [self._frequency[kind] for kind in best]
        return removed(after, before(frequencies, len(set(best)), mixture)) >= evidence

    def _kinds(self, pair: Pair) -> tuple[Kind, ...]:
        strands = [pair.first] if pair.second is None else [pair.first, pair.second]
        return tuple(sorted(map(self._kind, strands), key=sorted))

    def _kind(self, strand: Strand) -> Kind:
        told = [self._functions.get(part) for part in strand.parts]
        if strand.novel or not told or None in told:
            return frozenset([strand.detail])
        found = frozenset(function for function in told if function is not None)
        return found - self._usual or found
