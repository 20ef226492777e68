"""Does a risk's interval hold the true risk? Asked of made-up cohorts, where the true risk of everybody is known.

A cohort is drawn from a world, a model is trained on it as any other, and the intervals of `pgx.models.score` for other
persons of that world are compared with their true risks. Where sites differ, the other persons are at sites that the
model has not seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from pgx.models.cohort.cohort import Roles
from pgx.models.cohort.simulation import Truth, simulate
from pgx.models.evidence import endpoints
from pgx.models.fitting.boost import Settings
from pgx.models.scoring.score import persons
from pgx.models.scoring.score_rows import answer
from pgx.models.training import train

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pgx.knowledge import KnowledgeBase

WORLDS: Mapping[str, Truth] = {
    "the published effects are true": Truth(),
    "half of them": Truth(prior_slope=0.5, shift=0.4),
    "none of them": Truth(prior_slope=0.0, shift=-0.4),
    "age matters beyond them": Truth(age=0.4),
    "stronger effects, and age the other way": Truth(prior_slope=1.3, age=-0.5),
    "sites differ (sd 0.4), new sites": Truth(age=0.2, sites=24, site_sd=0.4),
}
"""How the made-up worlds differ from the literature."""
_OTHERS = 2000
"""Persons scored in each made-up world."""
_LEARNED = 0.5
"""Share of the sites that a model learns from."""


def coverage(
    endpoint: str,
    kb: KnowledgeBase,
    sizes: Sequence[int] = (200, 1000, 5000),
    *,
    repeats: int = 4,
    worlds: Mapping[str, Truth] = WORLDS,
    settings: Settings | None = None,
    seed: int = 1,
) -> pl.DataFrame:
    """Return how often the interval of a trained risk holds the true risk, by size of the cohort, world and group.

    Parameters
    ----------
    endpoint
        Name of a risk.
    kb
        Knowledge base with the endpoint.
    sizes
        Persons that the models are trained on.
    repeats
        Cohorts drawn for each size and world.
    worlds
        Name -> how the world differs from the published evidence.
    settings
        How trees are grown.
    seed
        Seed of the first cohort.

    Returns
    -------
    polars.DataFrame
        ``n``, ``world`` (the last row of a size: ``mean``), ``all``, and one column a group; shares from 0 to 1.
    """
    known = endpoints.get(kb, endpoint)
    rows: list[dict[str, Any]] = []
    for size in sizes:
        found: list[dict[str, Any]] = []
        for name, truth in worlds.items():
            each = [_one(known.name, kb, truth, size, settings, seed + number) for number in range(repeats)]
            found.append({"n": size, "world": name} | _mean(each))
        rows += [*found, {"n": size, "world": "mean"} | _mean(found)]
    return pl.DataFrame(rows)


def _one(
    endpoint: str, kb: KnowledgeBase, truth: Truth, size: int, settings: Settings | None, seed: int
) -> dict[str, float]:
    known = endpoints.get(kb, endpoint)
    table = simulate(known, 3 * (size + _OTHERS), truth=truth, seed=seed, tell=True)
    sites = max(int(truth.sites * _LEARNED), 1)
    inside = pl.col("site") <= sites
    learned = table.filter(inside).head(size)
    others = (table.filter(~inside) if truth.sites > sites else table.filter(inside)).tail(_OTHERS)
    roles = Roles(ignore=("truth",))
    model = train.train(endpoint, learned, None, kb, roles=roles, settings=settings)
    frame, starts, names = persons(others.rename({"person": "sample"}).drop("site", "outcome"))
    scores = answer(frame, starts, names, known, model, kb.version)
    risk, low, high = (scores[column].to_numpy() for column in ("estimate", "low", "high"))
    true = others["truth"].to_numpy()
    held = (low <= true) & (true <= high)
    return {name: float(held[rows].mean()) for name, rows in _groups(others, risk).items() if rows.any()}


def _groups(table: pl.DataFrame, risk: NDArray[np.float64]) -> dict[str, NDArray[np.bool_]]:
    age = table["clinical.age"].to_numpy()
    found = {"all": np.ones(len(risk), dtype=np.bool_)}
    for column in ("clinical.sex", "clinical.race"):
        found |= {str(level): (table[column] == level).to_numpy() for level in sorted(table[column].unique())}
    found |= {"below 65": age < 65, "65 and above": age >= 65}
    return found | {"highest tenth of risk": risk >= np.nanquantile(risk, 0.9)}


def _mean(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    names = [name for name in rows[0] if name not in ("n", "world")]
    return {name: float(np.mean([row[name] for row in rows if name in row])) for name in names}
