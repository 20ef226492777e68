"""A matrix of features that lies on disk and is read in blocks of rows, for cohorts that do not fit in memory."""

from __future__ import annotations

import errno
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgx.errors import InputError
from pgx.models.fitting import work

Matrix = NDArray[np.float32]


class Disk:
    """A float32 matrix (n, p) in a file, by rows; ``x[rows]`` reads a slice of rows.

    Parameters
    ----------
    path
        The file.
    shape
        Rows and columns.
    digest
        Says what is in it.
    """

    def __init__(self, path: Path, shape: tuple[int, int], digest: str) -> None:
        self.path, self.shape, self.digest = path, shape, digest

    @property
    def size(self) -> int:
        """Number of cells."""
        return self.shape[0] * self.shape[1]

    def __getitem__(self, rows: Any) -> Matrix:
        """Return the rows of a slice (n, p)."""
        if not isinstance(rows, slice):
            raise TypeError("a matrix on disk is read by slices of rows")
        first, stop, step = rows.indices(self.shape[0])
        if step != 1:
            each = [self._read(row, 1) for row in range(first, stop, step)]
            return np.concatenate(each) if each else np.empty((0, self.shape[1]), dtype=np.float32)
        return self._read(first, max(0, stop - first))

    def _read(self, first: int, count: int) -> Matrix:
        found = np.empty((count, self.shape[1]), dtype=np.float32)
        if not found.size:
            return found
        view, done = found.data.cast("B"), 0
        with self.path.open("rb", buffering=0) as file:
            file.seek(first * self.shape[1] * 4)
            while done < len(view):
                read = file.readinto(view[done:])
                if not read:
                    raise InputError("the rows on disk were cut off while they were in use", file=self.path)
                done += read
        return found


Rows = Matrix | Disk
"""Features of all rows: an array, or a matrix on disk."""


@contextmanager
def scratch(beside: Path | None) -> Iterator[Path]:
    """Yield a folder for temporary files, in the work folder `beside` (None = the system's); removed at the end."""
    if beside is not None:
        work.own(beside)
        work.clear_rows(beside)
    place = Path(tempfile.mkdtemp(prefix=work.ROWS, dir=beside))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def room(place: Path, wanted: float) -> None:
    """Refuse to begin where the disk has too little room.

    Raises
    ------
    InputError
        If less than `wanted` bytes are free.
    """
    free = shutil.disk_usage(place).free
    if free < wanted:
        raise InputError(f"the rows need about {wanted / 1e9:.1f} GB on disk, {free / 1e9:.1f} GB are free",
                         file=place.parent, fix="write the model to another disk, or give --in-memory")  # fmt: skip


@contextmanager
def full_disk(place: Path) -> Iterator[None]:
    """Turn a full disk into one clear error."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise InputError("the disk is full", file=place.parent, fix="write the model to another disk") from error
        raise


def write(path: Path, parts: Iterator[Matrix], columns: int) -> Disk:
    """Write blocks of rows one after the other, and open them as one matrix."""
    rows, digest = 0, hashlib.blake2b(digest_size=20)
    with full_disk(path.parent), path.open("wb") as file:
        for part in parts:
            content = np.ascontiguousarray(part, dtype=np.float32).tobytes()
            file.write(content)
            digest.update(content)
            rows += len(part)
    return Disk(path, (rows, columns), digest.hexdigest())
