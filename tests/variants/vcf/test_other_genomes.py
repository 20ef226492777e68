"""Files of genomes whose positions are not ours are refused; records that cannot be used open their site."""

from __future__ import annotations

from pathlib import Path

import pytest

import pgx
from pgx.errors import InputError
from pgx.variants.check import check
from tests.variants.build import at, codes, compress, knowledge

COLUMNS = "#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT A"
VKORC1 = "chr16 31096368 . C T . PASS . GT 0/1"


def write(tmp_path: Path, meta: list[str], *records: str) -> Path:
    path = tmp_path / "in.vcf"
    rows = ["\t".join(row.split()) for row in (COLUMNS, *records)]
    path.write_text("\n".join(["##fileformat=VCFv4.2", *meta, *rows]) + "\n")
    return path


FOREIGN = {
    "CHM13 by length": "##contig=<ID=chr16,length=96330374>",
    "CHM13 by its file": "##reference=file:///refs/chm13v2.0_maskedY.fa",
    "CHM13 as UCSC calls it": "##reference=hs1.fa.gz",
    "CHM13 by accession": "##contig=<ID=NC_060940.1>",
    "NCBI36 by length": "##contig=<ID=16,length=88827254>",
    "NCBI36 by name": "##reference=human_b36_both.fasta",
    "hg18": "##reference=/data/genomes/hg18.fa",
    "hg17 by length": "##contig=<ID=chr1,length=245522847>",
    "NCBI36 by accession": "##contig=<ID=NC_000016.8>",
    "mouse by length": "##contig=<ID=chr6,length=149588044>",
    "mouse by name": "##reference=GRCm39.primary_assembly.genome.fa",
    "mouse by assembly": "##contig=<ID=chr16,assembly=mm10>",
    "mouse by species": '##contig=<ID=chr16,species="Mus musculus">',
    "rat": "##reference=rn6.fa",
    "dog": "##assembly=canFam3",
    "a chromosome longer than any of ours": "##contig=<ID=chr16,length=200000000>",
    "a chromosome shorter than any of ours": "##contig=<ID=chr16,length=59632846>",
    "the same, by its number alone": "##contig=<ID=16,length=59632846>",
    "beside a decoy": "##contig=<ID=chrUn_KN707606v1_decoy,length=2200>\n##contig=<ID=chr16,length=59632846>",
    "beside our name": "##reference=GRCh38\n##contig=<ID=chr16,length=59632846>",
    "beside a last position": "##contig=<ID=chr16,length=31096369>\n##contig=<ID=chr12,length=72498081>",
    "almost our length": "##contig=<ID=chr16,length=88000000>",
}
CANFAM = (
    122678785, 85426708, 91889043, 88276631, 88915250, 77573801, 80974532, 74330416, 61074082, 69331447, 74389097,
    72498081, 63241923, 60966679, 64190966, 59632846, 64289059, 55844845, 53741614, 58134056, 50858623, 61439934,
)  # fmt: skip
"""Chromosomes 1 to 22 of the dog (UCSC canFam3.chrom.sizes)."""
OURS = "##reference=GRCh38"


@pytest.mark.parametrize("line", FOREIGN.values(), ids=FOREIGN.keys())
class TestForeignGenomes:
    def test_are_refused(self, tmp_path: Path, line: str) -> None:
        with pytest.raises(InputError, match="another genome"):
            pgx.variants.read(write(tmp_path, [line], VKORC1), knowledge())

    def test_are_refused_whatever_build_is_asked_for(self, tmp_path: Path, line: str) -> None:
        with pytest.raises(InputError):
            pgx.variants.read(write(tmp_path, [line], VKORC1), knowledge(), build="GRCh38")

    def test_are_refused_by_the_check(self, tmp_path: Path, line: str) -> None:
        assert check(write(tmp_path, [line], VKORC1)).refused


