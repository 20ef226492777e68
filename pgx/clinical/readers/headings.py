"""Headings that flat tables share: who, when, lists of names, and what is not read."""

from __future__ import annotations

from pgx.clinical.statements import Events

IDS = (
    "sample",
    "sample_id",
    "person",
    "person_id",
    "patient",
    "patient_id",
    "subject",
    "subject_id",
    "individual",
    "iid",
    "id",
)
DATES = ("date", "visit_date", "observation_date")
LISTS = {
    "medications": "current",
    "medication": "current",
    "current_medications": "current",
    "drugs": "current",
    "planned_medications": "planned",
    "stopped_medications": "stopped",
    "past_medications": "stopped",
    "conditions": "condition",
    "diagnoses": "condition",
    "comorbidities": "condition",
    "allergies": "allergy",
}
IGNORED = ("notes", "note", "comment", "comments", "name", "given_name", "family_name")
SPECIAL = (*IDS, *DATES, *LISTS, *IGNORED)


def unknown_column(events: Events, heading: str, known: tuple[str, ...]) -> None:
    """Note a column that is not read; its meaning is never guessed."""
    close = events.vocabulary.suggest(heading, known)
    hint = f"did you mean {' or '.join(close)}?" if close else "`pgx check --columns` lists the known ones"
    events.problem(None, "warning", "unknown_column", f"unknown column {heading!r} is not used; {hint}", "heading")
    events.not_understood("column", "", "", heading, None)
