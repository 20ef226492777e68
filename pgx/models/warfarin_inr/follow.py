"""Follow persons through their INRs: after each one, what dose they need, what to do, and the INR to come.

Every point of a person's grid (`grid`) is carried through the doses taken (`kinetics`); each INR weighs the points by
how well they expected it, older ones counting less. Nothing is drawn by chance. The model is that of Hamberg et al.
(Clin Pharmacol Ther 2010;87:727), its parameters and what is assumed beside them are rows of
``response_parameters.tsv``. The result is an aid to a clinician's judgement and replaces no dosing protocol.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from pgx import schema
from pgx.codes import DoseAdvice, Flag, FlagCode, NoteCode, Severity
from pgx.errors import InputError, UsageError
from pgx.knowledge import KnowledgeBase
from pgx.models.warfarin_inr.advice import (
    Proposal,
    in_range,
    not_raised,
    propose,
    time_in_range,
    trend,
    unread,
    without_dose,
)
from pgx.models.warfarin_inr.genotypes import Sums, of_person
from pgx.models.warfarin_inr.grid import Grid, Start, believed, grid, measured, per_week, quantiles
from pgx.models.warfarin_inr.history import History, history
from pgx.models.warfarin_inr.kinetics import Floats, Kinetics
from pgx.models.warfarin_inr.parameters import Parameters, parameters
from pgx.models.warfarin_inr.persons import Person
from pgx.notes import Note
from pgx.output_tables.own_columns import MONITOR

LOWEST_TARGET, HIGHEST_TARGET = 1.5, 4.0
UNREAD_DAYS = 28
"""Days after an INR that nobody could read in which no dose is raised."""
_LEVELS = (0.05, 0.5, 0.95)
_MIDDLE = (0.5,)
_TARGET = "target_inr"
_OF_MODEL = ("expected", "estimate", "low", "high", "time_in_range", "change", "next_dose")
"""Columns without a number for a person of whom something impossible is told: the model is for no such person."""
_OF_MODEL_ALONE, _DOUBTFUL = str(Flag(FlagCode.ASSUMED, "typical_dose")), str(Flag(FlagCode.IMPLAUSIBLE, "inr"))
"""No INR under a dose has spoken yet, so that the estimate is the model's typical dose; an INR could not be read."""
Calls = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Person to gene to the row of the calls table."""


@dataclass(frozen=True, slots=True)
class _Past:
    """What each point of the grid expected of a person's INRs, and its state at each."""

    expected: list[Floats]
    states: list[Floats]
    speaks: list[bool]


def monitor(
    persons: Sequence[Person],
    kb: KnowledgeBase,
    *,
    calls: pl.DataFrame | None = None,
    starts: Mapping[str, Start] | None = None,
    target: float | None = None,
) -> tuple[pl.DataFrame, list[Note]]:
    """Follow persons through their INRs.

    Parameters
    ----------
    persons
        Their INRs and doses (`pgx.models.warfarin_inr.persons`).
    kb
        Knowledge base.
    calls
        Calls of the genes (`pgx.schema.CALLS`); a gene of which there is none is averaged.
    starts
        Score of the dose by person, which takes the place of what genotype and age say of it.
    target
        INR aimed at; None = each person's own, or 2.5.

    Returns
    -------
    tuple
        `pgx.output_tables.own_columns.MONITOR` by person and day, and notes on what was not used.

    Raises
    ------
    UsageError
        If the target is not between 1.5 and 4.
    InputError
        If there is no INR at all.
    """
    if target is not None and not LOWEST_TARGET <= target <= HIGHEST_TARGET:
        raise UsageError(f"an INR of {target:g} cannot be aimed at; give {LOWEST_TARGET:g} to {HIGHEST_TARGET:g}")
    known = parameters(kb)
    rows: list[dict[str, object]] = []
    notes: list[Note] = []
    genes = _by_person(calls)
    for person in sorted(persons, key=lambda one: one.name):
        if not person.visits:
            notes.append(_note(person, NoteCode.VALUE_LEFT_OUT, "no INR can be used"))
            rows += _unread_row(person, known, target)
        elif person.age is not None and person.age < known["lowest_age"]:
            notes.append(_note(person, NoteCode.SCORE_REFUSED, "the model of the INR is for adults: not followed"))
        else:
            start = (starts or {}).get(person.name)
            rows += _follow(person, kb, known, genes.get(person.name, {}), start, target, notes)
    if not rows and not notes:
        raise InputError("no INR of anybody", fix="give INRs with their days")
    frame = schema.from_rows(rows, MONITOR)
    return frame.with_columns(pl.col(pl.Float64).round_sig_figs(6)), notes


