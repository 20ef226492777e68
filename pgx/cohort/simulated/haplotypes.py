"""The haplotypes that made-up persons are drawn from: those of the knowledge, with their frequency in each group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgx.calling.model import GeneModel, model
from pgx.calling.strands import sort_key
from pgx.cohort.simulated.units import UNIT, generator, units
from pgx.knowledge import KnowledgeBase
from pgx.types import NO_COPY


@dataclass(frozen=True, slots=True)
class Pool:
    """The haplotypes of one gene.

    Parameters
    ----------
    gene
        HGNC symbol.
    names
        H names as reported.
    sites
        P sites (`KnowledgeBase.sites`) at which they differ.
    codes
        int8 (H, P): the allele at each site.
    frequency
        float (H, G): in each biogeographic group; each group adds up to 1.
    inheritance
        ``autosomal``, ``x_linked`` or ``mitochondrial``.
    rank
        int (H,): the order in which a diplotype names its alleles.
    """

    gene: str
    names: tuple[str, ...]
    sites: NDArray[np.intp]
    codes: NDArray[np.int8]
    frequency: NDArray[np.float64]
    inheritance: str
    rank: NDArray[np.intp]

    def identifiable(self, kb: KnowledgeBase, written: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return bool (H,): whether no haplotype of another name fits the same bases at the sites that are written."""
        gene = model(kb, self.gene)
        seen = np.flatnonzero(written[self.sites])
        bases = self.codes[:, seen].astype(np.intp)
        found = np.empty(len(self.names), dtype=bool)
        for own in range(len(self.names)):
            fits = gene.accepts[:, seen, bases[own]].all(axis=1)
            found[own] = {self.names[other] for other in np.flatnonzero(fits)} == {self.names[own]}
        return found


def pools(kb: KnowledgeBase) -> list[Pool]:
    """Return the pool of every gene that bases define, in the order of the genes' first sites."""
    found = []
    for gene in kb.genes:
        known = model(kb, gene)
        if len(known.haplotypes) and len(known.definition.sites):
            found.append(_pool(gene, known))
    return sorted(found, key=lambda pool: int(pool.sites.min()))


def _pool(gene: str, known: GeneModel) -> Pool:
    names = tuple(strand.name for strand in known.haplotypes)
    reference = known.definition.alleles[0]
    order = sorted(range(len(names)), key=lambda h: (names[h] != reference, sort_key(names[h])))
    rank = np.empty(len(names), dtype=np.intp)
    rank[order] = np.arange(len(names))
    bases = known.accepts[:, :, : known.n_codes]
    # Where an allele may have several bases it has the reference allele's, if that is one of them.
    usual = bases & known.naming.baseline[None]
    codes = np.where(usual.any(axis=2), usual.argmax(axis=2), bases.argmax(axis=2)).astype(np.int8)
    return Pool(gene, names, known.definition.sites.astype(np.intp), codes, known.frequency, known.inheritance, rank)


def draw(
    pool: Pool, groups: NDArray[np.intp], male: NDArray[np.bool_], seed: int, fixed: dict[int, NDArray[np.int8]]
) -> NDArray[np.int16]:
    """Draw two haplotypes a person; NO_COPY where there is no second.

    Parameters
    ----------
    pool
        The gene.
    groups, male
        Biogeographic group (index) and sex of each person.
    seed
        Seed of the cohort.
    fixed
        Site -> int8 (persons, 2): alleles that another gene's haplotypes have settled already.
    """
    found = np.empty((len(groups), 2), dtype=np.int16)
    shared = [p for p, site in enumerate(pool.sites.tolist()) if site in fixed]
    for number, rows in units(len(groups)):
        chance = generator(seed, "haplotypes", pool.gene, number).random((UNIT, 2))[: rows.stop - rows.start]
        own = groups[rows]
        settled = np.stack([fixed[int(pool.sites[p])][rows] for p in shared], axis=2) if shared else None
        for strand in range(2):
            given = None if settled is None else settled[:, strand]
            found[rows, strand] = _pick(pool, own, chance[:, strand], shared, given)
    if pool.inheritance == "mitochondrial":
        found[:, 1] = NO_COPY
    elif pool.inheritance == "x_linked":
        found[male, 1] = NO_COPY
    return found


def _pick(
    pool: Pool,
    groups: NDArray[np.intp],
    chance: NDArray[np.float64],
    shared: Sequence[int],
    given: NDArray[np.int8] | None,
) -> NDArray[np.int16]:
    found = np.zeros(len(groups), dtype=np.int16)
    for where, weights in _weights(pool, groups, shared, given):
        steps = np.cumsum(weights / weights.sum())
        found[where] = np.minimum(np.searchsorted(steps, chance[where], side="right"), len(weights) - 1)
    return found


def _weights(
    pool: Pool, groups: NDArray[np.intp], shared: Sequence[int], given: NDArray[np.int8] | None
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float64]]]:
    """Yield persons who are drawn alike, with the weight of each haplotype."""
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        if given is None:
            yield members, pool.frequency[:, group]
            continue
        kinds, which = np.unique(given[members], axis=0, return_inverse=True)
        for kind, codes in enumerate(kinds):
            # A base that no haplotype of this gene has leaves all of them.
            fits = (pool.codes[:, shared] == codes).all(axis=1)
            weights = pool.frequency[:, group] * (fits if fits.any() else 1.0)
            yield members[which.ravel() == kind], weights


def diplotypes(pool: Pool, drawn: NDArray[np.int16]) -> tuple[list[str], NDArray[np.intp]]:
    """Return the distinct diplotypes as they are reported, and which of them each person has."""
    ranks = pool.rank[np.maximum(drawn, 0)]
    swap = (drawn[:, 1] >= 0) & (ranks[:, 0] > ranks[:, 1])
    ordered = np.where(swap[:, None], drawn[:, ::-1], drawn)
    kinds, which = np.unique(ordered, axis=0, return_inverse=True)
    names = [pool.names[one] if two < 0 else f"{pool.names[one]}/{pool.names[two]}" for one, two in kinds.tolist()]
    return names, which.ravel()
