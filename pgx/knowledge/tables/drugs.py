"""Tables of drugs, interactions, effects and equations."""

from __future__ import annotations

from pgx.knowledge.tables.table import INT, F, Field, T, Table, gene_field

DRUGS = Table(
    "drugs",
    "Drugs, their codes and other names.",
    ("drug",),
    (
        Field("drug", T, "generic name, lower case", required=True),
        Field("rxnorm", T, "RxNorm ingredient id"),
        Field("atc", T, "ATC codes joined by ';'"),
        Field("drugbank", T, "DrugBank id"),
        Field("clinpgx_id", T, "ClinPGx accession"),
        Field("synonyms", T, "brand and other names joined by ';' (partial; brands are from memory of the curator)"),
        Field("roles", T, "why the drug is here, codes joined by ';'"),
        Field("source", T, "source", required=True),
    ),
)

DRUG_NAMES = Table(
    "drug_names",
    "Names and codes of drugs beyond those of `drugs`: brands, other spellings, salts, RxNorm, "
    "SNOMED CT, NCI and OMOP codes.",
    ("system", "name"),
    (
        Field("system", T, "text, RxNorm, ATC, SNOMED, NCIT or OMOP", required=True),
        Field("name", T, "name (lower case) or code", required=True),
        Field("drug", T, "drug", required=True, refers="drugs.drug"),
        Field("source", T, "source", required=True),
    ),
)

DRUG_PRODUCTS = Table(
    "drug_products",
    "What the RxNorm codes of products, packs, brands and salts stand for: orders and records send them alone. Names "
    "and codes are those of RxNorm, without strengths and brands; medicines of `other_drugs` are here too, so that no "
    "code of theirs is unknown. Of substances that begin with A only those of public value sets are here.",
    ("name", "form"),
    (
        Field("name", T, "substances joined by ' / ', lower case", required=True),
        Field("form", T, "dose form in the words of RxNorm; empty for brands and salts"),
        Field("codes", T, "RxNorm codes joined by ';'", required=True),
        Field("source", T, "sources joined by '; '", required=True),
    ),
)

OTHER_DRUGS = Table(
    "other_drugs",
    "Medicines of which the knowledge base has nothing: their names are known, so that no other drug with a similar "
    "name is suggested for them.",
    ("name",),
    (
        Field("name", T, "name, lower case", required=True),
        Field("source", T, "source", required=True),
    ),
)

DRUG_CLASSES = Table(
    "drug_classes",
    "Classes of drugs that can be asked for by name. Their members are what the ATC has in these groups, and the drugs "
    "named here; those with recommendations are shown.",
    ("class",),
    (
        Field("class", T, "class", required=True),
        Field("names", T, "its names in English, German, French and Spanish, lower case, joined by ';'", required=True),
        Field("atc", T, "groups of the ATC joined by ';'"),
        Field("drugs", T, "drugs outside these groups, joined by ';'"),
        Field("source", T, "source", required=True),
    ),
)

DOSE_FORMS = Table(
    "dose_forms",
    "Words and codes of dose forms and routes: whether the drug reaches the whole body. What a drug acts on where both "
    "are in use (`drug`) is asked for where a record does not say the form.",
    ("system", "name"),
    (
        Field(
            "system",
            T,
            "text (whole words), route (words of forms and routes that are read past beside a name), suffix (words of "
            "a product's strength or duration, read past too), maker (of generics, read past too), SNOMED, "
            "EDQM, RouteOfAdministration, or drug",
            required=True,
        ),
        Field("name", T, "words (lower case), code or drug", required=True),
        Field(
            "acts",
            T,
            "local: on skin, eye or ear alone; whole_body; either: both kinds exist, or it says nothing of that",
            required=True,
            codes=("local", "whole_body", "either"),
        ),
        Field("source", T, "source", required=True),
    ),
)

