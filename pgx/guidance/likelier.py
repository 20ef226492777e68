"""What is likelier than not of a person's genes: what rows of labels on a result, or on two enzymes, ask for."""

from __future__ import annotations

import polars as pl

from pgx.knowledge.base import KnowledgeBase
from pgx.knowledge.rules.phenotypes import INDETERMINATE
from pgx.phenotypes.absent_enzymes import likelier, likely_places

_POOR = ("Poor Metabolizer", "Poor Function")


def without_function(phenotypes: pl.DataFrame) -> frozenset[tuple[str, str]]:
    """Return the persons and genes of whom a poor phenotype is the likelier one, by the genes or as converted."""
    poor = pl.any_horizontal(pl.col(name).is_in(_POOR) for name in ("phenotype", "clinical_phenotype"))
    return likely_places(phenotypes.filter(poor))


def likelier_results(phenotypes: pl.DataFrame, kb: KnowledgeBase) -> dict[tuple[str, str], str]:
    """Return person and gene -> the phenotype that is likelier than not by the genes alone, for rows on a gene."""
    genes = kb.table("label_interactions")["gene"].drop_nulls().unique().to_list()
    of_label = pl.col("gene").is_in(genes) & (pl.col("scheme") == "CPIC") & pl.col("phenotype").is_not_null()
    # A result that nobody can place is no result for such rows: what they say to whom was not tested holds.
    told = phenotypes.filter(of_label, pl.col("phenotype") != INDETERMINATE)
    return {(sample, gene): name for sample, gene, name in likelier(told, "sample", "gene", "phenotype").iter_rows()}
