"""Inputs told apart by their content, and told again quickly: size, time, inode and first bytes of a file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from pgx.cohort.folder import Json
from pgx.errors import InputError
from pgx.guard.limits import refuse_pipe

_HEAD = 1 << 16


def fingerprints(paths: Iterable[Path], known: Mapping[str, Json], *, verify: bool = False) -> dict[str, Json]:
    """Return path -> name, bytes and SHA-256 (and what tells the file again) of each input file.

    Parameters
    ----------
    paths
        Files; folders and addresses have no fingerprint of their own.
    known
        Fingerprints of an earlier run: a file of the same size, time, inode and first bytes is not read again.
    verify
        Read every file again, whatever is known.

    Raises
    ------
    InputError
        If a file cannot be read, or is a pipe: a cohort reads its inputs more than once.
    """
    paths = list(paths)
    for path in paths:
        refuse_pipe(path)
    return {str(path): _of(path, known.get(str(path)), verify) for path in paths if path.is_file()}


def _of(path: Path, known: Json | None, verify: bool) -> Json:
    status = path.stat()
    try:
        with path.open("rb") as stream:
            head = hashlib.sha256(stream.read(_HEAD)).hexdigest()
            quick = {"bytes": status.st_size, "changed": status.st_mtime_ns, "inode": status.st_ino, "head": head}
            if known is not None and not verify and quick.items() <= known.items():
                return known
            stream.seek(0)
            return {"name": path.name, **quick, "sha256": hashlib.file_digest(stream, "sha256").hexdigest()}
    except OSError as error:
        raise InputError(f"cannot be read: {(error.strerror or str(error)).lower()}", file=path) from error
