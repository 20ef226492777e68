"""Sensor series, summed up by day while they are read, so that memory does not grow with the file."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from pgx.clinical.statements import Events

SUMMED = {"steps", "active_minutes", "active_energy", "sleep_hours", "caffeine"}
"""Concepts whose day is the sum of its records; the day of the others is their mean."""


class Days:
    """Collects values by concept, day, device and unit."""

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
