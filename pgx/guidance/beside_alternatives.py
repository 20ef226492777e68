"""What the other drugs of a list have to do with a drug that is named instead of one of them.

Nobody is sent from one drug to another that a third one rules out or whose level it changes markedly, nor to one that
does so to a third one, unless the drug that is replaced does so too. Where no label names the pair, the strength of the
agent and the part that the enzyme has in the drug tell (`pgx.phenotypes.substrates.MARKED`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

import polars as pl

from pgx import schema
from pgx.guidance.label_limits import interaction_limits
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.acting import UNREAD, parse
from pgx.phenotypes.substrates import MARKED, acting_of_list
from pgx.types import ClinicalData

RULED_OUT, LEVEL, ACTS = "drugs", "level", "acts"
"""Why a drug does not fit the list: a label says so of the two, its level changes, or it changes that of another."""
_AGAINST = ("avoid", "change_dose")

Pair = tuple[str, str]
"""A person and a drug that is named instead."""
Beside = Mapping[Pair, Collection[tuple[str, frozenset[str]]]]
"""Why such a drug does not fit, each with the drugs instead of which it may be named all the same."""


def unfit_beside(named: Collection[Pair], clinical: ClinicalData, acting: pl.DataFrame, kb: KnowledgeBase) -> Beside:
    """Return which of the drugs that are named instead do not fit the other drugs of the list, and why.

    Parameters
    ----------
    named
        Persons, each with a drug that is named instead of one that they take.
    clinical
        The lists.
    acting
        Which drugs act on which (`pgx.phenotypes.substrates.acting_drugs`).
    kb
        Knowledge base.
    """
    found: defaultdict[Pair, list[tuple[str, frozenset[str]]]] = defaultdict(list)
    parts = (
        (RULED_OUT, _by_labels(named, acting, kb)),
        (LEVEL, _by_level(named, acting, kb)),
        (ACTS, _on_others(named, clinical, acting, kb)),
    )
    for why, cases in parts:
        for pair, excused in cases:
            found[pair].append((why, excused))
    return found


def _by_labels(
    named: Collection[Pair], acting: pl.DataFrame, kb: KnowledgeBase
) -> Iterator[tuple[Pair, frozenset[str]]]:
    """Yield what a label rules out, or gives another dose, beside a drug of the list."""
    samples = sorted({sample for sample, _ in named})
    rows = interaction_limits(kb, acting, samples, asked(named))
    if rows.is_empty():
        return
    against = rows.filter(pl.col("urgency").is_in(_AGAINST))
    for at, drug, flags in against.select("at", "drug", "static_flags").iter_rows():
        for one in filter(None, map(parse, flags)):
            yield (samples[at], drug), frozenset([one.agent])


def _by_level(
    named: Collection[Pair], acting: pl.DataFrame, kb: KnowledgeBase
) -> Iterator[tuple[Pair, frozenset[str]]]:
    """Yield those whose level a drug of the list changes markedly."""
    pairs = _frame(named, "drug")
    for sample, drug, agent in _marked(acting.join(pairs, on=["sample", "drug"], how="semi"), kb).iter_rows():
        yield (sample, drug), frozenset([agent])


def _on_others(
    named: Collection[Pair], clinical: ClinicalData, acting: pl.DataFrame, kb: KnowledgeBase
) -> Iterator[tuple[Pair, frozenset[str]]]:
    """Yield those that would change the level of a drug of the list markedly, or that a label forbids beside it."""
    people = sorted({sample for sample, _ in named})
    listed = clinical.medications.filter(pl.col("status") != "stopped", pl.col("sample").is_in(people))
    drugs = listed.select("sample", "drug").unique()
    if drugs.is_empty():
        return
    with_list = set(drugs["sample"])
    now = _counting(acting.join(drugs, on=["sample", "drug"], how="semi"), kb)
    supposed = schema.from_rows(
        [
            {"sample": sample, "drug": drug, "status": "current", "source": "supposed"}
            for sample, drug in sorted(named)
            if sample in with_list
        ],
        schema.MEDICATIONS,
    )
    then = acting_of_list(replace(clinical, medications=supposed), kb).join(drugs, on=["sample", "drug"], how="semi")
    already: defaultdict[Pair, set[str]] = defaultdict(set)
    for sample, drug, agent in now.iter_rows():
        already[sample, drug].add(agent)
    for sample, drug, agent in _counting(then, kb).iter_rows():
        yield (sample, agent), frozenset([drug, *already[sample, drug]])


def _counting(acting: pl.DataFrame, kb: KnowledgeBase) -> pl.DataFrame:
    """Return ``sample drug agent`` of those that change the level markedly, or that a label speaks against."""
    actions = kb.table("actions").filter(pl.col("urgency").is_in(_AGAINST))["action"].to_list()
    pairs = kb.table("label_interactions").filter(pl.col("action").is_in(actions), pl.col("agent").is_not_null())
    told = pairs.select("drug", listed=pl.col("agent").str.to_lowercase()).unique()
    of_labels = acting.with_columns(listed=pl.col("agent").str.to_lowercase()).join(
        told, on=["drug", "listed"], how="semi"
    )
    by_label = of_labels.filter(pl.col("phase") != UNREAD).select("sample", "drug", "agent")
    return pl.concat([_marked(acting, kb), by_label]).unique(maintain_order=True)


def _marked(acting: pl.DataFrame, kb: KnowledgeBase) -> pl.DataFrame:
    """Return ``sample drug agent`` of those that change the level markedly by strength and by part of the enzyme."""
    marked = pl.DataFrame(MARKED, schema=["strength", "part"], orient="row")
    carried = kb.table("substrates").select("drug", "enzyme", "by", part="strength")
    found = acting.filter(pl.col("phase") != UNREAD).join(carried, on=["drug", "enzyme"], maintain_order="left")
    fitting = pl.col("by").is_null() | (pl.col("by") == pl.col("role"))
    hits = found.filter(fitting).join(marked, on=["strength", "part"], how="semi", maintain_order="left")
    return hits.select("sample", "drug", "agent").unique(maintain_order=True)


def _frame(named: Iterable[Pair], column: str) -> pl.DataFrame:
    return pl.DataFrame(sorted(named), schema={"sample": pl.String, column: pl.String}, orient="row")


def asked(named: Iterable[Pair]) -> dict[str, set[str] | None]:
    """Return drug -> the persons of whom it is asked."""
    people: defaultdict[str, set[str]] = defaultdict(set)
    for sample, drug in named:
        people[drug].add(sample)
    return dict(sorted(people.items()))
