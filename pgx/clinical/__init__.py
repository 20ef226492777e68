"""Patient history and lifestyle, from the field's own formats, tidied and checked."""

from pgx.clinical.medications import parse_medications
from pgx.clinical.read import groups, read, sexes

__all__ = ["groups", "parse_medications", "read", "sexes"]
