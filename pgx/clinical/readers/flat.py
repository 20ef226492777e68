"""Flat files: one row (CSV, TSV, Parquet) or one object (JSON) a person.

Columns are the concepts of ``concepts.tsv``, by name or other name, optionally ending in a unit (``weight_lb``); plus

* ``sample`` (or ``person_id``, ``patient_id``, ``id``, ...): who it is;
* ``date``: when the row was observed; ``<concept>_date``: when that value was; ``<concept>_unit``: its unit;
* ``medications``, ``planned_medications``, ``stopped_medications``, ``conditions``, ``allergies``: lists joined by
  ``;``, or ``none``;
* ``death_date`` or ``deceased``: that the person has died, which is said;
* ``notes``, ``comment``, ``name`` and ``x_...``: not read.

A table of one row a value or a drug is read by `pgx.clinical.readers.long_tables`.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from pgx.clinical.dates import BadDateError, read_birth, read_date
from pgx.clinical.parts.delimited import check_width, decimal_point, delimiter_of, named_columns, rows_of
from pgx.clinical.readers import long_tables
from pgx.clinical.readers.lists import add_list, add_undated
from pgx.clinical.readers.rows import (
    DATES,
    DEATHS,
    IDS,
    IGNORED,
    LISTS,
    SPECIAL,
    Rows,
    one_column_each,
    read_days,
    read_death,
    unknown_column,
    usable_rows,
)
from pgx.clinical.readers.text import decode
from pgx.clinical.statements import RAW, Events
from pgx.clinical.vocabulary import column_name
from pgx.errors import InputError, shortened
from pgx.guard import parquet
from pgx.guard.limits import RECORD, ROWS

DATES_ONLY = ("birth_date", "as_of")
"""Concepts whose value is itself a date."""
NOW = "as_of"
"""The concept that says which day counts as the person's "now"."""
GROUPS = ("demographics", "labs", "vitals", "lifestyle", "clinical", "imaging", "person", "patient")


class EmptyTableError(InputError):
    """A table with a heading and no row: in a folder of tables, one that a person has nothing in."""


@dataclass
class Layout:
    """Which column is what."""

    identity: str | None = None
    day: str | None = None
    values: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    lists: dict[str, str] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    deaths: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


def lay_out(headings: list[str], events: Events) -> Layout:
    """Understand the column headings, of which each concept has one."""
    layout, unknown = Layout(), list[str]()
    names = {heading: column_name(heading) for heading in headings}
    layout.identity = next((h for wanted in IDS for h, n in names.items() if n == wanted), None)
    for heading, name in names.items():
        if heading == layout.identity:
            continue
        if name in LISTS:  # before the concepts: ``allergy`` is both
            layout.lists[heading] = LISTS[name]
        elif found := events.vocabulary.column(heading):
            layout.values[heading] = (found.concept, found.unit)
        elif name in DATES:
            layout.day = heading
        elif (stem := events.vocabulary.column(name.removesuffix("_date"))) and name.endswith("_date"):
            layout.dates[stem.concept] = heading
        elif (stem := events.vocabulary.column(name.removesuffix("_unit"))) and name.endswith("_unit"):
            layout.units[stem.concept] = heading
        elif name in DEATHS:
            layout.deaths.append(heading)
        elif name in IGNORED or name.startswith("x_") or name in IDS:
            layout.ignored.append(heading)
        else:
            unknown.append(heading)
    # A first line of which no column is known may be a person's row.
    place = "line 1" if len(unknown) == len(names) else "heading"
    for heading in unknown:
        unknown_column(events, heading, SPECIAL, place)
    for heading in layout.ignored:
        events.not_understood("column", "", "", heading, None)
    return layout


