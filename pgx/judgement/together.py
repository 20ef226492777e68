"""Which of two medicines that do not go together gives way, and what each of their lines says of it.

The rule, in this one place. A medicine is *ruled out* beside another one where it is to be avoided and would not be
without that one, or where a label forbids the two together.

- Both are taken, or both are only planned: the one that acts is changed first.
- One is taken and the other is only planned: the planned one is not started. The one that is taken stays, and is named
  as the reason.
- The labels of both forbid the other one: it is one or the other, unless only one of them is taken.

Which ever gives way, a medicine of the list beside which another one of it is ruled out is never "fine as usual", nor
without data. A dose that is to be changed is no reason not to start a medicine: there the one that acts is changed
first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from pgx.codes import Flag, FlagCode
from pgx.judgement.judgement import (
    CHANGE_FIRST,
    NOT_STARTED,
    NOT_TOGETHER,
    Judgement,
    agents_of,
    causes_of,
    change_first,
    not_started_of,
)
from pgx.judgement.relief import milder

GIVES_WAY = (CHANGE_FIRST, NOT_STARTED, NOT_TOGETHER)
"""Actions of a medicine because of what it does to another one."""

Key = tuple[str, str]
"""A person and a drug."""


@dataclass(frozen=True, slots=True)
class Lists:
    """Which medicines are taken and which only planned; what was stopped and still acts counts as taken."""

    taken: frozenset[Key]
    planned: frozenset[Key]

    def not_started(self, sample: str, drug: str, agents: Collection[str]) -> tuple[str, ...]:
        """Return which of a person's drug and those beside which it is ruled out are not to be started.

        A medicine that is on no list, and is only asked about, is not taken.
        """
        planned = tuple(agent for agent in agents if (sample, agent) in self.planned)
        return not_started(drug, agents, planned, taken=(sample, drug) in self.taken)

    def holds(self, sample: str, drug: str) -> bool:
        """Return whether a drug is on the list of a person."""
        return (sample, drug) in self.taken or (sample, drug) in self.planned


def not_started(drug: str, agents: Collection[str], planned: Sequence[str], *, taken: bool) -> tuple[str, ...]:
    """Return which of a drug and those beside which it is ruled out are not to be started.

    Parameters
    ----------
    drug, agents
        The drug, and those beside which it is ruled out.
    planned
        Those of the agents that are only planned.
    taken
        Whether the drug is taken.
    """
    if taken:
        return tuple(planned)
    return (drug,) if len(planned) < len(agents) else ()


def lists_of(medications: pl.DataFrame, exposures: pl.DataFrame | None) -> Lists:
    """Return which medicines (`pgx.schema.MEDICATIONS`) are taken and which only planned."""
    keys = medications.select("sample", "drug", "status")
    taken = set(keys.filter(status="current").select("sample", "drug").iter_rows())
    acting: set[Key] = set()
    if exposures is not None:
        acting = set(exposures.filter(pl.col("phase") != "planned").select("sample", "agent").iter_rows())
    planned = set(keys.filter(status="planned").select("sample", "drug").iter_rows())
    return Lists(frozenset(taken | (planned & acting)), frozenset(planned - taken - acting))


@dataclass(frozen=True, slots=True)
class Told:
    """What was judged of a drug of a person, and the medicines beside which a label forbids it."""

    sample: str
    judgement: Judgement
    forbidden_beside: tuple[str, ...]


def with_causes(
    found: Sequence[Told], lists: Lists | None, made_of: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, Judgement]]:
    """Yield sample and judgement: a medicine beside which another one is ruled out says so, and what becomes of it.

    Parameters
    ----------
    found
        What was judged, each drug by itself.
    lists
        What is taken and what is planned; None = all of it is taken.
    made_of
        Combination -> its parts: one that is not listed is there part by part.
    """
    harmed: defaultdict[Key, list[Judgement]] = defaultdict(list)
    beside: defaultdict[Key, list[Judgement]] = defaultdict(list)
    causes = {id(one.judgement): agents_of(one.judgement) for one in found}
    for one in found:
        judgement, agents = one.judgement, causes[id(one.judgement)]
        partners = dict.fromkeys((*agents, *one.forbidden_beside))
        if not partners:
            continue
        idle = judgement.drug in not_started_of(judgement)
        # What is only asked about, and on no list, is no reason to look at what is taken.
        listed = lists is None or lists.holds(one.sample, judgement.drug)
        for partner in partners:
            if partner in agents and not idle:
                harmed[one.sample, partner].append(judgement)
            elif listed:
                beside[one.sample, partner].append(judgement)
            if lists is not None and listed and not lists.holds(one.sample, partner):
                for part in made_of.get(partner, ()):
                    beside[one.sample, part].append(judgement)
    for one in found:
        key = one.sample, one.judgement.drug
        acts_on, stands_beside = harmed.get(key, ()), beside.get(key, ())
        yield one.sample, _marked(one.judgement, acts_on, stands_beside) if acts_on or stands_beside else one.judgement


def _marked(judgement: Judgement, harmed: Sequence[Judgement], beside: Sequence[Judgement]) -> Judgement:
    """Return the judgement of a medicine that acts on some drugs, and beside which others are ruled out."""
    # Where this one is ruled out beside the other one too, its own line says so.
    own = {cause.agents[0] for cause in causes_of(judgement) if len(cause.agents) == 1 and _ruled_out(judgement)}
    mutual = [one for one in harmed if one.drug in own and _ruled_out(one)]
    either = [one.drug for one in mutual if not {*not_started_of(one), *not_started_of(judgement)}]
    acts_on = [one for one in harmed if one not in mutual]
    others = [one for one in beside if one.drug not in own]
    if either:
        flags = (str(Flag(FlagCode.ONE_OF, drug)) for drug in either)
        judgement = replace(judgement, flags=(*flags, *judgement.flags))
    if others:
        judgement = _not_together(judgement, others)
    if acts_on:
        judgement = change_first(judgement, acts_on)
    if any(judgement.drug in not_started_of(one) for one in (*harmed, *beside)):
        judgement = _not_to_be_started(judgement)
    return judgement


def _ruled_out(judgement: Judgement) -> bool:
    return judgement.urgency == "avoid"


def _not_together(judgement: Judgement, beside: Iterable[Judgement]) -> Judgement:
    flags = []
    for one in beside:
        flags.append(str(Flag(FlagCode.NOT_TOGETHER, one.drug)))
        if one.drug in not_started_of(one):
            flags.append(str(Flag(FlagCode.NOT_STARTED, one.drug)))
    told = replace(judgement, flags=(*flags, *judgement.flags))
    less = milder(judgement.urgency, "monitor") or judgement.urgency == "no_data"
    return replace(told, urgency="monitor", action=NOT_TOGETHER) if less else told


def _not_to_be_started(judgement: Judgement) -> Judgement:
    flag = str(Flag(FlagCode.NOT_STARTED, judgement.drug))
    told = replace(judgement, flags=tuple(dict.fromkeys((*judgement.flags, flag))))
    if _ruled_out(judgement):
        return told
    return replace(told, urgency="avoid", action=NOT_STARTED, dose_change=None)
