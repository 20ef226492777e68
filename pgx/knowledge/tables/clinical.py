"""Tables of clinical concepts, codes, answers and units, and the lists of what was corrected or checked."""

from __future__ import annotations

from pgx.knowledge.tables.table import INT, YES_NO, F, Field, T, Table

CONCEPTS = Table(
    "concepts",
    "What the product knows of a person beside the genome: demographics, vital signs, laboratory "
    "values, conditions, lifestyle.",
    ("concept",),
    (
        Field("concept", T, "concept id", required=True),
        Field("feature", T, "feature that carries its newest value; empty = none"),
        Field(
            "kind",
            T,
            "numeric: a value in `unit`; coded: an answer of concept_answers; boolean: yes or no",
            required=True,
            codes=("numeric", "coded", "boolean"),
        ),
        Field("unit", T, "UCUM unit that values are converted to"),
        Field("low", F, "lowest value possible in a human, in `unit`"),
        Field("high", F, "highest value possible in a human, in `unit`"),
        Field(
            "summary",
            T,
            "what the feature is: the newest value, the mean over the window, or one that does not change with time "
            "and holds on days before it was recorded too",
            required=True,
            codes=("newest", "mean", "constant"),
        ),
        Field("window_days", INT, "age in days up to which a value counts as present; empty = any"),
        Field("trend_days", INT, "period in days that trend features look back; empty = no trend"),
        Field(
            "when_over",
            T,
            "what a condition that a record calls over is: history: it happened or leaves its mark, and counts on; "
            "event: the same, and limits ask how long ago; "
            "chronic: absent once it is resolved or inactive, there while in remission; episode: absent in either case",
            codes=("history", "event", "chronic", "episode"),
        ),
        Field("names", T, "other column names joined by ';' (lower case, words joined by '_')"),
        Field("meaning", T, "what it is", required=True),
        Field("source", T, "source", required=True),
    ),
)

USUAL_RANGES = Table(
    "usual_ranges",
    "Values that a patient of an age can be expected to have, sick ones included: narrower than what is possible. A "
    "value outside is more likely of another unit.",
    ("concept", "age_from"),
    (
        Field("concept", T, "concept", required=True, refers="concepts.concept"),
        Field("age_from", F, "from this age in years", required=True),
        Field("age_to", F, "to this age in years", required=True),
        Field("low", F, "lowest value, in the concept's unit", required=True),
        Field("high", F, "highest value", required=True),
        Field("ask", T, "what may be meant, as a question"),
        Field("source", T, "source", required=True),
    ),
)

CONCEPT_CODES = Table(
    "concept_codes",
    "Codes of published vocabularies, and the concept (and answer) that each stands for.",
    ("system", "code", "concept"),
    (
        Field("system", T, "vocabulary", required=True),
        Field(
            "match",
            T,
            "exact, or prefix: the code and everything under it (dots left out)",
            required=True,
            codes=("exact", "prefix"),
        ),
        Field("code", T, "code", required=True),
        Field("concept", T, "concept", required=True, refers="concepts.concept"),
        Field("answer", T, "answer that the code itself states, for coded concepts"),
        Field("source", T, "vocabulary", required=True),
    ),
)

CONCEPT_ANSWERS = Table(
    "concept_answers",
    "Answers of coded and boolean concepts, as written (text, lower case) or as codes. Concept '*' = "
    "any; an empty answer = not known.",
    ("concept", "system", "code"),
    (
        Field("concept", T, "concept, or *", required=True),
        Field("system", T, "text or a vocabulary", required=True),
        Field("code", T, "text or code", required=True),
        Field("answer", T, "answer; empty = stated to be unknown"),
        Field("source", T, "source", required=True),
    ),
)

CONDITION_GRADES = Table(
    "condition_grades",
    "What a grade, stage or severity beside the name of a condition says in concepts of its own. One that is not here "
    "is read past, and that is said. Scales with a name (NYHA) are answers of their concept, in system `scale`.",
    ("condition", "grade"),
    (
        Field("condition", T, "condition", required=True, refers="concepts.concept"),
        Field("grade", T, "the grade: mild, severe, ..., or 'stage' and a number", required=True),
        Field("concept", T, "concept that it answers", required=True, refers="concepts.concept"),
        Field("answer", T, "its answer", required=True),
        Field("source", T, "source", required=True),
    ),
)

CONCEPT_DRUGS = Table(
    "concept_drugs",
    "Answers that mean that a substance of the drug table is taken.",
    ("concept", "answer", "drug"),
    (
        Field("concept", T, "concept", required=True, refers="concepts.concept"),
        Field("answer", T, "answer", required=True),
        Field("drug", T, "drug", required=True, refers="drugs.drug"),
        Field("source", T, "source", required=True),
    ),
)

CONCEPT_CONFLICTS = Table(
    "concept_conflicts",
    "Pairs of statements that cannot both be true of one person.",
    ("conflict",),
    (
        Field("conflict", T, "what contradicts what", required=True),
        Field("concept_a", T, "first concept", required=True, refers="concepts.concept"),
        Field("answer_a", T, "its answer", required=True),
        Field("concept_b", T, "second concept", required=True, refers="concepts.concept"),
        Field("min_b", F, "a numeric second value at or above this contradicts"),
        Field("answer_b", T, "a coded second answer that contradicts"),
        Field("source", T, "source", required=True),
    ),
)

UNIT_NAMES = Table(
    "unit_names",
    "Ways to write a unit, and the unit in UCUM. A column may end in one of them (`weight_lb`).",
    ("name",),
    (
        Field("name", T, "unit as written", required=True),
        Field("ucum", T, "the unit in UCUM", required=True),
        Field("source", T, "of a code: where its meaning is from"),
    ),
)

