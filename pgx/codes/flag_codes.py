"""Codes of flags, and flags as typed values with one text form."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class FlagCode(StrEnum):
    """Codes of flags on calls, guidance and scores."""

    NO_DATA = "no_data"
    POSITIONS_MISSING = "positions_missing"
    REQUIRED_POSITIONS_MISSING = "required_positions_missing"
    REFERENCE_ASSUMED = "reference_assumed"
    PHASE_UNKNOWN = "phase_unknown"
    PRIOR_DRIVEN = "prior_driven"
    COMBINATION = "combination"
    PARTIAL = "partial"
    UNDOCUMENTED_BASE = "undocumented_base"
    NOVEL_COMBINATION = "novel_combination"
    FALLBACK_VARIANT = "fallback_variant"
    NO_COPY_NUMBER = "no_copy_number"
    COPY_NUMBER_GIVEN = "copy_number_given"
    WHICH_COPY_UNKNOWN = "which_copy_unknown"
    COPY_NUMBER_UNCLEAR = "copy_number_unclear"
    STRUCTURAL_VARIANT = "structural_variant"
    COPY_NUMBER_CONFLICT = "copy_number_conflict"
    PROXY_POSITION = "proxy_position"
    PLOIDY_CONFLICT = "ploidy_conflict"
    HETEROPLASMY = "heteroplasmy"
    ALTERNATIVES_CUT = "alternatives_cut"
    UNRESOLVED = "unresolved"
    UNDEFINED_ALLELES = "undefined_alleles"
    OTHER_METHOD_NEEDED = "other_method_needed"
    UNREAD_GENOTYPE = "unread_genotype"
    FILTERED_VARIANT = "filtered_variant"
    UNDOCUMENTED_PASSED_OVER = "undocumented_passed_over"
    EXTRA_VARIANTS = "extra_variants"
    OUTSIDE = "outside"
    OUTSIDE_REFUSED = "outside_refused"
    SEVERAL_GENOTYPES = "several_genotypes"
    PHENOTYPE_ONLY = "phenotype_only"
    ACTIVITY_SCORE_AT_LEAST = "activity_score_at_least"
    COPY_NUMBER_RANGE = "copy_number_range"
    NORMAL_BY_CPIC = "normal_by_cpic"
    PHENOTYPE_SCHEME = "phenotype_scheme"
    PHENOCONVERTED = "phenoconverted"
    ENZYME_INHIBITOR = "enzyme_inhibitor"
    ENZYME_INDUCER = "enzyme_inducer"
    ENZYME_SMOKING = "enzyme_smoking"
    ENZYME_INFLAMMATION = "enzyme_inflammation"
    SOURCES_DIFFER = "sources_differ"
    GENOTYPE_UNCERTAIN = "genotype_uncertain"
    GENE_NOT_TESTED = "gene_not_tested"
    RECALL = "recall"
    LOCAL = "local"
    EFFECTS_COMBINED = "effects_combined"
    INTERACTION = "interaction"
    INTERACTION_REVERSES = "interaction_reverses"
    UNVERIFIED = "unverified"
    CAUSE = "cause"
    CAUSES = "causes"
    ACTS_ON = "acts_on"
    STILL_ACTING = "still_acting"
    WAIT_AFTER = "wait_after"
    NOT_STARTED = "not_started"
    NOT_TOGETHER = "not_together"
    ONE_OF = "one_of"
    GIVES_WAY = "gives_way"
    RULED_OUT_ITSELF = "ruled_out_itself"
    ONCE = "once"
    OF_CALCULATED_DOSE = "of_calculated_dose"
    THEN = "then"
    RUNNING = "running"
    UNDATED = "undated"
    UNCOUNTED = "uncounted"
    UNDER = "under"
    EXCEPTION = "exception"
    OPTION = "option"
    AT_MOST = "at_most"
    SET_ASIDE = "set_aside"
    CONDITION_MET = "condition_met"
    CONDITION_NOT_MET = "condition_not_met"
    ALSO = "also"
    DOSE = "dose"
    ALTERNATIVE_RULED_OUT = "alternative_ruled_out"
    ALTERNATIVE_LIMITED = "alternative_limited"
    ALTERNATIVE_USE = "alternative_use"
    ALTERNATIVES_OF = "alternatives_of"
    GENOTYPE_UNDECIDED = "genotype_undecided"
    GENOTYPE_CONTRADICTED = "genotype_contradicted"
    GENOTYPE_OVERRULED = "genotype_overruled"
    IMPUTED = "imputed"
    COULD_MEAN = "could_mean"
    EFFECT_UNKNOWN = "effect_unknown"
    OUTSIDE_UNKNOWN = "outside_unknown"
    GENES_ALONE = "genes_alone"
    LABEL_LIMIT = "label_limit"
    ALLERGY = "allergy"
    LOCAL_FORM = "local_form"
    DERIVED = "derived"
    IMPLAUSIBLE = "implausible"
    GENE_NOT_CALLED = "gene_not_called"
    GENE_AVERAGED = "gene_averaged"
    PHENOTYPE_UNPLACED = "phenotype_unplaced"
    NOT_RECORDED = "not_recorded"
    POPULATION_UNKNOWN = "population_unknown"
    REFUSED = "refused"
    PRIOR_DATA_CONFLICT = "prior_data_conflict"
    PRIOR_ONLY = "prior_only"
    MISSING = "missing"
    OUT_OF_RANGE = "out_of_range"
    ASSUMED = "assumed"
    ALLELE_BY_ACTIVITY = "allele_by_activity"
    LEFT_OUT = "left_out"
    MATCH_TOO_LOW = "match_too_low"
    MATCH_LOWERED = "match_lowered"
    FREQUENCY_USED = "frequency_used"
    DOSAGES_USED = "dosages_used"


OF_A_NUMBER = frozenset(
    {
        FlagCode.DERIVED,
        FlagCode.EFFECTS_COMBINED,
        FlagCode.GENE_AVERAGED,
        FlagCode.GENOTYPE_UNCERTAIN,
        FlagCode.LEFT_OUT,
        FlagCode.MISSING,
        FlagCode.NOT_RECORDED,
        FlagCode.OUT_OF_RANGE,
        FlagCode.POPULATION_UNKNOWN,
        FlagCode.PRIOR_DATA_CONFLICT,
        FlagCode.PRIOR_ONLY,
    }
)
"""Flags of a score that say what its number rests on, or how far it holds: none of them where there is no number."""

_KNOWN = {code.value: code for code in FlagCode}


@dataclass(frozen=True, slots=True, init=False)
class Flag:
    """One flag: a code, and what it is about.

    Its text form, ``code:argument:argument``, is what tables and documents hold.

    Parameters
    ----------
    code
        A `FlagCode`, or the text of an unknown one.
    arguments
        Gene, feature, urgency, drug, ...; which, is the code's own.

    Examples
    --------
    >>> str(Flag(FlagCode.COULD_MEAN, "avoid", "DPYD"))
    'could_mean:avoid:DPYD'
    >>> Flag.parse("gene_averaged:HLA-B").about
    'HLA-B'
    """

    code: str
    arguments: tuple[str, ...]

    def __init__(self, code: str, *arguments: str) -> None:
        object.__setattr__(self, "code", _KNOWN.get(code, code))
        object.__setattr__(self, "arguments", arguments)

    def __str__(self) -> str:
        return ":".join((self.code, *self.arguments))

    @classmethod
    def parse(cls, text: str) -> Flag:
        """Read the text form; any text is a flag, so that none is ever lost."""
        return _parsed(text)

    @property
    def about(self) -> str:
        """What follows the code, as one text; empty if nothing does."""
        return ":".join(self.arguments)


@lru_cache(maxsize=1 << 14)
def _parsed(text: str) -> Flag:
    """Read a flag once: the same few stand in every row of a cohort."""
    code, *arguments = text.split(":")
    return Flag(code, *arguments)
