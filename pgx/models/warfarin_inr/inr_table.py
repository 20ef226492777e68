"""Tables of INRs as clinics keep them: which column is what, and what its cells say."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from pgx.clinical.bounds import is_bound
from pgx.clinical.dates import BadDateError, as_iso, read_date
from pgx.clinical.numerals import number, with_point
from pgx.clinical.readers.rows import DATES, IDS
from pgx.clinical.values import number_and_unit
from pgx.clinical.vocabulary import column_name
from pgx.errors import InputError

HEAD = ("sample", "date", "dose", "inr")
"""Columns of a table of INRs: the dose is what was taken since the row before, mg/week."""
_WEEKLY, _DAILY = 1.0, 7.0
_DOSES = {
    **dict.fromkeys(("dose", "weekly_dose", "dose_weekly", "dose_mg_per_week", "dose_mg_week", "mg_per_week",
                     "dose_per_week", "wochendosis", "wochendosis_mg", "dose_hebdomadaire", "dosis_semanal",
                     "dose_settimanale", "weekdosis"), _WEEKLY),
    **dict.fromkeys(("daily_dose", "dose_daily", "dose_mg_per_day", "dose_mg_day", "mg_per_day", "dose_per_day",
                     "tagesdosis", "tagesdosis_mg", "dose_journaliere", "dosis_diaria", "dose_giornaliera",
                     "dagdosis"), _DAILY),
}  # fmt: skip
"""Heading -> by what its numbers are multiplied to be mg/week."""
_NAMES = {
    "sample": IDS,
    "date": (*DATES, "day", "inr_date"),
    "inr": ("inr", "inr_value", "pt_inr"),
    "age": ("age", "age_years"),
    "target": ("target_inr", "target", "inr_target"),
}
_UNITS = {
    **dict.fromkeys(("mg/week", "mg/wk", "mg/w", "mg per week", "mg weekly"), _WEEKLY),
    **dict.fromkeys(("mg/day", "mg/d", "mg per day", "mg daily", "mg/24h", "mg/24 h"), _DAILY),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell says: a value, or why there is none; `written` is None for an empty one.

    `with_unit` says that the unit stands in the cell, `doubted` that the value was left out as unlikely.
    """

    value: float | None
    written: str | None
    problem: str = ""
    with_unit: bool = False
    doubted: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `day` is None where the date is none."""

    place: str
    sample: str | None
    day: date | None
    date_written: str | None
    dose: Cell
    inr: Cell
    age: Cell
    target: Cell


def headings(names: Sequence[str]) -> dict[str, str] | None:
    """Return what each column is (`HEAD`, ``age``, ``target``), by the heading; None if it is no table of INRs."""
    plain = {column_name(name): name for name in reversed(names)}
    found = {what: next((plain[one] for one in listed if one in plain), None) for what, listed in _NAMES.items()}
    found["dose"] = next((plain[one] for one in _DOSES if one in plain), None)
    return {what: name for what, name in found.items() if name} if all(found[one] for one in HEAD) else None


def rows(values: pl.DataFrame, limits: Mapping[str, tuple[float, float]], where: str, layout: str | None) -> list[Row]:
    """Read a table of INRs.

    Parameters
    ----------
    values
        The table, of text or typed.
    limits
        Lowest and highest ``dose`` (mg/week), ``inr``, ``age`` (years) and ``target``.
    where
        File, for the place of each row.
    layout
        How dates are written; None = YYYY-MM-DD.

    Raises
    ------
    InputError
        If a column is missing.
    """
    named = headings(values.columns)
    if named is None:
        missing = next(one for one in HEAD if not _has(values.columns, one))
        raise InputError(f"the INR table has no column {missing!r}", fix=f"columns: {', '.join(HEAD)}")
    factor = _DOSES[column_name(named["dose"])]
    found = []
    for count, row in enumerate(values.iter_rows(named=True), start=2):
        cell = {what: row[name] for what, name in named.items()}
        text = _text(cell["date"])
        found.append(
            Row(
                f"{where}: line {count}" if where else f"line {count}",
                _text(cell["sample"]),
                cell["date"] if type(cell["date"]) is date else _day(text, layout),
                text,
                _dose(cell["dose"], factor, limits["dose"]),
                _plain("inr", cell["inr"], limits["inr"]),
                _plain("age", cell.get("age"), limits["age"]),
                _plain("target", cell.get("target"), limits["target"]),
            )
        )
    return found


def _has(names: Sequence[str], what: str) -> bool:
    plain = {column_name(name) for name in names}
    return bool(plain & set(_DOSES if what == "dose" else _NAMES[what]))


def _text(cell: object) -> str | None:
    text = None if cell is None else str(cell).strip()
    return text or None


def _day(text: str | None, layout: str | None) -> date | None:
    """Return the day of a date; a month or year alone says nothing of the days between two INRs."""
    iso = as_iso(text, layout) if text else ""
    try:
        return None if re.fullmatch(r"\d{4}(-\d{2})?", iso) else read_date(iso)
    except BadDateError:
        return None


def _dose(cell: object, factor: float, limits: tuple[float, float]) -> Cell:
    written = _text(cell)
    if written is None:
        return Cell(None, None, "dose is missing")
    value = number(written)
    if value is None:
        amount, unit = number_and_unit(with_point(written))
        per = _UNITS.get((unit or "").lower()) or (factor if (unit or "").lower() == "mg" else None)
        value = None if amount is None or per is None else amount * per
        return replace(_within("dose", value, written, limits), with_unit=True)
    return _within("dose", value * factor, written, limits)


def _plain(name: str, cell: object, limits: tuple[float, float]) -> Cell:
    """Read a number without a unit."""
    written = _text(cell)
    if written is None:
        return Cell(None, None, f"{name} is missing")
    return _within(name, number(written), written, limits)


def _within(name: str, value: float | None, written: str, limits: tuple[float, float]) -> Cell:
    low, high = limits
    if value is None:
        what = "a bound, and no number" if is_bound(written) else "not a number"
        return Cell(None, written, f"{name} {written!r} is {what}")
    if not low <= value <= high:
        return Cell(None, written, f"{name} {value:g} is not between {low:g} and {high:g}")
    return Cell(value, written)
