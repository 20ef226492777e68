"""Every code that the program emits, and flags as typed values; what each code means stands in ``flags.tsv``.

A code that is not listed here (of a site's own tables, of a document of another version) is kept as plain text.
"""

from __future__ import annotations

from enum import StrEnum

from pgx.codes.flag_codes import OF_A_NUMBER, Flag, FlagCode
from pgx.codes.note_codes import QUOTES_NO_RECORD, NoteCode
from pgx.codes.states import Applies, Category, DoseAdvice, GeneState, Severity, Status, Trend, Urgency, VariantUse

__all__ = [
    "KINDS",
    "OF_A_NUMBER",
    "QUOTES_NO_RECORD",
    "Applies",
    "Category",
    "DoseAdvice",
    "Flag",
    "FlagCode",
    "GeneState",
    "NoteCode",
    "Severity",
    "Status",
    "Trend",
    "Urgency",
    "VariantUse",
]

KINDS: dict[str, type[StrEnum]] = {
    "flag": FlagCode,
    "status": Status,
    "state": GeneState,
    "urgency": Urgency,
    "severity": Severity,
    "applies": Applies,
    "category": Category,
    "advice": DoseAdvice,
    "trend": Trend,
    "note": NoteCode,
    "variant": VariantUse,
}
"""Kind of a row of ``flags.tsv`` -> the codes that it explains."""
