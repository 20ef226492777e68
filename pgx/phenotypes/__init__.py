"""From calls to function, activity score and phenotype, genetic and clinical; calls of other tools."""

from pgx.phenotypes import outside
from pgx.phenotypes.frames import assign, interpret
from pgx.phenotypes.remarks import notes

__all__ = ["assign", "interpret", "notes", "outside"]
