"""Which of two medicines that do not go together gives way, and what each of their lines says of it.

The rule, in this one place. A medicine is *ruled out* beside another one where it is to be avoided and would not be
without that one, or where a label forbids the two together.

- Both are taken, or both are only planned: the one that can rather be replaced gives way (`pgx.judgement.standings`);
  where nothing is known of that, it is one of the two. One that
  the person's own genes, or the label for such a person, rule out by themselves gives way before all others.
- One is taken and the other is only planned: the planned one is not started, unless it is one to keep and the other
  can be replaced. If it is the one that acts, the drug that is taken keeps what is said of it without the other one. If
  it is the one that is acted on, both ways are named where the one that is taken is easier to change.
- The labels of both forbid the other one: it is one or the other, unless only one of them is taken.

Whichever gives way, a medicine of the list beside which another one of it is ruled out is never "fine as usual", nor
without data. A dose that is to be changed is no reason not to start a medicine: there the one that acts is changed
first, or where it is only planned, the drug that is taken says what changes once it is started.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import polars as pl

from pgx.codes import Flag, FlagCode
from pgx.judgement.judgement import CAUSES, CHANGE_FIRST, CHANGE_ONE, NOT_STARTED, NOT_TOGETHER, Judgement
from pgx.judgement.read_back import Once, agents_of, causes_of, gives_way_of, not_started_of, once, ruled_out_themselves
from pgx.judgement.relief import Case, Without, milder
from pgx.judgement.standings import Standings, for_person, giving_way, is_ruled_out, kept_before
from pgx.judgement.statement import URGENCIES
from pgx.knowledge.acting import DECIDES, PLANNED

_Listed = TypeVar("_Listed")
FOR_OTHERS = (CHANGE_FIRST, CHANGE_ONE, NOT_STARTED, NOT_TOGETHER)
"""Actions of a medicine that are said for the sake of another one: it gives way, or that one does not go with it."""

_NOTHING_KNOWN: Standings = {}
_QUIET = ("standard", "no_data")
"""Urgencies of a medicine that itself asks for nothing."""

Key = tuple[str, str]
"""A person and a drug."""


@dataclass(frozen=True, slots=True)
class Lists:
    """Which medicines are taken and which only planned; what was stopped and still acts counts as taken.

    `ruled_out` holds for each person the drugs that the genes, or the label for such a person, rule out by themselves.
    """

    taken: frozenset[Key]
    planned: frozenset[Key]
    standings: Standings = field(default_factory=dict)
    ruled_out: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def standings_for(self, sample: str) -> Standings:
        """Return how the drugs stand for a person."""
        return for_person(self.standings, self.ruled_out.get(sample, ()))

    def not_started(self, sample: str, drug: str, agents: Collection[str]) -> tuple[str, ...]:
        """Return which of a person's drug and those beside which it is ruled out are not to be started.

        A medicine that is on no list, and is only asked about, is not taken.
        """
        planned = tuple(agent for agent in agents if (sample, agent) in self.planned)
        taken = (sample, drug) in self.taken
        others = [agent for agent in agents if agent not in planned]
        standings = self.standings_for(sample)
        if (sample, drug) in self.planned and others and all(kept_before(drug, one, standings) for one in others):
            return ()  # what is to be kept is begun, and what is taken beside it gives way
        return not_started(drug, agents, self.not_kept(sample, drug, planned) if taken else planned, taken=taken)

    def not_kept(self, sample: str, drug: str, agents: Iterable[str]) -> tuple[str, ...]:
        """Return those of some medicines for the sake of which a person's drug need not give way."""
        standings = self.standings_for(sample)
        return tuple(agent for agent in agents if not kept_before(agent, drug, standings))

    def planned_of(self, sample: str, drug: str, among: Collection[str]) -> tuple[str, ...]:
        """Return the planned medicines behind what is said of a drug: those among the acting ones, else all of them."""
        others = sorted(one for whose, one in self.planned if whose == sample and one != drug)
        return tuple(one for one in others if one in among) or tuple(others)

    def without_planned(self, without: Without, keys: Collection[Key]) -> Without:
        """Return `without` for what is said today: for these persons and drugs, nothing that is planned is started."""
        planned: defaultdict[str, set[str]] = defaultdict(set)
        for sample, drug in self.planned:
            planned[sample].add(drug)

        def judged(cases: Collection[Case]) -> Mapping[Case, tuple[str, str]]:
            asked = {case: (*case[:2], case[2] | planned[case[0]]) if case[:2] in keys else case for case in cases}
            said = without(list(dict.fromkeys(asked.values())))
            return {case: said[full] for case, full in asked.items() if full in said}

        return judged

    def whatever_is_started(self, without: Without) -> Without:
        """Return `without` for what is taken: what is said of it whether what is planned is started or not.

        What nobody takes yet makes no other medicine the cause, so the graver of the two answers is said.
        """
        planning = {sample for sample, _ in self.planned}

        def judged(cases: Collection[Case]) -> Mapping[Case, tuple[str, str]]:
            begun = without(cases)
            asked = [case for case in begun if case[0] in planning and case[:2] in self.taken]
            if not asked:
                return begun
            today = self.without_planned(without, {case[:2] for case in asked})(asked)
            return {**begun, **{case: min(begun[case], said, key=_gravest) for case, said in today.items()}}

        return judged

    def holds(self, sample: str, drug: str) -> bool:
        """Return whether a drug is on the list of a person."""
        return (sample, drug) in self.taken or (sample, drug) in self.planned


