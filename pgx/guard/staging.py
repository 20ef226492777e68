"""Where files lie until they are whole: temporary names beside the target, and sets of files that appear at once.

Whatever is written here is locked while its process lives. What a killed process left behind is found without a lock
by the next run that writes into the folder: it removes the litter, and finishes a set that had begun to appear.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from pgx.errors import InputError

PREFIX = ".pgx-"
"""Of every name that is not meant to stay."""
_SET, _READY = f"{PREFIX}set-", f"{PREFIX}ready-"
_GONE = ".gone"
_tidied: set[tuple[int, Path]] = set()


@dataclass(slots=True)
class Staged:
    """Files of a folder that wait to appear together.

    Parameters
    ----------
    folder
        Where they will be.
    aside
        Where they are.
    gone
        Names of files that will be there no more.
    checks
        What is made sure of once more before the files appear: another run may have written meanwhile.
    process
        Whose they are: a fork has a set of its own.
    """

    folder: Path
    aside: Path
    gone: set[str] = field(default_factory=set)
    checks: list[Callable[[], None]] = field(default_factory=list)
    process: int = field(default_factory=os.getpid)


_current: ContextVar[Staged | None] = ContextVar("staged", default=None)


@contextmanager
def together(folder: str | Path) -> Iterator[None]:
    """While the block runs, files of a folder are written aside; they appear at once when it ends without an error.

    A kill leaves the folder as it was. Should it come in the moment of the last renames, the next run into the folder
    finishes them.

    Parameters
    ----------
    folder
        The folder; it is made if it is missing. Files elsewhere, and in folders inside, appear one by one. Within a
        block for the same folder nothing appears before the outer one ends.

    Raises
    ------
    InputError
        If the folder cannot be written to.

    Examples
    --------
    >>> from pgx.io import write_bytes
    >>> place = Path(tempfile.mkdtemp())
    >>> with together(place):
    ...     _ = write_bytes(place / "a.txt", b"new")
    ...     (place / "a.txt").exists()
    False
    >>> (place / "a.txt").read_text()
    'new'
    """
    place = Path(folder)
    outer = _current.get()
    if outer is not None and (outer.folder, outer.process) == (place, os.getpid()):
        yield  # a part of a set appears with the whole of it
        return
    made = not place.exists()
    try:
        place.mkdir(parents=True, exist_ok=True)
        tidy(place)
        aside, lock = held(lambda: Path(tempfile.mkdtemp(dir=place, prefix=_SET)))
    except OSError as error:
        raise InputError(f"cannot write: {error.strerror or error}", file=place) from error
    token = _current.set(Staged(place, aside))
    done = False
    try:
        yield
        staged = _current.get()
        if staged is not None:
            aside = _appear(staged)
        done = True
    finally:
        _current.reset(token)
        shutil.rmtree(aside, ignore_errors=True)
        os.close(lock)
        if made and not done:
            with suppress(OSError):
                place.rmdir()


def place_of(target: Path) -> Path:
    """Return the folder in which a file lies until it is whole and, in a set, until all are."""
    staged = _current.get()
    return target.parent if staged is None or target.parent != staged.folder else staged.aside


def remove(path: Path) -> None:
    """Remove a file; of a set, when its files appear."""
    staged = _current.get()
    if staged is not None and path.parent == staged.folder:
        staged.gone.add(path.name)
        (staged.aside / path.name).unlink(missing_ok=True)
    else:
        path.unlink(missing_ok=True)


def make_sure(check: Callable[[], None]) -> None:
    """Check something of a folder now and, of a set, once more when no other run can write before its files appear."""
    check()
    if (staged := _current.get()) is not None:
        staged.checks.append(check)


def held(make: Callable[[], Path]) -> tuple[Path, int]:
    """Make a file or folder and lock it for as long as the returned handle is open, or this process lives.

    It is made anew if another run took it for litter in the moment before it was locked.
    """
    while True:
        path = make()
        with suppress(FileNotFoundError):
            handle = os.open(path, os.O_RDONLY)
            with suppress(OSError):  # a file system without locks: nobody will take it for litter
                fcntl.flock(handle, fcntl.LOCK_EX)
            if path.exists():
                return path, handle
            os.close(handle)


def tidy(folder: Path) -> None:
    """Remove what killed runs left in a folder, once a process and folder; finish sets that had begun to appear."""
    key = (os.getpid(), folder)
    if key in _tidied:
        return
    _tidied.add(key)
    with _alone(folder):
        _sweep(folder)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process at a time move files into a folder: two sets at once would leave files of both."""
    handle = -1
    try:
        with suppress(OSError):  # a file system without locks, or no folder
            handle = os.open(folder, os.O_RDONLY)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        if handle >= 0:
            os.close(handle)


def _sweep(folder: Path) -> None:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in list(entries):
            if entry.name.startswith(PREFIX):
                with suppress(OSError):
                    _clear(entry, folder)


def _clear(entry: os.DirEntry[str], folder: Path) -> None:
    """Clear one piece of litter: our user's, and of no living process."""
    if entry.is_symlink() or entry.stat(follow_symlinks=False).st_uid != os.getuid():
        return
    handle = os.open(entry.path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if entry.is_dir() and entry.name.startswith(_READY):
            _move(Path(entry.path), folder)
        if entry.is_dir() and entry.name.startswith((_READY, _SET)):
            shutil.rmtree(entry.path, ignore_errors=True)
        elif entry.is_file():
            Path(entry.path).unlink(missing_ok=True)
    finally:
        os.close(handle)


def _appear(staged: Staged) -> Path:
    """Let the files of a set appear; return the folder that is left over."""
    names = sorted(staged.gone - {path.name for path in staged.aside.iterdir()})
    (staged.aside / _GONE).write_text("\n".join(names), encoding="utf-8", errors="surrogateescape")
    with _alone(staged.folder):
        _sweep(staged.folder)  # the set of a run that was killed meanwhile would take the place of this one
        for check in staged.checks:
            check()
        # From this rename on the set is decided: whoever comes next finishes it.
        ready = staged.aside.rename(staged.folder / staged.aside.name.replace(_SET, _READY, 1))
        _move(ready, staged.folder)
    return ready


def _move(ready: Path, folder: Path) -> None:
    listed = ready / _GONE
    gone = listed.read_text(encoding="utf-8", errors="surrogateescape").split("\n") if listed.exists() else []
    for path in sorted(ready.iterdir()):
        if path.name != _GONE and not path.name.startswith(PREFIX):
            path.replace(folder / path.name)
    for name in gone:
        if name and "/" not in name:
            (folder / name).unlink(missing_ok=True)
    listed.unlink(missing_ok=True)
