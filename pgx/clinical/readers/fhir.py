"""FHIR R4, R4B and R5: bundles, single resources, and NDJSON bulk export, as plain JSON."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from pgx.clinical.readers.fhir_conditions import read_condition
from pgx.clinical.readers.fhir_drugs import read_allergy, read_list, read_medication, read_starts
from pgx.clinical.readers.fhir_parts import (
    Rank,
    State,
    codings_of,
    label_of,
    of_no_use,
    older_versions,
    own_words,
    statuses_of,
    unreadable,
    version_rank,
    when,
    words_of,
)
from pgx.clinical.readers.json_access import Object, dig, name_of, number, obj, objs, parse, text
from pgx.clinical.readers.sniff import open_plain
from pgx.clinical.statements import Events
from pgx.clinical.vocabulary import system_name
from pgx.errors import InputError
from pgx.guard.limits import RECORD_LINE, lines_of

_SEX = tuple(
    f"http://hl7.org/fhir/us/core/structuredefinition/us-core-{name}" for name in ("birthsex", "sex", "individual-sex")
)
_GROUP = {
    "http://hl7.org/fhir/us/core/structuredefinition/us-core-race": "race",
    "http://hl7.org/fhir/us/core/structuredefinition/us-core-ethnicity": "ethnicity",
}


def read_content(events: Events, content: object) -> None:
    """Take a bundle, a resource, a list of either, or a Parameters answer, as parsed from JSON."""
    state = State()
    found = list(_resources(content, ""))
    if not found:
        raise InputError("no FHIR resource in it", file=events.file)
    said = [one.get("timestamp") for one in objs(content)]
    for resource, _, url in found:
        state.remember(resource, url)
        if resource.get("resourceType") == "Composition":
            said.append(resource.get("date"))
    state.merge([resource for resource, _, _ in found if resource.get("resourceType") == "Patient"])
    state.made = max((day for one in said if (day := events.day(None, one, None))), default=None)
    for resource, where, _ in found:
        _read(events, resource, where, state)
    _finish(events, state)


def read_ndjson(events: Events, path: Path) -> None:
    """Read one resource a line; a bad line is noted and left out."""
    state = State()
    replaced = _replaced_lines(path)
    with open_plain(path) as lines:
        for count, line in enumerate(lines_of(lines, RECORD_LINE, path), start=1):
            if not line.strip() or count in replaced:
                continue
            where = f"line {count}"
            try:
                resource = parse(line)
            except ValueError as error:
                events.problem(
                    None, "error", "bad_line", f"not JSON: {getattr(error, 'msg', type(error).__name__)}", where
                )
                continue
            for one, place, url in _resources(resource, where):
                state.remember(one, url)
                _read(events, one, place, state)
    _finish(events, state)


def _replaced_lines(path: Path) -> set[int]:
    """Return the lines that hold a version of a resource that another line has a newer one of."""
    newest: dict[tuple[str, str], tuple[Rank, int]] = {}
    gone: set[int] = set()
    with open_plain(path) as lines:
        for count, line in enumerate(lines_of(lines, RECORD_LINE, path), start=1):
            if b'"versionId"' not in line:
                continue
            try:
                resource = obj(parse(line))
            except ValueError:
                continue
            kind, name = text(resource.get("resourceType")), name_of(resource.get("id"))
            if kind and name:
                ranked = (version_rank(obj(resource.get("meta")), count), count)
                older = min(ranked, newest.get((kind, name), ranked))
                newest[kind, name] = max(ranked, newest.get((kind, name), ranked))
                gone |= {older[1]} - {newest[kind, name][1]}
    return gone


def _resources(content: object, where: str) -> Iterator[tuple[Object, str, str | None]]:
    """Yield (resource, place, full URL) of everything inside."""
    for index, one in enumerate(objs(content), start=1):
        kind = text(one.get("resourceType"))
        place = where or (f"entry {index}" if isinstance(content, list) else "")
        if kind == "Bundle" or (kind is None and "entry" in one):
            older = older_versions(one)
            for number_, entry in enumerate(objs(one.get("entry")), start=1):
                inner = obj(entry.get("resource"))
                if id(inner) in older:
                    continue
                name = f"{text(inner.get('resourceType')) or 'resource'}/{name_of(inner.get('id')) or '?'}"
                spot = f"{where + ', ' if where else ''}entry {number_} ({name})"
                if inner.get("resourceType") == "Bundle":
                    yield from _resources(inner, spot)
                elif inner and dig(entry, "request", "method") != "DELETE":
                    yield inner, spot, text(entry.get("fullUrl"))
        elif "parameter" in one:
            for part in objs(one.get("parameter")):
                yield from _parameter(part, place)
        elif kind:
            yield one, place or f"{kind}/{name_of(one.get('id')) or '?'}", None


def _parameter(part: Object, where: str) -> Iterator[tuple[Object, str, str | None]]:
    inner = obj(part.get("resource"))
    if inner:
        yield inner, where or f"parameter {text(part.get('name')) or '?'}", None
    for deeper in objs(part.get("part")):
        if deeper is not part:
            yield from _parameter(deeper, where)


def _read(events: Events, resource: Object, where: str, state: State) -> None:
    kind = text(resource.get("resourceType")) or ("Observation" if "code" in resource else "")
    reader = _READERS.get(kind)
    if reader is None:
        events.not_understood("resource", "", "", kind or "(no resourceType)", where)
        if named := state.patient(resource):
            events.person(named)
        return
    if kind == "Patient":
        _patient(events, resource, where, state)
        return
    person = state.person(resource)
    if person is None and kind not in ("Medication", "Substance"):
        events.not_understood("resource", "", "", f"{kind} of nobody", where)
        return
    events.person(person)
    if any(one.get("resourceType") == "Patient" for one in objs(resource.get("contained"))):
        events.not_understood("resource", "", "", "Patient inside another resource", where)
    if why := of_no_use(resource):
        events.not_understood("resource", "", "", f"{kind} {why[0]}", where)
        if why[1]:
            events.problem(person, "error", "bad_row", f"{kind} {why[0]}: not used", where)
            if kind.startswith("Medication") and kind != "Medication":
                events.unread(person, where)  # who lists it does not take none of its kind
        return
    reader(events, resource, where, state)


def _finish(events: Events, state: State) -> None:
    for resource, where in state.waiting:
        read_medication(events, resource, where, state, last=True)
    read_starts(events, state)


def _patient(events: Events, resource: Object, where: str, state: State) -> None:
    person = name_of(resource.get("id")) or (next(iter(state.people.values())) if len(state.people) == 1 else "patient")
    aliases = [v for one in objs(resource.get("identifier")) if (v := name_of(one.get("value")))]
    if (other := state.people.get(person, person)) != person:
        events.person(other, [person, *aliases])
        message = "a record that another one of the file replaces is taken as a part of that one"
        events.problem(other, "warning", "joined_twice", message, where)
        return
    events.person(person, aliases)
    extensions = {(text(e.get("url")) or "").lower(): e for e in objs(resource.get("extension"))}
    _sex(events, person, extensions, text(resource.get("gender")), where)
    events.born(person, resource.get("birthDate"), where, "Patient.birthDate")
    if resource.get("deceasedBoolean") is True or resource.get("deceasedDateTime"):
        events.deceased(person, resource.get("deceasedDateTime"), where)
    for url, concept in _GROUP.items():
        codes = [
            obj(e.get("valueCoding"))
            for e in objs(obj(extensions.get(url)).get("extension"))
            if e.get("url") == "ombCategory"
        ]
        if len(codes) > 1 and concept == "race":
            events.observe(person, concept, answer="mixed", where=where, written="US Core race")
        elif codes and (code := name_of(codes[0].get("code"))):
            system = system_name(text(codes[0].get("system")) or "")
            events.observe(person, concept, text=code, system=system, where=where, written=f"US Core {concept}")
        elif words := own_words(extensions.get(url)):
            events.observe(person, concept, text=words, where=where, written=f"US Core {concept}")


def _sex(events: Events, person: str, extensions: dict[str, Object], gender: str | None, where: str) -> None:
    """Add the sex: that of the extensions goes before the administrative gender, and what disagrees is said."""
    words = events.vocabulary
    said: dict[str, str] = {}
    for url in _SEX:
        one = obj(extensions.get(url))
        coding = obj(one.get("valueCoding"))
        codings = codings_of(one.get("valueCodeableConcept")) or codings_of({"coding": [coding]} if coding else {})
        plain = text(one.get("valueCode"))
        for system, code in [("text", plain)] * bool(plain) + [(system, code) for system, code, _ in codings]:
            known, answer = words.answer("sex", system, code or "")
            if known and answer:
                said.setdefault(answer, url.rpartition("/")[2])
    known, answer = words.answer("sex", "text", gender) if gender else (False, None)
    if known and answer:
        said.setdefault(answer, "gender")
    if len(said) > 1:
        shown = ", ".join(f"{sex} by {source}" for sex, source in said.items())
        message = f"the record gives two sexes ({shown}): {next(iter(said))} is used"
        events.problem(person, "warning", "contradiction", message, where, "sex")
    if said:
        events.observe(person, "sex", answer=next(iter(said)), where=where, written="Patient.gender")
    elif gender:
        events.observe(person, "sex", text=gender, where=where, written="Patient.gender")


def _observation(events: Events, resource: Object, where: str, state: State) -> None:
    person = state.person(resource)
    start, end = when(resource, "effectiveDateTime", "effectivePeriod", "effectiveInstant", "issued")
    day, last = events.day(person, start, where), events.until(person, end, where)
    if start and day is None:  # a value of an unknown day must not pass for a present one
        for item in (resource, *objs(resource.get("component"))):
            for concept, _ in _meant(events, item):
                message = f"{concept} is not used: nobody can tell of which day it is"
                events.problem(person, "error", "bad_date", message, where, concept)
        return
    events.seen(person, last or day)
    components = objs(resource.get("component"))
    found = _measured(events, resource, person, day, last, where)
    for component in components:
        found |= _measured(events, component, person, day, last, where)
    if not found:
        codings = codings_of(resource.get("code"))
        system, code = (codings[0][0], codings[0][1]) if codings else ("", "")
        beside = " ".join(words_of(one) for one in (resource, *components))
        events.not_understood("observation", system, code, label_of(resource.get("code")), where, beside)


def _measured(
    events: Events, item: Object, person: str | None, day: date | None, last: date | None, where: str
) -> bool:
    """Add what an observation or component says; True if its code is known."""
    pairs = _meant(events, item)
    written = label_of(item.get("code"))
    for concept, answer in pairs:
        value = _value(events, concept, item)
        if concept == "allergy" and answer is None:
            events.allergic(person, (value[1] if value else None) or written, day=day, where=where)
            continue
        if answer is None and value is None and (lost := unreadable(item)):
            value = (None, lost, "text", None)
        elif answer is None and value is None:
            if reasons := statuses_of(item.get("dataAbsentReason")) - {""}:
                shown = f"{concept} without a value ({', '.join(sorted(reasons))})"
                events.not_understood("observation", "", "", shown, f"{where}, {day}" if day else where)
            continue
        number_, text_, system, unit = value or (None, None, "text", None)
        events.observe(
            person,
            concept,
            answer=answer,
            number=number_,
            text=text_,
            system=system,
            unit=unit,
            day=day,
            end=last,
            where=where,
            written=written,
        )
    return bool(pairs)


def _meant(events: Events, item: Object) -> tuple[tuple[str, str | None], ...]:
    """Return the (concept, answer) pairs of an observation or component, by its codes or else its words."""
    codings = codings_of(item.get("code"))
    words = events.vocabulary
    pairs = next((found for system, code, _ in codings if (found := words.code(system, code))), ())
    if not pairs and not any(system in ("LOINC", "SNOMED") for system, _, _ in codings):
        heading = words.column(label_of(item.get("code")))
        pairs = ((heading.concept, None),) if heading else ()
    return pairs


_Value = tuple[float | None, str | None, str, str | None]


def _value(events: Events, concept: str, item: Object) -> _Value | None:
    """Return (number, text, vocabulary of the text, unit) of the value[x], or None when there is none."""
    if quantity := obj(item.get("valueQuantity")):
        return _quantity(events, concept, quantity)
    for key in ("valueInteger", "valueDecimal"):
        if (amount := number(item.get(key))) is not None:
            return amount, None, "text", None
    plain = next((p for key in ("valueString", "valueDateTime", "valueDate") if (p := text(item.get(key)))), None)
    if isinstance(item.get("valueBoolean"), bool):
        plain = "yes" if item["valueBoolean"] else "no"
    return (None, plain, "text", None) if plain else _coded_value(events, concept, item)


def _quantity(events: Events, concept: str, quantity: Object) -> _Value | None:
    raw = quantity.get("value")
    amount = number(raw)
    code, shown = text(quantity.get("code")), text(quantity.get("unit"))
    unit = code if code and events.vocabulary.unit(code) else shown or code
    if code and shown and not events.vocabulary.same_unit(concept, code, shown):
        unit = f"{code} or {shown}"  # which of the two, nobody can tell: it is no unit
    if comparator := text(quantity.get("comparator")):
        return None, f"{comparator}{raw}", "text", unit
    return (amount, None if amount is not None else str(raw), "text", unit) if raw is not None else None


def _coded_value(events: Events, concept: str, item: Object) -> _Value | None:
    coded = obj(item.get("valueCodeableConcept"))
    if not coded and obj(item.get("valueCoding")):
        coded = {"coding": [item["valueCoding"]]}
    for system, code, _ in codings_of(coded):
        if events.vocabulary.answer(concept, system, code)[0]:
            return None, code, system, None
        for meant, answer in events.vocabulary.code(system, code):
            if meant == concept and answer:
                return None, answer, "answer", None
    label = label_of(coded)
    return (None, label, "text", None) if label else None


def _nothing(events: Events, resource: Object, where: str, state: State) -> None:
    """A Medication is read where it is referred to."""


_READERS = {
    "Patient": _patient,
    "Observation": _observation,
    "Condition": read_condition,
    "MedicationRequest": read_medication,
    "MedicationOrder": read_medication,
    "MedicationStatement": read_medication,
    "MedicationUsage": read_medication,
    "MedicationDispense": read_medication,
    "MedicationAdministration": read_medication,
    "AllergyIntolerance": read_allergy,
    "List": read_list,
    "Medication": _nothing,
    "Substance": _nothing,
}