def _follow(
    person: Person,
    kb: KnowledgeBase,
    known: Parameters,
    genes: Mapping[str, Mapping[str, Any]],
    start: Start | None,
    target: float | None,
    notes: list[Note],
) -> list[dict[str, object]]:
    refused = _refused(person, target)
    aim = _aim(person, target, refused, known)
    if _TARGET in refused and person.target is not None:
        text = f"an INR of {person.target:g} cannot be aimed at: no dose is worked out"
        notes.append(_note(person, NoteCode.IMPLAUSIBLE_VALUE, text))
    past_days = history(person, known)
    sums = [of_person(one, genes, kb, person.group) for one in (known.clearance, known.half_effect)]
    points = grid(known, sums[0], sums[1], person.age, past_days.baseline, start)
    past = _run(points, past_days, known)
    flags = _flags(person, past_days, sums, refused, aim_assumed=target is None and person.target is None)
    need = per_week(points.kinetics.needed(aim), known)
    rows: list[dict[str, object]] = []
    proposals: list[Proposal] = []
    weights: list[Floats] = []
    prior = believed(points.log_prior)
    for index, visit in enumerate(person.visits):
        earlier = believed(_weighed(points, past, person, index - 1, known)) if index else prior
        now = believed(_weighed(points, past, person, index, known))
        low, middle, high = quantiles(need, now, _LEVELS)
        daily = past_days.dose_at(index)
        settled = index > 0 and daily is not None and _settled(points, past.expected[index], now, daily, known)
        weekly = None if daily is None else daily * 7.0
        of_model = start is None and not any(past.speaks[: index + 1])
        what = propose(visit.inr, weekly, middle, settled=settled, target=aim, known=known)
        what, doubtful = _held(what, person, index, known, aim)
        what = without_dose(what) if refused else what
        seen = person.visits[: index + 1]
        told = past.speaks[index] or daily is not None
        proposals.append(what)
        weights.append(now)
        rows.append({
            "sample": person.name, "date": visit.day, "dose": weekly, "inr": visit.inr, "target": aim,
            "expected": quantiles(past.expected[index], earlier, _MIDDLE)[0] if told else None,
            "estimate": middle, "low": low, "high": high,
            "time_in_range": time_in_range([(one.day, one.inr) for one in seen], *in_range(aim, known)),
            "trend": trend([one.inr for one in seen], known),
            "advice": what.advice, "change": what.change,
            "next_dose": weekly * what.factor if weekly and what.factor else None,
            "recheck_days": what.recheck_days,
            "flags": [*flags, *([_OF_MODEL_ALONE] if of_model else []), *([_DOUBTFUL] if doubtful else [])],
        })  # fmt: skip
    if refused:
        return [row | dict.fromkeys(_OF_MODEL) for row in rows]
    _forecast(rows, proposals, points, past, weights, known)
    return rows


def _unread_row(person: Person, known: Parameters, target: float | None) -> list[dict[str, object]]:
    """Return one row for a person none of whose INRs could be read: it may be any, so somebody reads it today."""
    if not person.illegible:
        return []
    aim = _aim(person, target, _refused(person, target), known)
    days = [day for day in person.unread if day != date.max]
    what = unread(Proposal(DoseAdvice.DOSE_UNKNOWN, None, 0))
    return [{
        "sample": person.name, "date": max(days, default=None), "target": aim, "advice": what.advice,
        "recheck_days": what.recheck_days, "flags": [_DOUBTFUL],
    }]  # fmt: skip


def _held(what: Proposal, person: Person, index: int, known: Parameters, aim: float) -> tuple[Proposal, bool]:
    """Return what is proposed beside INRs that the model does not see, and whether one of them could not be read."""
    day, last = person.visits[index].day, index == len(person.visits) - 1
    if last and any(one >= day for one in person.unread):
        return unread(what), True
    recent = any(0 <= (day - one).days <= UNREAD_DAYS for one in person.unread)
    highest = max(one.inr for one in person.visits if one.day == day)
    return (not_raised(what) if recent or highest > in_range(aim, known)[1] else what), recent


def _run(points: Grid, past: History, known: Parameters) -> _Past:
    """Carry the grid through the doses; where one is not known, the last known one stands in and no INR counts."""
    moves, share = points.kinetics, known["active_share"]
    state = moves.settled(past.before * share) if past.before else moves.untreated()
    found = _Past([], [], [])
    last, waiting = past.before or 0.0, list(past.days)
    for number, dose in enumerate(past.doses):
        while waiting and waiting[0] == number:
            waiting.pop(0)
            found.expected.append(moves.inr(state))
            found.states.append(state.copy())
            found.speaks.append(past.speaks(len(found.states) - 1, int(known["gap"])))
        last = last if np.isnan(dose) else float(dose)
        moves.day(state, last * share)
    return found


