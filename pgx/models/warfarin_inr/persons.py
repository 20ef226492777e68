"""Whose INRs and doses there are: from a table of INRs, or from clinical records of any format."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import polars as pl

from pgx.clinical import groups
from pgx.clinical.bounds import is_bound
from pgx.codes import NoteCode, Severity
from pgx.knowledge import KnowledgeBase
from pgx.models.evidence import plausible
from pgx.models.warfarin_inr.inr_table import Cell, Row, headings, rows
from pgx.notes import Note
from pgx.types import ClinicalData

SERIES = ("inr", "warfarin_dose")
"""Concepts of which every value counts, not the newest alone."""
_FEATURES = {
    "dose": "clinical.warfarin_dose", "inr": "lab.inr", "age": "clinical.age", "target": "clinical.target_inr",
}  # fmt: skip


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
    """What is known of one person: INRs by day, courses in the order in which a later one takes over.

    `unread` are the days of INRs that were told and could not be read; the last of all (`date.max`) where the day is
    not known. `refused` are ``age`` and ``target_inr`` where they were told and could not be used. `illegible` tells
    whether there is an INR that may be any: one whose day alone is unknown is none.
    """

    name: str
    visits: tuple[Visit, ...]
    courses: tuple[Course, ...]
    age: float | None = None
    target: float | None = None
    group: str | None = None
    unread: tuple[date, ...] = ()
    refused: tuple[str, ...] = ()
    illegible: bool = False


_OF_PERSON = ("age", "target_inr")
Found = tuple[list[Person], list[Note]]


def limits_of(kb: KnowledgeBase) -> dict[str, tuple[float, float]]:
    """Return the doses (mg/week), INRs, ages and INRs aimed at that a person can have, lowest and highest."""
    known = plausible.limits(tuple(_FEATURES.values()), kb)
    return {name: known[feature] for name, feature in _FEATURES.items()}


_USUAL = {"inr": "inr", "dose": "warfarin_dose"}
"""What a cell of a table of INRs holds -> the concept whose usual range it has."""


def of_table(
    values: pl.DataFrame,
    kb: KnowledgeBase,
    where: str = "",
    date_format: str | None = None,
    accepted: Collection[str] = (),
) -> Found:
    """Read persons from a table of INRs (`inr_table`); a row that cannot be read costs itself.

    A bare number that a person can hardly have is left out as in other records, unless its concept is `accepted`.

    Raises
    ------
    InputError
        If a column is missing.
    """
    limits = limits_of(kb)
    limits["dose"] = 0.0, limits["dose"][1]  # none was taken
    listed: dict[str, list[Row]] = {}
    unused = sorted(set(values.columns) - set((headings(values.columns) or {}).values()))
    notes = [_unused(name, where or None) for name in unused]
    usual = {row["concept"]: row for row in kb.table("usual_ranges").iter_rows(named=True)}
    for read in rows(values, limits, where, date_format):
        row, doubts = _doubted(read, usual, accepted)
        notes += doubts
        if row.sample is None or row.day is None:
            text = "sample is missing" if row.sample is None else f"date {row.date_written!r} is no day"
            hint = "" if row.sample is None else "; write YYYY-MM-DD, or say how dates are written with --date-format"
            code = NoteCode.BAD_ROW if row.sample is None else NoteCode.BAD_DATE
            notes.append(_left_out(row.sample, code, text + hint, row.place))
        else:
            empty = (cell.problem for cell in (row.inr, row.dose) if cell.problem and cell.written is None)
            notes += [_left_out(row.sample, NoteCode.BAD_ROW, text, row.place) for text in empty]
        cells = {"inr": row.inr, "dose": row.dose, "age": row.age, "target_inr": row.target}
        for what, cell in cells.items():
            unread = what in ("inr", "dose") and (row.sample is None or row.day is None)
            if cell.problem and cell.written is not None and not unread and not cell.doubted:
                code = NoteCode.BOUND if is_bound(cell.written) else NoteCode.IMPOSSIBLE_VALUE
                notes.append(_left_out(row.sample, code, cell.problem, row.place, what))
        if row.sample is not None:
            listed.setdefault(row.sample, []).append(row)
    return [_of_rows(name, mine) for name, mine in listed.items()], notes


def _doubted(row: Row, usual: Mapping[str, Mapping[str, Any]], accepted: Collection[str]) -> tuple[Row, list[Note]]:
    """Return a row without the bare numbers that a person can hardly have, and what is said of such numbers."""
    notes: list[Note] = []
    cells = {"inr": row.inr, "dose": row.dose}
    for what, cell in cells.items():
        concept = _USUAL[what]
        value, known = cell.value, usual.get(concept)
        if known is None or not value or known["low"] <= value <= known["high"]:
            continue
        used = concept in accepted or cell.with_unit
        ask = f" ({known['ask']})" if known["ask"] else ""
        message = f"{what} of {value:g} is unlikely{ask}"
        code = NoteCode.UNLIKELY_VALUE if used else NoteCode.DOUBTFUL_VALUE
        if used:
            notes.append(
                replace(_left_out(row.sample, code, "", row.place, what), message=f"{message}: used; check it")
            )
            continue
        fix = f"confirm it with --accept {concept}" + ("" if what == "inr" else ", or write the unit beside it")
        notes.append(_left_out(row.sample, code, f"{message}; {fix}", row.place, what))
        cells[what] = replace(cell, value=None, problem=message, doubted=True)
    return replace(row, inr=cells["inr"], dose=cells["dose"]), notes


def of_records(data: ClinicalData, drug: str) -> Found:
    """Read persons from clinical records: INRs, courses or stated doses of the drug, age and INR aimed at."""
    notes: list[Note] = []
    found: list[Person] = []
    known = groups(data)
    values = data.observations.filter(pl.col("value").is_not_null())
    taken = data.medications.filter((pl.col("drug") == drug) & (pl.col("status").is_in(["current", "stopped"])))
    inrs = values.filter(pl.col("concept") == "inr")
    bounds = data.observations.filter(concept="inr").filter(pl.col("value").is_null(), pl.col("date").is_not_null())
    days_of_bounds = dict(bounds.group_by("sample").agg("date").iter_rows())
    lost = {one: set(data.kept_out.filter(concept=one)["sample"]) for one in (*SERIES, *_OF_PERSON)}
    why_lost = dict(data.kept_out.filter(concept="inr").select("sample", "code").iter_rows())
    for name in dict.fromkeys((*inrs["sample"], *sorted(lost["inr"]))):
        mine = values.filter(pl.col("sample") == name)
        dated, undated = _series(mine, "inr")
        notes += [_left_out(name, NoteCode.BAD_DATE, "an INR without a day says nothing", place) for place in undated]
        courses = _courses(taken.filter(pl.col("sample") == name))
        stated, _ = _series(mine, "warfarin_dose")
        if not any(one.dose is not None for one in courses):
            courses = [*courses, *_stated([(day, weekly / 7.0) for day, weekly in stated])]
            if stated and name in lost["warfarin_dose"]:  # the newest dose could not be read
                courses.append(Course(stated[-1][0], None, None))
        newest = {
            one: mine.filter((pl.col("concept") == one) & pl.col("value").is_not_null()).sort("date", nulls_last=False)
            for one in _OF_PERSON
        }
        age, target = (float(one["value"][-1]) if one.height else None for one in newest.values())
        visits = tuple(Visit(day, value) for day, value in dated)
        unread = tuple(sorted(days_of_bounds.get(name, ())))
        illegible = bool(unread) or why_lost.get(name, NoteCode.BAD_DATE) != NoteCode.BAD_DATE
        if why_lost.get(name, NoteCode.BOUND) != NoteCode.BOUND or undated:
            unread = (*unread, date.max)
        if visits or illegible:
            refused = tuple(one for one in _OF_PERSON if name in lost[one])
            found.append(Person(name, visits, tuple(courses), age, target, known.get(name), unread, refused, illegible))
    return found, notes


def _unused(name: str, where: str | None) -> Note:
    return Note(stage="models", severity=Severity.WARNING, code=NoteCode.UNKNOWN_COLUMN, subject="inr", where=where,
                message=f"column {name!r} is not used")  # fmt: skip


def _left_out(name: str | None, code: NoteCode, text: str, place: str, what: str = "inr") -> Note:
    return Note(stage="models", severity=Severity.WARNING, code=code, message=f"{text}: left out", sample=name,
                subject=what, where=place)  # fmt: skip


def _of_rows(name: str, listed: list[Row]) -> Person:
    """Return a person whatever the order of the rows: nobody can tell where one without a day belongs."""
    lost = [row for row in listed if row.inr.written is not None and (row.day is None or row.inr.value is None)]
    visits = [Visit(row.day, row.inr.value) for row in listed if row.day is not None and row.inr.value is not None]
    visits.sort(key=lambda one: (one.day, one.inr))
    age = _newest([(row.day, row.age) for row in listed])
    target = _newest([(row.day, row.target) for row in listed])
    courses = tuple(_stated(_doses(listed)))
    told = {"age": (age, [row.age for row in listed]), "target_inr": (target, [row.target for row in listed])}
    refused = [one for one, (value, cells) in told.items() if value is None and any(cell.written for cell in cells)]
    unread = tuple(sorted({row.day or date.max for row in lost}))
    illegible = any(row.inr.value is None for row in lost)
    return Person(name, tuple(visits), courses, age, target, unread=unread, refused=tuple(refused), illegible=illegible)


def _doses(listed: Sequence[Row]) -> list[tuple[date, float | None]]:
    """Return the daily dose before each day.

    A row without a day may belong beside any other: a dose is known only where it is the same as that of all such rows.
    Rows of one day tell of the same time: they must not differ, and one without a dose adds nothing.
    """
    adrift = {row.dose.value for row in listed if row.day is None}
    told: dict[date, set[float | None]] = {}
    for row in listed:
        if row.day is not None:
            empty = row.dose.value is None and row.dose.written is None
            told.setdefault(row.day, set()).update(() if empty else (row.dose.value,))
    found: list[tuple[date, float | None]] = []
    for day, doses in sorted(told.items()):
        only = next(iter(doses)) if len(doses) == 1 else None
        found.append((day, only / 7.0 if only is not None and adrift <= {only} else None))
    return found


def _newest(cells: Sequence[tuple[date | None, Cell]]) -> float | None:
    """Return what the newest day says of which a cell is filled; None if that cannot be used, or there are several."""
    told = [(day or date.min, cell.value) for day, cell in cells if cell.written is not None]
    last = max((day for day, _ in told), default=None)
    found = {value for day, value in told if day == last}
    return found.pop() if len(found) == 1 else None


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
