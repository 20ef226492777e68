"""Text of an input's author that makes a pattern try every way to read it: it is read in linear time."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path

import pytest

import pgx
from pgx import clinical
from pgx.cohort.samplesheet import read_sheet
from pgx.errors import PgxError
from pgx.guard.limits import read_json
from pgx.knowledge import KnowledgeBase, load
from pgx.phenotypes.outside import merge

HEADS = {
    "empty lines": b"\n" * 65_536,
    "quotation marks": b"rs1" + b'"' * 65_000,
    "hashes": b"#" * 65_536,
    "a strand after blanks": b"# strand" + b" " * 60_000 + b"\nsample,rs1\nA,G/A\n",
    "a build after blanks": b"# build" + b" " * 60_000 + b"\nrsid\tchromosome\tposition\tgenotype\n",
    "a long heading": b"sample," + b"w" * 60_000 + b"\nA,1\n",
    "a long heading with dashes": b"sample," + b"a-" * 30_000 + b"\nA,1\n",
}


@pytest.fixture(scope="module")
def kb() -> KnowledgeBase:
    return load()


@pytest.mark.parametrize("name", HEADS)
def test_what_a_file_is_takes_no_time_to_see(tmp_path: Path, name: str) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(HEADS[name])
    before = time.process_time()
    with suppress(PgxError):
        pgx.check(path)
    with pytest.raises(PgxError):
        pgx.call(path, options=pgx.Options(genes="CYP2C19"))
    assert time.process_time() - before < 5


def test_a_name_that_is_there_twice_is_found_among_many_in_linear_time(tmp_path: Path, kb: KnowledgeBase) -> None:
    names = [f"x_{number}" for number in range(19_998)] + ["sample"]
    doubled = json.dumps(dict.fromkeys(names, 1))[:-1] + ', "x_19997": 2}'
    table = ",".join([*names, "x_19997"]) + "\n"
    before = time.process_time()
    with pytest.raises(ValueError, match="'x_19997' is there twice"):
        read_json(doubled)
    for read in (lambda path: clinical.read([path], kb), lambda path: read_sheet(path, kb)):
        (tmp_path / "in.csv").write_text(table + ",".join("1" * 20_000) + "\n")
        with pytest.raises(PgxError, match="'x_19997' is there twice"):
            read(tmp_path / "in.csv")
    assert time.process_time() - before < 3


def test_digits_of_a_list_of_outside_calls_are_looked_at_once(tmp_path: Path, kb: KnowledgeBase) -> None:
    path = tmp_path / "in.txt"
    path.write_text("1" * 60_000 + " ranked A*01:01\n")
    before = time.process_time()
    with pytest.raises(PgxError):
        merge.read(path, kb)
    assert time.process_time() - before < 5


@pytest.mark.parametrize("kind", ["medications", "allergies"])
@pytest.mark.parametrize(
    "text",
    [
        "x" + " " * 8000 + "since",
        "x" + " " * 8000 + "- rash",
        "x" + " " * 8000 + ", y",
        "x" + "(" * 20_000,
        "x " + "-" * 990,
        "x " + "for a " * 160,
        "x 1" + ",1" * 10_000,
    ],
    ids=lambda text: f"{text[:3]}...{text[-5:]}",
)
def test_an_entry_of_a_list_takes_no_time_to_read(tmp_path: Path, kind: str, text: str, kb: KnowledgeBase) -> None:
    path = tmp_path / "in.json"
    path.write_text(json.dumps({"sample": "P1", kind: [text]}))
    before = time.process_time()
    clinical.read([path], kb)
    assert time.process_time() - before < 8
