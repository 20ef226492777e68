"""Tables of recommendations: what they say, for whom, and how their codes are read."""

from __future__ import annotations

from pgx.knowledge.tables.table import DPWG_APART, INT, SCHEMES, YES_NO, F, Field, T, Table, gene_field

RECOMMENDATIONS = Table(
    "recommendations",
    "What a guideline or regulator says for a drug, in codes; the genetic conditions are in recommendation_conditions.",
    ("rec_id",),
    (
        Field("rec_id", T, "row id", required=True),
        Field("source", T, "CPIC, DPWG, FDA or a local name", required=True),
        Field("source_version", T, "version or date of the source", required=True),
        Field("guideline_id", T, "ClinPGx accession of the guideline"),
        Field("drug", T, "generic name", required=True, refers="drugs.drug"),
        Field("population", T, "for whom", required=True),
        Field(
            "action",
            T,
            "what to do",
            required=True,
            codes=(
                "standard",
                "avoid",
                "alternative",
                "reduce_dose",
                "increase_dose",
                "lower_start",
                "higher_start",
                "monitor",
                "contraindicated",
                "standard_with_caution",
                "no_recommendation",
                "insufficient",
            ),
        ),
        Field(
            "secondary_action",
            T,
            "second action",
            codes=("monitor", "alternative", "lower_start", "reduce_dose", "increase_dose", "avoid"),
        ),
        Field("secondary_when", T, "when the second action applies"),
        Field(
            "dose_min_pct",
            F,
            "lowest change of the dose as a number, percent of dose_reference; -50 = half, -70 is below -20",
        ),
        Field("dose_max_pct", F, "highest change of the dose as a number"),
        Field("dose_reference", T, "dose that the percentages refer to"),
        Field("dose_applies", T, "which action the dose belongs to", codes=("primary", "secondary")),
        Field("start_dose", T, "starting dose or range"),
        Field("start_dose_unit", T, "its unit"),
        Field("target_dose", T, "target dose"),
        Field("max_dose", T, "maximum dose"),
        Field("max_dose_unit", T, "its unit"),
        Field("frequency", T, "dosing frequency"),
        Field("titration", T, "speed of titration"),
        Field("alternatives", T, "other drugs, joined by ';'"),
        Field("alternative_class", T, "class of other drugs, joined by ';'"),
        Field("avoid_comedication", T, "drugs not to combine"),
        Field("monitoring", T, "tests, joined by ';'"),
        Field(
            "strength",
            T,
            "strength of the recommendation",
            required=True,
            codes=("strong", "moderate", "optional", "none"),
        ),
        Field("evidence", T, "FDA table section or label"),
        Field("notes", T, "codes joined by ';'"),
        Field("pmids", T, "PubMed ids joined by ';'"),
        Field("url", T, "address of the guideline"),
        Field("source_date", T, "date of the guideline"),
    ),
    parts=DPWG_APART,
)

RECOMMENDATION_CONDITIONS = Table(
    "recommendation_conditions",
    "Genetic conditions of a recommendation; all rows of one rec_id must hold.",
    ("rec_id", "gene"),
    (
        Field("rec_id", T, "recommendation", required=True, refers="recommendations.rec_id"),
        Field("position", INT, "order of the gene in the guideline, from 1", required=True),
        Field("gene", T, "gene symbol (may be one that is not called here)", required=True),
        Field(
            "match_on",
            T,
            "what is compared",
            required=True,
            codes=("phenotype", "activity_score", "allele_status", "genotype", "allele", "no_result"),
        ),
        Field("value", T, "value to match", required=True),
        Field("score_min", F, "lower end of the activity score, inclusive"),
        Field("score_max", F, "upper end, inclusive; null with a score_min = open"),
        Field("implication", T, "implication code"),
    ),
    parts=DPWG_APART,
)

PAIRS = Table(
    "pairs",
    "Gene-drug pairs and their levels of evidence. The gene may be one without definitions here.",
    ("gene", "drug"),
    (
        Field("gene", T, "gene symbol", required=True),
        Field("drug", T, "generic name", required=True, refers="drugs.drug"),
        Field("cpic_level", T, "CPIC level A to D"),
        Field("cpic_status", T, "CPIC status"),
        Field("cpic_used_for_recommendation", T, "whether CPIC's guideline uses it", codes=YES_NO),
        Field("clinpgx_level", T, "ClinPGx level of evidence"),
        Field("fda_label_level", T, "testing level of the FDA label"),
        Field("fda_label_source", T, "where the level was read"),
        Field("fda_table_section", T, "section of the FDA table of associations"),
        Field("dpwg", T, "whether DPWG has a guideline", codes=("y", "n", "documented_no_current_row")),
        Field("dpwg_guideline_id", T, "ClinPGx accession"),
        Field("cpic_guideline_id", T, "ClinPGx accession"),
        Field("pmids", T, "PubMed ids joined by ';'"),
    ),
)

