"""Lists in flat files: drugs, conditions and allergies by name or code."""

from __future__ import annotations

import re
from datetime import date, timedelta

from pgx.clinical.allergies import NONE as NO_ALLERGY
from pgx.clinical.numerals import without_amount
from pgx.clinical.statements import Events
from pgx.clinical.status_words import (
    NO_ENTRY,
    Said,
    begins_denied,
    begins_unsure,
    condition_status,
    entry_answer,
    of_family,
    phrase_status,
)
from pgx.clinical.vocabulary import system_name
from pgx.guard.limits import LIST, NAME
from pgx.knowledge.condition_grades import GRADE, grades_in
from pgx.knowledge.drug_entries import AGO, days_ago

_STATUS = re.compile(r"\((current|planned|stopped)(?:\s+([0-9]{4}-[0-9]{2}-[0-9]{2}))?\)$", re.IGNORECASE)
_CODED = re.compile(r"^(icd-?10(?:-?cm)?|snomed|sct|loinc|hp|mondo)\s*[:|]\s*(\S+)$", re.IGNORECASE)
_BARE_ICD = re.compile(r"^[A-TV-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{1,4})?$")
_CERTAIN = re.compile(
    r"^(?:ICD-?10(?:-?GM)?\s*[:|]\s*)?([A-TV-Z]\d\d(?:\.?\d{1,2})?(?:[*+!-]\s?|\s)?|[A-TV-Z]\d\d\.?\d{3}\s)([GVAZ])$"
)
CERTAINTY = {"G": "confirmed", "V": "suspected", "A": "excluded", "Z": "resolved"}
"""A code of ICD-10-GM with its letter: certain, suspected, excluded, or over (Zustand nach). A letter right behind six
characters is the seventh of ICD-10-CM, which tells the encounter."""
_SINCE = re.compile(r"^(?:now |since )|(?: (?:in |since )?\d{4}(?:-\d\d){0,2})?\.?$", re.IGNORECASE)
"""What stands around the words of a status."""
_YEAR = r"(?: (?:in |since )?\d{4}(?:-\d\d){0,2})?"
_DAY = r"\d{4}(?:-\d\d){0,2}"
_WHEN = re.compile(
    rf"[ ,(]+(?:(?:about |~ ?|ca\.? )?(?P<ago>{AGO.pattern})|(?:in |on |since |of )?(?P<on>{_DAY}))\)?$",
    re.IGNORECASE,
)
"""When something happened, behind its name."""
_PAST = (
    re.compile(rf"(?P<name>.+?)[ ,]*\((?:resolved|inactive|cured|healed|over|past|previous|history){_YEAR}\)", re.I),
    re.compile(rf"(?P<name>.+?),? (?:resolved|in (?:the )?(?:history|past)){_YEAR}", re.I),
    re.compile(
        r"(?:(?:(?:past )?history of|h/o|hx(?: of)?|status post|s/p|st\.? ?p\.?|past|previous|prior|zustand nach|"
        r"z\. ?n\.?|zn|[ée]tat apr[èe]s|ant[ée]c[ée]dents? d[e'’]|antecedentes? de) |z\.n\.)\s*(?P<name>.+)",
        re.I,
    ),
)
"""How words say that somebody had a condition: nothing else stands beside its name."""
_COURSE = re.compile(
    rf"^(?:(?:{GRADE}|chronic|known|persistent|intermittent|recurrent|stable|symptomatic|"
    rf"bekannte[rs]?|chronische[rs]?),? )+|(?:[ ,(]+{GRADE}\)?)+$",
    re.IGNORECASE,
)
"""What tells the course of a condition that somebody has, around its name."""
NONE = (
    *("none", "no", "nil", "[]", "kein", "keine", "keiner", "keines", "aucun", "aucune", "néant", "ninguno", "ninguna"),
    *("nessuno", "nessuna", "geen"),
)
UNKNOWN = (
    *("unknown", "not known", "not recorded", "not stated", "missing", "na", "n/a", "nan", "null", "?", "-"),
    *("unbekannt", "nicht bekannt", "keine angabe", "inconnu", "inconnue", "desconocido", "desconocida", "sconosciuto"),
)
"""What says of a whole list that nothing is known of it."""
_NOTHING = {
    "current": "no drug is taken",
    "planned": "no drug is planned",
    "stopped": "no drug was stopped",
    "condition": "no condition",
    "allergy": "no known allergy",
}
"""What a list that holds nothing says, as `check` shows it."""


