"""What an estimate takes for granted of a row, beyond its genes: the codes that say so, and where they hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.models import design, plausible
from pgx.models.endpoint import gene_of
from pgx.models.endpoints import Endpoint, Feature

Codes = Iterator[tuple[str, NDArray[np.bool_]]]


def kept_out(rows: pl.DataFrame, endpoint: Endpoint, features: Sequence[Feature]) -> Codes:
    """Yield the reasons for which nothing can be said of whom a value was kept out that the estimate rests on."""
    for name in design.read_by(endpoint, features):
        if plausible.MARK + name in rows.columns:
            where = rows[plausible.MARK + name].fill_null(False).to_numpy()
            yield "refused:implausible_value", where
            yield f"implausible:{name}", where


def derived(
    rows: pl.DataFrame, frame: pl.DataFrame, prior: design.Prior, endpoint: Endpoint, features: Sequence[Feature]
) -> Codes:
    """Yield the empty cells of a gene in whose place something else was read that the row says of it.

    `rows` are as given, `frame` is prepared (see `design.prepare`).
    """
    for name in design.read_by(endpoint, features):
        if design.DERIVED + name in rows.columns:
            yield f"derived:{name}", rows[design.DERIVED + name].fill_null(False).to_numpy()
    for j, term in enumerate(endpoint.terms):
        if term.optional and gene_of(term.reading.column):
            empty = frame[term.reading.column].is_null().to_numpy()
            yield f"derived:{term.reading.column}", empty & ~prior.assumed[:, j]


def silent(frame: pl.DataFrame, given: Sequence[str], endpoint: Endpoint, features: Sequence[Feature]) -> Codes:
    """Yield what is read as absent because nobody said anything of it.

    Terms of the prior are named each, what only the trained part reads by its family. Whether the person belongs to the
    population is asked of a table only if it has the column (`given`).
    """
    for column in sorted({refusal.reading.column for refusal in endpoint.refusals} & set(given)):
        filled = f"{design.GIVEN}{column}"
        yield (
            f"population_unknown:{column}",
            (~frame[filled] if filled in frame else frame[column].is_null()).to_numpy(),
        )
    for term in endpoint.terms:
        if term.reading.kind in ("yes", "recorded"):
            yield f"not_recorded:{term.reading.column}", frame[term.reading.column].is_null().to_numpy()
    told = {term.reading.column for term in endpoint.terms}
    for column in sorted({feature.reading.column for feature in features} - told):
        if not gene_of(column):
            yield f"not_recorded:{column.partition('.')[0]}", frame[column].is_null().to_numpy()
