"""Pool the genotype effects of published population models into the terms of an endpoint of exposure.

``python -m pgx.build_data.population_models`` prints, for each drug and phenotype, the ratio of exposures with its
interval; `data/knowledge/endpoints` has them as terms, and a test holds the two together.

Models are weighted by their persons. The interval has two parts: how far the models lie from each other, and each
model's own uncertainty, which is that of a published model of the same drug, scaled by the number of persons, where a
model publishes none with its figure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import polars as pl

from pgx.knowledge import KnowledgeBase, load

LEAST = 2
"""Models that must agree to tell of a genotype before a drug has an endpoint."""
_Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Pooled:
    """The ratio of exposures of a phenotype to the reference, with its 95 % interval and what it rests on."""

    drug: str
    gene: str
    phenotype: str
    ratio: float
    low: float
    high: float
    models: int
    n: int


def pool(table: pl.DataFrame) -> list[Pooled]:
    """Pool the rows of ``population_models`` to ratios of exposure; what fewer than `LEAST` models tell is left out.

    Examples
    --------
    >>> rows = load().table("population_models").filter(drug="tacrolimus", phenotype="Normal Metabolizer")
    >>> round(pool(rows)[0].ratio, 2)
    0.55
    """
    found = []
    for (drug, gene, phenotype), rows in table.group_by("drug", "gene", "phenotype", maintain_order=True):
        models = [_of_model(one) for _, one in rows.group_by("model", maintain_order=True)]
        if len(models) < LEAST:
            continue
        effect, error, n = (np.array(column) for column in zip(*models, strict=True))
        error = _filled(error, n)
        weight = n / n.sum()
        mean = float(weight @ effect)
        between = float(np.var(effect, ddof=1))
        se = math.sqrt(float((weight**2) @ (error**2 + between)))
        ratio, low, high = (math.exp(-(mean + shift * se)) for shift in (0.0, _Z95, -_Z95))
        found.append(Pooled(str(drug), str(gene), str(phenotype), ratio, low, high, len(models), int(n.sum())))
    return found


def _of_model(rows: pl.DataFrame) -> tuple[float, float, int]:
    """Return a model's log ratio of oral clearances, its standard error (NaN = not published), and its persons."""
    effect = variance = 0.0
    for row in rows.iter_rows(named=True):
        effect += math.log(row["value"]) * (1 if row["parameter"] == "clearance" else -1)
        told = row["low"] is not None and row["high"] is not None
        variance += ((math.log(row["high"]) - math.log(row["low"])) / (2 * _Z95)) ** 2 if told else math.nan
    return effect, math.sqrt(variance), int(rows["n"][0])


def _filled(error: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Give models without an interval the standard error of the others, scaled by the persons; 0 where none has one."""
    known = ~np.isnan(error)
    if not known.any():
        return np.zeros(len(error))
    one_person = math.sqrt(float(np.mean(error[known] ** 2 * n[known])))
    return np.where(known, error, one_person / np.sqrt(n))


def main(kb: KnowledgeBase | None = None) -> None:
    """Print the pooled ratios."""
    for one in pool((kb or load()).table("population_models")):
        print(f"{one.drug}\t{one.gene} {one.phenotype}\t{one.ratio:.3f} ({one.low:.3f} to {one.high:.3f})\t"
              f"{one.models} models, {one.n} persons")  # fmt: skip


if __name__ == "__main__":
    main()
