"""The tables of ``data/knowledge``: one declared schema each, with keys and the tables that a column points to.

``data/knowledge/<name>.tsv`` is UTF-8, tab separated, one header row, no quoting; an empty cell is null; lists inside a
cell are joined by ``;`` (accepted bases by ``|``). Yes/no columns hold ``y`` or ``n``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

_T, _F, _I = pl.String, pl.Float64, pl.Int64


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a knowledge table.

    Parameters
    ----------
    name
        Column name.
    dtype
        Polars type of the parsed value.
    doc
        Meaning, unit.
    required
        Whether an empty cell is an error.
    codes
        Allowed values; empty = free.
    refers
        ``table.column`` that the value must exist in.
    """

    name: str
    dtype: type[pl.DataType]
    doc: str
    required: bool = False
    codes: tuple[str, ...] = ()
    refers: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One knowledge table: its columns and the columns that identify a row."""

    name: str
    doc: str
    key: tuple[str, ...]
    fields: tuple[Field, ...] = field(default=())

    def polars_schema(self) -> pl.Schema:
        """Return the columns in polars' own form."""
        return pl.Schema({f.name: f.dtype for f in self.fields})


YES_NO = ("y", "n")
SCHEMES = ("CPIC", "DPWG")


def _gene(required: bool = True) -> Field:
    return Field("gene", _T, "HGNC symbol", required=required, refers="genes.gene")


GENES = Table(
    "genes",
    "One row a gene, with the policy by which it is called and phenotyped.",
    ("gene",),
    (
        Field("gene", _T, "HGNC symbol", required=True),
        Field("chrom", _T, "GRCh38 contig, chrN", required=True),
        Field("strand", _T, "transcribed strand", codes=("+", "-")),
        Field("start_grch38", _I, "first base of the region, 1-based"),
        Field("end_grch38", _I, "last base of the region"),
        Field("start_grch37", _I, "first base of the region, GRCh37"),
        Field("end_grch37", _I, "last base of the region, GRCh37"),
        Field("refseq_gene", _T, "RefSeqGene accession"),
        Field("refseq_transcript", _T, "RefSeq transcript accession"),
        Field("refseq_protein", _T, "RefSeq protein accession"),
        Field("hgnc_id", _T, "HGNC id"),
        Field("ncbi_gene_id", _T, "NCBI Gene id"),
        Field("ensembl_id", _T, "Ensembl gene id"),
        Field("clinpgx_id", _T, "ClinPGx accession"),
        Field(
            "tier",
            _T,
            "guideline genes have recommendations or phenotypes",
            required=True,
            codes=("guideline", "research"),
        ),
        Field(
            "caller",
            _T,
            "named_allele: star alleles by position; variant_list: every variant is an allele, the two worst count; outside: from another tool",
            required=True,
            codes=("named_allele", "variant_list", "outside"),
        ),
        Field("inheritance", _T, "copies of the gene", required=True, codes=("autosomal", "x_linked", "mitochondrial")),
        Field(
            "phenotype_method",
            _T,
            "how a diplotype becomes a phenotype",
            required=True,
            codes=(
                "function_pair",
                "activity_score",
                "any_allele",
                "genotype",
                "function_single",
                "allele_presence",
                "none",
            ),
        ),
        Field(
            "lookup", _T, "what recommendations are keyed by", codes=("phenotype", "activity_score", "allele_status")
        ),
        Field("required_positions", _T, "GRCh38 positions without which the gene is not called, joined by ';'"),
        Field(
            "copy_number_varies",
            _T,
            "whether deletions, duplications or hybrids are named alleles",
            required=True,
            codes=YES_NO,
        ),
        Field("reference_allele", _T, "the nomenclature's reference allele"),
        Field("grch38_allele", _T, "allele that the GRCh38 sequence carries"),
        Field("grch37_allele", _T, "allele that the GRCh37 sequence carries"),
        Field("source", _T, "source of the definitions", required=True),
        Field("source_version", _T, "its version"),
        Field("notes", _T, "codes joined by ';'"),
    ),
)

