"""Which bytes a run has read: the checksum of a file that nobody wrote to meanwhile."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from pgx.errors import InputError

Stamp = tuple[int, int, int, int]
"""Device, number, size and time of the last change of a file."""
_WHOLE = 1 << 27
_END = 1 << 20


def stamp(path: str | Path) -> Stamp | None:
    """Return what tells a file apart from what may take its place; None if there is no file."""
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return None
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def digest(path: Path, before: Stamp | None = None) -> str:
    """Return the SHA-256 of a file; of a large one, of its first and last MiB and its size (``ends:`` before it).

    Parameters
    ----------
    path
        The file.
    before
        Its stamp from before it was read; None = nobody asks.

    Raises
    ------
    InputError
        If it is another file by now, or was written to: what was read then has no checksum.

    Examples
    --------
    >>> file = Path("data/knowledge/VERSION")
    >>> digest(file, stamp(file)) == hashlib.sha256(file.read_bytes()).hexdigest()
    True
    """
    try:
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if size <= _WHOLE:
                found = hashlib.file_digest(stream, "sha256").hexdigest()
            else:
                parts = hashlib.sha256(stream.read(_END))
                stream.seek(-_END, os.SEEK_END)
                parts.update(stream.read() + str(size).encode())
                found = f"ends:{parts.hexdigest()}"
    except FileNotFoundError:
        raise _changed(path) from None
    if before is not None and stamp(path) != before:
        raise _changed(path)
    return found


def _changed(path: Path) -> InputError:
    return InputError("the file changed while it was read", file=path, fix="run again when nobody writes to it")
