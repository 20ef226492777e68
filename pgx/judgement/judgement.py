"""What is said of one drug for one person, as codes: what every output renders and none works out again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pgx.codes import Flag, FlagCode
from pgx.judgement.decide import Decision
from pgx.judgement.listed import names_of
from pgx.judgement.relief import Relief, milder
from pgx.judgement.rule_details import LOADING, highest_beside, with_lowest
from pgx.judgement.statement import NOBODY, S, Statement, by_source
from pgx.knowledge.acting import DECIDES

CAUSE = FlagCode.CAUSE
"""``cause:<agents>:<genes>:<action>``: medicines without which no more than `action` would be said.

Agents and genes are joined by ``+``; of several agents none makes a difference alone."""
CAUSES = FlagCode.CAUSES
"""``causes:<drug>:<genes>:<others>:<action>:<sources>``: the same, told of a medicine that is the cause.

With those that must go too, and, where it is not to be started, what is said of the drug beside it, and by whom."""
STILL_ACTING = FlagCode.STILL_ACTING
"""``still_acting:<agent>:<day>``: a medicine that was stopped acts on the drug until about that day."""
CHANGE_FIRST = "change_first"
"""Action of a medicine that is the cause of what is said of another one, and the one to change."""
CHANGE_ONE = "change_one"
"""Action of a medicine that is the cause of what is said of another one: either of the two is changed."""
NOT_STARTED = "not_started"
"""Action of a medicine that is only planned and does not go together with one that is taken."""
NOT_TOGETHER = "not_together"
"""Action of a medicine that stays, and beside which another one is ruled out."""
RULED_OUT = FlagCode.ALTERNATIVE_RULED_OUT
"""``alternative_ruled_out:<drug>:<why>``: a source names it, and it does not fit the person."""
LIMITED = FlagCode.ALTERNATIVE_LIMITED
"""``alternative_limited:<drug>:<words>``: a source names it, and what is kept to with it."""
ONLY_FOR = FlagCode.ALTERNATIVE_USE
"""``alternative_use:<drug>:<words>``: a source names it, for this use alone."""
NAMED_BY = FlagCode.ALTERNATIVES_OF
"""``alternatives_of:<sources>``: they name what stands here for another result of a gene."""

RUNNING = FlagCode.RUNNING
"""``running``: the drug has been taken for long, so that no first dose is to come.

