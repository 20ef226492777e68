"""Files that a reader must survive: refused with one clear line, or read with a warning, never misread in silence."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pysam
import pytest

import pgx.variants
from pgx.errors import InputError, NoGenotypesError, PgxError
from pgx.variants.check import check
from tests.outside import OUTSIDE
from tests.variants.build import at, codes, compress, knowledge, read, snv, text
from tests.variants.faults import Fault, faults

GOOD = snv("chr10:94781859", "G", "A", "0/1")


def outcome(path: Path) -> str:
    try:
        report = check(path)
    except InputError as error:
        assert "\n" not in str(error)
        return "refused"
    return "refused" if report.refused else "warned" if report.findings else "read"


def reading(path: Path, **options: Any) -> str:
    try:
        found = pgx.variants.read(path, knowledge(), **options)
    except PgxError as error:
        assert "\n" not in str(error) and str(path) in str(error)
        return "refused"
    # That a file of a few records lists only differences is no fault of it.
    told = (note for note in found.notes if note.code != "variants_only")
    return "warned" if any(note.severity == "warning" for note in told) else "read"


@pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault.id)
def test_one_fault_in_a_small_file(tmp_path: Path, fault: Fault) -> None:
    path = tmp_path / "in.vcf"
    path.write_bytes(fault.content())
    assert (outcome(path), reading(path)) == (fault.check, fault.reading)


def test_a_number_that_no_computer_holds_is_no_reason_to_lose_an_indexed_file(tmp_path: Path) -> None:
    path = tmp_path / "in.vcf"
    path.write_text(text([GOOD], meta=["##contig=<ID=chr1,length=" + "9" * 5000 + ">"]))
    packed = compress(path)
    assert at(pgx.variants.read(packed, knowledge()), "chr10", 94781859) == ("CALLED", (0, 1))


def test_a_bcf_that_gzip_packed_is_refused_in_one_line(tmp_path: Path) -> None:
    path, packed = tmp_path / "in.vcf", tmp_path / "in.bcf"
    path.write_text(text([GOOD]))
    with pysam.VariantFile(str(path)) as source, pysam.VariantFile(str(packed), "wb", header=source.header) as target:
        for record in source:
            target.write(record)
    assert reading(packed) == "read"
    packed.write_bytes(gzip.compress(gzip.decompress(packed.read_bytes())))
    assert reading(packed) == "refused"


def test_an_allele_number_with_leading_zeros_is_that_allele(tmp_path: Path) -> None:
    assert at(read(tmp_path, snv("chr10:94781859", "G", "A", "0/0000001")), "chr10", 94781859) == ("CALLED", (0, 1))


@pytest.mark.panel("hostile/hts-specs")
def test_an_end_one_before_its_position_is_legal_and_tells_nothing(tmp_path: Path) -> None:
    path = tmp_path / "end.vcf"
    record = snv("chr10:94781859", "G", "<*>", "0/0", info="END=94781858")
    path.write_text(text([record], meta=['##INFO=<ID=END,Number=1,Type=Integer,Description="x">']))
    assert not any(one.severity == "error" for one in check(path).findings)
    assert at(read(tmp_path, record), "chr10", 94781859) == ("REFERENCE_BLOCK", (0, 0))
    path.write_text(text([record.replace("94781858", "94781857")]))
    assert any("does not lie behind POS" in one.message for one in check(path).findings)


def test_the_collections_of_hts_specs_and_htslib() -> None:
    """Other programs' own test files: a malformed one is refused or warned of, a legal one is read."""
    taken = {path: outcome(path) for path in sorted((OUTSIDE / "hostile").glob("hts*/**/*.vcf"))}
    assert len(taken) > 400
    assert [path for path, how in taken.items() if path.parent.name == "failed" and how == "read"] == []
    # One of the legal ones gives a genotype allele 1 where ALT is missing; it is read, and said.
    legal = {path.stem for path, how in taken.items() if path.parent.name == "passed" and how != "read"}
    assert legal == {"passed_body_alt"}