VARIANTS = Table(
    "variants",
    "Every variant of an allele definition, on both builds, forward strand, left-aligned and trimmed.",
    ("variant_id",),
    (
        Field("variant_id", _T, "GENE:position:ref:alt on GRCh38", required=True),
        _gene(),
        Field("chrom", _T, "GRCh38 contig", required=True),
        Field("pos_grch38", _I, "1-based", required=True),
        Field("ref", _T, "GRCh38 reference bases", required=True),
        Field("alt", _T, "alternative bases", required=True),
        Field("type", _T, "kind of change", required=True, codes=("snv", "ins", "del", "mnv")),
        Field("rsid", _T, "dbSNP id"),
        Field("hgvs_g", _T, "HGVS genomic name on GRCh38"),
        Field("pos_grch37", _I, "1-based"),
        Field("ref_grch37", _T, "GRCh37 reference bases"),
        Field("alt_grch37", _T, "the other bases, on GRCh37"),
        Field("ref_differs", _T, "whether the two builds carry different reference bases", required=True, codes=YES_NO),
        Field("grch37_evidence", _T, "what the GRCh37 coordinate rests on"),
        Field(
            "in_1kgp_grch38",
            _T,
            "whether the 1000 Genomes GRCh38 panel has it: y, site only, n",
            codes=("y", "site", "n"),
        ),
        Field("source", _T, "source", required=True),
        Field("flags", _T, "codes joined by ';'"),
    ),
)

ALLELES = Table(
    "alleles",
    "Named alleles.",
    ("gene", "allele"),
    (
        _gene(),
        Field("allele", _T, "allele name without the gene", required=True),
        Field("reference", _T, "the nomenclature's reference allele", required=True, codes=YES_NO),
        Field("grch38", _T, "carried by the GRCh38 sequence", required=True, codes=YES_NO),
        Field("grch37", _T, "carried by the GRCh37 sequence", required=True, codes=YES_NO),
        Field(
            "structural",
            _T,
            "copy number, hybrid or presence: not definable by small variants",
            required=True,
            codes=YES_NO,
        ),
        Field("callable", _T, "whether small variants define it here", required=True, codes=YES_NO),
        Field("source", _T, "source of the definition"),
        Field("clinpgx_id", _T, "ClinPGx accession"),
        Field("flags", _T, "codes joined by ';'"),
    ),
)

DEFINITIONS = Table(
    "definitions",
    "Bases that an allele requires at a position; positions not listed require the reference base. An allele without rows is all reference.",
    ("gene", "allele", "pos_grch38"),
    (
        _gene(),
        Field("allele", _T, "allele name", required=True),
        Field("pos_grch38", _I, "position, 1-based", required=True),
        Field(
            "bases",
            _T,
            "accepted bases joined by '|', written against the site's longest reference string",
            required=True,
        ),
        Field("variants", _T, "variant ids behind it, joined by ';'", required=True),
    ),
)

FUNCTIONS = Table(
    "functions",
    "Function and activity value of an allele, by scheme and version.",
    ("gene", "allele", "scheme"),
    (
        _gene(),
        Field("allele", _T, "allele name", required=True),
        Field(
            "scheme",
            _T,
            "CPIC and DPWG are never mixed; PharmCAT-3.1.1 is CPIC as that release shipped it",
            required=True,
            codes=("CPIC", "DPWG", "PharmCAT-3.1.1"),
        ),
        Field("function", _T, "clinical function"),
        Field("activity_value", _F, "activity value"),
        Field(
            "activity_is_minimum", _T, "the value is a lower bound (three or more copies)", required=True, codes=YES_NO
        ),
        Field("note", _T, "the source's own status where it differs"),
        Field("source", _T, "source and version"),
    ),
)

PHENOTYPE_RULES = Table(
    "phenotype_rules",
    "How functions, scores or genotypes become a phenotype. Function pairs are unordered; what is not listed is Indeterminate.",
    ("gene", "scheme", "rule_type", "input1", "input2", "score_min", "score_max"),
    (
        _gene(),
        Field("scheme", _T, "rule set", required=True, codes=SCHEMES),
        Field(
            "rule_type",
            _T,
            "kind of rule",
            required=True,
            codes=(
                "function_pair",
                "function_single",
                "any_allele",
                "activity_range",
                "missing_value",
                "function_to_activity",
                "genotype",
                "allele_presence",
            ),
        ),
        Field("input1", _T, "first input", required=True),
        Field("input2", _T, "second input"),
        Field("score_min", _F, "lower end of an activity range"),
        Field("score_min_inclusive", _T, "whether the lower end belongs to it", codes=YES_NO),
        Field("score_max", _F, "upper end; null = open"),
        Field("score_max_inclusive", _T, "whether the upper end belongs to it", codes=YES_NO),
        Field("phenotype", _T, "result"),
        Field("ehr_priority", _T, "CPIC's EHR priority"),
        Field("source", _T, "source and version", required=True),
    ),
)

