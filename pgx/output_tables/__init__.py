"""Every table that the program writes: its columns, and for each the unit and the codes that it may hold."""

from __future__ import annotations

from pgx.output_tables.declared import ACTIONS, TABLES, Codes, OutputTable
from pgx.output_tables.own_columns import (
    CHECK,
    COHORT_DRUGS,
    COHORT_FREQUENCIES,
    COHORT_GENES,
    COHORT_NEXT_TESTS,
    COHORT_PAIRS,
    COHORT_PERSONS,
    COHORT_POSITIONS,
    COHORT_SEX,
    ENDPOINTS,
    FAILURES,
    MISSING,
    POLYGENIC,
    POLYGENIC_VARIANTS,
    POSITIONS,
)

__all__ = [
    "ACTIONS",
    "CHECK",
    "COHORT_DRUGS",
    "COHORT_FREQUENCIES",
    "COHORT_GENES",
    "COHORT_NEXT_TESTS",
    "COHORT_PAIRS",
    "COHORT_PERSONS",
    "COHORT_POSITIONS",
    "COHORT_SEX",
    "ENDPOINTS",
    "FAILURES",
    "MISSING",
    "POLYGENIC",
    "POLYGENIC_VARIANTS",
    "POSITIONS",
    "TABLES",
    "Codes",
    "OutputTable",
]