def _weighed(points: Grid, past: _Past, person: Person, index: int, known: Parameters) -> Floats:
    """Return what is believed of the points after an INR, as logarithms."""
    total = points.log_prior.copy()
    today = person.visits[index].day
    for number in range(index + 1):
        if past.speaks[number]:
            visit = person.visits[number]
            counts = 0.5 ** ((today - visit.day).days / known["evidence_half_life"])
            off = (np.log(visit.inr) - np.log(past.expected[number])) / known["residual"]
            total -= 0.5 * counts * off**2
    return total


def _settled(points: Grid, expected: Floats, weights: Floats, daily: float, known: Parameters) -> bool:
    """Return whether the dose taken acts nearly in full already."""
    base = points.response.baseline
    final = points.kinetics.settled_inr(daily * known["active_share"])
    rise = float(weights @ (final - base))
    return rise > 0 and float(weights @ (expected - base)) >= known["settled_share"] * rise


def _forecast(
    rows: list[dict[str, object]],
    proposals: Sequence[Proposal],
    points: Grid,
    past: _Past,
    weights: Sequence[Floats],
    known: Parameters,
) -> None:
    """Add the INR to come to every row that has a dose: all rows are carried on side by side."""
    count = len(points.response.rate)
    wanted = [index for index, row in enumerate(rows) if row["dose"] is not None]
    if not wanted:
        return
    states = np.concatenate([past.states[index] for index in wanted], axis=1)
    weekly = [rows[index]["next_dose"] if rows[index]["next_dose"] is not None else rows[index]["dose"]
              for index in wanted]  # fmt: skip
    doses = np.repeat(np.array(weekly, dtype=np.float64) / 7.0 * known["active_share"], count)
    moves = Kinetics(points.response.repeat(len(wanted)), known)
    for number in range(1, max(proposals[index].recheck_days for index in wanted) + 1):
        moves.day(states, doses)
        due = [place for place, index in enumerate(wanted) if proposals[index].recheck_days == number]
        curve = moves.inr(states) if due else states[0]
        for place in due:
            index = wanted[place]
            mine = curve[place * count : (place + 1) * count]
            low, middle, high = measured(mine, weights[index], known["residual"], _LEVELS)
            rows[index] |= {"forecast": middle, "forecast_low": low, "forecast_high": high}


def _flags(
    person: Person, past: History, sums: Sequence[Sums], refused: Collection[str], *, aim_assumed: bool
) -> list[str]:
    assumed = [
        ("baseline", not past.baseline_measured),
        ("dose_before", bool(past.before)),
        ("no_dose_before", past.before == 0.0),
        ("target", aim_assumed),
        ("persons_change", True),
        ("nothing_else_changes", True),
    ]
    found = [flag for one in sums for flag in one.flags]
    found += [str(Flag(FlagCode.IMPLAUSIBLE, f"clinical.{one}")) for one in refused]
    if person.age is None and "age" not in refused:
        found.append(str(Flag(FlagCode.MISSING, "clinical.age")))
    return [*found, *(str(Flag(FlagCode.ASSUMED, what)) for what, holds in assumed if holds)]


def _refused(person: Person, target: float | None) -> tuple[str, ...]:
    """Return what was told of the person and cannot be true; a target of the caller takes the place of theirs."""
    told = person.target is not None and not LOWEST_TARGET <= person.target <= HIGHEST_TARGET
    found = dict.fromkeys((*person.refused, *((_TARGET,) if told else ())))
    return tuple(one for one in found if one != _TARGET or target is None)


def _aim(person: Person, target: float | None, refused: Collection[str], known: Parameters) -> float:
    """Return the INR aimed at; one of the person's own that nobody can aim at is none."""
    return target or (known["target"] if person.target is None or _TARGET in refused else person.target)


def _by_person(calls: pl.DataFrame | None) -> Calls:
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    if calls is not None:
        for row in calls.iter_rows(named=True):
            found.setdefault(str(row["sample"]), {})[str(row["gene"])] = row
    return found


def _note(person: Person, code: NoteCode, message: str) -> Note:
    return Note(stage="models", severity=Severity.WARNING, code=code, message=message, sample=person.name,
                subject="inr")  # fmt: skip
