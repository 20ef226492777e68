"""Dates as records write them, read only where there is one way to read them; and the day of the run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from functools import lru_cache

FIRST_YEAR, LAST_YEAR = 1850, 2200


class BadDateError(ValueError):
    """A date that is not one, or that cannot be read in one way only."""


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED = re.compile(r"^\s*([0-9]{1,2})[ .-]{1,2}([A-Za-z]{3,9})[ .,-]{1,2}([0-9]{4})\s*$")
_SLASHES = re.compile(r"^\s*([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})(?: .*)?\s*$")
_DIGITS = re.compile(r"^\s*[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{4}(?:\s.*)?$")
_FULL_MONTHS = (
    *_MONTHS,
    *("january", "february", "march", "april", "june", "july", "august"),
    *("september", "october", "november", "december", "sept"),
)


def _iso(text: str) -> str:
    """Write a date that names its month, or begins with the year, as ISO 8601; leave any other text alone."""
    if (found := _NAMED.match(text)) and found[2].lower() in _FULL_MONTHS:
        return f"{found[3]}-{_MONTHS.index(found[2][:3].lower()) + 1:02d}-{int(found[1]):02d}"
    if found := _SLASHES.match(text):
        return f"{found[1]}-{int(found[2]):02d}-{int(found[3]):02d}"
    return text


_STILL = {
    *("present", "ongoing", "current", "now", "today", "continuing", "open", "none", "-"),
    *("heute", "laufend", "offen", "unbefristet", "andauernd", "bis auf weiteres", "aktuell"),
    *("aujourd'hui", "en cours", "actuel", "hoy", "actual", "actualidad", "en curso", "oggi", "in corso", "attuale"),
    *("heden", "nu", "lopend", "obecnie", "nadal", "w trakcie"),
}
"""Words in the place of a last day by which something still goes on."""
_OPEN_YEAR = 2099
_OPEN = re.compile(r"^\s*([0-9]{4})(?:[^0-9]|[0-9]{4}\s*$|$)")


def is_open(text: str) -> bool:
    """Whether the last day of something is how databases write that it has none yet: ``9999-12-31``, ``2099-12-31``."""
    if text.strip().lower() in _STILL:
        return True
    found = _OPEN.match(_iso(text))
    return found is not None and int(found[1]) >= _OPEN_YEAR


@lru_cache(maxsize=100_000)
def read_date(text: str) -> date:
    """Read an ISO 8601 date, at any precision, with or without time; also what can be read in one way only.

    That is ``YYYYMMDD``, ``YYYY/MM/DD``, and a day, the name of a month and a year: ``12 Oct 2026``, ``12-OCT-2026``.

    Raises
    ------
    BadDateError
        If it is anything else; day and month are never guessed.
    """
    text = _iso(text)
    found = re.match(r"^\s*([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?(?:[T ].*)?\s*$", text) or re.match(
        r"^\s*([0-9]{4})([0-9]{2})([0-9]{2})\s*$", text
    )
    if not found:
        way = "; write YYYY-MM-DD, or say how they are written with --date-format" if _DIGITS.match(text) else ""
        raise BadDateError(f"{text[:40]!r} is not a date{way or '; write YYYY-MM-DD'}")
    try:
        day = date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        raise BadDateError(f"{text[:40]!r} is not a day of the calendar") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BadDateError(f"{text[:40]!r} is outside {FIRST_YEAR} to {LAST_YEAR}")
    return day


def read_birth(text: str) -> tuple[date, float]:
    """Read a birth date; of a year or month alone return its middle, and by how many years that may be wrong.

    Raises
    ------
    BadDateError
        As `read_date`.
    """
    day = read_date(text)
    if re.fullmatch(r"\s*[0-9]{4}\s*", text):
        return day.replace(month=7), 0.5
    if re.fullmatch(r"\s*[0-9]{4}-[0-9]{2}\s*", text):
        return day.replace(day=15), 1 / 24
    return day, 0.0


_TOKENS = {"DD": r"(?P<day>[0-9]{2})", "D": r"(?P<day>[0-9]{1,2})", "MM": r"(?P<month>[0-9]{2})",
           "M": r"(?P<month>[0-9]{1,2})", "YYYY": r"(?P<year>[0-9]{4})"}  # fmt: skip
_ORDER = re.compile(r"YYYY|MM?|DD?")


@lru_cache(maxsize=8)
def date_pattern(layout: str) -> re.Pattern[str]:
    """Return the pattern of dates that are written like ``DD.MM.YYYY``.

    Raises
    ------
    ValueError
        If it does not name day, month and a year of four digits, each once.
    """
    tokens = _ORDER.findall(layout.strip().upper())
    rest = _ORDER.sub("", layout.strip().upper())
    if sorted(token[0] for token in tokens) != ["D", "M", "Y"] or re.search(r"[A-Z0-9]", rest):
        raise ValueError(
            f"{layout!r} is not a way to write dates; write DD, MM and YYYY in their order, as in DD.MM.YYYY"
        )
    made = _ORDER.sub(lambda found: _TOKENS[found[0]], re.escape(layout.strip().upper()))
    return re.compile(rf"^\s*{made}(?P<rest>[T ].*)?\s*$")


def as_iso(text: str, layout: str | None) -> str:
    """Write a date of a layout as ISO 8601; other text, such as one that is so already, stays as it is."""
    found = date_pattern(layout).match(text) if layout else None
    return f"{found['year']}-{int(found['month']):02d}-{int(found['day']):02d}" if found else text


_day: ContextVar[date | None] = ContextVar("day of the run", default=None)


def run_day() -> date:
    """Return the day of the run: what tells whether an end is over, of a person of whom nothing is dated.

    It is the local day: of such persons alone a run in another time zone may say otherwise, and ``--as-of`` settles it.
    """
    return _day.get() or datetime.now().astimezone().date()


@contextmanager
def on_day(day: date | None) -> Iterator[None]:
    """While the block runs, this is the day of the run: what is gone on with tomorrow is of the day that it began."""
    token = _day.set(day)
    try:
        yield
    finally:
        _day.reset(token)
