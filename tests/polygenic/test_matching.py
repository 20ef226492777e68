"""Which allele is counted: strands, pairs that read the same on both, several ALTs, blocks and one copy."""

from __future__ import annotations

from pathlib import Path

import pysam
import pytest

from pgx.codes import VariantUse
from pgx.errors import InputError, UsageError
from pgx.knowledge import KnowledgeBase
from pgx.polygenic import Policy, calculate
from pgx.polygenic.alleles import NONE, find
from pgx.polygenic.genotypes import Thresholds


@pytest.mark.parametrize(
    ("ref", "alts", "effect", "other", "index", "flipped"),
    [
        ("A", ("G",), "G", "A", 1, False),
        ("A", ("G",), "A", "G", 0, False),
        ("A", ("G",), "C", "T", 1, True),
        ("A", ("C", "G"), "G", "A", 2, False),
        ("A", ("T", "G"), "G", "T", 2, False),
        ("A", ("*", "G"), "G", "A", 2, False),
        ("AT", ("A",), "A", "AT", 1, False),
        ("A", (".",), "A", "G", 0, False),
        ("A", (".",), "G", "A", NONE, False),
        ("A", ("<NON_REF>",), "C", "T", NONE, True),
        ("A", ("G",), "G", None, 1, False),
        ("A", ("G",), "G", "A/C", 1, False),
    ],
)
def test_the_effect_allele_is_found(ref: str, alts: tuple[str, ...], effect: str, other: str | None, index: int,
                                    flipped: bool) -> None:  # fmt: skip
    assert (found := find(ref, alts, effect, other, False)).why is None
    assert (found.index, found.flipped) == (index, flipped)


@pytest.mark.parametrize(
    ("ref", "alts", "effect", "other"),
    [
        ("A", ("G",), "A", "C"),
        ("A", ("G",), "C", None),  # without the other allele no strand can be told
        ("AT", ("A",), "T", "TA"),
        ("A", ("<DEL>",), "G", "A"),
        ("A", (".",), "AT", "A"),  # a block knows one base, not whether it is repeated
    ],
)
def test_alleles_that_do_not_fit_are_never_counted(ref: str, alts: tuple[str, ...], effect: str, other: str | None
                                                   ) -> None:  # fmt: skip
    assert find(ref, alts, effect, other, False).why is VariantUse.ALLELES_DIFFER


@pytest.mark.parametrize("other", ["A", "A/G", None])
def test_a_pair_that_reads_the_same_on_both_strands_is_left_out_unless_the_user_knows_better(other: str | None) -> None:
    assert find("A", ("T",), "T", other, False).why is VariantUse.AMBIGUOUS
    assert find("A", ("T",), "T", other, True).index == 1
    assert find("C", ("G",), "T", "A", False).why is VariantUse.ALLELES_DIFFER


def _uses(kb: KnowledgeBase, vcf: Path, pgs: Path, **policy) -> list[tuple[str, float | None]]:
    found = calculate([vcf], [pgs], kb, Policy(min_match=1e-9, **policy), variants=True).variants
    assert found is not None
    return list(found.select("use", "copies").iter_rows())


def test_several_alts_in_one_record_or_in_several_give_the_same_copies(kb, write_vcf, write_pgs) -> None:
    pgs = write_pgs(["1 100 A C 1", "1 100 C A 1"][:1])
    for genotype, alone, apart, copies in [("1/2", "1/2", ("0/1", "0/1"), 0.0), ("0/2", "0/2", ("0/0", "0/1"), 1.0)]:
        whole = write_vcf([f"100 A C,G {alone}"], name="whole.vcf")
        split = write_vcf([f"100 A C {apart[0]}", f"100 A G {apart[1]}"], name="split.vcf")
        assert _uses(kb, whole, pgs) == _uses(kb, split, pgs) == [("used", copies)], genotype


