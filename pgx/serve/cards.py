"""CDS Hooks: what a prescriber sees when ordering a drug for a person with a stored result."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pgx.codes import Flag, FlagCode, NoteCode
from pgx.judgement.statement import dose_of
from pgx.judgement.together import not_started
from pgx.knowledge.acting import Acting, phrase, weighs
from pgx.reports.page.build import Advice, Drug, View
from pgx.reports.page.lexicon import Lexicon
from pgx.reports.page.notice import NOTICE
from pgx.reports.page.wording import words

HOOKS = ("order-select", "order-sign")
INDICATORS = {"avoid": "critical", "change_dose": "warning", "monitor": "info", "no_data": "info"}
"""Urgencies that give a card, and how loud; a drug that is fine as usual, now and later, stays silent."""

_SUMMARY = 139  # CDS Hooks: fewer than 140 characters
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "pgx.serve/card")
_MARKDOWN = str.maketrans({c: f"\\{c}" for c in "\\`*_{}[]<>#|!"})


@dataclass(frozen=True, slots=True)
class Medicines:
    """The drugs that a stored result counts: those that are taken, and those that are only planned."""

    taken: tuple[str, ...] = ()
    planned: tuple[str, ...] = ()


def services() -> dict[str, Any]:
    """Return the discovery document."""
    return {
        "services": [
            {
                "hook": hook,
                "id": f"pgx-{hook}",
                "title": "Pharmacogenomic advice",
                "description": "Guideline advice for the ordered drugs, from stored genotypes. Research use.",
                "prefetch": {
                    "patient": "Patient/{{context.patientId}}",
                    "allergies": "AllergyIntolerance?patient={{context.patientId}}",
                },
            }
            for hook in HOOKS
        ]
    }


def cards(shown: View, drugs: Iterable[str]) -> list[dict[str, Any]]:
    """Return the cards for the ordered drugs, most urgent first.

    A drug that a guideline names and the stored result does not cover gives a card too: silence would read as safe.
    """
    wanted = dict.fromkeys(drugs)
    covered_cards = [
        _card(shown, drug) for drug in shown.drugs if drug.name in wanted and (drug.urgency in INDICATORS or drug.later)
    ]
    covered = {drug.name for drug in shown.drugs}
    alerts = [note for note in shown.alerts if note["code"] in _OF_THE_PERSON]
    return [
        *([_doubtful(shown, alerts)] if alerts and covered & set(wanted) else []),
        *covered_cards,
        *(_uncovered(shown, name) for name in wanted if name not in covered and name in shown.lexicon.guided_drugs),
    ]


def of_interactions(shown: View, drugs: Iterable[str], stored: Medicines, instance: str) -> dict[str, dict[str, Any]]:
    """Return, by drug, a card on each ordered or stored drug on which a newly ordered one acts.

    The stored advice was made without the order: a dose by the genes alone may point the wrong way, so the card stands
    in its place and shows no number. What acts weakly gives a card where the stored advice changes the dose against it.
    `stored` are the drugs that the stored report counts; they are named where they act on an ordered drug that the
    report says nothing about.
    """
    ordered, known = dict.fromkeys(drugs), (*stored.taken, *stored.planned)
    new = [name for name in ordered if name not in known]
    together = {*ordered, *known}
    if not new or len(together) == 1:
        return {}
    acting = shown.lexicon.acting(together)
    advised = {drug.name: drug for drug in shown.drugs}
    found = {}
    for drug in dict.fromkeys([*ordered, *sorted(known)]):
        counted = drug in advised or drug in known
        agents = [
            replace(one, phase="current") if one.agent in stored.taken else one
            for one, markedly in acting.get(drug, ())
            if (one.agent in new or not counted)
            and (markedly or (drug in advised and _stands_against(advised[drug], one)))
        ]
        if agents:
            against = shown.lexicon.ruled_out_together(together).get(drug, ())
            dosed_by = shown.lexicon.by_label(drug)
            names = dict.fromkeys(one.agent for one in agents)
            planned = [name for name in names if name not in stored.taken]
            idle = not_started(drug, names, planned, taken=drug in stored.taken)
            # Of several a label need not speak against each.
            told = idle if against and (idle == (drug,) or len(names) == 1) else ()
            found[drug] = _interaction(shown.sample, drug, phrase(agents, drug), against, told, dosed_by, instance)
    return found


def _stands_against(drug: Drug, acting: Acting) -> bool:
    """Whether the stored advice changes the dose against what an ordered drug does."""
    genes = {gene for row in drug.advice for gene in row.genes}
    return bool(_asked(drug) - {acting.asks_for}) and weighs(acting, genes, marked=False)


def _asked(drug: Drug) -> frozenset[str]:
    """Return which doses the stored advice asks for, now or later."""
    later = (Flag.parse(flag) for flag in drug.judgement.flags)
    doses = [dose_of(flag.arguments[0]) for flag in later if flag.code == FlagCode.THEN and flag.arguments]
    return frozenset().union(*(row.asks_for for row in drug.advice), *doses)


def loudest_first(listed: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return cards in the order of their indicators; equals stay as they stand."""
    return sorted(listed, key=lambda card: ("critical", "warning", "info").index(card["indicator"]))


