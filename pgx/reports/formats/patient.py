"""What the person keeps: a leaflet in plain language, a wallet card, and the plan of checks."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from pgx.codes import FlagCode, NoteCode
from pgx.judgement.decide import CHANGES
from pgx.judgement.judgement import CHANGE_FIRST, NOT_TOGETHER
from pgx.judgement.read_back import (
    counted_beside,
    gives_way_of,
    has_highest_dose,
    is_running,
    once_of,
    ruled_out_themselves,
    stopped_of,
    uncounted_beside,
)
from pgx.judgement.statement import alike
from pgx.knowledge.acting import DECIDES, PLANNED, Acting, once_stopped, same_way
from pgx.reports.formats import partners
from pgx.reports.formats.html import environment, stylesheet
from pgx.reports.formats.leaflet_notes import dose_without, for_itself, own_notes, shared_notes, still_works
from pgx.reports.formats.plan import checks
from pgx.reports.page import wording
from pgx.reports.page.build import Advice, Drug, Gene, View
from pgx.reports.page.cells import pairs_of
from pgx.reports.page.details import acting_anyway, under, waiting
from pgx.reports.page.score import in_short_without_number
from pgx.reports.page.wording import clean, words

_ON_CARD = 14
_IN_LARGE_PRINT = 6
_RAISED_BY = "raised_by"
"""Effect of a medicine whose own level is the one that rises."""
_VERSIONS = ("pgx", "program", "knowledge", "knowledge version", "models")


def leaflet_of(view: View) -> str:
    """Return a leaflet for the person, in plain language, as a self-contained page."""
    plan: dict[tuple[str, str], list[str]] = {}
    for check in checks(view):
        plan.setdefault((check.drug, check.plain), []).append(check.moment)
    moments = [(drug, check_text, together(moments_of)) for (drug, check_text), moments_of in plan.items()]
    context = {"plan": moments, "allergies": _allergies(view), "leaflet_style": stylesheet("leaflet.css")}
    return _page("leaflet.html.j2", view, **context, small=_is_small(view))


def _allergies(view: View) -> list[str]:
    """Return what the person is told of the allergies that the line of no drug is about, in everyday words."""
    recorded = [str(row["code"]) for row in view.clinical if row["concept"] == "allergy" and row["code"]]
    lines = []
    for note in view.first_alerts:
        if note["code"] == NoteCode.ALLERGY:
            drug, instead_of = clean(str(note["where"])), clean(str(note["subject"]))
            reasons = "; ".join(dict.fromkeys(allergy.plain for allergy in view.lexicon.against(recorded, drug)))
            subject = drug if drug == instead_of else f"{drug}, which could be given instead of {instead_of}"
            lines.append(f"{subject}: {reasons or 'an allergy is on record'}")
    return list(dict.fromkeys(lines))


def together(moments: Sequence[str]) -> str:
    """Return moments in one phrase: ``days 7, 14 and 28``."""
    told = list(dict.fromkeys(moments))  # two checks of one kind may fall on the same days
    days = [moment.removeprefix("day ") for moment in told]
    if len(told) > 1 and all(moment.startswith("day ") for moment in told):
        return f"days {', '.join(days[:-1])} and {days[-1]}"
    return ", ".join(told)


def card_of(view: View) -> str:
    """Return a card in the size of a bank card, front and back, as a self-contained page.

    Genes that decide about a drug come first.
    """
    decisive = [drug.deciding for drug in view.drugs if drug.deciding and drug.urgency not in ("standard", "no_data")]
    order = dict.fromkeys(gene for advice in decisive for gene in advice.genes)
    called = [gene for gene in view.genes if gene.status != "not_called" and (gene.has_guidance or gene.phenotype)]
    called.sort(key=lambda gene: list(order).index(gene.name) if gene.name in order else len(order))
    versions = [(label, value) for label, value in view.provenance if label in _VERSIONS]
    recalled = any(partners.in_short(drug) and partners.is_order_recalled(drug) for drug in view.drugs)
    context = {"genes": called, "most": _ON_CARD, "versions": versions, "recalled": recalled, "small": _is_small(view)}
    return _page("card.html.j2", view, unusable=in_short_without_number(view.scores), **context)


def _is_small(view: View) -> bool:
    """Return whether there are so many medicines that they stand on one sheet in smaller print alone."""
    return len(view.drugs) > _IN_LARGE_PRINT


def plan_of(view: View) -> str:
    """Return the follow-up plan as a self-contained page."""
    return _page("plan.html.j2", view, plan=checks(view))


def _page(template: str, view: View, **context: object) -> str:
    helpers = {
        "plain_action": plain_action,
        "plain_reasons": lambda drug: list(plain_reasons(drug)),
        "own_notes": own_notes,
        "shared_notes": shared_notes,
        "plain_phenotype": plain_phenotype,
        "short": short,
        "gene_name": wording.gene,
        "gene_names": lambda names: [wording.gene(name) for name in names],
        "plain_gene": _plain_gene,
        "in_short": in_short,
        "plain_under": lambda drug: under(drug.judgement, view.lexicon, plain=True),
    }
    return environment().get_template(template).render(view=view, **helpers, **context)


def in_short(drug: Drug) -> str:
    """Return what acts on a medicine and the change of dose, as short as a card needs it."""
    agents = ", ".join(_acting_in_short(drug))
    if drug.ruled_out and not drug.ruled_out.acting and drug.action == drug.ruled_out.action_code:
        agents = ", ".join(filter(None, (drug.ruled_out.condition, agents))) if agents else ""
    agents = agents or ", ".join(f"because of {agent}" for agent in drug.causes)
    leading, first = drug.ruled_out or drug.deciding, None if drug.ruled_out else drug.deciding
    dose = wording.dose(drug.judgement.dose_change or "")
    change = f"{leading.action} {dose}".strip() if leading and drug.urgency == "change_dose" else ""
    if change or not (drug.later and drug.urgency == "avoid"):
        change = _once_met(drug, ", ".join(filter(None, (change, drug.doses))))
    if (counted := counted_beside(drug.judgement)) and not (leading and leading.turned):
        above = " or is above the limit" if has_highest_dose(drug.judgement) else ""
        change = f"if the dose was set without {' and '.join(counted)}{above}: {change}"
        direction = once_stopped(leading.acting if leading else (), counted)
        is_over = set(counted) <= set(stopped_of(drug.judgement))
        stops = "no longer acts" if is_over else "stops"
        change += f"; when {' and '.join(counted)} {stops}, its level {direction}" if direction else ""
        new = uncounted_beside(drug.judgement)
        change += f"; look at the dose again because of {' and '.join(new)}" if new else ""
    change = f"until then: {change}" if change and drug.once else change
    if first and agents and not drug.causes and _asked_by_genes(drug, first):
        # What the genes ask for does not go away with a medicine that acts as well.
        agents, change = "", f"{change or 'by the genes'}; besides {agents}"
    new = waiting(drug.judgement)
    beside = f"do not start {' or '.join(new)} beside it" if new else ""
    only = first.condition if first and (first.applies == "if_population" or drug.set_aside) else ""
    beside = "; ".join(filter(None, (beside, partners.in_short(drug))))
    again = " and ".join(acting_anyway(drug.judgement))
    advice = ": ".join(filter(None, (agents, change)))
    advice += f"; look at the dose again without {again}" if again else ""
    still = "; ".join(f"{agent}, stopped, acts until about {day}" for agent, day in stopped_of(drug.judgement).items())
    return "; ".join(filter(None, (beside, drug.once, advice, only, drug.under, clean(still))))


def _acting_in_short(drug: Drug) -> Iterator[str]:
    """Yield what each medicine does to this one, with all the enzymes on which it does: ``x raises it, CYP3A4``."""
    enzymes: dict[str, list[str]] = {}
    for acting in drug.acting:
        effect = f"{_agent(acting)} {acting.effect.split('_')[0]} it" if acting.enzyme else f"with {_agent(acting)}"
        enzymes.setdefault(effect, []).extend(filter(None, (acting.enzyme,)))
    for effect, enzymes_of in enzymes.items():
        yield ", ".join(filter(None, (effect, " and ".join(dict.fromkeys(enzymes_of)))))


def _asked_by_genes(drug: Drug, advice: Advice) -> bool:
    """Return whether what is said of a medicine is what the genes ask for, whatever else acts on it."""
    return drug.urgency in CHANGES and advice.urgency == drug.urgency and _of_genes(advice)


def _of_genes(row: Advice) -> bool:
    """Return whether a row is about genes that no other medicine changed, and is not turned around by one."""
    return not row.turned and not row.has(FlagCode.PHENOCONVERTED)


def _agent(acting: Acting) -> str:
    return f"{acting.agent} (planned)" if acting.phase == PLANNED else acting.agent


def _acts(agents: Collection[str]) -> str:
    """Say in everyday words that some medicines act on this one."""
    return f"{' and '.join(agents)} {words('plain', 'acts_one' if len(agents) == 1 else 'acts_several')}"


def _once_met(drug: Drug, text: str) -> str:
    return drug.met.replace("{text}", text) if drug.met else text


def plain_action(drug: Drug) -> str:
    """Return what the deciding row wants, in everyday words, and what would be once planned medicines are taken."""
    today, later = _plain_today(drug), _plain_once(drug)
    today += dose_without(acting_anyway(drug.judgement))
    asked = drug.medication == "current" and not {drug.name}.intersection(
        (*drug.not_started, *ruled_out_themselves(drug.judgement))
    )
    if partners.gives_way(drug) and asked:
        today = f"{words('action', CHANGE_FIRST, plain=True)}; if not, {today}"
    today = "; ".join((today, *partners.in_plain_words(drug)))
    if new := waiting(drug.judgement):
        names, verb = " and ".join(new), "it does" if len(new) == 1 else "they do"
        question = f"ask whether you can do without {names}, which you do not take yet: {verb} not go together with it"
        return "; ".join(filter(None, (question, "" if drug.action == NOT_TOGETHER else today, later)))
    return f"{later}; until then: {today[:1].lower()}{today[1:]}" if later else today


def _plain_once(drug: Drug) -> str:
    """Say what would be done about a medicine once others are taken that are only planned."""
    clauses = []
    for change in once_of(drug.judgement):
        clause = f"{_acts(change.agents)}; " if change.action == DECIDES else ""
        number = f" ({' '.join(filter(None, change.dose[1:]))})" if change.dose else ""
        action = f"{_in_plain_words(drug, change.action)}{number}"
        clauses.append(f"once you take {' and '.join(change.agents)}: {clause}{action}")
    return "; ".join(clauses)


def _plain_today(drug: Drug) -> str:
    if drug.told_for_others:
        return _plain_for_others(drug)
    if drug.ruled_out:
        return _plain_limit(drug, drug.ruled_out) + still_works(drug)
    if drug.deciding is None or drug.urgency == "no_data":
        return words("urgency", "no_data", plain=True)
    if drug.causes or drug.washing_out:
        return _plain_causes(drug) + (still_works(drug) if drug.causes else "")
    if drug.acting:
        return _plain_interaction(drug) + still_works(drug)
    return _plain(drug)


def _plain_limit(drug: Drug, limit: Advice) -> str:
    """Say what a label or the record asks for, and what the genes and other medicines do beside it."""
    if limit.turned:
        return _plain_interaction(drug)
    acting_rows = (acting for row in (limit, *alike(drug.limits, limit)) for acting in row.acting)
    agents = tuple(dict.fromkeys(map(_agent, same_way(tuple(acting_rows)))))
    condition = "" if limit.acting else limit.plain_condition
    when = ", and ".join(filter(None, (condition, f"with {' and '.join(agents)}" if agents else "")))
    allergies = "; ".join(dict.fromkeys(other.plain for other in drug.allergic)) if limit.has(FlagCode.ALLERGY) else ""
    text = f"{words('action', drug.action, plain=True)}{f' {when}' if when else ''}"
    text += ", whatever your genes are" if drug.whatever_the_genes else ""
    text += f": {allergies}" if allergies else ""
    if counted := counted_beside(drug.judgement):
        within = " and is not above the limit" if has_highest_dose(drug.judgement) else ""
        text = f"ask whether your dose was set while you took {' and '.join(counted)} already{within}; if not, {text}"
        if new := uncounted_beside(drug.judgement):
            text = f"ask what your dose is to be with {' and '.join(new)}, which you have not taken for long; {text}"
        if direction := once_stopped(limit.acting, counted):
            amount, names = "more" if direction == "rises" else "less", " and ".join(counted)
            before_stop = f"; without {names} there would be {amount} of it in your body: ask before that is stopped"
            soon = f"there will soon be {amount} of it in your body"
            after_stop = f"; you stopped {names}, so that {soon}: ask what that means"
            text += after_stop if set(counted) <= set(stopped_of(drug.judgement)) else before_stop
    if drug.deciding and drug.deciding.urgency == drug.urgency in CHANGES and _of_genes(drug.deciding):
        text += f"; by your genes, {_in_plain_words(drug, drug.deciding.action_code)}"
    text += for_itself(drug, limit)
    if agents and (also_acting := [agent for agent in _changing_level(drug) if agent not in agents]):
        text += f"; {_acts(also_acting)} too"
    return f"{text}; {_plain_question(drug)}" if drug.causes else text


def _changing_level(drug: Drug) -> list[str]:
    """Return the other medicines that are known to change the level of this one by more than a little."""
    acting = (effect for effect in drug.acting if effect.asks_for and effect.effect != _RAISED_BY)
    acting = (effect for effect in acting if not effect.order[0])
    return list(dict.fromkeys(map(_agent, acting)))


def _plain_for_others(drug: Drug) -> str:
    """Say what becomes of a medicine beside which another one is ruled out: which of the two is changed."""
    others = " and ".join(name for name in gives_way_of(drug.judgement) if name != drug.name)
    if drug.action == NOT_TOGETHER and others:
        start = "keep taking it" if drug.medication == "current" else "it can be used"
        return f"{start}; {others} and this one do not go together: ask about another medicine instead of {others}"
    code = CHANGE_FIRST if drug.action == NOT_TOGETHER and gives_way_of(drug.judgement) else drug.action
    return words("action", code, plain=True)


def _plain_causes(drug: Drug) -> str:
    """Say which other medicines are the cause: those that can be changed, or else until when a stopped one acts."""
    if drug.causes:
        return f"{_plain_question(drug)}; if not, {_plain(drug)}"
    day, verb = max(drug.washing_out.values()), "works" if len(drug.washing_out) == 1 else "work"
    agents = " and ".join(drug.washing_out)
    return f"{agents}, which you have stopped, still {verb} on it until about {day}: until then, {_plain(drug)}"


def _plain_question(drug: Drug) -> str:
    """Say what to ask of medicines that do not go together: the one that is not taken yet is not begun."""
    agents, anyway = " and ".join(drug.causes), ruled_out_themselves(drug.judgement)
    staying = " and ".join(agent for agent in drug.causes if agent not in anyway) or agents
    if drug.name in drug.not_started:
        without = f"ask whether you can do without it as long as you take {staying}"
        both = drug.medication == PLANNED and drug.name not in gives_way_of(drug.judgement)
        return f"ask whether {agents} can be changed; if not, {without}" if both else without
    if drug.name in gives_way_of(drug.judgement):
        return f"ask for another medicine in its place, and go on with {staying}"
    planned = all(agent in drug.not_started for agent in drug.causes)
    if planned:
        return f"ask whether you can do without {agents}"
    which = "" if set(drug.causes) & set(gives_way_of(drug.judgement)) else "this one or "
    return f"ask whether {which}{agents} can be changed"


def _plain(drug: Drug) -> str:
    return _once_met(drug, _in_plain_words(drug, drug.action)) or words("urgency", "no_data", plain=True)


def _in_plain_words(drug: Drug, code: str) -> str:
    text = wording.running(code, by_genes=True, plain=True) if is_running(drug.judgement) else ""
    return text or wording.action(drug.deciding.source if drug.deciding else "", code, plain=True)


def _plain_interaction(drug: Drug) -> str:
    """Say which other medicines change the level of this one, and what the genes ask for where that still counts."""
    raising = dict.fromkeys(_agent(acting) for acting in drug.acting if acting.effect != _RAISED_BY)
    raised = dict.fromkeys(map(_agent, drug.acting))
    clause = _acts(raising) if raising else f"it changes how much of {' and '.join(raised)} is in your body"
    if drug.deciding is None or drug.deciding.turned or drug.action in ("standard", DECIDES):
        return f"{clause}; {words('action', DECIDES, plain=True)}"
    by_genes = "by your genes, " if _of_genes(drug.deciding) else ""
    return f"{clause}; {by_genes}{_in_plain_words(drug, drug.action)}"


def plain_reasons(drug: Drug) -> Iterator[str]:
    """Yield what happens to the medicine in this body, in everyday words, each once."""
    if drug.deciding is None or drug.urgency == "no_data" or drug.ruled_out or drug.deciding.turned:
        return
    silent = {words("implication", code) for code in ("na", "none", "no_data")}
    told = set()
    for _, effects in wording.implications(pairs_of(drug.deciding.row["implication"]), plain=True):
        for effect in effects.split(", "):
            if effect not in silent and effect not in told:
                told.add(effect)
                yield effect


def _plain_gene(name: str) -> str:
    """Return ``the gene CYP2D6``; what is no gene's symbol is named by its words alone."""
    plain = wording.gene(name, plain=True)
    return f"the gene {plain}" if plain == name else plain


