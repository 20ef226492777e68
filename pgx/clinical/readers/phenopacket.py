"""GA4GH Phenopackets, versions 1 and 2, one or a cohort."""

from __future__ import annotations

import math
import re
from datetime import date, timedelta

from pgx.clinical.dates import BadDateError, read_birth, run_day
from pgx.clinical.drugs import dose_per_day
from pgx.clinical.readers.json_access import Object, dig, name_of, number, obj, objs, text
from pgx.clinical.readers.lists import named_condition, read_grades, read_stage
from pgx.clinical.statements import Events
from pgx.clinical.status_words import Said, entry_answer
from pgx.clinical.vocabulary import system_name
from pgx.errors import InputError

_CURIES = {"HPO", "MONDO"}
"""Vocabularies whose codes the tables write with their prefix."""


def read_content(events: Events, content: object) -> None:
    """Take one packet, a list of them, a cohort with its members, or a family with its proband and relatives.

    Of several, one that does not say whose it is cannot be used: it must not be taken for another one's.
    """
    packets = [one for top in objs(content) for one in _inside(top) or [top]]
    several = len(packets) > 1
    for index, packet in enumerate(packets, start=1):
        place = f"packet {index}" if several else ""
        if several and name_of(obj(packet.get("subject")).get("id")) is None:
            events.problem(None, "error", "no_person", "the packet is not used: its subject has no id", place)
        else:
            _packet(events, packet, place)
    if not events.people:
        raise InputError("no phenopacket whose subject has an id in it", file=events.file)


def _inside(top: Object) -> list[Object]:
    """Return the packets of a cohort or family; empty for a packet."""
    proband = obj(top.get("proband"))
    return [*([proband] if proband else ()), *objs(top.get("relatives")), *objs(top.get("members"))]


def _packet(events: Events, packet: Object, place: str) -> None:
    subject = obj(packet.get("subject"))
    person = name_of(subject.get("id"))
    events.person(person, [v for one in _list(subject.get("alternateIds")) if (v := name_of(one))])
    prefix = f"{place}, " if place else ""
    where = f"{prefix}subject"
    if not subject:
        message = "the phenopacket has no subject: it does not say whose it is, nor their sex and age"
        events.problem(person, "warning", "joined_only_person", message, where)
    if sex := text(subject.get("sex")):
        events.observe(
            person,
            "sex",
            text={"UNKNOWN_SEX": "unknown", "OTHER_SEX": "other"}.get(sex, sex),
            where=where,
            written="subject.sex",
        )
    events.born(person, dig(subject, "dateOfBirth"), where, "subject.dateOfBirth")
    if dig(subject, "vitalStatus", "status") == "DECEASED":
        events.deceased(person, dig(subject, "vitalStatus", "timeOfDeath", "timestamp"), where)
    _age(events, person, subject, where)
    for path in (("timeAtLastEncounter", "timestamp"), ("vitalStatus", "timeOfDeath", "timestamp")):
        events.seen(person, events.day(person, dig(subject, *path), where))
    for number_, feature in enumerate(objs(packet.get("phenotypicFeatures")), start=1):
        _statement(events, person, feature, obj(feature.get("type")), f"{prefix}phenotypicFeatures {number_}")
    for number_, disease in enumerate(objs(packet.get("diseases")), start=1):
        _statement(events, person, disease, obj(disease.get("term")), f"{prefix}diseases {number_}")
    for number_, measurement in enumerate(objs(packet.get("measurements")), start=1):
        _measurement(events, person, measurement, f"{prefix}measurements {number_}")
    genes = events.vocabulary.genes.findall(str(packet.get("interpretations") or ""))
    for gene in dict.fromkeys(genes):
        events.not_understood("interpretation", "", "", gene, f"{prefix}interpretations")
    made = events.day(person, dig(packet, "metaData", "created"), f"{prefix}metaData")
    for number_, action in enumerate(objs(packet.get("medicalActions")), start=1):
        _action(events, person, action, made, f"{prefix}medicalActions {number_}")


