"""Garmin FIT files: weight scales, blood pressure, activities, monitoring."""

from __future__ import annotations

import io
import warnings
from collections import defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from pgx.clinical.readers.json_access import number
from pgx.clinical.readers.sniff import read_all
from pgx.clinical.readers.wearables import Days
from pgx.clinical.statements import Events
from pgx.errors import InputError
from pgx.guard.optional import need

_UNITS = {
    "m": "m",
    "kg": "kg",
    "%": "%",
    "years": "a",
    "bpm": "bpm",
    "mmHg": "mmhg",
    "s": "s",
    "steps": "steps",
    "min": "min",
}
_PROFILE_INDEX = "user_profile_index"


def read_fit(events: Events, path: Path) -> None:
    """Read one FIT file; of several users of one scale each is a person of their own."""
    fitdecode = need("fitdecode", "wearables", events.file, "FIT files")
    messages: list[dict[str, tuple[Any, str | None]]] = []
    names: list[str] = []
    try:
        with warnings.catch_warnings(), fitdecode.FitReader(io.BytesIO(read_all(path))) as reader:
            warnings.simplefilter("ignore")
            for frame in reader:
                if isinstance(frame, fitdecode.FitDataMessage):
                    names.append(frame.name)
                    messages.append({f.name: (f.value, f.units) for f in frame.fields if f.value is not None})
    except InputError:
        raise
    except Exception as error:  # the decoder raises nearly anything on broken files
        if not messages:
            raise InputError(f"not a readable FIT file: {type(error).__name__}", file=path) from None
        why = f"the file is broken ({type(error).__name__}); what follows is not read"
        events.problem(None, "error", "broken_fit", why, None)
    _take(events, names, messages)


def _take(events: Events, names: list[str], messages: list[dict[str, tuple[Any, str | None]]]) -> None:
    several = names.count("user_profile") > 1
    events.person(None) if not several else None
    created = next((_day(m.get("time_created")) for n, m in zip(names, messages, strict=True) if n == "file_id"), None)
    days = Days()
    walked: defaultdict[tuple[date, str], float] = defaultdict(float)
    day, offset = created, timedelta()
    for name, message in zip(names, messages, strict=True):
        day = _day(message.get("timestamp")) or day
        index = message.get("message_index" if name == "user_profile" else _PROFILE_INDEX)
        person = f"user {index[0]}" if several and index else None
        if name == "monitoring_info":
            offset = _offset(message)
        if name == "monitoring":
            _monitoring(message, offset, walked)
            continue
        known = False
        for field, (value, unit) in message.items():
            for concept, _ in events.vocabulary.code("FIT", f"{name}.{field}"):
                known = True
                _observe(events, days, person, concept, value, unit, day, f"{name}.{field}")
        if not known:
            events.not_understood("message", "FIT", str(name), "", None)
    for at, steps in _daily(walked).items():
        days.add(None, "steps", at, steps, "steps")
    for person in list(events.people) or [None]:
        events.seen(person, day)
    days.put(events, None)


def _day(cell: tuple[Any, str | None] | None) -> date | None:
    return cell[0].date() if cell and isinstance(cell[0], datetime) else None


def _observe(
    events: Events,
    days: Days,
    person: str | None,
    concept: str,
    value: object,
    unit: str | None,
    day: date | None,
    written: str,
) -> None:
    if isinstance(value, str):
        events.observe(person, concept, text=value, day=day, where=written, written=written)
        return
    amount = number(value)
    if amount is None:
        events.not_understood("field", "FIT", written, "without a number", None)
    elif concept in ("heart_rate", "resting_heart_rate", "active_minutes") and day:
        days.add(person, concept, day, amount, _UNITS.get(unit or "", unit))
    else:
        events.observe(
            person, concept, number=amount, unit=_UNITS.get(unit or "", unit), day=day, where=written, written=written
        )


def _offset(message: dict[str, tuple[Any, str | None]]) -> timedelta:
    """Return local time minus UTC, which a monitoring file states once."""
    local, utc = (message.get(name, (None, None))[0] for name in ("local_timestamp", "timestamp"))
    if isinstance(local, datetime) and isinstance(utc, datetime):
        return local.replace(tzinfo=None) - utc.replace(tzinfo=None)
    return timedelta()


def _monitoring(
    message: dict[str, tuple[Any, str | None]], offset: timedelta, walked: defaultdict[tuple[date, str], float]
) -> None:
    """Steps count up over the local day, by activity: the day's figure is the highest of each.

    The last figure of a day carries the midnight that ends it.
    """
    steps, moment = number(message.get("steps", (None, None))[0]), message.get("timestamp", (None, None))[0]
    if steps is not None and isinstance(moment, datetime):
        key = (moment + offset - timedelta(seconds=1)).date(), str(message.get("activity_type", ("", None))[0])
        walked[key] = max(walked[key], steps)


def _daily(walked: defaultdict[tuple[date, str], float]) -> dict[date, float]:
    found: dict[date, float] = {}
    for (day, _), steps in sorted(walked.items()):
        found[day] = found.get(day, 0.0) + steps
    return found
