"""Tables that reading a VCF needs: how genes are built, and what FILTER may say without a failure."""

from __future__ import annotations

from pgx.knowledge.tables.table import INT, Field, T, Table, gene_field

GENE_EXONS = Table(
    "gene_exons",
    "Exons of a gene's reference transcript, untranslated parts included, on both builds.",
    ("gene", "exon"),
    (
        gene_field(),
        Field("exon", INT, "number in the direction of transcription, from 1", required=True),
        Field("first_grch38", INT, "first base, 1-based", required=True),
        Field("last_grch38", INT, "last base", required=True),
        Field("first_grch37", INT, "first base, GRCh37"),
        Field("last_grch37", INT, "last base, GRCh37"),
        Field("source", T, "source", required=True),
    ),
)

FILTER_WORDS = Table(
    "filter_words",
    "Words that programs write into FILTER of records that failed no filter, in any case.",
    ("word",),
    (
        Field("word", T, "the word", required=True),
        Field("meaning", T, "what it says", required=True),
        Field("source", T, "program that writes it", required=True),
    ),
)