def _age(events: Events, person: str | None, subject: Object, where: str) -> None:
    """Take the age at the last encounter: beside a birth date it tells the day of it, unless that is yet to come."""
    years = _years(
        dig(subject, "timeAtLastEncounter", "age", "iso8601duration") or dig(subject, "ageAtCollection", "age")
    )
    if years is None:
        _age_range(events, person, subject, where)
        return
    day = None
    try:
        born, _ = read_birth(text(subject.get("dateOfBirth")) or "")
        day = born + timedelta(days=math.ceil(years * 365.25))
    except (BadDateError, OverflowError):
        pass  # a bad birth date is said where it is read
    day = day if day and day <= run_day() else None
    written = "subject.timeAtLastEncounter.age"
    events.observe(person, "age", number=years, unit="a", day=day, where=where, written=written)


def _age_range(events: Events, person: str | None, subject: Object, where: str) -> None:
    """Take an age that is given as a range: of more than a year, it decides what is below or above all of it."""
    given = obj(dig(subject, "timeAtLastEncounter", "ageRange")) or obj(subject.get("ageRangeAtCollection"))
    least, most = (_years(dig(given, end, "iso8601duration") or dig(given, end, "age")) for end in ("start", "end"))
    written = "subject.timeAtLastEncounter.ageRange"
    if least is not None and most is not None and 0 <= most - least <= 1:
        events.observe(person, "age", number=least, unit="a", where=where, written=written)
        if most > least:
            events.uncertain_age(person, most - least, where)
    elif least is not None and not (most is not None and most < least):
        events.observe(person, "age", text=f">={least:g}", unit="a", where=where, written=written)
    elif given:
        message = "the range of ages is not used: it has no start, or ends before it starts; give the day of birth"
        events.problem(person, "error", "not_a_number", message, where, "age")


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _years(duration: object) -> float | None:
    found = (
        re.match(r"^P(?:([0-9]{1,6})Y)?(?:([0-9]{1,6})M)?(?:([0-9]{1,6})W)?(?:([0-9]{1,6})D)?(?:T.*)?$", duration)
        if isinstance(duration, str)
        else None
    )
    if not found or not any(found.groups()):
        return None
    years, months, weeks, days = (int(part or 0) for part in found.groups())
    return years + months / 12 + weeks * 7 / 365.25 + days / 365.25


def _code(term: Object) -> tuple[str, str, str]:
    """Return (vocabulary, code, label) of an ontology class."""
    curie = text(term.get("id")) or ""
    prefix, _, rest = curie.partition(":")
    system = system_name(prefix)
    return system, curie if system in _CURIES else rest, text(term.get("label")) or curie


def _days(item: Object, *keys: str) -> tuple[object, object]:
    for key in keys:
        time = obj(item.get(key))
        if "timestamp" in time:
            return time["timestamp"], None
        if interval := obj(time.get("interval")):
            return interval.get("start"), interval.get("end")
    return None, None


def _statement(events: Events, person: str | None, item: Object, term: Object, where: str) -> None:
    system, code, label = _code(term)
    start, _ = _days(item, "onset")
    resolved, _ = _days(item, "resolution")
    day, end = events.day(person, start, where), events.until(person, resolved, where)
    events.seen(person, None if end else day)
    excluded = item.get("excluded") is True or item.get("negated") is True
    pairs = events.vocabulary.code(system, code)
    if not pairs and not excluded and named_condition(events, label):
        message = f"condition {label!r} is not used: its code {system} {code} is not known here; check it"
        events.problem(person, "warning", "condition_unknown", message, where, label)
    graded = () if excluded or end else _graded(events, person, item, label, pairs, where)
    for concept, answer in (*pairs, *graded):
        if answer and excluded:  # it is not this answer; which it is, nobody said
            events.not_understood("condition", system, code, f"{label} (excluded)", where)
            continue
        meant = events.vocabulary.concepts[concept]
        stated = answer or entry_answer(meant, Said.ABSENT if excluded else None, ends=end is not None)
        events.observe(person, concept, answer=stated, day=day, end=end, where=where, written=label)
    if not pairs and not graded:
        events.not_understood("condition", system, code, label, where)