def add_list(events: Events, person: str | None, kind: str, items: list[str], where: str, day: date | None) -> None:
    """Add the items of one list.

    `kind` is condition, allergy, or the status of drugs: current, planned or stopped. A list of current
    drugs that holds nothing, or ``none``, says that no drug is taken; a list of planned drugs says nothing of that,
    nor does one that is ``unknown``.

    Raises
    ------
    InputError
        If it is longer than any list of a person: a packed file of a few bytes may hold millions of names.
    """
    if len(items) == 1 and items[0].lower().strip(" .") in UNKNOWN:
        return
    if kind == "current":
        events.observe(person, "medication_list", answer="given", day=day, where=where)
    if len(items) <= LIST.most:
        items = [part for joined in items for part in _commas(events, kind, joined)]
    if len(items) > LIST.most:
        raise LIST.refused(events.file, where)
    if kind != "allergy":
        items = _with_remarks(events, items, kind)
    nothing = (*NONE, *(NO_ALLERGY if kind == "allergy" else ()))
    none = [one for one in items if one.lower().strip(" .") in nothing]
    if len(none) == len(items):
        for one in none[:1]:
            events.count(events.understood, one, _NOTHING[kind], where)
        return
    if none:
        message = f"{none[0]!r} stands beside others in a list and is not used: {'; '.join(items)[:80]}"
        events.problem(person, "warning", "none_and_others", message, where)
        items = [one for one in items if one not in none]
    for item in items:
        if kind == "condition":
            add_condition(events, person, item, where, day)
        elif kind == "allergy":
            events.allergic(person, item, day=day, where=where)
        else:
            marked = _STATUS.search(item.rstrip())
            name = item[: marked.start()].rstrip() if marked else item
            status = marked[1].lower() if marked else kind
            on = events.day(person, marked[2], where) if marked and marked[2] else None
            end, start = (on, None) if status == "stopped" else (None, on)
            events.medicate(person, name, status=status, start=start, end=end, where=where)


def add_undated(events: Events, person: str | None, kind: str, items: list[str], where: str) -> None:
    """Take a list of a day that nobody can read: an allergy stands on any day; of anything else the names are told."""
    if kind == "allergy":
        add_list(events, person, kind, items, where, None)
        return
    if not items or all(one.lower().strip(" .") in (*NONE, *UNKNOWN) for one in items):
        return
    code = "condition_unknown" if kind == "condition" else "bad_date"
    message = f"{'; '.join(items)[:200]}: not used, as nobody can tell of which day the list is; correct its date"
    events.problem(
        person, "error", code, message, where, "; ".join(items)[:80] if kind == "condition" else "medications"
    )
    for item in items if kind == "current" else ():
        events.unread(person, where, item)


def _with_remarks(events: Events, items: list[str], kind: str) -> list[str]:
    """Put a remark that a separator cut off (``paroxetine; stopped``) back behind its drug or condition."""
    found: list[str] = []
    for item in items:
        remark = _is_status(item) if kind == "condition" else _is_remark(events, item)
        if found and remark and item.lower() not in NONE:
            found[-1] = f"{found[-1]} ({item.strip('()')})"
        else:
            found.append(item)
    return found


_NO_NAME = re.compile(
    r"(?:(?:(?:severe |known |past |previous |prior )?(?:history of|h/o|hx of)|severe|known|currently|now|recently|"
    r"temporarily|self|patient|pt|has|have|was|were|is|been|to be|since|aktuell|derzeit|"
    r"zurzeit|wurde|ist|seit|actuellement|est|a été|actualmente)\b[\s,-]*)*",
    re.IGNORECASE,
)


def _is_remark(events: Events, item: str) -> bool:
    """Whether an item says whether the drug before it is taken, and names none itself: known here or not."""
    entry = events.drugs.entry(item)
    if entry.meaning is None or events.drugs.inside(item) or events.drugs.find(entry.name).drugs:
        return False
    begin = _NO_NAME.match(item.strip(" (["))
    behind = item.strip(" ([")[begin.end() if begin else 0 :].lower()
    return not entry.name or entry.remark is None or behind.startswith(entry.remark.lower().strip(" (["))


def _is_status(item: str) -> bool:
    """Whether an item is none of its own, but says that the condition before it is not there, or nobody knows."""
    words = _SINCE.sub("", item.strip("()"))
    return words.lower() == "history" or phrase_status(words) not in (None, Said.THERE, Said.CONFIRMED)