RECOMMENDATIONS = Table(
    "recommendations",
    "What a guideline or regulator says for a drug, in codes; the genetic conditions are in recommendation_conditions.",
    ("rec_id",),
    (
        Field("rec_id", _T, "row id", required=True),
        Field("source", _T, "CPIC, DPWG, FDA or a local name", required=True),
        Field("source_version", _T, "version or date of the source", required=True),
        Field("guideline_id", _T, "ClinPGx accession of the guideline"),
        Field("drug", _T, "generic name", required=True, refers="drugs.drug"),
        Field("population", _T, "for whom", required=True),
        Field(
            "action",
            _T,
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
            _T,
            "second action",
            codes=("monitor", "alternative", "lower_start", "reduce_dose", "increase_dose", "avoid"),
        ),
        Field("secondary_when", _T, "when the second action applies"),
        Field("dose_min_pct", _F, "smallest change of the dose, percent of dose_reference; -50 = half"),
        Field("dose_max_pct", _F, "largest change of the dose"),
        Field("dose_reference", _T, "dose that the percentages refer to"),
        Field("dose_applies", _T, "which action the dose belongs to", codes=("primary", "secondary")),
        Field("start_dose", _T, "starting dose or range"),
        Field("start_dose_unit", _T, "its unit"),
        Field("target_dose", _T, "target dose"),
        Field("max_dose", _T, "maximum dose"),
        Field("max_dose_unit", _T, "its unit"),
        Field("frequency", _T, "dosing frequency"),
        Field("titration", _T, "speed of titration"),
        Field("alternatives", _T, "other drugs, joined by ';'"),
        Field("alternative_class", _T, "class of other drugs, joined by ';'"),
        Field("avoid_comedication", _T, "drugs not to combine"),
        Field("monitoring", _T, "tests, joined by ';'"),
        Field(
            "strength",
            _T,
            "strength of the recommendation",
            required=True,
            codes=("strong", "moderate", "optional", "none"),
        ),
        Field("evidence", _T, "FDA table section or label"),
        Field("notes", _T, "codes joined by ';'"),
        Field("pmids", _T, "PubMed ids joined by ';'"),
        Field("url", _T, "address of the guideline"),
        Field("source_date", _T, "date of the guideline"),
    ),
)

RECOMMENDATION_CONDITIONS = Table(
    "recommendation_conditions",
    "Genetic conditions of a recommendation; all rows of one rec_id must hold.",
    ("rec_id", "gene"),
    (
        Field("rec_id", _T, "recommendation", required=True, refers="recommendations.rec_id"),
        Field("position", _I, "order of the gene in the guideline, from 1", required=True),
        Field("gene", _T, "gene symbol (may be one that is not called here)", required=True),
        Field(
            "match_on",
            _T,
            "what is compared",
            required=True,
            codes=("phenotype", "activity_score", "allele_status", "genotype", "allele", "no_result"),
        ),
        Field("value", _T, "value to match", required=True),
        Field("score_min", _F, "lower end of the activity score, inclusive"),
        Field("score_max", _F, "upper end, inclusive; null with a score_min = open"),
        Field("implication", _T, "implication code"),
    ),
)

PAIRS = Table(
    "pairs",
    "Gene-drug pairs and their levels of evidence. The gene may be one without definitions here.",
    ("gene", "drug"),
    (
        Field("gene", _T, "gene symbol", required=True),
        Field("drug", _T, "generic name", required=True, refers="drugs.drug"),
        Field("cpic_level", _T, "CPIC level A to D"),
        Field("cpic_status", _T, "CPIC status"),
        Field("cpic_used_for_recommendation", _T, "whether CPIC's guideline uses it", codes=YES_NO),
        Field("clinpgx_level", _T, "ClinPGx level of evidence"),
        Field("fda_label_level", _T, "testing level of the FDA label"),
        Field("fda_label_source", _T, "where the level was read"),
        Field("fda_table_section", _T, "section of the FDA table of associations"),
        Field("dpwg", _T, "whether DPWG has a guideline", codes=("y", "n", "documented_no_current_row")),
        Field("dpwg_guideline_id", _T, "ClinPGx accession"),
        Field("cpic_guideline_id", _T, "ClinPGx accession"),
        Field("pmids", _T, "PubMed ids joined by ';'"),
    ),
)