@pytest.mark.parametrize(
    "lines",
    [
        ["##reference=hg38.fa"],
        ["##reference=/data/hg18_and_hg38/hg38.fa"],
        ["##reference=GRCh38", '##contig=<ID=chr16,species="Homo sapiens">'],
        ["##reference=GRCh38", "##contig=<ID=16,length=31096369>"],  # PLINK: the last position of the file
        ["##contig=<ID=chr16,length=90338345>", "##contig=<ID=chr16_KI270728v1_random,length=1872759>"],
        [OURS, "##contig=<ID=chr16,length=31096368>"],
        [OURS, "##contig=<ID=chr16>", "##contig=<ID=chr12>"],
        [OURS, "##contig=<ID=chr16,length=0>"],
        [OURS, "##contig=<ID=chrUn_KN707606v1_decoy,length=2200>", "##contig=<ID=HLA-A*01:01:01:01,length=3503>"],
        [OURS, "##contig=<ID=chr16_KI270728v1_random,length=1872759>", "##contig=<ID=chrEBV,length=171823>"],
        [OURS, "##contig=<ID=chrM,length=16569>", "##contig=<ID=chrY,length=57227415>"],
        [OURS, "##contig=<ID=chr16,length=2147483647>"],  # bcftools convert
        [OURS, "##source=PLINKv1.90", "##contig=<ID=16,length=70000000>", "##contig=<ID=12,length=60000000>"],
        [OURS, "##source=VarDict_v1.8.2", "##contig=<ID=chr16,length=70000000>"],
        [OURS, "##contig=<ID=chr16,length=90161966>", "##contig=<ID=chr12,length=133185664>"],  # a whole array's end
        ["##contig=<ID=chr1,length=248956422>", "##contig=<ID=chr16,length=70000000>"],
    ],
)
def test_ours_are_read(tmp_path: Path, lines: list[str]) -> None:
    assert at(pgx.variants.read(write(tmp_path, lines, VKORC1), knowledge()), "chr16", 31096368) == ("CALLED", (0, 1))


class TestADogUnderHumanNames:
    META = tuple(f"##contig=<ID=chr{number},length={length}>" for number, length in enumerate(CANFAM, 1))

    @pytest.mark.parametrize("kept", [META, META[15:16], META[:20], (OURS, *META[:16])])
    def test_is_refused_in_one_line(self, tmp_path: Path, kept: tuple[str, ...]) -> None:
        path = write(tmp_path, list(kept), VKORC1)
        with pytest.raises(InputError, match="the file is of another genome") as caught:
            pgx.variants.read(path, knowledge(), build="GRCh38")
        assert "\n" not in str(caught.value)
        assert [finding.severity for finding in check(path).findings].count("error") == 1

    def test_is_refused_from_an_indexed_file(self, tmp_path: Path) -> None:
        path = compress(write(tmp_path, [OURS, self.META[15]], VKORC1))
        with pytest.raises(InputError, match="another genome"):
            pgx.variants.read(path, knowledge())

    def test_a_last_position_outside_our_genes_is_found_by_the_index_too(self, tmp_path: Path) -> None:
        meta = [OURS, "##contig=<ID=chr16,length=70000001>"]
        path = compress(write(tmp_path, meta, VKORC1, "chr16 70000000 . A G . PASS . GT 0/1"))
        assert at(pgx.variants.read(path, knowledge()), "chr16", 31096368) == ("CALLED", (0, 1))
        assert not check(path).refused

    def test_chromosomes_without_our_genes_do_not_matter(self, tmp_path: Path) -> None:
        path = write(tmp_path, [OURS, "##contig=<ID=chrY,length=20000000>"], VKORC1)
        assert at(pgx.variants.read(path, knowledge()), "chr16", 31096368) == ("CALLED", (0, 1))


def test_two_genomes_in_one_header_are_refused(tmp_path: Path) -> None:
    meta = ["##contig=<ID=chr1,length=248956422>", "##contig=<ID=chr2,length=242696752>"]
    with pytest.raises(InputError, match="contradicts itself"):
        pgx.variants.read(write(tmp_path, meta, VKORC1), knowledge())


