"""A large text table as parts of whole persons, each read alone: together they say what the table says.

Some things are decided by all rows of a table, such as what the numbers of a column stand for. A first walk over the
rows finds out what each part must know of them, and puts each row to the others of its person. Where that does not
do, the table is read whole (`WholeError`).
"""

from __future__ import annotations

import io
import json
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from gzip import BadGzipFile
from pathlib import Path
from typing import IO

from pgx.clinical.parts.delimited import check_width, decimal_point, rows_of
from pgx.clinical.parts.part import Cells, Part, few
from pgx.clinical.readers import flat, long_tables, sniff
from pgx.clinical.readers.rows import SHORTENED, WHOLE
from pgx.clinical.statements import Events
from pgx.errors import InputError
from pgx.guard.limits import RECORD
from pgx.guard.private_files import open_private
from pgx.tables import separator_of

_NAMELESS = 1000
"""Rows that are nobody's, or of another width, up to which every part is told of all."""
_LINE = 1 << 24
"""Characters of a line."""
_SAID = re.compile(r"\s*\"?sep=", re.IGNORECASE)
"""How a first line begins that tells the separator."""


class WholeError(Exception):
    """Nothing but reading the table whole can judge it."""


@dataclass(slots=True)
class Parts:
    """A table whose rows lie in one file a part.

    Parameters
    ----------
    folder
        Where they lie.
    headings, delimiter, bad
        Of the whole table, as `pgx.clinical.readers.flat.read_rows` takes them.
    cells
        Different cells of each column; None = many.
    met
        The same of those that were used, by concept and column.
    persons
        Rows of persons in each part.
    """

    folder: Path
    headings: list[str]
    delimiter: str
    persons: list[int]
    bad: list[tuple[str, str]] = field(default_factory=list)
    cells: dict[str, Cells] = field(default_factory=dict)
    met: dict[tuple[str, str], Cells] = field(default_factory=dict)

    def read(self, number: int, events: Events) -> None:
        """Read a part.

        Raises
        ------
        InputError
            If no row of it can be used.
        """
        rows: list[list[str]] = []
        lines: list[int] = []
        with (self.folder / str(number)).open(encoding="utf-8") as stream:
            for text in stream:
                line, row = json.loads(text)
                lines.append(line)
                rows.append(row)
        part = events.part = Part(self.cells, {f"line {line}": line for line in lines})
        flat.read_rows(events, self.headings, rows, lines, self.bad, self.delimiter)
        for key, used in part.met.items():
            known = self.met.get(key, set())
            self.met[key] = None if known is None or used is None else few(known | used)

    def check(self, events: Events) -> None:
        """Look, once all parts are read, whether they took numbers for what all the rows used would say.

        Raises
        ------
        WholeError
            If not: rows that cannot be used have other cells.
        """
        for (concept, heading), used in self.met.items():
            numbered = events.vocabulary.numbered
            if numbered(concept, self.cells[heading] or ()) != numbered(concept, used or ()):
                raise WholeError


def spread(path: Path, events: Events, folder: Path, count: int, part_of: Callable[[str], int]) -> Parts:
    """Put the rows of a table into parts.

    Parameters
    ----------
    path
        CSV or TSV, plain or gzip.
    events
        Tells which headings are known; what it collects is of no use.
    folder
        Where to; only the owner can read the files.
    count
        Number of parts.
    part_of
        In which part the rows of a person of this name belong.

    Raises
    ------
    WholeError
        If the table must be read whole, or cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with ExitStack() as stack:
            stream = stack.enter_context(sniff.open_plain(path))
            text = stack.enter_context(io.TextIOWrapper(stream, encoding="utf-8-sig", newline=""))
            files = [stack.enter_context(open_private(folder / str(number))) for number in range(count)]
            return _spread(_lines(text), events, folder, files, part_of)
    except (InputError, UnicodeDecodeError, EOFError, zlib.error, BadGzipFile):
        raise WholeError from None


def _spread(
    lines: Iterator[str], events: Events, folder: Path, files: list[IO[bytes]], part_of: Callable[[str], int]
) -> Parts:
    first: list[str] = []
    while not (first and first[-1].endswith("\n")):
        first.append(next(lines, "\n"))
    head = "".join(first)
    if _SAID.match(head):
        raise WholeError
    delimiter = separator_of(head.partition("\n")[0])
    check_width(events, head, delimiter)
    rows = rows_of(_chained(first, lines), delimiter, events.file)
    _, headings = next(rows, (0, ""))
    if isinstance(headings, str) or not all(headings) or len(set(headings)) != len(headings):
        raise WholeError
    parts = Parts(folder, headings, delimiter, [0] * len(files), cells={heading: set() for heading in headings})
    whose, nameless = headings.index(_identity(headings, events)), 0
    for line, row in rows:
        if isinstance(row, str):
            parts.bad.append((row, f"line {line}"))
        else:
            person = row[whose].strip()
            if WHOLE.match(person) or SHORTENED.match(person):  # what these are all ids together tell
                raise WholeError
            nameless += not person
            text = (json.dumps([line, row]) + "\n").encode()
            for number in [part_of(person)] if person else range(len(files)):
                files[number].write(text)
                parts.persons[number] += bool(person)
            _note_cells(parts, row)
        if nameless + len(parts.bad) > _NAMELESS:
            raise WholeError
    return parts


def _identity(headings: list[str], events: Events) -> str:
    tall = long_tables.lay_out(headings, events)
    heading = flat.lay_out(headings, events).identity if tall is None else tall.identity
    if heading is None:
        raise WholeError
    return heading


def _note_cells(parts: Parts, row: list[str]) -> None:
    for heading, cell in zip(parts.headings, row, strict=True):
        known = parts.cells[heading]
        if known is not None and cell not in known:
            plain = decimal_point(cell) if parts.delimiter in ";\t" else cell
            parts.cells[heading] = few(known | ({plain.strip()} - {""}))


def _chained(first: list[str], lines: Iterator[str]) -> Iterator[str]:
    yield from first
    yield from lines


def _lines(text: IO[str]) -> Iterator[str]:
    """Yield the lines of a text, however they end.

    Raises
    ------
    WholeError
        If there are more bytes than are read of a table, or a line has no end.
    """
    size = 0
    while line := text.readline(_LINE):
        size += len(line) if line.isascii() else len(line.encode())
        if size > RECORD.most - 4 or len(line) == _LINE:  # the four are those of a mark of the byte order
            raise WholeError
        yield line
