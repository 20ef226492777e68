"""The audit log: what a chain of digests can show, it shows."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgx.errors import InputError
from pgx.protect import Log, Run, verify
from pgx.protect.audit import digest_of, file_digest


def run(number: int = 0) -> Run:
    return Run("report", ("--out",), (f"{number:064x}",), (), {"pgx": "1"}, 0)


def filled(folder: Path, records: int = 4) -> tuple[Log, list[str]]:
    log = Log(folder)
    return log, [log.add(run(number)) for number in range(records)]


def test_what_was_written_is_whole(tmp_path: Path) -> None:
    log, heads = filled(tmp_path)
    found = verify(tmp_path, heads=heads)
    assert (found.files, found.records, found.faults, found.heads) == (1, 4, (), (heads[-1],))
    assert log.path.stat().st_mode & 0o777 == 0o600


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_other_character_is_found(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("log")
    log, _ = filled(folder)
    text = log.path.read_text()
    at = data.draw(st.integers(0, len(text) - 2).filter(lambda i: text[i] not in "\n "))
    other = data.draw(st.characters(min_codepoint=33, max_codepoint=126).filter(lambda c: c != text[at]))
    log.path.write_text(text[:at] + other + text[at + 1 :])
    assert verify(folder).faults


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_record_that_is_gone_is_found(tmp_path: Path, gone: int) -> None:
    log, _ = filled(tmp_path)
    lines = log.path.read_text().splitlines(keepends=True)
    log.path.write_text("".join(lines[:gone] + lines[gone + 1 :]))
    assert verify(tmp_path).faults


def test_a_record_that_was_put_in_is_found(tmp_path: Path) -> None:
    log, _ = filled(tmp_path)
    lines = log.path.read_text().splitlines()
    new = json.loads(lines[1]) | {"command": "call"}
    new["digest"] = digest_of(new)
    log.path.write_text("\n".join([lines[0], json.dumps(new), *lines[1:]]) + "\n")
    assert verify(tmp_path).faults


def test_a_log_that_is_there_under_two_names_is_found(tmp_path: Path) -> None:
    first = filled(tmp_path, 2)[0].path
    lines = first.read_bytes().splitlines(keepends=True)
    for copied in (lines, lines[:1]):
        (tmp_path / f"z{first.name}").write_bytes(b"".join(copied))
        assert verify(tmp_path).faults == (
            f"z{first.name}: has the records of {first.name}; one of the two was inserted",
        )


def test_an_end_that_was_cut_off_is_found_by_the_head_alone(tmp_path: Path) -> None:
    log, heads = filled(tmp_path)
    lines = log.path.read_text().splitlines(keepends=True)
    log.path.write_text("".join(lines[:-1]))
    assert not verify(tmp_path).faults
    assert verify(tmp_path, heads=[heads[-1]]).faults


def test_a_file_that_is_gone_or_shorter_is_missed_by_the_next_one(tmp_path: Path) -> None:
    first, _ = filled(tmp_path)
    second, _ = filled(tmp_path)
    assert not verify(tmp_path).faults
    lines = first.path.read_text().splitlines(keepends=True)
    first.path.write_text("".join(lines[:-1]))
    assert verify(tmp_path).faults
    first.path.unlink()
    assert any("is missing" in fault for fault in verify(tmp_path).faults)
    assert second.path.exists()


def test_a_log_of_many_runs_grows_with_them_and_each_removal_is_found(tmp_path: Path) -> None:
    paths = [filled(tmp_path, 1 + number % 3)[0].path for number in range(40)]
    first = [json.loads(path.read_text().splitlines()[0])["beside"] for path in paths]
    assert [list(beside) for beside in first] == [[], *([path.name] for path in paths[:-1])]
    assert not verify(tmp_path).faults
    for path in paths[:-1]:
        content = path.read_text()
        path.unlink()
        assert verify(tmp_path).faults
        path.write_text("".join(content.splitlines(keepends=True)[:-1]))
        assert verify(tmp_path).faults
        path.write_text(content)
    assert not verify(tmp_path).faults


def test_a_log_that_is_still_written_is_seen_once_more(tmp_path: Path) -> None:
    service, _ = filled(tmp_path)
    filled(tmp_path, 1)
    service.add(run(9))
    with service.path.open("a") as stream:
        stream.write('{"half": ')
    beside = Log(tmp_path)._beside
    assert service.path.name in beside and len(beside) == 2


def test_a_key_that_is_there_twice_is_a_change(tmp_path: Path) -> None:
    log, _ = filled(tmp_path)
    log.path.write_text(log.path.read_text().replace('{"beside"', '{"user": "somebody", "beside"', 1))
    assert verify(tmp_path).faults == (f"{log.path.name}: line 1 was changed",)


def test_values_of_options_are_not_logged(tmp_path: Path) -> None:
    log, _ = filled(tmp_path, 1)
    record = json.loads(log.path.read_text())
    assert set(record) == {
        "number", "time", "user", "command", "options", "inputs", "outputs", "versions", "exit_code", "beside",
        "previous", "digest",
    }  # fmt: skip


def test_a_folder_without_logs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no audit log"):
        verify(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        verify(tmp_path / "none")


def test_a_pipe_is_left_to_the_command_that_reads_it(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert file_digest(pipe) == file_digest(Path("/dev/zero")) == file_digest(tmp_path) == ""
