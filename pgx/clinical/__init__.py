"""Patient history and lifestyle, from the field's own formats, tidied and checked."""

from pgx.clinical import left_out
from pgx.clinical.allergies import alerts
from pgx.clinical.check import check
from pgx.clinical.medication_basis import medication_basis
from pgx.clinical.medications import add_medication_lists, add_medications, parse_medications
from pgx.clinical.read import groups, read, sexes
from pgx.clinical.readers.columns import columns, template

__all__ = [
    "add_medication_lists",
    "add_medications",
    "alerts",
    "check",
    "columns",
    "groups",
    "left_out",
    "medication_basis",
    "parse_medications",
    "read",
    "sexes",
    "template",
]
