"""A log of what happens is written at the end of a log, and of no other file."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
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


def test_a_log_to_where_this_process_prints_is_written_whatever_stands_there(tmp_path: Path) -> None:
    program = "from pathlib import Path; from pgx.cli.shown.progress import steps\n"
    program += "with steps('persons', quiet=True, log_file=Path('/dev/stderr')): pass"
    (tmp_path / "err").write_text("an earlier line\n")
    with (tmp_path / "err").open("a") as stream:
        done = subprocess.run([sys.executable, "-c", program], stderr=stream, check=False)
    lines = (tmp_path / "err").read_text().splitlines()
    assert not done.returncode and lines[0] == "an earlier line"
    assert [json.loads(line)["event"] for line in lines[1:]] == ["start", "end"]


def test_a_link_to_a_file_that_is_no_log_is_refused_and_one_to_nothing_begins_a_log(tmp_path: Path) -> None:
    genome(tmp_path / "a.vcf")
    (tmp_path / "link").symlink_to("a.vcf")
    (tmp_path / "new").symlink_to("a.log")
    with pytest.raises(InputError, match="is no log of runs"), steps("persons", quiet=True, log_file=tmp_path / "link"):
        pass
    with steps("persons", quiet=True, log_file=tmp_path / "new"):
        pass
    assert (tmp_path / "a.log").read_text().count("\n") == 2


def test_a_log_into_a_pipe_reaches_its_reader(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with steps("persons", quiet=True, log_file=tmp_path / "pipe"):
        pass
    assert os.read(reader, 10_000).count(b"\n") == 2
    os.close(reader)
