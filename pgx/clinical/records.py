"""What a clinical file says, as frames; of a file of many persons it is kept for the next block of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace

import polars as pl

from pgx.clinical.statements import Events
from pgx.knowledge.recent import Recent

MANY = 100
"""Persons of a file from which on it is kept."""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What a file says: its persons and the remarks on it, and its statements and drugs as frames."""

    events: Events
    statements: pl.DataFrame
    medications: pl.DataFrame


def recall(key: Hashable, make: Callable[[], Events], recent: Recent | None) -> FileRecord:
    """Return what `make` reads, or what is kept of it under `key`."""
    known: FileRecord | None = None if recent is None else recent.find(key)
    if known is None:
        events = make()
        known = FileRecord(events, events.frame(), events.medication_frame())
        events.release()
        if recent is not None and len(events.people) >= MANY:
            recent.keep(key, known)
    # Whose records these are is asked anew, and adds names to the persons.
    own = {person: set(aliases) for person, aliases in known.events.people.items()}
    return replace(known, events=replace(known.events, people=own))
