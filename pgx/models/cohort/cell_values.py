"""What the cells of a cohort table say: values as scores read them, then the gene columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from pgx.codes import NoteCode
from pgx.models.evidence import gene_agreement, gene_columns, plausible, table_values
from pgx.models.evidence.endpoint import Endpoint, Feature, Reading

if TYPE_CHECKING:
    from pgx.knowledge import KnowledgeBase


def understood(
    table: pl.DataFrame,
    endpoint: Endpoint,
    kb: KnowledgeBase,
    words: gene_columns.Words | None = None,
    features: Sequence[Feature] = (),
) -> tuple[pl.DataFrame, dict[tuple[str, str], str], list[str]]:
    """Read a cohort table or a block of one; what is told and cannot be used is unknown, and said.

    Parameters
    ----------
    table, endpoint, kb, words
        As for `gene_columns.understood`.
    features
        Features of a model that is applied to it.

    Returns
    -------
    tuple of polars.DataFrame, dict and list of str
        The table, the first sentence by code and column, and the sentences on the genes.
    """
    said, chosen = plausible.said_before(table), [(endpoint, features)]
    table, apart = gene_agreement.agreeing(plausible.refused_before(table, mark=False), chosen, kb, mark=False)
    said += [(NoteCode.CONTRADICTION, text.partition(":")[0], text) for text in apart]
    # Columns that the endpoint does not name may become features too: their words are read as scores will read them.
    others = [Feature(name, Reading(name, kind="level")) for name in table.columns]
    table, more = table_values.read(table, [*chosen, (endpoint, others)], kb)
    table, misread = gene_columns.understood(table, endpoint, kb, words)
    told: dict[tuple[str, str], str] = {}
    for code, name, text in [*said, *more]:
        told.setdefault((code, name), text)
    return table, told, misread


def sentences(told: dict[tuple[str, str], str]) -> list[tuple[str, str]]:
    """Return code and sentence of each column."""
    return [(code, text) for (code, _), text in told.items()]
