"""What a judgement says beside its action, in words: later changes, doses in numbers, causes, other drugs."""

from __future__ import annotations

from collections.abc import Sequence

from pgx.codes import FlagCode
from pgx.judgement import Judgement
from pgx.reports.page import wording
from pgx.reports.page.advice import Advice
from pgx.reports.page.lexicon import Lexicon
from pgx.reports.page.wording import clean, words

_FACTORS = {"-50": "halve the dose", "100": "double the dose"}


def later(judgement: Judgement, lexicon: Lexicon) -> str:
    """Return what is done later, or under a condition that only treatment shows; mostly empty."""
    phrases = []
    for _, action, change, when in _flags(judgement, "then", 4):
        phrase = _FACTORS.get(change) or words("action", action) + (f" ({wording.dose(change)})" if change else "")
        phrases.append(lexicon.when(when, phrase, judgement.drug))
    return "; ".join(dict.fromkeys(phrases))


def doses(judgement: Judgement, lexicon: Lexicon) -> str:
    """Return doses in numbers: ``at most 20 mg/day``; mostly empty."""
    phrases = []
    for kind in ("dose", "at_most"):
        for _, dose, unit in _flags(judgement, kind, 3):
            phrase = lexicon.dose(dose, unit)
            phrases.append(phrase if kind == "dose" or phrase.startswith("less") else f"at most {phrase}")
    return " or ".join(dict.fromkeys(phrases))


def headline_of(headline: str, judgement: Judgement, lexicon: Lexicon) -> str:
    """Return the headline with its causes before it, and doses and later changes behind it."""
    for _, when in _flags(judgement, "condition_met", 2):
        change = judgement.dose_change or ""
        factor = _FACTORS.get(change)
        phrase = f"{factor} ({wording.dose(change)})" if factor else headline
        headline = lexicon.when_met(when, phrase, judgement.drug)
    dose, then = doses(judgement, lexicon), later(judgement, lexicon)
    if dose and then and judgement.urgency == "avoid":
        headline = f"{headline}; {then}, {dose}"
    else:
        headline = words_with(headline, judgement, dose)
        headline = f"{headline}; {then}" if then else headline
    causes = _flags(judgement, "cause", 4)
    if causes:
        agents = " and ".join(dict.fromkeys(clean(agent) for _, agent, _, _ in causes))
        alone = " or ".join(dict.fromkeys(words("action", action) for *_, action in causes))
        return f"change {agents} first, if that is possible (without it: {alone}); otherwise {headline}"
    harmed = _flags(judgement, "causes", 3)
    if harmed:
        told = " and ".join(dict.fromkeys(f"{clean(drug)} (through {clean(gene)})" for _, drug, gene in harmed))
        return f"change this one first, if that is possible: it acts on {told}; for itself: {headline}"
    return headline


def words_with(headline: str, judgement: Judgement, dose: str) -> str:
    """Return a headline with a dose; beside an action that is no change of dose it is for who takes the drug anyway."""
    if not dose:
        return headline
    return f"{headline}; if it is used all the same, {dose}" if judgement.urgency == "avoid" else f"{headline}, {dose}"


def set_aside(judgement: Judgement, rows: Sequence[Advice]) -> str:
    """Return what sources say of a first treatment, where that is behind the person; mostly empty."""
    if not _flags(judgement, "set_aside", 2):
        return ""
    sources: dict[str, list[str]] = {}
    for row in rows:
        if row.has(FlagCode.SET_ASIDE):
            sources.setdefault(row.action, []).append(row.source)
    return "; ".join(f"{action} ({', '.join(dict.fromkeys(names))})" for action, names in sources.items())


def not_fitting(judgement: Judgement) -> str:
    """Return which drugs the sources name that do not fit the person, and why; mostly empty."""
    found = _flags(judgement, "alternative_ruled_out", 3)
    return ", ".join(f"{clean(drug)} ({words('unfit', why)})" for _, drug, why in found)


def _flags(judgement: Judgement, code: str, parts: int) -> list[list[str]]:
    split = (flag.split(":", parts - 1) for flag in judgement.flags)
    return [part for part in split if part[0] == code and len(part) == parts]