@pytest.mark.panel("hostile")
def test_reading_any_hostile_file_ends_in_genotypes_or_one_line() -> None:
    paths = [
        path for path in sorted((OUTSIDE / "hostile").rglob("*")) if path.suffix in (".vcf", ".gz", ".bcf", ".txt")
    ]
    assert {reading(path) for path in paths} <= {"refused", "warned", "read"}


class TestReadRefuses:
    """The same faults at a position that calls depend on."""

    @pytest.mark.parametrize(
        ("row", "message"),
        [
            (snv("chr10:94781859", "G", "A", "0/7"), "names allele 7"),
            (snv("chr10:94781859", "G", "A", "0/C"), "is not a genotype"),
            (snv("chr10:94781859", "G", "A", "0.5"), "is not a genotype"),
            (snv("chr10:94781859", "G", "A", "0/|1"), "is not a genotype"),
            (snv("chr10:94781859", "G", "A", "0/1", "0/1"), "2 sample columns where the header names 1"),
            (snv("chr10:94781859", "G", "A"), "columns where the header names"),
            (snv("chr10:94781859", "R", "A", "0/1"), "REF 'R'"),
            (snv("chr10:94781859", ".", "A", "0/1"), "REF '.'"),
            (snv("chr10:94781859", "G", "A,,T", "0/1"), "ALT ''"),
            (snv("chr10:94781859", "G", "Q", "0/1"), "ALT 'Q'"),
            (snv("chr10:94781859", "G", "<INS>BLAH>", "0/1"), "ALT '<INS>BLAH>'"),
            (snv("chr10:-5", "G", "A", "0/1"), "POS '-5'"),
            (snv("chr10:9x", "G", "A", "0/1"), "POS '9x'"),
            (snv("chr10:94781859", "G", "A", "3:0/1", form="DP:GT"), "GT is not the first key"),
            (snv("chr10:94781859", "G", "A", "0/1:1:2", form="GT:DP"), "more values than FORMAT"),
            (snv("chr10:94781859", "G", "A", "0/1:1:2", form="GT::DP"), "empty key"),
            (snv("chr10:94781859", "G", "<NON_REF>", "0/0", info="END=x"), "END=x"),
        ],
    )
    def test_a_broken_record(self, tmp_path: Path, row: str, message: str) -> None:
        with pytest.raises(InputError, match="line ") as caught:
            read(tmp_path, row)
        assert message in str(caught.value)

    @pytest.mark.parametrize(
        "rows",
        [
            (snv("chr10:94842866", "A", "G", "0/1"), GOOD),
            (GOOD, snv("chr22:5", "A", "G", "0/1"), snv("chr10:94842866", "A", "G", "0/1")),
        ],
        ids=["positions", "a contig that comes back"],
    )
    def test_records_out_of_order_are_read_and_said(self, tmp_path: Path, rows: tuple[str, ...]) -> None:
        found = read(tmp_path, *rows)
        assert at(found, "chr10", 94781859) == ("CALLED", (0, 1))
        assert at(found, "chr10", 94842866)[0] == "CALLED"
        assert "unsorted" in codes(found)
        report = check(tmp_path / "in.vcf")
        assert not report.refused
        assert "unsorted" in {finding.code for finding in report.findings}

    def test_a_sample_named_twice(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="named twice"):
            read(tmp_path, snv("chr10:94781859", "G", "A", "0/1", "0/0"), samples="AA")

    def test_a_file_without_samples(self, tmp_path: Path) -> None:
        path = tmp_path / "sites.vcf"
        path.write_text(
            "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nchr10\t94781859\t.\tG\tA\t.\t.\t.\n"
        )
        with pytest.raises(InputError, match="no sample columns"):
            pgx.variants.read(path, knowledge())

    def test_a_file_that_has_nothing_to_do_with_the_genes(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="no record lies in any pharmacogene"):
            read(tmp_path, snv("chr10:5", "G", "A", "0/1"))

    def test_a_gene_without_a_variant_at_its_positions_is_read_and_said(self, tmp_path: Path) -> None:
        found = read(tmp_path, snv("chr10:94781700", "G", "A", "0/1"))
        assert "no_positions" in codes(found)

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "empty"),
            (b"<html>404</html>", "web page"),
            (b"BAM\1xxx", "BAM"),
            (b"PK\3\4xxxx", "zip"),
            (b"hello\nworld\n", "neither VCF"),
            (b"##fileformat=VCFv9.9\n", "VCFv9.9"),
            (b"##fileformat=VCFv4.2\n", "#CHROM"),
            (b"\xff\xfe#\0#\0", "UTF-16"),
            (b"##fileformat=VCFv4.2\n#CHROM POS ID\n", "tab-separated"),
            (b"\x1f\x8b\x08\x00garbage", ""),
            (gzip.compress(b"", mtime=0), "empty"),
            (b"\0\0\0\0", "neither VCF"),
            (b"FID IID PAT MAT SEX PHENOTYPE rs1_A\nF S 0 0 1 -9 1\n", "plink2 --export vcf"),
            (b"\x6c\x1b\x01\xdc", "plink2 --export vcf"),
            (bytes(16) + b"bgen", "plink2 --export vcf"),
            (b"@read1\nACGT\n+\nIIII\n", "FASTQ"),
            (b">chr1\nACGTACGT\n", "FASTA"),
            (b"IDAT\3\0\0\0", "an array's signals"),
            (b"#%created=x\nprobeset_id\tA.CEL\nAX-1\t1\n", "rs numbers"),
        ],
        ids=lambda value: "bytes" if isinstance(value, bytes) else value or "unreadable",
    )
    def test_what_is_no_vcf(self, tmp_path: Path, content: bytes, message: str) -> None:
        path = tmp_path / "in.vcf"
        path.write_bytes(content)
        with pytest.raises(InputError) as caught:
            pgx.variants.read(path, knowledge())
        assert message in str(caught.value) and "\n" not in str(caught.value)

    def test_missing_files_and_folders(self, tmp_path: Path) -> None:
        for path, message in ((tmp_path / "none.vcf", "no such file"), (tmp_path, "folder")):
            with pytest.raises(InputError, match=message):
                pgx.variants.read(path, knowledge())


