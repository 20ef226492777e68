"""Where genes lie in the files' build: the stretch that their copies are counted on, and their exons."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import polars as pl

from pgx.knowledge import KnowledgeBase
from pgx.variants.sites.targets import Targets
from pgx.variants.vcf.contigs import GRCH37

_LONG_ENOUGH = 1000
_SPLICE_SITE = 2
"""Bases of an intron on either side of an exon without which the exon is not spliced in."""

Exon = tuple[int, int, int]
"""Number, first and last base."""


@dataclass(frozen=True, slots=True)
class GeneSpan:
    """The stretch that a structural record must cover to change the copies of the whole gene.

    `region` is the gene with its surroundings, where a record of unknown length may be of that gene. `losses` are the
    first and last exon of the losses for which the knowledge names an allele.
    """

    gene: str
    chrom: str
    first: int
    last: int
    whole: bool
    varies: bool
    region: tuple[int, int]
    exons: tuple[Exon, ...] = ()
    losses: frozenset[tuple[int, int]] = frozenset()

    def covered(self, first: int, last: int) -> float:
        """Return the share of the stretch inside [first, last]."""
        common = min(last, self.last) - max(first, self.first) + 1
        return max(0, common) / (self.last - self.first + 1)

    def is_covered(self, first: int, last: int) -> bool:
        """Say whether a change of [first, last] is one of the whole gene.

        It takes in every exon. The outer ends of the outermost two may stay: where transcription starts and stops is
        annotated in more than one way.
        """
        if self.covered(first, last) < (1.0 if self.whole else 0.5):
            return False
        in_order = [number for number, _, _ in sorted(self.exons, key=lambda exon: exon[1])]
        inner_lost = set(in_order[1:-1]) <= set(self._held(first, last))
        return inner_lost and set(in_order) <= set(self.touched(first, last))

    def is_lost(self, first: int, last: int) -> bool:
        """Say whether the loss of [first, last] is that of the whole gene: also if bases before its exons are left."""
        exons = sorted(number for number, _, _ in self.exons)
        return self.is_covered(first, last) or (bool(exons) and self._held(first, last) == exons)

    def touched(self, first: int, last: int) -> list[int]:
        """Return the numbers of the exons that [first, last] touches, their splice sites included."""
        return sorted(n for n, begin, end in self.exons if first <= end + _SPLICE_SITE and last >= begin - _SPLICE_SITE)

    def is_met(self, first: int, last: int) -> bool:
        """Say whether a change of [first, last] concerns exons, or defining positions, of the gene."""
        return bool(self.touched(first, last)) or (self.whole and self.covered(first, last) > 0)

    def met(self, first: int, last: int) -> tuple[bool, bool, tuple[int, ...]]:
        """Return what a change of [first, last] concerns: the whole gene, any of it, which exons."""
        whole = self.is_covered(first, last)
        return whole, self.is_met(first, last), () if whole else tuple(self.touched(first, last))

    def is_named_loss(self, first: int, last: int) -> bool:
        """Say whether the loss of [first, last] takes away just the exons, each as a whole, of a named allele."""
        lost = self._held(first, last)
        return bool(lost) and lost == self.touched(first, last) and (lost[0], lost[-1]) in self.losses

    def _held(self, first: int, last: int) -> list[int]:
        return sorted(number for number, begin, end in self.exons if first <= begin and end <= last)

    def holds(self, chrom: str, base: int) -> bool:
        """Say whether a base lies inside the gene: between its outermost exons and defining positions."""
        begins, ends = [self.first, *(e[1] for e in self.exons)], [self.last, *(e[2] for e in self.exons)]
        return chrom == self.chrom and min(begins) <= base <= max(ends)


def gene_spans(kb: KnowledgeBase, targets: Targets) -> list[GeneSpan]:
    """Return the stretch of each gene: its defining positions, or its region if they are few or close together."""
    suffix = "grch37" if targets.build == GRCH37 else "grch38"
    sites = kb.remember(
        "numbers of sites by gene",
        lambda: kb.sites.select("site", "genes").explode("genes").group_by("genes").agg("site").rows(),
    )
    by_gene = {gene: [targets.all[site] for site in found] for gene, found in sites}
    exons: dict[str, list[Exon]] = defaultdict(list)
    rows = kb.table("gene_exons").select("gene", "exon", f"first_{suffix}", f"last_{suffix}").drop_nulls()
    for gene, number, first, last in rows.iter_rows():
        exons[gene].append((number, first, last))
    losses: dict[str, set[tuple[int, int]]] = defaultdict(set)
    named = kb.table("calling_policies").filter(pl.col("policy") == "exon_deletion_allele")
    for gene, number, end in named.select("gene", "first_exon", "last_exon").drop_nulls().iter_rows():
        losses[gene].add((number, end))
    spans = []
    for gene, contig, first, last, varies in (
        kb.table("genes")
        .select("gene", "chrom", f"start_{suffix}", f"end_{suffix}", pl.col("copy_number_varies") == "y")
        .iter_rows()
    ):
        chrom = contig_of(contig, targets.build)
        own = [t for t in by_gene.get(gene, []) if t.chrom == chrom and t.pos]
        low, high = min((t.pos for t in own), default=0), max((t.end for t in own), default=0)
        region = (low, high) if first is None or last is None else (int(first), int(last))
        of_gene = tuple(exons.get(gene, ())), frozenset(losses.get(gene, ()))
        if high - low >= _LONG_ENOUGH:
            region = (min(low, region[0]), max(high, region[1]))
            spans.append(GeneSpan(gene, chrom, low, high, True, bool(varies), region, *of_gene))
        elif first is not None and last is not None:
            spans.append(GeneSpan(gene, chrom, *region, False, bool(varies), region, *of_gene))
    return spans


def contig_of(chrom: str, build: str) -> str:
    """Return where a gene of the knowledge lies in a build: GRCh37 has no contigs beside the chromosomes."""
    return chrom.partition("_")[0] if build == GRCH37 else chrom
