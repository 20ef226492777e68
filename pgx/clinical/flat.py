"""Flat files: one row (CSV, TSV, Parquet) or one object (JSON) a person.

Columns are the concepts of ``concepts.tsv``, by name or other name, optionally ending in a unit (``weight_lb``); plus

* ``sample`` (or ``person_id``, ``patient_id``, ``id``, ...): who it is;
* ``date``: when the row was observed; ``<concept>_date``: when that value was; ``<concept>_unit``: its unit;
* ``medications``, ``planned_medications``, ``stopped_medications``, ``conditions``, ``allergies``: lists joined by ``;``,
  ``none`` for an empty list;
* ``notes``, ``comment``, ``name`` and ``x_...``: not read.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from pgx.clinical.events import RAW, BadDateError, Events, read_date
from pgx.clinical.jsons import parse
from pgx.clinical.vocabulary import column_name, system_name
from pgx.errors import InputError

IDS = (
    "sample",
    "sample_id",
    "person",
    "person_id",
    "patient",
    "patient_id",
    "subject",
    "subject_id",
    "individual",
    "iid",
    "id",
)
DATES = ("date", "visit_date", "observation_date")
LISTS = {
    "medications": "current",
    "medication": "current",
    "current_medications": "current",
    "drugs": "current",
    "planned_medications": "planned",
    "stopped_medications": "stopped",
    "past_medications": "stopped",
    "conditions": "condition",
    "diagnoses": "condition",
    "comorbidities": "condition",
    "allergies": "allergy",
}
IGNORED = ("notes", "note", "comment", "comments", "name", "given_name", "family_name")
GROUPS = ("demographics", "labs", "vitals", "lifestyle", "clinical", "imaging", "person", "patient")
SPECIAL = (*IDS, *DATES, *LISTS, *IGNORED)

_STATUS = re.compile(r"\s*\((current|planned|stopped)(?:\s+(\d{4}-\d{2}-\d{2}))?\)\s*$", re.IGNORECASE)
_CODED = re.compile(r"^(icd-?10(?:-?cm)?|snomed|sct|loinc|hp|mondo)\s*[:|]\s*(\S+)$", re.IGNORECASE)
_BARE_ICD = re.compile(r"^[A-TV-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{1,4})?$")
NONE = ("none", "no", "nil", "[]")


@dataclass
class _Layout:
    """Which column is what."""

    identity: str | None = None
    day: str | None = None
    values: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    lists: dict[str, str] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)


def lay_out(headings: list[str], events: Events) -> _Layout:
    """Understand the column headings.

    Raises
    ------
    InputError
        If a heading is not known, or two say the same.
    """
    layout = _Layout()
    names = {heading: column_name(heading) for heading in headings}
    layout.identity = next((h for wanted in IDS for h, n in names.items() if n == wanted), None)
    for heading, name in names.items():
        if heading == layout.identity:
            continue
        found = events.vocabulary.column(heading)
        if found:
            if found.concept in {c for c, _ in layout.values.values()}:
                raise InputError(
                    f"column {heading!r} gives {found.concept} a second time",
                    file=events.file,
                    fix="keep one column of it",
                )
            layout.values[heading] = (found.concept, found.unit)
        elif name in LISTS:
            layout.lists[heading] = LISTS[name]
        elif name in DATES:
            layout.day = heading
        elif (stem := events.vocabulary.column(name.removesuffix("_date"))) and name.endswith("_date"):
            layout.dates[stem.concept] = heading
        elif (stem := events.vocabulary.column(name.removesuffix("_unit"))) and name.endswith("_unit"):
            layout.units[stem.concept] = heading
        elif name in IGNORED or name.startswith("x_") or name in IDS:
            layout.ignored.append(heading)
        else:
            _unknown_column(events, heading)
    for heading in layout.ignored:
        events.not_understood("column", "", "", heading, None)
    return layout


def _unknown_column(events: Events, heading: str) -> None:
    close = events.vocabulary.suggest(heading, SPECIAL)
    hint = f"did you mean {' or '.join(close)}?" if close else ""
    if events.lenient:
        events.not_understood("column", "", "", heading + (f" ({hint})" if hint else ""), None)
        return
    fix = (
        f"{hint} A column whose name starts with 'x_' is left out"
        if hint
        else "`pgx check --columns` lists the known ones; start a name with 'x_' to leave it out"
    )
    raise InputError(f"unknown column {heading!r}", file=events.file, fix=fix)


def read_delimited(events: Events, data: bytes) -> None:
    """Read CSV or TSV (tab, comma or semicolon, found out from the heading line).

    Raises
    ------
    InputError
        If the text is not UTF-8, has no heading or no row, or rows do not match the heading.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 text (byte {error.start})", file=events.file, fix="save it as UTF-8") from None
    head = text.split("\n", 1)[0]
    delimiter = max("\t,;", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    headings: list[str] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if not headings:
                headings = [cell.strip() for cell in row]
            elif len(row) != len(headings):
                raise InputError(
                    f"{len(row)} cells, but the heading has {len(headings)}", file=events.file, where=f"line {reader.line_num}",
                    fix="quote cells that hold the separator",
                )  # fmt: skip
            else:
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as error:
        raise InputError(f"not a table: {error}", file=events.file, where=f"line {reader.line_num}") from None
    if not headings or len(set(headings)) != len(headings):
        doubled = next((h for h in headings if headings.count(h) > 1), None)
        raise InputError(f"column {doubled!r} is there twice" if doubled else "no heading line", file=events.file)
    if not rows:
        raise InputError("a heading, but no person", file=events.file)
    columns = list(zip(*rows, strict=True))
    frame = pl.DataFrame({h: pl.Series(h, c, dtype=pl.String) for h, c in zip(headings, columns, strict=True)})
    read_frame(events, frame, [f"line {n}" for n in lines])


def read_parquet(events: Events, data: bytes) -> None:
    """Read Parquet, one row a person."""
    try:
        frame = pl.read_parquet(io.BytesIO(data))
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise InputError(f"not a readable Parquet file: {str(error).splitlines()[0][:80]}", file=events.file) from None
    if frame.is_empty():
        raise InputError("no person", file=events.file)
    columns = []
    for name, dtype in frame.schema.items():
        if isinstance(dtype, pl.List):
            columns.append(pl.col(name).cast(pl.List(pl.String)).list.join(";"))
        elif dtype == pl.Boolean:
            columns.append(pl.when(pl.col(name)).then(pl.lit("yes")).when(~pl.col(name)).then(pl.lit("no")).alias(name))
        elif isinstance(dtype, pl.Struct | pl.Object | pl.Binary | pl.Array):
            raise InputError(f"column {name!r} holds {dtype}, not plain values", file=events.file)
        else:
            columns.append(pl.col(name).cast(pl.String))
    read_frame(events, frame.select(columns), [f"row {n}" for n in range(1, frame.height + 1)])


def read_frame(events: Events, frame: pl.DataFrame, where: list[str]) -> None:
    """Take a table of text, one row a person.

    Parameters
    ----------
    events
        Collects the statements.
    frame
        Text columns; empty text is missing.
    where
        Place of each row, for messages.
    """
    layout = lay_out(frame.columns, events)
    events.flat = True
    events.explicit_ids = layout.identity is not None
    frame = frame.with_columns(
        pl.when(pl.col(c).str.strip_chars() != "").then(pl.col(c).str.strip_chars()).alias(c) for c in frame.columns
    )
    people = frame[layout.identity] if layout.identity else pl.Series("", [None] * frame.height, dtype=pl.String)
    _check_people(events, people, where, layout.identity)
    for person in people:
        events.person(person)
    base = pl.DataFrame({"person": people, "where": pl.Series(where)})
    day = _days(events, frame, layout.day, base)
    for person, at in zip(people, day, strict=True):
        events.seen(person, at)
    for heading, (concept, unit) in layout.values.items():
        dated = _days(events, frame, layout.dates[concept], base) if concept in layout.dates else day
        _add_values(
            events,
            base,
            frame,
            heading,
            concept,
            unit,
            layout.units.get(concept),
            pl.Series("date", dated, dtype=pl.Date),
        )
    for heading, kind in layout.lists.items():
        for person, cell, place, at in zip(people, frame[heading], where, day, strict=True):
            if cell is not None:
                _add_list(
                    events,
                    person,
                    kind,
                    [p.strip() for p in cell.split(";") if p.strip()],
                    f"{place}, column {heading}",
                    at,
                )


def _check_people(events: Events, people: pl.Series, where: list[str], heading: str | None) -> None:
    if heading is None:
        if len(people) > 1:
            raise InputError(
                f"{len(people)} persons but no column that says who they are",
                file=events.file,
                fix="add a column 'sample'",
            )
        return
    if people.null_count():
        place = where[people.is_null().arg_true()[0]]
        raise InputError(
            "a person without a name", file=events.file, where=f"{place}, column {heading}", fix="fill it in"
        )
    doubled = people.is_duplicated()
    if doubled.any():
        first = doubled.arg_true()[1]
        raise InputError(
            f"person {people[first]!r} is there twice",
            file=events.file,
            where=where[first],
            fix="keep one row a person",
        )


def _days(events: Events, frame: pl.DataFrame, heading: str | None, base: pl.DataFrame) -> list[date | None]:
    if heading is None:
        return [None] * base.height
    return [
        events.day(person, text, f"{place}, column {heading}") if text else None
        for person, place, text in zip(base["person"], base["where"], frame[heading], strict=True)
    ]


def _add_values(
    events: Events,
    base: pl.DataFrame,
    frame: pl.DataFrame,
    heading: str,
    concept: str,
    unit: str | None,
    units: str | None,
    day: pl.Series,
) -> None:
    own = events.vocabulary.concepts[concept].unit
    written = frame[heading]
    events.understood[heading, _meaning(events, concept, unit)] = [
        written.len() - written.null_count(),
        f"column {heading}",
    ]
    if concept == "birth_date":
        written = _birth_dates(events, base, written)
    rows = base.with_columns(
        concept=pl.lit(concept),
        text=written,
        unit=pl.coalesce(frame[units], pl.lit(unit or own)) if units else pl.lit(unit or own, dtype=pl.String),
        date=day,
        where=pl.col("where") + f", column {heading}",
        system=pl.lit("text"),
        file=pl.lit(events.file),
    ).filter(pl.col("text").is_not_null())
    missing = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in RAW.items() if name not in rows.columns]
    events.frames.append(rows.with_columns(missing).select(pl.col(name).cast(dtype) for name, dtype in RAW.items()))


