"""Tables of how genes are built: what a structural change takes away."""

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
