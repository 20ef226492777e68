"""Phase set lists of VCF 4.4: an allele lies on the haplotype that its entry names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pgx
import pgx.variants
from pgx.types import Genotypes
from pgx.variants.vcf.phase_lists import PhaseLists
from pgx.variants.vcf.records import parse
from pgx.variants.vcf.sample_columns import decode
from tests.variants.build import codes, knowledge, read, snv

CHR6 = "##contig=<ID=chr6,length=170805979>"
FIRST, SECOND = ("chr6:18130687", "T", "C"), ("chr6:18138997", "C", "T")  # TPMT *3C and *3B; together *3A


def tpmt(tmp_path: Path, one: str, two: str, form: str = "GT:PSL") -> Genotypes:
    rows = [snv(*FIRST, one, form=form), snv(*SECOND, two, form=form)]
    return read(tmp_path, *rows, version="VCFv4.4", meta=[CHR6])


def order(found: Genotypes) -> str:
    """Say whether both variants are on one strand, on two, or whether that is not told."""
    sites = [int(found.sites.filter(found.sites["pos_grch38"] == int(s[0][5:]))["site"][0]) for s in (FIRST, SECOND)]
    if not found.phased[sites, 0].all() or len(set(found.phase_set[sites, 0].tolist())) > 1:
        return "not told"
    one, two = found.alleles[sites, 0].tolist()
    return "cis" if one == two else "trans"


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ("|0|1:A,B", "|1|0:B,A", "cis"),
        ("|0|1:A,B", "|0|1:A,B", "cis"),
        ("|0|1:A,B", "|0|1:B,A", "trans"),
        ("0|1:A,B", "1|0:A,B", "trans"),
        ("|0|1:A,B", "|1|0:C,D", "not told"),
        ("|0|1:A,B", "|0|1:A,C", "cis"),
        ("/0|1:.,A", "/0|1:.,A", "cis"),
        ("|0/1:A,.", "/0|1:.,A", "trans"),
        ("0|1:.,chr6*18130687*1", "0|1:.,chr6*18130687*1", "cis"),
        ("|0|1:A,B", "/0|1:.,B", "cis"),
        ("|0|1:5,5", "|0|1:5,5", "cis"),
        ("|0|1:5,5", "|1|0:5,5", "trans"),
        ("|0|1:5,5", "|1|0:6,6", "not told"),
        ("|0|1:A,B", "|0|1:A,A", "not told"),
        ("0/1:.,.", "0/1:.,.", "not told"),
    ],
)
def test_two_records_are_in_phase_by_the_names_that_they_share(
    tmp_path: Path, one: str, two: str, expected: str
) -> None:
    found = tpmt(tmp_path, one, two)
    assert order(found) == expected
    assert "phase_list_unread" not in codes(found)


@pytest.mark.parametrize(
    ("one", "form"),
    [
        ("0/1:A,B", "GT:PSL"),
        ("/0|1:A,B", "GT:PSL"),
        ("|0|1:.", "GT:PSL"),
        ("|0|1", "GT:PSL"),
        ("|0|1:A", "GT:PSL"),
        ("|0|1:A,B,C", "GT:PSL"),
        ("|0|1:.,.", "GT:PSL"),
        ("|0|1:A,B:5", "GT:PSL:PS"),
        ("|0|1:A,B:2,0", "GT:PSL:PSQ"),
    ],
)
def test_a_list_that_tells_nothing_leaves_the_genotype_unphased_and_is_said(
    tmp_path: Path, one: str, form: str
) -> None:
    found = tpmt(tmp_path, one, "|0|1:A,B", form)
    assert order(found) == "not told"
    assert "phase_list_unread" in codes(found)


def placed(lists: PhaseLists, written: str) -> tuple[list[int], bool, int]:
    """Read one sample's GT and PSL; return its alleles in order, whether they are phased, and the phase set."""
    record = parse("line 1", f"chr6\t1\t.\tA\tC\t.\t.\t.\tGT:PSL\t{written}".encode(), 1, "x")
    columns, sets = decode(record.rest, 1), [0]
    lists.read(record, columns, sets)
    return columns.gt[0].tolist(), bool(columns.phased[0]), sets[0]


