"""Open mHealth data points and Fitbit exports; series of sensors are summed up by day while they are read.

So memory does not grow with the file.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime

from pgx.clinical.readers.json_access import Object, dig, name_of, number, obj, objs, text
from pgx.clinical.statements import Events
from pgx.errors import InputError

_SHORT = re.compile(r"^(\d{2})/(\d{2})/(\d{2})(?: \d{2}:\d{2}:\d{2})?$")

SUMMED = {"steps", "active_minutes", "active_energy", "sleep_hours", "caffeine"}
"""Concepts whose day is the sum of its records; the day of the others is their mean."""


class Days:
    """Collects values of sensors by concept, day, device and unit."""

    def __init__(self) -> None:
        self._sums: defaultdict[tuple[str | None, str, date, str, str | None], list[float]] = defaultdict(
            lambda: [0.0, 0.0]
        )

    def add(
        self, person: str | None, concept: str, day: date, value: float, unit: str | None, device: str = ""
    ) -> None:
        """Add one record."""
        entry = self._sums[person, concept, day, device, unit]
        entry[0] += value
        entry[1] += 1

    def put(self, events: Events, where: str | None) -> None:
        """Hand the days on. Devices worn together count the same steps: the day is the largest device's sum."""
        days: dict[tuple[str | None, str, date, str | None], list[float]] = {}
        for (person, concept, day, _, unit), (total, count) in self._sums.items():
            days.setdefault((person, concept, day, unit), []).append(total if concept in SUMMED else total / count)
        for (person, concept, day, unit), values in sorted(
            days.items(), key=lambda one: (str(one[0][0]), one[0][1], one[0][2], str(one[0][3]))
        ):
            value = max(values) if concept in SUMMED else sum(values) / len(values)
            events.observe(person, concept, number=value, unit=unit, day=day, where=where)
            events.seen(person, day)


def read_open_mhealth(events: Events, content: object) -> None:
    """Take one data point (header and body, or the body alone) or a list of them."""
    days = Days()
    points = objs(content)
    for index, point in enumerate(points, start=1):
        where = f"data point {index}" if len(points) > 1 else "data point"
        person = name_of(dig(point, "header", "user_id"))
        events.person(person)
        _body(events, days, person, obj(point.get("body")) or point, where)
    if not points:
        raise InputError("no Open mHealth data point in it", file=events.file)
    days.put(events, "data points")


def _frame(events: Events, body: Object, where: str, person: str | None) -> tuple[date | None, float | None]:
    """Return (day, hours) of the time frame; sleep belongs to the day of waking."""
    frame = obj(body.get("effective_time_frame"))
    if moment := frame.get("date_time"):
        return events.day(person, moment, where), None
    interval = obj(frame.get("time_interval"))
    start, end = text(interval.get("start_date_time")), text(interval.get("end_date_time"))
    hours = None
    if start and end:
        try:
            hours = (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds() / 3600
        except (ValueError, TypeError):
            hours = None
    return events.day(person, interval.get("date") or end or start, where), hours


def _body(events: Events, days: Days, person: str | None, body: Object, where: str) -> None:
    day, hours = _frame(events, body, where, person)
    known = False  # a data point is of something that is understood, or it is named
    for key, value in body.items():
        pairs = events.vocabulary.code("OpenMHealth", key)
        for concept, _ in pairs:
            known = True
            rest = concept == "heart_rate" and body.get("temporal_relationship_to_physical_activity") == "at rest"
            amount, unit = (
                number(obj(value).get("value") if isinstance(value, dict) else value),
                text(obj(value).get("unit")),
            )
            _add(events, days, person, "resting_heart_rate" if rest else concept, amount, unit, day, where, key)
        if not pairs and key not in ("effective_time_frame", "activity_name") and isinstance(value, dict | int | float):
            events.not_understood("measure", "OpenMHealth", key, "", where)
            known = True
    if text(body.get("activity_name")) and hours is not None and day:
        known = True
        days.add(person, "active_minutes", day, hours * 60, "min/d")
    if not known:
        listed = ", ".join(key for key in body if key != "effective_time_frame")
        events.not_understood("measure", "OpenMHealth", listed[:60], "", where)


def _add(
    events: Events,
    days: Days,
    person: str | None,
    concept: str,
    amount: float | None,
    unit: str | None,
    day: date | None,
    where: str,
    key: str,
) -> None:
    if amount is None:
        events.problem(person, "error", "not_a_number", f"{key} has no number", where, concept)
    elif day is not None and concept in SUMMED:
        days.add(person, concept, day, amount, unit)
    else:
        events.observe(person, concept, number=amount, unit=unit, day=day, where=where, written=key)
        events.seen(person, day)


def read_fitbit(events: Events, content: object) -> None:
    """Take a file of a Fitbit export, or an answer of the Fitbit Web API."""
    events.person(None)
    days = Days()
    if isinstance(content, dict):
        for key, value in content.items():
            for row in objs(value):
                _fitbit_row(events, days, row, key)
    else:
        for row in objs(content):
            _fitbit_row(events, days, row, _stem(events.file))
    days.put(events, None)


def _stem(file: str) -> str:
    """Return what a file of an export holds, which only its name says: ``steps-2020-01-01.json``."""
    return (
        re.split(r"-\d{4}", file.rsplit("/", 1)[-1])[0]
        .removesuffix(".json")
        .replace("resting_heart_rate", "restingHeartRate")
    )


def _fitbit_day(events: Events, row: Object) -> date | None:
    for key in ("dateOfSleep", "dateTime", "date"):
        written = text(row.get(key))
        if written and (short := _SHORT.match(written)):  # month, day, year: the export's own fixed form
            written = f"20{short[3]}-{short[1]}-{short[2]}"
        if written:
            return events.day(None, written, key)
    return None


def _fitbit_values(row: Object, kind: str) -> Iterator[tuple[str, float | None]]:
    value = row.get("value")
    if isinstance(value, dict):
        for key, one in value.items():
            if key in ("restingHeartRate", "value"):
                yield (kind if key == "value" else str(key)), number(one)
    elif value is not None:
        yield kind, number(value)
    for key in ("minutesAsleep", "weight", "bmi", "fat"):
        if key in row:
            yield key, number(row[key])


def _fitbit_row(events: Events, days: Days, row: Object, kind: str) -> None:
    day = _fitbit_day(events, row)
    for name, amount in _fitbit_values(row, kind):
        pairs = events.vocabulary.code("Fitbit", name)
        if not pairs or amount is None or day is None:
            events.not_understood("series", "Fitbit", name, "" if pairs else "not known", None)
            continue
        concept = pairs[0][0]
        if name == "restingHeartRate" and amount == 0:  # the export writes days without a reading as 0
            continue
        if concept == "weight":  # pounds or kilograms by the account's settings, which the file does not say
            events.observe(None, concept, number=amount, unit=None, day=day, where=f"{day}", written=name)
            continue
        unit = {"minutesAsleep": "min"}.get(name, events.vocabulary.concepts[concept].unit)
        days.add(None, concept, day, amount, unit)
