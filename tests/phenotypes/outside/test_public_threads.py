"""Outputs of star-allele callers that their users reported in public, each with the answer that is right here."""

from __future__ import annotations

from pathlib import Path

import pytest

import pgx
from pgx import knowledge
from pgx.notes import Note
from pgx.phenotypes.outside import merge
from pgx.phenotypes.outside.merge import OutsideCall
from tests.variants.build import snv, text

_CYRIUS = "Sample\tGenotype\tFilter\n"
_STELLARPGX = (
    "--------------------------------------------\n\nCYP2D6 Star Allele Calling with StellarPGx\n\n----\n\n"
    "Initially computed CN = 8\n\nCandidate alleles:\n['10.v1_10.v1']\n\n"
)


def read(tmp_path: Path, name: str, content: str) -> tuple[list[OutsideCall], list[Note]]:
    (tmp_path / name).write_text(content)
    return merge.read(tmp_path / name, knowledge.load())


@pytest.mark.parametrize("rest", ["", "Result:\n"])
def test_stellarpgx_4_a_file_that_ends_before_its_result(tmp_path: Path, rest: str) -> None:
    calls, notes = read(tmp_path, "s.alleles", _STELLARPGX + rest)
    assert calls == [] and [note.code for note in notes] == ["outside_no_call"]


@pytest.mark.parametrize("rest", ["Result:\n*10/", "Result:\n*10/\n\nActivity score:\n"])
def test_stellarpgx_4_a_file_that_ends_within_its_result(tmp_path: Path, rest: str) -> None:
    calls, notes = read(tmp_path, "s.alleles", _STELLARPGX + rest)
    assert calls == [] and [note.code for note in notes] == ["outside_refused"]


def test_cyrius_18_alleles_that_were_not_put_on_two_strands(tmp_path: Path) -> None:
    calls, notes = read(tmp_path, "c.tsv", _CYRIUS + "s\t*119_*2;*1_*41\tMore_than_one_possible_genotype\n")
    assert calls == [] and [note.code for note in notes] == ["outside_refused"]


def test_cyrius_25_none_is_no_call(tmp_path: Path) -> None:
    calls, notes = read(tmp_path, "c.tsv", _CYRIUS + "s\tNone\tNone\n")
    assert calls == [] and [note.code for note in notes] == ["outside_no_call"]


def test_cyrius_32_three_hybrids_beside_the_fourth_copy(tmp_path: Path) -> None:
    """The hybrids *68 have no function, and neither has *4."""
    small, calls = tmp_path / "in.vcf", tmp_path / "c.tsv"
    small.write_text(text([snv("chr22:42126611", "C", "G", "0/0")], ("s",)))
    calls.write_text(_CYRIUS + "s\t*1/*68+*68+*68+*4\tPASS\n")
    row = pgx.call(small, outside_calls=calls, options=pgx.Options(genes=["CYP2D6"])).row(0, named=True)
    assert (row["phenotype"], row["activity_score"]) == ("Intermediate Metabolizer", 1.0)