UNITS = Table(
    "units",
    "Conversions between UCUM units: value * factor + offset. An empty concept = any.",
    ("concept", "from_unit", "to_unit"),
    (
        Field(
            "concept",
            T,
            "concept that the factor holds for (amounts of substance); empty = any",
            refers="concepts.concept",
        ),
        Field("from_unit", T, "UCUM", required=True),
        Field("to_unit", T, "UCUM", required=True),
        Field("factor", F, "factor", required=True),
        Field("offset", F, "added after the factor", required=True),
        Field("source", T, "where the factor is from", required=True),
    ),
)

CORRECTIONS = Table(
    "corrections",
    "Cells of imported tables that the importer changes, and rows that it leaves out, each with the reason; rows that "
    "it adds are in additions/.",
    ("table", "where", "column"),
    (
        Field("table", T, "knowledge table", required=True),
        Field("where", T, "the rows, as column=value joined by '&'", required=True),
        Field("column", T, "column to change; '*' = the whole rows, which `new` says are removed", required=True),
        Field("old", T, "value that must be there, or the import fails; empty = null"),
        Field("new", T, "value to put there; empty = null"),
        Field("reason", T, "why", required=True),
        Field("source", T, "what the correction rests on", required=True),
    ),
)

VERIFICATIONS = Table(
    "verifications",
    "Rows from memory that were checked against a public source, and what it says. The importer marks the rows.",
    ("table", "where"),
    (
        Field("table", T, "knowledge table", required=True),
        Field("where", T, "the row, as column=value joined by '&'", required=True),
        Field(
            "finding",
            T,
            "whether the source agrees; partly: `says` names what it confirms",
            required=True,
            codes=("agrees", "partly", "differs"),
        ),
        Field("says", T, "what the source says", required=True),
        Field("source", T, "the source and its date", required=True),
    ),
)

CONSIDERED = Table(
    "considered",
    "Facts of newer sources and of checks that were considered, and what became of each; none is passed over.",
    ("list", "number"),
    (
        Field("list", T, "list of facts", required=True),
        Field("number", INT, "number of the fact in it, from 1", required=True),
        Field("fact", T, "the fact in short", required=True),
        Field(
            "decision",
            T,
            "what became of it; already: the tables said so before",
            required=True,
            codes=("taken", "already", "partly", "refused"),
        ),
        Field("rows", T, "rows that say it now, as table:key joined by ';'"),
        Field("reason", T, "why it was refused or taken in part, or what was found in the source"),
        Field("source", T, "where the fact is from", required=True),
    ),
)

ANCESTRY_AXES = Table(
    "ancestry_axes",
    "Principal components of a panel at the positions of the allele definitions; made by pgx.build_data.ancestry.",
    ("chrom", "pos_grch38"),
    (
        Field("chrom", T, "GRCh38 contig", required=True),
        Field("pos_grch38", INT, "1-based", required=True),
        Field("mean", F, "mean count of non-reference strands", required=True),
        Field("scale", F, "Patterson's scale", required=True),
        *(Field(f"pc{i}", F, f"loading on axis {i}", required=True) for i in range(1, 9)),
        Field("source", T, "panel", required=True),
    ),
)

ANCESTRY_GROUPS = Table(
    "ancestry_groups",
    "Where a panel's groups lie on the ancestry axes: one row a group and axis.",
    ("group", "axis"),
    (
        Field("group", T, "biogeographic group", required=True, refers="groups.name"),
        Field("axis", INT, "axis, from 1", required=True),
        Field("n", INT, "persons", required=True),
        Field("mean", F, "mean on the axis", required=True),
        *(Field(f"c{i}", F, f"covariance with axis {i}", required=True) for i in range(1, 9)),
        Field("source", T, "panel", required=True),
    ),
)

ALLERGY_GROUPS = Table(
    "allergy_groups",
    "Classes of drugs and substances by which records name allergies.",
    ("group",),
    (
        Field("group", T, "class", required=True),
        Field("words", T, "its name in a sentence", required=True),
        Field("within", T, "whether an allergy to one member is a reason for care with the others", True, YES_NO),
        Field("source", T, "source", required=True),
    ),
)

ALLERGY_MEMBERS = Table(
    "allergy_members",
    "What belongs to a class of `allergy_groups`, and what records call the class.",
    ("group", "kind", "member"),
    (
        Field("group", T, "class", required=True, refers="allergy_groups.group"),
        Field(
            "kind",
            T,
            "drug: a drug of the drug table; substance: one that the table does not have; name: a name of the class",
            required=True,
            codes=("drug", "substance", "name"),
        ),
        Field("member", T, "drug, substance or name, lower case", required=True),
        Field("source", T, "source", required=True),
    ),
)

ALLERGY_CROSS = Table(
    "allergy_cross",
    "Classes of which one is a reason for care in an allergy to the other.",
    ("group", "other"),
    (
        Field("group", T, "class of the recorded allergy", required=True, refers="allergy_groups.group"),
        Field("other", T, "class that deserves care", required=True, refers="allergy_groups.group"),
        Field("why", T, "why, in words", required=True),
        Field("source", T, "source", required=True),
    ),
)

ALLERGY_EXCLUSIONS = Table(
    "allergy_exclusions",
    "Drugs whose label excludes persons who reacted to a class that they are no members of. The list is short and says "
    "nothing about drugs that it leaves out.",
    ("group", "drug"),
    (
        Field("group", T, "class of the recorded allergy", required=True, refers="allergy_groups.group"),
        Field("drug", T, "drug or substance that is ruled out, lower case", required=True),
        Field("why", T, "what the label says, in words", required=True),
        Field("source", T, "source", required=True),
    ),
)