POPULATIONS = Table(
    "populations",
    "How clinical data decide whether a person belongs to the population of a recommendation: all "
    "tests of one alternative must hold, any alternative is enough; what is not known stays "
    "undecided.",
    ("population", "alternative", "test", "subject"),
    (
        Field("population", T, "population code of recommendations", required=True),
        Field("alternative", INT, "number of the alternative", required=True),
        Field(
            "test",
            T,
            "kind of test",
            required=True,
            codes=(
                "at_least",
                "above",
                "at_most",
                "below",
                "is",
                "is_not",
                "recorded",
                "not_recorded",
                "recorded_at_least",
                "recorded_at_most",
                "recorded_below",
                "happened_within",
                "allergy",
                "no_allergy",
                "mentioned",
                "acts_locally",
                "takes_inhibitor",
                "takes_no_inhibitor",
                "takes_inducer",
                "takes_no_inducer",
                "taken_longer",
                "not_taken_longer",
                "dose_above",
                "dose_at_most",
                "no_other_population",
                "cannot_be_decided",
            ),
        ),
        Field("subject", T, "concept, enzyme or drugs (joined by '|'; this_drug = the drug in question)"),
        Field("value", T, "number, answers or strengths joined by '|'"),
        Field("source", T, "source", required=True),
    ),
)

SET_ASIDE = Table(
    "set_aside",
    "Persons to whom advice on a first treatment does not speak any more: for who certainly belongs to the population, "
    "advice against the drug that rests on no other genes, and that is not for this population, is set aside.",
    ("population",),
    (
        Field("population", T, "population code", required=True),
        Field("genes", T, "genes of the advice that is set aside, joined by ';'", required=True),
        Field("source", T, "who says so", required=True),
    ),
)

EXCEPTIONS = Table(
    "exceptions",
    "Populations that are an exception among those who take the drug: what a source says of one does not lead before "
    "the record says that the person is one, and stands beside what holds otherwise.",
    ("population",),
    (
        Field("population", T, "population code", required=True),
        Field("source", T, "why it is an exception", required=True),
    ),
)

DISEASE_DRUGS = Table(
    "disease_drugs",
    "Drugs that only persons with a disease take, of which the genes of everybody else would say something that is of "
    "no use to them: without a list of medicines, they are told of only where the disease is recorded.",
    ("drug",),
    (
        Field("drug", T, "generic name", required=True, refers="drugs.drug"),
        Field("concept", T, "the disease, a concept", required=True, refers="concepts.concept"),
        Field("source", T, "source", required=True),
    ),
)

ACTIONS = Table(
    "actions",
    "How urgent an action code is.",
    ("action",),
    (
        Field("action", T, "action code of recommendations", required=True),
        Field(
            "urgency",
            T,
            "group on the first page",
            required=True,
            codes=("avoid", "change_dose", "monitor", "standard", "no_data"),
        ),
        Field("severity", INT, "order, most urgent first", required=True),
        Field("direction", T, "direction of a change of dose", codes=("up", "down")),
        Field("source", T, "source", required=True),
    ),
)

GUIDELINE_SOURCES = Table(
    "guideline_sources",
    "How a source of recommendations names phenotypes; a source without a row is read like CPIC.",
    ("source",),
    (
        Field("source", T, "source of recommendations", required=True),
        Field("scheme", T, "phenotype scheme that it speaks", required=True, codes=SCHEMES),
        Field(
            "wording",
            T,
            "exact: terms as they are; broader: 'Likely' and 'Possible' count as the plain term",
            required=True,
            codes=("exact", "broader"),
        ),
        Field("source_note", T, "why"),
    ),
)

GENOTYPE_TERMS = Table(
    "genotype_terms",
    "What genotype and allele conditions of recommendations mean; one without a row is the diplotype that it names.",
    ("guideline", "gene", "term"),
    (
        Field("guideline", T, "source of the recommendation, or *", required=True),
        gene_field(),
        Field("term", T, "value of the condition", required=True),
        Field("compare", T, "what is compared", required=True, codes=("any_allele", "diplotype", "phenotype")),
        Field("value", T, "accepted values joined by '|'", required=True),
        Field("source", T, "source", required=True),
    ),
)

FOLLOW_UP = Table(
    "follow_up",
    "When a test that a recommendation asks for is usually done, in days from the first dose or the change of dose.",
    ("code",),
    (
        Field("code", T, "monitoring code of recommendations", required=True),
        Field("before", T, "whether it is done before the first dose", required=True, codes=YES_NO),
        Field("days", T, "days after it, joined by ';'; empty = only before"),
        Field("note", T, "what decides about more or fewer of them"),
        Field("source", T, "what the days rest on", required=True),
    ),
)

DOSED_BY = Table(
    "dosed_by",
    "What is measured in those who take a drug, and its dose set by, where neither the genes nor the other drugs tell "
    "the dose. A drug without a row is dosed by what it does.",
    ("drug",),
    (
        Field("drug", T, "generic name", required=True),
        Field("code", T, "monitoring code: TDM (level in blood), INR, ...", required=True, refers="follow_up.code"),
        Field(
            "calculated_from",
            T,
            "genes, joined by ';', that the calculated dose of the drug rests on, of which recommendations give a "
            "percentage; empty = none is calculated",
        ),
        Field("source", T, "source", required=True),
        Field("confidence", T, "read or recall", required=True, codes=("read", "recall")),
    ),
)

