"""Without which of the person's other medicines something milder would be said of a drug.

What would be said is judged anew from the rest of the list (`pgx.judgement.without_drugs`): two drugs that block the
same enzyme hide each other, and a label may speak against a drug whatever is stopped. Medicines are taken away one by
one, then two by two, then all at once: the fewest that help are named.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from pgx.codes import FlagCode
from pgx.judgement.decide import CHANGES, Decision
from pgx.judgement.statement import URGENCIES, S

Key = tuple[str, str]
"""A person and a drug."""
Case = tuple[str, str, frozenset[str]]
"""A person, a drug, and the medicines that are taken away."""
Without = Callable[[Collection[Case]], Mapping[Case, tuple[str, str]]]
"""Gives what is said of each case: the action, and its urgency."""

_PAIRS_UP_TO = 4
"""More medicines than these on one drug are taken away one by one and all at once, not by twos."""


@dataclass(frozen=True, slots=True)
class Relief:
    """Medicines without which something milder is said of a drug, the fewest that make the difference.

    Parameters
    ----------
    agents
        The medicines.
    genes
        Through which they act.
    action, urgency
        What is said without them.
    """

    agents: tuple[str, ...]
    genes: tuple[str, ...]
    action: str
    urgency: str


@dataclass(frozen=True, slots=True)
class Suspects:
    """The medicines behind what is said of a drug.

    Parameters
    ----------
    genes
        Medicine -> the genes through which it acts; empty for one that the label names by itself.
    urgency
        What is said with all of them.
    alone
        The action that the genes alone would ask for by the source that decides.
    alone_urgency
        Its urgency; empty if that source has no row for them.
    """

    genes: Mapping[str, tuple[str, ...]]
    urgency: str
    alone: str
    alone_urgency: str


def suspects(
    decision: Decision[S], agents: Mapping[str, tuple[str, ...]], urgencies: Mapping[str, str], drug: str
) -> Suspects | None:
    """Return the medicines that may be why a drug is not fine, None where they make no difference by the genes.

    Parameters
    ----------
    decision
        What decides.
    agents
        Gene -> the other medicines that change how it acts.
    urgencies
        Action -> urgency.
    drug
        The drug in question.
    """
    row = None if decision.part else decision.deciding
    # Where drugs of the list pull the dose both ways, the label decides: no one of them is the cause.
    if row is None or row.turned or not row.has(FlagCode.PHENOCONVERTED):
        return None
    alone = next((flag.about for flag in row.codes if flag.code == FlagCode.GENES_ALONE), "")
    # A source that rules a drug out, or changes it, may have no row for what the genes are alone: others tell.
    silent = row.urgency in (CHANGES[:1] if decision.acting else CHANGES)
    told = milder(urgencies[alone], row.urgency) if alone in urgencies else silent
    if not told:
        return None
    genes: dict[str, tuple[str, ...]] = {}
    for gene in row.genes:
        for agent in agents.get(gene, ()):
            if agent != drug:
                genes[agent] = (*genes.get(agent, ()), gene)
    for acting in decision.ruled_out.acting if decision.ruled_out else ():
        genes.setdefault(acting.agent, (acting.enzyme,) if acting.enzyme else ())
    return Suspects(genes, decision.urgency, alone, urgencies.get(alone, "")) if genes else None


def milder(urgency: str, than: str) -> bool:
    """Return whether an urgency asks for less than another one; that nothing is known is no comfort."""
    return urgency in URGENCIES[:-1] and URGENCIES.index(urgency) > URGENCIES.index(than)


def reliefs(asked: Mapping[Key, Suspects], without: Without | None) -> dict[Key, tuple[Relief, ...]]:
    """Return for each person and drug the smallest sets of medicines without which something milder is said.

    Where nobody can judge anew (a result that was stored), all of them together stand against the genes alone.
    """
    if without is None:
        return {key: tuple(_by_the_genes_alone(one)) for key, one in asked.items()}
    sets = {key: [size(sorted(one.genes)) for size in (_one, _two, _all)] for key, one in asked.items()}
    cases = [(*key, agents) for key, sizes in sets.items() for of_size in sizes for agents in of_size]
    said = without(cases) if cases else {}
    found: dict[Key, tuple[Relief, ...]] = {}
    for key, sizes in sets.items():
        for of_size in sizes:
            told = tuple(_helping(asked[key], of_size, {agents: said.get((*key, agents)) for agents in of_size}))
            if told:
                found[key] = told
                break
    return found


def _one(agents: Sequence[str]) -> list[frozenset[str]]:
    return [frozenset([agent]) for agent in agents]


def _two(agents: Sequence[str]) -> list[frozenset[str]]:
    return list(map(frozenset, combinations(agents, 2))) if len(agents) <= _PAIRS_UP_TO else []


def _all(agents: Sequence[str]) -> list[frozenset[str]]:
    return [frozenset(agents)] if len(agents) > 2 else []


def _helping(
    one: Suspects, sets: Sequence[frozenset[str]], said: Mapping[frozenset[str], tuple[str, str] | None]
) -> Iterator[Relief]:
    for agents in sets:
        then = said[agents]
        if then is not None and milder(then[1], one.urgency):
            yield _relief(one, agents, *then)


def _by_the_genes_alone(one: Suspects) -> Iterator[Relief]:
    if milder(one.alone_urgency, one.urgency):
        yield _relief(one, frozenset(one.genes), one.alone, one.alone_urgency)


def _relief(one: Suspects, agents: frozenset[str], action: str, urgency: str) -> Relief:
    named = tuple(sorted(agents))
    genes = dict.fromkeys(gene for agent in named for gene in one.genes[agent])
    return Relief(named, tuple(genes), action, urgency)
