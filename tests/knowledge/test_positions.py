"""The defining positions as files for bcftools and callers."""

from __future__ import annotations

from pathlib import Path

import pysam
import pytest

from pgx.errors import UsageError
from pgx.knowledge import load
from pgx.knowledge.positions import positions


@pytest.mark.parametrize("build", ["GRCh38", "GRCh37"])
def test_the_vcf_holds_every_allele_of_the_build(tmp_path: Path, build: str) -> None:
    kb = load()
    path = tmp_path / "positions.vcf"
    path.write_text(positions(kb, build, "vcf"))
    with pysam.VariantFile(str(path)) as file:
        written = {(record.chrom, record.pos, record.ref, alt) for record in file for alt in record.alts or ()}
    suffix = ("pos_grch37", "ref_grch37", "alt_grch37") if build == "GRCh37" else ("pos_grch38", "ref", "alt")
    assert written == set(kb.table("variants").select("chrom", *suffix).drop_nulls().iter_rows())


@pytest.mark.parametrize("build", ["GRCh38", "GRCh37"])
def test_the_bed_covers_the_vcf(build: str) -> None:
    kb = load()
    stretches = [line.split("\t") for line in positions(kb, build, "bed").splitlines()]
    records = [line.split("\t") for line in positions(kb, build, "vcf").splitlines() if line[0] != "#"]
    assert [(row[0], int(row[1]) + 1) for row in stretches] == [(row[0], int(row[1])) for row in records]
    assert all(int(row[2]) > int(row[1]) for row in stretches)


def test_one_gene_without_prefix() -> None:
    lines = positions(load(), "GRCh37", "bed", genes=["VKORC1"], prefix=False).splitlines()
    assert {line.split("\t")[0] for line in lines} == {"16"}
    assert {line.split("\t")[3] for line in lines} == {"VKORC1"}


@pytest.mark.parametrize(
    ("build", "how", "genes"), [("hg18", "bed", ()), ("GRCh38", "gff", ()), ("GRCh38", "bed", ["X"])]
)
def test_what_is_unknown_is_refused(build: str, how: str, genes: list[str]) -> None:
    with pytest.raises(UsageError):
        positions(load(), build, how, genes=genes)
