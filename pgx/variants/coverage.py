"""What of each gene a file covers."""

from __future__ import annotations

import numpy as np
import polars as pl

from pgx.knowledge.base import KnowledgeBase
from pgx.types import Genotypes, State

COLUMNS = {
    "gene": pl.String,
    "called": pl.Int64,
    "assumed": pl.Int64,
    "absent": pl.Int64,
    "unusable": pl.Int64,
    "positions": pl.Int64,
}
"""Counts of genotypes, over all samples; ``positions`` is their sum."""


def coverage(genotypes: Genotypes, kb: KnowledgeBase) -> pl.DataFrame:
    """Return how many genotypes of each gene are called, assumed reference, absent or unusable (`COLUMNS`)."""
    called = (genotypes.state == State.CALLED) | (genotypes.state == State.REFERENCE_BLOCK)
    kinds = (called, genotypes.state == State.ASSUMED_REFERENCE, genotypes.state == State.ABSENT)
    rows = []
    for gene in kb.genes:
        sites = kb.gene(gene).sites
        counts = [int(np.count_nonzero(kind[sites])) for kind in kinds]
        total = len(sites) * len(genotypes.samples)
        if total:
            rows.append((gene, *counts, total - sum(counts), total))
    return pl.DataFrame(rows, schema=COLUMNS, orient="row")
