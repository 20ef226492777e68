"""What a leaflet says of several medicines alike: each sentence stands once, with the medicines that it is about."""

from __future__ import annotations

from collections.abc import Sequence

from pgx.codes import FlagCode
from pgx.judgement.decide import CHANGES
from pgx.judgement.read_back import counted_beside, stopped_of
from pgx.reports.page.build import Advice, Drug
from pgx.reports.page.wording import clean, words

_HALF = -50.0
"""Change of dose in percent below which more than twice the advised dose is taken now."""


def asks_today(drug: Drug) -> bool:
    """Return whether the person is to ask before the next dose: it is ruled out, or over twice any dose advised."""
    if drug.medication != "current" or drug.urgency not in CHANGES:
        return False
    bounds = [float(bound) for bound in (drug.judgement.dose_change or "").split("..") if bound]
    return drug.urgency == CHANGES[0] or max(bounds, default=0.0) < _HALF


def another_decides(drug: Drug) -> bool:
    """Return whether another medicine plays a part in what is said.

    None does where a label or an allergy rules out what is not taken yet: without the others the same would be said.
    """
    by_itself = drug.ruled_out and drug.urgency == "avoid" and not drug.ruled_out.acting
    return bool(drug.causes or (drug.linked and not (by_itself and drug.medication != "current")))


def notes_of(drug: Drug) -> list[str]:
    """Return the codes (words of the kind ``leaflet``) of what a leaflet says below a medicine."""
    said = {
        "today": asks_today(drug),
        "linked": another_decides(drug),
        "local": drug.local,
        "unsure": bool(drug.cautions),
        "differ": bool(drug.differences),
    }
    return [code for code, holds in said.items() if holds]


def own_notes(drug: Drug, others: Sequence[Drug]) -> list[str]:
    """Return what is said below a medicine and of none of those that are listed with it."""
    alone = [code for code in notes_of(drug) if sum(code in notes_of(one) for one in others) == 1]
    return [words("leaflet", code) for code in alone]


def shared_notes(drugs: Sequence[Drug]) -> list[tuple[str, list[str]]]:
    """Return what is said of several of the medicines of a list, each once, with their names."""
    by_code: dict[str, list[str]] = {}
    for drug in drugs:
        for code in notes_of(drug):
            by_code.setdefault(code, []).append(drug.name)
    order = list(dict.fromkeys(code for drug in drugs for code in notes_of(drug)))
    return [(words("leaflet", code, plain=True), by_code[code]) for code in order if len(by_code[code]) > 1]


def for_itself(drug: Drug, limit: Advice) -> str:
    """Say what rules a medicine out without the others, beside which a label does so as well; mostly empty."""
    itself = limit.alone_among(drug.limits)
    if itself is None:
        return ""
    allergies = "; ".join(dict.fromkeys(one.plain for one in drug.allergic))
    why = f": {allergies}" if itself.has(FlagCode.ALLERGY) and allergies else f" {itself.plain_condition}"
    return f"; without that as well, it {words('action', itself.action_code, plain=True)}{why}"


def dose_without(agents: Sequence[str]) -> str:
    """Say that medicines by which a dose goes are not for the person either; empty where there are none."""
    if not agents:
        return ""
    are, it = ("is", "it") if len(agents) == 1 else ("are", "them")
    return f"; {' and '.join(agents)} {are} not recommended for you: ask about the dose of this one without {it}"


def still_works(drug: Drug) -> str:
    """Say until when medicines that were stopped still act on this one; empty where none does, or that is said."""
    counted = counted_beside(drug.judgement)
    return "".join(
        f"; {clean(agent)}, which you have stopped, still works on it until about {clean(day)}"
        for agent, day in stopped_of(drug.judgement).items()
        if agent not in counted
    )
