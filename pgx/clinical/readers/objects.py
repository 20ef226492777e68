"""Flat JSON: one object a person, or a list of them; keys as the columns of `pgx.clinical.readers.flat`.

A value may be plain, an object with ``value``, ``unit`` and ``date``, or a list of either (a series).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from pgx.clinical.dates import BadDateError, is_open, read_date
from pgx.clinical.readers.flat import DATES_ONLY, GROUPS, NOW, Layout, lay_out, meaning_of
from pgx.clinical.readers.json_access import parse
from pgx.clinical.readers.lists import add_condition, add_list, add_undated
from pgx.clinical.readers.long_tables import ABOUT_DRUGS, ABOUT_ENTRIES
from pgx.clinical.readers.rows import DIFFER, read_death, said_together
from pgx.clinical.statements import Events
from pgx.clinical.status_words import STATUSES, Said, allergy_gone, condition_status
from pgx.clinical.vocabulary import column_name
from pgx.errors import InputError
from pgx.knowledge.acting import PLANNED


def read_json(events: Events, data: bytes) -> None:
    """Read one person (an object) or several (a list of objects).

    Raises
    ------
    InputError
        If it is not JSON, or not of that form.
    """
    read_objects(events, load_json(events.file, data))


def load_json(file: str, data: bytes) -> object:
    """Parse JSON.

    Raises
    ------
    InputError
        If it is not JSON, with line and column.
    """
    try:
        return parse(data)
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 text (byte {error.start})", file=file, fix="save it as UTF-8") from None
    except json.JSONDecodeError as error:
        raise InputError(
            f"not JSON: {error.msg}", file=file, where=f"line {error.lineno} column {error.colno}"
        ) from None
    except ValueError as error:
        raise InputError(f"not usable JSON: {error}", file=file) from None


def read_objects(events: Events, content: object) -> None:
    """Take one person or a list of persons, as parsed from JSON."""
    people = content if isinstance(content, list) else [content]
    events.flat = True
    if not people:
        raise InputError("no person", file=events.file)
    several = len(people) > 1
    seen: set[str | None] = set()
    for index, one in enumerate(people, start=1):
        place = f"person {index}" if several else ""
        try:
            _person(events, one, place, seen)
        except _RowError as error:
            if not several:
                raise InputError(error.problem, file=events.file, where=error.where, fix=error.fix) from None
            events.problem(None, "error", "bad_row", f"the person is not used: {error.problem}", error.where)
    if not events.people:
        raise InputError(f"none of the {len(people)} persons can be used", file=events.file, where="person 1")


class _RowError(InputError):
    """What is wrong with one person, and leaves the others intact."""


def _person(events: Events, one: object, place: str, seen: set[str | None]) -> None:
    if not isinstance(one, Mapping):
        raise _RowError(f"expected an object with one person's values, found {_kind(one)}", where=place or None)
    flat = dict(_flatten(one))
    layout = lay_out(list(flat), events)
    person = flat.get(layout.identity) if layout.identity else None
    person = None if person is None else str(person).strip() or None
    if place and person is None:
        raise _RowError("the person has no 'sample'", where=place, fix="give each person its own 'sample'")
    if place and person in seen:
        text = f"the person is not used: the person {person!r} is there twice"
        events.problem(person, "error", "bad_row", text, place)
        return
    seen.add(person)
    events.explicit_ids |= person is not None
    _add_object(events, person, flat, layout, place)
    events.person(person)


def _flatten(one: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for key, value in one.items():
        name = column_name(key)
        if isinstance(value, Mapping) and name in (*GROUPS, "conditions") and "value" not in value:
            yield from _flatten(value)
        else:
            yield key, value


def _add_object(events: Events, person: str | None, flat: Mapping[str, object], layout: Layout, place: str) -> None:
    prefix = f"{place}, " if place else ""
    written = flat.get(layout.day) if layout.day else None
    day = events.day(person, written, f"{prefix}key {layout.day}") if written else None
    unread = bool(written) and day is None
    events.seen(person, day)
    doubled = _doubled(events, person, flat, layout, prefix)
    for key, (concept, unit) in layout.values.items():
        if key in doubled:
            continue
        where = f"{prefix}key {key}"
        own = flat.get(layout.units.get(concept, "")) or unit
        at = flat.get(layout.dates.get(concept, ""))
        on = events.day(person, at, where, concept) if at else day
        if (at and on is None) or (unread and not at and events.vocabulary.concepts[concept].summary != "constant"):
            message = f"{concept} is not used: nobody can tell of which day it is"
            events.problem(person, "error", "bad_date", message, where, concept)
            continue
        for item in items if isinstance(items := flat[key], list) else [items]:
            try:
                bare = not isinstance(flat.get(layout.units.get(concept, "")), str)
                _add_item(events, person, concept, item, own if isinstance(own, str) else None, on, where, bare=bare)
            except _RowError as error:
                message = f"{concept} is not used: {error.problem}"
                events.problem(person, "error", "answer_unknown", message, where, concept)
    for key in layout.deaths:
        if flat[key] is not None:
            read_death(events, person, flat[key], f"{prefix}key {key}")
    for key, kind in layout.lists.items():
        where = f"{prefix}key {key}"
        if unread:
            items = value if isinstance(value := flat[key], list) else str(value or "").split(";")
            names = [str(_name_of(one) or one).strip() for one in items]
            add_undated(events, person, kind, [one for one in names if one], where)
            continue
        try:
            _add_entries(events, person, kind, flat[key], where, key, day)
        except _RowError as error:
            events.problem(person, "error", "bad_row", f"{key} is not used: {error.problem}", where)


def _doubled(events: Events, person: str | None, flat: Mapping[str, object], layout: Layout, prefix: str) -> set[str]:
    """Return the keys to leave out where several are of one concept: all but the first, or all if they differ."""
    first: dict[str, str] = {}
    left: set[str] = set()
    for key, (concept, _) in layout.values.items():
        if flat[key] is None or (kept := first.setdefault(concept, key)) == key:
            continue
        left.add(key)
        _, differ = said_together(events, concept, {kept: str(flat[kept]), key: str(flat[key])})
        if differ:
            left.add(kept)
            where = f"{prefix}keys {kept} and {key}"
            events.problem(person, "error", "contradiction", DIFFER.format(concept, kept, key), where, concept)
    return left


def _add_entries(
    events: Events, person: str | None, kind: str, items: object, where: str, key: str, day: date | None
) -> None:
    """Add a list of drugs, conditions or allergies: names, or objects with a name; a bad entry costs that entry."""
    dated = isinstance(items, list) and any(isinstance(item, Mapping) for item in items)
    if items and not dated and kind not in ("condition", "allergy") and events.later(person, key, day, where):
        return
    if isinstance(items, str):
        add_list(events, person, kind, [p.strip() for p in items.split(";") if p.strip()], where, day)
    elif isinstance(items, list):
        add_list(events, person, kind, [p.strip() for p in items if isinstance(p, str) and p.strip()], where, day)
        for item in items:
            try:
                if isinstance(item, Mapping):
                    _add_entry(events, person, kind, item, where, day)
                elif not isinstance(item, str):
                    raise _RowError(f"expected a name or an object, found {_kind(item)}")
            except _RowError as error:
                events.problem(person, "error", "bad_row", f"an entry is not used: {error.problem}", where)
                if kind == "current":
                    events.unread(person, where, _name_of(item))
    elif items is not None:
        raise _RowError(f"expected a list, found {_kind(items)}")


def _add_item(
    events: Events,
    person: str | None,
    concept: str,
    item: object,
    unit: str | None,
    day: date | None,
    where: str,
    *,
    bare: bool = True,
) -> None:
    if isinstance(item, Mapping):
        inner = item.get("unit", unit)
        at = item.get("date")
        if at and (day := events.day(person, at, where, concept)) is None:
            return
        unit = inner if isinstance(inner, str) else None
        bare = bare and not isinstance(item.get("unit"), str)
        _add_item(events, person, concept, item.get("value"), unit, day, where, bare=bare)
        return
    if item is None or item == "":
        return
    if isinstance(item, list):
        raise _RowError(f"expected a value, found {_kind(item)}", where=where)
    shown = meaning_of(events, concept, unit)
    unit = unit or events.vocabulary.concepts[concept].unit
    if concept in DATES_ONLY:
        if concept == "birth_date":
            events.born(person, str(item), where, where.rpartition("key ")[2])
            return
        try:
            at = read_date(events.plain_date(str(item)))
            item = at.isoformat()
            if concept == NOW:
                events.choose(person, at)
        except BadDateError as error:
            events.problem(person, "error", "bad_date", f"{concept}: {error}", where, concept)
            return
    text = ("yes" if item else "no") if isinstance(item, bool) else str(item) if isinstance(item, str) else None
    number = _float(item) if isinstance(item, int | float) and not isinstance(item, bool) else None
    events.observe(
        person,
        concept,
        number=number,
        text=text,
        unit=unit,
        day=day,
        where=where,
        written=where.rpartition("key ")[2],
        meaning=shown,
        bare=bare,
    )


_FORMS = ("route", "form", "dose_form")
_BEGUN, _OVER = ABOUT_DRUGS["start"], ABOUT_DRUGS["end"]
_KEYS = {"drug", "name", "code", "substance", *_BEGUN, "date", *_OVER, "status", "dose_mg_per_day", *_FORMS}
"""What is read of an entry of a list of drugs."""


def _name_of(item: object) -> str | None:
    """Return what an entry of a list is called."""
    if not isinstance(item, Mapping):
        return None
    keys = ("drug", "name", "code", "condition", "allergy", "substance")
    return next((str(item[key]) for key in keys if isinstance(item.get(key), str)), None)


def _said_of(item: Mapping[str, object]) -> str:
    """Return what an entry of a condition says of its status."""
    keys = ("status", "clinical_status", "verification_status", "value")
    said = (bool(one) if one in (0, 1) else one for key in keys if isinstance(one := item.get(key), str | int))
    return "; ".join(text for one in said if (text := str(one).strip()))


def _reaction_of(item: Mapping[str, object]) -> str:
    """Return what an entry of an allergy says that the substance did, one or several."""
    told = (item[key] for key in ("reaction", "reactions", "manifestation") if key in item)
    several = (one if isinstance(one, list) else [one] for one in told)
    return ", ".join(text for one in several for part in one if isinstance(part, str) and (text := part.strip()))


def _first_of(item: Mapping[str, object], names: Iterable[str]) -> object:
    """Return what an entry says under the first of some names: those of tables; its bare day is told apart."""
    return next((said for name in names if name != "date" and isinstance(said := item.get(name), str) and said), None)


def _add_entry(
    events: Events, person: str | None, kind: str, item: Mapping[str, object], where: str, day: date | None
) -> None:
    name = _name_of(item)
    if name is None:
        raise _RowError("an entry without a name", where=where, fix="give it a key 'name'")
    about = ABOUT_DRUGS if kind in STATUSES else ABOUT_ENTRIES
    begun, over = _first_of(item, about["start"]), _first_of(item, about["end"])
    start = events.day(person, begun or item.get("date"), where)
    end = None if isinstance(over, str) and is_open(events.plain_date(over)) else events.until(person, over, where)
    if kind == "condition":
        words = _said_of(item)
        if words and condition_status(words) is None:
            message = f"the status {words[:40]!r} of {name} is not understood: it counts as there"
            events.problem(person, "warning", "condition_unknown", message, where)
        add_condition(
            events,
            person,
            name,
            where,
            start or (None if end else day),
            words,
            end=end,
            onset=start if begun else None,
        )
    elif kind == "allergy":
        if allergy_gone(*(words := _said_of(item)).split("; ")):
            events.not_understood("allergy", "", "", f"{name} ({words})", where)
        else:
            events.allergic(person, name, day=start or day, where=where, reaction=_reaction_of(item))
    else:
        dose = item.get("dose_mg_per_day")
        said = str(item.get("status", kind)).strip().lower()
        if condition_status(said) is Said.ERROR:
            events.not_understood("drug", "", "", f"{name} ({said})", where)
            return
        status = STATUSES.get(said)
        if status is None:
            raise _RowError(f"status {said[:40]!r} is not current, planned or stopped", file=events.file, where=where)
        if dose is not None and (isinstance(dose, bool) or not isinstance(dose, int | float) or not 0 < dose < 1e6):
            raise _RowError(f"dose_mg_per_day {str(dose)[:40]!r} is not a dose", where=where)
        if status == "current" and day and start and start > day:
            status = PLANNED
            message = f"{name} begins on {start}, after the day of the record ({day}): it counts as planned"
            events.problem(person, "warning", "future_start", message, where)
        # "Stopped: true" is no day: nobody may take it for one, or for nothing.
        no_day = {key for key in (*_BEGUN, *_OVER) if not isinstance(item.get(key), str | None)}
        for key in sorted((set(item) - _KEYS) | no_day):
            events.not_understood("key", "", "", key, where)
        route = " ".join(str(item[key]) for key in _FORMS if isinstance(item.get(key), str))
        amount = None if dose is None else float(dose)
        events.medicate(person, name, status=status, start=start, end=end, dose=amount, where=where, route=route)


def _float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return float("inf")


def _kind(value: object) -> str:
    names = {
        dict: "an object",
        list: "a list",
        str: "text",
        bool: "true/false",
        int: "a number",
        float: "a number",
        type(None): "null",
    }
    return names.get(type(value), type(value).__name__)