def _graded(
    events: Events,
    person: str | None,
    item: Object,
    label: str,
    pairs: tuple[tuple[str, str | None], ...],
    where: str,
) -> tuple[tuple[str, str | None], ...]:
    """Return what the words of a disease, its stages and its severity say of how severe it is."""
    condition = next((one for one, _ in pairs if events.vocabulary.concepts[one].kind == "boolean"), None)
    found = list(read_grades(events, person, label, condition, where)) if condition or not pairs else []
    for one in (obj(item.get("severity")), *objs(item.get("diseaseStage"))):
        system, code, words = _code(one)
        if coded := [(concept, answer) for concept, answer in events.vocabulary.code(system, code) if answer]:
            found += coded
        elif words and (condition or not pairs):
            found += read_stage(events, person, words, condition, where)
    return tuple(dict.fromkeys(found))


def _measurement(events: Events, person: str | None, item: Object, where: str) -> None:
    system, code, label = _code(obj(item.get("assay")))
    start, end = _days(item, "timeObserved")
    day, last = events.day(person, start, where), events.until(person, end, where)
    events.seen(person, last or day)
    pairs = events.vocabulary.code(system, code)
    if not pairs:
        events.not_understood("measurement", system, code, label, where)
    quantity = obj(dig(item, "value", "quantity"))
    unit = obj(quantity.get("unit"))
    name = text(unit.get("id")) or ""
    known = next(
        (u for u in (name, name.removeprefix("UCUM:"), text(unit.get("label")) or "") if events.vocabulary.unit(u)),
        None,
    )
    coded = obj(dig(item, "value", "ontologyClass"))
    for concept, answer in pairs:
        if quantity:
            events.observe(
                person,
                concept,
                answer=answer,
                number=number(quantity.get("value")),
                unit=known or text(unit.get("label")) or name or None,
                day=day,
                end=last,
                where=where,
                written=label,
            )
        elif coded:
            vocabulary, value, words = _code(coded)
            understood = events.vocabulary.answer(concept, vocabulary, value)[0]
            events.observe(
                person,
                concept,
                text=value if understood else words,
                system=vocabulary if understood else "text",
                day=day,
                end=last,
                where=where,
                written=label,
            )


def _action(events: Events, person: str | None, action: Object, made: date | None, where: str) -> None:
    """Take one treatment; what ended before the packet was made on the day `made` is over."""
    treatment = obj(action.get("treatment"))
    if not treatment:
        kind = next((key for key in action if key.endswith(("procedure", "Therapy", "Regimen"))), "action")
        term = obj(dig(action, "procedure", "code"))
        performed, _ = _days(obj(action.get("procedure")), "performed")
        events.seen(person, events.day(person, performed, where))
        events.not_understood(kind, *_code(term), where)
        return
    system, code, label = _code(obj(treatment.get("agent")))
    intervals = objs(treatment.get("doseIntervals"))
    starts = [d for one in intervals if (d := events.day(person, dig(one, "interval", "start"), where))]
    ends = [d for one in intervals if (d := events.until(person, dig(one, "interval", "end"), where))]
    for day in (*starts, *(end for end in ends if made is not None and end <= made)):
        events.seen(person, day)
    dose = None
    if intervals:
        amount = number(dig(intervals[-1], "quantity", "value"))
        unit, rhythm = (
            text(dig(intervals[-1], "quantity", "unit", "label")),
            text(dig(intervals[-1], "scheduleFrequency", "label")),
        )
        dose = dose_per_day(f"{amount:g} {unit} {rhythm}") if amount is not None and unit and rhythm else None
    route = obj(treatment.get("routeOfAdministration"))
    last = max(ends, default=None)
    ended = bool(obj(action.get("treatmentTerminationReason"))) or (
        last is not None and made is not None and last < made
    )
    events.medicate(
        person,
        label or code,
        codes=[(system, code)],
        status="stopped" if ended else "current",
        form=[_code(route)[:2]],
        route=text(route.get("label")) or "",
        start=min(starts, default=None),
        end=last,
        dose=dose,
        where=where,
    )
