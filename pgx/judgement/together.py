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
        current_agents = [agent for agent in agents if agent not in planned]
        standings = self.standings_for(sample)
        kept = current_agents and all(kept_before(drug, agent, standings) for agent in current_agents)
        if kept and (sample, drug) in self.planned:
            return ()  # what is to be kept is begun, and what is taken beside it gives way
        return not_started(drug, agents, self.not_kept(sample, drug, planned) if taken else planned, taken=taken)

    def not_kept(self, sample: str, drug: str, agents: Iterable[str]) -> tuple[str, ...]:
        """Return those of some medicines for the sake of which a person's drug need not give way."""
        standings = self.standings_for(sample)
        return tuple(agent for agent in agents if not kept_before(agent, drug, standings))

    def planned_of(self, sample: str, drug: str, among: Collection[str]) -> tuple[str, ...]:
        """Return the planned medicines behind what is said of a drug: those among the acting ones, else all of them."""
        planned = sorted(other for person, other in self.planned if person == sample and other != drug)
        return tuple(other for other in planned if other in among) or tuple(planned)

    def without_planned(self, without: Without, keys: Collection[Key]) -> Without:
        """Return `without` for what is said today: for these persons and drugs, nothing that is planned is started."""
        planned: defaultdict[str, set[str]] = defaultdict(set)
        for sample, drug in self.planned:
            planned[sample].add(drug)

        def judged(cases: Collection[Case]) -> Mapping[Case, tuple[str, str]]:
            asked_as = {case: (*case[:2], case[2] | planned[case[0]]) if case[:2] in keys else case for case in cases}
            answers = without(list(dict.fromkeys(asked_as.values())))
            return {case: answers[full] for case, full in asked_as.items() if full in answers}

        return judged

    def whatever_is_started(self, without: Without) -> Without:
        """Return `without` for what is taken: what is said of it whether what is planned is started or not.

        What nobody takes yet makes no other medicine the cause, so the graver of the two answers is said.
        """
        planning = {sample for sample, _ in self.planned}

        def judged(cases: Collection[Case]) -> Mapping[Case, tuple[str, str]]:
            begun = without(cases)
            affected = [case for case in begun if case[0] in planning and case[:2] in self.taken]
            if not affected:
                return begun
            today = self.without_planned(without, {case[:2] for case in affected})(affected)
            return {**begun, **{case: min(begun[case], answer, key=_gravest) for case, answer in today.items()}}

        return judged

    def holds(self, sample: str, drug: str) -> bool:
        """Return whether a drug is on the list of a person."""
        return (sample, drug) in self.taken or (sample, drug) in self.planned


