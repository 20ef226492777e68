"""The folder of a cohort: where each part, state and document lies, and how a file becomes part of it.

Results lie at the top. What a run needs to go on is kept in ``.pgx``: the state of each block, which is written last,
so that a block either is done with all its parts or has not been done; and files that are not finished.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pgx.errors import InputError
from pgx.guard.limits import read_json as parse
from pgx.guard.private_files import open_private
from pgx.io import PRIVATE, permissions, write_bytes

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Folder:
    """The places in a cohort's folder; `run` tells the shard at work from others that work in the same folder.

    `mode` are the permissions of the files that its processes write.
    """

    root: Path
    run: str = "1-of-1"
    mode: int = PRIVATE

    @property
    def work(self) -> Path:
        """What is not a result."""
        return self.root / ".pgx"

    @property
    def unfinished(self) -> Path:
        """Files that are being written: beside the results, where no reader of the tables finds them."""
        return self.work / f"unfinished-{self.run}"

    @property
    def genotypes(self) -> Path:
        """Genotypes that all share, cut into the blocks of the shard."""
        return self.work / f"genotypes-{self.run}"

    @property
    def records(self) -> Path:
        """Clinical records that all share, cut into the blocks of the shard."""
        return self.work / f"records-{self.run}"

    @property
    def manifest(self) -> Path:
        """What was run on what, and the state of each block."""
        return self.root / "manifest.json"

    def part(self, table: str, number: int) -> Path:
        """One block's rows of a table."""
        return self.root / table / f"part-{number:05d}.parquet"

    def state(self, number: int) -> Path:
        """What is known of a block that is done."""
        return self.work / "blocks" / f"{number:05d}.json"

    def documents(self, number: int) -> Path:
        """One block's documents a person."""
        return self.root / "reports" / f"block-{number:05d}"

    def read_state(self, number: int, plan: str, *, verify: bool = False) -> Json | None:
        """Return the state of a block; None if it is not done, was done for another plan, or lost a part.

        With `verify` the parts are read and compared with their checksums.

        Raises
        ------
        InputError
            If it names a part outside the folder.
        """
        state = read_json(self.state(number))
        if state is None or state.get("plan") != plan or not _is_state(state, number):
            return None
        for name in state["files"]:
            _check_name(name, self.state(number))
        whole = all(_is_whole(self.root / name, one, verify) for name, one in state["files"].items())
        return state if whole else None


def _is_state(state: Json, number: int) -> bool:
    """Whether a state has all that is asked of one."""
    files, lists = state.get("files"), (state.get("failures"), state.get("notes"))
    return (
        state.get("block") == number
        and all(type(state.get(name)) is int for name in ("persons", "lost"))
        and all(isinstance(rows, list) and all(isinstance(row, dict) for row in rows) for rows in lists)
        and isinstance(state.get("pages"), dict)
        and isinstance(files, dict)
        and all(isinstance(one, dict) and {"bytes", "sha256"} <= one.keys() for one in files.values())
    )


def _check_name(name: str, file: Path) -> None:
    """Refuse a part outside the folder: merging shards writes a file of its name."""
    parts = name.split("/")
    if name.startswith(("/", ".")) or not {"", ".", ".."}.isdisjoint(parts) or "\0" in name:
        raise InputError(f"it names a part {name!r} outside the cohort's folder", file=file, fix="run the shard again")


def _is_whole(path: Path, told: Json, verify: bool) -> bool:
    if not path.is_file() or path.stat().st_size != told["bytes"]:
        return False
    return not verify or hashlib.sha256(path.read_bytes()).hexdigest() == told["sha256"]


def read_json(path: Path) -> Json | None:
    """Return a file of state; None if there is none, or it is cut short."""
    try:
        found = parse(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def write_json(path: Path, content: Json) -> None:
    """Write a file of state, whole or not at all."""
    write_bytes(path, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())


def make_private(*folders: Path) -> None:
    """Make folders that only their owner can open, for what is about patients and is no result yet."""
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)


def place(folder: Folder, files: dict[Path, bytes]) -> dict[str, Json]:
    """Put the files of a block in their places, safe against a loss of power; return name -> bytes and SHA-256."""
    make_private(folder.unfinished)
    told: dict[str, Json] = {}
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = folder.unfinished / f"{os.getpid()}-{path.parent.name}-{path.name}"
        with open_private(temporary) as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.chmod(permissions(path, folder.mode))
        temporary.replace(path)
        name = path.relative_to(folder.root).as_posix()
        told[name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return told


def told_of(folder: Folder, files: Iterable[Path]) -> dict[str, Json]:
    """Return name -> bytes and SHA-256 of files that are in their places."""
    told: dict[str, Json] = {}
    for path in files:
        content = path.read_bytes()
        name = path.relative_to(folder.root).as_posix()
        told[name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return told
