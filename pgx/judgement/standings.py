"""Which of medicines that do not go together gives way, by what each is given for (table ``standings``)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import polars as pl

from pgx.knowledge.base import KnowledgeBase

Standings = Mapping[str, int]
"""Drug in lower case -> how it stands: 1 is kept, -1 can be replaced; nothing is known of one that is not there."""

_STANDINGS = {"replaceable": -1, "kept": 1}
_RULED_OUT = -2
"""How a drug stands that the person's own genes, or the label for such a person, rule out: below all others."""


def standings_of(kb: KnowledgeBase) -> Standings:
    """Return how the drugs of the knowledge base stand."""
    return kb.remember("standings of drugs", lambda: _standings_of(kb))


def recalled_of(kb: KnowledgeBase) -> frozenset[str]:
    """Return the drugs, in lower case, of which it is recall how they stand."""
    return kb.remember("recalled standings of drugs", lambda: frozenset(_recalled_of(kb)))


def for_person(standings: Standings, ruled_out: Collection[str]) -> Standings:
    """Return how drugs stand for a person whose genes or record rule some of them out by themselves.

    What is ruled out anyway is kept for nobody's sake, however needed it would be otherwise.
    """
    return {**standings, **{drug.lower(): _RULED_OUT for drug in ruled_out}} if ruled_out else standings


def is_ruled_out(drug: str, standings: Standings) -> bool:
    """Return whether a drug is ruled out by itself (`for_person`)."""
    return standing(drug, standings) == _RULED_OUT


def standing(drug: str, standings: Standings) -> int:
    """Return how a drug stands; one of which nothing is known stands between the others."""
    return standings.get(drug.lower(), 0)


def giving_way(drug: str, causes: Sequence[Sequence[str]], standings: Standings) -> tuple[str, ...]:
    """Return which of a drug and of the medicines without which less is said of it are to be changed.

    Empty where the two stand alike, or nothing is known of them: then it is one of the two.

    Parameters
    ----------
    drug
        The drug.
    causes
        Sets of medicines, each of which would have to go as a whole.
    standings
        How each of them stands.

    Examples
    --------
    >>> giving_way("simvastatin", [["cyclosporine"]], {"simvastatin": -1, "cyclosporine": 1})
    ('simvastatin',)
    >>> giving_way("tamoxifen", [["paroxetine"], ["ritonavir"]], {"tamoxifen": 1, "paroxetine": -1, "ritonavir": 1})
    ('paroxetine',)
    """
    own = standing(drug, standings)
    # A set is as hard to change as the one of it that is hardest to; one of which nothing is taken asks for nothing.
    hardest = [max((standing(agent, standings) for agent in agents), default=own) for agents in causes]
    first = [agent for agents, rank in zip(causes, hardest, strict=True) if rank < own for agent in agents]
    return tuple(dict.fromkeys(first)) or ((drug,) if hardest and all(rank > own for rank in hardest) else ())


def kept_before(agent: str, drug: str, standings: Standings) -> bool:
    """Return whether a medicine is kept, and a drug can be replaced: it is begun though the drug is taken."""
    return standing(drug, standings) < 0 < standing(agent, standings)


def _standings_of(kb: KnowledgeBase) -> dict[str, int]:
    by_group: dict[str, int] = {}
    named: dict[str, int] = {}
    for of_group, of_name, rank, _ in _rows_of(kb):
        by_group |= {drug: max(rank, by_group.get(drug, -1)) for drug in of_group}
        named |= dict.fromkeys(of_name, rank)
    return by_group | named


def _recalled_of(kb: KnowledgeBase) -> Iterator[str]:
    """Yield the drugs that stand as they do by no row that was read."""
    standings = standings_of(kb)
    read: set[str] = set()
    for of_group, of_name, rank, confidence in _rows_of(kb):
        read |= {drug for drug in (*of_group, *of_name) if confidence == "read" and standings[drug] == rank}
    yield from (drug for drug in standings if drug not in read)


def _rows_of(kb: KnowledgeBase) -> Iterator[tuple[list[str], list[str], int, str | None]]:
    """Yield the drugs of each row's groups and those that it names, in lower case, how they stand, and who says so."""
    codes = kb.table("drugs").select(pl.col("drug").str.to_lowercase(), pl.col("atc").str.split(";")).drop_nulls()
    table = kb.table("standings").select("atc", "drugs", "standing", "confidence")
    for atc, drugs, word, confidence in table.iter_rows():
        groups = tuple(filter(None, (atc or "").split(";")))
        of_group = [drug for drug, own in codes.iter_rows() if any(code.startswith(groups) for code in own)]
        yield of_group, list(filter(None, (drugs or "").lower().split(";"))), _STANDINGS[word], confidence
