"""Sequencing of known genotypes at a given depth, and a simple genotyper that keeps its likelihoods (PL)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.calling import call, priors
from pgx.calling.model import model
from pgx.calling.patterns import usable
from pgx.knowledge import KnowledgeBase
from pgx.types import Genotypes
from pgx.variants import read

BASE_ERROR = 0.005
HOMOPOLYMER_ERROR = 0.03
MOST_PL = 255
CERTAIN = 0.9
"""Probability above which a phased genome's diplotype counts as known."""
HEADER = (
    "##fileformat=VCFv4.2\n"
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
    '##FORMAT=<ID=PL,Number=G,Type=Integer,Description="Likelihoods">\n'
    "##contig=<ID=chr10,length=133797422>\n"
)


@dataclass(frozen=True)
class Sequencer:
    """Reads of two strands at a mean depth; `genotype` is the likeliest genotype of such reads."""

    depth: float
    random: np.random.Generator

    def likelihoods(self, truth: NDArray[np.int8], alleles: int, error: float) -> NDArray[np.int64]:
        """Return PL (S, G) of persons with these two alleles (S, 2) at a site of so many."""
        n = len(truth)
        depths = self.random.poisson(self.depth, n)
        counts = np.zeros((n, alleles), dtype=np.int64)
        for s in range(n):
            shown = truth[s, self.random.integers(0, 2, depths[s])]
            wrong = self.random.random(depths[s]) < error
            others = (shown + self.random.integers(1, alleles, depths[s])) % alleles
            np.add.at(counts[s], np.where(wrong, others, shown), 1)
        share = np.full((alleles, alleles), error / (alleles - 1))
        np.fill_diagonal(share, 1 - error)
        pairs = [(a, b) for b in range(alleles) for a in range(b + 1)]
        levels = np.stack([counts @ np.log10((share[a] + share[b]) / 2) for a, b in pairs], axis=1)
        relative = levels.max(axis=1, keepdims=True) - levels
        return np.minimum(np.rint(10 * relative), MOST_PL).astype(np.int64)


def sequenced(
    kb: KnowledgeBase,
    alleles: NDArray[np.int8],
    sites: Sequence[int],
    depth: float,
    *,
    seed: int = 0,
    keep_likelihoods: bool = True,
) -> str:
    """Return the VCF of persons with these alleles (V, S, 2; codes of the knowledge's sites), read at `sites` only."""
    random = np.random.default_rng(seed)
    sequencer = Sequencer(depth, random)
    long_runs = homopolymers(kb)
    n = alleles.shape[1]
    lines = [HEADER + "\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT"])]
    lines[0] += "".join(f"\tP{s}" for s in range(n))
    for site in sites:
        chrom, pos, bases = kb.sites.row(site)[1], kb.sites["pos_grch38"][site], kb.sites["alleles"][site].to_list()
        error = HOMOPOLYMER_ERROR if (chrom, pos) in long_runs else BASE_ERROR
        levels = sequencer.likelihoods(alleles[site], len(bases), error)
        pairs = [(a, b) for b in range(len(bases)) for a in range(b + 1)]
        best = levels.argmin(axis=1)
        cells = []
        for s in range(n):
            a, b = pairs[best[s]]
            text = f"{a}/{b}"
            cells.append(f"{text}:{','.join(map(str, levels[s].tolist()))}" if keep_likelihoods else text)
        form = "GT:PL" if keep_likelihoods else "GT"
        lines.append("\t".join([chrom, str(pos), ".", bases[0], ",".join(bases[1:]), ".", "PASS", ".", form, *cells]))
    return "\n".join(lines) + "\n"


def homopolymers(kb: KnowledgeBase) -> set[tuple[str, int]]:
    """Sites whose indel is one base of a run of six or more, which HGVS names by the run's last base."""
    indels = kb.table("variants").filter(pl.col("type").is_in(["ins", "del"]))
    last = pl.col("hgvs_g").str.extract(r"(\d+)(?:del|dup)$").cast(pl.Int64)
    rows = indels.filter(last - pl.col("pos_grch38") >= 6).select("chrom", "pos_grch38")
    return set(rows.iter_rows())