def _meaning(events: Events, concept: str, unit: str | None) -> str:
    shown = unit or events.vocabulary.concepts[concept].unit
    return f"{concept} [{shown}]" if shown else concept


def _birth_dates(events: Events, base: pl.DataFrame, written: pl.Series) -> pl.Series:
    days = []
    for person, place, text in zip(base["person"], base["where"], written, strict=True):
        try:
            days.append(read_date(text).isoformat() if text else None)
        except BadDateError as error:
            events.problem(person, "error", "bad_date", f"birth_date: {error}", place, "birth_date")
            days.append(None)
    return pl.Series(days, dtype=pl.String)


def _add_list(events: Events, person: str | None, kind: str, items: list[str], where: str, day: date | None) -> None:
    if kind in ("current", "planned", "stopped") and kind != "stopped":
        events.observe(person, "medication_list", answer="given", day=day, where=where)
    if len(items) == 1 and items[0].lower() in NONE:
        return
    for item in items:
        if kind == "condition":
            add_condition(events, person, item, where, day)
        elif kind == "allergy":
            add_allergy(events, person, item, where, day)
        else:
            marked = _STATUS.search(item)
            name = _STATUS.sub("", item)
            status = marked[1].lower() if marked else kind
            on = events.day(person, marked[2], where) if marked and marked[2] else None
            end, start = (on, None) if status == "stopped" else (None, on)
            events.medicate(person, name, status=status, start=start, end=end, where=where)