def test_an_allele_that_is_not_written_out_may_be_the_one_that_is_counted(kb, write_vcf, write_pgs) -> None:
    pgs = write_pgs(["1 100 C A 1", "1 200 C A 1"])
    vcf = write_vcf(["100 A G,<NON_REF> 0/0", "200 A G,<NON_REF> 0/2"])
    assert _uses(kb, vcf, pgs) == [("used", 0.0), ("no_genotype", None)]


def test_two_records_of_one_variant_must_agree(kb, write_vcf, write_pgs) -> None:
    pgs = write_pgs(["1 100 G A 1", "1 200 G A 1", "1 300 A G 1"])
    vcf = write_vcf(["100 A G 0/1", "100 A G 0/1", "200 A G 0/1", "200 A G 1/1", "300 A G 0/1", "300 A G 0/1"])
    assert _uses(kb, vcf, pgs) == [("used", 1.0), ("no_genotype", None), ("used", 1.0)]


def test_half_calls_and_lone_alleles_are_no_genotypes_and_one_copy_of_x_is_one(kb, write_vcf, write_pgs) -> None:
    pgs = write_pgs(["1 100 G A 1", "1 200 G A 1", "1 300 G A 1", "X 400 G A 1"])
    vcf = write_vcf(["100 A G 0/1", "200 A G ./1", "300 A G 1", "chrX:400 A G 1"])
    assert _uses(kb, vcf, pgs) == [("used", 1.0), ("no_genotype", None), ("no_genotype", None), ("used", 1.0)]


def test_what_a_filter_or_threshold_hides_is_not_counted(kb, write_vcf, write_pgs) -> None:
    pgs = write_pgs(["1 100 G A 1", "1 200 G A 1"])
    vcf = write_vcf(["100 A G 0/1", "200 A G LOW 0/1"])
    assert _uses(kb, vcf, pgs) == [("used", 1.0), ("filtered", None)]
    assert _uses(kb, vcf, pgs, thresholds=Thresholds(include_filtered=True))[1] == ("used", 1.0)


@pytest.fixture
def genome(tmp_path: Path, kb: KnowledgeBase) -> Path:
    """Chromosome 10 with the base C everywhere but where the knowledge base needs another."""
    sites = kb.sites.filter(chrom="chr10").select("pos_grch38", "ref").drop_nulls()
    bases = bytearray(b"C" * (sites["pos_grch38"].max() + 1000))
    for pos, ref in sites.iter_rows():
        bases[pos - 1 : pos - 1 + len(ref)] = ref.encode()
    path = tmp_path / "genome.fa"
    path.write_bytes(b">chr10\n" + bytes(bases) + b"\n")
    pysam.faidx(str(path))
    return path


def test_reference_blocks_and_absent_positions_need_the_genome(kb, write_vcf, write_pgs, genome: Path) -> None:
    pgs = write_pgs(["10 100 C T 1", "10 150 C T 1", "10 150 A T 1", "10 160 T C 1", "10 900 C T 1"])
    vcf = write_vcf(["chr10:100 C <NON_REF> END=200 0/0"])
    assert _uses(kb, vcf, pgs) == [("used", 2.0), *[("reference_unknown", None)] * 3, ("absent", None)]
    known = [("used", 2.0), ("used", 2.0), ("alleles_differ", None), ("used", 0.0)]
    assert _uses(kb, vcf, pgs, fasta=genome) == [*known, ("absent", None)]
    assumed = _uses(kb, vcf, pgs, fasta=genome, absent_is_reference=True)
    assert assumed == [*known, ("assumed_reference", 2.0)]
    with pytest.raises(UsageError, match="--fasta"):
        calculate([vcf], [pgs], kb, Policy(absent_is_reference=True))


def test_genotypes_of_another_build_than_their_header_says_are_refused(kb, write_vcf, write_pgs) -> None:
    pgs = write_pgs([f"1 {pos} A G 1" for pos in range(100, 130)])
    vcf = write_vcf([f"{pos} A C 0/1" for pos in range(100, 130)])
    with pytest.raises(InputError, match=r"30 variants .* the alleles of 30 do not fit"):
        calculate([vcf], [pgs], kb, Policy())
