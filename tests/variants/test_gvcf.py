"""Reference blocks as evidence: GATK, DeepVariant, DRAGEN and Strelka write them in their own ways."""

from pathlib import Path

import pytest

import pgx.variants
from tests.variants.build import at, compress, knowledge, read, snv, text

SITE = ("chr10", 94781859)  # CYP2C19 *2
OTHER = ("chr10", 94842866)
DELETION = ("chr1", 97740410)  # DPYD GATGA>G, five bases


def block(
    chrom: str,
    first: int,
    last: int,
    ref: str = "N",
    *,
    alt: str = "<NON_REF>",
    form: str = "GT:DP:GQ:MIN_DP:PL",
    values: str = "0/0:30:90:28:0,90,900",
    filters: str = ".",
) -> str:
    return snv(f"{chrom}:{first}", ref, alt, values, filters=filters, info=f"END={last}", form=form)


@pytest.mark.parametrize(
    ("alt", "form", "values", "filters"),
    [
        ("<NON_REF>", "GT:DP:GQ:MIN_DP:PL", "0/0:30:90:28:0,90,900", "."),  # GATK
        ("<*>", "GT:GQ:MIN_DP:PL", "0/0:50:28:0,90,900", "."),  # DeepVariant
        ("<NON_REF>", "GT:AD:DP:GQ:MIN_DP:PL:SPL:ICNT", "0/0:35,0:35:93:33:0,99,1485:0,99,255:7,0", "PASS"),  # DRAGEN
        (".", "GT:GQX:DP:DPF:MIN_DP", "0/0:60:28:0:25", "PASS"),  # Strelka
    ],
)
def test_a_block_over_the_site_is_evidence_of_the_reference(
    tmp_path: Path, alt: str, form: str, values: str, filters: str
) -> None:
    found = read(tmp_path, block("chr10", 94781800, 94781900, alt=alt, form=form, values=values, filters=filters))
    assert at(found, *SITE) == ("REFERENCE_BLOCK", (0, 0))
    assert at(found, *OTHER) == ("ABSENT", (-1, -1))


def test_a_block_in_an_indexed_file_is_found_though_it_starts_far_before(tmp_path: Path) -> None:
    path = tmp_path / "in.vcf"
    path.write_text(text([block("chr10", 94700000, 94800000)]))
    found = pgx.variants.read(compress(path), knowledge())
    assert at(found, *SITE) == ("REFERENCE_BLOCK", (0, 0))


def test_a_block_of_one_base_is_reference_at_a_single_base_site(tmp_path: Path) -> None:
    found = read(tmp_path, snv("chr10:94781859", "G", "<NON_REF>", "0/0:30:90", form="GT:DP:GQ"))
    assert at(found, *SITE) == ("REFERENCE_BLOCK", (0, 0))


def test_a_variant_record_of_a_gvcf_is_called(tmp_path: Path) -> None:
    found = read(tmp_path, snv("chr10:94781859", "G", "A,<NON_REF>", "0/1:30:90", form="GT:DP:GQ"))
    assert at(found, *SITE) == ("CALLED", (0, 1))


def test_a_block_must_cover_the_whole_deletion(tmp_path: Path) -> None:
    part = read(tmp_path, block("chr1", 97740400, 97740412))
    assert at(part, *DELETION) == ("ABSENT", (-1, -1))
    whole = read(tmp_path, block("chr1", 97740400, 97740414))
    assert at(whole, *DELETION) == ("REFERENCE_BLOCK", (0, 0))


def test_two_blocks_may_cover_it_together(tmp_path: Path) -> None:
    found = read(tmp_path, block("chr1", 97740400, 97740412), block("chr1", 97740413, 97740420))
    assert at(found, *DELETION) == ("REFERENCE_BLOCK", (0, 0))


def test_base_by_base_reference_records_cover_it_together(tmp_path: Path) -> None:
    rows = [snv(f"chr1:{97740410 + i}", base, ".", "0/0") for i, base in enumerate("GATGA")]
    assert at(read(tmp_path, *rows), *DELETION) == ("REFERENCE_BLOCK", (0, 0))
    assert at(read(tmp_path, *rows[:3], rows[4]), *DELETION)[0] == "ABSENT"


