"""The mechanistic static model: what clearance is left of a drug when its enzymes do less or more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pgx.knowledge import KnowledgeBase
from pgx.models.exposure.estimation import (
    FULL_SCORE,
    POWER,
    RESIDUAL,
    SHARE,
    Floats,
    Prior,
    activity,
    agent_kind,
    left_by,
    logistic,
    priors,
)

_DRAWS = 4000
MOST = 0.99
"""Largest sum of a drug's shares: what is left is cleared in other ways."""
_MEASURED = "ratios of this drug"
_BY_RATIO = ("sensitive", "moderate")
"""Classes that regulators define by what a strong inhibitor does to the exposure."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter on its own scale, and what it rests on.

    Parameters
    ----------
    kind, value, error
        As of `Estimate`.
    basis
        The data behind it, in words.
    rank
        0 = of this drug, 1 = typical of a class that a ratio of exposure defines, 2 = of any other class.
    """

    kind: str
    value: float
    error: float
    basis: str
    rank: int = 0


Acting = dict[tuple[str, str], Parameter]
"""(agent, enzyme) -> what the agent does to it."""


@dataclass(frozen=True, slots=True)
class Model:
    """The estimates, and the knowledge base for what is typical where there is none.

    Parameters
    ----------
    kb
        Knowledge base.
    estimates
        As the table ``exposure_estimates``.
    """

    kb: KnowledgeBase
    estimates: pl.DataFrame

    def parameter(self, enzyme: str, kind: str, drug: str, group: str) -> Parameter:
        """Return the estimate of a parameter, or what is typical of its class."""
        row = self.estimates.filter(
            pl.col("enzyme") == enzyme, pl.col("kind") == kind, pl.col("drug").fill_null("") == drug
        )
        if row.height:
            value, ratios, studies, error = row.select("value", "ratios", "studies", "error").row(0)
            basis = f"{_MEASURED}: {ratios}, of {studies} {'study' if studies == 1 else 'studies'}"
            return Parameter(kind, float(value), float(error), basis)
        prior: Prior = priors(self.kb)[kind, group]
        basis = f"its class: {group.replace(':', ', ')}"
        return Parameter(kind, prior.value, prior.error, basis, 1 if group in _BY_RATIO else 2)

    def shares(self, drug: str) -> dict[str, Parameter]:
        """Return enzyme -> share of the drug's clearance: from its own ratios, else from its class."""
        name = drug.lower()
        measured = self.estimates.filter(kind=SHARE, drug=name)["enzyme"].sort()
        parameters = {str(enzyme): self.parameter(str(enzyme), SHARE, name, "any") for enzyme in measured}
        one_way = one_direction(self.kb)
        classes = self.kb.table("substrates").filter(drug=name, role="clears").select("enzyme", "strength")
        for enzyme, strength in classes.sort("enzyme").iter_rows():
            if enzyme not in parameters and (name, enzyme) not in one_way:
                parameters[enzyme] = self.parameter(enzyme, SHARE, name, strength)
        return parameters

    def acts(self, agent: str, enzymes: Iterable[str]) -> Acting:
        """Return what an agent does to those of the enzymes on which it is known to act."""
        classes = agent_classes(self.kb)
        classes_known = {enzyme: classes[enzyme, agent] for enzyme in enzymes if (enzyme, agent) in classes}
        return {
            (agent, enzyme): self.parameter(enzyme, agent_kind(group), agent, group)
            for enzyme, group in classes_known.items()
        }

    def noise(self, enzymes: Iterable[str]) -> float:
        """Return the log standard deviation between studies of these enzymes, the largest that is known."""
        residuals = dict(self.estimates.filter(kind=RESIDUAL).select("enzyme", "value").iter_rows())
        return max((float(np.exp(residuals.get(enzyme, max(residuals.values())))) for enzyme in enzymes), default=0.0)

    def ratios(
        self, shares: Mapping[str, Parameter], acting: Acting, genotypes: Sequence[Mapping[str, float]]
    ) -> tuple[list[Floats], dict[str, float]]:
        """Return the ratio of each genotype, then draws of it; and the part of the clearance that each enzyme has."""
        draws = _Draws(2 * len(shares) + len(acting))
        fractions = _parts(shares, {enzyme: logistic(draws.of(parameter)) for enzyme, parameter in shares.items()})
        exponents = {enzyme: draws.of(self.parameter(enzyme, POWER, "", "any")) for enzyme in shares}
        factors = {key: left_by(parameter.kind, draws.of(parameter)) for key, parameter in acting.items()}
        by_genotype = []
        for genotype in genotypes:
            clearance_left = np.asarray(1.0 - sum(fractions.values()))
            for enzyme, fraction in fractions.items():
                work = fraction * activity(genotype.get(enzyme, FULL_SCORE), exponents[enzyme])
                for (_, acts_on), factor in factors.items():
                    work = work * factor if acts_on == enzyme else work
                clearance_left = clearance_left + work
            by_genotype.append(np.asarray(1.0 / clearance_left))
        return by_genotype, {enzyme: float(fraction[0]) for enzyme, fraction in fractions.items()}