def _commas(events: Events, kind: str, item: str) -> list[str]:
    """Split at commas as well, unless the comma belongs to a name (``ace inhibitors, plain``).

    The part behind a comma may say how the drug before it is taken (``50 mg, at night``): it stays with that drug.
    """
    if snomed := re.match(r"(\d{6,18})\s*\|", item):  # the code says what it is: its name may leave "in the family" out
        return [f"SNOMED:{snomed[1]}"]
    if re.search(r"[,|\n]", item) is None or (
        named_condition(events, item) if kind == "condition" else events.drugs.is_name(item)
    ):
        return [item]
    parts: list[str] = []
    for part in (one.strip() for one in re.split(r"[,|\n]", item)):
        if kind != "condition" and parts and not events.drugs.names_something(part):
            parts[-1] = f"{parts[-1]}, {part}" if part else parts[-1]
        elif kind != "condition" and parts and events.drugs.is_name(f"{parts[-1]} {part}"):
            parts[-1] = f"{parts[-1]} {part}"
        elif part:
            parts.append(part)
    return parts


def named_condition(events: Events, text: str) -> str | None:
    """Return the condition that words name, whatever course of it they tell; None where they name none.

    One that somebody had counts if it is of the kind that counts on (``when_over``); what is over is not told here.
    """
    words = events.vocabulary.column
    text = text if words(text) else events.vocabulary.grades.take_out(text)[0]
    past = (form.fullmatch(text.strip()) for form in _PAST if len(text) <= NAME.most)
    had = [heading for one in past if one and (heading := words(one["name"]) or words(_WHEN.sub("", one["name"])))]
    if (when := _WHEN.search(text)) and (heading := words(_COURSE.sub("", text[: when.start()]))):
        had.append(heading)
    of_old = next((one for one in had if events.vocabulary.concepts[one.concept].happened), None)
    if when and had and "since" in when[0].lower():
        of_old = had[-1]
    heading = words(text) or of_old or words(_COURSE.sub("", text))
    return heading.concept if heading and events.vocabulary.concepts[heading.concept].kind == "boolean" else None


def read_grades(
    events: Events, person: str | None, text: str, condition: str | None, where: str | None
) -> tuple[tuple[str, str | None], ...]:
    """Return what the grades beside a condition's name answer, as `graded` does; note those that are read past."""
    found, unused = graded(events, text, condition)
    for word, severity in unused:
        about = (condition or "words that are not understood").replace("_", " ")
        why = "nothing here asks how severe it is" if severity == "info" else "which class it is now cannot be told"
        message = f"{word!r} beside {about} is not used: {why}"
        events.problem(person, severity, "grade_not_used", message, where, condition or text[:80])
    return found


def read_stage(
    events: Events, person: str | None, text: str, condition: str | None, where: str | None
) -> tuple[tuple[str, str | None], ...]:
    """Return what a stage or severity that stands apart from its condition answers; note it if that is nothing.

    It may be a word (``severe``), a class (``NYHA III``), or the condition once more (``Stage 4 kidney disease``).
    """
    alone = condition is not None and named_condition(events, text) == condition
    written = text if alone else f"{(condition or '').replace('_', ' ')} ({text})"
    found, unused = graded(events, written, condition)
    if found or unused:
        return read_grades(events, person, written, condition, where)
    if condition is not None:  # of a condition that is not known, that is said of the condition itself
        about = condition.replace("_", " ")
        message = f"the stage {text[:80]!r} of {about} is not understood and not used"
        events.problem(person, "warning", "grade_not_used", message, where, condition)
    return ()


def graded(
    events: Events, text: str, condition: str | None
) -> tuple[tuple[tuple[str, str | None], ...], list[tuple[str, str]]]:
    """Return what the grades in a text answer, and those that are read past, with the severity of that.

    A grade counts beside a `condition` that is known, or where nothing else stands in the text; one of the past
    does not.
    """
    words, grades = events.vocabulary.column, events.vocabulary.grades
    if condition and words(text):
        return (), []
    rest, scaled = grades.take_out(text)
    if rest and condition is None:
        return (), [(one.written, "warning") for one in scaled]
    past = any(form.fullmatch(rest) for form in _PAST)
    found: list[tuple[str, str | None]] = [(one.concept, one.answer) for one in scaled if one.answer and not past]
    unused = [(one.written, "warning") for one in scaled if past or not one.answer]
    around = [] if words(rest) else [match[0] for match in _COURSE.finditer(_WHEN.sub("", rest))]
    for word in (word for part in around for word in grades_in(part)):
        meanings = grades.meanings(condition or "", word)
        sure = next(iter(meanings)) if len(meanings) == 1 else None
        if sure and not past:
            found += [sure] if sure[0] != condition else []
        else:
            unused.append((word, "info" if meanings == {None} or past else "warning"))
    return tuple(found), unused


