"""FHIR resources about drugs: what is taken, planned, dispensed or given, whole lists, and allergies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from pgx.clinical.dates import BadDateError, read_date
from pgx.clinical.readers.fhir_parts import State, codings_of, label_of, statuses_of, tail, when
from pgx.clinical.readers.json_access import Object, dig, name_of, number, obj, objs, text
from pgx.clinical.statements import Events
from pgx.clinical.status_words import allergy_gone
from pgx.knowledge.acting import PLANNED

_STATUS = {
    "active": "current",
    "recorded": "current",
    "unknown": "current",
    "completed": "stopped",
    "stopped": "stopped",
    "ended": "stopped",
    "on-hold": "stopped",
    "cancelled": "stopped",
    "draft": PLANNED,
    "intended": PLANNED,
}
_PLANS = {"proposal", "plan", "option"}
_DAYS = {"d": 1.0, "h": 1 / 24, "wk": 7.0, "mo": 30.4375, "a": 365.25}
_DAYS |= {"day": 1.0, "days": 1.0, "hour": 1 / 24, "hours": 1 / 24, "week": 7.0, "weeks": 7.0, "month": 30.4375}
_DAYS |= {"months": 30.4375, "year": 365.25, "years": 365.25, "min": 1 / 1440, "s": 1 / 86400}
_GIVEN = ("MedicationDispense", "MedicationAdministration")
_GIVEN_STATUS = dict.fromkeys(("active", "completed", "in-progress", "unknown", "stopped", "on-hold"), "current")
_NOT_TAKING = ("not-taking", "stopped", "on-hold")
_WHEN = (
    *("effectivePeriod", "effectiveDateTime", "occurencePeriod", "occurenceDateTime", "whenHandedOver"),
    *("whenPrepared", "authoredOn", "dateAsserted", "recorded"),
)
_NOTHING_KNOWN: Mapping[str, Object] = {}
_UNSAID = {
    "",
    "unknown",
    "asked-unknown",
    "temp-unknown",
    "not-asked",
    "masked",
    "unsupported",
    "error",
    "not-applicable",
}
"""What a record has in the place of a drug's name where it has none."""
_LONGEST_SUPPLY = 400
_SUPPLY_DAYS = 30
"""Days that a dispensed drug is taken to last where nobody says for how many it is."""


_FAR_DAYS = 1095
"""A drug that begins this long after everything else of a record, and of which nobody says when that was written down,
is taken to begin in the future."""


@dataclass(frozen=True, slots=True)
class _Named:
    """What a resource calls its drug (several: ingredients), the codes of its form, and whether it names it at all."""

    concepts: tuple[Object, ...]
    forms: tuple[Object, ...] = ()
    named: bool = True

    @property
    def label(self) -> str:
        return ", ".join(label_of(one) for one in self.concepts)


