"""FHIR R4, R4B and R5: bundles, single resources, and NDJSON bulk export, as plain JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from pgx.clinical.allergies import OVER
from pgx.clinical.events import Events
from pgx.clinical.jsons import Object, dig, name_of, number, obj, objs, parse, text
from pgx.clinical.sniff import open_plain
from pgx.clinical.vocabulary import system_name
from pgx.errors import InputError

Coding = tuple[str, str, str | None]
_BIRTH_SEX = "http://hl7.org/fhir/us/core/structuredefinition/us-core-birthsex"
_GROUP = {
    "http://hl7.org/fhir/us/core/structuredefinition/us-core-race": "race",
    "http://hl7.org/fhir/us/core/structuredefinition/us-core-ethnicity": "ethnicity",
}
_SKIPPED = {"entered-in-error", "cancelled"}
_STATUS = {
    "active": "current",
    "recorded": "current",
    "unknown": "current",
    "completed": "stopped",
    "stopped": "stopped",
    "ended": "stopped",
    "on-hold": "stopped",
    "cancelled": "stopped",
    "draft": "planned",
    "intended": "planned",
}
_PLANS = {"proposal", "plan", "option"}
_UNSURE = {"unconfirmed", "provisional", "differential"}
_DAYS = {"d": 1.0, "h": 1 / 24, "wk": 7.0, "mo": 30.4375, "a": 365.25}


@dataclass
class _State:
    """What later resources need from earlier ones."""

    people: dict[str, str] = field(default_factory=dict)
    medications: dict[str, Object] = field(default_factory=dict)
    waiting: list[tuple[Object, str]] = field(default_factory=list)


def read_content(events: Events, content: object) -> None:
    """Take a bundle, a resource, a list of either, or a Parameters answer, as parsed from JSON."""
    state = _State()
    found = list(_resources(content, ""))
    if not found:
        raise InputError("no FHIR resource in it", file=events.file)
    for resource, _, url in found:
        _remember(resource, url, state)
    for resource, where, _ in found:
        _read(events, resource, where, state)
    _finish(events, state)


def read_ndjson(events: Events, path: Path) -> None:
    """Read one resource a line; a bad line is noted and left out."""
    state = _State()
    with open_plain(path) as lines:
        for count, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            where = f"line {count}"
            try:
                resource = parse(line)
            except (ValueError, RecursionError) as error:
                events.problem(
                    None, "error", "bad_line", f"not JSON: {getattr(error, 'msg', type(error).__name__)}", where
                )
                continue
            for one, place, url in _resources(resource, where):
                _remember(one, url, state)
                _read(events, one, place, state)
    _finish(events, state)


def _resources(content: object, where: str) -> Iterator[tuple[Object, str, str | None]]:
    """Yield (resource, place, full URL) of everything inside."""
    for index, one in enumerate(objs(content), start=1):
        kind = text(one.get("resourceType"))
        place = where or (f"entry {index}" if isinstance(content, list) else "")
        if kind == "Bundle" or (kind is None and "entry" in one):
            for number_, entry in enumerate(objs(one.get("entry")), start=1):
                inner = obj(entry.get("resource"))
                name = f"{text(inner.get('resourceType')) or 'resource'}/{name_of(inner.get('id')) or '?'}"
                spot = f"{where + ', ' if where else ''}entry {number_} ({name})"
                if inner.get("resourceType") == "Bundle":
                    yield from _resources(inner, spot)
                elif inner:
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


def _remember(resource: Object, url: str | None, state: _State) -> None:
    kind, name = resource.get("resourceType"), name_of(resource.get("id"))
    if kind == "Patient":
        person = name or _tail(url) or "patient"
        for key in (name, _tail(url)):
            if key:
                state.people[key] = person
    elif kind == "Medication":
        for key in (name, _tail(url)):
            if key:
                state.medications[key] = resource


def _tail(reference: str | None) -> str | None:
    """Return the last part of ``Patient/12``, ``urn:uuid:12`` or a URL; versions are left out."""
    if not reference:
        return None
    return (
        reference.split("/_history/")[0]
        .rstrip("/")
        .rsplit("/", 1)[-1]
        .removeprefix("urn:uuid:")
        .removeprefix("urn:oid:")
        .removeprefix("#")
    )


def _person(resource: Object, state: _State) -> str | None:
    for key in ("subject", "patient"):
        target = obj(resource.get(key))
        tail = _tail(text(target.get("reference"))) or name_of(dig(target, "identifier", "value"))
        if tail:
            return state.people.get(tail, tail)
    return next(iter(state.people.values())) if len(set(state.people.values())) == 1 else None


def _codings(concept: object) -> list[Coding]:
    return [
        (system_name(text(one.get("system")) or ""), code, text(one.get("display")))
        for one in objs(obj(concept).get("coding"))
        if (code := name_of(one.get("code")))
    ]


def _label(concept: object) -> str:
    inner = obj(concept)
    return (
        text(inner.get("text"))
        or next((d for _, _, d in _codings(inner) if d), None)
        or next((c for _, c, _ in _codings(inner)), "")
    )


def _read(events: Events, resource: Object, where: str, state: _State) -> None:
    kind = text(resource.get("resourceType")) or ("Observation" if "code" in resource else "")
    reader = _READERS.get(kind)
    if reader is None:
        events.not_understood("resource", "", "", kind or "(no resourceType)", where)
        return
    if kind == "Patient":
        _patient(events, resource, where, state)
        return
    person = _person(resource, state)
    if person is None and kind != "Medication":
        events.not_understood("resource", "", "", f"{kind} of nobody", where)
        return
    events.person(person)
    if text(resource.get("status")) in _SKIPPED or _verification(resource) == "entered-in-error":
        events.not_understood("resource", "", "", f"{kind} that was entered in error or cancelled", where)
        return
    reader(events, resource, where, state)


def _finish(events: Events, state: _State) -> None:
    for resource, where in state.waiting:
        _medication(events, resource, where, state, last=True)


def _patient(events: Events, resource: Object, where: str, state: _State) -> None:
    person = name_of(resource.get("id")) or (next(iter(state.people.values())) if len(state.people) == 1 else "patient")
    aliases = [v for one in objs(resource.get("identifier")) if (v := name_of(one.get("value")))]
    events.person(person, aliases)
    extensions = {(text(e.get("url")) or "").lower(): e for e in objs(resource.get("extension"))}
    sex = text(obj(extensions.get(_BIRTH_SEX)).get("valueCode")) or text(resource.get("gender"))
    if sex:
        events.observe(person, "sex", text=sex, where=where, written="Patient.gender")
    born = events.day(person, resource.get("birthDate"), where)
    if born:
        events.observe(person, "birth_date", text=born.isoformat(), where=where, written="Patient.birthDate")
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


def _when(resource: Object, *keys: str) -> tuple[object, object]:
    """Return (start, end) of the first key that is there: a date, or a period."""
    for key in keys:
        value = resource.get(key)
        if isinstance(value, str):
            return value, None
        if isinstance(value, dict):
            return value.get("start"), value.get("end")
    return None, None


def _observation(events: Events, resource: Object, where: str, state: _State) -> None:
    person = _person(resource, state)
    start, end = _when(resource, "effectiveDateTime", "effectivePeriod", "effectiveInstant", "issued")
    day, last = events.day(person, start, where), events.day(person, end, where)
    if start and day is None:  # a value of an unknown day must not pass for a present one
        return
    events.seen(person, last or day)
    components = objs(resource.get("component"))
    found = _measured(events, resource, person, day, last, where)
    for component in components:
        found |= _measured(events, component, person, day, last, where)
    if not found:
        codings = _codings(resource.get("code"))
        system, code = (codings[0][0], codings[0][1]) if codings else ("", "")
        events.not_understood("observation", system, code, _label(resource.get("code")), where)


def _measured(
    events: Events, item: Object, person: str | None, day: date | None, last: date | None, where: str
) -> bool:
    """Add what an observation or component says; True if its code is known."""
    codings = _codings(item.get("code"))
    words = events.vocabulary
    pairs = next((found for system, code, _ in codings if (found := words.code(system, code))), ())
    if not pairs and not any(system in ("LOINC", "SNOMED") for system, _, _ in codings):
        heading = words.column(_label(item.get("code")))
        pairs = ((heading.concept, None),) if heading else ()
    written = _label(item.get("code"))
    for concept, answer in pairs:
        value = _value(events, concept, item)
        if concept == "allergy" and answer is None:
            events.allergic(person, (value[1] if value else None) or written, day=day, where=where)
            continue
        if answer is None and value is None:
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


_Value = tuple[float | None, str | None, str, str | None]


def _value(events: Events, concept: str, item: Object) -> _Value | None:
    """Return (number, text, vocabulary of the text, unit) of the value[x], or None when there is none."""
    if quantity := obj(item.get("valueQuantity")):
        return _quantity(events, quantity)
    for key in ("valueInteger", "valueDecimal"):
        if (amount := number(item.get(key))) is not None:
            return amount, None, "text", None
    plain = next((p for key in ("valueString", "valueDateTime", "valueDate") if (p := text(item.get(key)))), None)
    if isinstance(item.get("valueBoolean"), bool):
        plain = "yes" if item["valueBoolean"] else "no"
    return (None, plain, "text", None) if plain else _coded_value(events, concept, item)


def _quantity(events: Events, quantity: Object) -> _Value | None:
    raw = quantity.get("value")
    amount = number(raw)
    code, shown = text(quantity.get("code")), text(quantity.get("unit"))
    unit = code if code and events.vocabulary.unit(code) else shown or code
    if comparator := text(quantity.get("comparator")):
        return None, f"{comparator}{raw}", "text", unit
    return (amount, None if amount is not None else str(raw), "text", unit) if raw is not None else None


def _coded_value(events: Events, concept: str, item: Object) -> _Value | None:
    coded = obj(item.get("valueCodeableConcept"))
    if not coded and obj(item.get("valueCoding")):
        coded = {"coding": [item["valueCoding"]]}
    for system, code, _ in _codings(coded):
        if events.vocabulary.answer(concept, system, code)[0]:
            return None, code, system, None
        for meant, answer in events.vocabulary.code(system, code):
            if meant == concept and answer:
                return None, answer, "answer", None
    label = _label(coded)
    return (None, label, "text", None) if label else None


def _verification(resource: Object) -> str | None:
    return next((code for _, code, _ in _codings(resource.get("verificationStatus"))), None)


def _condition(events: Events, resource: Object, where: str, state: _State) -> None:
    person = _person(resource, state)
    code = resource.get("code")
    codings, label = _codings(code), _label(code)
    start, _ = _when(resource, "onsetDateTime", "onsetPeriod", "recordedDate")
    stop, _ = _when(resource, "abatementDateTime")
    end = events.day(person, stop or obj(resource.get("abatementPeriod")).get("end"), where)
    day = events.day(person, start, where)
    events.seen(person, events.day(person, resource.get("recordedDate"), where) or day)
    verification = _verification(resource)
    if verification in _UNSURE:
        events.not_understood("condition", "", "", f"{label} ({verification})", where)
        return
    pairs = next((found for system, c, _ in codings if (found := events.vocabulary.code(system, c))), ())
    if (
        not pairs
        and (heading := events.vocabulary.column(label))
        and events.vocabulary.concepts[heading.concept].kind == "boolean"
    ):
        pairs = ((heading.concept, None),)
    for concept, answer in pairs:
        stated = "no" if verification == "refuted" else "yes"
        if answer and (stated == "no" or (concept == "allergy" and _status(resource.get("clinicalStatus")) & OVER)):
            events.not_understood("condition", "", "", f"{label} (refuted or over)", where)
            continue
        if concept == "allergy":
            events.allergic(person, label, codes=[(system, c) for system, c, _ in codings], day=day, where=where)
            continue
        events.observe(person, concept, answer=answer or stated, day=day, end=end, where=where, written=label)
    if not pairs:
        system, first = (codings[0][0], codings[0][1]) if codings else ("", "")
        events.not_understood("condition", system, first, label, where)


def _medication(events: Events, resource: Object, where: str, state: _State, *, last: bool = False) -> None:
    person = _person(resource, state)
    concept = obj(resource.get("medicationCodeableConcept")) or obj(dig(resource, "medication", "concept"))
    named = bool(concept)
    reference = text(dig(resource, "medicationReference", "reference")) or text(
        dig(resource, "medication", "reference", "reference")
    )
    if not concept and reference:
        inside = {name_of(one.get("id")): one for one in objs(resource.get("contained"))}
        target = inside.get(_tail(reference)) or state.medications.get(_tail(reference) or "")
        if target is None and not last:
            state.waiting.append((resource, where))
            return
        concept = obj(obj(target).get("code")) or obj(dig(resource, "medicationReference")) or {}
        named = bool(concept.get("coding") or concept.get("text"))
        if not concept.get("coding") and not concept.get("text"):
            named = bool(text(concept.get("display")))
            concept = {"text": text(concept.get("display")) or reference}
    status = _STATUS.get(text(resource.get("status")) or "active")
    if status is None or resource.get("doNotPerform") is True:
        events.not_understood("drug", "", "", f"{_label(concept)} ({text(resource.get('status'))})", where)
        return
    if text(resource.get("intent")) in _PLANS and status == "current":
        status = "planned"
    start, end = _when(resource, "effectivePeriod", "effectiveDateTime", "authoredOn", "dateAsserted")
    doses = objs(resource.get("dosageInstruction")) or objs(resource.get("dosage"))
    if end is None:
        bounds = [obj(dig(dose, "timing", "repeat", "boundsPeriod")).get("end") for dose in doses]
        end = next((b for b in bounds if b), None)
    day = events.day(person, start, where)
    if status != "planned":
        events.seen(person, day)
    codes = [(system, code) for system, code, _ in _codings(concept)]
    if _says_of_the_list(events, person, codes, day, where):
        return
    events.medicate(
        person,
        _label(concept) or "(no name)",
        codes=codes,
        status=status,
        start=day,
        end=events.day(person, end, where),
        dose=_daily_dose(doses),
        where=where,
        named=named,
    )


def _says_of_the_list(
    events: Events, person: str | None, codes: list[tuple[str, str]], day: date | None, where: str
) -> bool:
    """Read "no known medications" and "no information" where a record has them in the place of a drug."""
    said = [answer for one in codes for concept, answer in events.vocabulary.code(*one) if concept == "medication_list"]
    if "given" in said:
        events.observe(person, "medication_list", answer="given", day=day, where=where)
    elif said:
        events.not_understood("drug", "", "", "no information on medication", where)
    return bool(said)


def _list(events: Events, resource: Object, where: str, state: _State) -> None:
    """A list of medication says of the drugs in it, or of there being none, that they are all."""
    person = _person(resource, state)
    codes = [(system, code) for system, code, _ in _codings(resource.get("code"))]
    whole = text(resource.get("mode")) in ("working", "snapshot") and text(resource.get("status")) == "current"
    empty = {code for _, code, _ in _codings(resource.get("emptyReason"))}
    unsaid = bool(empty) and "nilknown" not in empty
    if not whole or unsaid or not _says_of_the_list(events, person, codes, None, where):
        events.not_understood("resource", *(codes[0] if codes else ("", "")), "List", where)


def _daily_dose(doses: list[Object]) -> float | None:
    """Return milligrams a day when one dosage states amount and rhythm."""
    if len(doses) != 1:
        return None
    quantity = obj(dig(doses[0], "doseAndRate", 0, "doseQuantity"))
    repeat = obj(dig(doses[0], "timing", "repeat"))
    amount, period = number(quantity.get("value")), number(repeat.get("period"))
    factor = {"mg": 1.0, "g": 1000.0, "ug": 0.001, "mcg": 0.001}.get(
        text(quantity.get("code")) or text(quantity.get("unit")) or ""
    )
    days = _DAYS.get(text(repeat.get("periodUnit")) or "")
    if not amount or not period or not factor or not days or period <= 0:
        return None
    return amount * factor * (number(repeat.get("frequency")) or 1) / (period * days)


def _status(concept: object) -> set[str]:
    """Return the codes of a status, and its words if it has no code."""
    found = {code for _, code, _ in _codings(concept)}
    return found or {(text(obj(concept).get("text")) or text(concept) or "").lower().replace(" ", "-")}


def _allergy(events: Events, resource: Object, where: str, state: _State) -> None:
    person = _person(resource, state)
    label = _label(resource.get("code"))
    over = (_status(resource.get("clinicalStatus")) | _status(resource.get("verificationStatus"))) & OVER
    if over:
        events.not_understood("allergy", "", "", f"{label} ({', '.join(sorted(over))})", where)
        return
    start, _ = _when(resource, "onsetDateTime", "recordedDate")
    day = events.day(person, start, where)
    categories = resource.get("category")
    kinds = {str(one).lower() for one in categories} if isinstance(categories, list) else set()
    substances = [one["substance"] for one in objs(resource.get("reaction")) if obj(one.get("substance"))]
    for concept in [resource.get("code")] * bool(obj(resource.get("code"))) + substances:
        codes = [(system, code) for system, code, _ in _codings(concept)]
        written = _label(concept)
        drug = not kinds or bool(kinds & {"medication", "biologic"})
        events.allergic(person, written, codes=codes, day=day, where=where, drug=drug)


def _nothing(events: Events, resource: Object, where: str, state: _State) -> None:
    """A Medication is read where it is referred to."""


_READERS = {
    "Patient": _patient,
    "Observation": _observation,
    "Condition": _condition,
    "MedicationRequest": _medication,
    "MedicationStatement": _medication,
    "MedicationUsage": _medication,
    "AllergyIntolerance": _allergy,
    "List": _list,
    "Medication": _nothing,
}
