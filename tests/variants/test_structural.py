"""Copies of a gene from structural records and from DRAGEN's JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import pgx.variants
from pgx.errors import InputError
from pgx.types import Genotypes
from tests.variants.build import at, codes, compress, knowledge, read, snv, text

STAR2 = snv("chr10:94781859", "G", "A", "0/1")
CYP2D6_4 = ("chr22", 42128945)


def sv(alt: str, *genotypes: str, first: int = 42123000, last: int = 42135000, form: str = "GT", **more: str) -> str:
    return snv(
        f"chr22:{first}", "N", alt, *genotypes, info=f"SVTYPE={alt.strip('<>')[:3]};END={last}", form=form, **more
    )


def copies(found: Genotypes, gene: str = "CYP2D6") -> list[tuple[str, int, str]]:
    assert found.copy_number is not None
    frame = found.copy_number.filter(found.copy_number["gene"] == gene)
    return [(r["sample"], r["copies"], r["kind"]) for r in frame.iter_rows(named=True)]


@pytest.mark.parametrize(
    ("alt", "form", "genotype", "expected"),
    [
        ("<DEL>", "GT", "0/1", [("A", 1, "deletion")]),
        ("<DEL>", "GT", "1/1", [("A", 0, "deletion")]),
        ("<DUP>", "GT", "0/1", [("A", 3, "duplication")]),
        ("<DUP:TANDEM>", "GT:CN", "0/1:4", [("A", 4, "duplication")]),
        ("<CNV>", "GT:CN", "./1:1", [("A", 1, "deletion")]),
        ("<CNV>", "CN:NR", "3:1.4", [("A", 3, "duplication")]),
        ("<CNV>", "GT", "0/1", []),
        ("<CN0>,<CN2>", "GT", "0|2", [("A", 3, "duplication")]),
        ("<DEL>", "GT", "0/0", []),
        (".", "GT:SM:CN", "./.:0.99:2", [("A", 2, "reference")]),
    ],
)
def test_a_record_over_the_whole_gene(
    tmp_path: Path, alt: str, form: str, genotype: str, expected: list[tuple[str, int, str]]
) -> None:
    found = read(tmp_path, STAR2, sv(alt, genotype, form=form))
    assert copies(found) == expected
    assert at(found, *CYP2D6_4)[0] == "ABSENT"  # a copy-number segment is no evidence of a base


def test_a_record_found_through_the_index(tmp_path: Path) -> None:
    path = tmp_path / "in.vcf"
    path.write_text(text([STAR2, sv("<DEL>", "0/1", first=42000000, last=42200000)]))
    assert copies(pgx.variants.read(compress(path), knowledge())) == [("A", 1, "deletion")]


def test_a_separate_structural_file_of_the_same_person(tmp_path: Path) -> None:
    (tmp_path / "snv.vcf").write_text(text([STAR2]))
    (tmp_path / "sv.vcf").write_text(text([sv("<DUP>", "0/1")]))
    found = pgx.variants.read([tmp_path / "snv.vcf", tmp_path / "sv.vcf"], knowledge())
    assert copies(found) == [("A", 3, "duplication")]


def test_a_part_of_the_gene_changes_no_count_and_is_said(tmp_path: Path) -> None:
    found = read(tmp_path, STAR2, sv("<DEL>", "0/1", first=42127000, last=42129000))
    assert copies(found) == []
    assert "partial_structural" in codes(found)


def test_a_filtered_record_is_not_used(tmp_path: Path) -> None:
    found = read(tmp_path, STAR2, sv("<DEL>", "0/1", filters="cnvQual"))
    assert copies(found) == []
    assert "structural_filtered" in codes(found)


def test_two_records_that_disagree(tmp_path: Path) -> None:
    rows = [sv("<CNV>", "./1:3", form="GT:CN"), sv("<CNV>", "./1:1", form="GT:CN", first=42123500)]
    found = read(tmp_path, STAR2, *rows)
    assert copies(found) == []
    assert "conflicting_copy_number" in codes(found)


def test_a_gene_without_positions_goes_by_its_region(tmp_path: Path) -> None:
    row = snv("chr4:68530000", "N", "<DEL>", "1/1", info="END=68580000;SVTYPE=DEL")
    assert copies(read(tmp_path, row, STAR2), "UGT2B17") == [("A", 0, "deletion")]


class TestTargetedJson:
    def read(self, tmp_path: Path, content: object) -> Genotypes:
        (tmp_path / "in.vcf").write_text(text([STAR2]))
        (tmp_path / "in.targeted.json").write_text(content if isinstance(content, str) else json.dumps(content))
        return pgx.variants.read([tmp_path / "in.vcf", tmp_path / "in.targeted.json"], knowledge())

    @pytest.mark.parametrize(
        ("genotype", "expected"),
        [
            ("*1/*4", 2),
            ("*1x2/*4", 3),
            ("*1/*36+*10", 3),
            ("*1/*5", None),
            ("*1/*4;*2/*4", None),
            ("*1/*68+*4", None),
            ("*2xN/*4", None),
        ],
    )
    def test_copies_from_the_genotype(self, tmp_path: Path, genotype: str, expected: int | None) -> None:
        found = self.read(
            tmp_path, {"sample": "A", "dragenVersion": "x", "cyp2d6": {"genotype": genotype, "genotypeFilter": "PASS"}}
        )
        assert copies(found) == ([("A", expected, "genotype")] if expected is not None else [])

    def test_a_genotype_that_did_not_pass(self, tmp_path: Path) -> None:
        data = {"sample": "A", "cyp2d6": {"genotype": "*1/*4", "genotypeFilter": "More_than_one_possible_genotype"}}
        assert copies(self.read(tmp_path, data)) == []

    @pytest.mark.parametrize("content", ["{", "[]", "{}", {"sample": "A"}, {"cyp2d6": {"genotype": "*1/*1"}}])
    def test_other_json_is_refused(self, tmp_path: Path, content: object) -> None:
        with pytest.raises(InputError):
            self.read(tmp_path, content)

    def test_copy_numbers_alone_are_not_enough(self, tmp_path: Path) -> None:
        path = tmp_path / "x.json"
        path.write_text(json.dumps({"sample": "A", "cyp2d6": {"genotype": "*1/*4"}}))
        with pytest.raises(InputError, match="copy numbers alone"):
            pgx.variants.read(path, knowledge())
