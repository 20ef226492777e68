"""The ratio of a drug's exposure by genotype and by other drugs, with an interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pgx import schema
from pgx.errors import UsageError
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.drug_names import drug_names
from pgx.knowledge.resolver import gene_of
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

LEVEL = 0.9
"""Part of studies whose mean ratio an interval should hold."""
SCORES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0)
"""Activity scores that are shown where no genotype is asked for."""
_DRAWS = 4000
_MOST = 0.99
"""Largest sum of a drug's shares: what is left is cleared in other ways."""
_MEASURED = "ratios of this drug"


@dataclass(frozen=True, slots=True)
class _Parameter:
    """A parameter on its own scale, and what it rests on."""

    kind: str
    value: float
    error: float
    basis: str


def exposure(
    drug: str,
    kb: KnowledgeBase,
    *,
    scores: Mapping[str, float] | None = None,
    agents: Sequence[str] = (),
    shares: Mapping[str, float] | None = None,
) -> pl.DataFrame:
    """Predict how genotypes and other drugs change the exposure (AUC) of a drug.

    Parameters
    ----------
    drug
        Any name; without `shares` one whose share is known of at least one enzyme.
    kb
        Knowledge base with the tables of exposure.
    scores
        Enzyme -> activity score of the person. None = a row for each of `SCORES` of every enzyme whose genotypes are
        understood and which carries the drug.
    agents
        Inhibitors and inducers that are taken with it.
    shares
        Enzyme -> share of the drug's clearance, for a drug that is not known, or in place of what is.

    Returns
    -------
    polars.DataFrame
        `pgx.schema.EXPOSURE`: a row each genotype, in order.

    Raises
    ------
    UsageError
        If no share is known, a share is no part of one, or a genotype or an agent is not understood.

    Examples
    --------
    >>> from pgx import knowledge
    >>> frame = exposure("metoprolol", knowledge.load(), scores={"CYP2D6": 0.0})
    >>> frame["ratio"].item() > 2
    True
    """
    known = _shares(drug, kb, shares)
    if not shares:
        _check_activation(drug, kb, scores or {}, agents)
    acting = _agents(known, kb, agents, drug)
    powers = {enzyme: _parameter(kb, enzyme, POWER, "", "any") for enzyme in known}
    wanted = _genotypes(known, kb, scores)
    noise = max((_residual(kb, enzyme) for enzyme in known), default=0.0)
    draws = _Draws(len(known) + len(acting) + len(powers))
    values = {enzyme: draws.of(one) for enzyme, one in known.items()}
    total = sum(logistic(one) for one in values.values())
    scale = np.minimum(1.0, _MOST / np.maximum(total, 1e-9))
    parts = {enzyme: logistic(one) * scale for enzyme, one in values.items()}
    factors = {key: left_by(one.kind, draws.of(one)) for key, one in acting.items()}
    exponents = {enzyme: draws.of(one) for enzyme, one in powers.items()}
    rows = []
    for genotype in wanted:
        left = np.asarray(1.0 - sum(parts.values()))
        for enzyme, part in parts.items():
            work = part * activity(genotype.get(enzyme, FULL_SCORE), exponents[enzyme])
            for (_, acts_on), factor in factors.items():
                work = work * factor if acts_on == enzyme else work
            left = left + work
        rows.append(_row(drug, genotype, agents, 1.0 / left, noise, known, acting))
    return schema.conform(pl.DataFrame(rows, infer_schema_length=None), schema.EXPOSURE)


def agent_classes(kb: KnowledgeBase) -> dict[tuple[str, str], str]:
    """Return (enzyme, agent) -> ``inhibitor:strong`` and the like, of the table of interactions."""
    rows = kb.table("interactions").select("enzyme", pl.col("drug").str.to_lowercase(), "role", "strength").iter_rows()
    return {(str(enzyme), str(drug)): f"{role}:{strength}" for enzyme, drug, role, strength in rows}


def named(kb: KnowledgeBase, text: str) -> str:
    """Return the name under which the tables of exposure have a drug; one that they do not have stays as it is."""
    name = text.strip().lower()
    own = {*kb.table("exposure_estimates")["drug"].drop_nulls(), *(drug for _, drug in agent_classes(kb))}
    found = drug_names(kb).find(name)
    known = [drug for drug in found.drugs if len(found.drugs) == 1]
    return name if name in own or not known else known[0].lower()


