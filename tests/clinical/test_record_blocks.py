"""A file of many persons that is cut into blocks says of each person what the whole file says."""

from __future__ import annotations

import sys
from dataclasses import fields

import polars as pl
import pytest

from pgx.clinical import read, record_blocks
from pgx.clinical.records import MANY
from pgx.errors import InputError
from pgx.knowledge.recent import Recent

PEOPLE = [f"S{number}" for number in range(MANY)]
BLOCKS = [PEOPLE[:40], PEOPLE[40:60], PEOPLE[60:], ["without records", "with a record, lost"]]
EVERYONE = [*PEOPLE, "without records", "with a record, lost", "of no block"]
HOW = (None, None)


def row(number):
    """A person's line: every seventh value is none that a person can have, every eleventh drug is unknown."""
    age = 400 if number % 7 == 0 else 30 + number % 50
    drug = "xyzumab" if number % 11 == 0 else "warfarin;codeine" if number % 2 else "none"
    return f"{age},2024-0{1 + number % 9}-11,{'red' if number % 5 else ''},{drug}\n"


@pytest.fixture
def path(write):
    lines = [
        f"{person},{row(number)}"
        for number, person in enumerate([*PEOPLE, "of no block", "stranger", "S3", "WITH A RECORD LOST"])
    ]
    return write("ward.csv", "sample,age,date,eyes,medications\n" + "".join(lines))


def told(path, kb, samples, recent=None):
    return read([path], kb, samples=samples, everyone=EVERYONE, recent=recent)


def cut(path, kb, folder, groups=BLOCKS):
    record_blocks.cut([str(path)], kb, groups, EVERYONE, folder, HOW)


def put_back(folder, number, kb):
    recent = Recent()
    record_blocks.put_back(folder, number, kb, recent, HOW)
    return recent


def same(one, other):
    values = [(getattr(one, field.name), getattr(other, field.name)) for field in fields(one)]
    return all(a.equals(b) if isinstance(a, pl.DataFrame) else a == b for a, b in values)


def test_each_block_has_what_the_whole_file_says_of_its_persons(path, kb, tmp_path, monkeypatch):
    whole = [told(path, kb, block) for block in BLOCKS]
    cut(path, kb, tmp_path / "cut")
    monkeypatch.setattr(sys.modules["pgx.clinical.read"], "read_events", lambda *_, **__: pytest.fail("it is cut"))
    for number, (block, expected) in enumerate(zip(BLOCKS, whole, strict=True)):
        found = told(path, kb, block, put_back(tmp_path / "cut", number, kb))
        assert same(found, expected), number
    assert "record_lost" in whole[-1].notes.filter(sample="with a record, lost")["code"].to_list()
    codes = {"drug_unknown", "impossible_value", "not_understood", "no_genotypes"}
    assert codes <= set(whole[0].notes["code"])


def test_one_person_of_a_block_has_it_too(path, kb, tmp_path):
    cut(path, kb, tmp_path / "cut")
    assert same(told(path, kb, ["S41"], put_back(tmp_path / "cut", 1, kb)), told(path, kb, ["S41"]))


def test_a_block_holds_no_record_of_another(path, kb, tmp_path):
    cut(path, kb, tmp_path / "cut")
    recent = put_back(tmp_path / "cut", 1, kb)
    assert told(path, kb, ["S3"], recent).observations.is_empty()


def test_a_file_that_changed_since_is_read_anew(path, kb, tmp_path):
    cut(path, kb, tmp_path / "cut")
    path.write_text(path.read_text().replace("warfarin", "simvastatin"))
    found = told(path, kb, ["S41"], put_back(tmp_path / "cut", 1, kb))
    assert "simvastatin" in found.medications["drug"].to_list()


def test_the_blocks_of_a_shard_are_those_of_all(path, kb, tmp_path):
    cut(path, kb, tmp_path / "cut", [(), BLOCKS[1], (), ()])
    assert same(told(path, kb, BLOCKS[1], put_back(tmp_path / "cut", 1, kb)), told(path, kb, BLOCKS[1]))


def test_a_file_that_cannot_be_used_is_left_to_who_reads_it(kb, write, tmp_path):
    path = write("ward.csv", "sample,age\nstranger,40\n")
    cut(path, kb, tmp_path / "cut")
    with pytest.raises(InputError, match="has not the name of any"):
        told(path, kb, BLOCKS[0], put_back(tmp_path / "cut", 0, kb))
