"""Made-up cohorts for testing: persons drawn from the population of an endpoint, outcomes from a known truth.

What comes out is for trying the program and for tests. A model trained on it says nothing about patients.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import polars as pl
from numpy.random import Generator

from pgx.errors import UsageError
from pgx.features.names import FeatureName, gene_of
from pgx.models.cohort.drawn_numbers import draw_number, draw_range
from pgx.models.evidence import design
from pgx.models.evidence.endpoint import Endpoint, Reading
from pgx.models.evidence.links import measured, natural, sigmoid
from pgx.models.fitting.boost import Floats


@dataclass(frozen=True, slots=True)
class Truth:
    """How the simulated world differs from the published evidence.

    Parameters
    ----------
    prior_slope
        1 = the published effects are true, 0 = they are nothing, -1 = they are the wrong way round.
    shift
        Added to the log odds (or to the square root of the dose).
    covariate
        Effect of one standard deviation of the covariate ``lab.marker`` that the evidence does not know.
    age
        Effect of one standard deviation of age.
    leak
        Chance, 0 to 1, that ``lab.leaky`` is missing when the outcome is present and known otherwise.
    nuisance
        Number of columns without meaning.
    sites
        Number of sites; each has its own shift of standard deviation `site_sd`.
    site_sd
        See `sites`.
    """

    prior_slope: float = 1.0
    shift: float = 0.0
    covariate: float = 0.0
    age: float = 0.0
    leak: float = 0.0
    nuisance: int = 0
    sites: int = 1
    site_sd: float = 0.0


def simulate(
    endpoint: Endpoint,
    n: int,
    *,
    truth: Truth | None = None,
    events: int | None = None,
    seed: int = 1,
    tell: bool = False,
) -> pl.DataFrame:
    """Draw a cohort.

    Parameters
    ----------
    endpoint
        Whose population and evidence the world starts from.
    n
        Persons.
    truth
        How the world differs from the evidence.
    events
        Draw so that about this many of the n have the outcome (risks); None = what the truth gives.
    seed
        Seed; the same seed gives the same table.
    tell
        Add the column ``truth``: each person's true risk, or the dose without the person's own deviation.

    Returns
    -------
    polars.DataFrame
        ``person``, ``site``, the endpoint's columns, ``clinical.*`` and ``lab.*`` columns, and ``outcome``.

    Raises
    ------
    UsageError
        If n is below 1, more events than persons are asked for, or a number cannot be used.
    """
    truth = truth or Truth()
    if n < 1 or (events is not None and not 0 < events < n):
        asked = f"{n} persons" if events is None else f"{n} persons with {events} events"
        raise UsageError(f"{asked} cannot be drawn")
    if seed < 0 or not all(np.isfinite(getattr(truth, one.name)) for one in fields(truth)):
        raise UsageError("a seed is not negative, and what describes the made-up world is a finite number")
    rng = np.random.default_rng(seed)
    columns: dict[str, object] = {
        "person": [f"P{i:06d}" for i in range(n)],
        "site": rng.integers(1, truth.sites + 1, n),
    }
    columns |= _clinic(rng, n)
    for name, values in _readings(endpoint, rng, n).items():
        columns[name] = values
    marker = rng.normal(size=n)
    columns |= {name: _unread(name, rng, n) for name in endpoint.requires if name not in columns and _unread_kind(name)}
    columns["lab.marker"] = np.round(5 + 2 * marker, 2)
    for i in range(truth.nuisance):
        columns[f"lab.nuisance_{i + 1}"] = np.round(rng.normal(size=n), 3)
    table = pl.DataFrame(columns)
    published = design.prior(design.prepare(table, endpoint), endpoint).margin
    age = np.asarray(table["clinical.age"].to_numpy(), dtype=np.float64)
    margin = endpoint.average + truth.prior_slope * (published - endpoint.average) + truth.shift
    margin = margin + truth.covariate * marker + truth.age * (age - 60.0) / 15.0
    margin = margin + rng.normal(scale=max(truth.site_sd, 1e-12), size=truth.sites)[table["site"].to_numpy() - 1]
    margin = margin + (0.0 if events is None or measured(endpoint.link) else _shift_to(margin, events))
    outcome = _outcome(endpoint, margin, rng)
    high = outcome > np.median(outcome) if measured(endpoint.link) else outcome > 0.5
    # A gap depends on the outcome only so far as `leak` says: the rest of the gaps are chance.
    gap = np.where(rng.random(n) < truth.leak, high, rng.random(n) < 0.3)
    leaky = pl.Series("lab.leaky", np.round(rng.normal(size=n), 3))
    table = table.with_columns(leaky.zip_with(pl.Series(~gap), pl.Series([None] * n, dtype=pl.Float64)))
    told = [pl.Series("truth", _natural(endpoint, margin))] if tell else []
    return table.with_columns(*told, outcome=pl.Series(outcome))


def _clinic(rng: Generator, n: int) -> dict[str, object]:
    male = rng.random(n) < 0.5
    height = np.where(male, 176.0, 163.0) + rng.normal(scale=7, size=n)
    return {
        "clinical.age": np.clip(np.round(60 + 15 * rng.normal(size=n)), 18, 95),
        "clinical.sex": np.where(male, "male", "female"),
        "clinical.height": np.round(height, 1),
        "clinical.weight": np.round(np.clip(height - 100 + rng.normal(scale=14, size=n), 35, 180), 1),
        "clinical.race": rng.choice(["white", "asian", "black"], size=n, p=[0.6, 0.25, 0.15]),
    }


def _readings(endpoint: Endpoint, rng: Generator, n: int) -> dict[str, list[object]]:
    """Draw every column that the prior's terms read, so that each term is met as often as its prevalence says."""
    drawn = ("clinical.age", "clinical.sex", "clinical.height", "clinical.weight", "clinical.race")
    by_column: dict[str, list[tuple[Reading, float]]] = {}
    for term in endpoint.terms:
        for column in endpoint.derived.get(term.reading.column, (term.reading.column,)):
            if column not in drawn and term.reading.kind != "missing" and not term.reading.unless_column:
                by_column.setdefault(column, []).append((term.reading, term.mean))
    return {
        column: _draw(choices, endpoint.baseline_levels.get(column, frozenset()), rng, n)
        for column, choices in by_column.items()
    }


