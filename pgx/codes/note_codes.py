"""Codes of what a run has to say beside its results."""

from __future__ import annotations

from enum import StrEnum


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
    CLAIMS_UNVERIFIED = "claims_unverified"
    CODE_FOR_MISSING = "code_for_missing"
    COLUMN_GIVES_OUTCOME_AWAY = "column_gives_outcome_away"
    COLUMN_NEARLY_GIVES_OUTCOME_AWAY = "column_nearly_gives_outcome_away"
    OUTCOME_TOLD_TOO_WELL = "outcome_told_too_well"
    CONDITION_UNKNOWN = "condition_unknown"
    CONFLICTING_COPY_NUMBER = "conflicting_copy_number"
    CONFLICTING_RECORDS = "conflicting_records"
    CONTRADICTION = "contradiction"
    COPY_NUMBER_UNCLEAR = "copy_number_unclear"
    DAY_ASSUMED = "day_assumed"
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
    PERSONS_ALIKE = "persons_alike"
    FEMALE_HAPLOID_X = "female_haploid_x"
    FEW_EVENTS = "few_events"
    FORM_UNKNOWN = "form_unknown"
    FUTURE_START = "future_start"
    GENE_IN_HISTORY = "gene_in_history"
    GENOTYPE_CONTRADICTED = "genotype_contradicted"
    GENOTYPE_SPELLING = "genotype_spelling"
    GRADE_NOT_USED = "grade_not_used"
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
    MARKER_UNKNOWN = "marker_unknown"
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
    NUMERAL_READ = "numeral_read"
    ONE_ALLELE_NAMED = "one_allele_named"
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
    PGS_DOSAGES = "pgs_dosages"
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
    RECORD_LOST = "record_lost"
    RECORD_UNMATCHED = "record_unmatched"
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


QUOTES_NO_RECORD = frozenset(
    {
        NoteCode.ACTIONABLE_ONLY, NoteCode.ARRAY_BUILD, NoteCode.ARRAY_DATA, NoteCode.ARRAY_PERSONS, NoteCode.BAD_LINE,
        NoteCode.BLOCK_FAILED, NoteCode.BROKEN_FIT, NoteCode.BROKEN_XML, NoteCode.BUILD, NoteCode.BYTE_ORDER_MARK,
        NoteCode.CANDIDATE_BETTER, NoteCode.CODE_FOR_MISSING, NoteCode.COLUMN_GIVES_OUTCOME_AWAY,
        NoteCode.CONFLICTING_RECORDS, NoteCode.DAY_ASSUMED, NoteCode.DOSES_FAR_FROM_PUBLISHED,
        NoteCode.EVIDENCE_HARDLY_READ, NoteCode.FEATURES_PREDICT_SITE, NoteCode.FEMALE_HAPLOID_X, NoteCode.FEW_EVENTS,
        NoteCode.GENOTYPE_CONTRADICTED, NoteCode.HAPLOID_AUTOSOME, NoteCode.HETEROPLASMY, NoteCode.INDEL_UNDECIDED,
        NoteCode.LOCAL_KNOWLEDGE, NoteCode.MALE_HETEROZYGOUS_X, NoteCode.MALFORMED_HEADER, NoteCode.MARKER_MISPLACED,
        NoteCode.MARKER_UNKNOWN, NoteCode.MATCHED_BY_RSID, NoteCode.MISSINGNESS_PREDICTS_OUTCOME,
        NoteCode.MISSINGNESS_PREDICTS_SITE, NoteCode.MITOCHONDRION_NOT_RCRS, NoteCode.MORE_EVENTS_THAN_PUBLISHED,
        NoteCode.MORE_OR_FEWER_EVENTS_THAN_PREDICTED, NoteCode.NOTHING_UNDERSTOOD, NoteCode.NOT_UTF8,
        NoteCode.NO_BETTER_THAN_SIMPLE, NoteCode.NO_CLINICAL_DATA, NoteCode.NO_DP, NoteCode.NO_EOF_BLOCK,
        NoteCode.NO_EVIDENCE, NoteCode.NO_FINAL_NEWLINE, NoteCode.NO_GENOTYPES, NoteCode.NO_GQ, NoteCode.NO_GT,
        NoteCode.NO_PERSON, NoteCode.NO_POSITIONS, NoteCode.NO_SUCH_PERSON, NoteCode.NO_SUCH_SAMPLE,
        NoteCode.NO_TREES, NoteCode.ONE_OUTCOME, NoteCode.OUTSIDE_SAMPLE_UNKNOWN, NoteCode.PGS_DOSAGES,
        NoteCode.PGS_FILE, NoteCode.PGS_MATCH_LOW, NoteCode.PGS_ROWS_REFUSED, NoteCode.PGS_STRAND,
        NoteCode.PHASE_LIST_UNREAD, NoteCode.POLYPLOID, NoteCode.PRIOR_DATA_CONFLICT, NoteCode.RECORD_FILTERED,
        NoteCode.RECORD_LOST, NoteCode.RECORD_UNMATCHED, NoteCode.REFERENCE_ASSUMED, NoteCode.REFERENCE_MISMATCH,
        NoteCode.REF_EQUALS_ALT, NoteCode.REPEATED_RECORDS, NoteCode.SAME_ROW, NoteCode.SCORE_REFUSED,
        NoteCode.SIMPLE_AS_GOOD, NoteCode.SNP_TABLE, NoteCode.STRAND_FLIPPED, NoteCode.STRAND_UNKNOWN,
        NoteCode.STRUCTURAL_FILTERED, NoteCode.TREES_DO_NOT_HELP, NoteCode.UNKNOWN_COLUMN, NoteCode.VARIANTS_ONLY,
    }
)  # fmt: skip
"""Codes of notes whose message tells of files, columns, counts and models, and nothing of a person.

The message of any other code may quote a drug, a diagnosis, a genotype or a value of somebody. It stands in reports, in
tables and in what `pgx check` prints, and in no error or log: see `pgx.notes.without_value`."""
