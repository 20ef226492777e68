"""Advice on a phenotype that another drug changed says where the strength of that drug is confirmed by no list."""

from __future__ import annotations

import polars as pl

from pgx.cells import NAMES
from pgx.codes import FlagCode
from pgx.knowledge.acting import PLANNED

_COUNTED = ("strong", "moderate")


def mark(guidance: pl.DataFrame, exposures: pl.DataFrame) -> pl.DataFrame:
    """Flag (``unverified:<agent>:<gene>``) rows on a phenotype that rests on a drug of unverified strength.

    Parameters
    ----------
    guidance
        `pgx.schema.GUIDANCE`.
    exposures
        What acts on each person's enzymes (`pgx.phenotypes.exposures`).
    """
    doubtful = exposures.filter(
        pl.col("trigger").is_in(["inhibitor", "inducer"]),
        pl.col("confidence") == "recall",
        pl.col("strength").is_in(_COUNTED),
        pl.col("phase") != PLANNED,
    ).select("sample", "gene", said=FlagCode.UNVERIFIED.value + ":" + pl.col("agent") + ":" + pl.col("gene"))
    numbered = guidance.with_row_index("row")
    converted = pl.col("flags").list.contains(FlagCode.PHENOCONVERTED.value)
    found = (
        numbered.filter(converted)
        .select("row", "sample", gene="genes")
        .explode("gene")
        .join(doubtful.unique(maintain_order=True), on=["sample", "gene"], maintain_order="left")
        .group_by("row", maintain_order=True)
        .agg(pl.col("said").unique(maintain_order=True))
    )
    if found.is_empty():
        return guidance
    return (
        numbered.join(found, on="row", how="left", maintain_order="left")
        .with_columns(flags=pl.concat_list("flags", pl.col("said").fill_null(pl.lit([], dtype=NAMES))))
        .drop("row", "said")
    )
