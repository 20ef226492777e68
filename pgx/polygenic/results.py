"""Polygenic scores as tables: one row a person and score, one row a person and variant, one column a feature."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from pgx import schema
from pgx.codes import Flag, FlagCode, VariantUse
from pgx.errors import UsageError
from pgx.output_tables.own_columns import POLYGENIC, POLYGENIC_VARIANTS
from pgx.polygenic.tally import GENOTYPED, Tally

FEATURE = "pgs."
"""Beginning of the name of a column that holds a polygenic score."""


def score_rows(tally: Tally, min_match: float, usual: float) -> pl.DataFrame:
    """Return `own_columns.POLYGENIC` rows of one scoring file.

    Parameters
    ----------
    tally
        What was counted.
    min_match
        Share of the rows whose genotype must be known; a person below has no score.
    usual
        The share that is asked for unless the user lowers it.
    """
    header, height = tally.weights.header, tally.weights.rows.height
    rates = tally.rates()
    known = sum((tally.counts[use] for use in GENOTYPED), np.zeros(len(tally.samples), dtype=np.int64))
    rows = []
    for place, sample in enumerate(tally.samples):
        enough = bool(rates[place] >= min_match)
        imputed, assumed, dosages = (
            int(tally.counts[use][place])
            for use in (VariantUse.IMPUTED, VariantUse.ASSUMED_REFERENCE, VariantUse.DOSAGE)
        )
        flags = {
            FlagCode.MATCH_TOO_LOW: not enough,
            FlagCode.MATCH_LOWERED: enough and bool(rates[place] < usual),
            FlagCode.REFERENCE_ASSUMED: enough and assumed > 0,
            FlagCode.FREQUENCY_USED: enough and imputed > 0,
            FlagCode.DOSAGES_USED: enough and dosages > 0,
        }
        rows.append({
            "sample": sample,
            "pgs": header.identity,
            "name": header.value("pgs_name"),
            "trait": header.value("trait_reported"),
            "score": float(tally.sums[place]) if enough else None,
            "variants": height,
            "genotyped": int(known[place]) - assumed,
            "dosages": dosages,
            "assumed": assumed,
            "imputed": imputed,
            "left_out": height - int(known[place]) - imputed,
            "match_rate": float(rates[place]),
            "build": tally.weights.build,
            "weight_type": header.value("weight_type"),
            "flags": [str(Flag(code)) for code, holds in flags.items() if holds],
        })  # fmt: skip
    return schema.from_rows(rows, POLYGENIC)


def variant_rows(tally: Tally) -> pl.DataFrame:
    """Return `own_columns.POLYGENIC_VARIANTS`: of each person and row of the scoring file what became of it."""
    fixed = tally.weights.rows.select(
        "row", "rsid", "chrom", "pos", pl.col("effect").alias("effect_allele"), pl.col("other").alias("other_allele")
    )
    first = tally.weights.header.lines + 2
    parts = [
        fixed.join(tally.kept(place), on="row", how="left", maintain_order="left").with_columns(
            pl.lit(sample).alias("sample"), pl.lit(tally.weights.header.identity).alias("pgs"),
            (pl.col("row") + first).alias("line"),
        ).drop("row")
        for place, sample in enumerate(tally.samples)
    ]  # fmt: skip
    return schema.conform(pl.concat(parts), POLYGENIC_VARIANTS)


def asked_features(names: Sequence[str] | None) -> tuple[list[str] | None, list[str] | None]:
    """Divide the features that are asked for into those of the knowledge base and those of scoring files.

    None of the first = all of them. None of the second = every score, as where none is named.

    Examples
    --------
    >>> asked_features(["clinical.age", "pgs.PGS000018"])
    (['clinical.age'], ['pgs.pgs000018'])
    >>> asked_features(["clinical.age"])
    (['clinical.age'], None)
    """
    if names is None:
        return None, None
    sums = [name.lower() for name in names if name.lower().startswith(FEATURE)]
    return [name for name in names if not name.lower().startswith(FEATURE)], sums or None


def feature_columns(scores: pl.DataFrame, wanted: Sequence[str] | None = None) -> pl.DataFrame:
    """Return one row a sample and one column a score, as `pgx train` takes them; null where a score was refused.

    Parameters
    ----------
    scores
        `own_columns.POLYGENIC` rows.
    wanted
        Which columns; None = all.

    Raises
    ------
    UsageError
        If a column is of no score that was given.

    Examples
    --------
    >>> import polars as pl
    >>> rows = pl.DataFrame({"sample": ["P1"], "pgs": ["PGS000018"], "score": [0.25]})
    >>> feature_columns(rows).columns
    ['sample', 'pgs.pgs000018']
    """
    names = scores["pgs"].unique(maintain_order=True)
    frame = scores.select("sample").unique(maintain_order=True)
    for name in names:
        own = scores.filter(pl.col("pgs") == name).select("sample", pl.col("score").alias(FEATURE + name.lower()))
        frame = frame.join(own, on="sample", how="left", maintain_order="left")
    if wanted is None:
        return frame
    if lacking := [name for name in wanted if name not in frame.columns]:
        given = ", ".join(frame.columns[1:])
        raise UsageError(f"no scoring file has the column {lacking[0]!r}; those given have {given}")
    return frame.select("sample", *dict.fromkeys(wanted))


def missing_features(columns: pl.DataFrame) -> pl.DataFrame:
    """Say why scores are missing among `feature_columns`: ``sample feature reason``, as `pgx.features.missing` does."""
    long = columns.unpivot(index="sample", variable_name="feature", value_name="score")
    reason = pl.lit(str(FlagCode.MATCH_TOO_LOW)).alias("reason")
    return long.filter(pl.col("score").is_null()).select("sample", "feature", reason)


def names_of(paths: Sequence[Path], identities: Sequence[str]) -> list[str]:
    """Return the paths whose score has the name of an earlier one."""
    first: dict[str, Path] = {}
    twice = []
    for path, identity in zip(paths, identities, strict=True):
        if first.setdefault(identity.lower(), path) != path:
            twice.append(f"{first[identity.lower()]} and {path} are both {identity}")
    return twice
