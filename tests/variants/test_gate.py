"""Files that a reader must survive: refused with one clear line, or read with a warning, never misread in silence."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

import pytest

import pgx.variants
from pgx.errors import InputError, PgxError
from pgx.variants.check import check
from tests.variants.build import at, codes, compress, knowledge, read, snv, text

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "hostile"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="../shared is absent")
GOOD = snv("chr10:94781859", "G", "A", "0/1")


def outcome(path: Path) -> str:
    try:
        report = check(path)
    except InputError as error:
        assert "\n" not in str(error)
        return "refused"
    return "refused" if report.refused else "warned" if report.findings else "read"


def _files(pattern: str) -> list[Path]:
    return sorted(SHARED.glob(pattern)) if SHARED.is_dir() else []


def _name(path: Path) -> str:
    return f"{path.parts[-3]}-{path.stem}"


@needs_shared
@pytest.mark.parametrize("path", _files("hts-specs/*/failed/*.vcf"), ids=_name)
def test_every_malformed_file_is_refused_or_warned_of(path: Path) -> None:
    assert outcome(path) in ("refused", "warned")


@cache
def free_sites() -> list[tuple[int, str]]:
    sites = knowledge().sites
    return [
        (p, r) for p, r in sites.filter(sites["chrom"] == "chr1").select("pos_grch38", "ref").iter_rows() if len(r) == 1
    ]


def transplanted(path: Path) -> str:
    """Return a file with its records moved to sites of the knowledge, REF bases fitted, samples added where it has none."""
    lines, used, previous = [], 0, ""
    for line in path.read_bytes().decode("utf-8", "replace").split("\n"):
        cells = line.split("\t")
        if line.startswith("#CHROM") and len(cells) == 8:
            cells += ["FORMAT", "S1"]
        elif not line.startswith("#") and len(cells) >= 8:
            if cells[1].isdigit() and cells[0] in ("1", "X"):
                used += cells[1] != previous
                backwards = bool(previous) and int(cells[1]) < int(previous)
                previous = cells[1]
                pos, ref = free_sites()[0 if backwards else used - 1]
                if cells[3] in ("C", "T", "TC"):
                    cells[3] = ref
                    cells[4] = cells[4] if cells[4] != ref else "A" if ref == "G" else "G"
                cells[:2] = ["1", str(pos)]
            cells += ["GT", "0/1"] if len(cells) == 8 else []
        lines.append("\t".join(cells))
    return "\n".join(lines)


@needs_shared
def test_the_same_faults_at_positions_of_interest_are_refused_or_warned_of(tmp_path: Path) -> None:
    silent = []
    for path in _files("hts-specs/*/failed/*.vcf"):
        moved = tmp_path / "in.vcf"
        moved.write_text(transplanted(path))
        try:
            found = pgx.variants.read(moved, knowledge(), build="GRCh38")
        except InputError as error:
            assert "\n" not in str(error)
            continue
        expected = {"reference_mismatch", "no_positions"}
        if not {n["code"] for n in found.notes if n["severity"] == "warning"} - expected:
            silent.append(_name(path))
    assert silent == []


_GENOTYPES_AFFECTED = (
    "body_alt", "body_chrom", "body_contiguous", "body_duplicated", "body_pos", "body_ref_", "body_unsorted",
    "body_sample_000", "body_sample_001", "body_sample_002", "body_sample_003", "body_sample_011", "body_format_000",
    "body_format_001", "body_format_002", "body_format_004", "fileformat", "header",
)  # fmt: skip


@needs_shared
@pytest.mark.parametrize(
    "path",
    [p for p in _files("hts-specs/*/failed/*.vcf") if any(f"failed_{k}" in p.name for k in _GENOTYPES_AFFECTED)],
    ids=_name,
)
def test_what_touches_the_genotypes_is_refused(path: Path) -> None:
    assert outcome(path) == "refused"


@needs_shared
@pytest.mark.parametrize("path", _files("hts-specs/*/passed/*.vcf"), ids=_name)
def test_every_legal_file_is_read(path: Path) -> None:
    # One of them gives a genotype allele 1 where ALT is missing; it is read, and said.
    assert outcome(path) == ("warned" if path.stem == "passed_body_alt" else "read")


@needs_shared
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("htslib/formatcols.vcf", "read"),
        ("htslib/formatmissing.vcf", "read"),
        ("htslib/noroundtrip.vcf", "warned"),
        ("htslib/vcf44_1.vcf", "warned"),
        ("htslib/vcf_meta_meta.vcf", "read"),
        ("edge/bgz.vcf.gz", "read"),
        ("edge/plain.vcf.gz", "read"),
        ("edge/crlf.vcf", "read"),
        ("edge/bom.vcf", "warned"),
        ("edge/noeof.vcf.gz", "warned"),
        ("edge/trunc.vcf.gz", "refused"),
        ("edge/empty.vcf", "refused"),
        ("edge/html.vcf", "refused"),
        ("edge/dupsample.vcf", "refused"),
        ("edge/gtoob.vcf", "refused"),
        ("edge/short.vcf", "refused"),
        ("edge/half.vcf", "refused"),  # its records are not sorted
    ],
)
def test_odd_files(name: str, expected: str) -> None:
    assert outcome(SHARED / name) == expected


@needs_shared
@pytest.mark.parametrize("path", [p for p in _files("**/*") if p.is_file() and p.suffix in (".vcf", ".gz")], ids=_name)
def test_reading_any_of_them_ends_in_genotypes_or_one_line(path: Path) -> None:
    try:
        pgx.variants.read(path, knowledge())
    except PgxError as error:
        assert "\n" not in str(error)
        assert str(path) in str(error)


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

    def test_records_out_of_order(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="not sorted"):
            read(tmp_path, snv("chr10:94842866", "A", "G", "0/1"), GOOD)

    def test_a_contig_that_comes_back(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="comes back"):
            read(tmp_path, GOOD, snv("chr22:5", "A", "G", "0/1"), snv("chr10:94842866", "A", "G", "0/1"))

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
