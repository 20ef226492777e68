"""Copies of a gene from structural records and from DRAGEN's JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pysam
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pgx.variants
from pgx.errors import InputError
from pgx.types import Genotypes
from pgx.variants.sites.copy_statements import whole_copies
from tests.variants.build import alleles, at, codes, compress, knowledge, read, snv, text

STAR2 = snv("chr10:94781859", "G", "A", "0/1")
CYP2D6_4 = ("chr22", 42128945)
UNCLEAR = [("A", None, "unclear")]
TWO_COPIES = [("A", 2, "reference")]
ONE_COPY = [("A", 1, "deletion")]
NO_COPY = [("A", 0, "deletion")]
SV_META = (
    '##INFO=<ID=END,Number=1,Type=Integer,Description="x">',
    '##INFO=<ID=SVLEN,Number=A,Type=Integer,Description="x">',
    '##INFO=<ID=SVTYPE,Number=1,Type=String,Description="x">',
    '##INFO=<ID=CIPOS,Number=.,Type=Integer,Description="x">',
    '##FILTER=<ID=PASS,Description="x">',
)


def to_bcf(path: Path) -> Path:
    target = path.with_suffix(".bcf")
    with pysam.VariantFile(str(path)) as source, pysam.VariantFile(str(target), "wb", header=source.header) as written:
        for record in source:
            written.write(record)
    return target


def sv(alt: str, *genotypes: str, first: int = 42123000, last: int = 42135000, form: str = "GT", **more: str) -> str:
    return snv(
        f"chr22:{first}", "N", alt, *genotypes, info=f"SVTYPE={alt.strip('<>')[:3]};END={last}", form=form, **more
    )


def copies(found: Genotypes, gene: str = "CYP2D6") -> list[tuple[str, int | None, str]]:
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
        ("<CNV>", "GT", "0/1", UNCLEAR),
        ("<CNV>", "GT", "0/0", []),
        ("<CNV>", "GT:CN", "./.:.", UNCLEAR),
        ("<DEL>", "GT", "./.", UNCLEAR),
        ("<DEL>", "DP", "9", UNCLEAR),
        (".", "GT:CN", "./.:.", []),
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


def test_lost_exons_are_no_loss_of_the_gene_and_are_said(tmp_path: Path) -> None:
    found = read(tmp_path, STAR2, sv("<DEL>", "0/1", first=42127000, last=42129000))
    assert copies(found) == [("A", None, "structure")]
    assert "structural_variant" in codes(found)


def test_a_change_between_exons_is_said_and_no_more(tmp_path: Path) -> None:
    found = read(tmp_path, STAR2, sv("<DEL>", "0/1", first=42128400, last=42128600))
    assert copies(found) == []
    assert "partial_structural" in codes(found)


REPEAT = ("chr2", 233760233)
"""UGT1A1: seven AT behind the C; *28 has eight, *36 six."""
REPEAT_BLOCK = "chr2 233755000 . N <NON_REF> . PASS END=233775000 GT:DP:GQ 0/0:30:90"


class TestTandemRepeats:
    """A repeat that is counted is read at its site, and one that is not leaves the site open."""

    @pytest.mark.parametrize("block", [(), (REPEAT_BLOCK,)])
    @pytest.mark.parametrize(
        ("alt", "info", "genotype", "expected"),
        [
            ("<CNV:TR>", "SVLEN=14;RN=1;RUS=AT;RUC=8;END=233760247", "1/1", ("CAT", "CAT")),
            ("<CNV:TR>", "SVLEN=14;RUS=AT;RUC=8.0", "0/1", ("C", "CAT")),
            ("<CNV:TR>,<CNV:TR>", "SVLEN=14,14;RUS=AT,AT;RUC=8,9", "1/2", ("CAT", "CATAT")),
        ],
    )
    def test_counted(
        self, tmp_path: Path, block: tuple[str, ...], alt: str, info: str, genotype: str, expected: tuple[str, ...]
    ) -> None:
        row = snv("chr2:233760233", "C", alt, genotype, info=info)
        found = read(tmp_path, *block, row, version="VCFv4.4")
        listed, (state, pair) = alleles(found, *REPEAT), at(found, *REPEAT)
        assert state == "CALLED"
        reference = listed[0][1:]
        assert sorted(listed[code].removesuffix(reference) for code in pair) == sorted(expected)

    @pytest.mark.parametrize(
        ("first", "alt", "info"),
        [
            (233760233, "<CNV:TR>", "SVLEN=14;RUS=AT;RUC=8.5"),
            (233760233, "<CNV:TR>", "SVLEN=14;RUS=AT;RUC=8;CIRUC=-1,1"),
            (233760233, "<CNV:TR>", "SVLEN=14;RUL=2;RB=16"),
            (233760233, "<CNV:TR>", "SVLEN=14;RUS=;RUC=8"),
            (233760233, "<CNV:TR>", "SVLEN=14;RN=2;RUS=AT,TA;RUC=4,4"),
            (233760233, "<DUP:TANDEM>", "SVTYPE=DUP;SVLEN=2"),
            (233760230, "<DUP:TANDEM>", "SVTYPE=DUP;SVLEN=5;END=233760235"),
            (233760200, "<DEL>", "SVTYPE=DEL;SVLEN=-60;END=233760260"),
        ],
    )
    def test_not_counted(self, tmp_path: Path, first: int, alt: str, info: str) -> None:
        found = read(tmp_path, REPEAT_BLOCK, snv(f"chr2:{first}", "N", alt, "0/1", info=info), version="VCFv4.4")
        assert at(found, *REPEAT)[0] == "UNSUPPORTED"
        free = read(tmp_path, REPEAT_BLOCK, snv(f"chr2:{first}", "N", alt, "0/0", info=info), version="VCFv4.4")
        assert at(free, *REPEAT) == ("REFERENCE_BLOCK", (0, 0))


def test_a_site_of_several_copies_does_not_fail_for_it(tmp_path: Path) -> None:
    assert copies(read(tmp_path, STAR2, sv("<CNV>", ".:1:99", form="GT:CN:CNQ", filters="MULTIALLELIC"))) == ONE_COPY


def test_a_filtered_record_is_not_used(tmp_path: Path) -> None:
    found = read(tmp_path, STAR2, sv("<DEL>", "0/1", filters="cnvQual"))
    assert copies(found) == []
    assert "structural_filtered" in codes(found)


def test_two_records_that_disagree(tmp_path: Path) -> None:
    rows = [sv("<CNV>", "./1:3", form="GT:CN"), sv("<CNV>", "./1:1", form="GT:CN", first=42123500)]
    found = read(tmp_path, STAR2, *rows)
    assert copies(found) == UNCLEAR
    assert "conflicting_copy_number" in codes(found)


def test_a_gene_without_positions_goes_by_its_region(tmp_path: Path) -> None:
    row = snv("chr4:68530000", "N", "<DEL>", "1/1", info="END=68580000;SVTYPE=DEL")
    assert copies(read(tmp_path, row, STAR2), "UGT2B17") == [("A", 0, "deletion")]


def test_a_person_without_genotype_among_others_is_told_nothing(tmp_path: Path) -> None:
    found = read(tmp_path, STAR2.replace("0/1", "0/1 0/1"), sv("<DEL>", "./.", "0/1"), samples="AB")
    assert copies(found) == [("B", 1, "deletion")]


class TestNumbers:
    """FORMAT/CN is a Float since VCF 4.4; INFO/CN is that of each ALT from then on."""

    @pytest.mark.parametrize(
        ("number", "expected"),
        [
            ("1.98", 2),
            ("2.25", 2),
            ("1.75", 2),
            ("0.97", 1),
            ("1.25", 1),
            ("0.02", 0),
            ("3e0", 3),
            ("2.", 2),
            ("12.1", 12),
            ("1.5", None),
            ("1.26", None),
            ("2.74", None),
            ("0.4", None),
            ("-1", None),
            ("-0.1", None),
            ("13", None),
            ("400", None),
            ("1e300", None),
            ("nan", None),
            ("inf", None),
            ("1,1", None),
            ("2,.", None),
            ("two", None),
        ],
    )
    def test_a_number_within_a_quarter_of_a_whole_one_counts(
        self, tmp_path: Path, number: str, expected: int | None
    ) -> None:
        found = read(tmp_path, STAR2, sv("<CNV>", f"./.:{number}", form="GT:CN"))
        assert [row[1] for row in copies(found)] == [expected]
        assert ("copy_number_unclear" in codes(found)) == (expected is None)

    @given(st.floats(0, 14, allow_nan=False), st.integers(0, 6))
    def test_a_number_is_never_read_as_one_further_than_a_quarter(self, number: float, digits: int) -> None:
        text = f"{number:.{digits}f}"
        read_as = whole_copies(text)
        near = [n for n in range(13) if abs(float(text) - n) <= 0.25]
        assert read_as == (near[0] if near else None)

    def test_a_missing_number_leaves_it_to_the_genotype(self, tmp_path: Path) -> None:
        assert copies(read(tmp_path, STAR2, sv("<DEL>", "0/1:.", form="GT:CN"))) == ONE_COPY

    def test_a_number_that_says_nothing_is_not_replaced_by_the_genotype(self, tmp_path: Path) -> None:
        assert copies(read(tmp_path, STAR2, sv("<DEL>", "0/1:1.5", form="GT:CN"))) == UNCLEAR

    @pytest.mark.parametrize(
        ("version", "cn", "expected"),
        [
            ("VCFv4.4", "0", ONE_COPY),
            ("VCFv4.5", "0.04", ONE_COPY),
            ("VCFv4.5", "2.1", [("A", 3, "duplication")]),
            ("VCFv4.5", "1", []),
            ("VCFv4.5", "1.5", UNCLEAR),
            ("VCFv4.5", ".", UNCLEAR),
            ("VCFv4.2", "0", UNCLEAR),
        ],
    )
    def test_the_number_of_each_allele(self, tmp_path: Path, version: str, cn: str, expected: object) -> None:
        row = snv("chr22:42123000", "N", "<CNV>", "0/1", info=f"END=42135000;CN={cn}")
        assert copies(read(tmp_path, STAR2, row, version=version)) == expected

    @pytest.mark.parametrize(
        ("alt", "cn", "expected"),
        [("<DEL>", "0", ONE_COPY), ("<DEL>", "1", UNCLEAR), ("<DEL>", "2", UNCLEAR), ("<DUP>", "1", UNCLEAR),
         ("<DUP:TANDEM>", "0", UNCLEAR), ("<DUP>", "2", [("A", 3, "duplication")])],
    )  # fmt: skip
    def test_a_number_that_contradicts_the_name_of_its_allele(
        self, tmp_path: Path, alt: str, cn: str, expected: object
    ) -> None:
        row = snv("chr22:42123000", "N", alt, "0/1", info=f"END=42135000;CN={cn}")
        assert copies(read(tmp_path, STAR2, row, version="VCFv4.5")) == expected

    def test_two_alleles_with_numbers_of_their_own(self, tmp_path: Path) -> None:
        row = snv("chr22:42123000", "N", "<CNV>,<CNV>", "1/2", info="SVLEN=12000,12000;CN=0,2")
        assert copies(read(tmp_path, STAR2, row, version="VCFv4.4")) == [("A", 2, "cnv")]

    @pytest.mark.parametrize("genotype", ["./1", "1/.", "1", "0/1/1"])
    def test_a_genotype_that_does_not_tell_both_strands(self, tmp_path: Path, genotype: str) -> None:
        assert copies(read(tmp_path, STAR2, sv("<DEL>", genotype))) == UNCLEAR

    @pytest.mark.parametrize(
        ("alt", "genotype", "cn", "expected"),
        [
            ("<DEL>", "0/1", "1.98", UNCLEAR),
            ("<DEL>", "1/1", "2", UNCLEAR),
            ("<DEL>", "0/0", "0.97", UNCLEAR),
            ("<DUP>", "0/1", "0.97", UNCLEAR),
            ("<DUP>", "0/1", "2", UNCLEAR),
            ("<DEL>", "0/1", "0", UNCLEAR),
            ("<DEL>", "1/1", "1", UNCLEAR),
            ("<DEL>", "1/1", "3", UNCLEAR),
            ("<DUP>", "1/1", "3", UNCLEAR),
            ("<CN0>", "0/1", "0", UNCLEAR),
            ("<DEL>", "1/1", "0", NO_COPY),
            ("<DUP>", "1/1", "4", [("A", 4, "duplication")]),
            ("<DEL>", "0/1", "0.97", [("A", 1, "deletion")]),
            ("<DUP>", "0/1", "4", [("A", 4, "duplication")]),
            ("<CNV>", "0/1", "1.98", [("A", 2, "reference")]),
        ],
    )
    def test_a_genotype_and_a_number_that_contradict_each_other(
        self, tmp_path: Path, alt: str, genotype: str, cn: str, expected: object
    ) -> None:
        row = snv("chr22:42123000", "N", alt, f"{genotype}:{cn}", info="END=42135000", form="GT:CN")
        assert copies(read(tmp_path, STAR2, row)) == expected


class TestHowSure:
    """CNQ of a CN, PL, GL or GQ of a genotype, and QUAL say how sure a number is; quality 0 is no evidence."""

    @pytest.mark.parametrize(
        ("alt", "form", "genotype", "qual", "expected"),
        [
            ("<CNV>", "GT:CN:CNQ", "./.:0:0", ".", UNCLEAR),
            ("<CNV>", "GT:CN:CNQ", "./.:1:0", ".", UNCLEAR),
            ("<CNV>", "GT:CN:CNQ", "./.:0:19", ".", UNCLEAR),
            ("<CNV>", "GT:CN:CNQ", "./.:2:0", ".", []),
            ("<CNV>", "GT:CN:CNQ", "./.:2:19", ".", []),
            ("<CNV>", "GT:CN:CNQ", "./.:2:20", ".", TWO_COPIES),
            ("<CNV>", "GT:CN:CNQ", "./.:0:20", ".", NO_COPY),
            ("<CNV>", "GT:CN:GQ", "./.:1:0", ".", UNCLEAR),
            ("<CNV>", "GT:CN:CNL", "./.:1:-30,-0.30,-0.31,-5", ".", UNCLEAR),
            ("<CNV>", "GT:CN:CNL", "./.:0:0,-1.2,-8", ".", UNCLEAR),
            ("<DEL>", "GT:CNL", "0/1:-9,-6,0", ".", UNCLEAR),
            ("<CNV>", "GT:CN:CNP", "./.:1:0,0.4,0.6", ".", UNCLEAR),
            ("<CNV>", "GT:CN:CNL", "./.:1:-9", ".", ONE_COPY),
            ("<DUP>", "GT:GQ:CN:CNQ", "0/1:0:3:30", ".", [("A", 3, "duplication")]),
            ("<DEL>", "GT", "0/1", "0", UNCLEAR),
            ("<DEL>", "GT:GQ", "0/1:99", "0", UNCLEAR),
            ("<DEL>", "GT", "1/1", "0", UNCLEAR),
            ("<DEL>", "GT:GQ", "0/1:0", ".", UNCLEAR),
            ("<DEL>", "GT:PL", "0/1:0,0,0", ".", UNCLEAR),
            ("<DEL>", "GT:GQ:PL", "0/1:50:0,50,90", ".", UNCLEAR),
            ("<DEL>", "GT:GQ:PL", "0/1:0:50,0,90", ".", ONE_COPY),
            ("<DEL>", "GT:GL", "0/1:-6,0,-9", ".", ONE_COPY),
            ("<DEL>", "GT", "0/0", "0", []),
            (".", "GT:CN:CNQ", "./.:2:0", ".", []),
        ],
    )
    def test_what_is_counted(
        self, tmp_path: Path, alt: str, form: str, genotype: str, qual: str, expected: object
    ) -> None:
        fields = sv(alt, genotype, form=form).split()
        found = read(tmp_path, STAR2, " ".join([*fields[:5], qual, *fields[6:]]))
        assert copies(found) == expected
        assert ("copy_number_unclear" in codes(found)) == (expected == UNCLEAR)

    @pytest.mark.parametrize(
        ("form", "genotype", "expected"),
        [
            ("GT", "0/1", None),
            ("GT:GQ", "0/1:13", 13),
            ("GT:PL", "0/1:40,0,25", 25),
            ("GT:CN:CNQ", "0/1:1:9", 9),
            ("GT:CN:CNL", "0/1:1:-9,0,-1.4", 14),
            ("GT:CNL", "0/1:-9,0,-1.4", 14),
            ("GT:CN:CNP", "0/1:1:0,0.99,0.01", 20),
        ],
    )
    def test_the_rest_is_weighed(self, tmp_path: Path, form: str, genotype: str, expected: int | None) -> None:
        found = read(tmp_path, STAR2, sv("<DEL>", genotype, form=form))
        assert found.copy_number is not None
        assert found.copy_number["quality"].to_list() == [expected]

    def test_the_surer_of_two_counts(self, tmp_path: Path) -> None:
        rows = [sv("<DEL>", "0/1:13", form="GT:GQ"), sv("<DEL>", "0/1:30", form="GT:GQ", first=42123226)]
        found = read(tmp_path, STAR2, *rows)
        assert found.copy_number is not None
        assert found.copy_number["quality"].to_list() == [30]


class TestLengths:
    """SVLEN tells the length where END does not; a change of unknown length inside a gene is never passed over."""

    LENGTHS = ("SVLEN=12153", "SVLEN=-12153", "SVTYPE=DEL;SVLEN=+12153;CIPOS=0,1", "END=.;SVLEN=12153",
               "END=42123191;SVLEN=-12153", "END=42135344;SVLEN=-12400", "SVLEN=12153.0")  # fmt: skip
    PACKED = tuple(
        (info, packing)
        for info in LENGTHS
        for packing in ("plain", "bgzip", "index", "bcf")
        if not (packing == "bcf" and "." in info)
    )
    """A BCF holds integers: no `.` in its lengths."""

    @pytest.mark.parametrize(("info", "packing"), PACKED)
    def test_svlen_without_end(self, tmp_path: Path, info: str, packing: str) -> None:
        path = tmp_path / "in.vcf"
        row = snv("chr22:42123191", "N", "<DEL>", "0/1", info=info)
        path.write_text(text([STAR2, row], meta=SV_META))
        if packing == "bcf":
            path = to_bcf(path)
        elif packing != "plain":
            path = compress(path, index=packing == "index")
        assert copies(pgx.variants.read(path, knowledge())) == ONE_COPY

    @pytest.mark.parametrize(
        "info", ["END=42135344;SVLEN=-500", "END=42123700;SVLEN=12153", "END=42128000;SVLEN=-12153"]
    )
    def test_an_end_and_a_length_that_contradict_each_other(self, tmp_path: Path, info: str) -> None:
        found = read(tmp_path, STAR2, snv("chr22:42123191", "N", "<DEL>", "0/1", info=info))
        assert [row[1] for row in copies(found)] == [None]
        assert "copy_number_unclear" in codes(found)

    def test_but_not_where_both_lie_outside_the_gene(self, tmp_path: Path) -> None:
        row = snv("chr22:42100000", "N", "<DEL>", "0/1", info="END=42100900;SVLEN=-100")
        assert copies(read(tmp_path, STAR2, row)) == []

    def test_among_many_records_without_end(self, tmp_path: Path) -> None:
        far = [snv(f"chr22:{41_000_000 + n}", "A", "C", "0/0") for n in range(300)]
        row = snv("chr22:42123191", "N", "<DEL>", "0/1", info="SVLEN=12153")
        behind = [snv(f"chr22:{42_200_000 + n}", "A", "C", "0/0") for n in range(300)]
        assert copies(read(tmp_path, STAR2, *far, row, *behind)) == ONE_COPY

    def test_an_index_that_knows_no_length(self, tmp_path: Path) -> None:
        plain = tmp_path / "in.vcf"
        plain.write_text(text([STAR2, snv("chr22:42000000", "N", "<DEL>", "0/1")], meta=SV_META))
        index = compress(plain).with_suffix(".gz.tbi").read_bytes()  # as one of before htslib 1.22 would be
        plain.write_text(text([STAR2, snv("chr22:42000000", "N", "<DEL>", "0/1", info="SVLEN=200000")], meta=SV_META))
        path = compress(plain)
        path.with_suffix(".gz.tbi").write_bytes(index)
        assert copies(pgx.variants.read(path, knowledge())) == ONE_COPY

    def test_alleles_of_one_record_have_lengths_of_their_own(self, tmp_path: Path) -> None:
        for genotype, expected in (("0/1", ONE_COPY), ("0/2", []), ("1/2", ONE_COPY)):
            row = snv("chr22:42123191", "N", "<DEL>,<DEL>", genotype, info="END=42135344;SVLEN=12153,100")
            assert copies(read(tmp_path, STAR2, row)) == expected

    @pytest.mark.parametrize("info", [".", "SVTYPE=DEL", "SVLEN=.", "SVLEN=0", "SVLEN=long", "END=42123191"])
    @pytest.mark.parametrize("packing", ["plain", "index"])
    def test_neither_inside_a_gene_leaves_it_open(self, tmp_path: Path, info: str, packing: str) -> None:
        path = tmp_path / "in.vcf"
        path.write_text(text([STAR2, snv("chr22:42123191", "N", "<DEL>", "0/1", info=info)], meta=SV_META))
        found = pgx.variants.read(path if packing == "plain" else compress(path), knowledge())
        assert copies(found) == UNCLEAR
        assert "copy_number_unclear" in codes(found)

    def test_neither_between_two_positions_of_a_gene(self, tmp_path: Path) -> None:
        far = [snv(f"chr1:{96_000_000 + n}", "A", "C", "0/0") for n in range(300)]
        row = snv("chr1:97600000", "N", "<DUP>", "0/1", info="SVTYPE=DUP")
        assert copies(read(tmp_path, *far, row, STAR2), "DPYD") == UNCLEAR

    def test_neither_in_somebody_who_does_not_carry_it(self, tmp_path: Path) -> None:
        row = snv("chr22:42123191", "N", "<DEL>", "0/0", "0/1", "./.")
        assert copies(read(tmp_path, STAR2.replace("0/1", "0/1 0/1 0/1"), row, samples="ABC")) == [
            ("B", None, "unclear")
        ]

    def test_neither_far_from_any_gene(self, tmp_path: Path) -> None:
        found = read(tmp_path, STAR2, snv("chr22:30000000", "N", "<DEL>", "0/1"))
        assert found.copy_number is not None
        assert found.copy_number.is_empty()


class TestOneEventToldTwice:
    """Reciprocal overlap of one half makes two records one event, within and between files."""

    def test_by_two_callers_in_one_file(self, tmp_path: Path) -> None:
        rows = [sv("<DEL>", "0/1", first=42123191, last=42135344), sv("<DEL>", "0/1", first=42123226, last=42135364)]
        assert copies(read(tmp_path, STAR2, *rows)) == ONE_COPY

    def test_in_two_files(self, tmp_path: Path) -> None:
        found = files(tmp_path, [sv("<DEL>", "0/1", first=42123191)], [sv("<DEL>", "1/0", first=42123226)])
        assert copies(found) == ONE_COPY

    def test_as_a_deletion_and_as_a_copy_number(self, tmp_path: Path) -> None:
        rows = [sv("<DEL>", "0/1"), sv("<CNV>", "./.:1.04", first=42123400, form="GT:CN")]
        assert copies(read(tmp_path, STAR2, *rows)) == ONE_COPY

    def test_a_duplication_of_at_least_one_copy_more(self, tmp_path: Path) -> None:
        rows = [sv("<DUP>", "0/1"), sv("<CNV>", "./.:4.1", first=42123400, form="GT:CN")]
        assert copies(read(tmp_path, STAR2, *rows)) == [("A", 4, "duplication")]

    def test_two_that_differ_in_size_stay_two(self, tmp_path: Path) -> None:
        rows = [sv("<DEL>", "0/1", first=42100000, last=42150000), sv("<DEL>", "0/1")]
        assert copies(read(tmp_path, STAR2, *rows)) == NO_COPY

    def test_two_on_opposite_strands_stay_two(self, tmp_path: Path) -> None:
        rows = [sv("<DEL>", "0|1"), sv("<DEL>", "1|0", first=42123226)]
        assert copies(read(tmp_path, STAR2, *rows)) == NO_COPY
        rows = [sv("<DEL>", "0|1"), sv("<DEL>", "0|1", first=42123226)]
        assert copies(read(tmp_path, STAR2, *rows)) == ONE_COPY

    def test_phase_sets_and_files_are_not_compared(self, tmp_path: Path) -> None:
        rows = [sv("<DEL>", "0|1:1", form="GT:PS"), sv("<DEL>", "1|0:2", first=42123226, form="GT:PS")]
        assert copies(read(tmp_path, STAR2, *rows)) == ONE_COPY
        assert copies(files(tmp_path, [sv("<DEL>", "0|1")], [sv("<DEL>", "1|0")])) == ONE_COPY

    def test_haplotypes_named_by_psl(self, tmp_path: Path) -> None:
        rows = [sv("<DEL>", "|0|1:a,b", form="GT:PSL"), sv("<DEL>", "|0|1:b,a", first=42123226, form="GT:PSL")]
        assert copies(read(tmp_path, STAR2, *rows, version="VCFv4.4")) == NO_COPY

    def test_a_third_caller_without_phase_makes_no_third_event(self, tmp_path: Path) -> None:
        phased = [sv("<DEL>", "0|1"), sv("<DEL>", "1|0", first=42123226)]
        assert copies(files(tmp_path, phased, [sv("<DEL>", "0/1")])) == NO_COPY

    def test_two_alleles_of_one_record_are_two(self, tmp_path: Path) -> None:
        row = snv("chr22:42123191", "N", "<DEL>,<DEL>", "1/2", info="SVLEN=12153,12500")
        assert copies(read(tmp_path, STAR2, row)) == NO_COPY

    def test_a_deletion_and_a_duplication_of_one_record_cut_in_two(self, tmp_path: Path) -> None:
        assert copies(read(tmp_path, STAR2, sv("<DEL>", "1/0"), sv("<DUP>", "0/1"))) == [("A", 2, "cnv")]

    @pytest.mark.parametrize(
        ("one", "two"),
        [
            (sv("<DEL>", "0/1"), sv("<DEL>", "1/1", first=42123226)),
            (sv("<DEL>", "0/1"), sv("<DEL>", "0/0")),
            (sv("<DEL>", "0/1"), sv("<DUP>", "0/1", first=42123226)),
            (sv("<DEL>", "0/1"), sv("<CNV>", "./.:2", form="GT:CN")),
            (sv("<CNV>", "./.:1", form="GT:CN"), sv("<CNV>", "./.:0", first=42123226, form="GT:CN")),
        ],
    )
    def test_genotypes_that_disagree_are_said_and_not_used(self, tmp_path: Path, one: str, two: str) -> None:
        for found in (read(tmp_path, STAR2, one, two), files(tmp_path, [one], [two])):
            assert copies(found) == UNCLEAR
            assert "conflicting_copy_number" in codes(found)

    def test_other_alleles_of_a_cohort_are_no_contradiction(self, tmp_path: Path) -> None:
        rows = [sv("<DEL>", "0/1", "0/0"), sv("<DEL>", "0/0", "0/1", first=42123226)]
        found = read(tmp_path, STAR2.replace("0/1", "0/1 0/1"), *rows, samples="AB")
        assert copies(found) == [("A", 1, "deletion"), ("B", 1, "deletion")]


def files(tmp_path: Path, *records: list[str]) -> Genotypes:
    paths = []
    for number, rows in enumerate([[STAR2], *records]):
        paths.append(tmp_path / f"{number}.vcf")
        paths[-1].write_text(text(rows))
    return pgx.variants.read(paths, knowledge())


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


@pytest.mark.parametrize("alt", ["G[chr10:[", "G[chr10:-5[", "G[chr10:\u00b2[", "]]G", "G[chr10[", "G[chr10:1]"])
@pytest.mark.parametrize("others", [0, 300])
def test_a_breakend_in_a_gene_whose_mate_cannot_be_read_is_refused_not_passed_over(
    tmp_path: Path, alt: str, others: int
) -> None:
    rows = [snv(f"chr10:{94700000 + i}", "A", "C", "0/1") for i in range(others)]
    with pytest.raises(InputError, match="is neither bases nor a symbol"):
        read(tmp_path, *rows, snv("chr10:94781900", "G", alt, "0/1", info="SVTYPE=BND"))
