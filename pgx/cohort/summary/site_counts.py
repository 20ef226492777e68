"""Counts at the positions: who is known, who carries which change, and whether that can be true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx import schema
from pgx.cohort.genotype_rows import codes_of
from pgx.cohort.summary.intervals import equilibrium
from pgx.cohort.summary.parts import Parts
from pgx.knowledge import KnowledgeBase
from pgx.output_tables.own_columns import COHORT_POSITIONS
from pgx.types import NO_COPY
from pgx.variants.artefacts import FEWEST, beyond_published
from pgx.variants.sites.site_errors import highest_frequencies

FAR = 1e-6
"""Chance of the genotypes, over all groups, from which a change is out of equilibrium."""
Counts = NDArray[np.int64]


@dataclass(slots=True)
class SiteCounts:
    """Counts by group, allele code and site, added up block by block.

    Parameters
    ----------
    groups
        Names of the groups; at least one.
    sites, most
        How many sites there are, and how many codes the richest of them has.
    """

    groups: Sequence[str]
    sites: int
    most: int
    persons: int = 0
    known: Counts = field(init=False)
    strands: Counts = field(init=False)
    copies: Counts = field(init=False)
    carriers: Counts = field(init=False)
    diploid: Counts = field(init=False)
    heterozygous: Counts = field(init=False)
    homozygous: Counts = field(init=False)

    def __post_init__(self) -> None:
        shape = (len(self.groups), self.most, self.sites)
        self.known, self.strands = (np.zeros(self.sites, dtype=np.int64) for _ in range(2))
        self.copies, self.carriers = (np.zeros(shape[1:], dtype=np.int64) for _ in range(2))
        self.diploid = np.zeros((shape[0], shape[2]), dtype=np.int64)
        self.heterozygous, self.homozygous = (np.zeros(shape, dtype=np.int64) for _ in range(2))

    def add(self, codes: NDArray[np.int8], group: NDArray[np.intp]) -> None:
        """Count a block: codes (persons, sites, 2), and the index of each person's group."""
        first, second = codes[:, :, 0], codes[:, :, 1]
        pairs = (first >= 0) & (second >= 0)
        known = pairs | ((first >= 0) & (second == NO_COPY))
        self.persons += len(codes)
        self.known += known.sum(axis=0)
        self.strands += known.sum(axis=0) + pairs.sum(axis=0)
        for g in np.unique(group):
            self.diploid[g] += pairs[group == g].sum(axis=0)
        for code in range(1, self.most):
            copies = ((first == code).astype(np.int8) + (second == code)) * known
            self.copies[code] += copies.sum(axis=0, dtype=np.int64)
            self.carriers[code] += (copies > 0).sum(axis=0)
            for g in np.unique(group):
                own = copies[group == g] * pairs[group == g]
                self.heterozygous[g, code] += (own == 1).sum(axis=0)
                self.homozygous[g, code] += (own == 2).sum(axis=0)

    def equilibrium(self, code: int, site: int) -> float:
        """Return the smallest chance of any group's genotypes, times the number of groups that were tested."""
        chances = []
        for g in range(len(self.groups)):
            het, hom = int(self.heterozygous[g, code, site]), int(self.homozygous[g, code, site])
            n = int(self.diploid[g, site])
            if n >= FEWEST and het + hom:
                chances.append(equilibrium(n - het - hom, het, hom))
        return min(min(chances) * len(chances), 1.0) if chances else 1.0


def count_sites(parts: Parts, kb: KnowledgeBase) -> SiteCounts:
    """Read the genotypes block by block."""
    names = parts.groups or ["all"]
    index = {name: i for i, name in enumerate(names)}
    found = SiteCounts(names, kb.sites.height, max(map(len, kb.sites["alleles"])))
    for rows in parts.blocks("genotypes"):
        if rows.height:
            own = rows.join(parts.people, on="sample", how="left", maintain_order="left")["group"]
            group = np.array([index.get(name, 0) for name in own], dtype=np.intp)
            found.add(codes_of(rows), group)
    return found


def positions(counts: SiteCounts, kb: KnowledgeBase) -> pl.DataFrame:
    """Return `own_columns.COHORT_POSITIONS`: a row a documented change, whether anybody has it or not."""
    highest = highest_frequencies(kb)
    excess = _inbreeding(counts)
    rows = []
    columns = ("site", "chrom", "pos_grch38", "rsids", "genes", "alleles")
    for site, chrom, pos, rsids, genes, alleles in kb.sites.select(columns).iter_rows():
        for code in range(1, len(alleles)):
            copies, strands = int(counts.copies[code, site]), int(counts.strands[site])
            chance = counts.equilibrium(code, site)
            frequent = (
                (site, code) in highest
                and int(counts.known[site]) >= FEWEST
                and beyond_published(copies, strands, highest[site, code])
            )
            rows.append(
                {
                    "chrom": chrom,
                    "pos_grch38": pos,
                    "rsid": ",".join(rsids) or None,
                    "genes": ",".join(genes),
                    "change": f"{alleles[0]}>{alleles[code]}",
                    "known": int(counts.known[site]),
                    "call_rate": int(counts.known[site]) / max(counts.persons, 1),
                    "carriers": int(counts.carriers[code, site]),
                    "frequency": copies / strands if strands else None,
                    "published": highest.get((site, code)),
                    "heterozygous": int(counts.heterozygous[:, code, site].sum()),
                    "equilibrium_p": chance,
                    "inbreeding": _number(excess[code, site]),
                    "suspect": _suspect(frequent, chance),
                }
            )
    return schema.from_rows(rows, COHORT_POSITIONS)


def _suspect(frequent: bool, chance: float) -> str | None:
    """Say why a change may be an artefact; beside an impossible frequency little is needed of the proportions."""
    if frequent:
        return "both" if chance < 0.01 else "frequency"
    return "equilibrium" if chance < FAR else None


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _inbreeding(counts: SiteCounts) -> NDArray[np.float64]:
    """Return (codes, sites): how far heterozygotes are fewer than the frequencies let expect; NaN without any."""
    import allel

    het, hom = counts.heterozygous.sum(axis=0), counts.homozygous.sum(axis=0)
    n = np.broadcast_to(counts.diploid.sum(axis=0), het.shape)
    found = np.full(het.shape, np.nan)
    copies = het + 2 * hom
    use = (n > 0) & (copies > 0) & (copies < 2 * n)
    shares = np.stack([1 - copies[use] / (2 * n[use]), copies[use] / (2 * n[use])], axis=1)
    expected = allel.heterozygosity_expected(shares, ploidy=2)
    found[use] = 1 - het[use] / n[use] / expected
    return found