ENTRY_WORDS = Table(
    "entry_words",
    "Words beside a drug's name in an entry of a medication list, in several languages: that it is taken, planned or "
    "over, since or until when, what it is given for, and the salts and forms that are no part of the name.",
    ("use", "words"),
    (
        Field("use", T, "what the words are read as, in `pgx.knowledge.drug_entries`; joined by ';'", required=True),
        Field(
            "words", T, "a regular expression, case ignored; {goes_on} is any of the words of that use", required=True
        ),
        Field("month", INT, "number of the month whose name begins so"),
        Field("source", T, "source", required=True),
    ),
)

INTERACTIONS = Table(
    "interactions",
    "Drugs that inhibit or induce an enzyme.",
    ("drug", "enzyme", "role"),
    (
        Field("drug", T, "drug or substance", required=True),
        Field("enzyme", T, "gene symbol of the enzyme or transporter", required=True),
        Field("role", T, "direction", required=True, codes=("inhibitor", "inducer")),
        Field("strength", T, "strength", required=True, codes=("strong", "moderate", "weak")),
        Field("source", T, "source", required=True),
        Field(
            "confidence",
            T,
            "read = checked against a file; recall = written from knowledge",
            required=True,
            codes=("read", "recall"),
        ),
        Field(
            "evidence",
            T,
            "what the strength rests on: FDA's table, the drug's label, two public lists that agree, or nothing that "
            "was checked: then every output that rests on it says so; empty = unverified, unless it was read",
            codes=("fda_table", "label", "two_lists", "unverified"),
        ),
        Field("notes", T, "codes joined by ';'; was_STRENGTH: the strength of an earlier version"),
    ),
)

SUBSTRATES = Table(
    "substrates",
    "Enzymes and transporters that carry a drug, for drugs with recommendations: what a drug that inhibits or induces "
    "them does to its level. The list says nothing about drugs that it leaves out.",
    ("drug", "enzyme"),
    (
        Field("drug", T, "generic name", required=True, refers="drugs.drug"),
        Field("enzyme", T, "enzyme of the interactions table", required=True),
        Field(
            "role",
            T,
            "whether the enzyme ends the drug's effect or makes its active form",
            required=True,
            codes=("clears", "activates"),
        ),
        Field(
            "strength",
            T,
            "FDA's class (sensitive: fivefold or more with a strong inhibitor; moderate: twofold to fivefold), or "
            "major: a main route by the label, without a class",
            required=True,
            codes=("sensitive", "moderate", "major"),
        ),
        Field("by", T, "the only direction that matters; empty = both", codes=("inhibitor", "inducer")),
        Field("source", T, "source", required=True),
        Field("confidence", T, "read or recall", required=True, codes=("read", "recall")),
    ),
)

ENZYME_GROUPS = Table(
    "enzyme_groups",
    "Genes that share the inhibitors and inducers listed for another enzyme.",
    ("gene", "enzyme"),
    (
        gene_field(),
        Field("enzyme", T, "enzyme of the interactions table", required=True),
        Field("source", T, "source", required=True),
    ),
)

PHENOCONVERSION = Table(
    "phenoconversion",
    "What an inhibitor or inducer does to the phenotype of an enzyme.",
    ("rule_id",),
    (
        Field("rule_id", T, "row id", required=True),
        gene_field(),
        Field(
            "trigger",
            T,
            "inhibitor, inducer, or another exposure",
            required=True,
            codes=("inhibitor", "inducer", "smoking", "inflammation"),
        ),
        Field("strengths", T, "strengths that trigger it, joined by ';'; empty = any"),
        Field(
            "method", T, "how the phenotype changes", required=True, codes=("multiply_score", "map", "steps", "none")
        ),
        Field("factor", F, "multiplier of the activity score, or steps on the phenotype ladder (negative = down)"),
        Field("map", T, "phenotype changes as 'from>to' joined by ';'"),
        Field("source", T, "source", required=True),
        Field("confidence", T, "read or recall", required=True, codes=("read", "recall")),
    ),
)

PHENOCONVERSION_MORE = Table(
    "phenoconversion_more",
    "Conversion rules beyond the imported ones, in the same form.",
    ("rule_id",),
    PHENOCONVERSION.fields,
)