def read_delimited(events: Events, data: bytes) -> None:
    """Read CSV or TSV (tab, comma or semicolon, found out from the heading line).

    Raises
    ------
    InputError
        If it is not text, has no heading, or no row that can be used. A bad row among good ones is noted.
    """
    text, remark = decode(data, events.file)
    if remark:
        events.problem(None, "warning", "not_utf8", remark, None)
    text, delimiter = delimiter_of(text)
    check_width(events, text, delimiter)
    headings: list[str] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    bad: list[tuple[str, str]] = []
    for line, row in rows_of(io.StringIO(text, newline=""), delimiter, events.file):
        if len(rows) + len(bad) == ROWS.most:
            raise ROWS.refused(events.file, f"line {line}")
        if isinstance(row, str):
            bad.append((row, f"line {line}"))
        elif not headings:
            headings = row
        else:
            rows.append(row)
            lines.append(line)
    headings, rows = named_columns(events, headings, rows)
    if not headings or len(set(headings)) != len(headings):
        doubled = next((heading for heading, count in Counter(headings).items() if count > 1), None)
        raise InputError(f"column {doubled!r} is there twice" if doubled else "no heading line", file=events.file)
    if not rows and bad:
        raise InputError(bad[0][0], file=events.file, where=bad[0][1], fix="quote cells that hold the separator")
    if not rows:
        raise EmptyTableError("a heading, but no person", file=events.file)
    read_rows(events, headings, rows, lines, bad, delimiter)


def read_rows(
    events: Events, headings: list[str], rows: list[list[str]], lines: list[int], bad: Iterable[tuple[str, str]],
    delimiter: str,
) -> None:  # fmt: skip
    """Take the rows of a text table.

    Parameters
    ----------
    events
        Collects the statements.
    headings, rows, lines
        The cells, and the line of each row.
    bad
        What is wrong with rows that are not used, and where they stand.
    delimiter
        What separates the cells.
    """
    for problem, where in bad:
        events.problem(None, "error", "bad_row", f"the row is not used: {problem}", where)
    if delimiter in ";\t":
        rows = [[decimal_point(cell) for cell in row] for row in rows]
    columns = list(zip(*rows, strict=True))
    frame = pl.DataFrame({h: pl.Series(h, c, dtype=pl.String) for h, c in zip(headings, columns, strict=True)})
    read_frame(events, frame, [f"line {n}" for n in lines])


def read_parquet(events: Events, data: bytes) -> None:
    """Read Parquet, one row a person."""
    frame = parquet.read_parquet(data, events.file, most=RECORD, most_rows=ROWS)
    if frame.is_empty():
        raise EmptyTableError("no person", file=events.file)
    columns = []
    for name, dtype in frame.schema.items():
        inner = dtype.inner if isinstance(dtype, pl.List) else dtype
        if inner.is_nested() or isinstance(inner, pl.Object | pl.Binary | pl.Duration):
            raise InputError(f"column {name!r} holds {shortened(str(dtype))}, not plain values", file=events.file)
        if isinstance(dtype, pl.List):
            columns.append(pl.col(name).cast(pl.List(pl.String)).list.join(";"))
        elif dtype == pl.Boolean:
            columns.append(pl.when(pl.col(name)).then(pl.lit("yes")).when(~pl.col(name)).then(pl.lit("no")).alias(name))
        else:
            columns.append(pl.col(name).cast(pl.String))
    read_frame(events, frame.select(columns), [f"row {n}" for n in range(1, frame.height + 1)])


