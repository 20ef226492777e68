"""Drugs whose strength no list confirms: advice that rests on one says so, and none of them is a comfort."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from pgx.cells import NAMES
from pgx.codes import Applies, FlagCode, Urgency
from pgx.guidance.guidance_frame import replaced
from pgx.guidance.label_cells import NO_GENE
from pgx.knowledge.acting import PLANNED
from pgx.phenotypes.phenoconversion import unconfirmed

_COUNTED = ("strong", "moderate")
_HOLDS = (Applies.YES.value, Applies.IF_POPULATION.value)
_KEY = ["sample", "drug"]

Guide = Callable[[dict[str, set[str] | None]], pl.DataFrame]


def without_comfort(guidance: pl.DataFrame, doubted: pl.DataFrame, guide: Guide) -> pl.DataFrame:
    """Return guidance that no drug of unverified strength makes milder: what is said without such drugs goes first.

    Parameters
    ----------
    guidance
        `pgx.schema.GUIDANCE`.
    doubted
        The drugs of unverified strength (`doubtful`).
    guide
        Gives the guidance on drugs for persons without the conversions of such drugs.
    """
    if doubted.is_empty() or (resting := _resting(guidance, doubted)).is_empty():
        return guidance
    asked: dict[str, set[str] | None] = {
        str(drug): set(people) for drug, people in resting.group_by("drug").agg("sample").sort("drug").iter_rows()
    }
    other = guide(asked)
    graver = (
        _gravest(other)
        .join(_gravest(guidance), on=_KEY, suffix="_now")
        .filter(pl.col("gravest") < pl.col("gravest_now"))
        .select(_KEY)
    )
    if graver.is_empty():
        return guidance
    about = resting.select(*_KEY, "gene", "said").unique(maintain_order=True)
    flagged = _flagged(other.join(graver, on=_KEY, how="semi", maintain_order="left"), about)
    return replaced(guidance, flagged, graver)


def mark(guidance: pl.DataFrame, doubted: pl.DataFrame) -> pl.DataFrame:
    """Flag (``unverified:<agent>:<gene>``) rows on a phenotype that rests on a drug of unverified strength.

    Parameters
    ----------
    guidance, doubted
        As for `without_comfort`.
    """
    if doubted.is_empty() or (resting := _resting(guidance, doubted)).is_empty():
        return guidance
    return _flagged(guidance, resting, on=["row"])


def doubtful(exposures: pl.DataFrame) -> pl.DataFrame:
    """Return ``sample gene agent said`` of the drugs of unverified strength among `pgx.phenotypes.exposures`."""
    return (
        exposures.filter(unconfirmed(), pl.col("strength").is_in(_COUNTED), pl.col("phase") != PLANNED)
        .select(
            "sample", "gene", "agent", said=FlagCode.UNVERIFIED.value + ":" + pl.col("agent") + ":" + pl.col("gene")
        )
        .unique(maintain_order=True)
    )


def _resting(guidance: pl.DataFrame, doubtful: pl.DataFrame) -> pl.DataFrame:
    """Return ``row sample drug gene said`` of the rows on a converted phenotype and of the drugs in doubt behind it.

    What a drug does to itself is no doubt about it.
    """
    converted = pl.col("flags").list.contains(FlagCode.PHENOCONVERTED.value)
    return (
        guidance.with_row_index("row")
        .filter(converted)
        .select("row", *_KEY, gene="genes")
        .explode("gene")
        .join(doubtful, on=["sample", "gene"], maintain_order="left")
        .filter(pl.col("drug").str.to_lowercase() != pl.col("agent").str.to_lowercase())
    )


def _flagged(guidance: pl.DataFrame, about: pl.DataFrame, on: list[str] | None = None) -> pl.DataFrame:
    """Return the rows with what is said of their genes, by the row or by the person and drug, among the flags."""
    numbered = guidance.with_row_index("row")
    genes = numbered.select("row", *_KEY, gene="genes").explode("gene")
    found = (
        genes.join(about, on=[*(on or _KEY), "gene"], maintain_order="left")
        .group_by("row", maintain_order=True)
        .agg(pl.col("said").unique(maintain_order=True))
    )
    return (
        numbered.join(found, on="row", how="left", maintain_order="left")
        .with_columns(flags=pl.concat_list("flags", pl.col("said").fill_null(pl.lit([], dtype=NAMES))))
        .drop("row", "said")
    )


def _gravest(guidance: pl.DataFrame) -> pl.DataFrame:
    """Return ``sample drug gravest``: the place of the gravest urgency by the genes; without advice there is none."""
    places = {urgency.value: place for place, urgency in enumerate(Urgency)}
    holding = guidance.filter(pl.col("applies").is_in(_HOLDS), ~pl.col("genes").list.contains(NO_GENE))
    place = pl.col("urgency").replace_strict(places, return_dtype=pl.Int64)
    return holding.group_by(_KEY).agg(gravest=place.min())