EXPOSURES = Table(
    "exposures",
    "Exposures other than drugs that change an enzyme: the observation that shows them.",
    ("trigger", "concept", "strength"),
    (
        Field("trigger", T, "trigger in the conversion rules", required=True, codes=("smoking", "inflammation")),
        Field("concept", T, "clinical concept", required=True, refers="concepts.concept"),
        Field("answer", T, "coded answer that shows it"),
        Field("min_value", F, "numeric value from which on it holds, in the concept's unit"),
        Field("strength", T, "strength", required=True, codes=("weak", "moderate", "strong")),
        Field("window_days", INT, "age in days up to which the observation counts", required=True),
        Field("genes", T, "genes joined by ';'", required=True),
        Field("source", T, "source", required=True),
    ),
)

WASHOUT = Table(
    "washout",
    "Days for which a drug acts on after it was stopped; drug * = every inhibitor or inducer without a row.",
    ("drug", "role"),
    (
        Field("drug", T, "drug of the interactions table or, for `with`, of label_interactions; or *", required=True),
        Field(
            "role",
            T,
            "role; with = labels warn of it beside a drug that they name, and rest on no enzyme",
            required=True,
            codes=("inhibitor", "inducer", "with"),
        ),
        Field("days", INT, "days", required=True),
        Field(
            "beside",
            T,
            "drugs joined by ';'. Of `with`: beside which they warn; empty = all that they name. Of an inducer: whose "
            "higher dose is kept for these days; of all others the level is watched",
        ),
        Field("source", T, "source", required=True),
    ),
)

EFFECTS = Table(
    "effects",
    "Published effect sizes.",
    ("drug", "genotype", "endpoint", "comparator", "measure", "estimate"),
    (
        Field("drug", T, "drug or group of drugs", required=True),
        Field("genotype", T, "gene, allele or phenotype compared", required=True),
        Field("endpoint", T, "outcome", required=True),
        Field("comparator", T, "compared with"),
        Field("measure", T, "OR, RR, HR, ...", required=True),
        Field("estimate", T, "point estimate as published"),
        Field("ci_low", F, "lower end of the 95 % interval"),
        Field("ci_high", F, "upper end of the 95 % interval"),
        Field("baseline_incidence", T, "incidence among the comparator, as noted"),
        Field("population", T, "who was studied"),
        Field("n", T, "patients"),
        Field("pmid", T, "PubMed or PMC id; another reference where there is none"),
        Field("confidence", T, "read or recall, by part", required=True),
        Field("notes", T, "remarks"),
    ),
)

EQUATIONS = Table(
    "equations",
    "Coefficients of published dosing equations.",
    ("equation", "term"),
    (
        Field("equation", T, "equation id", required=True),
        Field("term", T, "term", required=True),
        Field("coefficient", F, "coefficient", required=True),
        Field("output", T, "what the sum is", required=True),
        Field("source", T, "source", required=True),
    ),
)

RESPONSE_PARAMETERS = Table(
    "response_parameters",
    "Parameters of published models of a drug's effect over time, with their uncertainty; what is assumed is marked.",
    ("model", "parameter", "allele"),
    (
        Field("model", T, "model id", required=True),
        Field("drug", T, "generic name", required=True, refers="drugs.drug"),
        Field("parameter", T, "parameter id", required=True),
        Field("gene", T, "gene whose allele it belongs to", refers="genes.gene"),
        Field("allele", T, "allele of `gene`; values of a person's two alleles add up"),
        Field("value", F, "value", required=True),
        Field("unit", T, "unit; 1 = none", required=True),
        Field("rse", F, "relative standard error of the estimate, percent"),
        Field(
            "mark",
            T,
            "copies: two or more independent copies of the publication agree; copy: one copy alone has it; "
            "chosen: copies differ, and `note` says why this one; assumed: by the product",
            required=True,
            codes=("copies", "copy", "chosen", "assumed"),
        ),
        Field("meaning", T, "what it is", required=True),
        Field("note", T, "remarks: how copies differ, what was checked"),
        Field("source", T, "source", required=True),
    ),
)