def add_condition(
    events: Events, person: str | None, text: str, where: str | None, day: date | None, answer: str = "yes"
) -> bool:
    """Add a condition by name or code (``ICD10:E11.9``, ``SNOMED:44054006``, a bare ICD-10 code); returns whether it is known."""
    coded = _CODED.match(text)
    system, code = ("ICD10", text) if _BARE_ICD.match(text) else ("text", text)
    if coded:
        system = system_name(coded[1])
        code = f"{coded[1].upper()}:{coded[2]}" if system in ("HPO", "MONDO") else coded[2]
    heading = events.vocabulary.column(text) if system == "text" else None
    boolean = heading is not None and events.vocabulary.concepts[heading.concept].kind == "boolean"
    pairs = ((heading.concept, None),) if heading and boolean else events.vocabulary.code(system, code)
    for concept, known in pairs:
        events.observe(person, concept, answer=known or answer, day=day, where=where, written=text)
    if not pairs:
        close = events.vocabulary.suggest(text)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        events.problem(
            person, "info", "condition_unknown", f"condition {text!r} is not one that the product uses{hint}", where
        )
        events.not_understood(
            "condition", "" if system == "text" else system, "" if system == "text" else code, text, where
        )
    return bool(pairs)


def add_allergy(events: Events, person: str | None, text: str, where: str | None, day: date | None) -> bool:
    """Add an allergy to a drug by name or code; returns whether it is known."""
    found = events.drugs.find(text).drugs
    for drug in found:
        events.observe(person, "allergy", answer=drug, day=day, where=where, written=text)
    if not found:
        events.not_understood("allergy", "", "", text, where)
    return bool(found)


