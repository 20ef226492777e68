"""How far a command is: a bar with the time left on a terminal, a line a minute elsewhere, JSON lines in a log file."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from pgx.errors import InputError
from pgx.guard.private_files import open_private

EVERY = 60.0
"""Seconds between two lines where there is no terminal."""
_BEGIN = b'{"time": "'
"""How every line of a log begins, and so every file that one may be continued in."""


class Log:
    """A log file of JSON lines: when, what, and how far. Nothing of it is in a result."""

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            _refuse_other_files(path)
        self._file = None if path is None else open_private(path, "ab")

    def write(self, event: str, **told: object) -> None:
        """Write one line, at once."""
        if self._file is not None:
            when = datetime.now(UTC).isoformat(timespec="milliseconds")
            line = json.dumps({"time": when, "event": event, **told}, ensure_ascii=False) + "\n"
            self._file.write(line.encode())
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


def _refuse_other_files(path: Path) -> None:
    """Raise an error if a file is there that is no log: lines at its end would damage a database or a genome."""
    if not path.is_file() or _is_stream(path):
        return  # new, or a device such as a terminal
    with path.open("rb") as stream:
        begin = stream.read(len(_BEGIN))
    if begin and begin != _BEGIN:
        raise InputError("this file is there and is no log of runs", file=path, fix="name a new file for --log-file")


def _is_stream(path: Path) -> bool:
    """Whether a path, such as ``/dev/stderr``, is where this process prints to, be it a file."""
    there = path.stat()
    for number in (1, 2):
        with suppress(OSError):  # closed
            if os.path.samestat(there, os.fstat(number)):
                return True
    return False


class Progress:
    """Shows how much of some work is done; use it as a context.

    Parameters
    ----------
    what
        The things that are counted, such as ``persons``.
    quiet
        Show nothing.
    log
        Where each step is written as well.
    """

    def __init__(self, what: str, *, quiet: bool = False, log: Log | None = None) -> None:
        self._what, self._quiet, self._log = what, quiet, log
        self._began = self._told = time.monotonic()
        self._first: int | None = None
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Progress:
        if not self._quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()

    def step(self, done: int, total: int, **more: object) -> None:
        """Say that `done` of `total` are done."""
        if self._log is not None:
            self._log.write("progress", what=self._what, done=done, total=total, **more)
        self._first = done if self._first is None else self._first
        if self._quiet:
            return
        if self._bar is not None:
            if self._task is None:
                self._task = self._bar.add_task(self._what, total=total)
            self._bar.update(self._task, completed=done, total=total)
            return
        now = time.monotonic()
        if now - self._told >= EVERY:
            self._told = now
            print(f"pgx: {self._line(done, total, now - self._began)}", file=sys.stderr)

    def _line(self, done: int, total: int, seconds: float) -> str:
        new = done - (self._first or 0)
        left = "" if new <= 0 else f", about {_span(seconds / new * (total - done))} left"
        return f"{done:,} of {total:,} {self._what}{left}"


@contextmanager
def steps(what: str, *, quiet: bool = False, log_file: Path | None = None) -> Iterator[Progress]:
    """Show the progress of a command and keep its log while the block runs."""
    log = Log(log_file)
    log.write("start", command=_asked(sys.argv[1:]))
    try:
        with Progress(what, quiet=quiet, log=log) as progress:
            yield progress
    except BaseException as error:
        log.write("error", kind=type(error).__name__, message=str(error))
        raise
    else:
        log.write("end")
    finally:
        log.close()


def _asked(words: list[str]) -> list[str]:
    """Return the words of a command without what they say of a person: commands, options and files stay as they are."""
    told: list[str] = []
    commands = True
    for word in words:
        option, _, value = word.partition("=") if word.startswith("--") else ("", "", word)
        is_file = bool(value) and os.path.lexists(value)
        commands = commands and not is_file and not word.startswith("-")
        if commands or is_file or not value or value.startswith("-"):
            told.append(word)
        else:
            told.append(f"{option}=***" if option else "***")
    return told


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return "a minute"
    return f"{minutes} minutes" if minutes < 120 else f"{minutes / 60:.1f} hours"
