"""FHIR resources about drugs: what is taken, planned, dispensed or given, whole lists, and allergies."""

from __future__ import annotations

from datetime import date, timedelta

from pgx.clinical.allergies import OVER
from pgx.clinical.readers.fhir_parts import State, codings_of, label_of, statuses_of, tail, when
from pgx.clinical.readers.json_access import Object, dig, name_of, number, obj, objs, text
from pgx.clinical.statements import BadDateError, Events, read_date

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
_LONGEST_SUPPLY = 400
_SUPPLY_DAYS = 30
"""Days that a dispensed drug is taken to last where nobody says for how many it is."""


_FAR_DAYS = 1095
"""A drug that begins this long after everything else of a record, and of which nobody says when that was written down,
is taken to begin in the future."""


def read_medication(
    events: Events, resource: Object, where: str, state: State, *, last: bool = False, future: bool | None = None
) -> None:
    """Add a drug that is asked for, said to be taken, dispensed or given; one with a status of no drug is noted.

    `last` says that nothing else will be read that it may refer to, and `future` whether it begins in the future;
    None = not looked at yet.
    """
    person = state.person(resource)
    concept = obj(resource.get("medicationCodeableConcept")) or obj(dig(resource, "medication", "concept"))
    named = bool(concept)
    reference = text(dig(resource, "medicationReference", "reference")) or text(
        dig(resource, "medication", "reference", "reference")
    )
    if not concept and reference:
        inside = {name_of(one.get("id")): one for one in objs(resource.get("contained"))}
        target = inside.get(tail(reference)) or state.medications.get(tail(reference) or "")
        if target is None and not last:
            state.waiting.append((resource, where))
            return
        if len(found := ingredients_of(obj(target))) > 0 and not _known(events, obj(obj(target).get("code"))):
            for one in found:
                inner = {key: value for key, value in resource.items() if not key.startswith("medication")}
                read_medication(
                    events, {**inner, "medicationCodeableConcept": one}, where, state, last=last, future=future
                )
            return
        concept = obj(obj(target).get("code")) or obj(dig(resource, "medicationReference")) or {}
        named = bool(concept.get("coding") or concept.get("text"))
        if not concept.get("coding") and not concept.get("text"):
            named = bool(text(concept.get("display")))
            concept = {"text": text(concept.get("display")) or reference}
    given = text(resource.get("resourceType")) in _GIVEN
    status = (_GIVEN_STATUS if given else _STATUS).get(text(resource.get("status")) or "active")
    if status is None or resource.get("doNotPerform") is True:
        events.not_understood("medication", "", "", f"{label_of(concept)} ({text(resource.get('status'))})", where)
        return
    if text(resource.get("intent")) in _PLANS and status == "current" and not _reported(resource):
        status = "planned"
    if status == "current" and text(resource.get("taken")) == "n":
        status = "stopped"
    if status == "current" and text(resource.get("taken")) == "unk":
        events.not_understood("medication", "", "", f"{label_of(concept)} (nobody knows whether it is taken)", where)
        events.unread(person, where)
        return
    taking = statuses_of(dig(resource, "adherence", "code"))
    if status == "current" and any(one.startswith(_NOT_TAKING) for one in taking):
        status = "stopped"
    start, end = when(resource, *_WHEN)
    doses = objs(resource.get("dosageInstruction")) or objs(resource.get("dosage"))
    bounds = [obj(dig(dose, "timing", "repeat", "boundsPeriod")) for dose in doses]
    if end is None:
        end = next((b for one in bounds if (b := one.get("end"))), None)
    day, stop = events.day(person, start, where), events.day(person, end, where)
    stop = stop or _bounded(events, doses, day, person, where)
    begins = [at for one in bounds if (at := events.day(person, one.get("start"), where))]
    day = max(day, min(begins)) if day and begins else day
    if future is None and not given and status == "current" and day and _may_be_future(events, resource, day, state):
        state.starts.append((day, resource, where))
        return
    status = "planned" if future else status
    if given:
        if day is None:
            events.not_understood("medication", "", "", f"{label_of(concept)} (given on an unknown day)", where)
            return
        stop = stop or _used_up(resource, day)
    if status != "planned":
        events.seen(person, day)
    codes = [(system, code) for system, code, _ in codings_of(concept)]
    if _says_of_the_list(events, person, codes, day, where):
        return
    events.medicate(
        person,
        label_of(concept) or "(no name)",
        codes=codes,
        status=status,
        start=day,
        end=stop,
        dose=_daily_dose(doses),
        where=where,
        named=named,
    )


def _reported(resource: Object) -> bool:
    """Whether it says what the person takes, not what is planned: US Core's reported medication."""
    return resource.get("reportedBoolean") is True or bool(obj(resource.get("reportedReference"))) or (
        resource.get("reported") is True
    )


def _known(events: Events, concept: Object) -> bool:
    """Whether a concept names a drug of the knowledge base, by code or by name."""
    if any(events.drugs.by_code(system, code) for system, code, _ in codings_of(concept)):
        return True
    return bool(events.drugs.find(label_of(concept)).drugs) if concept else False


def ingredients_of(medication: Object) -> list[Object]:
    """Return the ingredients of a Medication as concepts; the substance of one may be a reference of words only."""
    found = []
    for one in objs(medication.get("ingredient")):
        concept = (
            obj(one.get("itemCodeableConcept")) or obj(dig(one, "item", "concept")) or obj(one.get("itemReference"))
        )
        if one.get("isActive") is not False and (concept.get("coding") or concept.get("text") or concept.get("display")):
            found.append(concept if "display" not in concept else {"text": concept["display"]})
    return found


def _bounded(events: Events, doses: list[Object], day: date | None, person: str | None, where: str) -> date | None:
    """Return the last day of a course whose length is stated, of several doses the longest."""
    lengths = []
    for dose in doses:
        repeat = obj(dig(dose, "timing", "repeat"))
        bounds = obj(repeat.get("boundsDuration"))
        high = obj(dig(repeat, "boundsRange", "high"))
        duration = bounds or high
        unit = _DAYS.get(text(duration.get("code")) or text(duration.get("unit")) or "")
        length = number(duration.get("value"))
        if length is None or unit is None:
            return None
        lengths.append(length * unit)
    if not lengths or day is None or max(lengths) > _LONGEST_COURSE:
        return None
    return day + timedelta(days=max(lengths))


_LONGEST_COURSE = 36525


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
    over = (statuses_of(resource.get("clinicalStatus")) | statuses_of(resource.get("verificationStatus"))) & OVER
    if over:
        events.not_understood("allergy", "", "", f"{label} ({', '.join(sorted(over))})", where)
        return
    start, _ = when(resource, "onsetDateTime", "recordedDate")
    day = events.day(person, start, where)
    categories = resource.get("category")
    kinds = {str(one).lower() for one in categories} if isinstance(categories, list) else set()
    substances = [one["substance"] for one in objs(resource.get("reaction")) if obj(one.get("substance"))]
    for concept in [resource.get("code")] * bool(obj(resource.get("code"))) + substances:
        codes = [(system, code) for system, code, _ in codings_of(concept)]
        written = label_of(concept)
        drug = not kinds or bool(kinds & {"medication", "biologic"})
        events.allergic(person, written, codes=codes, day=day, where=where, drug=drug)
