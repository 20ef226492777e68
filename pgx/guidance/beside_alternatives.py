"""What the other drugs of a list have to do with a drug that is named instead of one of them.

Nobody is sent from one drug to another that a third one rules out or whose level it changes markedly, nor to one that
does so to a third one, unless the drug that is replaced does so too. Where no label names the pair, the strength of the
agent and the part that the enzyme has in the drug tell (`pgx.phenotypes.substrates.MARKED`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

import polars as pl

from pgx import schema
from pgx.guidance.label_limits import interaction_limits
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.acting import UNREAD, parse
from pgx.phenotypes.substrates import MARKED, acting_of_list
from pgx.types import ClinicalData

RULED_OUT, LEVEL, ACTS, RULES_OUT = "drugs", "level", "acts", "rules_out"
"""Why a drug does not fit the list: a label says so of the two, its level changes, or it does either to another."""
_AGAINST = ("avoid", "change_dose")

Pair = tuple[str, str]
"""A person and a drug that is named instead."""
_MONITORED = "monitor"


@dataclass(frozen=True, slots=True)
class Beside:
    """What the list has to do with the drugs that are named instead.

    Parameters
    ----------
    unfit
        Why a drug does not fit, each with the drugs instead of which it may be named all the same.
    limits
        What is kept to where it does: what that is, and the drug of the list that asks for it.
    capped
        Drugs of the list beside which a label gives its highest dose.
    """

    unfit: Mapping[Pair, Collection[tuple[str, frozenset[str]]]]
    limits: Mapping[Pair, Collection[tuple[str, str]]]
    capped: Mapping[Pair, AbstractSet[str]]


NOTHING_BESIDE = Beside({}, {}, {})


def beside(named: Collection[Pair], clinical: ClinicalData, acting: pl.DataFrame, kb: KnowledgeBase) -> Beside:
    """Return which of the drugs that are named instead do not fit the other drugs of the list, or only with a limit.

    A label that gives the highest dose beside a drug of the list rules nothing out: that dose is named. One that asks
    for monitoring is named too.

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
    unfit: defaultdict[Pair, list[tuple[str, frozenset[str]]]] = defaultdict(list)
    limits: defaultdict[Pair, list[tuple[str, str]]] = defaultdict(list)
    capped: defaultdict[Pair, set[str]] = defaultdict(set)
    for pair, agent, urgency, most in _by_labels(named, acting, kb):
        if urgency in _AGAINST and not most:
            unfit[pair].append((RULED_OUT if urgency == _AGAINST[0] else LEVEL, frozenset([agent])))
        else:
            limits[pair].append((f"{most or _MONITORED} with {agent}", agent))
            capped[pair] |= {agent} if most else set()
    for pair, agent in _by_level(named, acting, kb):
        if agent not in capped.get(pair, ()):
            unfit[pair].append((LEVEL, frozenset([agent])))
    for pair, drug, why, excused in _on_others(named, clinical, acting, kb):
        if excused:
            unfit[pair].append((why, excused))
        else:
            limits[pair].append((f"{_MONITORED} with {drug}", drug))
    return Beside(unfit, limits, capped)


def _by_labels(
    named: Collection[Pair], acting: pl.DataFrame, kb: KnowledgeBase
) -> Iterator[tuple[Pair, str, str, str]]:
    """Yield what labels say of such a drug beside one of the list: pair, agent, urgency, and the highest dose."""
    samples = sorted({sample for sample, _ in named})
    rows = interaction_limits(kb, acting, samples, asked(named))
    if rows.is_empty():
        return
    table = kb.table("label_interactions").select("limit_id", "limit").drop_nulls()
    highest = {name: f"at most {limit.removeprefix('text:')}" for name, limit in table.iter_rows()}
    told = rows.filter(pl.col("urgency").is_in([*_AGAINST, _MONITORED]))
    for at, drug, rule, urgency, flags in told.select("at", "drug", "guideline", "urgency", "static_flags").iter_rows():
        for one in filter(None, map(parse, flags)):
            yield (samples[at], drug), one.agent, urgency, highest.get(rule, "") if urgency == _AGAINST[1] else ""