def _gravest(said: tuple[str, str]) -> tuple[bool, int]:
    """Key by which the graver of two answers goes first; that nothing is known is graver than a comfort."""
    return said[1] == "standard", URGENCIES.index(said[1])


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


def taken_and_planned(listed: Iterable[tuple[_Listed, str]]) -> tuple[tuple[_Listed, ...], tuple[_Listed, ...]]:
    """Return what of a list is taken, and what is only planned: (medicine, status) in the list's order."""
    rows = list(listed)
    taken = dict.fromkeys(one for one, status in rows if status == "current")
    return tuple(taken), tuple(dict.fromkeys(one for one, status in rows if status == PLANNED and one not in taken))


def lists_of(medications: pl.DataFrame, exposures: pl.DataFrame | None, standings: Standings = _NOTHING_KNOWN) -> Lists:
    """Return which medicines (`pgx.schema.MEDICATIONS`) are taken and which only planned."""
    rows = medications.select("sample", "drug", "status").iter_rows()
    taken, planned = map(set, taken_and_planned(((sample, drug), status) for sample, drug, status in rows))
    acting: set[Key] = set()
    if exposures is not None:
        acting = set(exposures.filter(pl.col("phase") != PLANNED).select("sample", "agent").iter_rows())
    return Lists(frozenset(taken | (planned & acting)), frozenset(planned - taken - acting), standings)


@dataclass(frozen=True, slots=True)
class Told:
    """What was judged of a drug of a person, the medicines beside which a label forbids it, and all that act on it.

    `named` are those of which a label says something beside it. `later` is what would be judged of a drug that is
    taken once all is started, where that is something else.
    """

    sample: str
    judgement: Judgement
    forbidden_beside: tuple[str, ...]
    acting: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    later: Told | None = None


