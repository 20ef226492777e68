"""Whom the page is about and what was tested: the first lines of every page."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from pgx.assertion import NOT_CALLED
from pgx.codes import FlagCode, NoteCode
from pgx.knowledge.acting import PLANNED
from pgx.reports.page import wording
from pgx.reports.page.advice import Row
from pgx.reports.page.cells import codes_of
from pgx.reports.page.lexicon import Lexicon
from pgx.reports.page.model import Gene
from pgx.reports.page.wording import clean, humanise, number
from pgx.types import CONFIGURED

_ALWAYS = ("age", "sex", "weight", "egfr")
"""Concepts of which it is said that they are not on record."""
_YEARS = "a"
_DAYS_A_YEAR = 365.25
_DAYS_TOLD, _MONTHS_TOLD = 62, 24
"""Below these an age is told in days, and in months."""
_ROUNDING = 1e-6
"""Years that were worked out from months may lie this much below the whole number."""
_NAMED = 12
"""Of more conditions than these that are not read, the rest is counted."""


def who(clinical: Sequence[Row], lexicon: Lexicon) -> tuple[tuple[str, str], ...]:
    """Return (label, value) of what a reader checks first: age, sex, organ functions, conditions, allergies.

    Parameters
    ----------
    clinical
        The person's rows of `pgx.schema.CLINICAL`.
    lexicon
        Words for the codes.
    """
    now = today(clinical, ())
    current = [row for row in clinical if not _is_over(row, now, lexicon.window_days(str(row["concept"])))]
    newest = {str(row["concept"]): row for row in sorted(current, key=_day)}
    shown = {code: words for (kind, code), (words, _) in wording.table().items() if kind == "who"}
    told = {concept: value(newest[concept]) for concept in shown if concept in newest}
    ages = [newest[one]["value"] for one in ("age", "age_margin") if one in newest]
    years = [float(str(one)) for one in ages if one is not None]
    if len(years) == 2 and sum(years) <= 1:
        told["age"] = "below 1 year"
    lines = [(shown[concept], words) for concept, words in told.items()]
    conditions = [
        lexicon.feature(f"condition.{name}")
        for name, row in newest.items()
        if row["code"] == "yes" and _is_condition(name, lexicon)
    ]
    lines += [("conditions", ", ".join(sorted(conditions)))] if conditions else []
    allergies = _allergies(clinical)
    lines += [("allergies", ", ".join(allergies))] if allergies else []
    missing = [shown[concept] for concept in _ALWAYS if concept not in newest]
    lines += [("not on record", ", ".join(missing))] if missing else []
    day = newest.get("as_of", {}).get("code")
    return (*lines, *((("as of", _text(day)),) if day else ()))


def not_read(notes: Iterable[Row]) -> tuple[tuple[str, str], ...]:
    """Return (label, names) of the conditions of the record that mean nothing to the product."""
    named = (_text(note["subject"]) for note in notes if note["code"] == NoteCode.CONDITION_UNKNOWN)
    found = list(dict.fromkeys(filter(None, named)))
    more = len(found) - _NAMED
    listed = ", ".join(found[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    return (("conditions not read", listed),) if found else ()


def newest(rows: Iterable[Row]) -> dict[str, str]:
    """Return concept -> the newest of its values, with its day: ``11 U/g Hb (2026-10-12)``."""
    last = {str(row["concept"]): row for row in sorted(rows, key=_day)}
    return {name: f"{value(row)}{f' ({_day(row)})' if _day(row) else ''}" for name, row in last.items()}


def today(clinical: Sequence[Row], medications: Sequence[Row]) -> date | None:
    """Return the day that counts as now: the one that was stated, or else the newest of the record."""
    stated = [str(row["code"]) for row in clinical if row["concept"] == "as_of" and row["code"]]
    begun = [row["start"] for row in medications if row["status"] != PLANNED]
    days = stated or [str(day) for day in (*(row["date"] for row in clinical), *begun) if day]
    return date.fromisoformat(max(days)[:10]) if days else None


def tolerated(clinical: Sequence[Row], medications: Sequence[Row], lexicon: Lexicon) -> frozenset[str]:
    """Return the drugs with advice for a first treatment only that were taken for longer, without a reaction."""
    now = today(clinical, medications)
    allergies = [str(row["code"]) for row in clinical if row["concept"] == "allergy"]
    long = set()
    for row in medications:
        name, start = str(row["drug"]), row["start"]
        first = lexicon.first_treatment_of(name) if row["status"] == "current" else None
        if now and first is not None and isinstance(start, date) and start + first <= now:
            long.add(name)
    return frozenset(name for name in long if not lexicon.against(allergies, name))


def site(provenance: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return (label, names) of tables and options that a site set: any of them may change what the page says.

    Examples
    --------
    >>> site([("pgx", "1.0"), ("knowledge", "2026.12.0+ward7+clinic")])
    (('knowledge also of', 'ward7, clinic'),)
    """
    told = dict(provenance)
    laid = told.get("knowledge", "").split("+")[1:]
    configured = told.get(CONFIGURED.replace("_", " "))
    return (
        *([("knowledge also of", clean(", ".join(laid)))] if laid else []),
        *([("set by a configuration file", configured)] if configured else []),
    )


