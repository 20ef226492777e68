"""Ratios of exposure predicted without the studies, or the drug, that they are of."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from pgx.knowledge import KnowledgeBase
from pgx.models.exposure.estimation import (
    FULL_SCORE,
    SHARE,
    Estimate,
    Observation,
    as_table,
    fit,
    observations,
    priors,
)
from pgx.models.exposure.prediction import checked_enzymes
from pgx.models.exposure.static_model import Model, agent_classes

Predicted = list[tuple[Observation, float, float]]
"""Ratio observed, ratio predicted, and the log standard deviation of what a study would find."""


def parent(drug: str) -> str:
    """Return the drug that an enantiomer is of."""
    return drug.removeprefix("r-").removeprefix("s-")


def of_enzyme(kb: KnowledgeBase, enzyme: str) -> list[Observation]:
    """Return the published ratios of an enzyme."""
    return [row for row in observations(kb) if row.enzyme == enzyme]


def predicted(
    kb: KnowledgeBase,
    rows: Sequence[Observation],
    group: Callable[[Observation], str],
    keep: Callable[[Observation], bool],
) -> Predicted:
    """Predict the rows that `keep` says, each group of them from the rest."""
    found: Predicted = []
    for name in sorted({group(row) for row in rows if keep(row)}):
        out = [row for row in rows if keep(row) and group(row) == name]
        rest = [row for row in rows if row not in out]
        found += [(row, *_predict(kb, fit(rest, priors(kb), agent_classes(kb)), row)) for row in out]
    return found


def genotypes_by_drug(kb: KnowledgeBase, enzyme: str = "CYP2D6") -> Predicted:
    """Ratios between genotypes: no such ratio of the drug is used, only its interactions."""
    return predicted(kb, of_enzyme(kb, enzyme), lambda row: parent(row.victim), lambda row: not row.agent)


def interactions_by_drug(kb: KnowledgeBase, enzyme: str = "CYP2D6") -> Predicted:
    """Interactions: no interaction of the drug is used, only its ratios between genotypes."""
    return predicted(kb, of_enzyme(kb, enzyme), lambda row: parent(row.victim), lambda row: bool(row.agent))


def checks(kb: KnowledgeBase) -> list[dict[str, object]]:
    """Check every enzyme on drugs that were left out; rows of the table ``exposure_checks``."""
    found: list[dict[str, object]] = []
    for enzyme in sorted({row.enzyme for row in observations(kb)}):
        for about, by_drug in (("genotypes", genotypes_by_drug), ("interactions", interactions_by_drug)):
            if rows := by_drug(kb, enzyme):
                figures = {
                    "within_twofold": within_twofold(rows),
                    "fold_error": fold_error(rows),
                    "within_twofold_without": within_twofold(no_effect(rows)),
                    "fold_error_without": fold_error(no_effect(rows)),
                    "coverage": coverage(rows),
                }
                rounded = {name: round(value, 3) for name, value in figures.items()}
                found.append({"enzyme": enzyme, "about": about, "ratios": len(rows), **rounded})
    return found


def within_twofold(rows: Predicted) -> float:
    """Return the part of ratios that are predicted within a factor of two."""
    return float(np.mean([abs(np.log(guess / row.ratio)) <= np.log(2) for row, guess, _ in rows]))


def fold_error(rows: Predicted) -> float:
    """Return the geometric mean of the factor by which predictions are off."""
    return float(np.exp(np.mean([abs(np.log(guess / row.ratio)) for row, guess, _ in rows])))


def no_effect(rows: Predicted) -> Predicted:
    """Return the same ratios, each predicted as 1: what a prediction has to be better than."""
    return [(row, 1.0, error) for row, _, error in rows]


def coverage(rows: Predicted, z: float = 1.6449) -> float:
    """Return the part of ratios in their intervals, of 90 % unless `z` is another quantile."""
    return float(np.mean([abs(np.log(guess / row.ratio)) <= z * error for row, guess, error in rows]))


def _predict(kb: KnowledgeBase, estimates: Sequence[Estimate], row: Observation) -> tuple[float, float]:
    """Predict a ratio as `exposure` does, from these estimates of its enzyme and the shipped ones of the others."""
    own = as_table(estimates)
    others = kb.table("exposure_estimates").filter(pl.col("enzyme") != row.enzyme).select(own.columns)
    model = Model(kb, pl.concat([others, own], how="vertical_relaxed"))
    shares = model.shares(row.victim)
    if row.enzyme not in shares:
        shares[row.enzyme] = model.parameter(row.enzyme, SHARE, row.victim, "any")
    counted = [enzyme for enzyme in shares if enzyme in {row.enzyme, *checked_enzymes(kb, "interactions")}]
    acting = model.acts(row.agent, counted) if row.agent else {}
    here, full = {row.enzyme: row.score}, {row.enzyme: FULL_SCORE}
    drawn, _ = model.ratios(shares, acting, [here])
    before, _ = model.ratios(shares, {}, [here if row.agent else full])
    logs = np.log(drawn[0] / before[0])
    return float(np.exp(logs[0])), float(np.hypot(np.std(logs[1:]), model.noise(shares)))