class TestTheMitochondrion:
    def mt(self, tmp_path: Path, meta: list[str], name: str = "chrM", **options: object) -> str:
        record = f"{name} 1555 . A G . PASS . GT 1"
        genotypes = pgx.variants.read(write(tmp_path, meta, VKORC1, record), knowledge(), **options)  # type: ignore[arg-type]
        said = "mitochondrion_not_rcrs" in codes(genotypes)
        state, _ = at(genotypes, "chrM", 1555)
        assert said == (state == "ABSENT")
        return state

    def test_of_hg19_is_another_sequence(self, tmp_path: Path) -> None:
        hg19 = ["##contig=<ID=chr16,length=90354753>"]
        record = "chr16 31107689 . C T . PASS . GT 0/1"
        path = write(tmp_path, hg19, record, "chrM 1555 . A G . PASS . GT 1")
        assert at(pgx.variants.read(path, knowledge()), "chrM", 1555)[0] == "ABSENT"
        path = write(tmp_path, hg19, record, "MT 1555 . A G . PASS . GT 1")
        assert at(pgx.variants.read(path, knowledge()), "chrM", 1555)[0] == "CALLED"
        path = write(tmp_path, [*hg19, "##contig=<ID=chrM,length=16569>"], record, "chrM 1555 . A G . PASS . GT 1")
        assert at(pgx.variants.read(path, knowledge()), "chrM", 1555)[0] == "CALLED"

    def test_of_grch38_is_ours(self, tmp_path: Path) -> None:
        assert self.mt(tmp_path, ["##reference=GRCh38"]) == "CALLED"

    def test_of_16571_bases_is_not_ours(self, tmp_path: Path) -> None:
        assert self.mt(tmp_path, ["##reference=GRCh38", "##contig=<ID=chrM,length=16571>"]) == "ABSENT"


class TestRecordsThatCannotBeUsed:
    GENE = "chr12 21178615 . {} {} . PASS . GT {}"

    def call(self, tmp_path: Path, *record: str) -> dict[str, object]:
        block = "chr12 21130000 . N <NON_REF> . . END={} GT:DP:GQ 0/0:30:90"
        rows = [
            block.format(21178614),
            self.GENE.format(*record),
            block.format(21245000).replace("21130000", "21178616"),
        ]
        path = write(tmp_path, ["##reference=GRCh38"], *rows)
        return pgx.call(path, options=pgx.Options(genes=["SLCO1B1"])).to_dicts()[0]

    @pytest.mark.parametrize(
        "record",
        [
            ("C", ".", "0/0"),
            ("C", "T", "0/0"),
            ("C", "T", "0/1"),
            ("A", "G", "0/0"),
            ("T", "T", "0/1"),
            ("T", "C,T", "0/2"),
        ],
        ids=[
            "the other allele as REF",
            "exchanged",
            "exchanged, heterozygous",
            "another REF",
            "ALT is REF",
            "one ALT is REF",
        ],
    )
    def test_leave_no_normal_call(self, tmp_path: Path, record: tuple[str, ...]) -> None:
        call = self.call(tmp_path, *record)
        assert call["status"] != "called"
        assert "unread_genotype" in str(call["flags"])
        assert call["phenotype"] != "Normal Function"

    def test_an_exchange_is_called_by_its_name(self, tmp_path: Path) -> None:
        rows = [
            f"chr12 {pos} . {ref} {alt} . PASS . GT 0/0"
            for pos, ref, alt in ((21178615, "C", "T"), (21176804, "G", "A"))
        ]
        rows.sort()
        with pytest.raises(InputError, match="REF and ALT are exchanged"):
            pgx.variants.read(write(tmp_path, ["##reference=GRCh38"], *rows), knowledge())

    def test_a_record_without_genotype_opens_nothing(self, tmp_path: Path) -> None:
        call = self.call(tmp_path, "C", "T", "./.")
        assert "unread_genotype" not in str(call["flags"])
