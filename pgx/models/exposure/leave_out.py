"""Ratios of exposure predicted without the studies, or the drug, that they are of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from pgx.knowledge import KnowledgeBase
from pgx.models.exposure.estimation import (
    POWER,
    RESIDUAL,
    SHARE,
    Estimate,
    Floats,
    Observation,
    activity,
    agent_kind,
    fit,
    left_by,
    logistic,
    observations,
    priors,
)
from pgx.models.exposure.prediction import agent_classes

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


def _predict(kb: KnowledgeBase, estimates: Iterable[Estimate], row: Observation) -> tuple[float, float]:
    known = {(one.kind, one.drug): (one.value, one.error) for one in estimates}
    group = agent_classes(kb).get((row.enzyme, row.agent), "")
    typical = priors(kb)

    def of(kind: str, drug: str, drug_class: str) -> tuple[float, float]:
        prior = typical[kind, drug_class]
        return known.get((kind, drug), (prior.value, prior.error))

    share, power = of(SHARE, row.victim, "any"), of(POWER, "", "any")
    strength = of(agent_kind(group), row.agent, group) if row.agent else None
    ratio = _ratio(row, group, share[0], power[0], strength[0] if strength else None)
    draw = np.random.default_rng(3).standard_normal((3, 2000))
    drawn = _ratio(
        row, group, share[0] + share[1] * draw[0], power[0] + power[1] * draw[1],
        strength[0] + strength[1] * draw[2] if strength else None,
    )  # fmt: skip
    noise = np.exp(known[RESIDUAL, ""][0])
    return float(ratio), float(np.hypot(np.std(np.log(drawn)), noise))


def _ratio(
    row: Observation, group: str, share: Floats | float, power: Floats | float, strength: Floats | float | None
) -> Floats:
    part = logistic(share)
    work = part * activity(row.score, power)
    if strength is None:
        return np.asarray(1.0 / (work + 1.0 - part))
    return np.asarray((work + 1.0 - part) / (work * left_by(agent_kind(group), strength) + 1.0 - part))
