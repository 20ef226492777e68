"""What a judgement says beside its action, in words: later changes, doses in numbers, causes, other drugs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pgx.codes import FlagCode
from pgx.judgement import Judgement
from pgx.judgement.read_back import (
    Cause,
    arguments_of,
    causes_of,
    counted_beside,
    gives_way_of,
    is_running,
    not_started_of,
    once_of,
    ruled_out_themselves,
    stopped_of,
)
from pgx.judgement.statement import graver
from pgx.knowledge.acting import PLANNED
from pgx.reports.page import wording
from pgx.reports.page.advice import Advice
from pgx.reports.page.lexicon import Lexicon
from pgx.reports.page.products import Products, named
from pgx.reports.page.wording import clean, words

_FACTORS = {"-50": "halve the dose", "100": "double the dose"}


def later(judgement: Judgement, lexicon: Lexicon) -> str:
    """Return what is done later, or under a condition that only treatment shows; mostly empty."""
    phrases = []
    for action, change, when in arguments_of(judgement, FlagCode.THEN, 3):
        phrase = _FACTORS.get(change) or words("action", action) + (f" ({wording.dose(change)})" if change else "")
        phrases.append(lexicon.when(when, phrase, judgement.drug))
    return "; ".join(dict.fromkeys(phrases))


def under(judgement: Judgement, lexicon: Lexicon, *, plain: bool = False) -> str:
    """Return what is done under each condition that the record does not decide; mostly empty."""
    phrases: dict[str, list[str]] = {}
    for action, change, whom in arguments_of(judgement, FlagCode.UNDER, 3):
        said = words("action", action, plain=plain) if plain else _action(action, judgement, lexicon)
        amount = f" ({wording.dose(change)})" if change and not plain else ""
        phrases.setdefault(f"{said}{amount}", []).append(lexicon.population(whom, plain=plain))
    return "; ".join(f"{' or '.join(whom)}: {said}" for said, whom in phrases.items())


def met(judgement: Judgement, lexicon: Lexicon) -> str:
    """Return the words around what is due now that its condition is met: ``if it works, {text}``; mostly empty."""
    whens = arguments_of(judgement, FlagCode.CONDITION_MET, 1)
    return next((lexicon.when_met(when, "{text}", judgement.drug) for (when,) in whens), "")


def doses(judgement: Judgement, lexicon: Lexicon) -> str:
    """Return doses in numbers: ``at most 20 mg/day``; mostly empty."""
    kinds: list[str] = []
    for kind in (FlagCode.DOSE, FlagCode.AT_MOST):
        told = [lexicon.dose(dose, unit) for dose, unit in arguments_of(judgement, kind, 2)]
        bare = kind == FlagCode.DOSE
        phrases = [one if bare or one.startswith("less") else f"at most {one}" for one in told]
        kinds += [" or ".join(dict.fromkeys(phrases))] if phrases else []
    return " and ".join(kinds)


def headline_of(
    headline: str, judgement: Judgement, lexicon: Lexicon, products: Products, medication: str = "", checks: str = ""
) -> str:
    """Return the headline with its causes before it, and doses, checks and later changes behind it.

    `medication` is ``current``, ``planned`` or empty.
    """
    for (when,) in arguments_of(judgement, FlagCode.CONDITION_MET, 1):
        change = judgement.dose_change or ""
        factor = _FACTORS.get(change)
        phrase = f"{factor} ({wording.dose(change)})" if factor else headline
        headline = lexicon.when_met(when, phrase, judgement.drug)
    dose, then = doses(judgement, lexicon), later(judgement, lexicon)
    if dose and then and judgement.urgency == "avoid":
        headline = f"{headline}; {then}, {dose}"
    else:
        headline = words_with(headline, judgement, dose) + checks
        headline = f"{headline}; {then}" if then else headline
    if conditional := under(judgement, lexicon):
        headline = f"{headline}; {conditional}"
    headline = _until_washed_out(headline, judgement, products, lexicon)
    others = _for_others(judgement, lexicon)
    beside = list(filter(None, (others, *_beside(judgement, told=bool(others)))))
    told = judgement.drug in not_started_of(judgement) and bool(others or others_beside(judgement))
    causes = [cause for cause in causes_of(judgement) if cause.taken]
    if causes:
        steps = dict.fromkeys(_given_up(cause, judgement, products, lexicon, medication, told) for cause in causes)
        headline = f"{' or '.join(steps)}; otherwise {headline}"
    if gone := acting_anyway(judgement):
        headline += f"; {_joined(gone)} {_is(gone)} not for this person anyway"
        if not set(gone) <= set(counted_beside(judgement)):  # which says it where the dose may count them already
            headline += f": the dose is looked at again without {'it' if len(gone) == 1 else 'them'}"
    if then := once_started(judgement, lexicon, products):
        headline = f"{then}; until then: {headline}"
    headline = f"{'; '.join(beside)}; for itself: {headline}" if beside else headline
    drug = clean(judgement.drug)
    return f"(in {products[drug]}) {headline}" if drug in products else headline


def once_started(judgement: Judgement, lexicon: Lexicon, products: Products) -> str:
    """Return what is said of a drug once medicines are started that are only planned; mostly empty."""
    phrases = []
    for one in once_of(judgement):
        change = f" ({wording.dose(one.dose_change)})" if one.dose_change else ""
        kind, dose, unit = one.dose if len(one.dose) == 3 else ("", "", "")
        number = lexicon.dose(dose, unit) if dose else ""
        most = "at most " if kind == FlagCode.AT_MOST and not number.startswith("less") else ""
        joint = " " if number.startswith("to ") else ", "
        said = f"{_action(one.action, judgement, lexicon)}{change}{f'{joint}{most}{number}' if number else ''}"
        gone = set(one.agents) <= set(ruled_out_themselves(judgement))
        anyway = f", which {_is(one.agents)} not for this person anyway" if gone else ""
        phrases.append(f"once {_named(one.agents, products)} {_is(one.agents)} started{anyway}: {said}")
    return "; ".join(phrases)


def _action(code: str, judgement: Judgement, lexicon: Lexicon) -> str:
    return lexicon.action(code, judgement.drug, running=is_running(judgement))


def _for_others(judgement: Judgement, lexicon: Lexicon) -> str:
    """Return on which drugs a medicine acts that is to be changed, or not to be started, for that; mostly empty."""
    not_started = not_started_of(judgement)
    harmed: dict[str, list[str]] = {}
    told = waiting(judgement)
    for parts in dict.fromkeys(arguments_of(judgement, FlagCode.CAUSES, 2, 5)):
        if parts[0] in told and judgement.drug not in not_started:
            continue  # which is not to be started beside this one, and says so
        # Where no enzyme is named, a label rules the two out together: which of them acts on which it need not say.
        acts = "acts on" if parts[1] else "does not go together with"
        harmed.setdefault("stands in the way of" if parts[0] in not_started else acts, []).append(_harmed(*parts))
    if not harmed:
        return ""
    idle = judgement.drug in not_started
    gives_way = judgement.drug in gives_way_of(judgement)
    first = "change this one first, if that is possible" if gives_way else "change this one or the other"
    first = "change this one" if judgement.drug in ruled_out_themselves(judgement) else first
    what = "do not start this one; choose another medicine" if idle else first
    return f"{what}: it {' and '.join(f'{how} ' + ' and '.join(drugs) for how, drugs in harmed.items())}"


def others_beside(judgement: Judgement) -> list[str]:
    """Return the drugs that are ruled out beside a medicine and that it is not told to wait for, or they for it."""
    return [drug for drug in _ruled_out_beside(judgement) if drug not in not_started_of(judgement)]


def _beside(judgement: Judgement, *, told: bool) -> Iterator[str]:
    """Yield the drugs that are ruled out beside a medicine, those apart that are not to be started.

    `told` is whether it is said already that the medicine itself is not to be started.
    """
    if acted := acts_on(judgement):
        yield f"a label speaks of it beside {_joined(acted)}: see there"
    if others := others_beside(judgement):
        idle = judgement.drug in not_started_of(judgement) and not told
        start = "do not start this one together with" if idle else "not together with"
        changed = _which_is_changed(others, judgement)
        gone = idle and {*map(clean, ruled_out_themselves(judgement))}.issuperset(others)
        why = f", which {_is(others)} not for this person anyway" if gone else ""
        yield f"{start} {_with_source(others, judgement, 'or')}{why}{f': {changed}' if changed else ''}"
    if new := waiting(judgement):
        yield f"{_with_source(new, judgement)}, which {_is(new)} not taken yet, {_is(new)} not to be started beside it"


def _which_is_changed(others: Sequence[str], judgement: Judgement) -> str:
    """Return which of a medicine and of those that do not go with it is changed; empty where nothing says so."""
    if judgement.drug in not_started_of(judgement):
        return ""
    changed, anyway = ({*map(clean, names(judgement))} for names in (gives_way_of, ruled_out_themselves))
    drug, several = clean(judgement.drug), len(others) > 1
    if changed.issuperset(others) and drug in anyway:
        neither = "none of them is" if several else "neither is"
        why = neither if anyway.issuperset(others) else "this one is not"
        return f"{'all' if several else 'both'} are changed, {why} for this person anyway"
    if changed.issuperset(others):
        return "it is those that are changed" if several else "it is that one that is changed"
    if drug in anyway:
        return "change this one"
    return "change this one first, if that is possible" if drug in changed else ""


def acting_anyway(judgement: Judgement) -> tuple[str, ...]:
    """Return the medicines that the dose of this one goes by, and that are ruled out by themselves."""
    later = (agent for one in once_of(judgement) for agent in one.agents)
    told = {judgement.drug, *gives_way_of(judgement), *not_started_of(judgement), *later}
    dosed = judgement.urgency not in ("avoid", "standard")
    return tuple(clean(one) for one in ruled_out_themselves(judgement) if dosed and one not in told)


def acts_on(judgement: Judgement) -> tuple[str, ...]:
    """Return the other drugs of the list of which a label says something beside this one, which itself is quiet."""
    return tuple(clean(drug) for (drug,) in arguments_of(judgement, FlagCode.ACTS_ON, 1))


def _with_source(drugs: Sequence[str], judgement: Judgement, word: str = "and") -> str:
    """Return drugs with what is said of the two together, and by whom: ``simvastatin (contraindicated, FDA label)``."""
    said = _ruled_out_beside(judgement)
    whose: dict[str, list[str]] = {}
    for drug in drugs:
        whose.setdefault(said[drug], []).append(drug)
    return _joined([f"{_joined(named, word)}{by}" for by, named in whose.items()], word)


def _ruled_out_beside(judgement: Judgement) -> dict[str, str]:
    """Return the drugs that do not go with a medicine, each with what is said of the two, and by whom, in brackets."""
    found: dict[str, str] = {}
    for drug, *said in arguments_of(judgement, FlagCode.NOT_TOGETHER, 1, 3):
        found.setdefault(clean(drug), f" ({by})" if (by := _by(*said)) else "")
    return found


def _by(action: str = "", sources: str = "") -> str:
    """Return ``contraindicated, FDA label``."""
    named = list(filter(None, clean(sources).split("+")))
    return ", ".join(filter(None, (wording.action(next(iter(named), ""), action), *named)))


def waiting(judgement: Judgement) -> tuple[str, ...]:
    """Return the planned medicines that are not to be started beside one that is taken."""
    idle = not_started_of(judgement)
    return tuple(drug for drug in _ruled_out_beside(judgement) if drug in idle)


def leads(judgement: Judgement) -> bool:
    """Return whether the person's record changes what the sentence of a source says: another medicine, a condition."""
    codes = (FlagCode.ACTS_ON, FlagCode.CAUSES, FlagCode.NOT_TOGETHER, FlagCode.ONCE, FlagCode.UNDER)
    return is_running(judgement) or any(any(arguments_of(judgement, code, 1, 6)) for code in codes)


