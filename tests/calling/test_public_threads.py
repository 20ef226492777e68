"""Faults that users of other programs reported in public, each with the answer that is right here."""

from __future__ import annotations

from pathlib import Path

import pytest

import pgx
from tests.variants.build import knowledge, snv, text


def call(tmp_path: Path, gene: str, *records: str, meta: tuple[str, ...] = ()) -> dict[str, object]:
    path = tmp_path / "in.vcf"
    path.write_text(text(records, ("A",), meta=meta))
    row: dict[str, object] = pgx.call(path, options=pgx.Options(genes=[gene])).row(0, named=True)
    return row


def test_pharmcat_173_bases_of_an_indel_on_lines_of_their_own(tmp_path: Path) -> None:
    """All bases of the two deletions and of the two insertion sites are there, and all are the reference."""
    deletions = [("chr13", 48037782, "AGGAGTC"), ("chr13", 48040977, "GA")]
    records = [
        snv(f"{chrom}:{pos + i}", base, ".", "0/0") for chrom, pos, bases in deletions for i, base in enumerate(bases)
    ]
    records += [snv("chr13:48037825", "C", ".", "0/0"), snv("chr13:48041103", "T", ".", "0/0")]
    records.sort(key=lambda line: int(line.split()[1]))
    found = call(tmp_path, "NUDT15", *records)
    assert found["positions_called"] == 4


def test_pharmcat_218_another_allele_of_the_position_was_not_typed(tmp_path: Path) -> None:
    """C>G is typed and the reference, C>T (*2A) is not typed: the position is not known to be the reference."""
    found = call(
        tmp_path, "DPYD", snv("chr1:97450058", "C", "G", "0|0"), snv("chr1:97450058", "C", "T", ".|."),
    )  # fmt: skip
    assert found["positions_called"] == 0 and found["diplotype"] is None


def test_pharmcat_219_reference_genotypes_need_no_phase(tmp_path: Path) -> None:
    """*80 and *28 are phased onto one strand; that 0/0 stands elsewhere does not make the gene unphased."""
    records = [
        "chr2 233759924 . C T . PASS . GT:PS 1|0:233759924", "chr2 233760233 . CAT CATAT,C . PASS . GT:PS 1|0:233759924",
        "chr2 233760498 . G A . PASS . GT:PS 0/0:.", "chr2 233760973 . C A . PASS . GT:PS 0/0:.",
    ]  # fmt: skip
    found = call(tmp_path, "UGT1A1", *records)
    assert found["diplotype"] == "*1/*80+*28"
    assert "phase_unknown" not in str(found["flags"]) and found["probability"] == 1.0


def test_pharmcat_223_a_file_of_one_position_calls_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "in.vcf"
    path.write_text(text([snv("chr10:94781859", "G", "A", "0/0")], ("A",)))
    assert "called" not in set(pgx.call(path)["status"])


@pytest.mark.parametrize("genotype", ["0/1", "1/1"])
def test_pharmcat_233_and_234_two_harmless_changes_of_dpyd_are_normal(tmp_path: Path, genotype: str) -> None:
    """c.85T>C with c.496A>G is two normal alleles on a strand, not one whose function nobody knows."""
    sites = knowledge().sites
    carried = {97883329: ("A", "G"), 97699535: ("T", "C")}
    records = []
    for pos, alleles in sites.filter(sites["genes"].list.contains("DPYD")).select("pos_grch38", "alleles").rows():
        ref, alt = carried.get(pos, (alleles[0], alleles[1]))
        records.append(snv(f"chr1:{pos}", ref, alt, genotype if pos in carried else "0/0"))
    found = call(tmp_path, "DPYD", *records)
    assert (found["phenotype"], found["activity_score"]) == ("Normal Metabolizer", 2.0)