DRUGS = Table(
    "drugs",
    "Drugs, their codes and other names.",
    ("drug",),
    (
        Field("drug", _T, "generic name, lower case", required=True),
        Field("rxnorm", _T, "RxNorm ingredient id"),
        Field("atc", _T, "ATC codes joined by ';'"),
        Field("drugbank", _T, "DrugBank id"),
        Field("clinpgx_id", _T, "ClinPGx accession"),
        Field("synonyms", _T, "brand and other names joined by ';' (partial; brands are from memory of the curator)"),
        Field("roles", _T, "why the drug is here, codes joined by ';'"),
        Field("source", _T, "source", required=True),
    ),
)

INTERACTIONS = Table(
    "interactions",
    "Drugs that inhibit or induce an enzyme.",
    ("drug", "enzyme", "role"),
    (
        Field("drug", _T, "drug or substance", required=True),
        Field("enzyme", _T, "gene symbol of the enzyme or transporter", required=True),
        Field("role", _T, "direction", required=True, codes=("inhibitor", "inducer")),
        Field("strength", _T, "strength", required=True, codes=("strong", "moderate", "weak")),
        Field("source", _T, "source", required=True),
        Field(
            "confidence",
            _T,
            "read = checked against a file; recall = written from knowledge",
            required=True,
            codes=("read", "recall"),
        ),
        Field("notes", _T, "codes joined by ';'"),
    ),
)

PHENOCONVERSION = Table(
    "phenoconversion",
    "What an inhibitor or inducer does to the phenotype of an enzyme.",
    ("rule_id",),
    (
        Field("rule_id", _T, "row id", required=True),
        _gene(),
        Field(
            "trigger",
            _T,
            "inhibitor, inducer, or another exposure",
            required=True,
            codes=("inhibitor", "inducer", "smoking", "inflammation"),
        ),
        Field("strengths", _T, "strengths that trigger it, joined by ';'; empty = any"),
        Field(
            "method", _T, "how the phenotype changes", required=True, codes=("multiply_score", "map", "steps", "none")
        ),
        Field("factor", _F, "multiplier of the activity score, or steps on the phenotype ladder (negative = down)"),
        Field("map", _T, "phenotype changes as 'from>to' joined by ';'"),
        Field("source", _T, "source", required=True),
        Field("confidence", _T, "read or recall", required=True, codes=("read", "recall")),
    ),
)

FREQUENCIES = Table(
    "frequencies",
    "Haplotype frequencies by population and source.",
    ("gene", "allele", "population", "scheme"),
    (
        _gene(),
        Field("allele", _T, "allele name, or unassigned_combination", required=True),
        Field("population", _T, "population", required=True),
        Field("frequency", _F, "0 to 1", required=True),
        Field("n_chromosomes", _I, "chromosomes counted"),
        Field("scheme", _T, "population scheme", required=True),
        Field("source", _T, "source", required=True),
    ),
)

PHENOTYPE_FREQUENCIES = Table(
    "phenotype_frequencies",
    "Phenotype frequencies by population.",
    ("gene", "phenotype", "activity_score", "population"),
    (
        _gene(),
        Field("phenotype", _T, "phenotype", required=True),
        Field("activity_score", _T, "activity score, where split by it"),
        Field("population", _T, "population", required=True),
        Field("frequency", _F, "0 to 1", required=True),
        Field("source", _T, "source", required=True),
    ),
)

VARIANT_FREQUENCIES = Table(
    "variant_frequencies",
    "Frequency of the alternative allele by superpopulation.",
    ("variant_id", "population"),
    (
        Field("variant_id", _T, "variant", required=True, refers="variants.variant_id"),
        _gene(),
        Field("rsid", _T, "dbSNP id"),
        Field("population", _T, "1000 Genomes superpopulation", required=True),
        Field("alt_frequency", _F, "0 to 1", required=True),
        Field("n_chromosomes", _I, "chromosomes counted"),
        Field("source", _T, "source", required=True),
    ),
)

