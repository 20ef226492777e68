"""The manifest: which fact tables the imported knowledge tables were made from, and the checksum of each.

``manifest.toml`` is written by `pgx.build_data.knowledge.build` and checked by
`pgx.knowledge.validation.validate.validate`: a table that was edited by hand, or is of another import, no longer has
its checksum.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from pgx.guard.limits import read_toml
from pgx.io import atomic_write

NAME = "manifest.toml"


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_manifest(folder: Path, inputs: Mapping[Path, int], tables: Sequence[str]) -> None:
    """Write the manifest of one import.

    Parameters
    ----------
    folder
        Folder of the knowledge tables.
    inputs
        Fact tables and their row counts.
    tables
        Names of the files of knowledge tables that were written.
    """
    lines = [
        "# Written by `pgx kb build`, checked by `pgx kb validate`. What the sources are: sources.toml.",
        "[inputs]",
    ]
    lines += [_entry(path, rows) for path, rows in inputs.items()]
    lines += ["", "[tables]"]
    for name in sorted(tables):
        path = folder / name
        rows = path.read_text(encoding="utf-8").count("\n") - 1
        lines.append(_entry(path, rows))
    with atomic_write(folder / NAME) as handle:
        handle.write("\n".join(lines) + "\n")


def _entry(path: Path, rows: int) -> str:
    return f'"{path.name}" = {{ rows = {rows}, sha256 = "{sha256(path)}" }}'


def read_manifest(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the manifest: ``inputs`` and ``tables``, file name -> rows and checksum; empty if there is none."""
    path = folder / NAME
    if not path.is_file():
        return {"inputs": {}, "tables": {}}
    status = path.stat()
    return {"inputs": {}, "tables": {}, **_read(path, status.st_mtime_ns, status.st_size)}


@lru_cache(maxsize=4)
def _read(path: Path, *_: int) -> dict[str, dict[str, Any]]:
    """Read a manifest once, as long as the file stays what it was."""
    return read_toml(path)


def differences(folder: Path) -> Iterator[str]:
    """Yield the names of imported tables that are not as the manifest says, or missing."""
    for name, entry in read_manifest(folder)["tables"].items():
        path = folder / name
        if not path.is_file() or sha256(path) != entry.get("sha256"):
            yield name