def plain_phenotype(gene: Gene) -> str:
    """Return a phenotype in everyday words; one that is on no scale is named as it is."""
    if unclear := gene.unclear_in(plain=True):
        return unclear
    phenotype = gene.clinical or gene.phenotype
    speed = wording.table().get(("scale", phenotype), ("", ""))[1]
    if speed:
        sentence = f"{speed[:1].upper()}{speed[1:]}"
        return f"{sentence}{', counting the other medicines you take' if gene.changed else ''}"
    plain_words = wording.table().get(("phenotype", phenotype), ("", ""))[1]
    if plain_words:
        return plain_words
    return (
        "; ".join(dict.fromkeys(_plain_status(status) for status in _present_first(phenotype)))
        or "a result without a known meaning"
    )


def _present_first(phenotype: str) -> list[str]:
    """Return the parts of a result: those that were found, and only where nothing was those that were not."""
    parts = [part for part in phenotype.split(";") if part]
    return [part for part in parts if not part.endswith(" negative")] or parts


def _plain_status(status: str) -> str:
    """Return the presence of an allele in everyday words; another result stays as it is."""
    allele, _, presence = status.rpartition(" ")
    text = words("presence", presence) if allele and ("presence", presence) in wording.table() else ""
    if text:
        return f"{words('plain_allele', 'sign')} {text}"
    return status if status.replace(" ", "").isalpha() else words("plain_allele", "result")


def short(phenotype: str) -> str:
    """Return a phenotype for the card: ``Poor Metabolizer`` becomes ``PM``, of alleles those that are carried stay."""
    if ";" in phenotype:
        return "; ".join(part for part in phenotype.split(";") if not part.endswith(" negative")) or "negative"
    match = re.fullmatch(r"(?:(Likely|Possible) )?(Poor|Intermediate|Normal|Rapid|Ultrarapid) Metabolizer", phenotype)
    return f"{(match[1] or '').lower()} {match[2][0]}M".strip() if match else phenotype