EFFECTS = Table(
    "effects",
    "Published effect sizes.",
    ("drug", "genotype", "endpoint", "comparator", "measure", "estimate"),
    (
        Field("drug", _T, "drug or group of drugs", required=True),
        Field("genotype", _T, "gene, allele or phenotype compared", required=True),
        Field("endpoint", _T, "outcome", required=True),
        Field("comparator", _T, "compared with"),
        Field("measure", _T, "OR, RR, HR, ...", required=True),
        Field("estimate", _T, "point estimate as published"),
        Field("ci_low", _F, "lower end of the 95 % interval"),
        Field("ci_high", _F, "upper end of the 95 % interval"),
        Field("baseline_incidence", _T, "incidence among the comparator, as noted"),
        Field("population", _T, "who was studied"),
        Field("n", _T, "patients"),
        Field("pmid", _T, "PubMed or PMC id"),
        Field("confidence", _T, "read or recall, by part", required=True),
        Field("notes", _T, "remarks"),
    ),
)

HLA_TAGS = Table(
    "hla_tags",
    "SNPs in linkage with an HLA allele: a hint, never a call.",
    ("gene", "allele", "rsid"),
    (
        _gene(),
        Field("allele", _T, "HLA allele", required=True),
        Field("rsid", _T, "dbSNP id", required=True),
        Field("chrom", _T, "contig", required=True),
        Field("pos_grch38", _I, "1-based", required=True),
        Field("pos_grch37", _I, "1-based", required=True),
        Field("ref", _T, "reference base", required=True),
        Field("tag_allele", _T, "base in linkage", required=True),
        Field("notes", _T, "where the linkage holds"),
        Field("source", _T, "source", required=True),
    ),
)

EQUATIONS = Table(
    "equations",
    "Coefficients of published dosing equations.",
    ("equation", "term"),
    (
        Field("equation", _T, "equation id", required=True),
        Field("term", _T, "term", required=True),
        Field("coefficient", _F, "coefficient", required=True),
        Field("output", _T, "what the sum is", required=True),
        Field("source", _T, "source", required=True),
    ),
)

CONCEPTS = Table(
    "concepts",
    "What the product knows of a person beside the genome: demographics, vital signs, laboratory values, conditions, lifestyle.",
    ("concept",),
    (
        Field("concept", _T, "concept id", required=True),
        Field("feature", _T, "feature that carries its newest value; empty = none"),
        Field(
            "kind",
            _T,
            "numeric: a value in `unit`; coded: an answer of concept_answers; boolean: yes or no",
            required=True,
            codes=("numeric", "coded", "boolean"),
        ),
        Field("unit", _T, "UCUM unit that values are converted to"),
        Field("low", _F, "lowest value possible in a human, in `unit`"),
        Field("high", _F, "highest value possible in a human, in `unit`"),
        Field(
            "summary",
            _T,
            "what the feature is: the newest value, or the mean over the window",
            required=True,
            codes=("newest", "mean"),
        ),
        Field("window_days", _I, "age in days up to which a value counts as present; empty = any"),
        Field("trend_days", _I, "period in days that trend features look back; empty = no trend"),
        Field("names", _T, "other column names joined by ';' (lower case, words joined by '_')"),
        Field("meaning", _T, "what it is", required=True),
        Field("source", _T, "source", required=True),
    ),
)

CONCEPT_CODES = Table(
    "concept_codes",
    "Codes of published vocabularies, and the concept (and answer) that each stands for.",
    ("system", "code", "concept"),
    (
        Field("system", _T, "vocabulary", required=True),
        Field(
            "match",
            _T,
            "exact, or prefix: the code and everything under it (dots left out)",
            required=True,
            codes=("exact", "prefix"),
        ),
        Field("code", _T, "code", required=True),
        Field("concept", _T, "concept", required=True, refers="concepts.concept"),
        Field("answer", _T, "answer that the code itself states, for coded concepts"),
        Field("source", _T, "vocabulary", required=True),
    ),
)

CONCEPT_ANSWERS = Table(
    "concept_answers",
    "Answers of coded and boolean concepts, as written (text, lower case) or as codes. Concept '*' = any; an empty answer = not known.",
    ("concept", "system", "code"),
    (
        Field("concept", _T, "concept, or *", required=True),
        Field("system", _T, "text or a vocabulary", required=True),
        Field("code", _T, "text or code", required=True),
        Field("answer", _T, "answer; empty = stated to be unknown"),
        Field("source", _T, "source", required=True),
    ),
)

CONCEPT_DRUGS = Table(
    "concept_drugs",
    "Answers that mean that a substance of the drug table is taken.",
    ("concept", "answer", "drug"),
    (
        Field("concept", _T, "concept", required=True, refers="concepts.concept"),
        Field("answer", _T, "answer", required=True),
        Field("drug", _T, "drug", required=True, refers="drugs.drug"),
        Field("source", _T, "source", required=True),
    ),
)

