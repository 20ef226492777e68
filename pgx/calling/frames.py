"""Calls as frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from pgx import schema
from pgx.assertion import NOT_CALLED, asserted
from pgx.cells import Pair
from pgx.knowledge.base import KnowledgeBase
from pgx.types import CallSet, Diplotype, PatternCall

SHOWN = 10
"""Alternatives listed in the calls frame at most; those below `SHOWN_FROM` are left out."""
SHOWN_FROM = 0.001


def calls_frame(callset: CallSet, kb: KnowledgeBase) -> pl.DataFrame:
    """Return `schema.CALLS` rows, all genes of the first sample first; the phenotype columns are left null.

    A gene that is not asserted (`pgx.assertion`) is ``not_called``, with what fits in `alternatives` alone. Each
    pattern's row is made once and repeated for its samples.
    """
    functions = {
        (gene, allele): function
        for gene, allele, function in kb.table("functions")
        .filter(pl.col("scheme") == "CPIC")
        .select("gene", "allele", "function")
        .iter_rows()
    }
    if not callset.genes:
        return schema.empty(schema.CALLS)
    n_samples = len(callset.samples)
    offsets = np.cumsum([0, *(len(gene.patterns) for gene in callset.genes)])
    rows = schema.from_rows(
        (_row(gene.gene, pattern, functions) for gene in callset.genes for pattern in gene.patterns),
        tuple(column for column in schema.CALLS if column.name != "sample"),
    )
    row_of = np.stack([gene.pattern_of + offset for gene, offset in zip(callset.genes, offsets, strict=False)], axis=1)
    sample_of = np.repeat(np.arange(n_samples), len(callset.genes))
    samples = pl.Series("sample", callset.samples, dtype=pl.String)
    return schema.conform(rows[row_of.ravel()].with_columns(samples[sample_of]), schema.CALLS)


def _row(gene: str, pattern: PatternCall, functions: dict[tuple[str, str], str | None]) -> dict[str, object]:
    stated = asserted(pattern.status, pattern.flags)
    row: dict[str, object] = {
        "gene": gene,
        "status": pattern.status if stated else NOT_CALLED,
        "positions_called": pattern.positions_called,
        "positions_assumed": pattern.positions_assumed,
        "positions_total": pattern.positions_total,
        "flags": list(pattern.flags),
        "source": pattern.source,
    }
    if not pattern.diplotypes:
        return row
    if not stated:
        return row | {"alternatives": _alternatives(pattern.diplotypes)}
    best, *others = pattern.diplotypes
    return row | {
        "diplotype": best.name,
        "probability": best.probability,
        "allele1": best.allele1,
        "allele2": best.allele2,
        "function1": _function(gene, best.parts1, best.novel1, functions),
        "function2": _function(gene, best.parts2, best.novel2, functions),
        "alternatives": _alternatives(others),
    }


def _alternatives(diplotypes: Sequence[Diplotype]) -> list[Pair]:
    listed = [d for d in diplotypes[:SHOWN] if d.probability >= SHOWN_FROM]
    return [{"diplotype": d.name, "probability": float(f"{d.probability:.4g}")} for d in listed]


def _function(
    gene: str, parts: tuple[str, ...], novel: bool, functions: dict[tuple[str, str], str | None]
) -> str | None:
    """Function of a strand that is one named allele; a combination or an unexplained base has none of its own here."""
    if novel or len(parts) != 1:
        return None
    return functions.get((gene, parts[0]))
