"""What a gene that was not tested, or not understood, could mean for a drug: absence of a result is no result."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pgx.codes import Applies, Flag, FlagCode, Urgency
from pgx.guidance.conditions import NO_RESULT
from pgx.knowledge import KnowledgeBase

_URGENCIES = {Urgency.AVOID: "avoid or replace it", Urgency.CHANGE_DOSE: "change its dose"}
"""Urgencies that are worth saying, the gravest first, in the words of the sentence."""
_ORDER = tuple(_URGENCIES)
_AT_LEAST = Urgency.MONITOR
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


def flags(known: Gravest, drug: str, source: str, untested: Sequence[str]) -> list[str]:
    """Return the flags ``could_mean:<urgency>:<gene>`` of the untested genes of which something is known."""
    places = ((known.get((drug, source, gene)), gene) for gene in untested)
    return [str(Flag(FlagCode.COULD_MEAN, _ORDER[at], gene)) for at, gene in places if at is not None]


def unclear_flags(known: Gravest, drug: str, source: str, unclear: Sequence[Flag]) -> list[str]:
    """Return the flags ``<why>:<urgency>:<gene>`` of the genes whose result may not be the whole truth.

    `unclear` are flags ``<why>:<gene>`` (`pgx.guidance.matching.UNCLEAR`).
    """
    places = ((one.code, known.get((drug, source, one.about)), one.about) for one in unclear)
    return [str(Flag(why, _AT_LEAST if at is None else _ORDER[at], gene)) for why, at, gene in places]


def sentence(known: Gravest, drug: str, source: str, genes: Sequence[str]) -> str:
    """Say which genes of a source are not tested, and what a result could mean."""
    places = [known[drug, source, gene] for gene in genes if (drug, source, gene) in known]
    said = f"No advice by {source}: {', '.join(genes)} not tested."
    return f"{said} Some results would mean: {_URGENCIES[_ORDER[min(places)]]}." if places else said


def mark_refused(said: pl.DataFrame, calls: pl.DataFrame) -> pl.DataFrame:
    """Let a row on a gene that was not tested say that a laboratory's result of it was refused.

    Parameters
    ----------
    said
        `pgx.schema.GUIDANCE`.
    calls
        `pgx.schema.CALLS`.

    Returns
    -------
    polars.DataFrame
        The same rows; those concerned have the flag ``outside_refused:<gene>`` for each such gene.
    """
    refused = calls.filter(pl.col("flags").list.contains(str(FlagCode.OUTSIDE_REFUSED))).select("sample", "gene")
    if refused.is_empty():
        return said
    numbered = said.with_row_index("row")
    code = pl.concat_str(pl.lit(f"{FlagCode.OUTSIDE_REFUSED}:"), "gene")
    found = (
        numbered.filter(pl.col("applies") == Applies.NOT_TESTED)
        .select("row", "sample", gene="genes")
        .explode("gene")
        .join(refused, on=["sample", "gene"])
        .group_by("row", maintain_order=True)
        .agg(new=code)
    )
    added = pl.col("flags").list.concat(pl.col("new").fill_null([]))
    return (
        numbered.join(found, on="row", how="left", maintain_order="left").with_columns(flags=added).drop("row", "new")
    )
