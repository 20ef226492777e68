"""Tables of genes, variants, alleles and phenotype rules."""

from __future__ import annotations

from pgx.codes import KINDS
from pgx.knowledge.tables.table import DPWG_APART, INT, SCHEMES, YES_NO, F, Field, T, Table, gene_field

GENES = Table(
    "genes",
    "One row a gene, with the policy by which it is called and phenotyped.",
    ("gene",),
    (
        Field("gene", T, "HGNC symbol", required=True),
        Field("chrom", T, "GRCh38 contig, chrN", required=True),
        Field("strand", T, "transcribed strand", codes=("+", "-")),
        Field("start_grch38", INT, "first base of the region, 1-based"),
        Field("end_grch38", INT, "last base of the region"),
        Field("start_grch37", INT, "first base of the region, GRCh37"),
        Field("end_grch37", INT, "last base of the region, GRCh37"),
        Field("refseq_gene", T, "RefSeqGene accession"),
        Field("refseq_transcript", T, "RefSeq transcript accession"),
        Field("refseq_protein", T, "RefSeq protein accession"),
        Field("hgnc_id", T, "HGNC id"),
        Field("ncbi_gene_id", T, "NCBI Gene id"),
        Field("ensembl_id", T, "Ensembl gene id"),
        Field("clinpgx_id", T, "ClinPGx accession"),
        Field(
            "tier",
            T,
            "guideline genes have recommendations or phenotypes",
            required=True,
            codes=("guideline", "research"),
        ),
        Field(
            "caller",
            T,
            "named_allele: star alleles by position; variant_list: every variant is an allele, the two worst "
            "count; outside: from another tool",
            required=True,
            codes=("named_allele", "variant_list", "outside"),
        ),
        Field("inheritance", T, "copies of the gene", required=True, codes=("autosomal", "x_linked", "mitochondrial")),
        Field(
            "phenotype_method",
            T,
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
        Field("lookup", T, "what recommendations are keyed by", codes=("phenotype", "activity_score", "allele_status")),
        Field("required_positions", T, "GRCh38 positions without which the gene is not called, joined by ';'"),
        Field(
            "copy_number_varies",
            T,
            "whether deletions, duplications or hybrids are named alleles",
            required=True,
            codes=YES_NO,
        ),
        Field("reference_allele", T, "the nomenclature's reference allele"),
        Field("grch38_allele", T, "allele that the GRCh38 sequence carries"),
        Field("grch37_allele", T, "allele that the GRCh37 sequence carries"),
        Field("source", T, "source of the definitions", required=True),
        Field("source_version", T, "its version"),
        Field("notes", T, "codes joined by ';'"),
    ),
)

VARIANTS = Table(
    "variants",
    "Every variant of an allele definition, on both builds, forward strand, left-aligned and trimmed.",
    ("variant_id",),
    (
        Field("variant_id", T, "GENE:position:ref:alt on GRCh38", required=True),
        gene_field(),
        Field("chrom", T, "GRCh38 contig", required=True),
        Field("pos_grch38", INT, "1-based", required=True),
        Field("ref", T, "GRCh38 reference bases", required=True),
        Field("alt", T, "alternative bases", required=True),
        Field("type", T, "kind of change", required=True, codes=("snv", "ins", "del", "mnv")),
        Field("rsid", T, "dbSNP id"),
        Field("hgvs_g", T, "HGVS genomic name on GRCh38"),
        Field("pos_grch37", INT, "1-based"),
        Field("ref_grch37", T, "GRCh37 reference bases"),
        Field("alt_grch37", T, "the other bases, on GRCh37"),
        Field("ref_differs", T, "whether the two builds carry different reference bases", required=True, codes=YES_NO),
        Field("grch37_evidence", T, "what the GRCh37 coordinate rests on"),
        Field(
            "in_1kgp_grch38",
            T,
            "whether the 1000 Genomes GRCh38 panel has it: y, site only, n",
            codes=("y", "site", "n"),
        ),
        Field("source", T, "source", required=True),
        Field("flags", T, "codes joined by ';'"),
    ),
)

ALLELES = Table(
    "alleles",
    "Named alleles.",
    ("gene", "allele"),
    (
        gene_field(),
        Field("allele", T, "allele name without the gene", required=True),
        Field("reference", T, "the nomenclature's reference allele", required=True, codes=YES_NO),
        Field("grch38", T, "carried by the GRCh38 sequence", required=True, codes=YES_NO),
        Field("grch37", T, "carried by the GRCh37 sequence", required=True, codes=YES_NO),
        Field(
            "structural",
            T,
            "copy number, hybrid or presence: not definable by small variants",
            required=True,
            codes=YES_NO,
        ),
        Field("callable", T, "whether small variants define it here", required=True, codes=YES_NO),
        Field("source", T, "source of the definition"),
        Field("clinpgx_id", T, "ClinPGx accession"),
        Field("flags", T, "codes joined by ';'"),
    ),
)

DEFINITIONS = Table(
    "definitions",
    "Bases that an allele requires at a position; positions not listed require the reference base. "
    "An allele without rows is all reference.",
    ("gene", "allele", "pos_grch38"),
    (
        gene_field(),
        Field("allele", T, "allele name", required=True),
        Field("pos_grch38", INT, "position, 1-based", required=True),
        Field(
            "bases",
            T,
            "accepted bases joined by '|', written against the site's longest reference string",
            required=True,
        ),
        Field("variants", T, "variant ids behind it, joined by ';'", required=True),
    ),
)

FUNCTIONS = Table(
    "functions",
    "Function and activity value of an allele, by scheme and version.",
    ("gene", "allele", "scheme"),
    (
        gene_field(),
        Field("allele", T, "allele name", required=True),
        Field(
            "scheme",
            T,
            "CPIC and DPWG are never mixed; PharmCAT-3.1.1 is CPIC as that release shipped it; research genes have "
            "pypgx's function under CPIC (see source)",
            required=True,
            codes=("CPIC", "DPWG", "PharmCAT-3.1.1"),
        ),
        Field("function", T, "clinical function"),
        Field("activity_value", F, "activity value"),
        Field(
            "activity_is_minimum", T, "the value is a lower bound (three or more copies)", required=True, codes=YES_NO
        ),
        Field("note", T, "the source's own status where it differs"),
        Field("source", T, "source and version"),
    ),
    parts=DPWG_APART,
)

PHENOTYPE_RULES = Table(
    "phenotype_rules",
    "How functions, scores or genotypes become a phenotype. Function pairs are unordered; what is "
    "not listed is Indeterminate.",
    ("gene", "scheme", "rule_type", "input1", "input2", "score_min", "score_max"),
    (
        gene_field(),
        Field("scheme", T, "rule set", required=True, codes=SCHEMES),
        Field(
            "rule_type",
            T,
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
        Field("input1", T, "first input; of a range of scores, words such as `sum of activity values`", required=True),
        Field("input2", T, "second input"),
        Field("score_min", F, "lower end of an activity range"),
        Field("score_min_inclusive", T, "whether the lower end belongs to it", codes=YES_NO),
        Field("score_max", F, "upper end; null = open"),
        Field("score_max_inclusive", T, "whether the upper end belongs to it", codes=YES_NO),
        Field("phenotype", T, "result"),
        Field("ehr_priority", T, "CPIC's EHR priority"),
        Field("source", T, "source and version", required=True),
    ),
    parts=DPWG_APART,
)

PHENOTYPE_TERMS = Table(
    "phenotype_terms",
    "Order and kinship of phenotype terms.",
    ("phenotype",),
    (
        Field("phenotype", T, "phenotype", required=True),
        Field("ladder", T, "terms that can be ordered together"),
        Field("rung", INT, "place on the ladder; more function is higher"),
        Field("broader", T, "the plain term that this one is a case of"),
        Field(
            "inducible", T, "whether induction can raise it: no enzyme, nothing to induce", required=True, codes=YES_NO
        ),
        Field("source", T, "source", required=True),
    ),
)

OUTSIDE_TOOLS = Table(
    "outside_tools",
    "Callers of one gene that do not write which.",
    ("tool",),
    (
        Field("tool", T, "tool", required=True),
        gene_field(),
        Field("source", T, "why", required=True),
    ),
)

GENE_NAMES = Table(
    "gene_names",
    "Older symbols of genes, and names of what they encode.",
    ("name",),
    (
        Field("name", T, "name; capitals and marks do not matter", required=True),
        gene_field(),
        Field("source", T, "source", required=True),
    ),
)

ALLELE_NAMES = Table(
    "allele_names",
    "Other names of alleles, as laboratories write them: of older nomenclatures, by their change of base or of the "
    "protein, by rsID. A name in which two bases stand (c.521T>C) is also read with a genotype behind it (521 T/C).",
    ("gene", "name"),
    (
        gene_field(),
        Field("name", T, "name; capitals do not matter", required=True),
        Field("allele", T, "allele of table alleles", required=True),
        Field("source", T, "source", required=True),
        Field(
            "also_in",
            T,
            "common alleles of another function with the change, joined by |: the name alone is refused",
        ),
        Field(
            "decides",
            T,
            "y: two reference bases here are two reference alleles: the gene's other changes are rare, or the "
            "guideline lets this one decide alone",
            codes=("y",),
        ),
    ),
)

PHENOTYPE_NAMES = Table(
    "phenotype_names",
    "Other ways to write a phenotype, lower case, 'metabolizer' with z.",
    ("name",),
    (
        Field("name", T, "name as other tools write it", required=True),
        Field("phenotype", T, "phenotype", required=True),
        Field("source", T, "why", required=True),
    ),
)

PHENOTYPE_EXCEPTIONS = Table(
    "phenotype_exceptions",
    "Diplotypes for which an older source gives another phenotype than the current rules: what "
    "changed under which name.",
    ("source", "gene", "diplotype"),
    (
        Field("source", T, "older source", required=True),
        gene_field(),
        Field("diplotype", T, "diplotype; allele names may hold a '/'", required=True),
        Field("source_phenotype", T, "what the older source says", required=True),
        Field("rule_phenotype", T, "what the CPIC rules here say", required=True),
    ),
)

CALLING_POLICIES = Table(
    "calling_policies",
    "Exceptions to calling by exact match.",
    ("gene", "policy", "pos_grch38", "allele", "first_exon", "last_exon"),
    (
        gene_field(),
        Field(
            "policy",
            T,
            "proxy: the position counts only where the deciding one has no data; undocumented_is_reference: "
            "bases in no definition are passed over (flagged, and never without doubt); common_base: a base in no "
            "definition that is too common to be a cause of rare disease, passed over without doubt; "
            "report_as: the allele is reported under another name; "
            "extra_variants_allowed: an allele keeps its name if further listed variants "
            "complete no other allele (flagged); deletion_allele: the allele that has lost the gene; "
            "exon_deletion_allele: the allele that has lost just these exons; other losses of exons have no name; "
            "paralog_base: a base that reads of a sister gene bring to the position; "
            "repeat_unit: bases that the position repeats, and how often the reference does as laboratories count; "
            "fallback_variant: where no named alleles explain the strands, each is read as the reference allele or, "
            "with the allele's base at the position, as the allele, if no other loss of function is known (flagged); "
            "decisive_position: the guideline lets this position decide alone, also where nothing is found there",
            required=True,
            codes=(
                "proxy",
                "undocumented_is_reference",
                "common_base",
                "report_as",
                "extra_variants_allowed",
                "deletion_allele",
                "exon_deletion_allele",
                "paralog_base",
                "repeat_unit",
                "fallback_variant",
                "decisive_position",
            ),
        ),
        Field(
            "pos_grch38",
            INT,
            "position concerned (proxy, common_base, paralog_base, repeat_unit, fallback_variant, decisive_position)",
        ),
        Field("decided_by", INT, "position that decides (proxy)"),
        Field(
            "allele",
            T,
            "allele concerned (report_as, fallback_variant, both kinds of deletion), or base (common_base, "
            "paralog_base)",
        ),
        Field("report_as", T, "name to report; number of units (repeat_unit)"),
        Field("first_exon", INT, "first of the exons that are lost (exon_deletion_allele)"),
        Field("last_exon", INT, "last of them (exon_deletion_allele)"),
        Field("source", T, "source", required=True),
    ),
)

SITE_ERRORS = Table(
    "site_errors",
    "How often reads and genotypes err at a site, by its kind: what a genotype is worth whose file says no more than "
    "GT, or no more than the reads of each allele.",
    ("kind",),
    (
        Field(
            "kind",
            T,
            "base_change; indel; homopolymer_indel: one base more or less in a run of the same base; paralog_base: a "
            "base that reads of a sister gene bring (the positions are in calling_policies)",
            required=True,
            codes=("base_change", "indel", "homopolymer_indel", "paralog_base"),
        ),
        Field("least_run", INT, "bases of the run from which it counts as a homopolymer (homopolymer_indel)"),
        Field("read_error", F, "probability that a read shows another allele than it was read from", required=True),
        Field("genotype_error", F, "probability that a genotype shows a change where there is none", required=True),
        Field("source", T, "source", required=True),
    ),
)

FLAGS = Table(
    "flags",
    "Codes of flags, statuses, urgencies, notes and the like, and what they mean.",
    ("code", "kind"),
    (
        Field("kind", T, "what the code is of", codes=tuple(KINDS), default="flag"),
        Field("code", T, "code; of a flag, with an argument where that has a meaning of its own", required=True),
        Field("meaning", T, "what it says", required=True),
        Field("advice", T, "what can be done"),
    ),
    former={"flag": "code"},
)