def read_frame(events: Events, frame: pl.DataFrame, where: list[str]) -> None:
    """Take a table of text, one row a person, or one a person and day.

    Parameters
    ----------
    events
        Collects the statements.
    frame
        Text columns; empty text is missing.
    where
        Place of each row, for messages.
    """
    events.flat = True
    # Not by their names: a heading such as * would stand for every column.
    frame = frame.with_columns(pl.all().str.strip_chars().replace("", None))
    if (tall := long_tables.lay_out(frame.columns, events)) is not None:
        long_tables.read(events, frame, where, tall)
        return
    frame, apart = one_column_each(events, frame, where)
    layout = lay_out(frame.columns, events)
    events.explicit_ids = layout.identity is not None
    if _tells_nothing(events, frame, layout):
        return
    rows = usable_rows(events, frame, where, layout.identity, layout.day)
    frame, people, where, day = rows.frame, rows.people, rows.where, rows.days
    for person, line in zip(people, where, strict=True):
        events.person(person)
        for concept, said, columns in apart.get(line, ()):
            events.problem(person, "error", "contradiction", said, f"{line}, columns {columns}", concept)
    base = pl.DataFrame({"person": people, "where": pl.Series(where)})
    for person, at in zip(people, day, strict=True):
        events.seen(person, at)
    for heading, (concept, unit) in layout.values.items():
        own = layout.dates.get(concept)
        dated = read_days(events, frame, own, people, where, concept) if own else day
        written = frame[heading]
        unread = pl.Series(rows.unread, dtype=pl.Boolean) & (events.vocabulary.concepts[concept].summary != "constant")
        for place in (unread & written.is_not_null()).arg_true():
            message = f"{concept} is not used: nobody can tell of which day it is"
            events.problem(people[place], "error", "bad_date", message, f"{where[place]}, column {heading}", concept)
        if own:  # a value of an unknown day must not pass for a present one
            unread |= frame[own].is_not_null() & pl.Series(dated, dtype=pl.Date).is_null()
        written = pl.select(pl.when(~unread).then(written)).to_series().alias(heading)
        day_of = pl.Series("date", dated, dtype=pl.Date)
        units = frame[layout.units[concept]] if concept in layout.units else None
        _add_values(events, base, written, concept, unit, units, day_of)
    _read_deaths(events, rows, layout.deaths)
    for step, (heading, kind) in enumerate(layout.lists.items()):
        for place in _stated(events, rows, heading, kind, 3 * step):
            events.part.at(3 * step + 1, where[place])
            listed = f"{where[place]}, column {heading}"
            add_list(events, people[place], kind, _items(frame[heading][place]), listed, day[place])
        for place in (place for place, cell in enumerate(frame[heading]) if cell is not None and rows.unread[place]):
            events.part.at(3 * step + 2, where[place])
            add_undated(events, people[place], kind, _items(frame[heading][place]), f"{where[place]}, column {heading}")


def _read_deaths(events: Events, rows: Rows, headings: list[str]) -> None:
    for heading in headings:
        for person, line, cell in zip(rows.people, rows.where, rows.frame[heading], strict=True):
            read_death(events, person, cell or "", f"{line}, column {heading}")


def _tells_nothing(events: Events, frame: pl.DataFrame, layout: Layout) -> bool:
    """Say whether a table only names persons, often or not: what it tells of nobody cannot contradict itself."""
    if layout.values or layout.lists or layout.deaths or layout.identity is None:
        return False
    for person in filter(None, frame[layout.identity]):
        events.person(person)
    return bool(events.people)


def _items(cell: str) -> list[str]:
    return [part.strip() for part in re.split(r"[;\n]", cell) if part.strip()]


def _stated(events: Events, rows: Rows, heading: str, kind: str, step: int) -> list[int]:
    """Return the rows whose list counts: of the drugs taken or planned, each person's newest that says anything.

    An empty cell of a newer row (a laboratory value alone) says nothing of the list.
    """
    stated = rows.frame[heading].is_not_null().to_list()
    places = [place for place, some in enumerate(stated) if some and not rows.unread[place]]
    if kind in ("condition", "allergy"):
        return places
    whose = rows.people.to_list()
    used = [place for place in places if not events.later(whose[place], heading, rows.days[place], rows.where[place])]
    if kind == "stopped":
        return used
    newest = {whose[place]: place for place in sorted(used, key=lambda place: rows.days[place] or date.min)}
    for place in used:
        if place != newest[whose[place]]:
            events.part.at(step, rows.where[place])
            events.not_understood("list", "", "", f"{heading} of an older row", rows.where[place])
    return sorted(newest.values())


