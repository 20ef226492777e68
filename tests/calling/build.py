"""Genotypes written by hand for the calling tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from pgx.knowledge import KnowledgeBase
from pgx.types import NO_COPY, NOT_CALLED, Genotypes, State

Bases = tuple[str | None, ...]
"""Bases of the strands: (first, second); one base = one copy; None = unknown."""


def genotypes(
    kb: KnowledgeBase,
    persons: Sequence[Mapping[int, Bases]],
    *,
    phased: bool | Sequence[int] = False,
    fill: Sequence[str] = (),
    haploid: Sequence[str] = (),
    phase_sets: Mapping[int, int] | None = None,
    state: State = State.CALLED,
) -> Genotypes:
    """Build genotypes from ``{GRCh38 position: bases}``, one mapping a person.

    Parameters
    ----------
    kb
        Knowledge base.
    persons
        What is known of each person; named ``P1``, ``P2``, ...
    phased
        True: all positions are phased; or a list of the positions that are.
    fill
        Genes whose other positions are homozygous for the GRCh38 reference.
    haploid
        Of those, genes with one copy.
    phase_sets
        Phase set of a position.
    state
        State of the positions that are given or filled.
    """
    sites = kb.sites
    place = {pos: i for i, pos in enumerate(sites["pos_grch38"])}
    lists = [list(bases) for bases in sites["alleles"]]
    counts = [len(bases) for bases in lists]
    shape = (sites.height, len(persons))
    alleles = np.full((*shape, 2), NOT_CALLED, dtype=np.int8)
    states = np.full(shape, State.ABSENT, dtype=np.uint8)
    for gene in fill:
        of_gene = kb.gene(gene).sites
        alleles[of_gene] = 0
        if gene in haploid:
            alleles[of_gene, :, 1] = NO_COPY
        states[of_gene] = state
    for person, known in enumerate(persons):
        for position, bases in known.items():
            i = place[position]
            written = [NOT_CALLED if base is None else _code(lists[i], base) for base in bases]
            alleles[i, person] = written if len(written) == 2 else [*written, NO_COPY]
            states[i, person] = state
    is_phased = np.full(shape, phased is True)
    sets = np.zeros(shape, dtype=np.int32)
    for position in phased if not isinstance(phased, bool) else ():
        is_phased[place[position]] = True
    for position, phase_set in (phase_sets or {}).items():
        sets[place[position]] = phase_set
    frame = sites.select("site", "chrom", "pos_grch38", pl.col("pos_grch38").alias("pos"), "ref").with_columns(
        alleles=pl.Series(lists), documented=pl.Series(counts)
    )
    names = tuple(f"P{n + 1}" for n in range(len(persons)))
    return Genotypes(names, frame, alleles, states, is_phased, sets, "GRCh38")


def _code(bases: list[str], base: str) -> int:
    if base not in bases:
        bases.append(base)
    return bases.index(base)
