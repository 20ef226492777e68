"""Conditions of FHIR: diagnoses and problems, their statuses and their stages."""

from __future__ import annotations

from pgx.clinical.readers.fhir_parts import (
    State,
    codings_of,
    label_of,
    said_of,
    statuses_of,
    verification,
    when,
)
from pgx.clinical.readers.json_access import Object, obj, objs
from pgx.clinical.readers.lists import named_condition, read_grades, read_stage
from pgx.clinical.statements import Events
from pgx.clinical.status_words import NO_ENTRY, Said, entry_answer

_SEVERITIES = {("SNOMED", "24484000"): "severe", ("SNOMED", "6736007"): "moderate", ("SNOMED", "255604002"): "mild"}
"""The codes of how severe a condition is: FHIR R4 and R5, value set condition-severity."""


def read_condition(events: Events, resource: Object, where: str, state: State) -> None:
    """Read a diagnosis or problem, with what its status and its stage say."""
    person = state.person(resource)
    code = resource.get("code")
    codings, label = codings_of(code), label_of(code)
    start, _ = when(resource, "onsetDateTime", "onsetPeriod", "recordedDate")
    stop, _ = when(resource, "abatementDateTime")
    end = events.until(person, stop or obj(resource.get("abatementPeriod")).get("end"), where)
    day = events.day(person, start, where)
    onset = day if len(str(resource.get("onsetDateTime") or "")) >= len("2026-01-01") else None
    events.seen(person, events.day(person, resource.get("recordedDate"), where) or (None if end else day))
    said = said_of(resource)
    if said in NO_ENTRY:
        verified = verification(resource) or ", ".join(sorted(statuses_of(resource.get("clinicalStatus"))))
        events.not_understood("condition", "", "", f"{label} ({verified})", where)
        return
    pairs = next((found for system, c, _ in codings if (found := events.vocabulary.code(system, c))), ())
    if not pairs and (named := named_condition(events, label)):
        other = next((one for one in codings if one[0] in ("ICD10", "SNOMED")), None)
        if other is None:
            pairs = ((named, None),)
        else:
            message = (
                f"condition {label!r} is not used: its code {other[0]} {other[1]} is not known here, and may say that "
                "it is in the family, over or only looked for; check it"
            )
            events.problem(person, "warning", "condition_unknown", message, where, label)
    graded = _graded(events, resource, person, label, pairs, where)
    for concept, answer in (*pairs, *graded):
        meant = events.vocabulary.concepts[concept]
        stated = entry_answer(meant, said, ends=end is not None)
        if (answer and stated != "yes") or (concept == "allergy" and said in (Said.ABSENT, Said.OVER)):
            events.not_understood("condition", "", "", f"{label} (refuted or over)", where)
            continue
        if concept == "allergy":
            events.allergic(person, label, codes=[(system, c) for system, c, _ in codings], day=day, where=where)
            continue
        last = meant.last_day(onset, end)
        events.observe(person, concept, answer=answer or stated, day=day, end=last, where=where, written=label)
    if not pairs and not graded:
        system, first = (codings[0][0], codings[0][1]) if codings else ("", "")
        events.not_understood("condition", system, first, label, where)


def _graded(
    events: Events,
    resource: Object,
    person: str | None,
    label: str,
    pairs: tuple[tuple[str, str | None], ...],
    where: str,
) -> tuple[tuple[str, str | None], ...]:
    """Return what the words of a diagnosis, its severity and its stages say of how severe it is."""
    words = events.vocabulary
    condition = next((one for one, _ in pairs if words.concepts[one].kind == "boolean"), None)
    found = [] if pairs and not condition else list(read_grades(events, person, label, condition, where))
    stages = [one.get("summary") for one in objs(resource.get("stage"))]
    for one in (resource.get("severity"), *stages):
        coded = next((said for system, code, _ in codings_of(one) if (said := words.code(system, code))), ())
        if answers := [(concept, answer) for concept, answer in coded if answer]:
            found += answers
            continue
        words_of_code = (_SEVERITIES.get((system, code)) for system, code, _ in codings_of(one))
        if (stated := next(filter(None, words_of_code), None) or label_of(one)) and (condition or not pairs):
            found += read_stage(events, person, stated, condition, where)
    return tuple(dict.fromkeys(found))