def _add_values(
    events: Events,
    base: pl.DataFrame,
    written: pl.Series,
    concept: str,
    unit: str | None,
    units: pl.Series | None,
    day: pl.Series,
) -> None:
    own, heading = events.vocabulary.concepts[concept].unit, written.name
    events.understood[heading, meaning_of(events, concept, unit)] = [
        written.len() - written.null_count(),
        f"column {heading}",
    ]
    if unit and units is not None:
        written = _of_one_unit(events, base, written, concept, unit, units)
    if concept in DATES_ONLY:
        written = _iso_days(events, base, written, concept)
    written = _without_two_meanings(events, base, written, concept)
    if meant := events.vocabulary.numbered(concept, events.part.cells_of(concept, written)):
        shown = ", ".join(f"{number} is {answer or 'not known'}" for number, answer in sorted(meant.items()))
        events.problem(None, "info", "numbers_read", f"column {heading}: {shown}", f"column {heading}", concept)
        written = written.replace_strict({one: answer or "unknown" for one, answer in meant.items()}, default=None)
    rows = base.with_columns(
        concept=pl.lit(concept),
        text=written,
        unit=pl.lit(unit or own, dtype=pl.String) if units is None else units.fill_null(unit) if unit else units,
        bare=pl.lit(True) if units is None else units.is_null(),
        date=day,
        where=pl.col("where") + f", column {heading}",
        system=pl.lit("text"),
        file=pl.lit(events.file),
    ).filter(pl.col("text").is_not_null())
    missing = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in RAW.items() if name not in rows.columns]
    events.frames.append(rows.with_columns(missing).select(pl.col(name).cast(dtype) for name, dtype in RAW.items()))


def _without_two_meanings(events: Events, base: pl.DataFrame, written: pl.Series, concept: str) -> pl.Series:
    """Leave out answers that stand for two things under their heading: ``M`` of *sexo*, masculino or mujer."""
    name = column_name(written.name)
    two = [text for text in written.drop_nulls().unique() if events.vocabulary.has_two_meanings(concept, name, text)]
    for place, text in enumerate(written if two else ()):
        if text in two:
            said = f"{concept}: {text!r} stands for two answers in a column {written.name!r}: write the word"
            where = f"{base['where'][place]}, column {written.name}"
            events.problem(base["person"][place], "error", "answer_unknown", said, where, concept)
    return pl.select(pl.when(~written.is_in(two)).then(written)).to_series().alias(written.name) if two else written


def _of_one_unit(
    events: Events, base: pl.DataFrame, written: pl.Series, concept: str, unit: str, units: pl.Series
) -> pl.Series:
    """Leave out the values whose unit column says another unit than their heading."""
    differ = [
        place
        for place, other in enumerate(units)
        if other and written[place] is not None and not events.vocabulary.same_unit(concept, unit, other)
    ]
    for place in differ:
        said = f"{concept} {written[place]} is in {unit} by its heading and in {units[place]} by its unit column"
        where = f"{base['where'][place]}, column {written.name}"
        events.problem(base["person"][place], "error", "unit_differs", f"{said}: not used", where, concept)
    keep = ~pl.Series(range(len(written))).is_in(differ)
    return pl.select(pl.when(keep).then(written)).to_series().alias(str(written.name))


def meaning_of(events: Events, concept: str, unit: str | None) -> str:
    """Return how `check` shows a column: the concept and the unit that it is read in."""
    shown = unit or events.vocabulary.concepts[concept].unit
    return f"{concept} [{shown}]" if shown else concept


def _exact(text: str) -> tuple[date, float]:
    return read_date(text), 0.0


def _iso_days(events: Events, base: pl.DataFrame, written: pl.Series, concept: str) -> pl.Series:
    days = []
    for person, place, text in zip(base["person"], base["where"], written, strict=True):
        try:
            plain = events.plain_date(text) if text else ""
            at, margin = (read_birth if concept == "birth_date" else _exact)(plain) if plain else (None, 0.0)
            if margin:
                events.uncertain_age(person, margin, place)
            days.append(at.isoformat() if at else None)
            if at and concept == NOW:
                events.choose(person, at)
        except BadDateError as error:
            events.problem(person, "error", "bad_date", f"{concept}: {error}", place, concept)
            days.append(None)
    return pl.Series(days, dtype=pl.String)
