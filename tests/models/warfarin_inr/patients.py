"""Made-up patients whose response to warfarin is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from pgx.models.warfarin_inr.genotypes import typical
from pgx.models.warfarin_inr.grid import per_week
from pgx.models.warfarin_inr.kinetics import Kinetics, Response
from pgx.models.warfarin_inr.parameters import Parameters
from pgx.models.warfarin_inr.persons import Course, Person, Visit

FIRST = date(2026, 1, 5)
G, A = "rs9923231 reference (C)", "rs9923231 variant (T)"
STEPS = (("*1", "*1"), ("*1", "*2"), ("*1", "*3"), ("*2", "*2"), ("*2", "*3"), ("*3", "*3"))
SENSITIVITY = ((G, G), (G, A), (A, A))


def response(known: Parameters, cyp: tuple[str, str], vkor: tuple[str, str], age: float, *off: float) -> Response:
    """Return the typical response of a genotype and age, off by two logarithms: half effect, rate."""
    clearance = typical(known, age, sum(known.clearance.parts[one] for one in cyp))
    half = clearance * sum(known.half_effect.parts[one] for one in vkor)
    half_off, rate_off = off or (0.0, 0.0)
    one = np.ones(1)
    return Response(one * clearance / known["volume"] * np.exp(rate_off), one * half * np.exp(half_off), one)


def dose_for(known: Parameters, who: Response, target: float = 2.5) -> float:
    """Return the dose that a person needs, mg/week."""
    return float(per_week(Kinetics(who, known).needed(target), known)[0])


@dataclass
class Patient:
    """A made-up patient: what is known of them, what they need, and their true state at each visit."""

    person: Person
    calls: list[dict[str, object]]
    who: Response
    need: float
    states: list[np.ndarray]


def draw(known: Parameters, rng: np.random.Generator, name: str, *, visits: int = 6, every: int = 7) -> Patient:
    """Draw a patient from the model, who begins with a dose and has it changed by chance."""
    cyp, vkor = STEPS[rng.choice(6, p=[0.6, 0.15, 0.12, 0.05, 0.05, 0.03])], SENSITIVITY[rng.choice(3)]
    age = float(rng.uniform(40, 85))
    off = rng.normal(0, known["spread_half_effect"]), rng.normal(0, known["spread_rate"])
    who = response(known, cyp, vkor, age, *off)
    daily = dose_for(known, response(known, cyp, vkor, age)) / 7
    moves = Kinetics(who, known)
    state = moves.untreated()
    seen, courses, states = [Visit(FIRST, 1.0)], [], [state.copy()]
    for number in range(1, visits):
        begin = FIRST + timedelta(days=(number - 1) * every)
        courses.append(Course(begin, begin + timedelta(days=every), daily))
        for _ in range(every):
            moves.day(state, daily * known["active_share"])
        seen.append(Visit(begin + timedelta(days=every), measure(state, who, known, rng)))
        states.append(state.copy())
        daily *= float(rng.choice([0.85, 1.0, 1.15]))
    calls = [
        {"sample": name, "gene": gene, "diplotype": "/".join(pair), "probability": 1.0, "status": "called",
         "alternatives": []}
        for gene, pair in ((known.clearance.gene, cyp), (known.half_effect.gene, vkor))
    ]  # fmt: skip
    return Patient(Person(name, tuple(seen), tuple(courses), age, 2.5), calls, who, dose_for(known, who), states)


def measure(state: np.ndarray, who: Response, known: Parameters, rng: np.random.Generator) -> float:
    """Measure an INR with its noise."""
    return float(Kinetics(who, known).inr(state)[0] * np.exp(rng.normal(0, known["residual"])))


def later(patient: Patient, index: int, weekly: float, days: int, known: Parameters, rng: np.random.Generator) -> float:
    """Measure the INR some days after a visit, under a dose."""
    state, moves = patient.states[index].copy(), Kinetics(patient.who, known)
    for _ in range(days):
        moves.day(state, weekly / 7 * known["active_share"])
    return measure(state, patient.who, known, rng)


def calls_of(patients: list[Patient]) -> pl.DataFrame:
    """Return the calls of patients."""
    types = {"alternatives": pl.List(pl.Struct({"diplotype": pl.String, "probability": pl.Float64}))}
    return pl.DataFrame([row for one in patients for row in one.calls], schema_overrides=types)