def _by_level(named: Collection[Pair], acting: pl.DataFrame, kb: KnowledgeBase) -> Iterator[tuple[Pair, str]]:
    """Yield those whose level a drug of the list changes markedly, with that drug."""
    pairs = pl.DataFrame(sorted(named), schema={"sample": pl.String, "drug": pl.String}, orient="row")
    for sample, drug, agent in _marked(acting.join(pairs, on=["sample", "drug"], how="semi"), kb).iter_rows():
        yield (sample, drug), agent


def _on_others(
    named: Collection[Pair], clinical: ClinicalData, acting: pl.DataFrame, kb: KnowledgeBase
) -> Iterator[tuple[Pair, str, str, frozenset[str]]]:
    """Yield what such a drug would do to one of the list: change its level markedly, or what a label speaks against.

    Each comes with why, and with the drugs instead of which it may be named all the same; with none where a label only
    asks for monitoring.
    """
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
    counting, forbidden = _counting(then, kb), set(_told(then, kb, _AGAINST[:1]).iter_rows())
    for sample, drug, agent in counting.iter_rows():
        why = RULES_OUT if (sample, drug, agent) in forbidden else ACTS
        yield (sample, agent), drug, why, frozenset([drug, *already[sample, drug]])
    watched = _told(then, kb, [_MONITORED]).join(counting, on=["sample", "drug", "agent"], how="anti")
    for sample, drug, agent in watched.sort("sample", "drug", "agent").iter_rows():
        yield (sample, agent), drug, ACTS, frozenset()


def _counting(acting: pl.DataFrame, kb: KnowledgeBase) -> pl.DataFrame:
    """Return ``sample drug agent`` of those that change the level markedly, or that a label speaks against."""
    return pl.concat([_marked(acting, kb), _told(acting, kb, _AGAINST)]).unique(maintain_order=True)


def _told(acting: pl.DataFrame, kb: KnowledgeBase, urgencies: Sequence[str]) -> pl.DataFrame:
    """Return ``sample drug agent`` of the pairs of which a label says something of these urgencies."""
    actions = kb.table("actions").filter(pl.col("urgency").is_in(urgencies))["action"].to_list()
    pairs = kb.table("label_interactions").filter(pl.col("action").is_in(actions), pl.col("agent").is_not_null())
    told = pairs.select("drug", listed=pl.col("agent").str.to_lowercase()).unique()
    of_labels = acting.with_columns(listed=pl.col("agent").str.to_lowercase()).join(
        told, on=["drug", "listed"], how="semi"
    )
    return of_labels.filter(pl.col("phase") != UNREAD).select("sample", "drug", "agent").unique(maintain_order=True)


def _marked(acting: pl.DataFrame, kb: KnowledgeBase) -> pl.DataFrame:
    """Return ``sample drug agent`` of those that change the level markedly by strength and by part of the enzyme."""
    marked = pl.DataFrame(MARKED, schema=["strength", "part"], orient="row")
    carried = kb.table("substrates").select("drug", "enzyme", "by", part="strength")
    found = acting.filter(pl.col("phase") != UNREAD).join(carried, on=["drug", "enzyme"], maintain_order="left")
    fitting = pl.col("by").is_null() | (pl.col("by") == pl.col("role"))
    hits = found.filter(fitting).join(marked, on=["strength", "part"], how="semi", maintain_order="left")
    return hits.select("sample", "drug", "agent").unique(maintain_order=True)


def asked(named: Iterable[Pair]) -> dict[str, set[str] | None]:
    """Return drug -> the persons of whom it is asked."""
    people: defaultdict[str, set[str]] = defaultdict(set)
    for sample, drug in named:
        people[drug].add(sample)
    return dict(sorted(people.items()))
