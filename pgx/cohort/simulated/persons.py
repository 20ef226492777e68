"""Made-up persons: names, groups and sexes, and a history like that of a ward."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.calling.priors import groups
from pgx.cohort.simulated.units import UNIT, generator, units
from pgx.knowledge import KnowledgeBase


def names(count: int) -> list[str]:
    """Return the persons' names, all of one length.

    Examples
    --------
    >>> names(2)
    ['S0000001', 'S0000002']
    """
    return [f"S{number:07d}" for number in range(1, count + 1)]


def draw_groups(
    kb: KnowledgeBase, count: int, seed: int, group: str | None
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return each person's biogeographic group (index) and whether they are male.

    Parameters
    ----------
    kb, count, seed
        Knowledge, number of persons, seed.
    group
        The group of everybody; None = drawn with the weights of ``groups.tsv``.
    """
    known = groups(kb)
    steps = np.cumsum(known.mixture(known.index(group)))
    found = np.empty(count, dtype=np.intp)
    male = np.empty(count, dtype=bool)
    for number, rows in units(count):
        chance = generator(seed, "persons", "", number).random((UNIT, 2))[: rows.stop - rows.start]
        # The weights may add up to a little less than 1.
        found[rows] = np.searchsorted(steps, chance[:, 0] * steps[-1], side="right")
        male[rows] = chance[:, 1] < 0.5
    return found, male


def history(
    kb: KnowledgeBase,
    samples: Sequence[str],
    group: NDArray[np.intp],
    male: NDArray[np.bool_],
    seed: int,
    unit: int,
) -> pl.DataFrame:
    """Return the clinical table of one unit of persons, as `pgx check --template` has its columns.

    Parameters
    ----------
    kb
        Knowledge; its drugs with guidance are those that are taken.
    samples, group, male
        The persons of the unit.
    seed, unit
        Seed of the cohort and number of the unit.
    """
    rng = generator(seed, "history", "", unit)
    n = len(samples)
    age, tall, heavy, creatinine = (rng.normal(size=UNIT)[:n] for _ in range(4))
    smokes = rng.choice(["never", "former", "current"], size=UNIT, p=[0.6, 0.22, 0.18])[:n]
    drugs = np.array(sorted(set(kb.table("recommendations")["drug"])))
    taken = rng.poisson(1.5, size=UNIT)[:n]
    picks = rng.integers(0, len(drugs), size=(UNIT, 6))[:n]
    height = np.where(male, 176.0, 163.0) + 7 * tall
    coded = dict(enumerate(kb.table("groups")["name"]))
    lists = [
        ";".join(sorted({str(drugs[pick]) for pick in row[: min(int(count), 6)]})) or "none"
        for row, count in zip(picks, taken, strict=True)
    ]
    return pl.DataFrame(
        {
            "sample": list(samples),
            "sex": np.where(male, "male", "female"),
            "age": np.clip(np.round(60 + 15 * age), 18, 95).astype(np.int64),
            "height": np.round(height, 1),
            "weight": np.round(np.clip(height - 100 + 14 * heavy, 35, 180), 1),
            "ancestry": [coded[one] for one in group.tolist()],
            "creatinine": np.round(np.clip(np.where(male, 0.95, 0.8) + 0.2 * creatinine, 0.4, 4), 2),
            "smoking_status": smokes,
            "medications": lists,
        }
    )