CONCEPT_CONFLICTS = Table(
    "concept_conflicts",
    "Pairs of statements that cannot both be true of one person.",
    ("conflict",),
    (
        Field("conflict", _T, "what contradicts what", required=True),
        Field("concept_a", _T, "first concept", required=True, refers="concepts.concept"),
        Field("answer_a", _T, "its answer", required=True),
        Field("concept_b", _T, "second concept", required=True, refers="concepts.concept"),
        Field("min_b", _F, "a numeric second value at or above this contradicts"),
        Field("answer_b", _T, "a coded second answer that contradicts"),
        Field("source", _T, "source", required=True),
    ),
)

DRUG_NAMES = Table(
    "drug_names",
    "Names and codes of drugs beyond those of `drugs`: brands, other spellings, salts, RxNorm, SNOMED CT, NCI and OMOP codes.",
    ("system", "name"),
    (
        Field("system", _T, "text, RxNorm, ATC, SNOMED, NCIT or OMOP", required=True),
        Field("name", _T, "name (lower case) or code", required=True),
        Field("drug", _T, "drug", required=True, refers="drugs.drug"),
        Field("source", _T, "source", required=True),
    ),
)

UNIT_NAMES = Table(
    "unit_names",
    "Ways to write a unit, and the unit in UCUM. A column may end in one of them (`weight_lb`).",
    ("name",),
    (Field("name", _T, "unit as written", required=True), Field("ucum", _T, "the unit in UCUM", required=True)),
)

UNITS = Table(
    "units",
    "Conversions between UCUM units: value * factor + offset. An empty concept = any.",
    ("concept", "from_unit", "to_unit"),
    (
        Field(
            "concept",
            _T,
            "concept that the factor holds for (amounts of substance); empty = any",
            refers="concepts.concept",
        ),
        Field("from_unit", _T, "UCUM", required=True),
        Field("to_unit", _T, "UCUM", required=True),
        Field("factor", _F, "factor", required=True),
        Field("offset", _F, "added after the factor", required=True),
        Field("source", _T, "where the factor is from", required=True),
    ),
)

PHENOCONVERSION_MORE = Table(
    "phenoconversion_more",
    "Conversion rules beyond the imported ones, in the same form.",
    ("rule_id",),
    PHENOCONVERSION.fields,
)

PHENOTYPE_TERMS = Table(
    "phenotype_terms",
    "Order and kinship of phenotype terms.",
    ("phenotype",),
    (
        Field("phenotype", _T, "phenotype", required=True),
        Field("ladder", _T, "terms that can be ordered together"),
        Field("rung", _I, "place on the ladder; more function is higher"),
        Field("broader", _T, "the plain term that this one is a case of"),
        Field(
            "inducible", _T, "whether induction can raise it: no enzyme, nothing to induce", required=True, codes=YES_NO
        ),
        Field("source", _T, "source", required=True),
    ),
)

EXPOSURES = Table(
    "exposures",
    "Exposures other than drugs that change an enzyme: the observation that shows them.",
    ("trigger", "concept", "strength"),
    (
        Field("trigger", _T, "trigger in the conversion rules", required=True, codes=("smoking", "inflammation")),
        Field("concept", _T, "clinical concept", required=True, refers="concepts.concept"),
        Field("answer", _T, "coded answer that shows it"),
        Field("min_value", _F, "numeric value from which on it holds, in the concept's unit"),
        Field("strength", _T, "strength", required=True, codes=("weak", "moderate", "strong")),
        Field("window_days", _I, "age in days up to which the observation counts", required=True),
        Field("genes", _T, "genes joined by ';'", required=True),
        Field("source", _T, "source", required=True),
    ),
)

ENZYME_GROUPS = Table(
    "enzyme_groups",
    "Genes that share the inhibitors and inducers listed for another enzyme.",
    ("gene", "enzyme"),
    (
        _gene(),
        Field("enzyme", _T, "enzyme of the interactions table", required=True),
        Field("source", _T, "source", required=True),
    ),
)

WASHOUT = Table(
    "washout",
    "Days for which an inhibitor or inducer acts on after it was stopped; drug * = every drug without a row.",
    ("drug", "role"),
    (
        Field("drug", _T, "drug of the interactions table, or *", required=True),
        Field("role", _T, "role", required=True, codes=("inhibitor", "inducer")),
        Field("days", _I, "days", required=True),
        Field("source", _T, "source", required=True),
    ),
)

