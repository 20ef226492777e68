"""Statuses, states, urgencies, severities and categories: words that a column may hold."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """How a gene stands in the calls table."""

    CALLED = "called"
    AMBIGUOUS = "ambiguous"
    NOT_CALLED = "not_called"
    OUTSIDE = "outside"


class GeneState(StrEnum):
    """What may be said of a person's gene (`pgx.assertion` decides)."""

    CALLED = "called"
    AMBIGUOUS = "ambiguous"
    PRIOR_DRIVEN = "prior_driven"
    NOT_JUDGED = "not_judged"
    NOT_TESTED = "not_tested"
    OUTSIDE = "outside"


class Urgency(StrEnum):
    """What a drug asks for, most urgent first."""

    AVOID = "avoid"
    CHANGE_DOSE = "change_dose"
    MONITOR = "monitor"
    STANDARD = "standard"
    NO_DATA = "no_data"


class Severity(StrEnum):
    """How grave a note is."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Applies(StrEnum):
    """Whether a row of guidance is the person's."""

    YES = "yes"
    IF_POPULATION = "if_population"
    POSSIBLE = "possible"
    NO_MATCH = "no_match"
    NOT_TESTED = "not_tested"


class Category(StrEnum):
    """A score against the average person."""

    LOW = "low"
    AVERAGE = "average"
    HIGH = "high"
    REFUSED = "refused"


class DoseAdvice(StrEnum):
    """What to do next after an INR."""

    CLINICIAN_TODAY = "clinician_today"
    RECHECK_SOON = "recheck_soon"
    LOWER_DOSE = "lower_dose"
    RAISE_DOSE = "raise_dose"
    KEEP_DOSE = "keep_dose"
    DOSE_UNKNOWN = "dose_unknown"


class Trend(StrEnum):
    """Where the last INRs of a person go."""

    MIXED = "mixed"
    RISING = "rising"
    FALLING = "falling"
    STEADY = "steady"


class VariantUse(StrEnum):
    """What became of a row of a polygenic score in a person."""

    USED = "used"
    FLIPPED = "flipped"
    DOSAGE = "dosage"
    ASSUMED_REFERENCE = "assumed_reference"
    IMPUTED = "imputed"
    NO_GENOTYPE = "no_genotype"
    FILTERED = "filtered"
    ABSENT = "absent"
    ALLELES_DIFFER = "alleles_differ"
    AMBIGUOUS = "ambiguous"
    REFERENCE_UNKNOWN = "reference_unknown"
    HAPLOTYPE = "haplotype"
    DIPLOTYPE = "diplotype"
    INTERACTION = "interaction"
    NOT_BASES = "not_bases"
    TWO_MODELS = "two_models"
    NO_WEIGHT = "no_weight"
    NO_POSITION = "no_position"
    OFF_CHROMOSOME = "off_chromosome"
    NOT_NUCLEAR = "not_nuclear"
    REPEATED = "repeated"
    CONTRADICTED = "contradicted"
