"""A file of many persons is read once for all blocks of a cohort, and says the same of each person as if read anew."""

from __future__ import annotations

import importlib

import pytest

from pgx import knowledge
from pgx.clinical import read, records
from pgx.knowledge.recent import Recent

reading = importlib.import_module("pgx.clinical.read")
"""The module; the package's `read` is its function."""

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


@pytest.fixture
def readings(monkeypatch):
    """Return the files that were opened and read, in order."""
    seen = []

    def counted(path, *rest, **options):
        seen.append(path)
        return read_events(path, *rest, **options)

    read_events = reading.read_events
    monkeypatch.setattr(reading, "read_events", counted)
    return seen


def test_a_file_of_many_is_read_once(kb, ward, monkeypatch, readings):
    monkeypatch.setattr(records, "MANY", 1)
    recent = Recent()
    read([ward], kb, samples=("A",), everyone=EVERYONE, recent=recent)
    again = read([ward], kb, samples=("B",), everyone=EVERYONE, recent=recent)
    assert again.medications["drug"].to_list() == ["clopidogrel"]
    assert readings == [ward]


def test_a_file_that_changed_is_read_anew(kb, ward, monkeypatch, readings):
    monkeypatch.setattr(records, "MANY", 1)
    recent = Recent()
    read([ward], kb, samples=("A",), everyone=EVERYONE, recent=recent)
    ward.write_text("sample,sex,age,medications\nA,male,40,warfarin\nB,female,50,simvastatin\n")
    again = read([ward], kb, samples=("B",), everyone=EVERYONE, recent=recent)
    assert again.medications["drug"].to_list() == ["simvastatin"]
    assert readings == [ward, ward]


def test_files_of_single_persons_are_not_kept(kb, ward, readings):
    recent = Recent()
    for person in ("A", "B"):
        read([ward], kb, samples=(person,), everyone=EVERYONE, recent=recent)
    assert readings == [ward, ward]
