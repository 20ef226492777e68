"""What an estimate takes for granted of a row, beyond its genes: the codes that say so, and where they hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.codes import Flag, FlagCode
from pgx.features import refused
from pgx.features.names import FeatureName, gene_of
from pgx.models.evidence import design, plausible
from pgx.models.evidence.endpoint import Endpoint, Feature, Reading

_Flags = Iterator[tuple[Flag, NDArray[np.bool_]]]


def kept_out(rows: pl.DataFrame, endpoint: Endpoint, features: Sequence[Feature]) -> dict[Flag, NDArray[np.bool_]]:
    """Return the reasons to give no estimate where a value that it rests on was kept out: flag -> bool (n,)."""
    return _merged(_kept_out(rows, endpoint, features))


def of(
    rows: pl.DataFrame,
    frame: pl.DataFrame,
    prior: design.Prior,
    endpoint: Endpoint,
    features: Sequence[Feature],
    given: Sequence[str],
) -> dict[Flag, NDArray[np.bool_]]:
    """Return what was read from elsewhere or as absent: flag -> bool (n,).

    Parameters
    ----------
    rows, frame
        The rows as they are given, and prepared (see `design.prepare`).
    prior, endpoint, features
        What was read of them.
    given
        The columns of the table that they are from.
    """
    return _merged(chain(_derived(rows, frame, prior, endpoint, features), _silent(frame, given, endpoint, features)))


def with_gaps(scores: pl.DataFrame, persons: pl.DataFrame, features: Sequence[str]) -> pl.DataFrame:
    """Flag in each person's score what is on record, matters, and is not in the estimate.

    Parameters
    ----------
    scores
        Rows of scores of one endpoint, in the order of `persons`.
    persons
        One row of features a person.
    features
        What matters and is left out; a feature that the table does not have is not on record.
    """
    flags = scores["flags"].to_list()
    usable = scores["usable"].to_list()
    for name in features:
        if name in persons.columns:
            for i, yes in enumerate(design.read(persons, Reading(name, "yes"))):
                if yes and usable[i]:
                    flags[i] = [*flags[i], str(Flag(FlagCode.LEFT_OUT, name))]
    return scores.with_columns(pl.Series("flags", flags, dtype=scores.schema["flags"]))


def with_refused_genes(scores: pl.DataFrame, persons: pl.DataFrame, genes: Sequence[str]) -> pl.DataFrame:
    """Flag in each person's score the genes that it reads and of which a laboratory's result was refused.

    Parameters
    ----------
    scores, persons
        As for `with_gaps`.
    genes
        The genes of the endpoint, as in column names.
    """
    if refused.GENES not in persons.columns:
        return scores
    listed = refused.lists(persons[refused.GENES]).list.drop_nulls().to_list()
    flags = [
        [*own, *(str(Flag(FlagCode.OUTSIDE_REFUSED, gene)) for gene in told or () if gene.lower() in genes)]
        for own, told in zip(scores["flags"].to_list(), listed, strict=True)
    ]
    return scores.with_columns(pl.Series("flags", flags, dtype=scores.schema["flags"]))


def _merged(flags: _Flags) -> dict[Flag, NDArray[np.bool_]]:
    found: dict[Flag, NDArray[np.bool_]] = {}
    for flag, where in flags:
        found[flag] = found[flag] | where if flag in found else where
    return found


def _kept_out(rows: pl.DataFrame, endpoint: Endpoint, features: Sequence[Feature]) -> _Flags:
    for name in design.read_by(endpoint, features):
        if plausible.MARK + name in rows.columns:
            where = rows[plausible.MARK + name].fill_null(False).to_numpy()
            yield Flag(FlagCode.REFUSED, "implausible_value"), where
            yield Flag(FlagCode.IMPLAUSIBLE, name), where


def _derived(
    rows: pl.DataFrame, frame: pl.DataFrame, prior: design.Prior, endpoint: Endpoint, features: Sequence[Feature]
) -> _Flags:
    """Yield the empty cells of a gene in whose place something else was read that the row says of it."""
    for name in design.read_by(endpoint, features):
        if design.DERIVED + name in rows.columns:
            yield Flag(FlagCode.DERIVED, name), rows[design.DERIVED + name].fill_null(False).to_numpy()
    for j, term in enumerate(endpoint.terms):
        if term.optional and gene_of(term.reading.column):
            empty = ~design.is_given(frame[term.reading.column])
            yield Flag(FlagCode.DERIVED, term.reading.column), empty & ~prior.assumed[:, j]


def _silent(frame: pl.DataFrame, given: Sequence[str], endpoint: Endpoint, features: Sequence[Feature]) -> _Flags:
    """Yield what is read as absent because nobody said anything of it.

    Terms of the prior are named each, what only the trained part reads by its family. Whether the person belongs to the
    population is asked of a table only if it has the column (`given`).
    """
    for column in sorted({refusal.reading.column for refusal in endpoint.refusals} & set(given)):
        filled = f"{design.GIVEN}{column}"
        yield (
            Flag(FlagCode.POPULATION_UNKNOWN, column),
            (~frame[filled]).to_numpy() if filled in frame else ~design.is_given(frame[column]),
        )
    for term in endpoint.terms:
        if term.reading.kind in ("yes", "recorded"):
            yield Flag(FlagCode.NOT_RECORDED, term.reading.column), ~design.is_given(frame[term.reading.column])
    told = {term.reading.column for term in endpoint.terms}
    for column in sorted({feature.reading.column for feature in features} - told):
        if not gene_of(column):
            yield Flag(FlagCode.NOT_RECORDED, FeatureName.parse(column).kind), ~design.is_given(frame[column])