def tested(genes: Iterable[Gene], needed: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return (label, genes) of those that speak of the person's drugs: called, assumed in part, refused, not tested.

    Parameters
    ----------
    genes
        All of the person's.
    needed
        Names of those that were not tested and that could change something, the gravest first.
    """
    asked = [gene for gene in genes if gene.has_guidance]
    unusable = [gene.name for gene in asked if _is_refused(gene)]
    known = [gene for gene in asked if gene.status != NOT_CALLED and not _is_refused(gene)]
    assumed = [gene.name for gene in known if gene.positions_assumed]
    called = [gene.name for gene in known if not gene.positions_assumed]
    unknown = [gene.name for gene in asked if gene.status == NOT_CALLED and not _is_refused(gene)]
    ordered = [name for name in needed if name in unknown]
    lines = (
        ("tested", called),
        ("tested in part, the rest assumed", assumed),
        ("result sent, not usable", unusable),
        ("not tested", [*ordered, *(name for name in unknown if name not in ordered)]),
    )
    return tuple((label, ", ".join(map(wording.gene, names))) for label, names in lines if names)


def _is_refused(gene: Gene) -> bool:
    """Return whether a laboratory's result could not be used, and the file says nothing of its own in its place."""
    of_file = gene.status not in (NOT_CALLED, "outside")
    return not of_file and FlagCode.OUTSIDE_REFUSED in codes_of(gene.row["flags"])


def lacking(gene: str, refused: Collection[str]) -> str:
    """Return what a gene that is needed has in the place of a result."""
    return "No usable result but needed" if gene in refused else "Not tested but needed"


def age(years: float) -> str:
    """Return an age as it is said at a bedside: completed years, below two years months, in the first weeks days.

    Examples
    --------
    >>> [age(58.9), age(1), age(0.586), age(22 / 365.25)]
    ['58 years', '12 months', '7 months', '22 days']
    """
    days, months = round(years * _DAYS_A_YEAR), int(years * 12 + _ROUNDING)
    if days < _DAYS_TOLD:
        return f"{days} day" if days == 1 else f"{days} days"
    return f"{int(years + _ROUNDING)} years" if months >= _MONTHS_TOLD else f"{months} months"


def _allergies(clinical: Sequence[Row]) -> list[str]:
    """Return what the person is allergic to, each with the reactions that are on record."""
    reactions: dict[str, dict[str, None]] = {}
    for row in clinical:
        if row["concept"] == "allergy" and row["code"]:
            told = reactions.setdefault(humanise(_text(row["code"])), {})
            told |= dict.fromkeys(filter(None, [_text(row.get("reaction"))]))
    return [f"{name} ({', '.join(told)})" if told else name for name, told in sorted(reactions.items())]


def _is_condition(concept: str, lexicon: Lexicon) -> bool:
    return lexicon.is_condition(concept) and ("who", concept) not in wording.table()


def _is_over(row: Row, now: date | None, window_days: int | None) -> bool:
    """Return whether a state (a pregnancy, a class of a condition) ended before now, or was told too long ago."""
    if window_days is None or now is None or row["code"] is None or row["value"] is not None:
        return False
    begun, ended = row["date"], row["end_date"]
    if isinstance(ended, date) and ended < now:
        return True
    return isinstance(begun, date) and not isinstance(ended, date) and (now - begun).days > window_days


def _day(row: Row) -> str:
    return str(row["date"] or "")


def value(row: Row, digits: int = 3) -> str:
    """Return the value of a row of `pgx.schema.CLINICAL` in words: a number with its unit, an age, or a code."""
    given = row["value"]
    unit = wording.words("unit", _text(row["unit"])) if row["unit"] else ""
    if isinstance(given, int | float):
        if row["unit"] == _YEARS:
            return age(float(given))
        return f"{number(float(given), digits)} {unit}".strip()
    return f"{humanise(_text(row['code']))} {unit}".strip()  # a bound has a unit as well


def _text(value: object) -> str:
    return "" if value is None else clean(str(value))
