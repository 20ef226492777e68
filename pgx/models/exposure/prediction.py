"""The ratio of a drug's exposure by genotype and by other drugs, with an interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from pgx import schema
from pgx.errors import UsageError
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.drug_names import drug_names
from pgx.knowledge.resolver import gene_of
from pgx.models.exposure.estimation import FULL_SCORE, SHARE, Floats
from pgx.models.exposure.static_model import MOST, Acting, Model, Parameter, agent_classes, one_direction

LEVEL = 0.9
"""Part of studies whose mean ratio an interval should hold."""
SCORES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0)
"""Activity scores that are shown where no genotype is asked for."""
_NO_EFFECT = "no predicted effect on these enzymes"


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
    model = Model(kb, kb.table("exposure_estimates"))
    known = _given(shares) if shares else _known(model, drug)
    if not shares:
        _check_activation(drug, kb, scores or {}, agents)
    acting = _agents(model, known, agents, "" if shares else drug.lower())
    genotypes = _genotypes(known, kb, scores)
    ratios, parts = model.ratios(known, acting, genotypes)
    written = [f"{enzyme}={part:.2g}" for enzyme, part in parts.items()]
    basis, noise = _basis(known, acting, agents), model.noise(known)
    rows = []
    for genotype, found in zip(genotypes, ratios, strict=True):
        changed = any(score != FULL_SCORE for score in genotype.values()) or bool(acting)
        numbers = _numbers(found, noise if changed else 0.0)
        if agents and not changed:
            numbers |= _OPEN
        rows.append(
            {
                "drug": drug.lower(),
                "genotype": [f"{enzyme}={score:g}" for enzyme, score in genotype.items()],
                "with": list(dict.fromkeys(agent.lower() for agent in agents)),
                **numbers,
                "shares": written,
                "basis": basis,
            }
        )
    return schema.conform(pl.DataFrame(rows, infer_schema_length=None), schema.EXPOSURE)


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


def check_genotypes(kb: KnowledgeBase, enzyme: str) -> None:
    """Refuse an enzyme whose ratios between genotypes are not predicted better than as no effect."""
    understood = checked_enzymes(kb, "genotypes")
    if enzyme not in understood:
        fix = f"it is for {' and '.join(understood)}"
        raise UsageError(f"--genotype {enzyme}: the effect of its genotypes is not predicted well enough; {fix}")


def _known(model: Model, drug: str) -> dict[str, Parameter]:
    if found := model.shares(drug):
        return found
    fix = "give the shares of its clearance with --fm, such as --fm CYP2D6=0.8,CYP3A4=0.1"
    raise UsageError(f"{drug}: it is not known which enzymes clear it; {fix}")


def _given(shares: Mapping[str, float]) -> dict[str, Parameter]:
    total = sum(shares.values())
    if not all(0.0 <= share <= 1.0 for share in shares.values()) or not total <= 1.0 + 1e-9:
        raise UsageError("--fm: shares of clearance lie between 0 and 1, and add up to 1 at most")
    scale = min(1.0, MOST / max(total, 1e-9))
    found = {}
    for enzyme, share in shares.items():
        counted = max(share * scale, 1e-6)
        basis = "given" if scale == 1.0 else f"given as {share:g}, counted as {counted:.2g}: no other way out is given"
        found[enzyme] = Parameter(SHARE, float(np.log(counted / (1 - counted))), 0.0, basis)
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


def _agents(model: Model, known: Mapping[str, Parameter], agents: Sequence[str], drug: str) -> Acting:
    """Return what each agent does to each enzyme that carries the drug."""
    classes, one_way = agent_classes(model.kb), one_direction(model.kb)
    names = {agent for _, agent in classes}
    checked = checked_enzymes(model.kb, "interactions")
    found: Acting = {}
    for agent in dict.fromkeys(one.lower() for one in agents):
        if agent not in names:
            raise UsageError(f"--with {agent}: no inhibitor or inducer of this name is known")
        if agent == drug:
            raise UsageError(f"--with {agent}: this is the drug itself")
        for (victim, enzyme), role in one_way.items():
            if victim == drug and classes.get((enzyme, agent), "").startswith(role):
                why = f"how much of {victim} goes by {enzyme} is not known"
                raise UsageError(f"--with {agent}: its effect is not predicted, since {why}; give it with --fm")
        acts = model.acts(agent, known)
        for _, enzyme in acts:
            if enzyme not in checked:
                # Left out, it would read as an agent without effect.
                fix = f"it is for {' and '.join(checked)}"
                raise UsageError(f"--with {agent}: its effect by {enzyme} is not predicted well enough; {fix}")
        found |= acts
    return found


def _genotypes(
    known: Mapping[str, Parameter], kb: KnowledgeBase, scores: Mapping[str, float] | None
) -> list[dict[str, float]]:
    understood = checked_enzymes(kb, "genotypes")
    if scores is None:
        rows = [{enzyme: score} for enzyme in known if enzyme in understood for score in SCORES]
        return rows or [{}]
    for enzyme in scores:
        check_genotypes(kb, enzyme)
        if enzyme not in known:
            raise UsageError(
                f"--genotype {enzyme}: it is not known to clear the drug; its share can be given with --fm"
            )
    return [dict(scores)]


_OPEN = dict.fromkeys(("low", "high", "level"))
"""In place of an interval: where an agent is not known to act, nobody has measured how sure that is."""


def _numbers(ratios: Floats, noise: float) -> dict[str, float | None]:
    """Return the ratio and its interval; draws follow the ratio itself."""
    ratio = float(ratios[0])
    drawn = np.log(ratios[1:]) + np.random.default_rng(2).standard_normal(len(ratios) - 1) * noise
    ends = np.exp(np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]))
    found = {"ratio": ratio, "low": min(float(ends[0]), ratio), "high": max(float(ends[1]), ratio)}
    return {**{name: float(f"{value:.6g}") for name, value in found.items()}, "level": LEVEL}


def _basis(known: Mapping[str, Parameter], acting: Acting, agents: Sequence[str]) -> list[str]:
    basis = [f"share of {enzyme}: {one.basis}" for enzyme, one in known.items()]
    basis += [f"{agent} on {enzyme}: {one.basis}" for (agent, enzyme), one in acting.items()]
    none = [agent.lower() for agent in agents if agent.lower() not in {name for name, _ in acting}]
    return basis + [f"{agent}: {_NO_EFFECT}" for agent in dict.fromkeys(none)]