def read_json(events: Events, data: bytes) -> None:
    """Read one person (an object) or several (a list of objects).

    Raises
    ------
    InputError
        If it is not JSON, or not of that form.
    """
    read_objects(events, load_json(events.file, data))


def load_json(file: str, data: bytes) -> object:
    """Parse JSON.

    Raises
    ------
    InputError
        If it is not JSON, with line and column.
    """
    try:
        return parse(data)
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 text (byte {error.start})", file=file, fix="save it as UTF-8") from None
    except json.JSONDecodeError as error:
        raise InputError(
            f"not JSON: {error.msg}", file=file, where=f"line {error.lineno} column {error.colno}"
        ) from None
    except (RecursionError, ValueError) as error:
        raise InputError(f"not readable JSON: {type(error).__name__}", file=file) from None


def read_objects(events: Events, content: object) -> None:
    """Take one person or a list of persons, as parsed from JSON."""
    people = content if isinstance(content, list) else [content]
    events.flat = True
    if not people:
        raise InputError("no person", file=events.file)
    several = len(people) > 1
    seen: set[str] = set()
    for index, one in enumerate(people, start=1):
        place = f"person {index}" if several else ""
        if not isinstance(one, Mapping):
            raise InputError(
                f"expected an object with one person's values, found {_kind(one)}",
                file=events.file,
                where=place or None,
            )
        flat = dict(_flatten(one))
        layout = lay_out(list(flat), events)
        person = flat.get(layout.identity) if layout.identity else None
        person = None if person is None else str(person).strip() or None
        if several and (person is None or person in seen):
            what = "has no 'sample'" if person is None else f"{person!r} is there twice"
            raise InputError(
                f"the person {what}", file=events.file, where=place, fix="give each person its own 'sample'"
            )
        seen.add(person or "")
        events.explicit_ids |= person is not None
        events.person(person)
        _add_object(events, person, flat, layout, place)