def shares_of(kb: KnowledgeBase, written: Mapping[str, float]) -> dict[str, float]:
    """Return enzyme -> share of clearance, for names as people write them.

    Enzymes whose inhibitors and inducers are listed as one are one here, and so is what their family is called: CYP3A
    and CYP3A5 are CYP3A4. Their shares add up.

    Raises
    ------
    UsageError
        If there is no such enzyme.

    Examples
    --------
    >>> from pgx import knowledge
    >>> shares_of(knowledge.load(), {"cyp2d6": 0.8, "CYP3A": 0.1})
    {'CYP2D6': 0.8, 'CYP3A4': 0.1}
    """
    one_of = dict(kb.table("enzyme_groups").select("gene", "enzyme").iter_rows())
    families = {enzyme.rstrip("0123456789"): enzyme for enzyme in one_of.values()}
    listed = {*kb.table("interactions")["enzyme"]}
    found: dict[str, float] = {}
    for name, share in written.items():
        form = name.strip().upper()
        enzyme = families.get(form) or (form if form in listed else gene_of(kb, name))
        enzyme = one_of.get(enzyme, enzyme)
        found[enzyme] = found.get(enzyme, 0.0) + share
    return found


def checked_enzymes(kb: KnowledgeBase, about: str) -> list[str]:
    """Return the enzymes whose ratios of ``genotypes`` or ``interactions`` are predicted better than as no effect."""
    better = pl.col("fold_error") < pl.col("fold_error_without")
    return sorted(kb.table("exposure_checks").filter(better, about=about)["enzyme"].to_list())


class _Draws:
    """The value of each parameter first, then draws around it, the same in every run."""

    def __init__(self, parameters: int) -> None:
        self._normal = np.random.default_rng(1).standard_normal((parameters, _DRAWS))
        self._next = 0

    def of(self, one: _Parameter) -> Floats:
        row = self._normal[self._next]
        self._next += 1
        return np.concatenate([[one.value], one.value + one.error * row])


def _shares(drug: str, kb: KnowledgeBase, given: Mapping[str, float] | None) -> dict[str, _Parameter]:
    if given:
        wrong = [enzyme for enzyme, share in given.items() if not 0.0 <= share <= 1.0]
        if wrong or not sum(given.values()) <= 1.0 + 1e-9:
            raise UsageError("--fm: shares of clearance lie between 0 and 1, and add up to 1 at most")
        bounded = {enzyme: min(max(share, 1e-6), _MOST) for enzyme, share in given.items()}
        return {one: _Parameter(SHARE, float(np.log(x / (1 - x))), 0.0, "given") for one, x in bounded.items()}
    name = drug.lower()
    measured = kb.table("exposure_estimates").filter(kind=SHARE, drug=name)
    found = {str(enzyme): _parameter(kb, str(enzyme), SHARE, name, "any") for enzyme in measured["enzyme"].sort()}
    classes = kb.table("substrates").filter(drug=name, role="clears").select("enzyme", "strength").sort("enzyme")
    for enzyme, strength in classes.iter_rows():
        if enzyme not in found:
            found[enzyme] = _parameter(kb, enzyme, SHARE, name, strength)
    if not found:
        fix = "give the shares of its clearance with --fm, such as --fm CYP2D6=0.8,CYP3A4=0.1"
        raise UsageError(f"{drug}: it is not known which enzymes clear it; {fix}")
    return found


def _check_activation(drug: str, kb: KnowledgeBase, scores: Mapping[str, float], agents: Sequence[str]) -> None:
    """Refuse what changes how a drug is made active: a ratio of the drug itself would read as if nothing changed."""
    classes, name = agent_classes(kb), drug.lower()
    for enzyme in kb.table("substrates").filter(drug=name, role="activates")["enzyme"].sort():
        asked = [f"--genotype {enzyme}"] if enzyme in scores else []
        asked += [f"--with {agent}" for agent in agents if (enzyme, agent.lower()) in classes]
        if asked:
            raise UsageError(
                f"{asked[0]}: {enzyme} turns {name} into what acts, and how much of that there is is not predicted"
            )


