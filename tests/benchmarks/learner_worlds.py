"""Made-up worlds in which the best single candidate is known to differ: linear, tree-like, null, wrong and strong prior.

A world is a rule by which persons are drawn: features (numbers, yes or no, with gaps), the prior's margin, and the
outcome. Five kinds times six sizes of the cohort are 30 worlds; every third has a dose instead of a risk.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from pgx.models.fitting.boost import Floats
from pgx.models.fitting.linear import Data

KINDS = ("linear", "tree", "null", "wrong_prior", "strong_prior")
SIZES = ((60, 6), (100, 10), (200, 20), (400, 12), (1000, 30), (5000, 40))
"""Persons in the cohort, and columns."""
HELD_OUT = 20_000


@dataclass(frozen=True)
class World:
    """One world: its kind, the size of its cohorts, and what is predicted."""

    kind: str
    persons: int
    columns: int
    link: str

    @property
    def name(self) -> str:
        """Kind, size and outcome."""
        return f"{self.kind} {self.persons}x{self.columns} {'risk' if self.link == 'logit' else 'dose'}"


def worlds() -> list[World]:
    """Return the 30 worlds."""
    return [
        World(kind, persons, columns, "sqrt" if (k + s) % 3 == 2 else "logit")
        for k, kind in enumerate(KINDS)
        for s, (persons, columns) in enumerate(SIZES)
    ]


def draw(world: World, persons: int, seed: int) -> Data:
    """Draw persons of a world; the same seed gives the same persons."""
    rng = np.random.default_rng([seed, KINDS.index(world.kind), world.persons])
    x = rng.normal(size=(persons, world.columns))
    x[:, 3::4] = rng.random((persons, len(range(3, world.columns, 4)))) < 0.3
    gene = rng.choice([0.0, 1.0, 2.0], size=persons, p=[0.7, 0.25, 0.05])
    prior, margin = _margins(world.kind, x, gene)
    x = np.column_stack([gene, x[:, 1:]])
    x[rng.random(x.shape) < 0.05] = np.nan
    if world.link == "logit":
        base = -1.0
        y = (rng.random(persons) < 1 / (1 + np.exp(-(base + margin)))).astype(np.float64)
        return Data(base + prior, x.astype(np.float32), y, np.arange(persons))
    y = np.maximum(5.5 + 0.8 * margin + 0.9 * rng.normal(size=persons), 0.5)
    return Data(5.5 + 0.8 * prior, x.astype(np.float32), y, np.arange(persons))


def _margins(kind: str, x: Floats, gene: Floats) -> tuple[Floats, Floats]:
    """Return the prior and the truth, both without the intercept."""
    near = 0.8 * (gene - 0.35)
    if kind == "null":
        return near, near
    if kind == "linear":
        return near, near + 0.6 * x[:, 1] - 0.4 * x[:, 2] + 0.5 * (x[:, 3] - 0.3) + 0.3 * x[:, 4]
    if kind == "tree":
        bent = 1.4 * ((x[:, 1] > 0) == (x[:, 2] > 0.3)) - 0.7 + 0.9 * (np.abs(x[:, 4]) > 1) - 0.3
        return near, 0.5 * near + bent
    if kind == "wrong_prior":
        return 1.5 * (gene - 0.35) + 0.6, -0.3 * near + 0.5 * x[:, 1] - 0.3
    return 2.0 * (gene - 0.35) + 0.8 * x[:, 1], 2.0 * (gene - 0.35) + 0.8 * x[:, 1] + 0.25 * x[:, 2]


def learned(world: World, draw_number: int) -> Data:
    """Return the cohort of one draw."""
    return draw(world, world.persons, 1000 + draw_number)


def held_out(world: World, persons: int = HELD_OUT) -> Data:
    """Return the persons on whom every draw of a world is judged."""
    return draw(world, persons, 7)


def generator(seed: int) -> Generator:
    """Return a seeded generator."""
    return np.random.default_rng(seed)