def _flatten(one: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for key, value in one.items():
        name = column_name(key)
        if isinstance(value, Mapping) and name in (*GROUPS, "conditions") and "value" not in value:
            yield from _flatten(value)
        else:
            yield key, value


def _add_object(events: Events, person: str | None, flat: Mapping[str, object], layout: _Layout, place: str) -> None:
    prefix = f"{place}, " if place else ""
    day = events.day(person, flat.get(layout.day), f"{prefix}key {layout.day}") if layout.day else None
    events.seen(person, day)
    for key, (concept, unit) in layout.values.items():
        items = flat[key]
        for item in items if isinstance(items, list) else [items]:
            where = f"{prefix}key {key}"
            at = flat.get(layout.dates.get(concept, ""))
            own = flat.get(layout.units.get(concept, "")) or unit
            _add_item(
                events,
                person,
                concept,
                item,
                own if isinstance(own, str) else None,
                events.day(person, at, where) or day,
                where,
            )
    for key, kind in layout.lists.items():
        items, where = flat[key], f"{prefix}key {key}"
        if isinstance(items, str):
            _add_list(events, person, kind, [p.strip() for p in items.split(";") if p.strip()], where, day)
        elif isinstance(items, list):
            _add_list(events, person, kind, [p.strip() for p in items if isinstance(p, str) and p.strip()], where, day)
            for item in items:
                if isinstance(item, Mapping):
                    _add_entry(events, person, kind, item, where, day)
                elif not isinstance(item, str):
                    raise InputError(
                        f"expected a name or an object, found {_kind(item)}", file=events.file, where=where
                    )
        elif items is not None:
            raise InputError(f"expected a list, found {_kind(items)}", file=events.file, where=where)


def _add_item(
    events: Events, person: str | None, concept: str, item: object, unit: str | None, day: date | None, where: str
) -> None:
    if isinstance(item, Mapping):
        inner = item.get("unit", unit)
        day = events.day(person, item.get("date"), where) or day
        _add_item(events, person, concept, item.get("value"), inner if isinstance(inner, str) else None, day, where)
        return
    if item is None or item == "":
        return
    if isinstance(item, list):
        raise InputError(f"expected a value, found {_kind(item)}", file=events.file, where=where)
    shown = _meaning(events, concept, unit)
    unit = unit or events.vocabulary.concepts[concept].unit
    if concept == "birth_date":
        try:
            item = read_date(str(item)).isoformat()
        except BadDateError as error:
            events.problem(person, "error", "bad_date", f"birth_date: {error}", where, concept)
            return
    text = ("yes" if item else "no") if isinstance(item, bool) else str(item) if isinstance(item, str) else None
    number = _float(item) if isinstance(item, int | float) and not isinstance(item, bool) else None
    events.observe(
        person,
        concept,
        number=number,
        text=text,
        unit=unit,
        day=day,
        where=where,
        written=where.rpartition("key ")[2],
        meaning=shown,
    )


def _add_entry(
    events: Events, person: str | None, kind: str, item: Mapping[str, object], where: str, day: date | None
) -> None:
    name = next(
        (
            item[k]
            for k in ("drug", "name", "code", "condition", "allergy", "substance")
            if isinstance(item.get(k), str)
        ),
        None,
    )
    if not isinstance(name, str):
        raise InputError("an entry without a name", file=events.file, where=where, fix="give it a key 'name'")
    start = events.day(person, item.get("start") or item.get("date"), where)
    end = events.day(person, item.get("end"), where)
    if kind == "condition":
        add_condition(events, person, name, where, start or day, "no" if item.get("value") is False else "yes")
    elif kind == "allergy":
        add_allergy(events, person, name, where, start or day)
    else:
        dose = item.get("dose_mg_per_day")
        status = str(item.get("status", kind)).lower()
        if status not in ("current", "planned", "stopped"):
            raise InputError(
                f"status {status[:40]!r} is not current, planned or stopped", file=events.file, where=where
            )
        if dose is not None and (isinstance(dose, bool) or not isinstance(dose, int | float) or not 0 < dose < 1e6):
            raise InputError(f"dose_mg_per_day {str(dose)[:40]!r} is not a dose", file=events.file, where=where)
        events.medicate(
            person, name, status=status, start=start, end=end, dose=None if dose is None else float(dose), where=where
        )


def _float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return float("inf")


def _kind(value: object) -> str:
    names = {
        dict: "an object",
        list: "a list",
        str: "text",
        bool: "true/false",
        int: "a number",
        float: "a number",
        type(None): "null",
    }
    return names.get(type(value), type(value).__name__)
