"""The days of a person: what was taken on each, what was taken before the record, and the INR without warfarin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from pgx.models.warfarin_inr.kinetics import Floats
from pgx.models.warfarin_inr.parameters import Parameters
from pgx.models.warfarin_inr.persons import Course, Person

_LOWEST_BASELINE = 0.8


@dataclass(frozen=True, slots=True)
class History:
    """A person's days from the first dose or INR to the last INR.

    Parameters
    ----------
    first
        First day.
    doses
        mg of warfarin on each day; NaN = not known.
    before
        mg a day taken for long before the first day; 0 = none; None = not known.
    days
        Number of the day of each INR.
    baseline
        INR without warfarin.
    baseline_measured
        Whether it was measured.
    """

    first: date
    doses: Floats
    before: float | None
    days: tuple[int, ...]
    baseline: float
    baseline_measured: bool

    def dose_at(self, index: int) -> float | None:
        """Return the daily dose before an INR, or what is begun that day if none was taken; None = not known."""
        day = self.days[index]
        earlier = float("nan") if self.before is None else self.before
        dose = float(self.doses[day - 1]) if day > 0 else earlier
        if dose == 0.0 and day < len(self.doses):
            dose = float(self.doses[day])
        return None if np.isnan(dose) else dose

    def speaks(self, index: int, gap: int) -> bool:
        """Return whether an INR tells of the response: every dose before it is known, and some dose acts."""
        day = self.days[index]
        recent = self.doses[max(day - gap, 0) : day]
        if np.isnan(recent).any():
            return False
        if day < gap:
            if self.before is None:
                return False
            return bool(self.before > 0 or (recent > 0).any())
        return bool((recent > 0).any())


def history(person: Person, known: Parameters) -> History:
    """Return the days of a person who has an INR."""
    visits, courses = person.visits, person.courses
    starts = [one.start for one in courses if one.start is not None]
    first = min([visits[0].day, *starts])
    last = visits[-1].day
    doses, stated = _doses(courses, first, (last - first).days + 1)
    days = tuple((one.day - first).days for one in visits)
    before = _before(person, doses, days, known)
    if before == 0.0 and _unexplained(person, doses, stated, days, known):
        before = None
    untouched = [
        one.inr
        for one, day in zip(visits, days, strict=True)
        if before == 0.0 and not np.nan_to_num(doses[:day], nan=1.0).any() and one.inr < known["untreated_below"]
    ]
    baseline = max(float(np.mean(untouched)), _LOWEST_BASELINE) if untouched else known["baseline"]
    return History(first, doses, before, days, baseline, bool(untouched))


def _doses(courses: Sequence[Course], first: date, count: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the dose of each day, and whether a course states it; a later course takes over from an earlier one."""
    doses, stated = np.zeros(count), np.zeros(count, dtype=np.bool_)
    for one in courses:
        start = 0 if one.start is None else (one.start - first).days
        end = count if one.end is None else max((one.end - first).days, 0)
        doses[start:end] = np.nan if one.dose is None else one.dose
        stated[start:end] = True
    return doses, stated


def _before(person: Person, doses: Floats, days: Sequence[int], known: Parameters) -> float | None:
    """Return the dose long taken before the first day.

    A first INR that is high speaks of a dose that acts; one that is low, of none.
    """
    early = [one.inr for one, day in zip(person.visits, days, strict=True) if day <= 1]
    if early and early[0] < known["untreated_below"]:
        return 0.0
    open_ones = [one for one in person.courses if one.start is None]
    if open_ones:
        return open_ones[-1].dose
    if early and doses[0] != 0.0:
        return None if np.isnan(doses[0]) else float(doses[0])
    return 0.0


def _unexplained(
    person: Person, doses: Floats, stated: NDArray[np.bool_], days: Sequence[int], known: Parameters
) -> bool:
    """Return whether an INR shows a dose of which no course tells; until the first course, doses become unknown."""
    begin = int(np.argmax(stated)) if stated.any() else len(doses)
    if any(one.start is None for one in person.courses):
        return False
    pairs = zip(person.visits, days, strict=True)
    shown = any(day <= begin and one.inr >= known["untreated_below"] for one, day in pairs)
    if shown:
        doses[:begin] = np.nan
    return shown
