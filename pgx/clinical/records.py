"""What a clinical file says, as frames; of a file of many persons it is kept for the next block of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from pgx.clinical.statements import Events
from pgx.guard.digests import stamp
from pgx.knowledge.recent import Recent

MANY = 100
"""Persons of a file from which on it is kept."""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What a file says: its persons and the remarks on it, and its statements and drugs as frames."""

    events: Events
    statements: pl.DataFrame
    medications: pl.DataFrame


def recall(path: str | Path, how: Hashable, make: Callable[[], Events], recent: Recent | None) -> FileRecord:
    """Return what `make` reads of a file, or what is kept of it.

    A file is known again by its stamp: of the same name there may be another one, in another folder or later. A
    database, and a folder of files, have no stamp that tells whether they changed, and are read anew.

    Parameters
    ----------
    path
        The file.
    how
        What else decides what is read of it.
    make
        Reads it.
    recent
        Where it is kept; None = nowhere.
    """
    key = key_of(path, how) if Path(path).is_file() else None
    known: FileRecord | None = None if recent is None or key is None else recent.find(key)
    if known is None:
        events = make()
        known = FileRecord(events, events.frame(), events.medication_frame())
        events.release()
        if recent is not None and key is not None and len(events.people) >= MANY:
            recent.keep(key, known)
    # Whose records these are is asked anew, and adds names to the persons.
    own = {person: set(aliases) for person, aliases in known.events.people.items()}
    return replace(known, events=replace(known.events, people=own))


def key_of(path: str | Path, how: Hashable) -> Hashable:
    """Return what a file's record is kept under: the file as it is now, and how it is read."""
    return ("clinical", str(path), stamp(path), how)
