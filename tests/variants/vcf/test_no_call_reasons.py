"""GLnexus says of each strand that it does not call why (RNC); no such strand is evidence for the reference."""

from __future__ import annotations

from pathlib import Path

import pytest

import pgx.variants
from pgx.calling import call
from pgx.types import NOT_CALLED, SPANNED, UNREAD
from tests.variants.build import at, knowledge, read, snv

_META = ('##FORMAT=<ID=RNC,Number=2,Type=Character,Description="x">',)
_SITE = ("chr10", 94781859)


def record(genotype: str, alt: str = "A", filters: str = "PASS", ref: str = "G") -> str:
    """Return a record at the position of CYP2C19*2, its sample `GT:RNC`."""
    return snv("chr10:94781859", ref, alt, genotype, filters=filters, form="GT:RNC")


@pytest.mark.parametrize("letter", list("MPDI"))
@pytest.mark.parametrize("shown", ["./.", "0/0"])
def test_a_strand_without_data_stays_unknown_even_if_a_tool_has_written_the_reference(
    tmp_path: Path, letter: str, shown: str
) -> None:
    found = at(read(tmp_path, record(f"{shown}:{letter}{letter}"), meta=_META), *_SITE)
    assert found == ("NO_CALL", (NOT_CALLED, NOT_CALLED))


def test_one_strand_without_data_leaves_the_other(tmp_path: Path) -> None:
    assert at(read(tmp_path, record("0/1:D."), meta=_META), *_SITE) == ("CALLED", (NOT_CALLED, 1))


@pytest.mark.parametrize("letter", list("OUL"))
@pytest.mark.parametrize("shown", ["./.", "0/0"])
def test_a_change_that_the_record_does_not_write_is_shown_but_not_told(tmp_path: Path, letter: str, shown: str) -> None:
    genotypes = read(tmp_path, record(f"{shown}:{letter}{letter}"), meta=_META)
    assert at(genotypes, *_SITE) == ("UNSUPPORTED", (UNREAD, UNREAD))
    (gene,) = call(genotypes, knowledge(), genes=["CYP2C19"]).genes
    assert gene.patterns[0].status != "called"
    assert "unread_genotype" in gene.patterns[0].flags


def test_a_half_call_beside_overlapping_variants_keeps_its_allele(tmp_path: Path) -> None:
    assert at(read(tmp_path, record("1/.:.O"), meta=_META), *_SITE) == ("UNSUPPORTED", (1, UNREAD))


def test_a_deletion_that_the_record_cannot_write_spans_the_site(tmp_path: Path) -> None:
    assert at(read(tmp_path, record("0/.:.-"), meta=_META), *_SITE) == ("CALLED", (0, SPANNED))


def test_a_record_of_one_allele_says_nothing_of_strands_without_it(tmp_path: Path) -> None:
    alone = read(tmp_path, record("./.:11", filters="MONOALLELIC"), meta=_META)
    assert at(alone, *_SITE)[0] == "NO_CALL"
    two = [record("./.:11", alt, "MONOALLELIC") for alt in "AC"]
    for rows in (two[:1], two):
        assumed = read(tmp_path, *rows, meta=_META, absent_is_reference=True)
        assert at(assumed, *_SITE)[0] == "NO_CALL"
    beside = read(tmp_path, record("0/0:.."), record("./.:11", "C", "MONOALLELIC"), meta=_META)
    assert at(beside, *_SITE) == ("CALLED", (0, 0))


def test_a_lost_allele_is_the_one_that_another_record_spells_out(tmp_path: Path) -> None:
    genotypes = read(tmp_path, record("0/.:.L", "C"), record("./1:1.", "A", "MONOALLELIC"), meta=_META)
    assert at(genotypes, *_SITE) == ("CALLED", (0, 1))


def test_an_alternate_allele_beside_a_reason_for_no_call_is_not_believed(tmp_path: Path) -> None:
    assert at(read(tmp_path, record("1/1:DD"), meta=_META), *_SITE) == ("UNSUPPORTED", (UNREAD, UNREAD))
    assert at(read(tmp_path, record("0/0:.."), meta=_META), *_SITE) == ("CALLED", (0, 0))
    assert at(read(tmp_path, record("0/1:.,."), meta=_META), *_SITE) == ("CALLED", (0, 1))


def test_the_second_strand_of_one_copy_has_no_reason(tmp_path: Path) -> None:
    alone = read(tmp_path, snv("chr10:94781859", "G", "A", "1"))
    assert at(read(tmp_path, record("1:.M"), meta=_META), *_SITE) == at(alone, *_SITE)


def test_each_sample_has_its_own_reasons(tmp_path: Path) -> None:
    rows = snv("chr10:94781859", "G", "A", "0/0:MM", "0/1:..", form="GT:RNC")
    both = read(tmp_path, rows, samples=("A", "B"), meta=_META)
    assert [at(both, *_SITE, sample)[0] for sample in (0, 1)] == ["NO_CALL", "CALLED"]
    path = tmp_path / "in.vcf"
    assert at(pgx.variants.read(path, knowledge(), samples=["B"]), *_SITE) == ("CALLED", (0, 1))
    assert at(pgx.variants.read(path, knowledge(), samples=["A"]), *_SITE)[0] == "NO_CALL"