def agent_classes(kb: KnowledgeBase) -> dict[tuple[str, str], str]:
    """Return (enzyme, agent) -> ``inhibitor:strong`` and the like, of the table of interactions."""
    return kb.remember("classes of agents", lambda: _agent_classes(kb))


def _agent_classes(kb: KnowledgeBase) -> dict[tuple[str, str], str]:
    rows = kb.table("interactions").select("enzyme", pl.col("drug").str.to_lowercase(), "role", "strength").iter_rows()
    return {(str(enzyme), str(drug)): f"{role}:{strength}" for enzyme, drug, role, strength in rows}


def one_direction(kb: KnowledgeBase) -> dict[tuple[str, str], str]:
    """Return (drug, enzyme) -> ``inducer`` or ``inhibitor``, where only these matter: no share of the clearance."""
    return kb.remember("substrates of one direction", lambda: _one_direction(kb))


def _one_direction(kb: KnowledgeBase) -> dict[tuple[str, str], str]:
    rows = kb.table("substrates").filter(pl.col("by").is_not_null(), role="clears").select("drug", "enzyme", "by")
    measured = set(kb.table("exposure_estimates").filter(kind=SHARE).select("drug", "enzyme").iter_rows())
    role_of = {(str(drug).lower(), str(enzyme)): str(role) for drug, enzyme, role in rows.iter_rows()}
    return {key: role for key, role in role_of.items() if key not in measured}


class _Draws:
    """The value of each parameter first, then draws around it, the same in every run."""

    def __init__(self, parameters: int) -> None:
        self._normal = np.random.default_rng(1).standard_normal((parameters, _DRAWS))
        self._next = 0

    def of(self, parameter: Parameter) -> Floats:
        row = self._normal[self._next]
        self._next += 1
        return np.concatenate([[parameter.value], parameter.value + parameter.error * row])


def _parts(shares: Mapping[str, Parameter], values: Mapping[str, Floats]) -> dict[str, Floats]:
    """Turn shares, each known by itself, into parts of one clearance.

    What was measured of the drug stays as it is. What is only typical of a class divides what that leaves, the better
    founded class first, and leaves of it what independent routes would: a guess makes no measured share smaller.
    """
    measured = [enzyme for enzyme, parameter in shares.items() if parameter.rank == 0]
    scale = np.minimum(1.0, MOST / np.maximum(sum(values[enzyme] for enzyme in measured), 1e-9))
    fractions = {enzyme: values[enzyme] * scale for enzyme in measured}
    for rank in sorted({parameter.rank for parameter in shares.values()} - {0}):
        typical = {enzyme: values[enzyme] for enzyme, parameter in shares.items() if parameter.rank == rank}
        joint = 1.0 - np.prod([1.0 - value for value in typical.values()], axis=0)
        scale_of_class = (1.0 - sum(fractions.values())) * joint / sum(typical.values())
        fractions |= {enzyme: value * scale_of_class for enzyme, value in typical.items()}
    return {enzyme: fractions[enzyme] for enzyme in shares}