def read_medication(
    events: Events, resource: Object, where: str, state: State, *, last: bool = False, future: bool | None = None
) -> None:
    """Add a drug that is asked for, said to be taken, dispensed or given; one with a status of no drug is noted.

    `last` says that nothing else will be read that it may refer to, and `future` whether it begins in the future;
    None = not looked at yet.
    """
    person = state.person(resource)
    drug = _named(events, resource, state, last=last)
    if drug is None:
        state.waiting.append((resource, where))
        return
    given = text(resource.get("resourceType")) in _GIVEN
    status = _status(resource, given=given)
    if status is None:
        said = text(resource.get("taken")) or text(resource.get("status"))
        events.not_understood("medication", "", "", f"{drug.label} ({said})", where)
        if said == "unk":
            events.unread(person, where)
        return
    day, stop = _period(events, resource, person, where)
    if future is None and not given and status == "current" and day and _may_be_future(events, resource, day, state):
        state.starts.append((day, resource, where))
        return
    status = PLANNED if future else status
    if given and day is None:
        events.not_understood("medication", "", "", f"{drug.label} (given on an unknown day)", where)
        return
    if given and day:
        stop = stop or _used_up(resource, day)
    if status == "current" and not given and text(resource.get("status")) == "unknown":
        message = f"{drug.label}: the record does not know its status; it counts as taken"
        events.problem(person, "warning", "remark_beside_drug", message, where)
    if status != PLANNED:
        events.seen(person, day)
    for note in objs(resource.get("note")) if status == "current" else ():
        entry = events.drugs.entry(f"{drug.label} ({text(note.get('text')) or ''})")
        if entry.meaning is not None:
            message = f"{drug.label}: its note says {entry.remark!r}, but its status does not; it counts as taken"
            events.problem(person, "warning", "remark_beside_drug", message, where)
    for concept in drug.concepts:
        codes = [(system, code) for system, code, _ in codings_of(concept)]
        if _says_of_the_list(events, person, codes, day, where):
            continue
        events.medicate(
            person,
            (words := _words(events, concept)) or "(no name)",
            codes=codes,
            status=status,
            start=day,
            end=stop,
            dose=_daily_dose(_doses(resource)) if len(drug.concepts) == 1 else None,
            where=where,
            named=drug.named,
            form=[(system, code) for one in drug.forms for system, code, _ in codings_of(one)],
            route=" ".join([*map(label_of, drug.forms), *({label_of(concept)} - {words})]),
        )


def _doses(resource: Object) -> list[Object]:
    return objs(resource.get("dosageInstruction")) or objs(resource.get("dosage"))


def _named(events: Events, resource: Object, state: State, *, last: bool) -> _Named | None:
    """Return what the drug is called; None if it is a reference to something that may be read later."""
    concept = obj(resource.get("medicationCodeableConcept")) or obj(dig(resource, "medication", "concept"))
    routes = tuple(obj(dose.get("route")) for dose in _doses(resource))
    reference = text(dig(resource, "medicationReference", "reference")) or text(
        dig(resource, "medication", "reference", "reference")
    )
    shown = text(dig(resource, "medicationReference", "display")) or text(
        dig(resource, "medication", "reference", "display")
    )
    if not concept and not reference and shown:
        concept = {"text": shown}
    if concept or not reference:
        return _Named((concept,), routes, bool(concept) and label_of(concept).lower() not in _UNSAID)
    inside = {name: one for one in objs(resource.get("contained")) if (name := name_of(one.get("id")))}
    found = inside.get(tail(reference) or "") or state.medications.get(tail(reference) or "")
    if found is None and not last:
        return None
    target = obj(found)
    forms = (*routes, obj(target.get("form")), obj(target.get("doseForm")))
    code = obj(target.get("code"))
    ingredients = [] if _known(events, code) else ingredients_of(target, {**state.substances, **inside})
    told = text(code.get("text")) or any(shown for _, _, shown in codings_of(code))
    if ingredients and (not told or any(_known(events, one) for one in ingredients)):
        return _Named(tuple(ingredients), forms)
    code = code or obj(resource.get("medicationReference"))
    if code.get("coding") or code.get("text"):
        return _Named((code,), forms)
    shown = text(code.get("display"))
    return _Named(({"text": shown or reference},), forms, bool(shown))


def _status(resource: Object, *, given: bool) -> str | None:
    """Return current, planned or stopped; None if it is no drug, or nobody knows whether it is taken."""
    status = (_GIVEN_STATUS if given else _STATUS).get(text(resource.get("status")) or "active")
    if resource.get("doNotPerform") is True or status != "current":
        return None if resource.get("doNotPerform") is True else status
    if text(resource.get("intent")) in _PLANS and not _reported(resource):
        return PLANNED
    if resource.get("wasNotTaken") is True:  # of DSTU2
        return "stopped"
    taken = text(resource.get("taken"))  # of STU3
    if taken == "unk":
        return None
    stopped = any(one.startswith(_NOT_TAKING) for one in statuses_of(dig(resource, "adherence", "code")))
    return "stopped" if taken == "n" or stopped else "current"


