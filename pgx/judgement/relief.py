"""Without which of the person's other medicines something milder would be said of a drug.

What would be said is judged anew from the rest of the list (`pgx.judgement.without_drugs`): two drugs that block the
same enzyme hide each other, and a label may speak against a drug whatever is stopped. That nothing is known without a
medicine is milder only where the medicine is the whole reason, and is said as that. Of few medicines every set
is taken away: the smallest sets that help are named. Of many, each alone and all at once: where only all help, those
that make no difference are put back, so that each medicine that is named is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
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
"""Gives what is said of each case: the action, and its urgency, which stands for the action where there is none."""
Set = frozenset[str]
"""Medicines that are taken away together."""
Said = Mapping[Set, tuple[str, str]]
"""What is said without each set of medicines: the action, and its urgency."""

_EVERY_SET_UP_TO = 4
"""Of more medicines than these on one drug not every set is taken away."""


@dataclass(frozen=True, slots=True)
class Relief:
    """Medicines without which something milder is said of a drug, and none of which could stay for that.

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
    by_them
        Whether they are the whole reason: a label rules the drug out beside them, or the source that decides says
        nothing of the genes alone. Without them that is gone, even if nothing else is known then.
    """

    genes: Mapping[str, tuple[str, ...]]
    urgency: str
    alone: str
    alone_urgency: str
    by_them: bool = False


def suspects(
    decision: Decision[S], agents: Mapping[str, tuple[str, ...]], urgencies: Mapping[str, str], drug: str
) -> Suspects | None:
    """Return the medicines that may be why a drug is not fine, None where they make no difference.

    They change a phenotype that decides, or a label rules the drug out beside them. A label that gives a dose for the
    two together has its answer for who takes both, and sends nobody away from the other medicine.

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
    by_label = decision.forbidden_beside
    # Where drugs of the list pull the dose both ways, the label decides: no one of them is the cause.
    converted = row if row is not None and not row.turned and row.has(FlagCode.PHENOCONVERTED) else None
    alone = _alone(converted) if converted else ""
    if not by_label and not (converted and _may_be_less(decision, converted, alone, urgencies)):
        return None
    genes: dict[str, tuple[str, ...]] = {}
    for gene in converted.genes if converted else ():
        for agent in agents.get(gene, ()):
            if agent != drug:
                genes[agent] = (*genes.get(agent, ()), gene)
    for acting in (*(decision.ruled_out.acting if decision.ruled_out else ()), *by_label):
        genes.setdefault(acting.agent, (acting.enzyme,) if acting.enzyme else ())
    by_them = bool(by_label) or (converted is not None and urgencies.get(alone, URGENCIES[-1]) == URGENCIES[-1])
    suspected = Suspects(genes, decision.urgency, alone, urgencies.get(alone, ""), by_them)
    return suspected if genes else None


def _alone(row: S) -> str:
    """Return what the source of a row on a converted phenotype asks for by the genes alone; empty if it has no row."""
    return next((flag.about for flag in row.codes if flag.code == FlagCode.GENES_ALONE), "")


def _may_be_less(decision: Decision[S], row: S, alone: str, urgencies: Mapping[str, str]) -> bool:
    """Whether less may be said by the genes alone than a row on a converted phenotype says."""
    alone_urgency = urgencies.get(alone, URGENCIES[-1])
    if alone_urgency != URGENCIES[-1]:
        return milder(alone_urgency, row.urgency)
    # A source that rules a drug out, or changes it, may have no row for what the genes are alone: others tell.
    return row.urgency in (CHANGES[:1] if decision.acting else CHANGES)


def milder(urgency: str, than: str) -> bool:
    """Return whether an urgency asks for less than another one; that nothing is known is no comfort."""
    return urgency in URGENCIES[:-1] and URGENCIES.index(urgency) > URGENCIES.index(than)


def reliefs(suspected: Mapping[Key, Suspects], without: Without | None) -> dict[Key, tuple[Relief, ...]]:
    """Return for each person and drug the sets of medicines without which something milder is said; each is needed.

    Where nobody can judge anew (a result that was stored), all of them together stand against the genes alone.
    """
    if without is None:
        return {key: tuple(_by_the_genes_alone(suspect)) for key, suspect in suspected.items()}
    searches = {key: _search(suspect) for key, suspect in suspected.items()}
    next_sets = {key: next(search) for key, search in searches.items()}
    relieved: dict[Key, tuple[Relief, ...]] = {}
    while next_sets:
        # Judging anew is what costs: the next sets of all persons and drugs are judged at once.
        said = without([(*key, agents) for key, sets in next_sets.items() for agents in sets])
        by_key = {
            key: {agents: said[(*key, agents)] for agents in sets if (*key, agents) in said}
            for key, sets in next_sets.items()
        }
        next_sets = {}
        for key, of_sets in by_key.items():
            try:
                next_sets[key] = searches[key].send(of_sets)
            except StopIteration as end:
                if end.value:
                    relieved[key] = end.value
    return relieved


Search = Generator[list[Set], Said, tuple[Relief, ...]]
"""Yields sets of medicines, is sent what is said without each of them, and returns what was found."""


def _search(suspect: Suspects) -> Search:
    agents = sorted(suspect.genes)
    few = len(agents) <= _EVERY_SET_UP_TO
    sizes = range(1, len(agents) + 1) if few else (1, len(agents))
    by_size = [list(map(frozenset, combinations(agents, size))) for size in sizes]
    answers = yield [taken_away for sets in by_size for taken_away in sets]
    for sets in by_size:
        helping = tuple(_helping(suspect, sets, answers))
        if helping:
            return helping if few or sets is by_size[0] else (yield from _needed(suspect, helping[0]))
    return ()


def _needed(suspect: Suspects, relief: Relief) -> Search:
    """Put back the medicines that make no difference, in the order of their names.

    One call tells how many of those that are still open can be put back, from the first on; the one after them stays
    named. So there is one call for each medicine that is named, one that puts back all behind them, and one that looks
    at each of them again: a medicine that counted beside others need not count without them.
    """
    while True:
        kept: tuple[str, ...] = ()
        open_still = relief.agents
        while open_still:
            fewer = [frozenset((*kept, *open_still[number:])) for number in range(1, len(open_still) + 1)]
            helping = list(_helping(suspect, fewer, (yield list(filter(None, fewer)))))
            if helping:
                relief = helping[-1]
                open_still = tuple(agent for agent in relief.agents if agent not in kept)
            kept, open_still = (*kept, *open_still[:1]), open_still[1:]
        singly = [frozenset(relief.agents) - {agent} for agent in relief.agents]
        helping = list(_helping(suspect, singly, (yield singly)))
        if not helping:
            return (relief,)
        relief = helping[0]


def _helping(suspect: Suspects, sets: Sequence[Set], answers: Said) -> Iterator[Relief]:
    for agents in sets:
        answer = answers.get(agents)
        if answer is not None and (
            milder(answer[1], suspect.urgency) or (suspect.by_them and answer[1] == URGENCIES[-1])
        ):
            yield _relief(suspect, agents, *answer)


def _by_the_genes_alone(suspect: Suspects) -> Iterator[Relief]:
    if milder(suspect.alone_urgency, suspect.urgency):
        yield _relief(suspect, frozenset(suspect.genes), suspect.alone, suspect.alone_urgency)


def _relief(suspect: Suspects, agents: frozenset[str], action: str, urgency: str) -> Relief:
    named = tuple(sorted(agents))
    genes = dict.fromkeys(gene for agent in named for gene in suspect.genes[agent])
    return Relief(named, tuple(genes), action, urgency)
