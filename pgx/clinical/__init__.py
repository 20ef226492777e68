"""Patient history and lifestyle, from the field's own formats, tidied and checked."""

from pgx.clinical.check import check
from pgx.clinical.columns import columns
from pgx.clinical.medications import parse_medications
from pgx.clinical.read import groups, read, sexes

__all__ = ["check", "columns", "groups", "parse_medications", "read", "sexes"]
