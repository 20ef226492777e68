"""The records of a file of many persons, read once and cut into blocks, so that each is used without the others.

What a block gives is what the whole file would give of its persons: how many others the file is about, and what of it
was understood, is told to every block.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any
from zlib import crc32

import polars as pl

from pgx.clinical.left_out import remark_genes
from pgx.clinical.parts.part import Counts
from pgx.clinical.parts.table_parts import spread
from pgx.clinical.people import by_name, strangers_of
from pgx.clinical.read import new_events, read_events
from pgx.clinical.readers import sniff
from pgx.clinical.records import MANY, FileRecord, key_of, recall
from pgx.clinical.statements import Events
from pgx.guard import alike_names
from pgx.guard.digests import stamp
from pgx.guard.private_files import open_private, write_private
from pgx.knowledge.base import KnowledgeBase
from pgx.knowledge.recent import Recent

_TOLD = "files.json"
_BLOCK = "_block"
_COUNTS = ("understood", "unknown")
_LARGE, _PART = 8 << 20, 4 << 20
"""Bytes of a table from which on it is read in parts, and of one part."""

_PROBLEMS = "problems"
_FRAMES = ("statements", "medications", _PROBLEMS)
How = tuple[date | None, str | None]
"""What decides what is read of a file, beside the file: `as_of` and `date_format` of `pgx.clinical.read`."""


def cut(
    paths: Sequence[str],
    kb: KnowledgeBase,
    groups: Sequence[Sequence[str]],
    everyone: Sequence[str],
    folder: Path,
    how: How,
) -> None:
    """Cut the files into the records of groups of samples; a file that cannot be cut is left to `pgx.clinical.read`.

    Parameters
    ----------
    paths
        Clinical files.
    kb
        Knowledge base.
    groups
        Sample names.
    everyone
        All samples of the genotypes.
    folder
        Where to.
    how
        How they are read.
    """
    if (folder / _TOLD).is_file():
        return
    whose = _Whose(everyone, set(everyone), groups)
    told = []
    for at, path in enumerate(paths):
        mark = stamp(path)
        place = folder / str(at)
        total = _in_parts(path, kb, whose, place, how)
        if total is None:
            shutil.rmtree(place, ignore_errors=True)
            total = _Total()
            if (record := _whole(path, kb, how)) is not None:
                _write(record, total.add(record.events, whose), whose.blocks, place)
        if not (total.named and total.understood and total.persons >= MANY):
            shutil.rmtree(place, ignore_errors=True)
            continue
        told.append({"at": at, "path": path, "stamp": mark, **total.told(whose)})
    folder.mkdir(parents=True, exist_ok=True)
    write_private(folder / f"{_TOLD}.new", json.dumps(told))
    (folder / f"{_TOLD}.new").replace(folder / _TOLD)


def put_back(folder: Path, number: int, kb: KnowledgeBase, recent: Recent, how: How) -> None:
    """Put the records of one group where `pgx.clinical.read` finds them; nothing where `cut` has left none."""
    if not (folder / _TOLD).is_file():
        return
    for one in json.loads((folder / _TOLD).read_text(encoding="utf-8")):
        if stamp(one["path"]) == tuple(one["stamp"]):  # else the file is another by now, which reading it will find
            record = _read(one, number, kb, folder / str(one["at"]), how)
            recent.keep(key_of(one["path"], how), record)


def _whole(path: str, kb: KnowledgeBase, how: How) -> FileRecord | None:
    """Read a file; None if that fails, which each block will say of its persons."""
    if not Path(path).is_file():
        return None
    try:
        return recall(path, how, lambda: read_events(path, kb, as_of=how[0], date_format=how[1]), recent=None)
    except (OSError, MemoryError):
        raise
    except Exception:
        return None


def _in_parts(path: str, kb: KnowledgeBase, whose: _Whose, folder: Path, how: How) -> _Total | None:
    """Cut a large table without holding all of it; None if it must be read whole."""
    rows = folder.with_name(f"{folder.name}.rows")
    try:
        size = Path(path).stat().st_size if Path(path).is_file() else 0
        if size < _LARGE or sniff.sniff(Path(path)) != "csv":
            return None
        return _read_parts(path, -(-size // _PART), kb, whose, folder, rows, how)
    except (OSError, MemoryError):
        raise
    except Exception:  # what is wrong, reading it whole says
        return None
    finally:
        shutil.rmtree(rows, ignore_errors=True)


def _read_parts(
    path: str, count: int, kb: KnowledgeBase, whose: _Whose, folder: Path, rows: Path, how: How
) -> _Total:  # fmt: skip
    new = partial(new_events, Path(path).name, kb, as_of=how[0], date_format=how[1])
    parts = spread(Path(path), new(), rows, count, partial(whose.part_of, count=count))
    total, nobodys = _Total(), list[tuple[object, ...]]()
    for number in sorted(range(count), key=lambda number: not parts.persons[number]):
        events = new()
        if parts.persons[number]:
            parts.read(number, events)
            nobodys = [row for row in events.problems if row[0] is None]
        events.problems = events.problems or nobodys
        record = FileRecord(events, events.frame(), events.medication_frame())
        events.release()
        _write(record, total.add(events, whose), whose.blocks_of(number, count), folder)
    parts.check(new())
    total.end()
    return total


@dataclass(frozen=True, slots=True)
class _Whose:
    """Who is in the genotypes, and in which block."""

    everyone: Sequence[str]
    known: Set[str]
    groups: Sequence[Sequence[str]]
    block_of: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        places = {sample: number for number, group in enumerate(self.groups) for sample in group}
        object.__setattr__(self, "block_of", places)

    @property
    def blocks(self) -> list[int]:
        """Return the blocks with anybody in them."""
        return [number for number, group in enumerate(self.groups) if group]

    def part_of(self, person: str, count: int) -> int:
        """Return in which of so many parts a person's rows are: with those of the block, or anywhere."""
        block = self.block_of.get(person)
        return crc32(person.encode()) % count if block is None else block * count // len(self.groups)

    def blocks_of(self, part: int, count: int) -> list[int]:
        """Return the blocks whose persons are in a part."""
        return [number for number in self.blocks if number * count // len(self.groups) == part]


@dataclass(slots=True)
class _Total:
    """What the parts of a file say together; a file that is read whole is one part."""

    file: str = ""
    explicit_ids: bool = False
    flat: bool = False
    persons: int = 0
    named: int = 0
    strangers: set[str] = field(default_factory=set)
    genes: set[str] = field(default_factory=set)
    understood: Counts = field(default_factory=dict)
    unknown: Counts = field(default_factory=dict)
    begun: dict[tuple[str, ...], tuple[int, int]] = field(default_factory=dict)

    def add(self, events: Events, whose: _Whose) -> dict[str | None, int]:
        """Add a part, and return the block of each of its persons who has one."""
        names = by_name(events, whose.known, {})
        self.file = events.file
        self.flat |= events.flat
        self.explicit_ids |= events.explicit_ids
        self.persons += len(events.people)
        self.named += len(names)
        self.strangers |= strangers_of(events, names)
        begun = events.part.begun
        if events.part.cells is not None:  # else the file was read whole, which says it
            self.genes |= events.genes
        for name in _COUNTS:
            counts = getattr(self, name)
            for key, (count, where) in getattr(events, name).items():
                known = counts.setdefault(key, [0, where])
                of_headings = name == "unknown" and key not in begun  # which are those of every part
                known[0] = count if of_headings else int(str(known[0])) + int(str(count))
                if key in begun and begun[key] <= self.begun.setdefault(key, begun[key]):
                    known[1], self.begun[key] = where, begun[key]
        return {person: whose.block_of[name] for person, name in names.items() if name in whose.block_of}

    def end(self) -> None:
        """Put what is counted into the order in which the whole file is read."""
        first = (-1, -1)
        for name in _COUNTS:
            counts = getattr(self, name)
            setattr(
                self, name, {key: counts[key] for key in sorted(counts, key=lambda key: self.begun.get(key, first))}
            )

    def told(self, whose: _Whose) -> dict[str, Any]:
        """Return what each block is told of the file."""
        almost = {name for _, listed in alike_names.meant(self.strangers, whose.everyone) for name in listed}
        counts = {name: [[list(key), entry] for key, entry in getattr(self, name).items()] for name in _COUNTS}
        return {"file": self.file, "explicit_ids": self.explicit_ids, "flat": self.flat, "persons": self.persons,
                "named": self.named, "almost": sorted(almost), "genes": sorted(self.genes), **counts}  # fmt: skip


def _write(
    record: FileRecord, block_of: Mapping[str | None, int], blocks: Sequence[int], folder: Path
) -> None:  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    events, own = record.events, {number: list[str | None]() for number in blocks}
    for person, number in block_of.items():
        own[number].append(person)
    table = pl.DataFrame(
        {"person": list(block_of), _BLOCK: list(block_of.values())}, schema={"person": pl.String, _BLOCK: pl.UInt32}
    )
    for name, frame in zip(_FRAMES, (record.statements, record.medications, events.problem_frame()), strict=True):
        parts = frame.join(table, on="person", how="left", maintain_order="left")
        if name == _PROBLEMS:  # of which nobody knows whose they are: every block's
            whose = pl.when(pl.col("person").is_null()).then(pl.lit(list(own), dtype=pl.List(pl.UInt32)))
            parts = parts.with_columns(whose.otherwise(pl.concat_list(_BLOCK)).alias(_BLOCK)).explode(_BLOCK)
        by_block = parts.filter(pl.col(_BLOCK).is_not_null()).partition_by(_BLOCK, as_dict=True, include_key=False)
        for number in own:
            part = by_block.get((number,), frame.clear())
            with open_private(folder / f"{number}.{name}.arrow") as stream:
                part.write_ipc(stream, compression="lz4")
    for number, persons in own.items():
        whose_days = {
            name: {person: day.isoformat() for person in persons if (day := days.get(person))}
            for name, days in (("dates", events.dates), ("chosen", events.chosen))
        }
        told = {
            "people": [[person, sorted(events.people[person])] for person in persons],
            "listed": [person for person in persons if person in events.listed],
            **whose_days,
        }
        write_private(folder / f"{number}.json", json.dumps(told))


def _read(told: Mapping[str, Any], number: int, kb: KnowledgeBase, folder: Path, how: How) -> FileRecord:
    events = new_events(told["file"], kb, as_of=how[0], date_format=how[1])
    events.explicit_ids, events.flat = told["explicit_ids"], told["flat"]
    for name in _COUNTS:
        getattr(events, name).update({tuple(key): entry for key, entry in told[name]})
    own = json.loads((folder / f"{number}.json").read_text(encoding="utf-8"))
    events.people = {person: set(aliases) for person, aliases in own["people"]}
    events.listed = set(own["listed"])
    for name in ("dates", "chosen"):
        getattr(events, name).update({person: date.fromisoformat(day) for person, day in own[name].items()})
    events.strangers = told["persons"] - told["named"]
    events.almost = set(told["almost"])
    events.elsewhere = told["named"] - len(events.people)
    statements, medications, problems = (pl.read_ipc(folder / f"{number}.{name}.arrow") for name in _FRAMES)
    events.problems = problems.rows()
    events.genes = set(told["genes"])
    remark_genes(events)
    return FileRecord(events, statements, medications)
