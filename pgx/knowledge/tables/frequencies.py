"""Tables of what is frequent in which population: alleles, phenotypes, variants, and what tags an allele."""

from __future__ import annotations

from pgx.knowledge.tables.table import INT, F, Field, T, Table, gene_field

GROUPS = Table(
    "groups",
    "Biogeographic groups by which haplotype frequencies are told apart.",
    ("group",),
    (
        Field("group", T, "code, and column of priors", required=True),
        Field("name", T, "CPIC's name of the group", required=True),
        Field("synonyms", T, "other names and 1000 Genomes codes joined by ';'"),
        Field("pooled_weight", F, "share in the mixture that stands for a person of unknown group", required=True),
    ),
)

PRIORS = Table(
    "priors",
    "Haplotype frequencies that calling starts from, per biogeographic group; empty = not known (the "
    "mean of the others is used).",
    ("gene", "haplotype"),
    (
        gene_field(),
        Field("haplotype", T, "named allele, or a combination as it is reported", required=True),
        Field(
            "bases",
            T,
            "for haplotypes that are not named alleles: every base that differs from GRCh38, 'position=base' "
            "joined by ';'",
        ),
        Field("afr", F, "Sub-Saharan African, 0 to 1"),
        Field("aac", F, "African American/Afro-Caribbean"),
        Field("eur", F, "European"),
        Field("eas", F, "East Asian"),
        Field("sas", F, "Central/South Asian"),
        Field("amr", F, "Latino"),
        Field("ame", F, "American"),
        Field("nea", F, "Near Eastern"),
        Field("oce", F, "Oceanian"),
        Field("source", T, "panel, cpic, or both", required=True),
    ),
)

UNSEEN_COPIES = Table(
    "unseen_copies",
    "Deletions, duplications and hybrids that small variants do not show, with their frequency per biogeographic "
    "group: where nothing tells of copy number they are summed over. Empty in every group = as `frequencies` counts "
    "the allele; empty in one = not seen there.",
    ("gene", "allele"),
    (
        gene_field(),
        Field("allele", T, "allele as it is reported", required=True),
        Field("shows", T, "allele whose bases it shows; empty = it has no copy of the gene, and shows none"),
        Field("copies", INT, "copies of `shows` that its function counts; 1 = the allele has a function of its own"),
        Field("afr", F, "Sub-Saharan African, 0 to 1"),
        Field("aac", F, "African American/Afro-Caribbean"),
        Field("eur", F, "European"),
        Field("eas", F, "East Asian"),
        Field("sas", F, "Central/South Asian"),
        Field("amr", F, "Latino"),
        Field("ame", F, "American"),
        Field("nea", F, "Near Eastern"),
        Field("oce", F, "Oceanian"),
        Field("source", T, "source", required=True),
    ),
)

FREQUENCIES = Table(
    "frequencies",
    "Haplotype frequencies by population and source.",
    ("gene", "allele", "population", "scheme"),
    (
        gene_field(),
        Field("allele", T, "allele name, or unassigned_combination", required=True),
        Field("population", T, "population", required=True),
        Field("frequency", F, "0 to 1", required=True),
        Field("n_chromosomes", INT, "chromosomes counted"),
        Field("scheme", T, "population scheme", required=True),
        Field("source", T, "source", required=True),
    ),
)

PHENOTYPE_FREQUENCIES = Table(
    "phenotype_frequencies",
    "Phenotype frequencies by population.",
    ("gene", "phenotype", "activity_score", "population"),
    (
        gene_field(),
        Field("phenotype", T, "phenotype", required=True),
        Field("activity_score", T, "activity score, where split by it"),
        Field("population", T, "population", required=True),
        Field("frequency", F, "0 to 1", required=True),
        Field("source", T, "source", required=True),
    ),
)

VARIANT_FREQUENCIES = Table(
    "variant_frequencies",
    "Frequency of the alternative allele by superpopulation.",
    ("variant_id", "population"),
    (
        Field("variant_id", T, "variant", required=True, refers="variants.variant_id"),
        gene_field(),
        Field("rsid", T, "dbSNP id"),
        Field("population", T, "1000 Genomes superpopulation", required=True),
        Field("alt_frequency", F, "0 to 1", required=True),
        Field("n_chromosomes", INT, "chromosomes counted"),
        Field("source", T, "source", required=True),
    ),
)

HLA_TAGS = Table(
    "hla_tags",
    "SNPs in linkage with an HLA allele: a hint, never a call.",
    ("gene", "allele", "rsid"),
    (
        gene_field(),
        Field("allele", T, "HLA allele", required=True),
        Field("rsid", T, "dbSNP id", required=True),
        Field("chrom", T, "contig", required=True),
        Field("pos_grch38", INT, "1-based", required=True),
        Field("pos_grch37", INT, "1-based", required=True),
        Field("ref", T, "reference base", required=True),
        Field("tag_allele", T, "base in linkage", required=True),
        Field("notes", T, "where the linkage holds"),
        Field("source", T, "source", required=True),
    ),
)

HLA_GROUPS = Table(
    "hla_groups",
    "First fields that names of alleles of an HLA gene can begin with: ``*57:01`` is no allele of HLA-A.",
    ("gene",),
    (
        Field("gene", T, "HLA gene, called here or not", required=True),
        Field("groups", T, "first fields, joined by ';'", required=True),
        Field("source", T, "source", required=True),
    ),
)
