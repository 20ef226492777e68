"""Work kept on disk, so that a training that was cut off goes on where it stopped and gives the same bytes.

Growing trees takes nearly all the time of a training, and is a pure function of the matrix, the outcome, the margin and
the settings. While a `kept` block is open, each result is written to a folder under a digest of what went in; the same
training started again finds it there. Everything else is computed anew, so nothing can be stale.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from pathlib import Path

import numpy as np

from pgx.io import write_bytes

FOLDER = "work"
"""Name of the folder inside the model folder; removed when the model is complete."""
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
    """
    if not resume:
        shutil.rmtree(place, ignore_errors=True)
    token = _open.set(place)
    try:
        yield
    finally:
        _open.reset(token)
    shutil.rmtree(place, ignore_errors=True)


def step(make: Callable[[], bytes], *inputs: object) -> bytes:
    """Return what `make` gives for these inputs (arrays, or anything whose text says all), or what is kept of it."""
    place = _open.get()
    if place is None:
        return make()
    path = place / f"{_digest(inputs)}.bin"
    found = _opened(path)
    if found is None:
        found = make()
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