POPULATIONS = Table(
    "populations",
    "How clinical data decide whether a person belongs to the population of a recommendation: all tests of one alternative must hold, "
    "any alternative is enough; what is not known stays undecided.",
    ("population", "alternative", "test", "subject"),
    (
        Field("population", _T, "population code of recommendations", required=True),
        Field("alternative", _I, "number of the alternative", required=True),
        Field(
            "test",
            _T,
            "kind of test",
            required=True,
            codes=(
                "at_least",
                "above",
                "at_most",
                "below",
                "is",
                "is_not",
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
        Field("subject", _T, "concept, enzyme or drugs (joined by '|')"),
        Field("value", _T, "number, answers or strengths joined by '|'"),
        Field("source", _T, "source", required=True),
    ),
)

ACTIONS = Table(
    "actions",
    "How urgent an action code is.",
    ("action",),
    (
        Field("action", _T, "action code of recommendations", required=True),
        Field(
            "urgency",
            _T,
            "group on the first page",
            required=True,
            codes=("avoid", "change_dose", "monitor", "standard", "no_data"),
        ),
        Field("severity", _I, "order, most urgent first", required=True),
        Field("direction", _T, "direction of a change of dose", codes=("up", "down")),
        Field("source", _T, "source", required=True),
    ),
)

GUIDELINE_SOURCES = Table(
    "guideline_sources",
    "How a source of recommendations names phenotypes; a source without a row is read like CPIC.",
    ("source",),
    (
        Field("source", _T, "source of recommendations", required=True),
        Field("scheme", _T, "phenotype scheme that it speaks", required=True, codes=SCHEMES),
        Field(
            "wording",
            _T,
            "exact: terms as they are; broader: 'Likely' and 'Possible' count as the plain term",
            required=True,
            codes=("exact", "broader"),
        ),
        Field("source_note", _T, "why"),
    ),
)

GENOTYPE_TERMS = Table(
    "genotype_terms",
    "What genotype and allele conditions of recommendations mean; one without a row is the diplotype that it names.",
    ("guideline", "gene", "term"),
    (
        Field("guideline", _T, "source of the recommendation, or *", required=True),
        _gene(),
        Field("term", _T, "value of the condition", required=True),
        Field("compare", _T, "what is compared", required=True, codes=("any_allele", "diplotype", "phenotype")),
        Field("value", _T, "accepted values joined by '|'", required=True),
        Field("source", _T, "source", required=True),
    ),
)

GROUPS = Table(
    "groups",
    "Biogeographic groups by which haplotype frequencies are told apart.",
    ("group",),
    (
        Field("group", _T, "code, and column of priors", required=True),
        Field("name", _T, "CPIC's name of the group", required=True),
        Field("synonyms", _T, "other names and 1000 Genomes codes joined by ';'"),
        Field("pooled_weight", _F, "share in the mixture that stands for a person of unknown group", required=True),
    ),
)

PRIORS = Table(
    "priors",
    "Haplotype frequencies that calling starts from, per biogeographic group; empty = not known (the mean of the others is used).",
    ("gene", "haplotype"),
    (
        _gene(),
        Field("haplotype", _T, "named allele, or a combination as it is reported", required=True),
        Field(
            "bases",
            _T,
            "for haplotypes that are not named alleles: every base that differs from GRCh38, 'position=base' joined by ';'",
        ),
        Field("afr", _F, "Sub-Saharan African, 0 to 1"),
        Field("aac", _F, "African American/Afro-Caribbean"),
        Field("eur", _F, "European"),
        Field("eas", _F, "East Asian"),
        Field("sas", _F, "Central/South Asian"),
        Field("amr", _F, "Latino"),
        Field("ame", _F, "American"),
        Field("nea", _F, "Near Eastern"),
        Field("oce", _F, "Oceanian"),
        Field("source", _T, "panel, cpic, or both", required=True),
    ),
)

CALLING_POLICIES = Table(
    "calling_policies",
    "Exceptions to calling by exact match.",
    ("gene", "policy", "pos_grch38", "allele"),
    (
        _gene(),
        Field(
            "policy",
            _T,
            "proxy: the position counts only where the deciding one has no data; undocumented_is_reference: bases in no "
            "definition are passed over (and flagged); report_as: the allele is reported under another name; "
            "extra_variants_allowed: an allele keeps its name if further listed variants complete no other allele (flagged); "
            "deletion_allele: the allele that has lost the gene",
            required=True,
            codes=("proxy", "undocumented_is_reference", "report_as", "extra_variants_allowed", "deletion_allele"),
        ),
        Field("pos_grch38", _I, "position concerned (proxy)"),
        Field("decided_by", _I, "position that decides (proxy)"),
        Field("allele", _T, "allele concerned (report_as)"),
        Field("report_as", _T, "name to report"),
        Field("source", _T, "source", required=True),
    ),
)

FLAGS = Table(
    "flags",
    "Codes in the flags column of calls, and what they mean.",
    ("flag",),
    (
        Field("flag", _T, "code", required=True),
        Field("meaning", _T, "what it says of the call", required=True),
        Field("advice", _T, "what can be done"),
    ),
)

PHENOTYPE_EXCEPTIONS = Table(
    "phenotype_exceptions",
    "Diplotypes for which an older source gives another phenotype than the current rules: what changed under which name.",
    ("source", "gene", "diplotype"),
    (
        Field("source", _T, "older source", required=True),
        _gene(),
        Field("diplotype", _T, "diplotype; allele names may hold a '/'", required=True),
        Field("source_phenotype", _T, "what the older source says", required=True),
        Field("rule_phenotype", _T, "what the CPIC rules here say", required=True),
    ),
)

CORRECTIONS = Table(
    "corrections",
    "Cells of imported tables that the importer changes, each with the reason; nothing else is edited.",
    ("table", "where", "column"),
    (
        Field("table", _T, "knowledge table", required=True),
        Field("where", _T, "the rows, as column=value joined by '&'", required=True),
        Field("column", _T, "column to change", required=True),
        Field("old", _T, "value that must be there, or the import fails; empty = null"),
        Field("new", _T, "value to put there; empty = null"),
        Field("reason", _T, "why", required=True),
        Field("source", _T, "what the correction rests on", required=True),
    ),
)

FOLLOW_UP = Table(
    "follow_up",
    "When a test that a recommendation asks for is usually done, in days from the first dose or the change of dose.",
    ("code",),
    (
        Field("code", _T, "monitoring code of recommendations", required=True),
        Field("before", _T, "whether it is done before the first dose", required=True, codes=YES_NO),
        Field("days", _T, "days after it, joined by ';'; empty = only before"),
        Field("note", _T, "what decides about more or fewer of them"),
        Field("source", _T, "what the days rest on", required=True),
    ),
)

PHENOTYPE_NAMES = Table(
    "phenotype_names",
    "Other ways to write a phenotype, lower case, 'metabolizer' with z.",
    ("name",),
    (
        Field("name", _T, "name as other tools write it", required=True),
        Field("phenotype", _T, "phenotype", required=True),
        Field("source", _T, "why", required=True),
    ),
)

VERIFICATIONS = Table(
    "verifications",
    "Rows from memory that were checked against a public source, and what it says. The importer marks the rows.",
    ("table", "where"),
    (
        Field("table", _T, "knowledge table", required=True),
        Field("where", _T, "the row, as column=value joined by '&'", required=True),
        Field("finding", _T, "whether the source agrees", required=True, codes=("agrees", "differs")),
        Field("says", _T, "what the source says", required=True),
        Field("source", _T, "the source and its date", required=True),
    ),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        GENES, VARIANTS, ALLELES, DEFINITIONS, FUNCTIONS, PHENOTYPE_RULES, RECOMMENDATIONS, RECOMMENDATION_CONDITIONS, PAIRS, DRUGS,
        INTERACTIONS, PHENOCONVERSION, FREQUENCIES, PHENOTYPE_FREQUENCIES, VARIANT_FREQUENCIES, EFFECTS, HLA_TAGS, EQUATIONS,
        GROUPS, PRIORS, CALLING_POLICIES, FLAGS,
        CONCEPTS, CONCEPT_CODES, CONCEPT_ANSWERS, CONCEPT_DRUGS, CONCEPT_CONFLICTS, DRUG_NAMES, UNIT_NAMES, UNITS,
        PHENOCONVERSION_MORE, PHENOTYPE_TERMS, EXPOSURES, ENZYME_GROUPS, WASHOUT, POPULATIONS, ACTIONS, GUIDELINE_SOURCES, GENOTYPE_TERMS, PHENOTYPE_NAMES,
        PHENOTYPE_EXCEPTIONS, CORRECTIONS, FOLLOW_UP,
    )
}  # fmt: skip
