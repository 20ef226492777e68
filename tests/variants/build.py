"""Write small VCF texts for the tests."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pysam

import pgx.knowledge
import pgx.variants
from pgx.knowledge import KnowledgeBase
from pgx.types import Genotypes

LENGTHS = {"GRCh38": {"chr10": 133797422, "chr22": 50818468}, "GRCh37": {"10": 135534747, "22": 51304566}}


@cache
def knowledge() -> KnowledgeBase:
    return pgx.knowledge.load()


def text(
    records: Sequence[str],
    samples: Sequence[str] = ("A",),
    *,
    build: str | None = "GRCh38",
    version: str = "VCFv4.2",
    meta: Sequence[str] = (),
) -> str:
    """Join records (columns separated by spaces) below a header."""
    contigs = [f"##contig=<ID={name},length={n}>" for name, n in LENGTHS[build].items()] if build else []
    head = [f"##fileformat={version}", '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">', *contigs, *meta]
    names = "\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *samples])
    return "\n".join([*head, names, *("\t".join(record.split()) for record in records)]) + "\n"


def snv(
    site: str, ref: str, alt: str, *genotypes: str, filters: str = "PASS", info: str = ".", form: str = "GT"
) -> str:
    """Return one record; `site` is ``chr10:94781859``."""
    chrom, pos = site.rsplit(":", 1)
    return " ".join([chrom, pos, ".", ref, alt, ".", filters, info, form, *genotypes])


def read(
    tmp_path: Path, *records: str, samples: Sequence[str] = ("A",), name: str = "in.vcf", **options: object
) -> Genotypes:
    """Write the records and read them."""
    head = {key: options.pop(key) for key in ("build", "version", "meta") if key in options}
    path = tmp_path / name
    path.write_text(text(records, samples, **head))  # type: ignore[arg-type]
    return pgx.variants.read(path, knowledge(), **options)  # type: ignore[arg-type]


def at(genotypes: Genotypes, chrom: str, pos: int, sample: int = 0) -> tuple[str, tuple[int, int]]:
    """Return (state name, allele codes) at a GRCh38 position."""
    from pgx.types import State

    row = genotypes.sites.filter((genotypes.sites["chrom"] == chrom) & (genotypes.sites["pos_grch38"] == pos))
    site = int(row["site"][0])
    codes = genotypes.alleles[site, sample]
    return State(int(genotypes.state[site, sample])).name, (int(codes[0]), int(codes[1]))


def alleles(genotypes: Genotypes, chrom: str, pos: int) -> list[str]:
    row = genotypes.sites.filter((genotypes.sites["chrom"] == chrom) & (genotypes.sites["pos_grch38"] == pos))
    return list(row["alleles"][0])


def compress(path: Path, index: bool = True) -> Path:
    """Return a bgzipped and indexed copy."""
    target = path.with_name(path.name + ".gz")
    pysam.tabix_compress(str(path), str(target), force=True)
    if index:
        pysam.tabix_index(str(target), preset="vcf", force=True)
    return target


def codes(genotypes: Genotypes) -> set[str]:
    return {str(note.code) for note in genotypes.notes}