def _given_up(
    cause: Cause, judgement: Judgement, products: Products, lexicon: Lexicon, medication: str, told: bool
) -> str:
    """Return what is done about a cause, and what is said without it.

    ``change paroxetine first, if that is possible (without it: use as usual)`` is said of what is taken, ``do not start
    paroxetine`` of what is only planned. Of a drug that is itself only planned both ways are named: who treats chooses.
    One that is only asked about says nothing of what is taken, and neither does one of which it is `told` already that
    it is not to be started, for what it does to others.
    """
    alone, idle = _action(cause.action, judgement, lexicon), not_started_of(judgement)
    which = {1: "it", 2: "both"}.get(len(cause.taken), "all of them")
    gives_way = gives_way_of(judgement)
    either = not told and judgement.drug not in idle and not (gives_way and set(cause.taken) <= set(gives_way))
    stays = _not_ruled_out(cause.taken, judgement)
    which = _named(cause.taken, products) if either or len(stays) < len(cause.taken) else which
    days = [int(days) for agent, days in arguments_of(judgement, FlagCode.WAIT_AFTER, 2) if agent in cause.agents]
    without = f"({_days(max(days))} after the last dose of {which}: {alone})" if days else f"(without {which}: {alone})"
    if told:
        return f"not as long as {_named(stays, products)} {_is(stays)} taken {without}"
    if judgement.drug in idle:
        waits = f"do not start this one as long as {_named(stays, products)} {_is(stays)} taken"
        first = f"; or change {_named(cause.taken, products)} first{_why_changed(cause.taken, judgement)}"
        return f"{waits}{first if medication == PLANNED and judgement.drug not in gives_way else ''} {without}"
    one_of = {drug for (drug,) in arguments_of(judgement, FlagCode.ONE_OF, 1)}
    if one_of.issuperset(cause.agents):
        return f"give this one or {_named(cause.taken, products)}, not both {without}"
    if judgement.drug in gives_way:
        gone = [agent for agent in cause.taken if agent not in stays]
        anyway = f" ({_named(gone, products)} {_is(gone)} not for this person anyway)" if gone else ""
        return f"change this one, not {_named(stays, products)}{anyway}"
    planned = [agent for agent in cause.taken if agent in idle]
    taken = [agent for agent in cause.taken if agent not in idle]
    first = f"change {{}} first{_why_changed(taken, judgement)}"
    changed = first if set(taken) <= set(gives_way) else "change this one or {}"
    steps = [changed.format(_named(taken, products))] if taken else []
    steps += [f"do not start {_named(planned, products, 'or')}; choose another medicine"] if planned else []
    waits = " and ".join(f"{clean(agent)} acts no longer (about {clean(day)})" for agent, day in cause.until.items())
    if waits:
        return f"{', and '.join([*steps, f'wait until {waits}'])} (then: {alone})"
    return f"{', and '.join(steps)} {without}"