def _gravest(answer: tuple[str, str]) -> tuple[bool, int]:
    """Key by which the graver of two answers goes first; that nothing is known is graver than a comfort."""
    return answer[1] == "standard", URGENCIES.index(answer[1])


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
    taken = dict.fromkeys(medicine for medicine, status in rows if status == "current")
    planned = dict.fromkeys(medicine for medicine, status in rows if status == PLANNED)
    return tuple(taken), tuple(medicine for medicine in planned if medicine not in taken)


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
    judged: Sequence[Told],
    lists: Lists | None,
    made_of: Mapping[str, tuple[str, ...]],
    standings: Standings = _NOTHING_KNOWN,
) -> Iterator[tuple[str, Judgement]]:
    """Yield sample and judgement: a medicine beside which another one is ruled out says so, and what becomes of it.

    Parameters
    ----------
    judged
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
    wholes = [
        drug_now if drug_now.later is None or lists is None else _whole(drug_now, drug_now.later, lists)
        for drug_now in judged
    ]
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
    for drug_now, whole in zip(judged, wholes, strict=True):
        key = drug_now.sample, drug_now.judgement.drug
        marked = drug_now.judgement if whole is drug_now or lists is None else _today(drug_now.judgement, whole, lists)
        acts_on, stands_beside = harmed.get(key, ()), beside.get(key, ())
        if acts_on or stands_beside:
            ranks = standings if lists is None else lists.standings_for(drug_now.sample)
            marked = _marked(marked, whole.judgement, acts_on, stands_beside, ranks)
        elif key in limited and marked.urgency in _QUIET:
            flags = (str(Flag(FlagCode.ACTS_ON, name)) for name in limited[key])
            marked = replace(marked, flags=(*flags, *marked.flags))
        yield drug_now.sample, marked


def _whole(today: Told, later: Told, lists: Lists) -> Told:
    """Return what is judged once all is started; where only that rules the drug out, with what is not to be started."""
    rejects = _ruled_out(later.judgement) and later.judgement.applies == "yes" and not _ruled_out(today.judgement)
    if not rejects or not_started_of(later.judgement):
        return later
    drug = today.judgement.drug
    not_begun = lists.not_kept(today.sample, drug, lists.planned_of(today.sample, drug, later.acting))
    flags = (str(Flag(FlagCode.NOT_STARTED, agent)) for agent in not_begun)
    judgement = replace(later.judgement, flags=(*later.judgement.flags, *flags))
    return replace(later, judgement=judgement, forbidden_beside=(*later.forbidden_beside, *not_begun))


def _today(judgement: Judgement, whole: Told, lists: Lists) -> Judgement:
    """Return what is said of a drug that is taken, as of today, with what is planned beside it."""
    later, action = whole.judgement, judgement.action or judgement.urgency
    named_agents, standings = {*agents_of(later), *whole.acting}, lists.standings_for(whole.sample)
    planned = lists.planned_of(whole.sample, judgement.drug, named_agents)
    acting = tuple(agent for agent in planned if agent in named_agents)
    if not _ruled_out(later):
        change = once(planned, later)
        # The same action with another number, as of a label beside what is planned, is not the same.
        same = change == once(planned, judgement) and later.urgency == judgement.urgency
        return judgement if same else _with_later_change(judgement, change, standings)
    not_begun = not_started_of(later)
    if not not_begun and acting and judgement.drug in gives_way_of(later):
        return _with_later_change(judgement, once(acting, later), standings)
    if not not_begun:
        # What may rule it out by a population alone does so by what else is known: the dose is left open by what acts.
        change = Once(acting, DECIDES, "", ())
        return _with_later_change(judgement, change, standings) if acting and judgement.dose_change else judgement
    # A drug that is ruled out today for another reason says that the two are not taken together all the same.
    judgement_without = _not_together(judgement, dict.fromkeys(not_begun, later), not_begun)
    # Without what is not to be started, others that are planned may still change what is said.
    still_planned, causes = tuple(agent for agent in acting if agent not in not_begun), causes_of(later)
    otherwise = later.action if causes else action
    action_left = next((cause.action for cause in causes if set(cause.agents) <= set(not_begun)), otherwise)
    if still_planned and action_left != action:
        change = Once(still_planned, action_left or later.urgency, "", ())
        return _with_later_change(judgement_without, change, standings)
    return judgement_without


def _is_milder_than_monitoring(judgement: Judgement) -> bool:
    """Whether less is asked for than to watch, or nothing is known."""
    return milder(judgement.urgency, "monitor") or judgement.urgency == "no_data"


def _with_later_change(judgement: Judgement, change: Once, standings: Standings) -> Judgement:
    is_milder = _is_milder_than_monitoring(judgement)
    urgency = "monitor" if is_milder else judgement.urgency
    flags = (change.flag, *ruled_out_flags(change.agents, standings), *judgement.flags)
    return replace(judgement, urgency=urgency, flags=flags)


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
    ruling_out = {cause.agents[0] for cause in causes_of(whole) if len(cause.agents) == 1 and _ruled_out(whole)}
    mutual = [other for other in harmed if other.drug in ruling_out and _ruled_out(other) and not _waits(other)]
    decided = {other.drug: {*not_started_of(other), *not_started_of(whole), *gives_way_of(other)} for other in mutual}
    either = [drug for drug, settled in decided.items() if not settled]
    acts_on = [other for other in harmed if other not in mutual]
    not_together = [other for other in beside if other.drug not in ruling_out]
    # A medicine that is to be kept is not changed for one that can be replaced: that one is.
    not_together += [other for other in acts_on if other.drug in gives_way_of(other)]
    acts_on = [other for other in acts_on if other not in not_together]
    if either:
        flags = (str(Flag(FlagCode.ONE_OF, drug)) for drug in either)
        judgement = replace(judgement, flags=(*flags, *judgement.flags))
    # What is taken is not changed for the sake of what nobody takes yet: that is not started.
    waiting = [other for other in acts_on if _waits(other)]
    not_together += [other for other in waiting if other not in not_together]
    if len(waiting) < len(acts_on):
        judgement = change_first(judgement, acts_on)
    if not_together:
        idle = [other.drug for other in not_together if _waits(other)]
        judgement = _not_together(judgement, {other.drug: other for other in not_together}, idle, standings)
    if waiting and len(waiting) == len(acts_on):
        judgement = change_first(judgement, acts_on)
    if any(judgement.drug in not_started_of(other) for other in (*harmed, *beside)):
        judgement = _not_to_be_started(judgement)
    return judgement


def change_first(judgement: Judgement, harmed: Sequence[Judgement]) -> Judgement:
    """Return the judgement of a medicine that is the cause of what is said of others: it is never fine as usual."""
    flags = []
    for other in harmed:
        idle = judgement.drug in not_started_of(other)
        reason = [other.action or other.urgency, "+".join(other.sources)] if idle else []
        for cause in causes_of(other):
            if judgement.drug in cause.agents:
                further_agents = "+".join(agent for agent in cause.agents if agent != judgement.drug)
                arguments = [further_agents, *reason] if further_agents or reason else []
                flags.append(str(Flag(CAUSES, other.drug, "+".join(cause.genes), *arguments)))
    is_milder = _is_milder_than_monitoring(judgement)
    gives_way = any(judgement.drug in gives_way_of(other) for other in harmed)
    if gives_way:
        by_itself = any(judgement.drug in ruled_out_themselves(other) for other in harmed)
        flags.append(str(Flag(FlagCode.GIVES_WAY, judgement.drug)))
        flags += [str(Flag(FlagCode.RULED_OUT_ITSELF, judgement.drug))] if by_itself else []
    return replace(
        judgement,
        urgency="monitor" if is_milder else judgement.urgency,
        action=(CHANGE_FIRST if gives_way else CHANGE_ONE) if is_milder else judgement.action,
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
    for drug, other in drugs.items():
        flags.append(str(Flag(FlagCode.NOT_TOGETHER, drug, other.action or other.urgency, "+".join(other.sources))))
        if drug in idle:
            flags.append(str(Flag(FlagCode.NOT_STARTED, drug)))
        else:
            # What the other line says of the two is said here as well: it may look at more medicines than these.
            changed_there = [name for name in gives_way_of(other) if name in (drug, judgement.drug)]
            changed = changed_there or giving_way(drug, [[judgement.drug]], standings)
            flags += gives_way_flags(changed, standings, (judgement.drug,))
    marked = replace(judgement, flags=tuple(dict.fromkeys((*flags, *judgement.flags))))
    is_milder = _is_milder_than_monitoring(judgement)
    return replace(marked, urgency="monitor", action=NOT_TOGETHER) if is_milder else marked


def _not_to_be_started(judgement: Judgement) -> Judgement:
    flag = str(Flag(FlagCode.NOT_STARTED, judgement.drug))
    marked = replace(judgement, flags=tuple(dict.fromkeys((*judgement.flags, flag))))
    if _ruled_out(judgement):
        return marked
    return replace(marked, urgency="avoid", action=NOT_STARTED, dose_change=None)
