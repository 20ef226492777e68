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


def around(gene: str, *records: str) -> list[str]:
    """Records of a gene, in order, and reference blocks wherever they leave its positions out."""
    sites = knowledge().sites.filter(knowledge().sites["genes"].list.contains(gene))
    chrom, begin, end = sites["chrom"][0], sites["pos_grch38"].min() - 500, sites["pos_grch38"].max() + 500  # type: ignore[operator]
    rows = []
    for record in records:
        pos, ref = int(record.split()[1]), record.split()[3]
        rows += [f"{chrom} {begin} . N <NON_REF> . . END={pos - 1} GT 0/0", record]
        begin = pos + len(ref)
    return [*rows, f"{chrom} {begin} . N <NON_REF> . . END={end} GT 0/0"]


@pytest.mark.parametrize("record", ["chr10:94949281 GA G", "chr10:94949282 AA A"])
def test_aldy_61_a_lost_base_is_found_wherever_it_is_anchored(tmp_path: Path, record: str) -> None:
    found = call(tmp_path, "CYP2C9", *around("CYP2C9", snv(*record.split(), "0/1")))
    assert (found["diplotype"], found["probability"]) == ("*1/*6", 1.0)


@pytest.mark.parametrize("record", ["chr1:97740410 GATGA G", "chr1:97740411 ATGAA A", "chr1:97740414 AATGA A"])
def test_aldy_103_a_deletion_of_dpyd_whose_position_programs_write_differently(tmp_path: Path, record: str) -> None:
    found = call(tmp_path, "DPYD", *around("DPYD", snv(*record.split(), "0/1")))
    assert (found["diplotype"], found["probability"]) == ("Reference/c.295_298delTCAT (*7)", 1.0)


def test_survivor_186_a_deletion_told_by_two_callers_in_files_of_their_own(tmp_path: Path) -> None:
    meta = ('##INFO=<ID=END,Number=1,Type=Integer,Description="x">',)
    small, manta, delly = (tmp_path / f"{name}.vcf" for name in ("small", "manta", "delly"))
    small.write_text(text(around("CYP2D6"), ("A",)))
    for path, first, last in ((manta, 42123191, 42135344), (delly, 42123226, 42135364)):
        path.write_text(text([snv(f"chr22:{first}", "N", "<DEL>", "0/1", info=f"END={last}")], ("A",), meta=meta))
    rows = pgx.call([small, manta, delly], options=pgx.Options(genes=["CYP2D6"])).to_dicts()
    assert [row["diplotype"] for row in rows] == ["*1/*5"]