def _not_ruled_out(agents: Sequence[str], judgement: Judgement) -> Sequence[str]:
    """Return those of some medicines that are not ruled out by themselves; all of them where none is left."""
    anyway = ruled_out_themselves(judgement)
    return [agent for agent in agents if agent not in anyway] or agents


def _why_changed(agents: Sequence[str], judgement: Judgement) -> str:
    if set(agents) <= set(ruled_out_themselves(judgement)):
        return f", which {_is(agents)} not for this person anyway"
    return ", if that is possible"


def _days(number: int) -> str:
    return f"{number} day" if number == 1 else f"{number} days"


def _named(agents: Sequence[str], products: Products, word: str = "and") -> str:
    return _joined([named(agent, products) for agent in agents], word)


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _until_washed_out(headline: str, judgement: Judgement, products: Products, lexicon: Lexicon) -> str:
    """Return the headline with what was stopped and still acts: until when, and what is said once it does not."""
    over = [cause for cause in causes_of(judgement) if not cause.taken]
    told = {agent for cause in causes_of(judgement) for agent in cause.until}
    until = stopped_of(judgement)
    for cause in over:
        day, does = clean(max(cause.until.values())), "acts" if len(cause.agents) == 1 else "act"
        was = f"{_joined([named(agent, products) for agent in cause.agents])}, stopped, still {does} until about {day}"
        headline = f"{was}: wait, or until then {headline}; after that: {_action(cause.action, judgement, lexicon)}"
    rest = [f"{clean(agent)} until about {clean(day)}" for agent, day in until.items() if agent not in told]
    return f"{headline}; still acts though stopped: {', '.join(rest)}" if rest else headline


