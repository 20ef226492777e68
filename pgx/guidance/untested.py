"""What a gene that was not tested, or not understood, could mean for a drug: absence of a result is no result."""

from __future__ import annotations

import polars as pl

from pgx.guidance.conditions import NO_RESULT
from pgx.knowledge import KnowledgeBase

_URGENCIES = {"avoid": "avoid or replace it", "change_dose": "change its dose"}
"""Urgencies that are worth saying, the gravest first, in the words of the sentence."""
_ORDER = tuple(_URGENCIES)
_AT_LEAST = "monitor"
"""What an unknown effect could mean where no result of the gene has graver advice."""

Gravest = dict[tuple[str, str, str], int]


def gravest(kb: KnowledgeBase) -> Gravest:
    """Return (drug, source, gene) -> place of the gravest urgency that a result of the gene has a part in."""
    return kb.remember("stakes of untested genes", lambda: _gravest(kb))


def _gravest(kb: KnowledgeBase) -> Gravest:
    urgencies = dict(kb.table("actions").select("action", "urgency").iter_rows())
    rows = kb.table("recommendations").select("rec_id", "drug", "source", "action")
    asked = kb.table("recommendation_conditions").filter(pl.col("match_on") != NO_RESULT).select("rec_id", "gene")
    found: Gravest = {}
    for _, drug, source, action, gene in rows.join(asked, on="rec_id").iter_rows():
        if urgencies.get(action) in _ORDER:
            at, key = _ORDER.index(urgencies[action]), (drug, source, gene)
            found[key] = min(at, found.get(key, at))
    return found


def flags(known: Gravest, drug: str, source: str, untested: str) -> str | None:
    """Return ``could_mean:<urgency>:<gene>`` of each untested gene, joined by ``;``, or None."""
    places = ((known.get((drug, source, gene)), gene) for gene in untested.split(";"))
    return ";".join(f"could_mean:{_ORDER[at]}:{gene}" for at, gene in places if at is not None) or None


def unclear_flags(known: Gravest, drug: str, source: str, unclear: str) -> str:
    """Return ``<why>:<urgency>:<gene>`` of each gene whose result may not be the whole truth.

    `unclear` is ``<why>:<gene>`` joined by ``;`` (`pgx.guidance.matching.UNCLEAR`).
    """
    genes = (one.split(":", 1) for one in unclear.split(";"))
    places = ((why, known.get((drug, source, gene)), gene) for why, gene in genes)
    return ";".join(f"{why}:{_AT_LEAST if at is None else _ORDER[at]}:{gene}" for why, at, gene in places)


def sentence(known: Gravest, drug: str, source: str, untested: str) -> str:
    """Say which genes of a source are not tested, and what a result could mean."""
    genes = untested.split(";")
    places = [known[drug, source, gene] for gene in genes if (drug, source, gene) in known]
    said = f"No advice by {source}: {', '.join(genes)} not tested."
    return f"{said} Some results would mean: {_URGENCIES[_ORDER[min(places)]]}." if places else said