STANDINGS = Table(
    "standings",
    "Which of two medicines that do not go together is to be changed: what can be replaced gives way to what is kept; "
    "of two alike nobody is told which. A named drug goes before its groups, of these one in which it is kept.",
    ("group",),
    (
        Field("group", T, "what the drugs are", required=True),
        Field("atc", T, "groups of the ATC joined by ';'"),
        Field("drugs", T, "drugs outside these groups, joined by ';'"),
        Field("standing", T, "whether it is kept or can be replaced", required=True, codes=("kept", "replaceable")),
        Field("source", T, "what it rests on, and for which of the group it is recall", required=True),
        Field("confidence", T, "read, or recall for all or a part", required=True, codes=("read", "recall")),
    ),
)
ESTIMATE_GAPS = Table(
    "estimate_gaps",
    "What a record may hold that matters to an outcome and that the estimate leaves out: said beside the number.",
    ("endpoint", "feature"),
    (
        Field("endpoint", T, "endpoint", required=True),
        Field("feature", T, "feature that is yes where it matters", required=True),
        Field("reason", T, "what it does", required=True),
        Field("source", T, "where it was read", required=True),
    ),
)

_OF_LIMITS = (
    "contraindicated", "avoid", "alternative", "reduce_dose", "lower_start", "monitor", "standard_with_caution",
)  # fmt: skip

LABEL_LIMITS = Table(
    "label_limits",
    "For whom a drug's label rules it out, limits its dose or asks for care, whatever the genes; decided as for "
    "recommendations. The list is short and says nothing about drugs that it leaves out.",
    ("limit_id",),
    (
        Field("limit_id", T, "row id", required=True),
        Field("drug", T, "generic name", required=True, refers="drugs.drug"),
        Field("population", T, "for whom, a code of populations", required=True),
        Field("action", T, "what the label says", required=True, codes=_OF_LIMITS),
        Field("dose", T, "to which dose, 'text:' and the words"),
        Field("limit", T, "highest dose of such persons, 'text:' and the words"),
        Field("label", T, "whose label, or which guideline, shown as the source", required=True),
        Field("source", T, "where it was read", required=True),
        Field(
            "confidence",
            T,
            "read = checked against a text; recall = written from knowledge",
            required=True,
            codes=("read", "recall"),
        ),
        Field("url", T, "where it can be read"),
    ),
)

LABEL_INTERACTIONS = Table(
    "label_interactions",
    "What a drug's own label, or the other drug's, says of their use together, and the enzyme on which that rests. The "
    "list says nothing about pairs that it leaves out.",
    ("limit_id",),
    (
        Field("limit_id", T, "row id", required=True),
        Field("drug", T, "generic name", required=True, refers="drugs.drug"),
        Field(
            "agent",
            T,
            "the other drug; empty = every agent of `strengths` in the interactions table",
            refers="drugs.drug",
        ),
        Field("enzyme", T, "enzyme that the row rests on, of the substrates table; empty = none, or not by an enzyme"),
        Field("role", T, "what the other drug does to the enzyme", codes=("inhibitor", "inducer")),
        Field("strengths", T, "strengths that it is about, joined by ';'; empty = any"),
        Field(
            "beside",
            T,
            "second enzyme that must be lost too, by a poor phenotype or an inhibitor of `beside_strengths`: the row "
            "then stands in place of the doses for one enzyme; empty = the row is on one",
        ),
        Field("beside_strengths", T, "strengths of what acts on `beside`, joined by ';'"),
        Field("gene", T, "gene whose result the row is for, by the genes alone; empty = it holds whatever the genes"),
        Field(
            "phenotypes",
            T,
            "results of that gene, joined by ';', of whom one of them is likelier than not; ``no_result`` = also where "
            "none is known",
        ),
        Field(
            "action",
            T,
            "what the label says",
            required=True,
            codes=("contraindicated", "avoid", "reduce_dose", "increase_dose", "monitor"),
        ),
        Field(
            "effect",
            T,
            "where the row rests on no enzyme: what the other drug does to the level of this one; empty = the label "
            "does not say; ``raised_by`` = this one raises the other, so that no more of it is to be given",
            codes=("raises", "lowers", "raises_active_form", "lowers_active_form", "raised_by"),
        ),
        Field("condition", T, "for whom or when alone the row holds, a code of populations; empty = for everybody"),
        Field("dose", T, "to which dose, 'text:' and the words"),
        Field("limit", T, "highest dose beside the other drug, 'text:' and the words"),
        Field("label", T, "whose label, shown as the source", required=True),
        Field("section", T, "label of which drug, and the section", required=True),
        Field("source", T, "where it was read", required=True),
        Field("confidence", T, "read or recall", required=True, codes=("read", "recall")),
        Field("url", T, "where it can be read"),
    ),
)
