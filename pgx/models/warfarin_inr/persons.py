"""Whose INRs and doses there are: from a table of INRs, or from clinical records of any format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import polars as pl

from pgx.clinical import groups
from pgx.codes import NoteCode, Severity
from pgx.errors import InputError
from pgx.notes import Note
from pgx.types import ClinicalData

HEAD = ("sample", "date", "dose", "inr")
"""Columns of a table of INRs: the dose is what was taken since the row before, mg/week."""
SERIES = ("inr", "warfarin_dose")
"""Concepts of which every value counts, not the newest alone."""
LOWEST_DOSE, HIGHEST_DOSE = 0.5, 300.0
"""Doses that a person can need, mg/week; limits of ``warfarin_dose`` in ``concepts.tsv``."""
LOWEST_INR, HIGHEST_INR = 0.5, 30.0
"""The same of ``inr``."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One INR."""

    day: date
    inr: float


@dataclass(frozen=True, slots=True)
class Course:
    """A time with one dose.

    Parameters
    ----------
    start
        First day; None = from before the record.
    end
        First day without it; None = it goes on.
    dose
        mg of warfarin a day; None = not known.
    """

    start: date | None
    end: date | None
    dose: float | None


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of one person: INRs by day, courses in the order in which a later one takes over."""

    name: str
    visits: tuple[Visit, ...]
    courses: tuple[Course, ...]
    age: float | None = None
    target: float | None = None
    group: str | None = None


Found = tuple[list[Person], list[Note]]


def of_table(values: pl.DataFrame, where: str = "") -> Found:
    """Read persons from a table with the columns of `HEAD`; a row that cannot be read costs itself.

    Raises
    ------
    InputError
        If a column is missing.
    """
    for name in HEAD:
        if name not in values.columns:
            raise InputError(f"the INR table has no column {name!r}", fix=f"columns: {', '.join(HEAD)}")
    rows: dict[str, list[tuple[date, float | None, float | None]]] = {}
    broken: set[str] = set()
    notes: list[Note] = []
    for number, row in enumerate(_typed(values).iter_rows(named=True), start=2):
        place = f"{where}: line {number}" if where else f"line {number}"
        name, day = row["sample"], row["date"]
        if name is None or day is None:
            text = "sample is missing" if name is None else f"date {row['as_written']!r} is no day; write YYYY-MM-DD"
            notes.append(_left_out(name, NoteCode.BAD_ROW, text, place))
            broken |= {name} if name else set()
            continue
        inr = _within(row, "inr", LOWEST_INR, HIGHEST_INR, notes, place)
        dose = _within(row, "dose", 0.0, HIGHEST_DOSE, notes, place)
        # What was taken since a row that is left out is not what was taken since the row before it.
        rows.setdefault(name, []).append((day, None if name in broken else dose, inr))
        broken.discard(name)
    return [_of_rows(name, listed) for name, listed in rows.items()], notes


def of_records(data: ClinicalData, drug: str) -> Found:
    """Read persons from clinical records: INRs, courses or stated doses of the drug, age and INR aimed at."""
    notes: list[Note] = []
    found: list[Person] = []
    known = groups(data)
    values = data.observations.filter(pl.col("value").is_not_null())
    taken = data.medications.filter((pl.col("drug") == drug) & (pl.col("status").is_in(["current", "stopped"])))
    inrs = values.filter(pl.col("concept") == "inr")
    for name in inrs["sample"].unique(maintain_order=True):
        mine = values.filter(pl.col("sample") == name)
        dated, undated = _series(mine, "inr")
        notes += [_left_out(name, NoteCode.BAD_DATE, "an INR without a day says nothing", place) for place in undated]
        courses = _courses(taken.filter(pl.col("sample") == name))
        stated, _ = _series(mine, "warfarin_dose")
        if not any(one.dose is not None for one in courses):
            courses = [*courses, *_stated([(day, weekly / 7.0) for day, weekly in stated])]
        newest = {
            one: mine.filter((pl.col("concept") == one) & pl.col("value").is_not_null()).sort("date", nulls_last=False)
            for one in ("age", "target_inr")
        }
        age, target = (float(one["value"][-1]) if one.height else None for one in newest.values())
        visits = tuple(Visit(day, value) for day, value in dated)
        if visits:
            found.append(Person(name, visits, tuple(courses), age, target, known.get(name)))
    return found, notes


def _typed(values: pl.DataFrame) -> pl.DataFrame:
    # Only the order year-month-day leaves no doubt; a time after it does not matter.
    text = pl.col("date").cast(pl.String)
    day = text.str.extract(r"^(\d{4}-\d{2}-\d{2})(?:[T ]|$)").str.to_date("%Y-%m-%d", strict=False)
    when = pl.col("date") if values.schema["date"] == pl.Date else day
    return values.select(
        pl.col("sample").cast(pl.String),
        when.alias("date"),
        text.alias("as_written"),
        *(pl.col(name).cast(pl.Float64, strict=False) for name in ("dose", "inr")),
        *(pl.col(name).cast(pl.String).alias(f"{name}_written") for name in ("dose", "inr")),
    )


def _within(row: dict[str, Any], name: str, low: float, high: float, notes: list[Note], place: str) -> float | None:
    value, written = row[name], row[f"{name}_written"]
    if value is not None and low <= value <= high:
        return float(value)
    text = f"{name} is missing" if written is None else f"{name} {written!r} is not a number"
    if value is not None:
        text = f"{name} {value:g} is not between {low:g} and {high:g}"
    notes.append(_left_out(row["sample"], NoteCode.BAD_ROW, text, place))
    return None


def _left_out(name: str | None, code: NoteCode, text: str, place: str) -> Note:
    return Note(stage="models", severity=Severity.WARNING, code=code, message=f"{text}: left out", sample=name,
                subject="inr", where=place)  # fmt: skip


def _of_rows(name: str, rows: list[tuple[date, float | None, float | None]]) -> Person:
    rows = sorted(rows, key=lambda one: one[0])
    doses = [(day, None if dose is None else dose / 7.0) for day, dose, _ in rows]
    visits = tuple(Visit(day, inr) for day, _, inr in rows if inr is not None)
    return Person(name, visits, tuple(_stated(doses)))


def _stated(doses: Sequence[tuple[date, float | None]]) -> Iterator[Course]:
    """Each dose is what was taken since the one before; the last goes on."""
    if doses:
        yield Course(None, doses[0][0], doses[0][1])
    yield from (Course(before[0], after[0], after[1]) for before, after in pairwise(doses))
    if doses:
        yield Course(doses[-1][0], None, doses[-1][1])


def _courses(taken: pl.DataFrame) -> list[Course]:
    listed = [
        Course(row["start"], row["end"] and row["end"] + timedelta(days=1), row["dose_mg_per_day"])
        for row in taken.iter_rows(named=True)
        if row["status"] == "current" or row["end"] is not None
    ]
    return sorted(listed, key=lambda one: one.start or date.min)


def _series(mine: pl.DataFrame, concept: str) -> tuple[list[tuple[date, float]], list[str]]:
    """Return the dated values of a concept by day, and where the undated ones stand."""
    rows = mine.filter(pl.col("concept") == concept).select("date", "value", "source").rows()
    dated = sorted((day, float(value)) for day, value, _ in rows if day is not None)
    return dated, [source for day, _, source in rows if day is None]
