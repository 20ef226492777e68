"""Which results a gene that was not tested may have, and how probable each is in the person's group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pgx.calling import priors
from pgx.calling.model import model
from pgx.calling.strands import Strand
from pgx.calling.unseen_copies import unseen_copies
from pgx.guidance.conditions import compiled
from pgx.guidance.matching import satisfies
from pgx.knowledge.base import KnowledgeBase
from pgx.phenotypes import allele_status, shares_of
from pgx.types import Diplotype, PatternCall

COVERED = 0.999
"""Share of the persons whose diplotypes are looked at; the rest are rarer than any that are."""
_MOST = 1000
_OTHER = "other"
"""The allele beside one that is asked about, in a gene that is read by the presence of alleles."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A result that a gene may have.

    Parameters
    ----------
    pattern
        A call that stands for all that mean the same.
    probability
        Of all these together; None if no frequencies are known.
    """

    pattern: PatternCall
    probability: float | None


class Outcomes:
    """The results that genes may have, by person.

    Parameters
    ----------
    kb
        Knowledge base.
    groups
        Sample -> biogeographic group.
    sexes
        Sample -> sex, where it is known.
    """

    def __init__(self, kb: KnowledgeBase, groups: Mapping[str, str], sexes: Mapping[str, str]) -> None:
        self._kb, self._groups, self._sexes = kb, groups, sexes
        self._of_patterns: dict[int, tuple[PatternCall, tuple[Outcome, ...]]] = {}
        self._known: dict[tuple[str, int, bool], tuple[Outcome, ...]] = {}
        self._meanings: dict[tuple[str, str], tuple[object, ...]] = {}

    def of(self, sample: str, pattern: PatternCall, gene: str) -> tuple[Outcome, ...]:
        """Return the results that a gene may have; `pattern` is its call, which the person's data may have narrowed."""
        if pattern.diplotypes:
            if id(pattern) not in self._of_patterns:  # persons whose data are the same share a pattern
                self._of_patterns[id(pattern)] = pattern, self._merged(gene, pattern.diplotypes)
            return self._of_patterns[id(pattern)][1]
        inheritance = self._kb.gene(gene).row["inheritance"]
        haploid = inheritance == "mitochondrial" or (inheritance == "x_linked" and self._sexes.get(sample) == "male")
        key = gene, priors.groups(self._kb).index(self._groups.get(sample)), haploid
        if key not in self._known:
            alleles = allele_status.targets(self._kb, gene)
            self._known[key] = self._carried(gene, alleles) if alleles else self._merged(gene, self._drawn(*key))
        return self._known[key]

    def _carried(self, gene: str, alleles: tuple[str, ...]) -> tuple[Outcome, ...]:
        """Each allele carried or none: how frequent they are, no table says."""
        pairs = [Diplotype(allele, _OTHER, (allele,), (_OTHER,), 1.0) for allele in alleles]
        pairs.append(Diplotype(_OTHER, _OTHER, (_OTHER,), (_OTHER,), 1.0))
        return tuple(Outcome(_called((pair,)), None) for pair in pairs)

    def _drawn(self, gene: str, group: int, haploid: bool) -> tuple[Diplotype, ...]:
        """Return the diplotypes of the group, the most frequent first, up to `COVERED` of the persons."""
        strands, frequency = self._strands(gene)
        mixture = priors.groups(self._kb).mixture(group)
        if not len(strands):
            return ()
        if haploid:
            weights = (frequency @ mixture)[:, None]
        else:
            weights = np.einsum("ag,bg,g->ab", frequency, frequency, mixture)
            weights = np.triu(weights) + np.triu(weights.T, 1)
        order = np.argsort(-weights, axis=None, kind="stable")[:_MOST]
        shares = weights.ravel()[order]
        kept = int(np.searchsorted(np.cumsum(shares), COVERED * shares.sum())) + 1
        found = []
        for place, share in zip(order[:kept], shares[:kept], strict=True):
            one, two = np.unravel_index(place, weights.shape)
            first, second = strands[one], None if haploid else strands[two]
            found.append(
                Diplotype(
                    first.name,
                    second.name if second else None,
                    first.parts,
                    second.parts if second else (),
                    float(share),
                    first.novel,
                    bool(second and second.novel),
                    first.copies,
                    second.copies if second else 1,
                )
            )
        return tuple(found)

    def _strands(self, gene: str) -> tuple[Sequence[Strand], NDArray[np.float64]]:
        """Return the strands that the gene may have and their frequencies (n, G), with those of which copies differ."""
        known = model(self._kb, gene)
        copies = unseen_copies(self._kb, gene)
        if copies is None:
            return known.haplotypes, known.frequency
        strands, frequency = [], []
        for strand, of_groups in zip(known.haplotypes, known.frequency, strict=True):
            options = copies.options(strand)
            strands += [option for option, _ in options]
            frequency += [(1 - copies.deleted) * of_groups * share for _, share in options]
        if copies.deletion is not None:
            strands.append(copies.deletion)
            frequency.append(copies.deleted)
        return strands, np.stack(frequency)

    def _merged(self, gene: str, diplotypes: tuple[Diplotype, ...]) -> tuple[Outcome, ...]:
        """Return diplotypes that mean the same as one; probabilities add up to 1."""
        total = sum(one.probability for one in diplotypes)
        shares: dict[tuple[object, ...], float] = {}
        first: dict[tuple[object, ...], Diplotype] = {}
        for one in diplotypes:
            meaning = self._meaning(gene, one)
            first.setdefault(meaning, one)
            shares[meaning] = shares.get(meaning, 0.0) + one.probability / total
        return tuple(Outcome(_called((first[meaning],)), share) for meaning, share in shares.items())

    def _meaning(self, gene: str, diplotype: Diplotype) -> tuple[object, ...]:
        """Return all that a recommendation can ask of a diplotype."""
        key = gene, diplotype.name
        if key not in self._meanings:
            shares = shares_of(self._kb, gene, _called((diplotype,)))
            named = tuple(satisfies(condition, diplotype.name) for condition in compiled(self._kb).on_genotype(gene))
            self._meanings[key] = (shares, named)
        return self._meanings[key]


def _called(diplotypes: tuple[Diplotype, ...]) -> PatternCall:
    return PatternCall(tuple(replace(one, probability=1.0) for one in diplotypes), "called", 1, 1)
