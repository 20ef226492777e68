"""Advice that rests on an interacting drug says what the genes alone would ask for: drugs come and go, genes stay."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

FLAG = "genes_alone"
"""``genes_alone:<action>``: the source's action without phenoconversion, where it differs."""

_KEYS = ("sample", "drug", "source", "population")
_SAYS = ("action", "dose_change")

Guide = Callable[[pl.DataFrame, pl.DataFrame, dict[str, set[str] | None]], pl.DataFrame]


def mark(guidance: pl.DataFrame, phenotypes: pl.DataFrame, calls: pl.DataFrame, guide: Guide) -> pl.DataFrame:
    """Flag rows whose action holds only as long as an interacting drug or condition acts.

    Parameters
    ----------
    guidance
        `schema.GUIDANCE` with the phenoconverted phenotypes.
    phenotypes, calls
        What it was made of.
    guide
        Gives the guidance of other phenotypes: called with phenotypes, calls, and the drugs asked for with their
        samples.
    """
    converted = pl.col("flags").str.contains("phenoconverted", literal=True).fill_null(value=False)
    resting = guidance.with_row_index("row").filter(converted).select("row", *_KEYS, *_SAYS, "flags")
    if resting.is_empty():
        return guidance
    drugs: dict[str, set[str] | None] = {
        str(drug): set(samples)
        for drug, samples in resting.group_by("drug", maintain_order=True).agg("sample").iter_rows()
    }
    inside = pl.col("sample").is_in(resting["sample"].unique().to_list())
    genetic = phenotypes.filter(inside).with_columns(
        clinical_phenotype="phenotype",
        clinical_activity_score="activity_score",
        conversion=pl.lit(None, dtype=pl.String),
    )
    alone = (
        guide(genetic, calls.filter(inside), drugs)
        .filter(pl.col("applies").is_in(["yes", "if_population"]), pl.col("action").is_not_null())
        .select(*_KEYS, *(pl.col(name).alias(f"alone_{name}") for name in _SAYS))
        .unique(_KEYS, keep="first", maintain_order=True)
    )
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"alone_{name}")) for name in _SAYS)
    marked = resting.join(alone, on=_KEYS, maintain_order="left").filter(differs)
    said = marked.select(pl.format(f"{{}};{FLAG}:{{}}", "flags", "alone_action")).to_series()
    return guidance.with_columns(guidance["flags"].scatter(marked["row"], said))
