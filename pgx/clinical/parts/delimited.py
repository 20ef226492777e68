"""Text tables as rows of cells: separators, headings and rows of another width."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator

from pgx.clinical.statements import Events
from pgx.errors import InputError
from pgx.guard.limits import COLUMNS
from pgx.tables import separator_of


def rows_of(lines: Iterable[str], delimiter: str, file: str) -> Iterator[tuple[int, list[str] | str]]:
    """Yield the rows of a table with their line numbers, the headings first; of a row that is not used what is wrong.

    Raises
    ------
    InputError
        If it is no table.
    """
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    width = 0
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if not width:
                width = len(row)
                yield reader.line_num, [cell.strip() for cell in row]
            elif len(row) != width:
                yield reader.line_num, f"{len(row)} cells, but the heading has {width}"
            else:
                yield reader.line_num, row
    except csv.Error as error:
        raise InputError(f"not a table: {error}", file=file, where=f"line {reader.line_num}") from None


def delimiter_of(text: str) -> tuple[str, str]:
    """Return the text and its separator: as a spreadsheet says it (``sep=;``), or the commonest of the heading line."""
    head, _, rest = text.partition("\n")
    said = re.fullmatch(r"\s*\"?sep=(.)\"?\s*", head, re.IGNORECASE)
    if said and rest:
        return rest, said[1]
    return text, separator_of(head)


def check_width(events: Events, text: str, delimiter: str) -> None:
    """Refuse a table of too many columns, by its first line."""
    if text.partition("\n")[0].count(delimiter) >= COLUMNS.most:
        raise COLUMNS.refused(events.file)


def named_columns(events: Events, headings: list[str], rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """Leave out columns without a heading, which spreadsheets append.

    Raises
    ------
    InputError
        If one of them holds something.
    """
    keep = [place for place, heading in enumerate(headings) if heading]
    for place in sorted(set(range(len(headings))) - set(keep)):
        if any(row[place].strip() for row in rows):
            fix = "name it, or start the name with 'x_' to leave it out"
            raise InputError(f"column {place + 1} holds values and has no heading", file=events.file, fix=fix)
    return [headings[place] for place in keep], [[row[place] for place in keep] for row in rows]


def decimal_point(cell: str) -> str:
    """Write ``72,5`` as ``72.5``: in a file that a spreadsheet separated by semicolons the comma is the decimal sign.

    Three digits after a comma may be thousands, ``1,234``, and stay as they are, to be refused.
    """
    return re.sub(_DECIMAL_COMMA, r"\1.\2", cell)


_DECIMAL_COMMA = re.compile(r"^(\s*[-+]?(?:\d+(?=,\d{1,2}(?!\d))|0(?=,\d))),(\d+\s*(?:[a-zA-Zµ%][^,;]*)?)$")