def _harmed(drug: str, genes: str, others: str = "", action: str = "", sources: str = "") -> str:
    """Return ``codeine (through CYP2D6, together with bupropion: avoid, CPIC)``."""
    through = [f"through {clean(genes).replace('+', ' and ')}"] if genes else []
    agents = list(filter(None, others.split("+")))
    beside = [f"together with {_joined(agents)}"] if agents else []
    inner = ": ".join(filter(None, (", ".join((*through, *beside)), _by(action, sources))))
    return f"{clean(drug)} ({inner})" if inner else clean(drug)


def _joined(names: Sequence[str], word: str = "and") -> str:
    *first, last = map(clean, names)
    return f"{', '.join(first)} {word} {last}" if first else last


def words_with(headline: str, judgement: Judgement, dose: str) -> str:
    """Return a headline with a dose; beside an action that is no change of dose it is for who takes the drug anyway."""
    if not dose:
        return headline
    return f"{headline}; if it is used all the same, {dose}" if judgement.urgency == "avoid" else f"{headline}, {dose}"


def set_aside(judgement: Judgement, rows: Sequence[Advice]) -> str:
    """Return what sources say of a first treatment, where that is behind the person; mostly empty."""
    if not any(arguments_of(judgement, FlagCode.SET_ASIDE, 1)):
        return ""
    sources: dict[str, list[str]] = {}
    for row in rows:
        if row.has(FlagCode.SET_ASIDE):
            sources.setdefault(row.action, []).append(row.source)
    return "; ".join(f"{action} ({', '.join(dict.fromkeys(names))})" for action, names in sources.items())


