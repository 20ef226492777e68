"""Outputs are whole or absent, whatever ends a run; the next run leaves no litter of the one before."""

from __future__ import annotations

import errno
import os
import resource
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import pgx
from pgx.errors import InputError
from pgx.guard import staging
from pgx.io import atomic_path, write_bytes
from pgx.tables import write_table

GENOME = "data/examples/HG00652.GRCh38.vcf.gz"

NAMES = ("a.html", "b.json", "c.tsv")


@pytest.fixture(autouse=True)
def as_a_new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders are tidied once a process: let each test be one."""
    monkeypatch.setattr(staging, "_tidied", set())


def in_child(run: Callable[[], object]) -> int:
    """Run in a process of its own; return how it ended, 0 or the signal (negative) or 1 for an error."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            staging._tidied.clear()
            run()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def write_set(folder: Path, content: bytes, kill_at: str = "") -> None:
    with staging.together(folder):
        for name in NAMES:
            if name == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            write_bytes(folder / name, content)


def next_run(folder: Path) -> None:
    staging._tidied.clear()
    write_bytes(folder / "other.txt", b"")


def state(folder: Path) -> set[bytes]:
    return {(folder / name).read_bytes() for name in NAMES if (folder / name).exists()}


def litter(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob(f"{staging.PREFIX}*"))


@pytest.mark.parametrize("at", NAMES)
def test_a_kill_before_the_last_file_leaves_the_old_set(tmp_path: Path, at: str) -> None:
    write_set(tmp_path, b"old")
    assert in_child(lambda: write_set(tmp_path, b"new", at)) == -signal.SIGKILL
    assert state(tmp_path) == {b"old"} and litter(tmp_path)
    next_run(tmp_path)
    assert not litter(tmp_path) and state(tmp_path) == {b"old"}


@pytest.mark.parametrize("after", [0, 1, 2, 3])
def test_a_kill_among_the_last_renames_is_finished_by_the_next_run(
    tmp_path: Path, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_set(tmp_path, b"old")
    (tmp_path / "gone.txt").touch()
    rename, left = Path.replace, [after]

    def dies(self: Path, target: Path) -> Path:
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1
        return rename(self, target)

    def write() -> None:
        with staging.together(tmp_path):
            for name in NAMES:
                write_bytes(tmp_path / name, b"new")
            staging.remove(tmp_path / "gone.txt")
            monkeypatch.setattr(Path, "replace", dies)
            if after == len(NAMES):
                monkeypatch.setattr(Path, "unlink", lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))

    assert in_child(write) == -signal.SIGKILL
    next_run(tmp_path)
    assert state(tmp_path) == {b"new"} and not litter(tmp_path) and not (tmp_path / "gone.txt").exists()