class TestTruncation:
    def big(self, tmp_path: Path) -> Path:
        path = tmp_path / "in.vcf"
        rows = [snv(f"chr10:{p}", "A", "C", "0/1") for p in range(90000000, 90080000, 4)]
        path.write_text(text([*rows, GOOD, snv("chr10:94842866", "A", "G", "1/1")]))
        return path

    @pytest.mark.parametrize("packing", ["bgzip", "gzip"])
    def test_a_compressed_file_cut_anywhere_is_refused_or_warned_of(self, tmp_path: Path, packing: str) -> None:
        plain = self.big(tmp_path)
        whole = compress(plain, index=False).read_bytes() if packing == "bgzip" else gzip.compress(plain.read_bytes())
        cut = tmp_path / "cut.vcf.gz"
        for share in (0.3, 0.6, 0.9, 0.99):
            cut.write_bytes(whole[: int(len(whole) * share)])
            with pytest.raises(InputError):
                pgx.variants.read(cut, knowledge())
        cut.write_bytes(whole[:-28])
        if packing == "bgzip":
            assert "no_eof_block" in codes(pgx.variants.read(cut, knowledge()))

    def test_an_indexed_file_cut_short(self, tmp_path: Path) -> None:
        packed = compress(self.big(tmp_path))
        whole = packed.read_bytes()
        packed.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(InputError, match="cut short"):
            pgx.variants.read(packed, knowledge())

    def test_a_plain_file_cut_in_its_last_line(self, tmp_path: Path) -> None:
        path = tmp_path / "in.vcf"
        path.write_text(text([GOOD]).rstrip("\n"))
        found = pgx.variants.read(path, knowledge())
        assert at(found, "chr10", 94781859) == ("CALLED", (0, 1))
        assert "no_final_newline" in codes(found)
        path.write_text(text([GOOD])[:-8])
        with pytest.raises(InputError):
            pgx.variants.read(path, knowledge())

    def test_an_index_of_another_file(self, tmp_path: Path) -> None:
        packed = compress(self.big(tmp_path))
        small = tmp_path / "small.vcf"
        small.write_text(text([GOOD]))
        compress(small)
        (tmp_path / "small.vcf.gz.tbi").write_bytes(packed.with_name(packed.name + ".tbi").read_bytes())
        try:
            found = pgx.variants.read(tmp_path / "small.vcf.gz", knowledge())
        except InputError as error:
            assert "index" in str(error)
        else:
            assert at(found, "chr10", 94781859) == ("CALLED", (0, 1))


