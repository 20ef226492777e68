"""Warfarin over time: each INR under a known dose updates the person's own deviation from the predicted dose.

The model says how large a dose a person like this needs; persons differ from it by a deviation that is normal on the
square-root scale, with the spread of the score's interval. An INR tells of that deviation: the dose that would have
given the INR aimed at is ``acting * (target / INR) ** (1 / SENSITIVITY)``, where the acting dose follows the dose taken
with a delay of `LAG`. The first INR of a table is that of the dose beside it, taken for long, unless it is below
`UNTREATED`: then treatment begins there, and the value says nothing of the dose. The
update is the normal-normal one (a Kalman filter whose state drifts slowly), the same idea as in Bayesian forecasting of
warfarin doses (Svec et al., Ther Drug Monit 1985;7:174; Hamberg et al., Clin Pharmacol Ther 2007;81:529), without
their pharmacokinetics. `SENSITIVITY`, `NOISE`, `LAG`, `DRIFT` and `UNTREATED` are assumptions of this product, stated
in the output's documentation; the result is an aid to a clinician's judgement and replaces no dosing protocol.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from pgx.errors import InputError, UsageError

SENSITIVITY = 1.5
"""Change of log INR per change of log dose at steady state."""
NOISE = 0.2
"""Standard deviation of the log of a single INR at an unchanged dose."""
LAG = 5.0
"""Days after which two thirds of a dose change show in the INR."""
DRIFT = 0.05
"""Standard deviation, square-root scale, by which a person's need changes in 30 days."""
UNTREATED = 1.3
"""A first INR below this is that of a person on whom the dose does not act yet."""
SETTLED = 0.9
"""Share of the dose that must act before a low INR speaks for a higher one."""
LOWEST_DOSE, HIGHEST_DOSE = 0.5, 300.0
"""Doses that a person can need, mg/week; limits of ``warfarin_dose`` in ``concepts.tsv``."""
LOWEST_INR, HIGHEST_INR = 0.5, 30.0
"""The same of ``inr``."""
RANGE = (2.0, 3.0)
HIGH_RISK = 4.5
"""From this INR on the next dose is a matter for the clinician today."""
_Z = 1.6448536269514722

COLUMNS = {
    "sample": "person",
    "date": "day of the INR",
    "dose": "dose taken before it, mg/week",
    "inr": "the INR",
    "estimate": "dose expected to give the INR aimed at, mg/week, after this INR",
    "low": "lower end of its 90 % interval",
    "high": "upper end",
    "time_in_range": "share of the days so far with the INR in range, by straight lines between the values",
    "trend": "rising | falling | steady: log INR over the last three values",
    "advice": "code: clinician_today | recheck_soon | lower_dose | raise_dose | keep_dose",
    "change": "change from the dose taken to `estimate`, percent, held within 20",
    "recheck_days": "days until the next INR",
}


@dataclass(frozen=True, slots=True)
class Start:
    """What is expected before any INR: dose and its 90 % interval, mg/week."""

    estimate: float
    low: float
    high: float


def monitor(values: pl.DataFrame, starts: dict[str, Start], *, target: float = 2.5) -> pl.DataFrame:
    """Follow persons through their INR values.

    Parameters
    ----------
    values
        One row an INR: ``sample``, ``date``, ``dose`` (mg/week taken since the previous row), ``inr``.
    starts
        The score of each person (see `starts_of`).
    target
        INR aimed at.

    Returns
    -------
    polars.DataFrame
        `COLUMNS`, by sample and date.

    Raises
    ------
    UsageError
        If the target is not between 1.5 and 4.
    InputError
        If a column is missing, a value impossible, or a person has no score.
    """
    if not 1.5 <= target <= 4.0:
        raise UsageError(f"an INR of {target:g} cannot be aimed at; give 1.5 to 4")
    table = _checked(values)
    parts = []
    for (name,), part in table.group_by(["sample"], maintain_order=True):
        if name not in starts:
            raise InputError("no warfarin score for this person", where=f"sample {name}", fix="run pgx score first")
        parts.append(_follow(str(name), part, starts[str(name)], target))
    return pl.concat(parts)


def starts_of(scores: pl.DataFrame, endpoint: str = "warfarin.dose") -> dict[str, Start]:
    """Take the starting points from a scores frame (`pgx.schema.SCORES`); refused scores are left out.

    Raises
    ------
    InputError
        If a column is missing, or a score is no dose that a person can need, with an interval around it.
    """
    for name in ("sample", "endpoint", "estimate", "low", "high"):
        if name not in scores.columns:
            raise InputError(f"the scores have no column {name!r}", fix="use the table that `pgx score` writes")
    rows = scores.filter((pl.col("endpoint") == endpoint) & pl.col("estimate").is_not_null())
    return {str(row["sample"]): _start(row) for row in rows.iter_rows(named=True)}


def _start(row: Mapping[str, Any]) -> Start:
    estimate, low, high = (_number(row[name]) for name in ("estimate", "low", "high"))
    if not (LOWEST_DOSE <= estimate <= HIGHEST_DOSE and 0.0 <= low <= estimate <= high < float("inf") and low < high):
        shown = f"{row['estimate']} ({row['low']} to {row['high']})"
        raise InputError(f"the score {shown} is no dose in mg/week with its interval", where=f"sample {row['sample']}",
                         fix="use the table that `pgx score` writes")  # fmt: skip
    return Start(estimate, low, high)


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return float("nan")


