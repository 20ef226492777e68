"""Every code that the program emits, and flags as typed values; what each code means stands in ``flags.tsv``.

A code that is not listed here (of a site's own tables, of a document of another version) is kept as plain text.
"""

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
    THEN = "then"
    AT_MOST = "at_most"
    SET_ASIDE = "set_aside"
    CONDITION_MET = "condition_met"
    CONDITION_NOT_MET = "condition_not_met"
    ALSO = "also"
    DOSE = "dose"
    ALTERNATIVE_RULED_OUT = "alternative_ruled_out"
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
    DERIVED = "derived"
    IMPLAUSIBLE = "implausible"
    GENE_NOT_CALLED = "gene_not_called"
    GENE_AVERAGED = "gene_averaged"
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

    RISING = "rising"
    FALLING = "falling"
    STEADY = "steady"


class VariantUse(StrEnum):
    """What became of a row of a polygenic score in a person."""

    USED = "used"
    FLIPPED = "flipped"
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


class NoteCode(StrEnum):
    """Codes of notes, and of the warnings that a trained model keeps."""

    ACTS_ON_OTHERS = "acts_on_others"
    AFTER_AS_OF = "after_as_of"
    ALLERGY = "allergy"
    ALLERGY_DENIED = "allergy_denied"
    ALLERGY_UNKNOWN = "allergy_unknown"
    ANSWER_UNKNOWN = "answer_unknown"
    ARRAY_BUILD = "array_build"
    ARRAY_DATA = "array_data"
    ARRAY_PERSONS = "array_persons"
    BAD_DATE = "bad_date"
    BAD_LINE = "bad_line"
    BAD_ROW = "bad_row"
    BLOCK_FAILED = "block_failed"
    BOUND = "bound"
    BROKEN_FIT = "broken_fit"
    BROKEN_XML = "broken_xml"
    BUILD = "build"
    BYTE_ORDER_MARK = "byte_order_mark"
    CANDIDATE_BETTER = "candidate_better"
    CODE_FOR_MISSING = "code_for_missing"
    COLUMN_GIVES_OUTCOME_AWAY = "column_gives_outcome_away"
    CONDITION_UNKNOWN = "condition_unknown"
    CONFLICTING_COPY_NUMBER = "conflicting_copy_number"
    CONFLICTING_RECORDS = "conflicting_records"
    CONTRADICTION = "contradiction"
    COPY_NUMBER_UNCLEAR = "copy_number_unclear"
    DECEASED = "deceased"
    DOSES_FAR_FROM_PUBLISHED = "doses_far_from_published"
    DOUBTFUL_VALUE = "doubtful_value"
    DRUG_DRUG_GENE = "drug_drug_gene"
    DRUG_EXPOSURE = "drug_exposure"
    ACTIONABLE_ONLY = "actionable_only"
    DRUG_LEVEL = "drug_level"
    DRUG_UNKNOWN = "drug_unknown"
    ENZYME_EXPOSURE = "enzyme_exposure"
    EVIDENCE_HARDLY_READ = "evidence_hardly_read"
    FEATURES_PREDICT_SITE = "features_predict_site"
    FEMALE_HAPLOID_X = "female_haploid_x"
    FEW_EVENTS = "few_events"
    FORM_UNKNOWN = "form_unknown"
    FUTURE_START = "future_start"
    GENOTYPE_CONTRADICTED = "genotype_contradicted"
    GENOTYPE_NOT_READ = "genotype_not_read"
    GENOTYPE_SPELLING = "genotype_spelling"
    HAPLOID_AUTOSOME = "haploid_autosome"
    HETEROPLASMY = "heteroplasmy"
    IMPLAUSIBLE_VALUE = "implausible_value"
    IMPOSSIBLE_VALUE = "impossible_value"
    INDEL_UNDECIDED = "indel_undecided"
    JOINED_ONLY_PERSON = "joined_only_person"
    JOINED_TWICE = "joined_twice"
    LIST_AFTER_AS_OF = "list_after_as_of"
    LOCAL_FORM = "local_form"
    LOCAL_KNOWLEDGE = "local_knowledge"
    MALE_HETEROZYGOUS_X = "male_heterozygous_x"
    MALFORMED_HEADER = "malformed_header"
    MALFORMED_RECORD = "malformed_record"
    MARKER_MISPLACED = "marker_misplaced"
    MATCHED_BY_RSID = "matched_by_rsid"
    MEDICATION_BASIS = "medication_basis"
    MISSINGNESS_PREDICTS_OUTCOME = "missingness_predicts_outcome"
    MISSINGNESS_PREDICTS_SITE = "missingness_predicts_site"
    MITOCHONDRION_NOT_RCRS = "mitochondrion_not_rcrs"
    MORE_EVENTS_THAN_PUBLISHED = "more_events_than_published"
    MORE_OR_FEWER_EVENTS_THAN_PREDICTED = "more_or_fewer_events_than_predicted"
    NONE_AND_OTHERS = "none_and_others"
    NOTHING_UNDERSTOOD = "nothing_understood"
    NOT_A_NUMBER = "not_a_number"
    NOT_UNDERSTOOD = "not_understood"
    NOT_UTF8 = "not_utf8"
    NO_BETTER_THAN_SIMPLE = "no_better_than_simple"
    NO_CLINICAL_DATA = "no_clinical_data"
    NO_DP = "no_dp"
    NO_EOF_BLOCK = "no_eof_block"
    NO_EVIDENCE = "no_evidence"
    NO_FINAL_NEWLINE = "no_final_newline"
    NO_GENOTYPES = "no_genotypes"
    NO_GQ = "no_gq"
    NO_GT = "no_gt"
    NO_PERSON = "no_person"
    NO_POSITIONS = "no_positions"
    NO_SUCH_PERSON = "no_such_person"
    NO_SUCH_SAMPLE = "no_such_sample"
    NO_TREES = "no_trees"
    OLD_AGE = "old_age"
    NUMBERS_READ = "numbers_read"
    ONE_OUTCOME = "one_outcome"
    OPPOSING_INTERACTIONS = "opposing_interactions"
    OTHER_QUESTION = "other_question"
    OUTSIDE_CALL_DIFFERS = "outside_call_differs"
    OUTSIDE_CONTRADICTS = "outside_contradicts"
    OUTSIDE_NO_CALL = "outside_no_call"
    OUTSIDE_REFUSED = "outside_refused"
    OUTSIDE_SAMPLE_UNKNOWN = "outside_sample_unknown"
    PARTIAL_STRUCTURAL = "partial_structural"
    PERSON_FAILED = "person_failed"
    PGS_FILE = "pgs_file"
    PGS_MATCH_LOW = "pgs_match_low"
    PGS_ROWS_REFUSED = "pgs_rows_refused"
    PGS_STRAND = "pgs_strand"
    PHASE_LIST_UNREAD = "phase_list_unread"
    PHENOCONVERTED = "phenoconverted"
    PLANNED_DRUG_LEVEL = "planned_drug_level"
    PLANNED_INTERACTION = "planned_interaction"
    POLYPLOID = "polyploid"
    PRIOR_DATA_CONFLICT = "prior_data_conflict"
    RECORD_FILTERED = "record_filtered"
    REFERENCE_ASSUMED = "reference_assumed"
    REFERENCE_MISMATCH = "reference_mismatch"
    REF_EQUALS_ALT = "ref_equals_alt"
    REMARK_BESIDE_DRUG = "remark_beside_drug"
    REPEATED_RECORDS = "repeated_records"
    SAME_ROW = "same_row"
    SCORE_REFUSED = "score_refused"
    SEX_INFERRED = "sex_inferred"
    SEX_MISMATCH = "sex_mismatch"
    SIMPLE_AS_GOOD = "simple_as_good"
    SNP_TABLE = "snp_table"
    STRAND_FLIPPED = "strand_flipped"
    STRAND_UNKNOWN = "strand_unknown"
    STRUCTURAL_FILTERED = "structural_filtered"
    STRUCTURAL_VARIANT = "structural_variant"
    TEXT_AMONG_NUMBERS = "text_among_numbers"
    TREES_DO_NOT_HELP = "trees_do_not_help"
    UNIT_DIFFERS = "unit_differs"
    UNIT_MISSING = "unit_missing"
    UNIT_UNKNOWN = "unit_unknown"
    UNKNOWN_COLUMN = "unknown_column"
    UNLIKELY_VALUE = "unlikely_value"
    VALUE_LEFT_OUT = "value_left_out"
    VARIANTS_ONLY = "variants_only"
    WASHOUT_UNKNOWN = "washout_unknown"


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