def instead(judgement: Judgement) -> tuple[str, ...]:
    """Return the drugs that the sources name instead, each with what is kept to: ``pravastatin (at most 40 mg)``."""
    limits: dict[str, dict[str, None]] = {}
    for code in (FlagCode.ALTERNATIVE_USE, FlagCode.ALTERNATIVE_LIMITED):
        for drug, said in arguments_of(judgement, code, 2):
            limits.setdefault(drug, {})[clean(said)] = None
    return tuple(f"{name} ({', '.join(limits[name])})" if name in limits else name for name in judgement.alternatives)


def not_fitting(judgement: Judgement) -> str:
    """Return which drugs the sources name that do not fit the person, and why; mostly empty."""
    found = arguments_of(judgement, FlagCode.ALTERNATIVE_RULED_OUT, 2)
    return ", ".join(f"{clean(drug)} ({words('unfit', why)})" for drug, why in found)


def instead_said(judgement: Judgement) -> str:
    """Return what the sources name instead in one line: what fits, and what does not; mostly empty."""
    fitting, unfit = ", ".join(instead(judgement)), not_fitting(judgement)
    if unfit and not fitting:
        return f"no drug that a source names fits this person: {unfit}"
    sources = " and ".join(
        one for (told,) in arguments_of(judgement, FlagCode.ALTERNATIVES_OF, 1) for one in told.split("+")
    )
    fitting += f" (named by {clean(sources)} for another result of a gene)" if fitting and sources else ""
    return f"{fitting}; not {unfit}" if unfit else fitting


def open_limits(judgement: Judgement, limits: Sequence[Advice], leading: Advice | None) -> tuple[Advice, ...]:
    """Return the limits of the label that the data do not decide and that the headline does not say.

    Where one holds and leads, it is those that are graver.
    """
    told = {whom for _, _, whom in arguments_of(judgement, FlagCode.UNDER, 3)}
    undecided = (limit for limit in limits if limit.applies != "yes" and limit.row["population"] not in told)
    return tuple(limit for limit in undecided if not leading or graver(limit, leading))