def _period(events: Events, resource: Object, person: str | None, where: str) -> tuple[date | None, date | None]:
    """Return the first and the last day, as far as they are stated."""
    start, end = when(resource, *_WHEN)
    doses = _doses(resource)
    bounds = [obj(dig(dose, "timing", "repeat", "boundsPeriod")) for dose in doses]
    if end is None:
        end = next((b for one in bounds if (b := one.get("end"))), None)
    day, stop = events.day(person, start, where), events.until(person, end, where)
    begins = [at for one in bounds if (at := events.day(person, one.get("start"), where))]
    day = max(day, min(begins)) if day and begins else day
    on = [
        at for dose in doses for one in _texts(dig(dose, "timing", "event")) if (at := events.day(person, one, where))
    ]
    return day, stop or _course_end(doses, day) or max(on, default=None)


def _texts(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _reported(resource: Object) -> bool:
    """Whether it says what the person takes, not what is planned: US Core's reported medication."""
    return (
        resource.get("reportedBoolean") is True
        or bool(obj(resource.get("reportedReference")))
        or (resource.get("reported") is True)
    )


def _known(events: Events, concept: Object) -> bool:
    """Whether a concept names a drug of the knowledge base, by code or by name."""
    if any(events.drugs.by_code(system, code) for system, code, _ in codings_of(concept)):
        return True
    return bool(events.drugs.find(_words(events, concept)).drugs) if concept else False


def _words(events: Events, concept: Object) -> str:
    """Return the words of a concept that name a drug of the knowledge base, or else those that come first."""
    shown = [text(concept.get("text")), *(one for _, _, one in codings_of(concept))]
    return next((one for one in shown if one and events.drugs.find(one).drugs), label_of(concept))


def ingredients_of(medication: Object, known: Mapping[str, Object] = _NOTHING_KNOWN) -> list[Object]:
    """Return the active ingredients of a Medication as concepts; a reference to none `known` is read by its words."""
    found = []
    for one in objs(medication.get("ingredient")):
        pointed = obj(one.get("itemReference")) or obj(dig(one, "item", "reference"))
        substance = obj(known.get(tail(text(pointed.get("reference"))) or ""))
        concept = (
            obj(one.get("itemCodeableConcept"))
            or obj(dig(one, "item", "concept"))
            or obj(substance.get("code"))
            or pointed
        )
        if one.get("isActive") is not False and (
            concept.get("coding") or concept.get("text") or concept.get("display")
        ):
            found.append(concept if "display" not in concept else {"text": concept["display"]})
    return found


def _course_end(doses: list[Object], day: date | None) -> date | None:
    """Return the last day of a course whose length is stated, of several doses the longest."""
    lengths = []
    for dose in doses:
        repeat = obj(dig(dose, "timing", "repeat"))
        bounds = obj(repeat.get("boundsDuration"))
        high = obj(dig(repeat, "boundsRange", "high"))
        duration = bounds or high
        unit = _DAYS.get(text(duration.get("code")) or text(duration.get("unit")) or "")
        length = number(duration.get("value"))
        days = length * unit if length is not None and unit is not None else _counted(repeat)
        if days is None:
            return None
        lengths.append(days)
    if not lengths or day is None or max(lengths) > _LONGEST_COURSE:
        return None
    return day + timedelta(days=max(lengths))


_LONGEST_COURSE = 36525


def _counted(repeat: Object) -> float | None:
    """Return the days of a course whose number of doses and rhythm are stated."""
    count = number(repeat.get("countMax")) or number(repeat.get("count"))
    period, unit = number(repeat.get("period")), _DAYS.get(text(repeat.get("periodUnit")) or "")
    if not count or not period or unit is None:
        return None
    return count * period * unit / (number(repeat.get("frequency")) or 1)


def _written(resource: Object) -> date | None:
    """Return the day on which someone asked for a drug, or said that it is taken."""
    said = [resource.get(key) for key in ("authoredOn", "dateAsserted")]
    return max((day for one in said if (day := _plain_day(one))), default=None)


def _plain_day(said: object) -> date | None:
    try:
        return read_date(said) if isinstance(said, str) else None
    except BadDateError:
        return None


def _may_be_future(events: Events, resource: Object, day: date, state: State) -> bool:
    """Whether nothing shows that a start is past: nobody wrote of it on that day or later.

    Where somebody chose the day that counts as now, that day settles it.
    """
    known = (_written(resource), _plain_day(dig(resource, "meta", "lastUpdated")), state.made)
    return events.as_of is None and all(one is None or one < day for one in known)


def read_starts(events: Events, state: State) -> None:
    """Read the drugs whose start may lie in the future, the earliest first; such a start does not tell the present.

    One that was written down before it begins is planned, unless the record goes on after its start. Where nobody says
    when it was written down, it counts as begun, unless it lies years after everything else of the record.
    """
    for _, resource, _ in state.starts:
        events.seen(state.person(resource), _written(resource))
    for day, resource, where in sorted(state.starts, key=lambda one: one[0]):
        person = state.person(resource)
        known = max((one for one in (events.dates.get(person), state.made) if one), default=None)
        lag = (day - known).days if known else 0
        unsaid = _written(resource) is None and state.made is None
        future = lag > (_FAR_DAYS if unsaid else 0)
        if future:
            message = (
                f"a drug begins on {day}, after the newest other day of the record ({known}): it counts as planned"
            )
            events.problem(person, "warning", "future_start", message, where)
        read_medication(events, resource, where, state, last=True, future=future)


def _used_up(resource: Object, day: date) -> date:
    """Return the day until which a dispensed drug lasts; one that was administered acts from that day on its own."""
    if text(resource.get("resourceType")) == "MedicationAdministration":
        return day
    supply = number(dig(resource, "daysSupply", "value"))
    return day + timedelta(days=supply if supply and 0 < supply <= _LONGEST_SUPPLY else _SUPPLY_DAYS)


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


def read_list(events: Events, resource: Object, where: str, state: State) -> None:
    """A list of medication says of the drugs in it, or of there being none, that they are all."""
    person = state.person(resource)
    codes = [(system, code) for system, code, _ in codings_of(resource.get("code"))]
    whole = text(resource.get("mode")) in ("working", "snapshot") and text(resource.get("status")) == "current"
    empty = {code for _, code, _ in codings_of(resource.get("emptyReason"))}
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


def read_allergy(events: Events, resource: Object, where: str, state: State) -> None:
    """Add an allergy or intolerance that still stands; one that is refuted or over is noted."""
    person = state.person(resource)
    label = label_of(resource.get("code"))
    statuses = statuses_of(resource.get("clinicalStatus")) | statuses_of(resource.get("verificationStatus"))
    if allergy_gone(*statuses):
        events.not_understood("allergy", "", "", f"{label} ({', '.join(sorted(statuses - {''}))})", where)
        return
    start, _ = when(resource, "onsetDateTime", "recordedDate")
    day = events.day(person, start, where)
    categories = resource.get("category")
    kinds = {str(one).lower() for one in categories} if isinstance(categories, list) else set()
    reactions = objs(resource.get("reaction"))
    shown = dict.fromkeys(
        label for one in reactions for label in map(label_of, objs(one.get("manifestation"))) if label
    )
    substances = [one["substance"] for one in reactions if obj(one.get("substance"))]
    for concept in [resource.get("code")] * bool(obj(resource.get("code"))) + substances:
        codes = [(system, code) for system, code, _ in codings_of(concept)]
        written = label_of(concept)
        drug = not kinds or bool(kinds & {"medication", "biologic"})
        events.allergic(person, written, codes=codes, day=day, where=where, drug=drug, reaction=", ".join(shown))