_UNREAD: Mapping[str, tuple[tuple[object, ...], tuple[float, ...]]] = {
    "phenotype": (("Normal Metabolizer", "Intermediate Metabolizer", "Poor Metabolizer"), (0.5, 0.35, 0.15)),
    "diplotype": (("*1/*1", "*1/*2", "*2/*2"), (0.6, 0.3, 0.1)),
    "activity_score": ((2.0, 1.5, 1.0, 0.5), (0.5, 0.25, 0.2, 0.05)),
}
"""What is drawn for a gene that an endpoint needs and whose effect nobody has published."""


def _unread_kind(name: str) -> str:
    kind = FeatureName.parse(name).last.removeprefix("clinical_")
    return kind if gene_of(name) and kind in _UNREAD else ""


def _unread(name: str, rng: Generator, n: int) -> list[object]:
    values, shares = _UNREAD[_unread_kind(name)]
    return [values[pick] for pick in rng.choice(len(values), size=n, p=shares)]


_UNSTATED = 0.05
"""Share that a term without a prevalence is drawn with."""


def _draw(choices: list[tuple[Reading, float]], baseline: frozenset[str], rng: Generator, n: int) -> list[object]:
    reading, mean = choices[0]
    if reading.kind == "number":
        return list(draw_number(reading, mean, rng, n).tolist())
    if reading.kind == "yes":
        return list((rng.random(n) < (mean or _UNSTATED)).tolist())
    shares = np.array([share or _UNSTATED for _, share in choices])
    rest = max(1.0 - shares.sum(), 0.05)
    picks = rng.choice(len(choices) + 1, size=n, p=np.r_[shares, rest] / (shares.sum() + rest))
    if reading.kind == "range" and not gene_of(reading.column) and len(choices) == 1:
        return list(
            np.where(picks == 0, draw_range(reading, True, rng, n), draw_range(reading, False, rng, n)).tolist()
        )
    values = [_value(one) for one, _ in choices] + [_ordinary(reading, baseline)]
    return [values[pick] for pick in picks]


def _value(reading: Reading) -> object:
    """A value that makes the reading 1."""
    if reading.kind in ("level", "recorded"):
        return reading.levels[0]
    if reading.kind == "status":
        return f"{reading.text} positive"
    if reading.kind == "range":
        return reading.below - 0.25 if np.isfinite(reading.below) else reading.at_least + 0.5
    return f"Reference/{reading.text}"


_ORDINARY: Mapping[str, str] = {"lifestyle.smoking_status": "never"}
"""Coded column that is not of a gene -> the answer that no published effect is about."""


def _ordinary(reading: Reading, baseline: frozenset[str]) -> object:
    """A value that makes the reading 0; of a phenotype, one that the baseline stands for."""
    if reading.kind == "status":
        return f"{reading.text} negative"
    if reading.kind == "range":
        return reading.below + 0.25 if np.isfinite(reading.below) else 0.0
    if reading.kind in ("level", "recorded") and isinstance(reading.levels[0], float | int):
        return 2.0
    if reading.column.endswith("phenotype"):
        words = baseline or {"Normal Function" if "Function" in str(reading.levels[0]) else "Normal Metabolizer"}
        return min(words, key=lambda word: (not word.startswith("Normal "), word))
    if reading.kind == "text_count":
        return "Reference/Reference"
    return _ORDINARY.get(reading.column, "*1/*1" if "*" in str(reading.levels[0]) else "reference/reference")


def _outcome(endpoint: Endpoint, margin: Floats, rng: Generator) -> Floats:
    if endpoint.link == "sqrt":
        return np.round(np.maximum(margin + rng.normal(scale=endpoint.residual_sd, size=len(margin)), 0.7) ** 2, 2)
    if endpoint.link == "log":
        dose = np.exp(margin + rng.normal(scale=endpoint.residual_sd, size=len(margin)))
        return np.asarray(np.round(dose, 2), dtype=np.float64)
    return (rng.random(len(margin)) < sigmoid(margin)).astype(np.float64)


def _shift_to(margin: Floats, events: int) -> float:
    """What must be added to the log odds so that `events` are expected."""
    low, high = -30.0, 30.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if sigmoid(margin + middle).sum() < events else (low, middle)
    return 0.5 * (low + high)


def _natural(endpoint: Endpoint, margin: Floats) -> Floats:
    return natural(margin, endpoint.link)