def drawn(
    kb: KnowledgeBase, genes: Sequence[str], persons: int, seed: int = 0
) -> tuple[NDArray[np.int8], dict[str, list[str]]]:
    """Draw persons from the counted haplotypes; return their alleles (V, S, 2) and their diplotypes by gene."""
    random = np.random.default_rng(seed)
    groups = priors.groups(kb)
    group = random.choice(len(groups.codes), size=persons, p=groups.weights)
    alleles = np.zeros((kb.sites.height, persons, 2), dtype=np.int8)
    truth: dict[str, list[str]] = {}
    for gene in genes:
        one = model(kb, gene)
        truth[gene] = []
        for s in range(persons):
            pair = random.choice(len(one.haplotypes), size=2, p=one.frequency[:, group[s]])
            for strand, h in enumerate(pair):
                alleles[one.definition.sites, s, strand] = one.accepts[h, :, : one.n_codes].argmax(axis=1)
            truth[gene].append("/".join(sorted(one.haplotypes[h].name for h in pair)))
    return alleles, truth


@dataclass(frozen=True)
class Verdict:
    """How probable the best diplotypes were said to be, and whether they were right."""

    probability: NDArray[np.float64]
    right: NDArray[np.bool_]

    @property
    def calibration_error(self) -> float:
        """Mean distance, weighted by their number, between probability and share right in ten classes."""
        kinds = np.minimum((self.probability * 10).astype(int), 9)
        gaps = [
            abs(self.probability[kinds == k].mean() - self.right[kinds == k].mean()) * (kinds == k).mean()
            for k in np.unique(kinds)
        ]
        return float(sum(gaps))

    @property
    def right_when_sure(self) -> float:
        """Share right of those whose probability is 0.99 or more."""
        return float(self.right[self.probability >= 0.99].mean())


def judged(
    kb: KnowledgeBase, genes: Sequence[str], persons: int, depth: float, folder: Path, *, keep_likelihoods: bool = True
) -> Verdict:
    """Sequence drawn persons, read and call what the genotyper says, and compare with the truth."""
    alleles, truth = drawn(kb, genes, persons)
    sites = sorted({int(site) for gene in genes for site in model(kb, gene).definition.sites})
    return compared(kb, alleles, sites, truth, depth, folder, keep_likelihoods=keep_likelihoods)


def of_genomes(
    kb: KnowledgeBase, phased: Genotypes, genes: Sequence[str]
) -> tuple[NDArray[np.int8], list[int], dict[str, list[str | None]]]:
    """Return the alleles of real, phased genomes, the sites at which everybody has one, and their diplotypes by gene.

    A diplotype that the phased genome leaves open is None.
    """
    own = {int(site) for gene in genes for site in model(kb, gene).definition.sites}
    counts = kb.sites["alleles"].list.len().to_list()
    sites = [
        site for site in sorted(own)
        if usable(phased.state[site]).all() and (phased.alleles[site] >= 0).all()
        and phased.alleles[site].max() < counts[site]
    ]  # fmt: skip
    truth: dict[str, list[str | None]] = {}
    for called in call(phased, kb, genes=genes, copy_number={(None, gene): 2 for gene in genes}).genes:
        names = [
            "/".join(sorted(filter(None, (p.diplotypes[0].allele1, p.diplotypes[0].allele2))))
            if p.diplotypes and p.diplotypes[0].probability > CERTAIN
            else None
            for p in called.patterns
        ]
        truth[called.gene] = [names[pattern] for pattern in called.pattern_of.tolist()]
    return phased.alleles, sites, truth


def compared(
    kb: KnowledgeBase,
    alleles: NDArray[np.int8],
    sites: Sequence[int],
    truth: Mapping[str, Sequence[str | None]],
    depth: float,
    folder: Path,
    *,
    keep_likelihoods: bool = True,
) -> Verdict:
    """Sequence persons of known alleles (V, S, 2) at `sites`, call them, and compare with their diplotypes."""
    path = folder / f"{depth}.{keep_likelihoods}.vcf"
    path.write_text(sequenced(kb, alleles, sites, depth, seed=int(depth), keep_likelihoods=keep_likelihoods))
    genes = list(truth)
    probability, right = [], []
    for called in call(read([path], kb), kb, genes=genes).genes:
        for s, pattern in enumerate(called.pattern_of.tolist()):
            diplotypes = called.patterns[pattern].diplotypes
            if diplotypes and truth[called.gene][s] is not None:
                names = sorted(filter(None, (diplotypes[0].allele1, diplotypes[0].allele2)))
                probability.append(diplotypes[0].probability)
                right.append("/".join(names) == truth[called.gene][s])
    return Verdict(np.array(probability), np.array(right))
