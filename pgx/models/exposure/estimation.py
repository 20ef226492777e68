"""Shares of clearance and strengths of inhibitors and inducers, estimated from published ratios of exposure.

One enzyme is fitted at a time, by penalised least squares on the log of the ratio (a soft L1 loss, so that one odd
study does not decide). The penalties are the priors of the table ``exposure_priors``: what is typical of a drug of that
class. Standard errors are those of the linearised fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.knowledge import KnowledgeBase

Floats = NDArray[np.float64]
SHARE, INHIBITION, INDUCTION, POWER, RESIDUAL = "share", "inhibition", "induction", "power", "residual"
"""Kinds of parameters: logit of a share, logit of an inhibited part, log of an induction, log of the exponent that
turns an activity score into activity, and the log standard deviation between studies."""
FULL_SCORE = 2.0
"""Activity score of two normal-function alleles."""
NOISE = 0.45
"""Log standard deviation between studies of the same thing that the fit starts from."""
_LEAST_NOISE = 0.25


@dataclass(frozen=True, slots=True)
class Observation:
    """One published ratio of AUC.

    Parameters
    ----------
    enzyme
        The enzyme whose genotype, inhibitor or inducer it is about.
    victim
        The drug whose exposure was measured.
    agent
        The inhibitor or inducer; empty for a ratio between genotypes.
    score
        Activity score of the persons; 2 where it was not measured.
    ratio
        With the agent to without it, or of this genotype to a score of 2.
    study
        Where it is from.
    """

    enzyme: str
    victim: str
    agent: str
    score: float
    ratio: float
    study: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """One parameter: on its own scale (see the kinds), with its standard error and the data behind it."""

    enzyme: str
    kind: str
    drug: str
    value: float
    error: float
    ratios: int
    studies: int


@dataclass(frozen=True, slots=True)
class Prior:
    """What is typical of a class of drugs, on the scale of the kind."""

    value: float
    error: float


def logistic(x: Floats | float) -> Floats:
    """Return 1 / (1 + exp(-x))."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.asarray(x, dtype=np.float64))))


def activity(score: Floats | float, power: Floats | float) -> Floats:
    """Return what an enzyme of this activity score does, as a part of what one of score 2 does.

    `power` is the log of the exponent: below 1 in the activity, a score of 1 does less than half of a score of 2.
    """
    return np.asarray((np.asarray(score, dtype=np.float64) / FULL_SCORE) ** np.exp(power))


def observations(kb: KnowledgeBase) -> list[Observation]:
    """Return the published ratios of the table ``exposure_ratios``."""
    names = ("enzyme", "victim", "agent", "score", "ratio", "study")
    return [
        Observation(str(enzyme), str(victim), str(agent or ""), float(score), float(ratio), str(study))
        for enzyme, victim, agent, score, ratio, study in kb.table("exposure_ratios").select(names).iter_rows()
    ]


def priors(kb: KnowledgeBase) -> dict[tuple[str, str], Prior]:
    """Return (kind, class) -> prior, of the table ``exposure_priors``."""
    rows = kb.table("exposure_priors").select("kind", "drug_class", "value", "error").iter_rows()
    return {(str(kind), str(group)): Prior(float(value), float(error)) for kind, group, value, error in rows}


def fit(
    rows: Sequence[Observation], known: Mapping[tuple[str, str], Prior], classes: Mapping[tuple[str, str], str]
) -> list[Estimate]:
    """Estimate the parameters of one enzyme.

    Parameters
    ----------
    rows
        Ratios of one enzyme.
    known
        Priors by kind and class.
    classes
        (enzyme, agent) -> ``inhibitor:strong``, ``inducer:moderate``, ...

    Returns
    -------
    list of Estimate
        A share for each victim, a strength for each agent, the exponent, and the spread between studies.
    """
    from scipy.optimize import least_squares

    enzyme = rows[0].enzyme
    victims = sorted({row.victim for row in rows})
    agents = sorted({row.agent for row in rows} - {""})
    kinds = {agent: agent_kind(classes[enzyme, agent]) for agent in agents}
    order = [(SHARE, one) for one in victims] + [(kinds[one], one) for one in agents] + [(POWER, "")]
    prior = [known[kind, "any" if kind in (SHARE, POWER) else classes[enzyme, drug]] for kind, drug in order]
    centre = np.array([one.value for one in prior])
    spread = np.array([one.error for one in prior])
    place = {key: index for index, key in enumerate(order)}
    predict = _predictor(rows, place, kinds)
    logs = np.log([row.ratio for row in rows])

    def off(values: Floats, noise: float) -> Floats:
        return np.concatenate([(logs - np.log(predict(values))) / noise, (values - centre) / spread])

    noise, values = NOISE, centre
    for _ in range(3):  # the spread between studies is estimated beside the rest
        found = least_squares(off, values, loss="soft_l1", args=(noise,))
        values = found.x
        left = logs - np.log(predict(values))
        noise = max(_LEAST_NOISE, float(np.median(np.abs(left))) * 1.4826)
    errors = np.sqrt(np.diag(np.linalg.inv(found.jac.T @ found.jac)))
    made = [_estimate(enzyme, *key, values[i], errors[i], rows) for i, key in enumerate(order)]
    spread_between = float(np.sqrt(np.mean(np.clip(left, -3 * noise, 3 * noise) ** 2)))
    studies = len({row.study for row in rows})
    return [*made, Estimate(enzyme, RESIDUAL, "", float(np.log(spread_between)), 0.0, len(rows), studies)]


def as_table(estimates: Sequence[Estimate]) -> pl.DataFrame:
    """Return estimates in the columns of the table ``exposure_estimates``."""
    rows = [(one.enzyme, one.kind, one.drug, one.value, one.error, one.ratios, one.studies) for one in estimates]
    columns = ["enzyme", "kind", "drug", "value", "error", "ratios", "studies"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def agent_kind(group: str) -> str:
    """Return the kind of parameter of a class such as ``inhibitor:strong``."""
    return INHIBITION if group.startswith("inhibitor") else INDUCTION


def left_by(kind: str, value: Floats | float) -> Floats:
    """Return by what an agent multiplies the work of its enzyme."""
    return 1.0 - logistic(value) if kind == INHIBITION else np.asarray(1.0 + np.exp(np.asarray(value)))


def _predictor(
    rows: Sequence[Observation], place: Mapping[tuple[str, str], int], kinds: Mapping[str, str]
) -> Callable[[Floats], Floats]:
    share_at = np.array([place[SHARE, row.victim] for row in rows])
    agent_at = np.array([place[kinds[row.agent], row.agent] if row.agent else -1 for row in rows])
    inhibits = np.array([bool(row.agent) and kinds[row.agent] == INHIBITION for row in rows])
    scores = np.array([row.score for row in rows])
    power_at = place[POWER, ""]

    def predict(values: Floats) -> Floats:
        share = logistic(values[share_at])
        work = share * activity(scores, values[power_at])
        before = np.where(agent_at >= 0, work, share) + 1.0 - share
        agent = values[agent_at]
        factor = np.where(inhibits, left_by(INHIBITION, agent), left_by(INDUCTION, np.where(inhibits, 0.0, agent)))
        after = np.where(agent_at >= 0, work * factor, work) + 1.0 - share
        return np.asarray(before / after)

    return predict


def _estimate(enzyme: str, kind: str, drug: str, value: float, error: float, rows: Iterable[Observation]) -> Estimate:
    mine = [row for row in rows if not drug or drug == (row.victim if kind == SHARE else row.agent)]
    return Estimate(enzyme, kind, drug, float(value), float(error), len(mine), len({row.study for row in mine}))
