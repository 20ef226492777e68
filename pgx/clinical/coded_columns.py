"""Coded columns of feature and cohort tables (sex, race): words and codes as a site writes them, or said and unknown.

Without this a table's ``M``, ``Black`` or ``1`` would be read as *not the published group*: a value that is there taken
for another one.
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from pgx.clinical.vocabulary import vocabulary
from pgx.knowledge import KnowledgeBase


def understood(
    table: pl.DataFrame, names: Collection[str], kb: KnowledgeBase
) -> tuple[pl.DataFrame, list[tuple[str, str]], dict[str, pl.Series]]:
    """Write the coded columns of a table as the knowledge base does; what is not understood becomes null.

    Parameters
    ----------
    table
        Any table with columns named as `pgx features` names them.
    names
        Columns to look at.
    kb
        Knowledge base with the vocabulary.

    Returns
    -------
    tuple of polars.DataFrame, list and dict
        The table; column and sentence of each of which something was not understood, or was read as numbers; and by
        column, where a cell was not understood.
    """
    words, remarks, lost = vocabulary(kb), list[tuple[str, str]](), dict[str, pl.Series]()
    coded = {one.feature: one.name for one in words.concepts.values() if one.kind == "coded" and one.feature}
    for name in sorted(set(names) & set(table.columns) & set(coded)):
        written = table[name].cast(pl.String, strict=False)
        values = written.drop_nulls().unique().sort().to_list()
        numbers = words.numbered(coded[name], values)
        meant, strange = dict[str, str | None](numbers), []
        for value in values if not numbers else ():
            known, meant[value] = words.answer(coded[name], "text", value)
            strange += [] if known else [value]
        if meant == {value: value for value in values}:
            continue
        table = table.with_columns(written.replace_strict(meant, default=None, return_dtype=pl.String).alias(name))
        if numbers:
            shown = ", ".join(f"{one} is {answer or 'not known'}" for one, answer in sorted(numbers.items()))
            remarks.append((name, f"{name}: {shown}"))
        if strange:
            lost[name] = written.is_in(strange).fill_null(False)
            rows = lost[name].sum()
            said = f"{name}: words are not understood in {rows} rows, which count as unknown; write its words"
            remarks.append((name, said))
    return table, remarks, lost
