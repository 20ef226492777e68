"""The positions that define alleles, as files for other tools: to extract them, or to have them genotyped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from pgx.errors import UsageError
from pgx.knowledge.resolver import genes_of

if TYPE_CHECKING:
    from pgx.knowledge.base import KnowledgeBase

BUILDS = ("GRCh38", "GRCh37")
FORMATS = ("bed", "vcf")


def positions(kb: KnowledgeBase, build: str, how: str, *, genes: Sequence[str] = (), prefix: bool = True) -> str:
    """Return all defining positions of a build as a file.

    Parameters
    ----------
    kb
        Knowledge base.
    build
        ``GRCh38`` or ``GRCh37``.
    how
        ``bed``: stretches to take from a VCF or gVCF (``bcftools view -R``). ``vcf``: the alleles, without samples, for
        callers that genotype given alleles.
    genes
        Only these; none = all.
    prefix
        Whether contigs are called ``chr1`` (else ``1``, and ``MT``).

    Raises
    ------
    UsageError
        If the build, the format or a gene is unknown.
    """
    if build not in BUILDS:
        raise UsageError(f"the build must be one of {', '.join(BUILDS)}, not {build!r}")
    if how not in FORMATS:
        raise UsageError(f"the format must be one of {', '.join(FORMATS)}, not {how!r}")
    genes = genes_of(kb, genes) or []
    rows = _alleles(kb, build, genes)
    if not prefix:
        rows = rows.with_columns(pl.col("chrom").str.strip_prefix("chr").replace({"M": "MT"}))
    return _bed(rows) if how == "bed" else _vcf(kb, rows, build)


def _alleles(kb: KnowledgeBase, build: str, genes: Sequence[str]) -> pl.DataFrame:
    """One row a position and reference string, in the order of the sites: ``chrom pos ref alts genes rsids``."""
    pos, ref, alt = ("pos_grch37", "ref_grch37", "alt_grch37") if build == "GRCh37" else ("pos_grch38", "ref", "alt")
    variants = kb.table("variants")
    if genes:
        variants = variants.filter(pl.col("gene").is_in(list(genes)))
    order = kb.sites.select("chrom").unique(maintain_order=True).with_row_index("order")
    return (
        variants.select("chrom", "gene", "rsid", pos=pl.col(pos), ref=pl.col(ref), alt=pl.col(alt))
        .drop_nulls(["pos", "ref", "alt"])
        .group_by("chrom", "pos", "ref")
        .agg(
            alts=pl.col("alt").unique().sort().str.join(","),
            genes=pl.col("gene").unique().sort().str.join(","),
            rsids=pl.col("rsid").drop_nulls().unique().sort().str.join(";"),
        )
        .join(order, on="chrom")
        .sort("order", "pos", "ref")
    )


def _bed(rows: pl.DataFrame) -> str:
    lines = [
        f"{chrom}\t{pos - 1}\t{pos - 1 + len(ref)}\t{genes}"
        for chrom, pos, ref, genes in rows.select("chrom", "pos", "ref", "genes").iter_rows()
    ]
    return "\n".join(lines) + "\n"


def _vcf(kb: KnowledgeBase, rows: pl.DataFrame, build: str) -> str:
    contigs = rows["chrom"].unique(maintain_order=True)
    lines = [
        "##fileformat=VCFv4.2",
        f"##reference={build}",
        f"##source=pgx knowledge {kb.version}",
        *(f"##contig=<ID={name}>" for name in contigs),
        '##INFO=<ID=GENE,Number=.,Type=String,Description="Genes that the position is defining for">',
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO",
    ]
    for chrom, pos, ref, alts, genes, rsids in rows.select("chrom", "pos", "ref", "alts", "genes", "rsids").iter_rows():
        lines.append(f"{chrom}\t{pos}\t{rsids or '.'}\t{ref}\t{alts}\t.\t.\tGENE={genes}")
    return "\n".join(lines) + "\n"
