"""A reference genome brings an indel to its left-most spelling, however far the repeat carries it."""

from __future__ import annotations

from pathlib import Path

import pysam
import pytest

import pgx.variants
from pgx.errors import InputError
from tests.variants.build import at, codes, knowledge, read, snv

STRETCH = (955, "ACCCCCT")  # the deletion of one C is written at 955 by the knowledge


@pytest.fixture
def fasta(tmp_path: Path) -> Path:
    """Write the mitochondrion with the knowledge's own bases, N elsewhere."""
    bases = ["N"] * 16569
    for chrom, pos, ref in knowledge().sites.select("chrom", "pos_grch38", "ref").iter_rows():
        if chrom == "chrM":
            bases[pos - 1 : pos - 1 + len(ref)] = ref
    bases[STRETCH[0] - 1 : STRETCH[0] - 1 + len(STRETCH[1])] = STRETCH[1]
    path = tmp_path / "ref.fa"
    path.write_text(">MT\n" + "".join(bases) + "\n")
    pysam.faidx(str(path))
    return path


@pytest.mark.parametrize("pos", [956, 957, 958, 959])
def test_a_shifted_deletion_needs_the_reference(tmp_path: Path, fasta: Path, pos: int) -> None:
    row = snv(f"chrM:{pos}", "CC", "C", "1")
    known = read(tmp_path, snv("chr10:94781859", "G", "A", "0/1"), row, fasta=fasta)
    assert at(known, "chrM", 955) == ("CALLED", (1, -2))


def test_without_it_a_far_spelling_leaves_the_site_open(tmp_path: Path) -> None:
    rows = [snv("chr10:94781859", "G", "A", "0/1"), snv("chrM:958", "CC", "C", "1")]
    for assume in (False, True):
        found = read(tmp_path, *rows, absent_is_reference=assume)
        assert at(found, "chrM", 955) == ("UNSUPPORTED", (-4, -2))
        assert "indel_undecided" in codes(found)


def test_an_indel_that_its_own_bases_keep_in_place_is_another_one(tmp_path: Path) -> None:
    found = read(tmp_path, snv("chr10:94781859", "G", "A", "0/1"), snv("chrM:958", "TC", "T", "1"))
    assert at(found, "chrM", 955)[0] == "ABSENT"


def test_a_shifted_record_in_an_indexed_file(tmp_path: Path, fasta: Path) -> None:
    from tests.variants.build import compress, text

    path = tmp_path / "in.vcf"
    path.write_text(
        text([snv("chrM:959", "CC", "C", "1")], build=None, meta=["##contig=<ID=chrM>", "##reference=hg38"])
    )
    assert at(pgx.variants.read(compress(path), knowledge(), fasta=fasta), "chrM", 955) == ("CALLED", (1, -2))


def test_substitutions_are_left_alone(tmp_path: Path, fasta: Path) -> None:
    found = read(tmp_path, snv("chrM:1555", "A", "G", "1"), fasta=fasta)
    assert at(found, "chrM", 1555) == ("CALLED", (1, -2))


def test_a_reference_of_another_build_is_refused(tmp_path: Path, fasta: Path) -> None:
    text = fasta.read_text().replace("A", "x").replace("C", "A").replace("x", "C")
    fasta.write_text(text)
    pysam.faidx(str(fasta))
    with pytest.raises(InputError, match="is not GRCh38"):
        read(tmp_path, snv("chrM:1555", "A", "G", "1"), fasta=fasta)


def test_a_reference_without_index_or_none_at_all(tmp_path: Path, fasta: Path) -> None:
    Path(f"{fasta}.fai").unlink()
    for path, message in ((fasta, "samtools faidx"), (tmp_path / "none.fa", "no such file")):
        with pytest.raises(InputError, match=message):
            read(tmp_path, snv("chrM:1555", "A", "G", "1"), fasta=path)
