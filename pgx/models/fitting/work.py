"""Work kept on disk, so that a training that was cut off goes on where it stopped and gives the same bytes.

Growing trees takes nearly all the time of a training, and is a pure function of the matrix, the outcome, the margin and
the settings. While a `kept` block is open, each result is written to a folder under a digest of what went in; the same
training started again finds it there. Everything else is computed anew, so nothing can be stale.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar, copy_context
from pathlib import Path
from threading import Lock

import numpy as np

from pgx.errors import UsageError
from pgx.io import write_bytes

FOLDER = ".pgx-work"
"""Name of the folder inside the model folder; removed when the model is complete."""
MARKER = "made-by-pgx"
"""File that says that a work folder is ours; what others put into it stays all the same."""
ROWS = "rows-"
"""Beginning of the names of folders for rows on disk."""
_STEP = re.compile(r"[0-9a-f]{40}\.bin|\.pgx-[a-z0-9_]{8}\.\w+")
_ROWS = re.compile(rf"{ROWS}[a-z0-9_]{{8}}")
_making = Lock()
_open: ContextVar[Path | None] = ContextVar("work", default=None)


@contextmanager
def kept(place: Path, *, resume: bool) -> Iterator[None]:
    """Keep finished steps in `place` while the block runs; remove them when it ends well.

    Parameters
    ----------
    place
        Folder; made when the first step is finished.
    resume
        Use what an earlier run left there; otherwise it is removed first.

    Raises
    ------
    UsageError
        If a folder of that name is there that is not ours.
    """
    check(place)
    existed = place.parent.exists()
    if not resume:
        _clear(place)
    token = _open.set(place)
    try:
        yield
    except BaseException:
        _remove_empty(place)
        if not existed:  # a refused cohort leaves nothing behind
            with suppress(OSError):
                place.parent.rmdir()
        raise
    finally:
        _open.reset(token)
    _clear(place)


def check(place: Path) -> None:
    """Refuse a work folder that somebody else made.

    Raises
    ------
    UsageError
        If there is a file, a link or a folder without our marker.
    """
    if place.is_symlink() or (place.exists() and not (place / MARKER).is_file()):
        raise UsageError(f"{place}: in the way, and not made by pgx; move it, or name another folder")


def own(place: Path) -> None:
    """Make the work folder, with its marker, if it is not there."""
    with _making:
        check(place)
        if not place.exists():
            write_bytes(place / MARKER, b"Work of `pgx train` or `pgx evaluate` that is not complete; see --resume.\n")


def clear_rows(place: Path) -> None:
    """Remove the rows that a run which was killed left in a work folder."""
    for path in place.iterdir():
        if _ROWS.fullmatch(path.name) and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)


def _clear(place: Path) -> None:
    """Remove our files from a work folder, and the folder if nothing else is in it."""
    check(place)
    if not place.exists():
        return
    clear_rows(place)
    for path in place.iterdir():
        if _STEP.fullmatch(path.name):
            path.unlink()
    _remove_empty(place)


def _remove_empty(place: Path) -> None:
    """Remove a work folder in which nothing but the marker is left."""
    if place.is_dir() and [path.name for path in place.iterdir()] == [MARKER]:
        (place / MARKER).unlink()
        place.rmdir()


def step(make: Callable[[], bytes], *inputs: object) -> bytes:
    """Return what `make` gives for these inputs (arrays, or anything whose text says all), or what is kept of it."""
    place = _open.get()
    if place is None:
        return make()
    path = place / f"{_digest(inputs)}.bin"
    found = _opened(path)
    if found is None:
        found = make()
        own(place)
        write_bytes(path, hashlib.sha256(found).digest() + found)
    return found


def together(jobs: Sequence[Callable[[], None]], parallel: bool) -> None:
    """Run jobs, two at a time if `parallel`; each sees the open `kept` block, and the first error is raised."""
    if not parallel or len(jobs) < 2:
        for job in jobs:
            job()
        return
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(copy_context().run, job) for job in jobs]
        try:
            for one in waiting:
                one.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _opened(path: Path) -> bytes | None:
    """Return a kept result; None if there is none or it is damaged."""
    if not path.is_file():
        return None
    content = path.read_bytes()
    return content[32:] if hashlib.sha256(content[32:]).digest() == content[:32] else None


def _digest(inputs: tuple[object, ...]) -> str:
    digest = hashlib.blake2b(digest_size=20)
    for one in inputs:
        if isinstance(one, np.ndarray):
            digest.update(f"{one.dtype.str}{one.shape}".encode() + np.ascontiguousarray(one).tobytes())
        else:
            digest.update(repr(one).encode())
        digest.update(b"\0")
    return digest.hexdigest()
