"""A file of many persons is read once for all blocks of a cohort, and says the same of each person as if read anew."""

from __future__ import annotations

import pytest

from pgx import knowledge
from pgx.clinical import read, records
from pgx.errors import InputError
from pgx.knowledge.recent import Recent

EVERYONE = ("A", "B", "C", "D")


@pytest.fixture(scope="module")
def kb():
    return knowledge.load()


@pytest.fixture
def ward(tmp_path):
    path = tmp_path / "ward.csv"
    path.write_text(
        "sample,sex,age,weight_kg,medications,shoe_size\n"
        "A,male,40,70,warfarin,42\nB,female,50,900,clopidogrel;unknownol,38\nC,male,x,80,,44\nX7,male,60,81,codeine,41\n"
    )
    return path


def _said(data):
    frames = (data.observations, data.medications, data.notes, data.kept_out)
    return [frame.to_dicts() for frame in frames], data.holders


@pytest.mark.parametrize("persons", [{}, {"X7": "D"}], ids=["by name", "as the user says"])
def test_blocks_are_told_what_a_file_read_anew_tells(kb, ward, monkeypatch, persons):
    monkeypatch.setattr(records, "MANY", 1)
    recent = Recent()
    for block in (("A", "B"), ("C", "D"), ("A", "B")):
        how = {"samples": block, "everyone": EVERYONE, "persons": persons}
        assert _said(read([ward], kb, **how, recent=recent)) == _said(read([ward], kb, **how))


def test_a_file_of_many_is_read_once(kb, ward, monkeypatch):
    monkeypatch.setattr(records, "MANY", 1)
    recent = Recent()
    read([ward], kb, samples=("A",), everyone=EVERYONE, recent=recent)
    ward.unlink()
    assert read([ward], kb, samples=("B",), everyone=EVERYONE, recent=recent).medications["drug"].to_list() == [
        "clopidogrel"
    ]


def test_files_of_single_persons_are_not_kept(kb, ward):
    recent = Recent()
    read([ward], kb, samples=("A",), everyone=EVERYONE, recent=recent)
    ward.unlink()
    with pytest.raises(InputError, match="no such file"):
        read([ward], kb, samples=("B",), everyone=EVERYONE, recent=recent)