def _agents(
    known: Mapping[str, _Parameter], kb: KnowledgeBase, agents: Sequence[str], drug: str
) -> dict[tuple[str, str], _Parameter]:
    """Return what each agent does to each enzyme that carries the drug."""
    classes = agent_classes(kb)
    names, checked = {agent for _, agent in classes}, checked_enzymes(kb, "interactions")
    found: dict[tuple[str, str], _Parameter] = {}
    for agent in dict.fromkeys(one.lower() for one in agents):
        if agent not in names:
            raise UsageError(f"--with {agent}: no inhibitor or inducer of this name is known")
        if agent == drug.lower():
            raise UsageError(f"--with {agent}: this is the drug itself")
        for enzyme in known:
            group = classes.get((enzyme, agent))
            if group and enzyme not in checked:
                # Left out, it would read as an agent without effect.
                fix = f"it is for {' and '.join(checked)}"
                raise UsageError(f"--with {agent}: its effect by {enzyme} is not predicted well enough; {fix}")
            if group:
                found[agent, enzyme] = _parameter(kb, enzyme, agent_kind(group), agent, group)
    return found


def _parameter(kb: KnowledgeBase, enzyme: str, kind: str, drug: str, group: str) -> _Parameter:
    """Return the estimate of a parameter, or what is typical of its class."""
    row = kb.table("exposure_estimates").filter(
        pl.col("enzyme") == enzyme, pl.col("kind") == kind, pl.col("drug").fill_null("") == drug
    )
    if row.height:
        value, ratios, studies, error = row.select("value", "ratios", "studies", "error").row(0)
        return _Parameter(kind, float(value), float(error), f"{_MEASURED}: {ratios} of {studies} studies")
    prior: Prior = priors(kb)[kind, group]
    return _Parameter(kind, prior.value, prior.error, f"its class: {group.replace(':', ', ')}")


def _residual(kb: KnowledgeBase, enzyme: str) -> float:
    rows = kb.table("exposure_estimates").filter(enzyme=enzyme, kind=RESIDUAL)["value"]
    every = kb.table("exposure_estimates").filter(kind=RESIDUAL)["value"]
    return float(np.exp(float(rows[0] if len(rows) else max(every.to_list()))))


def _genotypes(
    known: Mapping[str, _Parameter], kb: KnowledgeBase, scores: Mapping[str, float] | None
) -> list[dict[str, float]]:
    understood = checked_enzymes(kb, "genotypes")
    if scores is None:
        rows = [{enzyme: score} for enzyme in known if enzyme in understood for score in SCORES]
        return rows or [{}]
    for enzyme in scores:
        if enzyme not in understood:
            fix = f"it is for {' and '.join(understood)}"
            raise UsageError(f"--genotype {enzyme}: the effect of its genotypes is not predicted well enough; {fix}")
        if enzyme not in known:
            raise UsageError(
                f"--genotype {enzyme}: it is not known to clear the drug; its share can be given with --fm"
            )
    return [dict(scores)]


def _row(
    drug: str,
    genotype: Mapping[str, float],
    agents: Sequence[str],
    ratios: Floats,
    noise: float,
    known: Mapping[str, _Parameter],
    acting: Mapping[tuple[str, str], _Parameter],
) -> dict[str, object]:
    changed = any(score != FULL_SCORE for score in genotype.values()) or bool(acting)
    spread = np.random.default_rng(2).standard_normal(_DRAWS) * (noise if changed else 0.0)
    drawn = np.log(ratios[1:]) + spread
    low, high = np.exp(np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]))
    basis = [f"share of {enzyme}: {one.basis}" for enzyme, one in known.items()]
    basis += [f"{agent} on {enzyme}: {one.basis}" for (agent, enzyme), one in acting.items()]
    none = [agent.lower() for agent in agents if agent.lower() not in {name for name, _ in acting}]
    basis += [f"{agent}: no predicted effect on these enzymes" for agent in dict.fromkeys(none)]
    return {
        "drug": drug.lower(),
        "genotype": [f"{enzyme}={score:g}" for enzyme, score in genotype.items()],
        "with": list(dict.fromkeys(agent.lower() for agent in agents)),
        "ratio": float(f"{float(ratios[0]):.6g}"),
        "low": float(f"{min(float(low), float(ratios[0])):.6g}"),
        "high": float(f"{max(float(high), float(ratios[0])):.6g}"),
        "level": LEVEL,
        "shares": [f"{enzyme}={float(logistic(one.value)):.2g}" for enzyme, one in known.items()],
        "basis": basis,
    }