def test_an_error_leaves_nothing_of_the_set_and_no_folder(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    with pytest.raises(RuntimeError), staging.together(folder):
        write_bytes(folder / "a.html", b"half")
        raise RuntimeError
    assert not folder.exists()


def test_what_a_living_process_writes_is_no_litter(tmp_path: Path) -> None:
    with staging.together(tmp_path), atomic_path(tmp_path / "inside" / "table.tsv") as temporary:
        write_bytes(tmp_path / "a.html", b"mine")
        assert in_child(lambda: write_set(tmp_path, b"theirs")) == 0
        assert in_child(lambda: write_bytes(tmp_path / "inside" / "x", b"")) == 0
        assert temporary.exists()
    assert (tmp_path / "a.html").read_bytes() == b"mine" and not litter(tmp_path)


@pytest.mark.parametrize("make", [tempfile.mkdtemp, lambda **named: tempfile.mkstemp(**named)[1]])
def test_what_another_run_took_for_litter_before_it_was_locked_is_made_anew(
    tmp_path: Path, make: Callable[..., str]
) -> None:
    made: list[Path] = []

    def fresh() -> Path:
        made.append(Path(make(dir=tmp_path, prefix=staging._SET)))
        if len(made) == 1:  # another run comes by in that moment
            staging._tidied.clear()
            staging.tidy(tmp_path)
        return made[-1]

    path, lock = staging.held(fresh)
    staging._tidied.clear()
    staging.tidy(tmp_path)
    assert path == made[1] != made[0] and path.exists() and not made[0].exists()
    os.close(lock)


def test_a_set_of_a_run_that_was_killed_meanwhile_does_not_take_the_place_of_a_newer_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies() -> None:
        monkeypatch.setattr(staging, "_move", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        write_set(tmp_path, b"old")

    with staging.together(tmp_path):
        for name in NAMES:
            write_bytes(tmp_path / name, b"new")
        assert in_child(dies) == -signal.SIGKILL
    assert state(tmp_path) == {b"new"} and not litter(tmp_path)
    next_run(tmp_path)
    assert state(tmp_path) == {b"new"}


def test_what_another_run_wrote_meanwhile_is_seen_before_a_set_appears(tmp_path: Path) -> None:
    def free() -> None:
        if state(tmp_path) == {b"theirs"}:
            raise InputError("taken")

    with pytest.raises(InputError, match="taken"), staging.together(tmp_path):
        staging.make_sure(free)
        write_bytes(tmp_path / "a.html", b"mine")
        assert in_child(lambda: write_set(tmp_path, b"theirs")) == 0
    assert state(tmp_path) == {b"theirs"} and not litter(tmp_path)


def test_a_set_keeps_stricter_permissions(tmp_path: Path) -> None:
    write_set(tmp_path, b"old")
    (tmp_path / "a.html").chmod(0o400)
    write_set(tmp_path, b"new")
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in NAMES] == [0o400, 0o600, 0o600]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_names_the_file(tmp_path: Path, code: int) -> None:
    with pytest.raises(InputError, match=r"table\.tsv: cannot write") as refused, atomic_path(tmp_path / "table.tsv"):
        raise OSError(code, os.strerror(code))
    assert refused.value.exit_code == 3 and not list(tmp_path.iterdir())


def report(out: Path, **options: str) -> None:
    pgx.report("data/examples/HG00652.GRCh38.vcf.gz", drugs="clopidogrel", endpoints="", out=out, **options)


def test_a_report_that_outgrows_the_disk_leaves_the_one_before(tmp_path: Path) -> None:
    report(tmp_path, formats="text,json")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(InputError, match=r"HG00652\.report\.\w+: cannot write: File too large"):
            report(tmp_path, formats="text,json,html")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_report_with_an_error_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> bytes:
        raise RuntimeError

    monkeypatch.setattr("pgx.reports.formats.tables.to_tsv", fails)
    with pytest.raises(RuntimeError):
        report(tmp_path / "out", formats="text,tsv")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("what", ["knowledge", "summary", "table"])
def test_files_that_belong_together_appear_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    out = tmp_path / "out"
    if what == "summary":
        pgx.cohort.run(GENOME, tmp_path / "cohort", threads=1, options=pgx.Options(genes="CYP2C19"))
    writes: dict[str, Callable[[], object]] = {
        "knowledge": lambda: pgx.kb.export(out, "tsv"),
        "summary": lambda: pgx.cohort.summarise(tmp_path / "cohort", out),
        "table": lambda: write_table(pl.DataFrame({"sample": ["A"]}), out / "a.tsv", {"pgx": "1"}),
    }
    writes[what]()
    whole = {path.name for path in out.iterdir()}
    for path in out.iterdir():
        if path.suffix == ".tsv":  # an older table of the same columns
            path.write_bytes(path.read_bytes().partition(b"\n")[0] + b"\nOLD\n")
        else:
            path.write_text("pgx OLD")
    old = {path.name: path.read_bytes() for path in out.iterdir()}
    real, done = Path.chmod, []

    def fails_late(path: Path, mode: int, **more: Any) -> None:
        done.append(path)
        if len(done) == len(whole):
            raise KeyboardInterrupt
        real(path, mode, **more)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "chmod", fails_late)
        with pytest.raises(KeyboardInterrupt):
            writes[what]()
    assert {path.name: path.read_bytes() for path in out.iterdir()} == old
    writes[what]()
    assert {path.name for path in out.iterdir()} == whole
    assert all(b"OLD" not in path.read_bytes() for path in out.iterdir())


def test_a_set_within_a_set_appears_with_it(tmp_path: Path) -> None:
    with staging.together(tmp_path):
        with staging.together(tmp_path):
            write_bytes(tmp_path / "a", b"a")
        assert not (tmp_path / "a").exists()
    assert (tmp_path / "a").read_bytes() == b"a"
