"""Files that appear whole or not at all: everything is written beside its target and then renamed."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from pgx.errors import InputError, UsageError
from pgx.guard import staging


class Inputs:
    """Files and folders that are read, and must not be written to.

    Parameters
    ----------
    paths
        Files, and folders whose files are all read; ``-`` is the file behind standard input, if there is one. What
        does not exist, such as an address, is left out.
    beside
        Inputs that count as well.
    """

    def __init__(self, paths: Iterable[str | Path], beside: Inputs | None = None) -> None:
        new = {mark: path for path in paths if (mark := _mark_of_input(path)) is not None}
        self._known: dict[tuple[int, int], str | Path] = new if beside is None else beside._known | new
        if (how := _writing.get()) is not None and how.reads is not None:
            for path in new.values():
                how.reads(Path(path))

    def refuse(self, output: str | Path) -> None:
        """Refuse an output that is one of the inputs, by whatever name or link, or lies in a folder that is read.

        Raises
        ------
        UsageError
            If so.
        """
        path = Path(output)
        same, inside = (None if (mark := _mark(one)) is None else self._known.get(mark) for one in (path, path.parent))
        if same is not None:
            also = "" if str(same) == str(path) else f" ({same})"
            raise UsageError(f"{path}: would be written, and is an input{also}; name another output")
        if inside is not None:
            raise UsageError(f"{path}: would be written into {inside}, which is read; name another folder")


_inputs: ContextVar[Inputs | None] = ContextVar("inputs", default=None)


Seal = Callable[[Path, Path], None]
"""Writes the first path, packed or encrypted, as the second."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
PRIVATE = 0o600
"""Permissions of a new file unless others are asked for: what a run writes is about patients."""


@dataclass(slots=True)
class Writing:
    """How files are written, and which were.

    Parameters
    ----------
    mode
        Permissions. A file that is there and has stricter ones keeps them.
    seal
        Encrypts what is written; None = it stays as it is.
    suffix
        What `seal` adds to the names of files.
    written
        The files that were written so far.
    reads
        Is told of each file and folder that is going to be read.
    """

    mode: int = PRIVATE
    seal: Seal | None = None
    suffix: str = ""
    written: list[Path] = field(default_factory=list)
    reads: Callable[[Path], None] | None = None


_writing: ContextVar[Writing | None] = ContextVar("writing", default=None)


@contextmanager
def writing(how: Writing) -> Iterator[Writing]:
    """While the block runs, files are written as `how` says."""
    token = _writing.set(how)
    try:
        yield how
    finally:
        _writing.reset(token)


def how_written() -> Writing:
    """Return how files are written here."""
    return _writing.get() or Writing()


def refuse_seal(what: str) -> None:
    """Refuse to write what is read again while it is made, where files are written encrypted.

    Raises
    ------
    UsageError
        If they are.
    """
    if how_written().seal:
        raise UsageError(f"--encrypt-to: {what} reads its own files and cannot be written encrypted; "
                         "leave it out, and encrypt what you pass on")  # fmt: skip


def _mark(path: str | Path) -> tuple[int, int] | None:
    """What makes a file or folder the same under another name; None if there is none."""
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return None
    return (status.st_dev, status.st_ino)


def _mark_of_input(path: str | Path) -> tuple[int, int] | None:
    if str(path) != "-":
        return _mark(path)
    try:
        status = os.fstat(0)
    except OSError:  # closed
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


@contextmanager
def reading(paths: Iterable[str | Path]) -> Iterator[None]:
    """While the block runs, nothing is written over or into these inputs, and those of the blocks around."""
    token = _inputs.set(Inputs(paths, _inputs.get()))
    try:
        yield
    finally:
        _inputs.reset(token)


def check_outputs(outputs: Iterable[str | Path], inputs: Iterable[str | Path] = ()) -> None:
    """Refuse, before anything is read at length or written, to write over an input or one file twice.

    Parameters
    ----------
    outputs
        Files that will be written.
    inputs
        As for `Inputs`; those of the `reading` block around count too.

    Raises
    ------
    UsageError
        If an output is an input, lies in an input folder, or is named twice.
    """
    all_inputs = [one for one in (Inputs(inputs), _inputs.get()) if one is not None]
    seen: set[str] = set()
    for output in outputs:
        for one in all_inputs:
            one.refuse(output)
        place = os.path.realpath(output)
        if place in seen:
            raise UsageError(f"{output}: would be written twice; name different outputs")
        seen.add(place)


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; it becomes `path` when the block ends without an error.

    Parameters
    ----------
    path
        The target. Its folder is created if it is missing.

    Raises
    ------
    InputError
        If the folder cannot be written to, or the target is a folder.
    UsageError
        If it is an input of the `reading` block around.
    """
    how = how_written()
    plain = Path(path)
    target = plain.with_name(plain.name + how.suffix) if how.seal else plain
    if (inputs := _inputs.get()) is not None:
        inputs.refuse(target)
    if target.is_dir():
        raise InputError("a folder is in the way of this output file", file=target, fix="name another file")
    temporary: Path | None = None
    locks: list[int] = []
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        staging.tidy(target.parent)
        place = staging.place_of(target)
        # The target's own suffixes stay at the end: some writers choose the format by them.
        temporary, lock = staging.held(lambda: _empty(place, "".join(plain.suffixes[-2:]) or ".tmp"))
        locks.append(lock)
        yield temporary
        if how.seal:
            sealed, lock = staging.held(lambda: _empty(place, how.suffix))
            locks.append(lock)
            try:
                how.seal(temporary, sealed)
                sealed.replace(temporary)
            finally:
                sealed.unlink(missing_ok=True)
        temporary.chmod(permissions(target, how.mode))
        temporary.replace(place / target.name)
        how.written.append(target)
    except OSError as error:
        if temporary is None or error.filename in (str(temporary), str(target)) or error.errno in _FULL:
            raise InputError(f"cannot write: {error.strerror or error}", file=target) from error
        raise
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        for lock in locks:
            os.close(lock)


@contextmanager
def atomic_write(path: str | Path, *, binary: bool = False) -> Iterator[IO[Any]]:
    """Open a file for writing that replaces `path` when the block ends without an error.

    Text is UTF-8 with ``\\n`` line ends on every system, so that the same result gives the same bytes.

    Parameters
    ----------
    path
        The target.
    binary
        Yield a handle for bytes instead of text.
    """
    with atomic_path(path) as temporary:
        if binary:
            with temporary.open("wb") as raw:
                yield raw
        else:
            with temporary.open("w", encoding="utf-8", newline="\n") as text:
                yield text


def table_files(*paths: str | Path | None) -> list[Path]:
    """Return the files that `write_table` would write for these tables: each table, and its provenance beside it."""
    tables = [Path(path) for path in paths if path is not None and str(path) != "-"]
    beside = [path.with_name(f"{path.name}.provenance.json") for path in tables if path.suffix in (".tsv", ".json")]
    return [*tables, *beside]


def write_bytes(path: str | Path, content: bytes) -> Path:
    """Write `content` atomically and return the path."""
    with atomic_write(path, binary=True) as handle:
        handle.write(content)
    return Path(path)


def _empty(folder: Path, suffix: str) -> Path:
    """Make an empty file, for its owner alone."""
    handle, name = tempfile.mkstemp(dir=folder, prefix=staging.PREFIX, suffix=suffix)
    os.close(handle)
    return Path(name)


def permissions(target: Path, mode: int) -> int:
    """Return the permissions of a file that takes the place of `target`: `mode`, or stricter ones that it has."""
    try:
        return mode & target.stat().st_mode & 0o777
    except OSError:
        return mode