``running:<agent>``: so has a medicine beside which a label changes its dose, which may count that already."""
UNDATED = FlagCode.UNDATED
"""``undated:<agent>``: the same where nobody knows which was begun first, or it was stopped and still acts."""
UNCOUNTED = FlagCode.UNCOUNTED
"""``uncounted:<agent>``: a label changes the dose beside this one as well, which is new: the dose cannot count that."""
UNDER = FlagCode.UNDER
"""``under:<action>:<change>:<population>``: what is done under a condition that the record does not decide."""
OTHERWISE = "otherwise"
"""Stands for the population where what is said is what holds under none of the conditions."""

DOSES = (FlagCode.DOSE, FlagCode.AT_MOST)
"""Flags that hold a dose in numbers."""
_SETTLED = (FlagCode.CONDITION_MET, FlagCode.CONDITION_NOT_MET)
"""Flags of a row whose later action is due already, or is not for this person."""
_NO_DOSE = ("insufficient", "no_recommendation")
"""Actions that are worth saying though they change nothing."""
_IF_USED = ("avoid", "alternative")
"""Actions against a drug beside which a dose is told to who takes it all the same."""
_REPLACING = ("avoid", "change_dose")
"""Urgencies beside which other drugs are named."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One judgement; the fields are the columns of `pgx.schema.JUDGEMENTS`, which says what they hold."""

    sample: str
    drug: str
    status: str
    urgency: str
    action: str | None = None
    dose_change: str | None = None
    alternatives: tuple[str, ...] = ()
    reason: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    applies: str | None = None
    evidence: tuple[str, ...] = ()
    could_change: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a person and a drug beside the guidance.

    Parameters
    ----------
    genes
        Gene -> state of its evidence: ``called``, ``ambiguous``, ``outside``, ``not_called`` or ``outside_refused``.
    copies
        Gene whose copy number the data do not show -> the phenotypes that it could make.
    scores
        Endpoint -> whether its score is usable.
    details
        Row of the knowledge -> what it says beyond its action and dose (``then:...``, ``at_most:...``).
    until
        Medicine that was stopped and still acts -> the last day on which it does.
    waits
        Medicine that is taken -> days after its last dose for which a label still warns of it beside the drug.
    reliefs
        The medicines without which something milder is said.
    not_started
        Which of the drug and of those beside which it is ruled out are not to be started (`pgx.judgement.together`).
    gives_way
        Flags of those of the drug and of those medicines that are to be changed (`pgx.judgement.standings`).
    left_out
        Concepts that the sources ask for and whose value was left out.
    running
        Whether the drug has been taken for long.
    beside
        Medicines beside which a label changes its dose and that have been taken for long as well.
    undated
        Medicines beside which a label changes its dose, where the record does not say what was begun first, or that
        were stopped and still act.
    uncounted
        Where either is told: further medicines beside which a label changes its dose, and that were begun lately.
    """

    genes: Mapping[str, str] = field(default_factory=dict)
    copies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    scores: Mapping[str, bool] = field(default_factory=dict)
    details: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    until: Mapping[str, str] = field(default_factory=dict)
    waits: Mapping[str, int] = field(default_factory=dict)
    reliefs: tuple[Relief, ...] = ()
    not_started: tuple[str, ...] = ()
    gives_way: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    running: bool = False
    beside: tuple[str, ...] = ()
    undated: tuple[str, ...] = ()
    uncounted: tuple[str, ...] = ()


NOTHING_KNOWN = Known()


def judge(sample: str, drug: str, decision: Decision[S], known: Known = NOTHING_KNOWN) -> Judgement:
    """Return what is said of a drug for a person."""
    said = decision.ruled_out or (None if decision.part else decision.deciding)
    details = _details(decision, said, known)
    changes_dose = said is not None and decision.urgency == "change_dose"
    return Judgement(
        sample=sample,
        drug=drug,
        status=_status(decision),
        urgency=decision.urgency,
        action=_action(decision, said),
        dose_change=_text(said.row["dose_change"]) if said and changes_dose else None,
        alternatives=tuple(dict.fromkeys(_alternatives(decision, drug, known))),
        reason=_reason(decision),
        sources=tuple(sorted({row.source for row in decision.agreeing} - {NOBODY}, key=by_source)),
        applies=_applies(decision),
        evidence=tuple(dict.fromkeys(_evidence(decision, known))),
        could_change=tuple(dict.fromkeys((*_without(known), *_could_change(decision, known)))),
        flags=tuple(
            dict.fromkeys((*_causes(decision, known), *_running(known), *details, *_flags(decision, drug, known)))
        ),
    )


def _running(known: Known) -> Iterator[str]:
    if known.running:
        yield RUNNING
        yield from (str(Flag(RUNNING, agent)) for agent in known.beside)
    yield from (str(Flag(UNDATED, agent)) for agent in known.undated)
    yield from (str(Flag(UNCOUNTED, agent)) for agent in known.uncounted)


def _applies(decision: Decision[S]) -> str | None:
    first = decision.ruled_out or decision.deciding or next(iter(decision.statements), None)
    return first.applies if first else None


def _details(decision: Decision[S], said: S | None, known: Known) -> list[str]:
    """Return what the rows that ask for it say of doses and of later changes.

    The row that decides goes first and the others are silent: two numbers joined by "or" are no advice. Of the highest
    doses it is the lowest that counts, whoever gives it.
    """
    if said is None or said.turned or decision.urgency == "no_data":
        return []
    holding = ("yes", said.applies)  # where the age is not known, a limit for some ages counts as one for others does
    rows = [said, *(row for row in decision.agreeing if row.applies in holding and row.action_code == said.action_code)]
    # A dose in numbers is of the genes alone: a drug that acts on this one may turn it around. The label's counts it.
    of_genes = said is not decision.ruled_out
    withheld = set(DOSES) if decision.acting and of_genes else set()
    if decision.acting and of_genes and all(acting.asks_for == "lower" for acting in decision.acting):
        withheld = {FlagCode.DOSE}
    if known.running and said.urgency == "monitor":
        withheld |= {FlagCode.DOSE}  # beside the usual dose it is the first one
    of_second = {FlagCode.DOSE} if said.urgency == "avoid" else set()  # the dose of a drug that is replaced
    if said.has(FlagCode.INTERACTION_REVERSES):
        withheld |= {FlagCode.THEN, *of_second}
    details: list[str] = []
    for row in rows:
        silent = withheld | ({FlagCode.THEN, *of_second} if any(map(row.has, _SETTLED)) else set())
        own = [detail for detail in known.details.get(row.rule, ()) if Flag.parse(detail).code not in silent]
        told = {Flag.parse(detail).code for detail in details}
        told |= set(DOSES) if told.intersection(DOSES) else set()
        details += [detail for detail in own if Flag.parse(detail).code not in told]
    # What a label rules out for another reason than the genes is not let in again by a dose of theirs.
    if of_genes and not withheld and said.urgency == "avoid" and said.action_code in _IF_USED:
        details += _limit_if_used(decision, known, details)
    # Each medicine of the list that a label limits the drug beside counts: the lowest of the doses is the highest.
    # Beside the genes' own dose it is the limits for such a person.
    limits = (row for row in decision.limits if row.applies == "yes" and not (of_genes and row.acting))
    by_label = [detail for row in limits for detail in known.details.get(row.rule, ())]
    if of_genes and decision.urgency == "change_dose" and not any(Flag.parse(one).code in DOSES for one in details):
        details += by_label[:1]
    # Of several sources that ask for the same, and of the genes beside a label, the lowest leads as well.
    rows = [row for row in decision.agreeing if row.applies in holding] if of_genes and not withheld else []
    if not of_genes and all(acting.asks_for == "lower" for acting in decision.acting):
        rows = [row for row in decision.valid if row.applies == "yes" and row.urgency == "change_dose"]
    by_label += [detail for row in rows for detail in known.details.get(row.rule, ())]
    if decision.urgency == "change_dose" and not any(Flag.parse(one).code in DOSES for one in details):
        of_loading = (detail for row in decision.agreeing for detail in known.details.get(row.rule, ()))
        details += [detail for detail in of_loading if detail == LOADING][:1]
    found = with_lowest(details, by_label)
    if not of_genes and decision.urgency == "change_dose":
        found += highest_beside(found, by_label)
    return found


def _limit_if_used(decision: Decision[S], known: Known, told: Sequence[str]) -> list[str]:
    """Return the highest dose that another source gives for who takes the drug all the same.

    It is a dose by the genes alone: none is told beside a drug that acts on this one.
    """
    if decision.acting or any(Flag.parse(detail).code in DOSES for detail in told):
        return []
    rows = (row for row in decision.valid if row.applies == "yes" and row.urgency == "change_dose")
    limits = (detail for row in rows for detail in known.details.get(row.rule, ()))
    return [detail for detail in limits if Flag.parse(detail).code == FlagCode.AT_MOST][:1]


def _status(decision: Decision[S]) -> str:
    statements = decision.statements
    if decision.ruled_out:
        return "ruled_out"
    if decision.part:
        return "not_judged"
    if decision.deciding:
        return "no_recommendation" if all(row.urgency == "no_data" for row in decision.valid) else "advised"
    if all(row.source == NOBODY for row in statements):
        return "no_source"
    if decision.untested:
        return "not_tested"
    return "uncertain" if any(row.applies == "possible" for row in statements) else "no_match"


def _action(decision: Decision[S], said: Statement | None) -> str | None:
    if said is None:
        return (DECIDES if decision.acting else "monitor") if decision.urgency == "monitor" else None
    if decision.urgency == "no_data":
        return said.action_code if said.action_code in _NO_DOSE else None
    if decision.acting and not decision.ruled_out and said.urgency == "standard":
        return DECIDES
    return said.action_code or None


def _alternatives(decision: Decision[S], drug: str, known: Known) -> Iterator[str]:
    if decision.urgency in _REPLACING:
        # What a source names instead stays true where another medicine takes its advice on the dose its weight.
        rows = (*decision.agreeing, *sorted(decision.valid, key=lambda row: row.urgency not in _REPLACING))
        for row in _naming(rows, drug, known):
            yield from (name for name in names_of(row.row["alternatives"]) if name != drug)


def _naming(rows: Iterable[S], drug: str, known: Known) -> Iterator[S]:
    """Yield the rows without what is carried over from another result to a drug that stays while another one goes."""
    flags = map(Flag.parse, known.gives_way)
    changed = tuple(flag.about for flag in flags if flag.code == FlagCode.GIVES_WAY)
    stays = any(others and drug not in others for others in (changed, known.not_started))
    yield from (row for row in rows if not (stays and row.has(FlagCode.ALTERNATIVES_OF)))


def _reason(decision: Decision[S]) -> tuple[str, ...]:
    row = decision.deciding
    if row is not None:
        told = (result for one in (row, *decision.further) for result in one.results)
        return tuple(dict.fromkeys(f"{gene}={value}" for gene, value in told))
    rows = (one for one in decision.statements if one.applies == "no_match")
    return tuple(dict.fromkeys(f"{gene}={value}" for one in rows for gene, value in one.results))


def _evidence(decision: Decision[S], known: Known) -> Iterator[str]:
    """Yield the rows of the knowledge that decide, then the states of the genes, then the scores."""
    for row in (decision.ruled_out, None if decision.part else decision.deciding, *decision.agreeing):
        if row is not None and row.rule:
            yield f"rule:{row.rule}"
    genes = dict.fromkeys(gene for row in decision.statements for gene in row.genes if row.source != NOBODY)
    yield from (f"gene:{gene}={known.genes.get(gene, 'not_called')}" for gene in genes if known.genes)
    yield from (f"score:{name}={'usable' if usable else 'not_usable'}" for name, usable in known.scores.items())


def _could_change(decision: Decision[S], known: Known) -> Iterator[str]:
    for gene in decision.untested:
        yield f"{'laboratory' if gene in decision.refused else 'gene'}:{gene}" + (
            f"={decision.stakes[gene]}" if gene in decision.stakes else ""
        )
    for gene, stake in decision.unclear.items():
        yield f"{'laboratory' if gene in decision.refused else 'variant'}:{gene}={stake}"
    for row in decision.statements:
        if row.applies == "possible" and row.urgency != decision.urgency:
            yield from (f"genotype:{gene} {value}={row.urgency}" for gene, value in row.results)
    for gene in decision.deciding.genes if decision.deciding else ():
        yield from (f"copies:{gene} {phenotype}" for phenotype in known.copies.get(gene, ()))
    for row in (*decision.under, *decision.limits):
        less = decision.ruled_out is not None and milder(row.urgency, decision.ruled_out.urgency)
        if row.applies == "if_population" and not less:  # what the label rules out stays ruled out
            yield f"person:{row.row['population']}={row.urgency}"
    yield from (f"value:{concept}" for concept in known.left_out)
    yield from (f"drug:{acting.agent}" for acting in decision.acting)


def _causes(decision: Decision[S], known: Known) -> Iterator[str]:
    """Yield the medicines without which something milder is said, and those of the acting ones that were stopped."""
    for one in known.reliefs:
        yield str(Flag(CAUSE, "+".join(one.agents), "+".join(one.genes), one.action))
    acting = (*(agent for one in known.reliefs for agent in one.agents), *(one.agent for one in decision.acting))
    for agent in dict.fromkeys(acting):
        if agent in known.until:
            yield str(Flag(STILL_ACTING, agent, known.until[agent]))
        elif agent in known.waits:
            yield str(Flag(FlagCode.WAIT_AFTER, agent, str(known.waits[agent])))
    yield from (str(Flag(FlagCode.NOT_STARTED, name)) for name in known.not_started)
    yield from known.gives_way


def _without(known: Known) -> Iterator[str]:
    """Yield what stopping the causes would leave, or waiting until they no longer act: ``drug:<agents>=<urgency>``."""
    for one in known.reliefs:
        kind = "washout" if set(one.agents) <= set(known.until) else "drug"
        yield f"{kind}:{'+'.join(one.agents)}={one.urgency}"


def _flags(decision: Decision[S], drug: str, known: Known) -> Iterator[str]:
    rows = (*((decision.ruled_out,) if decision.ruled_out else ()), *decision.valid)
    yield from (str(flag) for row in decision.limits for flag in row.codes if flag.code == FlagCode.ALLERGY)
    if decision.differing:
        yield FlagCode.SOURCES_DIFFER
    for row in (*decision.under, *((decision.otherwise,) if decision.otherwise else ())):
        whom = OTHERWISE if row is decision.otherwise else str(row.row["population"])
        yield str(Flag(UNDER, row.action_code, _text(row.row["dose_change"]) or "", whom))
    for row in decision.further:
        yield str(Flag(FlagCode.ALSO, row.action_code, _text(row.row["dose_change"]) or "", ";".join(row.genes)))
    yield from (str(flag) for row in decision.statements for flag in row.codes if flag.code == FlagCode.SET_ASIDE)
    said = None if decision.ruled_out or decision.part or decision.acting else decision.deciding
    yield from (str(flag) for flag in (said.codes if said else ()) if flag.code == FlagCode.CONDITION_MET)
    yield from {FlagCode.LOCAL_FORM for row in decision.statements if row.has(FlagCode.LOCAL_FORM)}
    kept = (
        FlagCode.PHENOCONVERTED,
        FlagCode.GENOTYPE_UNCERTAIN,
        FlagCode.GENE_NOT_TESTED,
        FlagCode.RECALL,
        FlagCode.LOCAL,
    )
    yield from (code for code in kept if any(row.has(code) for row in rows))
    yield from (str(acting.flag) for acting in decision.acting)
    yield from (str(flag) for row in rows for flag in row.codes if flag.code == FlagCode.UNVERIFIED)
    naming = _naming(rows, drug, known)
    yield from (
        str(flag) for row in naming for flag in row.codes if flag.code in (RULED_OUT, LIMITED, ONLY_FOR, NAMED_BY)
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)
