"""Files about patients that are no results yet: only their owner can read them, whatever the process's umask is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO


def open_private(path: Path, mode: str = "wb") -> IO[bytes]:
    """Open a file for writing bytes; if it is new, only its owner can read and write it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open_private(Path(folder, "a")) as stream:
    ...         stream.write(b"A")
    ...     oct(Path(folder, "a").stat().st_mode & 0o777)
    1
    '0o600'
    """
    return open(path, mode, opener=_opener)  # a path has no opener of its own


def write_private(path: Path, content: bytes | str) -> None:
    """Write a file that, if it is new, only its owner can read and write; text in UTF-8."""
    with open_private(path) as stream:
        stream.write(content.encode() if isinstance(content, str) else content)


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
