"""What to do after an INR: keep, raise or lower the dose, and when to measure again.

The limits of the INR are in the table of parameters. How far a dose must be off before it is changed and the days until
the next INR are those of common protocols; they are assumptions of this product, and replace no protocol of a clinic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np

from pgx.codes import DoseAdvice, Trend
from pgx.models.warfarin_inr.parameters import Parameters

_WORTH_IN_RANGE, _WORTH = 10.0, 5.0
"""Percent by which a dose must be off to be changed, beside an INR in range and out of it."""
_TODAY, _EARLY, _WEEK, _FORTNIGHT, _MONTH = 1, 3, 7, 14, 28
_SOON = DoseAdvice.RECHECK_SOON


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to do: the code, the change of dose in percent (None = not known), and the days until the next INR."""

    advice: DoseAdvice
    change: float | None
    recheck_days: int

    @property
    def factor(self) -> float | None:
        """By what the dose is multiplied until the next INR; None if that is not for the program to say."""
        if self.advice in (DoseAdvice.LOWER_DOSE, DoseAdvice.RAISE_DOSE) and self.change is not None:
            return 1.0 + self.change / 100.0
        return 1.0 if self.advice in (DoseAdvice.KEEP_DOSE, DoseAdvice.RECHECK_SOON) else None


def propose(
    inr: float, dose: float | None, estimate: float, *, settled: bool, target: float, known: Parameters
) -> Proposal:
    """Return what to do after an INR.

    Parameters
    ----------
    inr
        The INR.
    dose
        Dose taken before it; None = not known.
    estimate
        Dose that is needed.
    settled
        Whether the dose acts (nearly) in full, so that a low INR speaks for a higher one.
    target
        INR aimed at.
    known
        Parameters with the limits.
    """
    low, high = in_range(target, known)
    change = None
    if dose:
        most = known["largest_change"]
        change = float(np.clip((estimate / dose - 1.0) * 100.0, -most, most))
        if inr > high:
            change = min(change, 0.0)
    if inr >= known["high_risk"]:
        return Proposal(DoseAdvice.CLINICIAN_TODAY, change, _TODAY)
    if change is None:
        return Proposal(*((DoseAdvice.DOSE_UNKNOWN, None, _WEEK) if dose is None else (_SOON, None, _EARLY)))
    return Proposal(*_by_change(change, inside=low <= inr <= high, settled=settled))


def unread(said: Proposal) -> Proposal:
    """Return what to do where a later INR was told and could not be read: a person reads it today, no dose is proposed.

    It may be any: ``>9`` is no number either.
    """
    return Proposal(DoseAdvice.CLINICIAN_TODAY, None if said.change is None else min(said.change, 0.0), _TODAY)


def without_dose(said: Proposal) -> Proposal:
    """Return what to do where no dose may be worked out: a person reads a dangerous INR today, any other one soon."""
    if said.advice == DoseAdvice.CLINICIAN_TODAY:
        return Proposal(said.advice, None, said.recheck_days)
    return Proposal(DoseAdvice.DOSE_UNKNOWN, None, min(said.recheck_days, _WEEK))


def not_raised(said: Proposal) -> Proposal:
    """Return what to do without a higher dose: there is a high INR that day, or lately one that nobody could read."""
    if said.change is None or said.change <= 0:
        return said
    code = _SOON if said.advice == DoseAdvice.RAISE_DOSE else said.advice
    return Proposal(code, 0.0, min(said.recheck_days, _WEEK))


def _by_change(change: float, *, inside: bool, settled: bool) -> tuple[DoseAdvice, float, int]:
    """Return code, change and days until the next INR where a dose is taken and the INR is no emergency."""
    if change > 0 and not settled and (not inside or change >= _WORTH_IN_RANGE):
        return _SOON, change, _WEEK if inside else _EARLY
    if inside and abs(change) < _WORTH_IN_RANGE:
        return DoseAdvice.KEEP_DOSE, change, _MONTH
    if abs(change) < _WORTH:
        return _SOON, change, _WEEK
    code = DoseAdvice.LOWER_DOSE if change < 0 else DoseAdvice.RAISE_DOSE
    return code, change, _FORTNIGHT if inside else _WEEK


def in_range(target: float, known: Parameters) -> tuple[float, float]:
    """Return the lowest and highest INR in range."""
    return target - known["range_half_width"], target + known["range_half_width"]


def time_in_range(seen: Sequence[tuple[date, float]], low: float, high: float) -> float | None:
    """Share of days in range by straight lines between values (Rosendaal et al., Thromb Haemost 1993;69:236)."""
    inside = total = 0.0
    for (day, inr), (later, after) in pairwise(seen):
        days = (later - day).days
        if days > 0:
            between = inr + (after - inr) * np.arange(1, days + 1) / days
            inside += float(((between >= low) & (between <= high)).sum())
            total += days
    return inside / total if total else None


def trend(values: Sequence[float], known: Parameters) -> Trend:
    """Return where the last three values go; a change within the noise of one INR is none.

    Where the last step turns back by more than that noise, they go up and down.
    """
    last = np.log(values[-3:])
    noise = known["residual"]
    if len(last) < 2:
        return Trend.STEADY
    first, step = last[1] - last[0], last[-1] - last[-2]
    if first * step < 0 and min(abs(first), abs(step)) >= noise:
        return Trend.MIXED
    if abs(last[-1] - last[0]) < noise:
        return Trend.STEADY
    return Trend.RISING if last[-1] > last[0] else Trend.FALLING