@pytest.mark.parametrize("alt", ["<NON_REF>", "<*>", "."])
@pytest.mark.parametrize(
    ("between", "expected"),
    [
        (snv("chr1:97740410", "G", "GA", "0/1", filters="LowQual"), "FILTERED"),
        (snv("chr1:97740410", "G", ".", "./."), "ABSENT"),
        (snv("chr1:97740410", "G", "<NON_REF>", "0/1"), "UNSUPPORTED"),
        (snv("chr1:97740410", "G", "C", "0/1"), "REFERENCE_BLOCK"),
        (snv("chr1:97740410", "G", "C", "0/1", filters="LowQual"), "ABSENT"),
        (snv("chr1:97740410", "G", "C", "./."), "ABSENT"),
        (snv("chr1:97740410", "G", ".", "0/0"), "REFERENCE_BLOCK"),
    ],
)
def test_a_block_that_begins_inside_a_site_does_not_speak_of_what_lies_before_it(
    tmp_path: Path, alt: str, between: str, expected: str
) -> None:
    before, behind = block("chr1", 97740300, 97740409, alt=alt), block("chr1", 97740411, 97740500, alt=alt)
    assert at(read(tmp_path, before, between, behind), *DELETION)[0] == expected


@pytest.mark.parametrize("values", ["0/0:0:0:0:0,0,0", "0/0:3:0:2:0,0,0", "./.:0:0:0:0,0,0"])
def test_a_block_without_reads_or_confidence_is_no_call(tmp_path: Path, values: str) -> None:
    found = read(tmp_path, block("chr10", 94781800, 94781900, values=values))
    assert at(found, *SITE) == ("NO_CALL", (-1, -1))


def test_thresholds_use_the_lowest_depth_of_a_block(tmp_path: Path) -> None:
    row = block("chr10", 94781800, 94781900, values="0/0:30:90:8:0,90,900")
    assert at(read(tmp_path, row, min_dp=10), *SITE) == ("FILTERED", (-1, -1))
    assert at(read(tmp_path, row, min_gq=95), *SITE) == ("FILTERED", (-1, -1))
    assert at(read(tmp_path, row, min_gq=90), *SITE) == ("REFERENCE_BLOCK", (0, 0))


def test_a_filtered_block_is_filtered(tmp_path: Path) -> None:
    found = read(tmp_path, block("chr10", 94781800, 94781900, filters="LowGQ"))
    assert at(found, *SITE) == ("FILTERED", (-1, -1))


def test_grch37_blocks_give_the_reference_base_of_grch37(tmp_path: Path) -> None:
    found = read(tmp_path, block("10", 96602600, 96602700), build="GRCh37")
    assert at(found, *OTHER) == ("REFERENCE_BLOCK", (1, 1))


def test_a_variant_inside_a_block_wins(tmp_path: Path) -> None:
    found = read(tmp_path, block("chr10", 94781800, 94781900), snv("chr10:94781859", "G", "A", "0/1"))
    assert at(found, *SITE) == ("CALLED", (0, 1))


def test_a_deletion_record_of_a_gvcf_tells_of_its_anchor(tmp_path: Path) -> None:
    """GATK's record at the base itself has considered every other allele too."""
    found = read(tmp_path, snv("chr10:94781859", "GGA", "G,<NON_REF>", "0/1:30:90", form="GT:DP:GQ"))
    assert at(found, *SITE) == ("CALLED", (0, 0))


@pytest.mark.parametrize("alt", [".", "<NON_REF>", "<*>"])
def test_a_large_file_without_index_shows_the_blocks_that_its_index_would(tmp_path: Path, alt: str) -> None:
    # Far from the beginning of the file, where records are looked at a chunk at a time; the header declares no END.
    before = [f"chr10 {90000000 + 10 * i} . A C 50.0 PASS AC=1;MQ=60.00;RELATED={i:032d} GT 0/1" for i in range(60000)]
    block = f"chr10 94781800 . C {alt} . PASS AC=0;END=94781900 GT 0/0"
    path = tmp_path / "in.vcf"
    path.write_text(text([*before, block, "chr10 94842800 . A C 50.0 PASS AC=1 GT 0/1"]))
    assert path.stat().st_size > 1 << 22
    packed = compress(path)
    indexed = at(pgx.variants.read(packed, knowledge()), *SITE)
    packed.with_name(packed.name + ".tbi").unlink()
    assert indexed == ("REFERENCE_BLOCK", (0, 0))
    assert at(pgx.variants.read(packed, knowledge()), *SITE) == indexed
    assert at(pgx.variants.read(path, knowledge()), *SITE) == indexed
