"""The records of a file of many persons, read once and cut into blocks, so that each is used without the others.

What a block gives is what the whole file would give of its persons: how many others the file is about, and what of it
was understood, is told to every block.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from pgx.clinical.people import by_name, strangers_of
from pgx.clinical.read import new_events, read_events
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
    known = set(everyone)
    block_of = {sample: number for number, group in enumerate(groups) for sample in group}
    told = []
    for at, path in enumerate(paths):
        mark = stamp(path)
        record = _whole(path, kb, how)
        names = {} if record is None else by_name(record.events, known, {})
        if record is not None and names and record.events.understood and len(record.events.people) >= MANY:
            _write(record, {p: block_of[s] for p, s in names.items() if s in block_of}, groups, folder / str(at))
            meant = alike_names.meant(strangers_of(record.events, names), everyone)
            almost = sorted({name for _, listed in meant for name in listed})
            about = {"at": at, "path": path, "stamp": mark, "named": len(names), "almost": almost}
            told.append({**about, **_of_all(record.events)})
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


def _of_all(events: Events) -> dict[str, Any]:
    counts = {name: [[list(key), entry] for key, entry in getattr(events, name).items()] for name in _COUNTS}
    return {"file": events.file, "explicit_ids": events.explicit_ids, "flat": events.flat,
            "persons": len(events.people), **counts}  # fmt: skip


def _write(
    record: FileRecord, block_of: Mapping[str | None, int], groups: Sequence[Sequence[str]], folder: Path
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    events, own = record.events, {number: list[str | None]() for number, group in enumerate(groups) if group}
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
    return FileRecord(events, statements, medications)
