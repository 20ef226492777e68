"""A log of what happens is written at the end of a log, and of no other file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from pgx.cli.shown.progress import steps
from pgx.errors import InputError


def database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("create table person (person_id integer)")
    connection.close()


def genome(path: Path) -> None:
    path.write_text("##fileformat=VCFv4.3\n")


def result(path: Path) -> None:
    path.write_text('{"tool": "pgx"}')


@pytest.mark.parametrize("write", [database, genome, result])
def test_a_file_that_is_no_log_is_left_as_it_is(tmp_path: Path, write: Callable[[Path], None]) -> None:
    path = tmp_path / "a"
    write(path)
    before = path.read_bytes()
    with pytest.raises(InputError, match="is no log of runs"), steps("persons", quiet=True, log_file=path):
        pass
    assert path.read_bytes() == before


def test_a_log_goes_on_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.touch()
    for _ in range(2):
        with steps("persons", quiet=True, log_file=path):
            pass
    events = [json.loads(line)["event"] for line in path.read_text().splitlines()]
    assert events == ["start", "end", "start", "end"]
