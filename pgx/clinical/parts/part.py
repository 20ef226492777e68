"""What a part of a table must know of the whole, and what the whole must know of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

FEW = 50
"""Different cells of a column up to which its numbers may stand for answers: more than any concept has."""
Cells = set[str] | None
"""Different cells of a column; None = more than `FEW`."""
Key = tuple[str, ...]
Counts = dict[Key, list[object]]
"""How often something was met, and where first."""


@dataclass
class Part:
    """A part of a table; of a table that is read whole nothing need be known.

    Parameters
    ----------
    cells
        The cells of each column of the whole table; None = this is the whole.
    lines
        Line of each row by the words for it.
    met
        The cells that were used here, by concept and column.
    begun
        When what is counted was first met, in the order in which the whole table is read; what the headings alone say
        is not in it.
    """

    cells: Mapping[str, Cells] | None = None
    lines: Mapping[str, int] = field(default_factory=dict)
    met: dict[tuple[str, str], Cells] = field(default_factory=dict)
    begun: dict[Key, tuple[int, int]] = field(default_factory=dict)
    _turn: tuple[int, int] | None = None

    def at(self, step: int, row: str) -> None:
        """Say which row is read now, in which step of the reading."""
        if self.cells is not None:
            self._turn = (step, self.lines[row])

    def count(self, table: Counts, key: Key, where: str | None) -> None:
        """Count one more of something."""
        entry = table.setdefault(key, [0, where])
        entry[0] = int(str(entry[0])) + 1
        if self._turn is not None:
            self.begun.setdefault(key, self._turn)

    def cells_of(self, concept: str, written: pl.Series) -> Iterable[str]:
        """Return the cells by which the numbers of a column are understood: those of the whole table."""
        used = written.drop_nulls()
        if self.cells is None:
            return used
        self.met[concept, written.name] = few(set(used.unique()))
        return self.cells[written.name] or ()


def few(cells: set[str]) -> Cells:
    """Return cells, unless they are many."""
    return cells if len(cells) <= FEW else None