def _checked(values: pl.DataFrame) -> pl.DataFrame:
    for name in ("sample", "date", "dose", "inr"):
        if name not in values.columns:
            raise InputError(f"the INR table has no column {name!r}", fix="columns: sample, date, dose, inr")
    # Only the order year-month-day leaves no doubt; a time after it does not matter.
    day = pl.col("date").cast(pl.String).str.extract(r"^(\d{4}-\d{2}-\d{2})(?:[T ]|$)")
    when = pl.col("date") if values.schema["date"] == pl.Date else day.str.to_date("%Y-%m-%d", strict=False)
    table = values.select(
        pl.col("sample").cast(pl.String),
        when.alias("date"),
        pl.col("dose").cast(pl.Float64, strict=False),
        pl.col("inr").cast(pl.Float64, strict=False),
    )
    limits = {"dose": (0.0, HIGHEST_DOSE, "mg/week"), "inr": (LOWEST_INR, HIGHEST_INR, "")}
    for row, (sample, day, dose, inr) in enumerate(table.iter_rows(), start=2):
        where = f"line {row}"
        if sample is None or day is None:
            raise InputError("sample or date is missing or not a date (YYYY-MM-DD)", where=where)
        for name, value in (("dose", dose), ("inr", inr)):
            low, high, unit = limits[name]
            if value is None or not low <= value <= high:
                given = values[name][row - 2]
                text = f"{name} is missing" if given is None else f"{name} {given!r} is not a number"
                if value is not None:
                    text = f"{name} {value} is not between {low:g} and {high:g} {unit}".rstrip()
                raise InputError(text, where=where)
    return table.sort("sample", "date", maintain_order=True)


def _follow(name: str, part: pl.DataFrame, start: Start, target: float) -> pl.DataFrame:
    centre = float(np.sqrt(start.estimate))
    variance = float(((np.sqrt(start.high) - np.sqrt(max(start.low, 0.0))) / (2 * _Z)) ** 2)
    rows, previous, seen, acting = [], None, [], 0.0
    for day, dose, inr in part.select("date", "dose", "inr").iter_rows():
        days = LAG if previous is None else max(float((day - previous).days), 0.0)
        variance += DRIFT**2 * days / 30.0
        reached = 1.0 - float(np.exp(-days / LAG))
        if previous is None:
            acting = dose if inr >= UNTREATED else 0.0
        else:
            acting += (dose - acting) * reached
        if dose > 0 and acting > 0:
            centre, variance = _update(centre, variance, acting, inr, reached, target)
        # A first value does not tell how long its dose has been taken.
        settled = previous is not None and acting >= SETTLED * dose
        previous = day
        seen.append((day, inr))
        rows.append(_row(name, day, dose, inr, centre, variance, seen, settled))
    return pl.DataFrame(rows, schema_overrides={"change": pl.Float64, "time_in_range": pl.Float64}, orient="row")


def _update(
    centre: float, variance: float, acting: float, inr: float, reached: float, target: float
) -> tuple[float, float]:
    """One step of the filter; an INR says little of a dose of which only the share `reached` acts yet."""
    needed = np.sqrt(acting * (target / inr) ** (1.0 / SENSITIVITY))
    noise = (0.5 * needed * NOISE / SENSITIVITY / max(reached, 0.05)) ** 2
    gain = variance / (variance + noise)
    return float(centre + gain * (needed - centre)), float((1.0 - gain) * variance)


def _row(
    name: str,
    day: date,
    dose: float,
    inr: float,
    centre: float,
    variance: float,
    seen: list[tuple[date, float]],
    settled: bool,
) -> dict[str, object]:
    half = _Z * float(np.sqrt(variance))
    estimate = centre**2
    change = float(np.clip((estimate / dose - 1.0) * 100.0, -20.0, 20.0)) if dose > 0 else None
    advice, recheck = _advice(inr, change, settled)
    return {
        "sample": name,
        "date": day,
        "dose": dose,
        "inr": inr,
        "estimate": estimate,
        "low": max(centre - half, 0.0) ** 2,
        "high": (centre + half) ** 2,
        "time_in_range": _in_range(seen),
        "trend": _trend([value for _, value in seen]),
        "advice": advice,
        "change": change,
        "recheck_days": recheck,
    }


def _advice(inr: float, change: float | None, settled: bool) -> tuple[str, int]:
    if inr >= HIGH_RISK:
        return "clinician_today", 1
    if change is None:
        return "recheck_soon", 3
    inside = RANGE[0] <= inr <= RANGE[1]
    if change > 0 and not inside and not settled:
        return "recheck_soon", 3
    if inside and abs(change) < 10.0:
        return "keep_dose", 28
    if abs(change) < 5.0:
        return "recheck_soon", 7
    return ("lower_dose" if change < 0 else "raise_dose"), 14 if inside else 7


def _in_range(seen: list[tuple[date, float]]) -> float | None:
    """Share of days in range by straight lines between values (Rosendaal et al., Thromb Haemost 1993;69:236)."""
    inside = total = 0.0
    for (day, inr), (later, after) in pairwise(seen):
        days = (later - day).days
        if days > 0:
            between = inr + (after - inr) * np.arange(1, days + 1) / days
            inside += float(((between >= RANGE[0]) & (between <= RANGE[1])).sum())
            total += days
    return inside / total if total else None


def _trend(values: list[float]) -> str:
    last = np.log(values[-3:])
    if len(last) < 2 or abs(last[-1] - last[0]) < NOISE:
        return "steady"
    return "rising" if last[-1] > last[0] else "falling"
