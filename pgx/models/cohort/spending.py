"""From a table to arrays, giving up each column as soon as it has been read: both never stand whole in memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import polars as pl

from pgx.features.names import gene_of
from pgx.models.evidence import design
from pgx.models.evidence.endpoint import Endpoint, Feature
from pgx.models.fitting.boost import Matrix


def encode(
    frame: pl.DataFrame, endpoint: Endpoint, features: Sequence[Feature], whole: Collection[str]
) -> tuple[design.Prior, Matrix, pl.DataFrame]:
    """Return what `design.encode` returns, and the frame with no more than the gaps of columns that were given up.

    Parameters
    ----------
    frame, endpoint, features
        As for `design.encode`; whoever calls it should hold the frame no longer.
    whole
        Columns that are still read afterwards and stay as they are.
    """
    apart = read_as_they_stand(endpoint, features)
    x = np.empty((frame.height, len(features)), dtype=np.float32)
    columns = {column.name: column for column in frame.iter_columns()}
    del frame
    for name, numbers in apart.items():
        one = pl.DataFrame([columns.get(name, pl.Series(name, [None] * len(x)))])
        for j in numbers:
            x[:, j] = design.read(one, features[j].reading)
        if name in columns and name not in whole:
            columns[name] = gaps_of(columns[name])
    frame = pl.DataFrame(list(columns.values()))
    del columns
    others = sorted(set(range(len(features))).difference(*apart.values()))
    prior, rest = design.encode(frame, endpoint, [features[j] for j in others])
    x[:, others] = rest
    return prior, x, frame


def read_as_they_stand(endpoint: Endpoint, features: Sequence[Feature]) -> dict[str, list[int]]:
    """Return column -> its features, for columns that nothing else reads and that `design.prepare` leaves alone."""
    apart: dict[str, list[int]] = {}
    shared = set(design.columns(endpoint)) | set(endpoint.derived) | set(endpoint.baseline_levels)
    shared |= {feature.reading.unless_column for feature in features if feature.reading.unless_column}
    for j, feature in enumerate(features):
        name = feature.reading.column
        if name not in shared and not gene_of(name) and not feature.reading.unless_column:
            apart.setdefault(name, []).append(j)
    together = {f.reading.column for f in features if f.reading.unless_column}
    return {name: numbers for name, numbers in apart.items() if name not in together}


def gaps_of(column: pl.Series) -> pl.Series:
    """Return true where a column has a value, and null where it has none."""
    known = column.is_not_null()
    return known.set(~known, None)
