"""A file of many persons is kept for the next block of them, and known again by what it is, not by its name."""

from __future__ import annotations

import sys

import pytest

from pgx.clinical import read
from pgx.clinical.records import MANY
from pgx.knowledge.recent import Recent

PEOPLE = [f"S{number}" for number in range(MANY)]


def table(age):
    return "sample,age\n" + "".join(f"{person},{age}\n" for person in PEOPLE)


def ages(path, kb, recent, person):
    found = read([path], kb, samples=[person], everyone=PEOPLE, recent=recent).observations
    return found.filter(concept="age")["value"].to_list()


def test_a_block_reads_what_the_one_before_it_has_kept(kb, write, monkeypatch):
    path, recent = write("ward.csv", table(40)), Recent()
    assert ages(path, kb, recent, "S1") == [40]
    monkeypatch.setattr(sys.modules["pgx.clinical.read"], "read_events", lambda *_, **__: pytest.fail("it is kept"))
    assert ages(path, kb, recent, "S2") == [40]


def test_a_file_that_was_written_anew_is_read_anew(kb, write):
    path, recent = write("ward.csv", table(40)), Recent()
    assert ages(path, kb, recent, "S1") == [40]
    path.write_text(table(71))
    assert ages(path, kb, recent, "S1") == [71]


def test_a_file_of_the_same_name_in_another_folder_is_another_file(kb, tmp_path, monkeypatch):
    recent = Recent()
    for folder, age in (("one", 40), ("two", 60)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "ward.csv").write_text(table(age))
        monkeypatch.chdir(tmp_path / folder)
        assert ages("ward.csv", kb, recent, "S1") == [age]
