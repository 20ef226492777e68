"""Ancestry estimated from the genotypes themselves: principal components, and the group they fit best.

The axes are those of a real panel at the positions of the allele definitions (``ancestry_axes.tsv``), so nothing but
the person's own genotypes is needed. A few hundred positions in genes under selection place a person roughly: in
cross-validation on the panel the group is right in about 85 of 100. The estimate is a feature, flagged as such by its
name, and never used in place of a group that is given.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.knowledge import KnowledgeBase
from pgx.types import Genotypes

AXES = 8
MIN_SHARE = 0.8
"""A person with data at fewer of the axes' positions than this is not placed."""
COLUMNS = (
    *(f"ancestry.pc{i}" for i in range(1, AXES + 1)),
    "ancestry.estimated_group",
    "ancestry.estimated_probability",
)


def estimate(genotypes: Genotypes | None, kb: KnowledgeBase, samples: pl.DataFrame) -> pl.DataFrame:
    """Return the ancestry columns, one row per row of `samples`.

    Parameters
    ----------
    genotypes
        As read; None, or too few positions with data, gives nulls.
    kb
        Knowledge base.
    samples
        One column ``sample``.
    """
    types = {name: pl.String if name.endswith("group") else pl.Float64 for name in COLUMNS}
    if genotypes is None or not genotypes.samples:
        return pl.DataFrame({name: pl.Series([None] * samples.height, dtype=dtype) for name, dtype in types.items()})
    axes = kb.table("ancestry_axes")
    dosage = dosages(genotypes, axes)
    scaled = (dosage - axes["mean"].to_numpy()[:, None]) / axes["scale"].to_numpy()[:, None]
    points = project(scaled, axes.select(f"pc{i}" for i in range(1, AXES + 1)).to_numpy())
    groups, probabilities = classify(points, kb)
    placed = np.isfinite(points[:, 0])
    best = np.argmax(np.where(placed[:, None], probabilities, 0), axis=1)
    frame = pl.DataFrame({name: points[:, i] for i, name in enumerate(COLUMNS[:AXES])}).fill_nan(None)
    frame = frame.with_columns(
        pl.Series("sample", genotypes.samples),
        pl.Series(
            COLUMNS[-2], [groups[b] if ok else None for b, ok in zip(best, placed, strict=True)], dtype=pl.String
        ),
        pl.Series(COLUMNS[-1], np.where(placed, probabilities[np.arange(len(best)), best], np.nan)).fill_nan(None),
    )
    joined = samples.join(frame, on="sample", how="left", maintain_order="left")
    return joined.select(pl.col(name).cast(dtype) for name, dtype in types.items())


def dosages(genotypes: Genotypes, axes: pl.DataFrame) -> NDArray[np.float64]:
    """Return (positions of the axes, samples): strands that differ from the GRCh38 reference; NaN = not known."""
    where = genotypes.sites.select("chrom", "pos_grch38").with_row_index("at")
    rows = axes.select("chrom", "pos_grch38").join(
        where, on=["chrom", "pos_grch38"], how="left", maintain_order="left"
    )["at"]
    found = np.full((axes.height, len(genotypes.samples)), np.nan)
    known = rows.is_not_null().to_numpy()
    alleles = genotypes.alleles[rows.drop_nulls().to_numpy()]
    found[known] = np.where((alleles >= 0).all(axis=2), (alleles > 0).sum(axis=2), np.nan)
    return found


def project(scaled: NDArray[np.float64], loadings: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (samples, axes): the least-squares place of each sample on the axes, from the positions it has.

    Each sample is multiplied out alone: the last digit of a product of matrices depends on how many columns it has.

    Parameters
    ----------
    scaled
        (positions, samples), centred and scaled like the panel; NaN = not known.
    loadings
        (positions, axes), orthonormal columns.
    """
    points = np.full((scaled.shape[1], loadings.shape[1]), np.nan)
    have = np.isfinite(scaled)
    enough = have.mean(axis=0) >= MIN_SHARE
    patterns, which = np.unique(have[:, enough], axis=1, return_inverse=True)
    columns = np.flatnonzero(enough)
    for index in range(patterns.shape[1]):
        rows, chosen = patterns[:, index], columns[which.ravel() == index]
        inverse = np.linalg.pinv(loadings[rows])
        for column in chosen:
            points[column] = inverse @ scaled[rows, column]
    return points


def classify(points: NDArray[np.float64], kb: KnowledgeBase) -> tuple[list[str], NDArray[np.float64]]:
    """Return the groups, and (samples, groups) probabilities under equal priors and a normal cloud per group."""
    table = kb.table("ancestry_groups")
    groups = table["group"].unique(maintain_order=True).to_list()
    logs = np.empty((len(points), len(groups)))
    for column, group in enumerate(groups):
        cloud = table.filter(pl.col("group") == group).sort("axis")
        away = points - cloud["mean"].to_numpy()
        covariance = cloud.select(f"c{i}" for i in range(1, AXES + 1)).to_numpy()
        _, volume = np.linalg.slogdet(covariance)
        products = away[:, :, None] * np.linalg.inv(covariance) * away[:, None, :]
        logs[:, column] = -0.5 * (products.reshape(len(points), -1).sum(axis=1) + volume)
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    return groups, np.asarray(weights / weights.sum(axis=1, keepdims=True))
