"""Collect what the reader notices, for each person whom it concerns: one note a kind of event, with a count."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pgx.notes import Note

Columns = NDArray[np.intp]


@dataclass(slots=True)
class _Count:
    """How often a kind of event came up in each person's data, and which of `events` was a person's first (-1 = none).

    `events` are the (message, place) pairs that came up.
    """

    number: NDArray[np.int64]
    first: NDArray[np.int64]
    events: dict[tuple[str, str], int] = field(default_factory=dict)


@dataclass(slots=True)
class Notes:
    """Notes of one run, in the order they first came up.

    A person is told of their own files and genotypes only: a note of a file goes to the persons whom the file holds,
    and what is counted is counted in each person's data. A note of several persons has all their names.

    Parameters
    ----------
    samples
        All persons of the run.
    """

    samples: tuple[str, ...] = ()
    rows: list[Note] = field(default_factory=list)
    _about: Columns | None = None
    _counted: dict[tuple[str, str], _Count] = field(default_factory=dict)

    def file_of(self, samples: Collection[str], column: Mapping[str, int]) -> None:
        """Say whose file is read from now on; `column` is the place of each person of the run."""
        self._about = np.array([column[name] for name in samples if name in column], dtype=np.intp)

    def all_files(self) -> None:
        """Say that what follows is about every person of the run."""
        self._about = None

    def add(
        self,
        severity: str,
        code: str,
        message: str,
        where: str | None = None,
        sample: str | None = None,
        columns: Columns | None = None,
    ) -> None:
        """Add one note on one person, on those at `columns`, or on everybody whom the file holds."""
        names = self._names(self._people() if columns is None else columns) if sample is None else (sample,)
        self._add(severity, code, message, where, names)

    def count(
        self, severity: str, code: str, message: str, where: str, by: int = 1, columns: Columns | None = None
    ) -> None:
        """Count an event that may come up often; `message` has ``{n}`` for the count.

        `columns` are the places of the persons in whose data it came up; None = all whom the file holds.
        """
        found = self._counted.get((severity, code))
        if found is None:
            size = len(self.samples)
            found = self._counted[(severity, code)] = _Count(np.zeros(size, np.int64), np.full(size, -1, np.int64))
        concerned = self._people() if columns is None else columns
        event = found.events.setdefault((message, where), len(found.events))
        found.number[concerned] += by
        found.first[concerned] = np.where(found.first[concerned] < 0, event, found.first[concerned])

    def all(self) -> tuple[Note, ...]:
        """Return the notes, counted events last; ``sample`` is one name, or all names of persons told the same."""
        # By code, not as they came up: the first of a kind may be another person's.
        for (severity, code), found in sorted(self._counted.items(), key=lambda item: item[0]):
            events = list(found.events)
            concerned = np.flatnonzero(found.number)
            told = np.stack([found.first[concerned], found.number[concerned]], axis=1)
            kinds, kind = np.unique(told, axis=0, return_inverse=True)
            for index, (event, n) in enumerate(kinds.tolist()):
                message, first = events[event]
                names = self._names(concerned[kind.ravel() == index])
                self._add(severity, code, message.format(n=n), f"first at {first}" if first and n > 1 else first, names)
        self._counted.clear()
        return tuple(self.rows)

    def _people(self) -> Columns:
        return np.arange(len(self.samples), dtype=np.intp) if self._about is None else self._about

    def _names(self, columns: Columns) -> tuple[str, ...]:
        return tuple(self.samples[column] for column in columns.tolist())

    def _add(self, severity: str, code: str, message: str, where: str | None, samples: tuple[str, ...]) -> None:
        if not samples:
            return
        sample = samples[0] if len(samples) == 1 else samples
        self.rows.append(
            Note(stage="variants", severity=severity, code=code, message=message, sample=sample, where=where)
        )
