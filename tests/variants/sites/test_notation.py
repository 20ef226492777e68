"""One genotype in the notations of several programs: the same call, or none that is not in the file."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pysam.bcftools
import pytest

import pgx
from pgx.errors import InputError
from pgx.variants.trim import trim
from tests.variants.build import at, codes, knowledge

_META = (
    '##contig=<ID=chr13,length=114364328>\n##INFO=<ID=END,Number=1,Type=Integer,Description="x">\n'
    '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="x">\n##FORMAT=<ID=GQ,Number=1,Type=Integer,Description="x">\n'
)
_GENES = {
    "NUDT15": ("chr13", 48034000, 48051000),
    "TPMT": ("chr6", 18125000, 18160000),
    "CYP2D6": ("chr22", 42113498, 42158810),
    "UGT1A1": ("chr2", 233750000, 233775000),
}


def write(
    tmp_path: Path, gene: str, *records: str, version: str = "VCFv4.2", samples: str = "A", gaps: bool = True
) -> Path:
    """Write records (POS ID REF ALT QUAL FILTER INFO FORMAT sample) of a gene, and reference blocks around them."""
    chrom, first, last = _GENES[gene]
    rows, begin = [], first
    for row in records:
        pos, ref = int(row.split()[0]), row.split()[2]
        if gaps and begin < pos:
            rows.append(f"{chrom} {begin} . N <NON_REF> . . END={pos - 1} GT:DP:GQ" + " 0/0:30:90" * len(samples))
        begin = max(begin, pos + len(ref))
        rows.append(f"{chrom} {row}")
    if gaps:
        rows.append(f"{chrom} {begin} . N <NON_REF> . . END={last} GT:DP:GQ" + " 0/0:30:90" * len(samples))
    columns = " ".join(["#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT", *samples])
    path = tmp_path / "in.vcf"
    head = [f"##fileformat={version}", "##reference=GRCh38", '##FORMAT=<ID=GT,Number=1,Type=String,Description="g">']
    path.write_text("\n".join([*head, *("\t".join(row.split()) for row in (columns, *rows))]) + "\n")
    return path


def call(path: Path, gene: str, sample: str = "A") -> dict[str, object]:
    rows = pgx.call(path, options=pgx.Options(genes=[gene])).to_dicts()
    return next(row for row in rows if row["sample"] == sample)


class TestIndelsShiftedToTheRight:
    """Without a reference genome a shifted indel is known by its repeat, or leaves its site open: never the reference."""

    @pytest.mark.parametrize("genotype", ["0/1", "1/1", "1|0"])
    def test_an_insertion_of_a_repeat_unit(self, tmp_path: Path, genotype: str) -> None:
        shifted, left = (
            call(write(tmp_path, "NUDT15", f"{record} . PASS . GT {genotype}"), "NUDT15")
            for record in ("48037801 . G GGAGTCG", "48037782 . A AGGAGTC")
        )
        assert shifted["diplotype"] == left["diplotype"] == ("*6/*6" if genotype == "1/1" else "*1/*6")
        assert shifted["status"] == "called"

    def test_every_indel_that_the_knowledge_has(self, tmp_path: Path) -> None:
        """Each written with the same bases some way to the right, under a block: never the reference."""
        tried = 0
        for site in knowledge().sites.filter(pl.col("chrom") != "chrM").iter_rows(named=True):
            ref = site["alleles"][0]
            for alt in (allele for allele in site["alleles"][1:] if len(allele) != len(ref)):
                _, old, new = trim(site["pos_grch38"], ref, alt)
                if old and new:
                    continue  # its bases tell that it is not shifted
                pos = site["pos_grch38"] + len(ref) + 2
                rows = [
                    f"{site['chrom']} {site['pos_grch38'] - 5} . N <NON_REF> . . END={pos - 1} GT 0/0",
                    f"{site['chrom']} {pos} . {(old or new)[-1]}{old} {(old or new)[-1]}{new} . PASS . GT 0/1",
                ]
                path = tmp_path / "in.vcf"
                columns = "#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT A"
                head = ["##fileformat=VCFv4.2", "##reference=GRCh38"]
                path.write_text("\n".join([*head, *("\t".join(row.split()) for row in (columns, *rows))]) + "\n")
                try:
                    found = pgx.variants.read(path, knowledge())
                except InputError:  # another site lies there and has other bases
                    continue
                if "reference_mismatch" not in codes(found):
                    tried += 1
                    state, shown = at(found, site["chrom"], site["pos_grch38"])
                    assert state == "UNSUPPORTED" or (state == "CALLED" and site["alleles"].index(alt) in shown), (
                        site,
                        alt,
                        shown,
                    )
        assert tried > 20


class TestOneAlleleOfSeveralSites:
    def test_an_mnv_keeps_its_changes_on_one_strand(self, tmp_path: Path) -> None:
        found = call(write(tmp_path, "NUDT15", "48045719 . CG TA . PASS . GT 0/1"), "NUDT15")
        assert found["diplotype"] == "*1/[*3 + *4]"

    def test_two_alleles_of_a_record_are_on_two_strands(self, tmp_path: Path) -> None:
        found = call(write(tmp_path, "NUDT15", "48045719 . CG TG,CA . PASS . GT 1/2"), "NUDT15")
        assert found["diplotype"] == "*3/*4"
        assert "phase_unknown" not in str(found["flags"])

    def test_two_records_stay_without_order(self, tmp_path: Path) -> None:
        rows = ("48045719 . C T . PASS . GT 0/1", "48045720 . G A . PASS . GT 0/1")
        assert "phase_unknown" in str(call(write(tmp_path, "NUDT15", *rows), "NUDT15")["flags"])

    def test_an_insertion_inside_another_site_is_not_two_changes(self, tmp_path: Path) -> None:
        rows = [
            f"{pos} . {ref} {alt} . PASS . GT 0|1"
            for pos, ref, alt in ((42126611, "C", "G"), (42127941, "G", "A"), (42128200, "C", "CA"), (42129130, "C", "G"), (42129183, "C", "A"))
        ]  # fmt: skip
        assert call(write(tmp_path, "CYP2D6", *rows), "CYP2D6")["diplotype"] == "*1/*161"


class TestStars:
    DELETION = "48037782 . AGGAGTC A . PASS . GT {}"

    @pytest.mark.parametrize("star", ["*,C", "*", "C,*", "<*:DEL>,C"])
    @pytest.mark.parametrize(("genotype", "expected"), [("0/1", "*1/*9"), ("1/1", "*9/*9")])
    def test_of_a_deletion_that_is_spelled_out(self, tmp_path: Path, star: str, genotype: str, expected: str) -> None:
        number = str(star.split(",").index("C") + 1) if star == "C,*" else "1"
        own = genotype.replace("1", "2") if star == "C,*" else genotype.replace("1", number)
        rows = (self.DELETION.format(genotype), f"48037785 . A {star} . PASS . GT {own}")
        assert call(write(tmp_path, "NUDT15", *rows), "NUDT15")["diplotype"] == expected

    @pytest.mark.parametrize("star", ["*", "<*:DEL>", "<*:del>"])
    def test_of_a_deletion_that_is_not_is_no_reference(self, tmp_path: Path, star: str) -> None:
        found = call(write(tmp_path, "TPMT", f"18130687 . T C,{star} . PASS . GT 0/2"), "TPMT")
        assert found["status"] != "called"

    @pytest.mark.parametrize(
        ("record", "genotype"),
        [
            ("48045719 . CG TA", "0/1"), ("48045719 . CG TA", "1/1"), ("48045719 . CG TG,CA", "1/2"), ("48045719 . CG TA,TG", "1/2"),
            ("48037782 . AGGAGTC A", "0/1"), ("48037782 . AGGAGTC A,AGGAGTCGGAGTC", "1/2"), ("48037782 . AGGAGTC A,CGGAGTC", "0/1"),
        ],
    )  # fmt: skip
    def test_of_bcftools_norm_atomize(self, tmp_path: Path, record: str, genotype: str) -> None:
        """What `bcftools norm -a` makes of a record reads as the record itself, but for the phase within it."""
        whole = write(tmp_path, "NUDT15", f"{record} . PASS . GT {genotype}")
        before = call(whole, "NUDT15")
        text = whole.read_text().replace("##reference", _META + "##reference")
        whole.write_text(text)
        atoms = tmp_path / "atoms.vcf"
        atoms.write_text(pysam.bcftools.norm("-a", str(whole), catch_stdout=True))
        after = call(atoms, "NUDT15")
        if "[" in str(before["diplotype"]):
            assert after["diplotype"] != "*1/*1"
        else:
            assert (after["diplotype"], after["status"]) == (before["diplotype"], before["status"])


class TestWordsThatTellNothing:
    @pytest.mark.parametrize(
        "row",
        [
            "18130687 . T . . PASS . GT 0/1",
            "18130687 . T . . PASS . GT 1/1",
            "18130687 . T <CGA_NOCALL> . PASS . GT 0/1",
            "18130687 . T C,<CGA_NOCALL> . PASS . GT 0/2",
            "18130687 . T <UNKNOWN> . PASS . GT 1/1",
        ],
    )
    def test_show_something_that_is_not_the_reference(self, tmp_path: Path, row: str) -> None:
        found = call(write(tmp_path, "TPMT", row), "TPMT")
        assert found["status"] != "called"
        assert {"unread_genotype"} <= set(found["flags"])

    def test_a_missing_allt_with_reference_genotypes_is_reference(self, tmp_path: Path) -> None:
        assert call(write(tmp_path, "TPMT", "18130687 . T . . PASS . GT 0/0"), "TPMT")["diplotype"] == "*1/*1"


class TestLengthsOfBlocks:
    def test_each_sample_has_its_own(self, tmp_path: Path) -> None:
        row = "18125000 . N <*> . . END=18160000 GT:LEN 0/0:35001 0/0:10"
        path = write(tmp_path, "TPMT", row, version="VCFv4.5", samples="AB", gaps=False)
        assert call(path, "TPMT", "A")["diplotype"] == "*1/*1"
        assert call(path, "TPMT", "B")["status"] == "not_called"

    @pytest.mark.parametrize("samples", [2, 300])
    def test_without_end(self, tmp_path: Path, samples: int) -> None:
        row = "18125000 . N <*> . . . GT:LEN 0/0:35001" + " 0/0:10" * (samples - 1)
        names = "".join(chr(0x100 + n) for n in range(samples - 1))
        path = write(tmp_path, "TPMT", row, version="VCFv4.5", samples="A" + names, gaps=False)
        assert call(path, "TPMT", "A")["diplotype"] == "*1/*1"
        assert call(path, "TPMT", names[0])["status"] == "not_called"


class TestMitochondrialMixtures:
    @pytest.mark.parametrize(
        ("values", "named"),
        [
            ("GT:AD:AF 0/1:2,2998:0.999", True),
            ("GT:AF 0|1:0.96", True),
            ("GT:AD 0/1:3,997", True),
            ("GT:AF 0/1:0.5", False),
            ("GT:AF 0/1:.", False),
            ("GT 0/1", False),
        ],
    )
    def test_are_the_allele_of_nearly_all_reads(self, tmp_path: Path, values: str, named: bool) -> None:
        path = tmp_path / "in.vcf"
        rows = ("#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT A", f"chrM 1555 . A G . PASS . {values}")
        path.write_text(
            "\n".join(["##fileformat=VCFv4.2", "##reference=GRCh38", *("\t".join(r.split()) for r in rows)]) + "\n"
        )
        found = call(path, "MT-RNR1")
        assert ("1555" in str(found["diplotype"])) == named


class TestFilterWords:
    @pytest.mark.parametrize(
        "words", ["GENOTYPED", "PASS;GENOTYPED", "GENOTYPED_ONLY", "MONOALLELIC", "pass", "Pass", "TYPED", "IMPUTED"]
    )
    def test_that_are_no_failure(self, tmp_path: Path, words: str) -> None:
        found = call(write(tmp_path, "TPMT", f"18130687 . T C . {words} . GT 0/1"), "TPMT")
        assert found["diplotype"] == "*1/*3C"

    @pytest.mark.parametrize("words", ["LowQual", "GENOTYPED;LowQual", "PASS;q10"])
    def test_a_failure_keeps_the_record_from_use_and_is_said(self, tmp_path: Path, words: str) -> None:
        path = write(tmp_path, "TPMT", f"18130687 . T C . {words} . GT 0/1")
        assert call(path, "TPMT")["status"] != "called"
        assert "record_filtered" in codes(pgx.variants.read(path, knowledge()))


class TestReferenceLines:
    @pytest.mark.parametrize("shape", [". GT:CN 0/0:2", "SVTYPE=NONE GT 0/0", "SVTYPE=CNV GT:CN 0/0:2"])
    def test_with_copies_or_a_type_are_kept(self, tmp_path: Path, shape: str) -> None:
        path = write(tmp_path, "TPMT", f"18130687 . T . . PASS {shape}", gaps=False)
        assert at(pgx.variants.read(path, knowledge()), "chr6", 18130687)[0] == "CALLED"

    def test_a_segment_of_copies_is_no_reference(self, tmp_path: Path) -> None:
        rows = ("18125000 . N . . PASS END=18160000;SVTYPE=CNV GT:CN 0/0:2", "18130687 . T C . PASS . GT 0/1")
        found = pgx.variants.read(write(tmp_path, "TPMT", *rows, gaps=False), knowledge())
        assert at(found, "chr6", 18138969)[0] == "ABSENT"


class TestRepeatsThatAreCounted:
    """UGT1A1's repeat as callers of tandem repeats write it: the reference has seven units, *28 eight, *36 six."""

    INFO = "SVTYPE=STR;END=233760247;REF=7;RL=14;RU=AT;REPID=UGT1A1"

    @pytest.mark.parametrize(
        ("alt", "column", "diplotype", "status"),
        [
            ("<STR8>", "0/1:7/8:7-7/8-8", "*1/*28", "called"),
            ("<STR8>", "1/1:8/8:8-8/8-8", "*28/*28", "called"),
            ("<STR6>,<STR8>", "1/2:6/8:6-6/8-8", "*28/*36", "called"),
            ("<STR9>", "0/1:7/9:7-7/9-9", "*1/*37", "called"),
            (".", "0/0:7/7:7-7/7-7", "*1/*1", "called"),
        ],
    )
    @pytest.mark.parametrize(("pos", "ref", "unit"), [(233760233, "C", "AT"), (233760234, "A", "TA")])
    def test_alleles_that_are_named_by_their_count(
        self, tmp_path: Path, pos: int, ref: str, unit: str, alt: str, column: str, diplotype: str, status: str
    ) -> None:
        info = self.INFO.replace("RU=AT", f"RU={unit}")
        record = f"{pos} . {ref} {alt} . PASS {info} GT:REPCN:REPCI {column}"
        found = call(write(tmp_path, "UGT1A1", record), "UGT1A1")
        assert (found["diplotype"], found["status"], found["positions_called"]) == (diplotype, status, 4)

    @pytest.mark.parametrize(("pos", "ref", "unit"), [(233760233, "C", "AT"), (233760234, "A", "TA")])
    @pytest.mark.parametrize(
        ("counts", "genotype", "diplotype"), [("8", "0/1", "*1/*28"), ("6,8", "1/2", "*28/*36"), ("8.5", "0/1", None)]
    )
    def test_counts_of_the_specification(
        self, tmp_path: Path, pos: int, ref: str, unit: str, counts: str, genotype: str, diplotype: str | None
    ) -> None:
        def each(text: str) -> str:
            return ",".join([text] * len(counts.split(",")))

        info = f"SVLEN={each('14')};RN={each('1')};RUS={each(unit)};RUC={counts}"
        record = f"{pos} . {ref} {each('<CNV:TR>')} . PASS {info} GT {genotype}"
        found = call(write(tmp_path, "UGT1A1", record, version="VCFv4.4"), "UGT1A1")
        assert found["diplotype"] == diplotype if diplotype else found["status"] != "called"

    @pytest.mark.parametrize(
        ("alt", "info", "column"),
        [
            ("<STR8>", INFO, "0/1:7/8:7-7/6-10"),
            ("<STR8>", INFO.replace("RU=AT", "RU=TA"), "0/1:7/8:7-7/8-8"),
            ("<STR8>", INFO.replace("RU=AT", "RU=CAG"), "0/1:7/8:7-7/8-8"),
            ("<STR8>", INFO.replace("REF=7", "REF=x"), "0/1:7/8:7-8/7-9"),
            ("<STR8>", INFO, "0/1:7/8:7-8/8-8"),
            ("<STR8>", INFO.replace("RL=14", "RL=12"), "0/1:7/8:7-7/8-8"),
            ("<STR8>", INFO.replace("REF=7;RL=14;", ""), "0/1:7/8:7-7/8-8"),
            ("<STR8>", INFO.replace("RU=AT;", ""), "0/1:7/8:7-7/8-8"),
            ("<STR7>", INFO, "0/1:7/7:7-7/7-7"),
            (".", INFO, "./.:./.:./."),
        ],
    )
    def test_a_count_that_is_not_sure_leaves_the_site_open(
        self, tmp_path: Path, alt: str, info: str, column: str
    ) -> None:
        record = f"233760233 . C {alt} . PASS {info} GT:REPCN:REPCI {column}"
        found = call(write(tmp_path, "UGT1A1", record), "UGT1A1")
        assert found["positions_called"] == 3
        assert found["diplotype"] != "*1/*28" or found["status"] != "called"


@pytest.mark.parametrize("name", ["chr06", "06", "Chr06", "CHR6"])
def test_names_of_contigs(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, "TPMT", "18130687 . T C . PASS . GT 0/1")
    path.write_text(path.read_text().replace("chr6\t", f"{name}\t"))
    assert call(path, "TPMT")["diplotype"] == "*1/*3C"