def _interaction(
    sample: str, drug: str, told: str, against: Sequence[str], idle: Sequence[str], dosed_by: str, instance: str
) -> dict[str, Any]:
    label = "".join(f"**By a label:** {_plain(text)}\n\n" for text in against)
    label += f"**Not taken yet, and not to be started beside the other one:** {_plain(idle[0])}\n\n" if idle else ""
    return {
        "uuid": str(uuid.uuid5(_NAMESPACE, json.dumps([sample, drug, told, instance]))),
        "summary": _short(
            f"{drug}: {'a label speaks against it: ' if against else ''}{told}; the stored advice does not count that"
        ),
        "indicator": "critical" if against else "warning",
        "detail": f"{label}{_plain(told)}. The stored report was made without this order, so its advice on "
        f"{_plain(drug)} by the genes is not shown: {dosed_by}, and report anew with all drugs."
        f"\n\n*{NOTICE}*",
        "source": {"label": "Interactions, through pgx"},
    }


def of_nobody(problem: str, instance: str) -> dict[str, Any]:
    """Return the card for a request that does not say for certain whom it is about: it names and advises nobody.

    Without it, no card would read as "nothing to consider".
    """
    summary = "No pharmacogenomic advice: it is not certain which patient is meant"
    return {
        "uuid": str(uuid.uuid5(_NAMESPACE, json.dumps([instance, summary]))),
        "summary": summary,
        "indicator": "warning",
        "detail": f"Nothing stored was used, because {problem}. Check the patient, then look at the report itself."
        f"\n\n*{NOTICE}*",
        "source": {"label": "pgx"},
    }


def of_nothing(orders: Sequence[str], instance: str) -> dict[str, Any]:
    """Return the card for orders that name no drug, by what they say: silence would read as nothing to consider."""
    summary = "The ordered drug is not recognised: no pharmacogenomic advice"
    which = "An order" if len(orders) == 1 else f"{len(orders)} orders"
    return {
        "uuid": str(uuid.uuid5(_NAMESPACE, json.dumps([instance, summary]))),
        "summary": summary,
        "indicator": "info",
        "detail": f"{which} gave no drug by a known code or by name ({_plain(' | '.join(orders))}). Send the name, or "
        f"the code of the ingredient.\n\n*{NOTICE}*",
        "source": {"label": "pgx"},
    }


def of_allergy(drug: str, reasons: Iterable[str], instance: str, *, certain: bool) -> dict[str, Any]:
    """Return the card on a drug that a recorded allergy speaks against, whatever the genes."""
    summary = f"{drug}: a recorded allergy {'speaks' if certain else 'may speak'} against it"
    return {
        "uuid": str(uuid.uuid5(_NAMESPACE, json.dumps([instance, summary]))),
        "summary": _short(summary),
        "indicator": "critical" if certain else "warning",
        "detail": f"{_plain('; '.join(reasons))}. Look at the record before {_plain(drug)} is given.\n\n*{NOTICE}*",
        "source": {"label": "Recorded allergies, through pgx"},
        "overrideReasons": [{"code": code, "system": "pgx", "display": label} for code, label in _OVERRIDES[:2]],
    }


def of_untested(drugs: Iterable[str], lexicon: Lexicon, instance: str) -> list[dict[str, Any]]:
    """Return one card on a patient without a stored result, if one could speak against an ordered drug; else none."""
    names = [name for name in dict.fromkeys(drugs) if name in lexicon.avoidable_drugs]
    if not names:
        return []
    summary = f"No pharmacogenomic result is stored; it could speak against {', '.join(names)}"
    return [
        {
            "uuid": str(uuid.uuid5(_NAMESPACE, json.dumps([instance, summary]))),
            "summary": _short(summary),
            "indicator": "info",
            "detail": f"Some results of genes would mean to avoid or replace {_plain(', '.join(names))}. Nothing is "
            f"known of this patient's genes here: that is no normal result.\n\n*{NOTICE}*",
            "source": {"label": "pgx"},
        }
    ]


