"""Small genotype files and scoring files, written from a few words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest

from pgx.knowledge import KnowledgeBase, load

HEAD = "##fileformat=VCFv4.2\n##contig=<ID=chr1,length={length}>\n##contig=<ID=chrX,length={x}>\n"
HEAD += '##FILTER=<ID=LOW,Description="low">\n##FORMAT=<ID=GT,Number=1,Type=String,Description="genotype">\n'
LENGTHS = {"GRCh38": (248956422, 156040895), "GRCh37": (249250621, 155270560)}
Write = Callable[..., Path]


@pytest.fixture(scope="session")
def kb() -> KnowledgeBase:
    return load()


@pytest.fixture
def write_vcf(tmp_path: Path) -> Write:
    """Write records like ``"100 A G 0/1 1/1"`` (chromosome 1, PASS) or with ``chrX:`` before the position."""

    def write(
        records: Iterable[str], samples: Sequence[str] = ("P1",), build: str = "GRCh38", name: str = "p.vcf"
    ) -> Path:
        length, x = LENGTHS[build]
        lines = ["\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *samples])]
        for record in records:
            place, ref, alt, *genotypes = record.split()
            chrom, _, pos = place.rpartition(":")
            chosen, info = "PASS", "."
            if genotypes[0].startswith("LOW"):
                chosen = genotypes.pop(0)
            if genotypes[0].startswith("END="):
                info = genotypes.pop(0)
            lines.append("\t".join([chrom or "chr1", pos, f"v{pos}", ref, alt, ".", chosen, info, "GT", *genotypes]))
        path = tmp_path / name
        path.write_text(HEAD.format(length=length, x=x) + "\n".join(lines) + "\n")
        return path

    return write


@pytest.fixture
def write_pgs(tmp_path: Path) -> Write:
    """Write a scoring file; the rows are words in the order of the columns, ``.`` for an empty cell."""

    def write(
        rows: Iterable[str],
        columns: str = "chr_name chr_position effect_allele other_allele effect_weight",
        header: str = "#format_version=2.0\n#pgs_id=PGS900001\n#genome_build=GRCh38\n",
        name: str = "score.txt",
    ) -> Path:
        body = ["\t".join("" if cell == "." else cell for cell in row.split()) for row in (columns, *rows)]
        path = tmp_path / name
        path.write_text("###PGS CATALOG SCORING FILE\n" + header + "\n".join(body) + "\n")
        return path

    return write
