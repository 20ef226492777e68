"""Alleles of newer releases are called; those without a definition are listed, and calls say so where they matter."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

import pgx
from pgx.knowledge import load
from pgx.knowledge.rules.alleles import missed, undefined
from pgx.knowledge.validation import gene_checks

KB = load()
_HEAD = (
    "##fileformat=VCFv4.2\n##reference=GRCh38\n"
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="genotype">\n'
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tP\n"
)


def _called(folder: Path, gene: str, *records: str) -> dict[str, object]:
    path = folder / "one.vcf"
    lines = [f"{place.replace(':', chr(9))}" for place in records]
    path.write_text(_HEAD + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    options = pgx.Options(build="GRCh38", absent_is_reference=True, genes=gene)
    return pgx.call(path, options=options).filter(pl.col("gene") == gene).row(0, named=True)


def _record(chrom: str, position: int, ref: str, alt: str, genotype: str) -> str:
    return f"{chrom}\t{position}\t.\t{ref}\t{alt}\t.\tPASS\t.\tGT\t{genotype}"


@pytest.mark.parametrize(
    ("gene", "records", "diplotype", "phenotype"),
    [
        ("TPMT", [("chr6", 18130730, "G", "A", "0/1")], "*1/*45", "Intermediate Metabolizer"),
        ("TPMT", [("chr6", 18130762, "C", "T", "0|1"), ("chr6", 18138970, "G", "A", "0|1")], "*1/*46",
         "Intermediate Metabolizer"),
        ("TPMT", [("chr6", 18149103, "CAAGT", "C", "1/1")], "*47/*47", "Poor Metabolizer"),
        ("RYR1", [("chr19", 38452964, "C", "A", "0/1")], "Reference/c.1390C>A", "Malignant Hyperthermia Susceptibility"),
        ("RYR1", [("chr19", 38499730, "G", "C", "0/1")], "Reference/c.7123G>C", "Malignant Hyperthermia Susceptibility"),
        ("RYR1", [("chr19", 38473666, "C", "G", "0/1")], "Reference/c.4055C>G", "Uncertain Susceptibility"),
        ("NUDT15", [("chr13", 48037782, "A", "AGGAGTC", "0|1"), ("chr13", 48045719, "C", "T", "0|1")], "*1/*3",
         "Intermediate Metabolizer"),
        ("NUDT15", [("chr13", 48045719, "C", "T", "1/1")], "*3/*3", "Poor Metabolizer"),
    ],
)  # fmt: skip
def test_a_carrier_of_a_newer_allele_is_called(
    tmp_path: Path, gene: str, records: list[tuple[str, int, str, str, str]], diplotype: str, phenotype: str
) -> None:
    found = _called(tmp_path, gene, *(_record(*one) for one in records))
    assert (found["diplotype"], found["phenotype"]) == (diplotype, phenotype)


def test_the_exons_place_every_base_change_of_ryr1() -> None:
    """A name such as c.1390C>A and the exons give the position: the definitions, old and new, are where they say."""
    exons = KB.table("gene_exons").filter(gene="RYR1").sort("first_grch38")
    base = [
        p for first, last in exons.select("first_grch38", "last_grch38").iter_rows() for p in range(first, last + 1)
    ]
    other = [
        p for first, last in exons.select("first_grch37", "last_grch37").iter_rows() for p in range(first, last + 1)
    ]
    on37 = dict(KB.table("variants").filter(gene="RYR1").select("pos_grch38", "pos_grch37").iter_rows())
    changes = {
        int(match[1]): position
        for allele, position in KB.table("definitions").filter(gene="RYR1").select("allele", "pos_grch38").iter_rows()
        if (match := re.fullmatch(r"c\.(\d+)[ACGT]>[ACGT]", allele))
    }
    start = base.index(changes[1390]) - 1390
    assert len(changes) > 300
    assert {number: base[start + number] for number in changes} == changes
    start37 = other.index(on37[changes[1390]]) - 1390
    assert {number: other[start37 + number] for number in changes} == {n: on37[place] for n, place in changes.items()}


def test_alleles_without_definition_are_listed() -> None:
    told = {one.where for one in gene_checks.undefined_alleles(KB)}
    assert told == {"G6PD Mediterranean Haplotype", "G6PD Villeurbanne", "MT-RNR1 m.961T>del+Cn", "NUDT15 *22",
                    "NUDT15 *23", "RYR1 c.14510delA"}  # fmt: skip
    assert undefined(KB, "TPMT") == undefined(KB, "SLCO1B1") == ()


def test_a_call_says_which_alleles_it_cannot_have_seen(tmp_path: Path) -> None:
    assert missed(KB, "G6PD") == ("Mediterranean Haplotype", "Villeurbanne")
    assert missed(KB, "NUDT15") == missed(KB, "RYR1") == ()
    found = _called(tmp_path, "G6PD", _record("chrX", 154536002, "C", "T", "0/1"))
    assert "undefined_alleles:Mediterranean Haplotype|Villeurbanne" in found["flags"]
    found = _called(tmp_path, "TPMT", _record("chr6", 18130687, "T", "C", "0/1"))
    assert not [flag for flag in found["flags"] if flag.startswith("undefined_alleles")]
