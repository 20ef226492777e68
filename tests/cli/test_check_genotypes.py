"""`pgx check` refuses what `pgx report` refuses."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]
COLUMNS = "#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT A"
STAR2 = "chr10 94781859 . G A . PASS . GT 0/1"


def checked(tmp_path: Path, pgx_command: Run, *lines: str) -> tuple[int, str]:
    path = tmp_path / "in.vcf"
    rows = ["\t".join(line.split()) if not line.startswith("##") else line for line in lines]
    path.write_text("\n".join(["##fileformat=VCFv4.2", *rows]) + "\n")
    done = pgx_command("check", path)
    return done.returncode, done.stdout + done.stderr


def test_a_file_that_can_be_used(tmp_path: Path, pgx_command: Run) -> None:
    assert checked(tmp_path, pgx_command, "##reference=GRCh38", COLUMNS, STAR2)[0] == 0


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("##reference=GRCh38", COLUMNS.replace(" FORMAT A", ""), STAR2.replace(" GT 0/1", "")), "no sample columns"),
        (("##reference=GRCh38", COLUMNS, "chr10 94781859 . G A . PASS . DS 0.9"), "no record has a GT"),
        (("##reference=GRCh38", COLUMNS, STAR2.replace(" G A ", " T A ")), "another genome build"),
        (("##reference=GRCh38", COLUMNS, STAR2.replace(" G A ", " A G ")), "REF and ALT are exchanged"),
        (("##reference=mm10", COLUMNS, STAR2), "another genome"),
        (("##contig=<ID=chr10,length=134758134>", COLUMNS, STAR2), "another genome"),
    ],
    ids=["sites only", "no GT", "wrong build", "exchanged alleles", "mouse", "CHM13"],
)  # fmt: skip
def test_a_file_that_cannot(tmp_path: Path, pgx_command: Run, lines: tuple[str, ...], message: str) -> None:
    code, said = checked(tmp_path, pgx_command, *lines)
    assert code == 3
    assert message in said


@pytest.mark.parametrize("meta", [("##reference=GRCh38",), ()], ids=["build said", "build unsaid"])
def test_a_file_without_gt_is_refused_by_every_command_in_one_line(
    tmp_path: Path, pgx_command: Run, meta: tuple[str, ...]
) -> None:
    bases = [("94781859", "G", "A"), ("94842866", "A", "G"), ("94762706", "A", "G"), ("94780653", "G", "A")]
    rows = (f"chr10 {pos} . {ref} {alt} . PASS . DP 9" for pos, ref, alt in bases)
    assert checked(tmp_path, pgx_command, *meta, COLUMNS, *rows)[0] == 3
    path = tmp_path / "in.vcf"
    for command in (("check", path), ("call", path), ("report", path, "--out", tmp_path / "out")):
        done = pgx_command(*command)
        assert done.returncode == 3, done.stderr
        (line,) = done.stderr.splitlines()
        assert line.endswith("no record has a GT, so there are no genotypes to call from")


def test_what_reading_it_notes_is_shown(tmp_path: Path, pgx_command: Run) -> None:
    """Standard error of the other commands names only the kind of such a note, and points here."""
    lost = "chr1 97500000 . N <DEL> . PASS END=97600000 GT 0/1"
    end = '##INFO=<ID=END,Number=1,Type=Integer,Description="x">'
    code, said = checked(tmp_path, pgx_command, "##reference=GRCh38", end, COLUMNS, lost, STAR2)
    assert code == 0
    assert re.search(r"\tstructural_variant\t.*exon.* of DPYD.*\tline 5\n", said)
    assert "lists only differences from the reference" in said


def test_what_is_noted_of_one_person_names_that_person(tmp_path: Path, pgx_command: Run) -> None:
    rows = ("chr10 94781859 . G A . PASS . GT 0/1 0/0", "chr10 94842866 . A G . PASS . GT 1 0/0")
    _, said = checked(tmp_path, pgx_command, "##reference=GRCh38", COLUMNS + " B", *rows)
    assert "A: 1 genotypes of an autosome have one allele" in said
    assert said.count("malformed") <= 1
