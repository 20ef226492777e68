"""From calls to function, activity score and phenotype, genetic and clinical; calls of other tools."""

from pgx.phenotypes.assign import assign, interpret, shares_of
from pgx.phenotypes.interaction_notes import notes
from pgx.phenotypes.outside import merge as outside

__all__ = ["assign", "interpret", "notes", "outside", "shares_of"]