def _since(events: Events, text: str, now: date | None) -> date | None:
    """Return the day on which something happened, if an entry written `now` says it."""
    when = _WHEN.search(text)
    if when is None or when["on"]:
        full = when and len(when["on"]) == len("2026-01-01")
        return events.day(None, when["on"], None) if when and full else None
    return now - timedelta(days=days_ago(when["ago"]) or 0) if now else None


_TREATED = re.compile(r"\s(?:on|treated with|under|unter|sous|mit|con|met)\s\S.*$", re.IGNORECASE)
"""What somebody takes for a condition, behind its name: ``T2DM on metformin``."""


def _named_at_all(events: Events, text: str) -> str | None:
    """Return the condition that a text names, read past how long it lasts or what is taken for it."""
    if meant := named_condition(events, text):
        return meant
    shorter = _TREATED.sub("", without_amount(text))
    if shorter == text or "?" in text or begins_unsure(text) or begins_denied(text) or of_family(text):
        return None
    return named_condition(events, shorter)


def add_condition(
    events: Events,
    person: str | None,
    text: str,
    where: str | None,
    day: date | None,
    status: str = "",
    *,
    end: date | None = None,
    onset: date | None = None,
    label: str = "",
) -> bool:
    """Add a condition by name or code, with what its `status` says of it; tell whether it is known.

    `day` is the day of the entry, `onset` the one on which it began, if that is said; `label` is what stands beside a
    code, by which one that is not known is told. A code is ``ICD10:E11.9``,
    ``SNOMED:44054006``, or a bare ICD-10 code.
    """
    text = " ".join(text.split())
    if certain := _CERTAIN.match(text):
        status, text = f"{status}; {CERTAINTY[certain[2]]}".strip("; "), certain[1].strip(" *+!-")
    said = condition_status(status)
    if said in NO_ENTRY:
        events.not_understood("condition", "", "", f"{text} ({status})", where)
        return False
    coded = _CODED.match(text)
    named = events.vocabulary.column(text)  # a name goes before a code: T2DM looks like one of ICD-10
    system, code = ("ICD10", text) if _BARE_ICD.match(text) and named is None else ("text", text)
    if coded:
        system = system_name(coded[1])
        code = f"{coded[1].upper()}:{coded[2]}" if system in ("HPO", "MONDO") else coded[2]
    meant = _named_at_all(events, text) if system == "text" else None
    pairs = ((meant, None),) if meant else events.vocabulary.code(system, code)
    grades = () if coded else read_grades(events, person, text, meant, where)
    onset = onset or (_since(events, text, day or events.dates.get(person)) if meant else None)
    if "?" in text or (not pairs and begins_unsure(text)):  # a suspicion is not a diagnosis
        message = f"condition {text!r} is put as a question or a suspicion and not used"
        events.problem(person, "warning", "condition_unknown", message, where, text)
        events.not_understood("condition", "", "", text, where)
        return False
    pairs = (*pairs, *grades)
    if not pairs and system == "text" and not events.vocabulary.grades.take_out(text)[1] and begins_denied(text):
        events.not_understood("condition", "", "", f"{text} (denied)", where)
        return False
    for concept, known in pairs:
        condition = events.vocabulary.concepts[concept]
        answer = entry_answer(condition, said, ends=end is not None)
        if not known or answer == "yes":
            last = condition.last_day(onset, end)
            events.observe(
                person, concept, answer=known or answer, day=onset or day, end=last, where=where, written=text
            )
    if not pairs:
        close = [] if label else events.vocabulary.suggest(text)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        strange = bool(label) and named_condition(events, label) is not None
        message = f"condition {(label or text)!r} is not one that the product uses{hint}"
        if strange:
            message = f"condition {label!r} is not used: its code {text} is not known here; check it"
        events.problem(
            person, "warning" if close or strange else "info", "condition_unknown", message, where, label or text
        )
        events.not_understood(
            "condition", "" if system == "text" else system, "" if system == "text" else code, label or text, where
        )
    return bool(pairs)
