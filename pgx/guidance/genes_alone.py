"""Advice that rests on an interacting drug says what the genes alone would ask for: drugs come and go, genes stay."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from pgx.cells import NAMES, flag_where
from pgx.codes import Applies, Flag, FlagCode
from pgx.phenotypes import phenoconversion

_SOURCE = ("sample", "drug", "source")
_KEYS = (*_SOURCE, "population")
_SAYS = ("action", "dose_change")

Guide = Callable[[pl.DataFrame, pl.DataFrame, dict[str, set[str] | None]], pl.DataFrame]


def mark(guidance: pl.DataFrame, phenotypes: pl.DataFrame, calls: pl.DataFrame, guide: Guide) -> pl.DataFrame:
    """Flag (``genes_alone:<action>``) rows whose action holds only as long as an interacting drug or condition acts.

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
    converted = pl.col("flags").list.contains(FlagCode.PHENOCONVERTED.value)
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
        conversion=pl.lit([], dtype=NAMES),
    )
    alone = (
        guide(genetic, calls.filter(inside), drugs)
        .filter(pl.col("applies").is_in([Applies.YES, Applies.IF_POPULATION]), pl.col("action").is_not_null())
        .select(*_KEYS, *(pl.col(name).alias(f"alone_{name}") for name in _SAYS))
        .unique(_KEYS, keep="first", maintain_order=True)
    )
    # A source may divide by population what an enzyme of one phenotype asks for, and speak of all with another one.
    everybody = alone.filter(population="general").drop("population")
    divided = resting.join(alone, on=_KEYS, how="anti", maintain_order="left")
    told = pl.concat(
        [
            resting.join(alone, on=_KEYS, maintain_order="left"),
            divided.join(everybody, on=_SOURCE, maintain_order="left"),
        ]
    )
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"alone_{name}")) for name in _SAYS)
    marked = told.filter(differs)
    said = [str(Flag(FlagCode.GENES_ALONE, action)) for action in marked["alone_action"]]
    alone_flags = pl.DataFrame({"row": marked["row"], "said": said}, schema={"row": pl.UInt32, "said": pl.String})
    return (
        guidance.with_row_index("row")
        .join(alone_flags, on="row", how="left", maintain_order="left")
        .with_columns(flags=pl.concat_list("flags", pl.concat_list("said").list.drop_nulls()))
        .drop("row", "said")
    )


def mark_local(said: pl.DataFrame, phenotypes: pl.DataFrame) -> pl.DataFrame:
    """Flag advice on a phenotype that an interaction of a site's own made."""
    places = phenotypes.filter(phenoconversion.locally_converted()).select("sample", "gene").unique()
    if places.is_empty():
        return said
    flags = pl.col("flags").list
    converted = flags.contains(FlagCode.PHENOCONVERTED.value) & ~flags.contains(FlagCode.LOCAL.value)
    numbered = said.with_row_index("row")
    hit = (
        numbered.filter(converted)
        .select("row", "sample", gene="genes")
        .explode("gene")
        .join(places, on=["sample", "gene"], how="semi")["row"]
        .unique()
        .to_list()
    )
    return numbered.with_columns(
        flags=pl.concat_list("flags", flag_where(FlagCode.LOCAL, pl.col("row").is_in(hit)))
    ).drop("row")
