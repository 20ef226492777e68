"""What the other drugs of a list have to do with a drug that is named instead of one of them.

Nobody is sent from one drug to another that a third one rules out or whose level it changes markedly, nor to one that
does so to a third one, unless the drug that is replaced does it no less gravely and no label forbids the two. Where no
label names the pair, the strength of the agent and the part that the enzyme has in the drug tell
(`pgx.phenotypes.substrates.MARKED`). A third one that is only planned rules nothing out: it is named as what does not
go with the drug, and who treats chooses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from pgx import schema
from pgx.guidance.label_interactions import interaction_limits
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.acting import PLANNED, UNREAD, parse, same_way
from pgx.knowledge.drug_names import drug_names
from pgx.phenotypes.substrates import MARKED, acting_of_list
from pgx.types import ClinicalData

RULED_OUT, LEVEL, ACTS, RULES_OUT = "drugs", "level", "acts", "rules_out"
"""Why a drug does not fit the list: a label says so of the two, its level changes, or it does either to another."""
_AGAINST = ("avoid", "change_dose")

Pair = tuple[str, str]
"""A person and a drug that is named instead."""
_MONITORED = "monitor"
_NOT_WITH = "not with {}, which is only planned"
_KEY = ["sample", "drug", "agent"]
_FORBIDDEN = 3
"""How grave it is what a label rules out; nothing is excused for it."""
_BY_LABEL = {"avoid": _FORBIDDEN, "change_dose": 1}
_BLOCKS = "strong"
_HALTS = "lowers_active_form"
_BY_STRENGTH = {"strong": 2, "moderate": 1}


@dataclass(frozen=True, slots=True)
class Beside:
    """What the list has to do with the drugs that are named instead.

    Parameters
    ----------
    unfit
        Why a drug does not fit, each with the drug of the list that is why, and those instead of which it may be named
        all the same.
    limits
        What is kept to where it does: what that is, and the drug of the list that asks for it.
    capped
        Drugs of the list beside which a label gives its highest dose, each with the enzyme that it blocks.
    """

    unfit: Mapping[Pair, Collection[tuple[str, str, frozenset[str]]]]
    limits: Mapping[Pair, Collection[tuple[str, str]]]
    capped: Mapping[Pair, Mapping[str, str]]


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
    unfit: defaultdict[Pair, list[tuple[str, str, frozenset[str]]]] = defaultdict(list)
    limits: defaultdict[Pair, list[tuple[str, str]]] = defaultdict(list)
    capped: defaultdict[Pair, dict[str, str]] = defaultdict(dict)
    planned = _only_planned(clinical, acting)

    def told_of_planned(pair: Pair, other: str) -> bool:
        if new := (pair[0], other.lower()) in planned:
            limits[pair].append((_NOT_WITH.format(other), other))
        return new

    parts = _by_parts(named, kb)
    named = [*named, *parts]
    for pair, agent, enzyme, urgency, most in _by_labels(named, acting, kb):
        if urgency in _AGAINST and not most:
            if told_of_planned(pair, agent):
                continue
            unfit[pair].append((RULED_OUT if urgency == _AGAINST[0] else LEVEL, agent, frozenset([agent])))
        else:
            limits[pair].append((f"{most or _MONITORED} with {agent}", agent))
            capped[pair] |= {agent: enzyme} if most else {}
    for pair, agent in _by_level(named, acting, kb):
        if agent not in capped.get(pair, ()) and not told_of_planned(pair, agent):
            unfit[pair].append((LEVEL, agent, frozenset([agent])))
    for pair, drug, why, excused in _on_others(named, clinical, acting, kb):
        if excused and told_of_planned(pair, drug):
            continue
        if excused:
            unfit[pair].append((why, drug, excused))
        else:
            limits[pair].append((f"{_MONITORED} with {drug}", drug))
    for part, wholes in parts.items():
        for whole in wholes:
            unfit[whole] += unfit.get(part, ())
            limits[whole] += limits.get(part, ())
            capped[whole] |= capped.get(part, {})
    return Beside(unfit, limits, capped)


def _by_parts(named: Collection[Pair], kb: KnowledgeBase) -> dict[Pair, list[Pair]]:
    """Return the parts of combinations that are named and that are not named themselves -> the combinations."""
    made_of, parts = drug_names(kb).made_of, defaultdict(list)
    for sample, drug in named:
        for part in made_of.get(drug, ()):
            if (sample, part) not in named:
                parts[sample, part].append((sample, drug))
    return parts


def _only_planned(clinical: ClinicalData, acting: pl.DataFrame) -> set[Pair]:
    """Return the persons, each with a medicine in lower case that is planned and neither taken nor acting still."""
    listed = clinical.medications.select("sample", pl.col("drug").str.to_lowercase(), "status")
    taken = set(listed.filter(pl.col("status") == "current").select("sample", "drug").iter_rows())
    still = acting.filter(pl.col("phase") != PLANNED).select("sample", pl.col("agent").str.to_lowercase())
    planned = set(listed.filter(pl.col("status") == PLANNED).select("sample", "drug").iter_rows())
    return planned - taken - set(still.iter_rows())


def _by_labels(
    named: Collection[Pair], acting: pl.DataFrame, kb: KnowledgeBase
) -> Iterator[tuple[Pair, str, str, str, str]]:
    """Yield what labels say of such a drug beside one of the list: pair, agent, enzyme, urgency, the highest dose."""
    samples = sorted({sample for sample, _ in named})
    rows = interaction_limits(kb, acting, samples, asked(named))
    if rows.is_empty():
        return
    table = kb.table("label_interactions").select("limit_id", "limit").drop_nulls()
    highest = {name: f"at most {limit.removeprefix('text:')}" for name, limit in table.iter_rows()}
    told = rows.filter(pl.col("urgency").is_in([*_AGAINST, _MONITORED]))
    for at, drug, rule, urgency, flags in told.select("at", "drug", "guideline", "urgency", "static_flags").iter_rows():
        for one in same_way([*filter(None, map(parse, flags))]):
            most = highest.get(rule, "") if urgency == _AGAINST[1] else ""
            yield (samples[at], drug), one.agent, one.enzyme if one.strength == _BLOCKS else "", urgency, most


def _by_level(named: Collection[Pair], acting: pl.DataFrame, kb: KnowledgeBase) -> Iterator[tuple[Pair, str]]:
    """Yield those whose level a drug of the list changes markedly, with that drug."""
    pairs = pl.DataFrame(sorted(named), schema={"sample": pl.String, "drug": pl.String}, orient="row")
    marked = _marked(acting.join(pairs, on=["sample", "drug"], how="semi"), kb).unique(_KEY, maintain_order=True)
    for sample, drug, agent, _ in marked.iter_rows():
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
    already: defaultdict[Pair, dict[str, int]] = defaultdict(dict)
    for sample, drug, agent, grave in now.iter_rows():
        already[sample, drug][agent] = grave
    counting = _counting(then, kb)
    for sample, drug, agent, grave in counting.iter_rows():
        alike = (one for one, own in already[sample, drug].items() if grave <= own and grave < _FORBIDDEN)
        yield (sample, agent), drug, RULES_OUT if grave == _FORBIDDEN else ACTS, frozenset([drug, *alike])
    watched = _told(then, kb, [_MONITORED]).join(counting, on=["sample", "drug", "agent"], how="anti").unique(_KEY)
    for sample, drug, agent, _ in watched.sort(_KEY).iter_rows():
        yield (sample, agent), drug, ACTS, frozenset()


def _counting(acting: pl.DataFrame, kb: KnowledgeBase) -> pl.DataFrame:
    """Return ``sample drug agent grave`` of those that change the level markedly, or that a label speaks against.

    What halts the making of an active form more than weakly counts too: without it the drug does nothing.
    """
    halting = (pl.col("effect") == _HALTS) & (pl.col("strength") == "moderate") & (pl.col("phase") != UNREAD)
    halted = acting.filter(halting, pl.col("role") == "inhibitor").select(*_KEY, grave=pl.lit(1, pl.Int64))
    parts = [_marked(acting, kb), _told(acting, kb, _AGAINST), halted]
    return pl.concat(parts).group_by(_KEY, maintain_order=True).agg(pl.col("grave").max())


def _told(acting: pl.DataFrame, kb: KnowledgeBase, urgencies: Sequence[str]) -> pl.DataFrame:
    """Return ``sample drug agent grave`` of the pairs of which a label says something of these urgencies.

    A row on a class of agents speaks of each of them; one on two enzymes of none alone.
    """
    pairs = kb.table("label_interactions").join(kb.table("actions").select("action", "urgency"), on="action")
    # The highest dose of the other drug rules nothing out: it is kept to, and watched.
    kept_to = (pl.col("urgency") == _AGAINST[1]) & pl.col("limit").is_not_null()
    urgency = pl.when(kept_to).then(pl.lit(_MONITORED)).otherwise("urgency")
    pairs = pairs.with_columns(urgency=urgency).filter(pl.col("urgency").is_in(urgencies))
    told = pairs.filter(pl.col("agent").is_not_null() | pl.col("beside").is_null()).select(
        "drug", "urgency", listed=pl.col("agent").str.to_lowercase(), on="enzyme", way="role",
        classes=pl.col("strengths").str.split(";"),
    )  # fmt: skip
    read = acting.filter(pl.col("phase") != UNREAD).join(told, on="drug", maintain_order="left")
    named = pl.col("listed") == pl.col("agent").str.to_lowercase()
    of_class = (pl.col("on") == pl.col("enzyme")) & (pl.col("way") == pl.col("role"))
    of_class &= pl.col("classes").is_null() | pl.col("classes").list.contains(pl.col("strength"))
    hits = read.filter(pl.when(pl.col("listed").is_null()).then(of_class).otherwise(named))
    return hits.select(*_KEY, grave=pl.col("urgency").replace_strict(_BY_LABEL, default=0, return_dtype=pl.Int64))


def _marked(acting: pl.DataFrame, kb: KnowledgeBase) -> pl.DataFrame:
    """Return ``sample drug agent grave`` of those that change the level markedly by strength and part of the enzyme."""
    marked = pl.DataFrame(MARKED, schema=["strength", "part"], orient="row")
    carried = kb.table("substrates").select("drug", "enzyme", "by", part="strength")
    found = acting.filter(pl.col("phase") != UNREAD).join(carried, on=["drug", "enzyme"], maintain_order="left")
    fitting = pl.col("by").is_null() | (pl.col("by") == pl.col("role"))
    hits = found.filter(fitting).join(marked, on=["strength", "part"], how="semi", maintain_order="left")
    return hits.select(*_KEY, grave=pl.col("strength").replace_strict(_BY_STRENGTH, return_dtype=pl.Int64))


def asked(named: Iterable[Pair]) -> dict[str, set[str] | None]:
    """Return drug -> the persons of whom it is asked."""
    people: defaultdict[str, set[str]] = defaultdict(set)
    for sample, drug in named:
        people[drug].add(sample)
    return dict(sorted(people.items()))