class TestWarnings:
    @pytest.mark.parametrize(
        "row",
        [
            snv("chr10:94781859", "G", "A", "0/1", info="AC=-1"),
            snv("chr10:94781859", "G", "A", "0/1", info="DP=x"),
            snv("chr10:94781859", "G", "A", "0/1:1,2", form="GT:PL"),
            snv("chr10:94781859", "G", "A", "0/1:x", form="GT:DP"),
        ],
    )
    def test_a_fault_beside_the_genotypes_is_read_with_a_warning(self, tmp_path: Path, row: str) -> None:
        found = read(tmp_path, row)
        assert at(found, "chr10", 94781859) == ("CALLED", (0, 1))
        assert "malformed_record" in codes(found)

    def test_a_malformed_header_line(self, tmp_path: Path) -> None:
        found = read(tmp_path, GOOD, meta=['##INFO=<ID=DP,Number=1,Type=Integer,Description="open>'])
        assert "malformed_header" in codes(found)


class TestFilesWithoutGt:
    """A file that lists depths or doses alone is no genotype file, whatever else it says of the variants."""

    MUTE = "chr10 94781859 . G A . PASS . DP"

    def written(self, tmp_path: Path, name: str, sample: str, record: str) -> Path:
        path = tmp_path / name
        path.write_text(text([record], (sample,)))
        return path

    def test_one_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(NoGenotypesError, match="no record has a GT"):
            read(tmp_path, f"{self.MUTE} 30 31", "chr10 94842866 . A G . PASS . DP 9 9", samples="AB")

    def test_the_other_file_of_the_person_counts(self, tmp_path: Path) -> None:
        mute = self.written(tmp_path, "mute.vcf", "A", f"{self.MUTE} 30")
        told = self.written(tmp_path, "told.vcf", "A", "chr10 94842866 . A G . PASS . GT 0/1")
        for files in ([mute, told], [told, mute]):
            found = pgx.variants.read(files, knowledge())
            assert at(found, "chr10", 94842866) == ("CALLED", (0, 1))
            assert "no_gt" in codes(found)

    def test_another_person_s_file_does_not(self, tmp_path: Path) -> None:
        mute = self.written(tmp_path, "mute.vcf", "A", f"{self.MUTE} 30")
        told = self.written(tmp_path, "told.vcf", "B", "chr10 94842866 . A G . PASS . GT 0/1")
        with pytest.raises(NoGenotypesError, match=r"mute\.vcf"):
            pgx.variants.read([told, mute], knowledge())
        assert at(pgx.variants.read([told, mute], knowledge(), samples=["B"]), "chr10", 94842866)[1] == (0, 1)

    def test_a_gt_that_is_not_called_is_a_genotype_all_the_same(self, tmp_path: Path) -> None:
        assert (read(tmp_path, snv("chr10:94781859", "G", "A", "./.")).alleles < 0).all()