def with_causes(
    found: Sequence[Told],
    lists: Lists | None,
    made_of: Mapping[str, tuple[str, ...]],
    standings: Standings = _NOTHING_KNOWN,
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
    standings
        Which medicines are kept, and which can be replaced.
    """
    harmed: defaultdict[Key, list[Judgement]] = defaultdict(list)
    beside: defaultdict[Key, list[Judgement]] = defaultdict(list)
    limited: defaultdict[Key, list[str]] = defaultdict(list)
    wholes = [one if one.later is None or lists is None else _whole(one, one.later, lists) for one in found]
    for whole in wholes:
        judgement, agents = whole.judgement, agents_of(whole.judgement)
        # What is only asked about, and on no list, is no reason to look at what is taken.
        listed = lists is None or lists.holds(whole.sample, judgement.drug)
        idle = judgement.drug in not_started_of(judgement)
        for partner in dict.fromkeys((*agents, *whole.forbidden_beside)):
            if partner in agents and (listed or not idle):
                harmed[whole.sample, partner].append(judgement)
            elif listed:
                beside[whole.sample, partner].append(judgement)
            if lists is not None and listed and not lists.holds(whole.sample, partner):
                for part in made_of.get(partner, ()):
                    beside[whole.sample, part].append(judgement)
        for partner in whole.named if listed else ():
            limited[whole.sample, partner].append(judgement.drug)
    for one, whole in zip(found, wholes, strict=True):
        key = one.sample, one.judgement.drug
        told = one.judgement if whole is one or lists is None else _today(one.judgement, whole, lists)
        acts_on, stands_beside = harmed.get(key, ()), beside.get(key, ())
        if acts_on or stands_beside:
            stand = standings if lists is None else lists.standings_for(one.sample)
            told = _marked(told, whole.judgement, acts_on, stands_beside, stand)
        elif key in limited and told.urgency in _QUIET:
            flags = (str(Flag(FlagCode.ACTS_ON, drug)) for drug in limited[key])
            told = replace(told, flags=(*flags, *told.flags))
        yield one.sample, told


def _whole(one: Told, later: Told, lists: Lists) -> Told:
    """Return what is judged once all is started; where only that rules the drug out, with what is not to be started."""
    rejects = _ruled_out(later.judgement) and later.judgement.applies == "yes" and not _ruled_out(one.judgement)
    if not rejects or not_started_of(later.judgement):
        return later
    drug = one.judgement.drug
    gone = lists.not_kept(one.sample, drug, lists.planned_of(one.sample, drug, later.acting))
    flags = (str(Flag(FlagCode.NOT_STARTED, agent)) for agent in gone)
    judgement = replace(later.judgement, flags=(*later.judgement.flags, *flags))
    return replace(later, judgement=judgement, forbidden_beside=(*later.forbidden_beside, *gone))


def _today(judgement: Judgement, whole: Told, lists: Lists) -> Judgement:
    """Return what is said of a drug that is taken, as of today, with what is planned beside it."""
    later, now = whole.judgement, judgement.action or judgement.urgency
    known, standings = {*agents_of(later), *whole.acting}, lists.standings_for(whole.sample)
    behind = lists.planned_of(whole.sample, judgement.drug, known)
    acting = tuple(agent for agent in behind if agent in known)
    if not _ruled_out(later):
        then = once(behind, later)
        # The same action with another number, as of a label beside what is planned, is not the same.
        same = then == once(behind, judgement) and later.urgency == judgement.urgency
        return judgement if same else _once(judgement, then, standings)
    gone = not_started_of(later)
    if not gone and acting and judgement.drug in gives_way_of(later):
        return _once(judgement, once(acting, later), standings)
    if not gone:
        # What may rule it out by a population alone does so by what else is known: the dose is left open by what acts.
        then = Once(acting, DECIDES, "", ())
        return _once(judgement, then, standings) if acting and judgement.dose_change else judgement
    # A drug that is ruled out today for another reason says that the two are not taken together all the same.
    told = _not_together(judgement, dict.fromkeys(gone, later), gone)
    # Without what is not to be started, others that are planned may still change what is said.
    rest = tuple(agent for agent in acting if agent not in gone)
    causes = causes_of(later)
    left = next((one.action for one in causes if set(one.agents) <= set(gone)), later.action if causes else now)
    return _once(told, Once(rest, left or later.urgency, "", ()), standings) if rest and left != now else told


def _once(judgement: Judgement, then: Once, standings: Standings) -> Judgement:
    less = milder(judgement.urgency, "monitor") or judgement.urgency == "no_data"
    urgency = "monitor" if less else judgement.urgency
    return replace(
        judgement, urgency=urgency, flags=(then.flag, *ruled_out_flags(then.agents, standings), *judgement.flags)
    )


def _marked(
    judgement: Judgement,
    whole: Judgement,
    harmed: Sequence[Judgement],
    beside: Sequence[Judgement],
    standings: Standings,
) -> Judgement:
    """Return the judgement of a medicine that acts on some drugs, and beside which others are ruled out.

    `whole` is what is judged of it once all is started.
    """
    # Where this one is ruled out beside the other one too, its own line says so.
    own = {cause.agents[0] for cause in causes_of(whole) if len(cause.agents) == 1 and _ruled_out(whole)}
    mutual = [one for one in harmed if one.drug in own and _ruled_out(one) and not _waits(one)]
    either = [one.drug for one in mutual if not {*not_started_of(one), *not_started_of(whole), *gives_way_of(one)}]
    acts_on = [one for one in harmed if one not in mutual]
    others = [one for one in beside if one.drug not in own]
    # A medicine that is to be kept is not changed for one that can be replaced: that one is.
    others += [one for one in acts_on if one.drug in gives_way_of(one)]
    acts_on = [one for one in acts_on if one not in others]
    if either:
        flags = (str(Flag(FlagCode.ONE_OF, drug)) for drug in either)
        judgement = replace(judgement, flags=(*flags, *judgement.flags))
    # What is taken is not changed for the sake of what nobody takes yet: that is not started.
    waiting = [one for one in acts_on if _waits(one)]
    others += [one for one in waiting if one not in others]
    if len(waiting) < len(acts_on):
        judgement = change_first(judgement, acts_on)
    if others:
        idle = [one.drug for one in others if _waits(one)]
        judgement = _not_together(judgement, {one.drug: one for one in others}, idle, standings)
    if waiting and len(waiting) == len(acts_on):
        judgement = change_first(judgement, acts_on)
    if any(judgement.drug in not_started_of(one) for one in (*harmed, *beside)):
        judgement = _not_to_be_started(judgement)
    return judgement


def change_first(judgement: Judgement, harmed: Sequence[Judgement]) -> Judgement:
    """Return the judgement of a medicine that is the cause of what is said of others: it is never fine as usual."""
    flags = []
    for one in harmed:
        idle = judgement.drug in not_started_of(one)
        said = [one.action or one.urgency, "+".join(one.sources)] if idle else []
        for cause in causes_of(one):
            if judgement.drug in cause.agents:
                others = "+".join(agent for agent in cause.agents if agent != judgement.drug)
                more = [others, *said] if others or said else []
                flags.append(str(Flag(CAUSES, one.drug, "+".join(cause.genes), *more)))
    less = milder(judgement.urgency, "monitor") or judgement.urgency == "no_data"
    first = any(judgement.drug in gives_way_of(one) for one in harmed)
    if first:
        by_itself = any(judgement.drug in ruled_out_themselves(one) for one in harmed)
        flags.append(str(Flag(FlagCode.GIVES_WAY, judgement.drug)))
        flags += [str(Flag(FlagCode.RULED_OUT_ITSELF, judgement.drug))] if by_itself else []
    return replace(
        judgement,
        urgency="monitor" if less else judgement.urgency,
        action=(CHANGE_FIRST if first else CHANGE_ONE) if less else judgement.action,
        flags=tuple(dict.fromkeys((*flags, *judgement.flags))),
    )


def gives_way_flags(drugs: Iterable[str], standings: Standings, others: Iterable[str] = ()) -> Iterator[str]:
    """Yield the flags of the drugs that are to be changed, and of those (`others` too) that are ruled out anyway."""
    changed = dict.fromkeys((*drugs, *(drug for drug in others if is_ruled_out(drug, standings))))
    yield from (str(Flag(FlagCode.GIVES_WAY, drug)) for drug in changed)
    yield from ruled_out_flags(changed, standings)


def ruled_out_flags(drugs: Iterable[str], standings: Standings) -> Iterator[str]:
    """Yield the flags of those of some drugs that are ruled out by themselves."""
    yield from (str(Flag(FlagCode.RULED_OUT_ITSELF, drug)) for drug in drugs if is_ruled_out(drug, standings))


def _waits(judgement: Judgement) -> bool:
    """Whether a drug is itself not to be started."""
    return judgement.drug in not_started_of(judgement)


def _ruled_out(judgement: Judgement) -> bool:
    return judgement.urgency == "avoid"


def _not_together(
    judgement: Judgement, drugs: Mapping[str, Judgement], idle: Collection[str], standings: Standings = _NOTHING_KNOWN
) -> Judgement:
    """Return the judgement with the drugs that do not go with it, each with what says so of which of the two."""
    flags = []
    for drug, said in drugs.items():
        flags.append(str(Flag(FlagCode.NOT_TOGETHER, drug, said.action or said.urgency, "+".join(said.sources))))
        if drug in idle:
            flags.append(str(Flag(FlagCode.NOT_STARTED, drug)))
        else:
            # What the other line says of the two is said here as well: it may look at more medicines than these.
            told_there = [one for one in gives_way_of(said) if one in (drug, judgement.drug)]
            way = told_there or giving_way(drug, [[judgement.drug]], standings)
            flags += gives_way_flags(way, standings, (judgement.drug,))
    told = replace(judgement, flags=tuple(dict.fromkeys((*flags, *judgement.flags))))
    less = milder(judgement.urgency, "monitor") or judgement.urgency == "no_data"
    return replace(told, urgency="monitor", action=NOT_TOGETHER) if less else told


def _not_to_be_started(judgement: Judgement) -> Judgement:
    flag = str(Flag(FlagCode.NOT_STARTED, judgement.drug))
    told = replace(judgement, flags=tuple(dict.fromkeys((*judgement.flags, flag))))
    if _ruled_out(judgement):
        return told
    return replace(told, urgency="avoid", action=NOT_STARTED, dose_change=None)
