"""The manifest: which fact tables the imported knowledge tables were made from, and the checksum of every file.

``manifest.toml`` is written by `pgx.build_data.knowledge.build`. That an imported table was edited by hand, or is of
another import, is told by `pgx.knowledge.validation.validate.validate` of any folder; that any file of the product's
own folder is not the one that it ships stops whatever opens the folder (`verify`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from pgx.errors import InputError
from pgx.guard.limits import read_toml
from pgx.io import atomic_write

NAME = "manifest.toml"
_READ, _VERSION = (".tsv", ".toml"), "VERSION"


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
    _write(
        folder,
        {path.name: {"rows": rows, "sha256": sha256(path)} for path, rows in inputs.items()},
        {name: {"rows": _rows(folder / name), "sha256": sha256(folder / name)} for name in tables},
    )


def seal(folder: Path) -> None:
    """Write the checksums of the files that are kept by hand anew, once they have been changed."""
    told = read_manifest(folder)
    _write(folder, told["inputs"], told["tables"])


def verify(folder: Path) -> None:
    """Refuse a folder with a file that is not the one that its manifest names, once a process.

    Raises
    ------
    InputError
        For the first file that was changed, is missing, or is not named.
    """
    if folder in _verified:
        return
    told = read_manifest(folder)
    named = {**{name: entry.get("sha256") for name, entry in told["tables"].items()}, **told["kept"]}
    found = set(_files(folder))
    for name in sorted({*named, *found}):
        problem = "is missing" if name not in found else "is none" if name not in named else ""
        if problem or sha256(folder / name) != named[name]:
            raise InputError(f"not the file that this version of pgx ships: it {problem or 'has another checksum'}",
                             file=folder / name, fix="install pgx again; what a site knows belongs into a folder for "
                             "--knowledge")  # fmt: skip
    _verified.add(folder)


_verified: set[Path] = set()


def _files(folder: Path) -> list[str]:
    """The files that are read, by their names below the folder; what explains them, or an editor keeps, is none."""
    paths = (
        path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.suffix in _READ or path.name == _VERSION
    )
    return [path.as_posix() for path in paths if path.name != NAME and not path.name.startswith(".")]


def _write(folder: Path, inputs: Mapping[str, Any], tables: Mapping[str, Any]) -> None:
    lines = ["# Written by `pgx kb build`, checked whenever the folder is opened. What the sources are: sources.toml."]
    for title, entries in (("inputs", inputs), ("tables", tables)):
        lines += [f"[{title}]"]
        lines += [
            f'"{name}" = {{ rows = {one["rows"]}, sha256 = "{one["sha256"]}" }}'
            for name, one in sorted(entries.items())
        ]
        lines += [""]
    lines += ["# By hand; `python -m pgx.build_data.knowledge FOLDER` writes these anew.", "[kept]"]
    lines += [f'"{name}" = "{sha256(folder / name)}"' for name in _files(folder) if name not in tables]
    with atomic_write(folder / NAME) as handle:
        handle.write("\n".join(lines) + "\n")


def _rows(path: Path) -> int:
    return path.read_text(encoding="utf-8").count("\n") - 1


def read_manifest(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the manifest: ``inputs`` and ``tables``, file name -> rows and checksum; ``kept``, name -> checksum.

    It is empty if there is none.
    """
    path = folder / NAME
    told: dict[str, dict[str, Any]] = {"inputs": {}, "tables": {}, "kept": {}}
    if path.is_file():
        status = path.stat()
        told |= _read(path, status.st_mtime_ns, status.st_size)
    return told


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
