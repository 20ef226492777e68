"""Deletions, duplications and hybrids that small variants do not show, summed over at their published frequency.

A file without copy number that shows ``*1`` on both strands fits ``*1/*1``, and ``*1/*5`` too: the deletion shows
nothing. A strand that shows ``*2`` may be ``*2x2``. Groups differ in how frequent these are, so each pair of haplotypes
is spread group by group: with the deletion's frequency d_g, shares s_g of an allele's strands that are a duplication or
a hybrid, and the weight of a pair in group g,

    both copies there    (1 - d_g)^2 times the shares of both strands
    one strand deleted   2 d_g (1 - d_g) f_g of whatever alone explains the file, which then shows nothing heterozygous

Frequencies of alleles come from genotypes, which take the one strand beside a deletion for two: they hold for the
strands that are there. That both strands are deleted is left out: a file that shows the gene's bases speaks against it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.calling import priors
from pgx.calling.context import Pair
from pgx.calling.model import GeneModel, model
from pgx.calling.solve import Found, ranked
from pgx.calling.strands import Strand
from pgx.knowledge.base import KnowledgeBase
from pgx.knowledge.recent import Recent

MOST_OF_AN_ALLELE = 0.9
"""Share of an allele's strands that duplications and hybrids may be together."""
WORTH_SPREADING = 1e-4
"""Share of all weight from which a pair is spread; rarer ones stay as they are."""
_SPREADS = 10_000
"""Pairs of which is kept how they are spread: a cohort has ever more of them."""

_Spread = list[tuple[Strand, Strand, float]]