def _short(summary: str) -> str:
    return summary if len(summary) <= _SUMMARY else f"{summary[: _SUMMARY - 1]}…"


_OF_THE_PERSON = (NoteCode.SEX_MISMATCH, NoteCode.OUTSIDE_CONTRADICTS, NoteCode.RECORD_LOST, NoteCode.RECORD_UNMATCHED)
"""Codes of alerts of a report that put all of its advice in doubt, on drugs without a card too."""


def _doubtful(shown: View, alerts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    summary = "The stored result is in doubt: look at the report before it is used"
    said = "\n\n".join(_plain(str(note["message"])) for note in alerts)
    return {
        "uuid": str(uuid.uuid5(_NAMESPACE, json.dumps([shown.sample, summary, said]))),
        "summary": summary,
        "indicator": "warning",
        "detail": f"{said}\n\n*{NOTICE}*",
        "source": {"label": "Pharmacogenomic result, through pgx"},
    }


def _uncovered(shown: View, name: str) -> dict[str, Any]:
    summary = f"{name}: the stored result does not cover this drug"
    sentence = (
        f"Guidelines look at genes for {_plain(name)}, and the stored report was made without it: nothing is known."
    )
    return {
        "uuid": str(uuid.uuid5(_NAMESPACE, json.dumps([shown.sample, name, summary]))),
        "summary": _short(summary),
        "indicator": "info",
        "detail": f"{sentence} Reports made with `--drugs all` cover every drug.\n\n*{NOTICE}*",
        "source": {"label": "Pharmacogenomic result, through pgx"},
    }


def _card(shown: View, drug: Drug) -> dict[str, Any]:
    summary = f"{drug.name}: {drug.headline}"
    links = dict.fromkeys((advice.url, f"{advice.source} on {drug.name}") for advice in drug.advice if advice.url)
    deciding = drug.deciding
    card: dict[str, Any] = {
        "uuid": str(uuid.uuid5(_NAMESPACE, json.dumps([shown.sample, drug.name, summary]))),
        "summary": _short(summary),
        "indicator": INDICATORS.get(drug.urgency, "info"),
        "detail": "\n\n".join(_detail(shown, drug)),
        "source": {"label": f"{', '.join(drug.sources) or 'Pharmacogenomic result'}, through pgx"},
    }
    if deciding and deciding.url:
        card["source"]["url"] = deciding.url
    if links:
        card["links"] = [{"label": label, "url": url, "type": "absolute"} for url, label in links]
    if drug.urgency in ("avoid", "change_dose"):
        card["overrideReasons"] = [{"code": code, "system": "pgx", "display": label} for code, label in _OVERRIDES]
    return card


_OVERRIDES = (
    ("tolerated", "The patient tolerates the drug"),
    ("no-alternative", "There is no suitable alternative"),
    ("considered", "The result was considered in the dose"),
)


def _detail(shown: View, drug: Drug) -> Iterator[str]:
    if drug.reason:
        yield f"**Why:** {_plain(drug.reason)}"
    if drug.instead_said:
        yield f"**Instead:** {_plain(drug.instead_said)}"
    for advice in drug.limits:
        yield f"**{_plain(advice.source)}**{_validity(advice)}: {_plain(advice.text)}"
    for interaction in drug.interactions:
        yield f"**Interaction:** {_plain(interaction)}"
    part = " (by a part of the genes: no answer)" if drug.judgement.status == "not_judged" else ""
    for advice in drug.advice:
        if advice.text and advice.applies in ("yes", "if_population", "possible"):
            yield f"**{_plain(advice.source)}**{_validity(advice)}{part}: {_plain(advice.text)}"
    if drug.differences:
        yield f"**Sources differ:** {_plain(drug.differences)}"
    for caution in drug.cautions:
        yield f"**Uncertain:** {_plain(caution)}"
    for score in shown.scores:
        if score.drug == drug.name and not score.usable:
            yield f"**Score {_plain(score.endpoint)}:** {_plain(score.refusal)}"
    yield f"*{NOTICE}*"


def _validity(advice: Advice) -> str:
    if advice.unclear:
        shown = set(advice.unclear) - set(advice.refused)
        codes = [*(["advice"] if shown else []), *(["refused"] if advice.refused else [])]
        return f"{_stated(advice)} ({_plain('; '.join(words('unclear', code) for code in codes))})"
    return _stated(advice)


def _stated(advice: Advice) -> str:
    if advice.applies == "if_population" and advice.condition:
        return f" ({_plain(advice.condition)})"
    return f" ({_plain(words('applies', advice.applies))})" if advice.applies == "possible" else ""


def _plain(text: str) -> str:
    return text.translate(_MARKDOWN)
