"""What every report says about itself, and which alerts the line of a drug repeats."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pgx.codes import NoteCode
from pgx.reports.page import wording

NOTICE = (
    "For research and education. This is not a medical device, and nobody has checked this result against the person. "
    "Do not start, stop or change a medicine because of it without a physician or pharmacist."
)


def is_doubt_of_person(note: Mapping[str, object]) -> bool:
    """Return whether a note says that what the first lines tell of the person contradicts something else on record."""
    concepts = str(note["subject"] or "").split(", ")
    return note["code"] == NoteCode.CONTRADICTION and any(("who", one) in wording.table() for one in concepts)


def is_allergy_to(note: Mapping[str, object], drugs: Collection[str]) -> bool:
    """Return whether an alert is of an allergy to one of these drugs themselves, and to none that is named instead."""
    itself = note["where"] == note["subject"]
    return itself and note["code"] == NoteCode.ALLERGY and note["subject"] in drugs