@dataclass(frozen=True, slots=True)
class UnseenCopies:
    """What a file without copy number may hide in one gene.

    Parameters
    ----------
    deletion
        The allele without the gene; None = none is known to be frequent.
    deleted
        float (G,): its frequency.
    hidden
        Allele to what its strands may be instead, with the share (G,) of them that are.
    frequency
        Name of a strand to its frequency (G,).
    """

    deletion: Strand | None
    deleted: NDArray[np.float64]
    hidden: dict[str, list[tuple[Strand, NDArray[np.float64]]]]
    frequency: dict[str, NDArray[np.float64]]
    _spreads: Recent = field(default_factory=lambda: Recent(_SPREADS))

    def spread(
        self, found: Found, mixture: NDArray[np.float64], alone: Callable[[NDArray[np.float64]], Found] | None
    ) -> Found:
        """Return the diplotypes with what the file may hide.

        Parameters
        ----------
        found
            The diplotypes as the file shows them, of two strands.
        mixture
            float (G,): weights of the groups.
        alone
            Gives the strands that alone explain the file, with other weights of the groups; None = it shows two.
        """
        pairs: dict[tuple[str, str], Pair] = {}
        rest = found.total - sum(pair.weight for pair in found.pairs)
        for pair in found.pairs:
            self._add(
                pairs, pair, mixture, pair.weight * found.scale, worth=pair.weight > WORTH_SPREADING * found.total
            )
        if self.deletion is not None and alone is not None:
            strands = alone(mixture * 2 * self.deleted * (1 - self.deleted))
            for pair in strands.pairs:
                beside = Pair(pair.first, self.deletion, pair.weight, pair.counted)
                self._add(pairs, beside, mixture, pair.weight * strands.scale, worth=True)
        total = rest * found.scale + sum(pair.weight for pair in pairs.values())
        return Found(ranked(list(pairs.values())).pairs, total, found.exhaustive)

    def _add(
        self,
        pairs: dict[tuple[str, str], Pair],
        pair: Pair,
        mixture: NDArray[np.float64],
        weight: float,
        *,
        worth: bool,
    ) -> None:
        assert pair.second is not None
        ways = self._ways(pair.first, pair.second, mixture) if worth else [(pair.first, pair.second, 1.0)]
        for one, two, factor in ways:
            first, second = (one, two) if one.detail <= two.detail else (two, one)
            key = (first.detail, second.detail)
            before = pairs[key].weight if key in pairs else 0.0
            pairs[key] = Pair(first, second, before + weight * factor, pair.counted)

    def _ways(self, one: Strand, two: Strand, mixture: NDArray[np.float64]) -> _Spread:
        """Return what a pair may be, and the share of its weight that each has."""
        key = (one.detail, two.detail, mixture.tobytes())
        known: _Spread | None = self._spreads.find(key)
        if known is None:
            of_groups = self._groups(one, two, mixture)
            kept = np.ones(len(mixture)) if two is self.deletion else (1 - self.deleted) ** 2
            known = [
                (first, second, float((of_groups * kept * s1) @ s2))
                for first, s1 in self.options(one)
                for second, s2 in self.options(two)
            ]
            self._spreads.keep(key, known)
        return known

    def _groups(self, one: Strand, two: Strand, mixture: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability (G,) of each group, given the pair."""
        weight = mixture.copy()
        for strand in (one, two):
            frequency = self.deleted * (1 - self.deleted) if strand is self.deletion else self._of(strand)
            if frequency is not None:
                weight = weight * frequency
        total = weight.sum()
        return np.asarray(weight / total) if total > 0 else mixture

    def _of(self, strand: Strand) -> NDArray[np.float64] | None:
        return self.frequency.get(strand.detail)

    def options(self, strand: Strand) -> list[tuple[Strand, NDArray[np.float64]]]:
        """Return what a strand that the file shows may be, with the share (G,) of such strands that are."""
        hidden = self.hidden.get(strand.detail, [])
        plain = 1 - np.sum([share for _, share in hidden], axis=0) if hidden else np.ones(len(self.deleted))
        return [(strand, plain), *hidden]


@lru_cache(maxsize=512)
def unseen_copies(kb: KnowledgeBase, gene: str) -> UnseenCopies | None:
    """Return what a file without copy number may hide in a gene; None if nothing of it is known to be frequent."""
    if gene not in kb.remember("genes of unseen copies", lambda: frozenset(kb.table("unseen_copies")["gene"])):
        return None
    return _assemble(kb, model(kb, gene), kb.table("unseen_copies").filter(pl.col("gene") == gene))


def _assemble(kb: KnowledgeBase, gene: GeneModel, rows: pl.DataFrame) -> UnseenCopies:
    codes = priors.groups(kb).codes
    frequency = {
        strand.detail: gene.frequency[h] for h, strand in reversed(list(enumerate(gene.haplotypes)))
    }  # the first of a name last, so that it stays
    deletion, deleted = None, np.zeros(len(codes))
    hidden: dict[str, list[tuple[Strand, NDArray[np.float64]]]] = {}
    for row in rows.iter_rows(named=True):
        stated = np.array([row[code] if row[code] is not None else np.nan for code in codes], dtype=np.float64)
        if np.isnan(stated).all():
            stated = _counted(kb, gene.definition.gene, row["allele"])
        stated = np.nan_to_num(stated)
        if row["shows"] is None:
            deletion, deleted = Strand(row["allele"], (row["allele"],), False, detail=row["allele"]), stated
        elif row["shows"] in frequency:
            copies = int(row["copies"] or 1)
            parts = (row["shows"],) if copies > 1 else (row["allele"],)
            strand = Strand(row["allele"], parts, False, detail=row["allele"], copies=copies)
            hidden.setdefault(row["shows"], []).append((strand, stated))
    shares = {shown: _shares(frequency[shown], listed) for shown, listed in hidden.items()}
    return UnseenCopies(deletion, deleted, shares, frequency)


def _counted(kb: KnowledgeBase, gene: str, allele: str) -> NDArray[np.float64]:
    """Return the frequency (G,) of an allele as CPIC counts it, NaN where it does not."""
    rows = kb.table("frequencies").filter((pl.col("gene") == gene) & (pl.col("allele") == allele))
    found = dict(rows.select("population", "frequency").iter_rows())
    return np.array([found.get(name, np.nan) for name in kb.table("groups")["name"]], dtype=np.float64)


def _shares(
    shown: NDArray[np.float64], listed: list[tuple[Strand, NDArray[np.float64]]]
) -> list[tuple[Strand, NDArray[np.float64]]]:
    """Return the shares (G,) of an allele's strands that are something else; no more than `MOST_OF_AN_ALLELE`."""
    together = np.sum([frequency for _, frequency in listed], axis=0)
    whole = np.maximum(np.maximum(shown, together / MOST_OF_AN_ALLELE), 1e-12)
    return [(strand, frequency / whole) for strand, frequency in listed]