def test_names_that_were_on_one_haplotype_elsewhere_are_no_phase() -> None:
    lists = PhaseLists("x")
    found = [placed(lists, text)[:2] for text in ("|0|1:A,B", "|0|1:B,C", "|0|1:A,C", "|0|1:A,B")]
    assert found == [([0, 1], True), ([1, 0], True), ([0, 1], False), ([0, 1], True)]


def test_quality_that_is_good_enough(tmp_path: Path) -> None:
    assert order(tpmt(tmp_path, "|0|1:A,B:40,40", "|0|1:B,A:40,.", "GT:PSL:PSQ")) == "trans"


@pytest.mark.parametrize(("quality", "expected"), [("0", "not told"), ("3", "not told"), ("2.5", "not told"),
                                                   ("20", "cis"), ("99.0", "cis"), (".", "cis")])  # fmt: skip
def test_an_order_no_better_than_a_guess_by_its_own_quality_is_none(
    tmp_path: Path, quality: str, expected: str
) -> None:
    found = tpmt(tmp_path, f"0|1:7:{quality}", f"0|1:7:{quality}", form="GT:PS:PQ")
    assert order(found) == expected
    without_set = tpmt(tmp_path, f"0|1:{quality}", f"0|1:{quality}", form="GT:PQ")
    assert order(without_set) == expected


def test_the_quality_of_an_order_is_of_each_person(tmp_path: Path) -> None:
    rows = [snv(*site, "0|1:7:0", "0|1:7:40", form="GT:PS:PQ") for site in (FIRST, SECOND)]
    assert read(tmp_path, *rows, samples=("A", "B"), meta=[CHR6]).phased.any(axis=0).tolist() == [False, True]
    for name, expected in (("A", False), ("B", True)):
        alone = pgx.variants.read(tmp_path / "in.vcf", knowledge(), samples=[name])
        assert alone.phased.any() == expected


def test_ps_of_other_samples_stands_beside_psl(tmp_path: Path) -> None:
    assert order(tpmt(tmp_path, "0|1:7:.", "0|1:7:.", "GT:PS:PSL")) == "cis"


def test_names_of_two_files_are_not_the_same(tmp_path: Path) -> None:
    paths = []
    for number, (site, genotype) in enumerate([(FIRST, "|0|1:A,B"), (SECOND, "|0|1:B,A")]):
        read(tmp_path, snv(*site, genotype, form="GT:PSL"), name=f"{number}.vcf", version="VCFv4.4", meta=[CHR6])
        paths.append(tmp_path / f"{number}.vcf")
    assert order(pgx.variants.read(paths, pgx.knowledge.load())) == "not told"


def test_the_call_rests_on_the_names(tmp_path: Path) -> None:
    for two, expected in (("|1|0:B,A", "*1/*3A"), ("|0|1:B,A", "*3B/*3C")):
        tpmt(tmp_path, "|0|1:A,B", two)
        calls = pgx.call([tmp_path / "in.vcf"], options=pgx.Options(genes=["TPMT"], absent_is_reference=True))
        assert calls["diplotype"].to_list() == [expected]


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 1)] * 2, st.sampled_from(["AB", "BA", "A.", ".B", "B.", ".A"])), min_size=1))
def test_the_haplotypes_come_back_whatever_the_order_of_the_alleles(rows: list[tuple[int, int, str]]) -> None:
    lists, signs = PhaseLists("x"), {True: "/", False: "|"}
    haplotypes, sets = [], set()
    for on_a, on_b, names in rows:
        alleles = (on_a, on_b) if names in ("AB", "A.", ".B") else (on_b, on_a)
        written = "".join(f"{signs[name == '.']}{allele}" for name, allele in zip(names, alleles, strict=True))
        pair, phased, phase_set = placed(lists, f"{written}:{','.join(names)}")
        assert phased
        haplotypes.append(tuple(pair))
        sets.add(phase_set)
    truth = np.array([row[:2] for row in rows])
    if len(sets) == 1:
        assert any(np.array_equal(truth[:, turn], haplotypes) for turn in ([0, 1], [1, 0]))
    else:  # A and B were first met apart
        assert len(rows[0][2].strip(".")) == 1
