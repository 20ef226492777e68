"""Cells of a table that somebody filled in: read where they have one meaning, else told and unknown, never average.

A number may have a decimal comma, separated thousands or a unit beside it; answers are the words and codes of the
vocabulary. What is left is null and marked as kept out (`plausible.MARK`), so that a score that would read it is
refused: an empty cell says that nothing is known, such a one that somebody knew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from pgx.clinical import coded_columns
from pgx.clinical.numerals import number
from pgx.clinical.values import number_and_unit
from pgx.clinical.vocabulary import vocabulary
from pgx.codes import NoteCode
from pgx.features.names import FeatureName, gene_of
from pgx.features.registry import STRENGTHS
from pgx.models.evidence import design, plausible
from pgx.models.evidence.endpoint import Endpoint, Feature, Reading

if TYPE_CHECKING:
    from pgx.knowledge import KnowledgeBase

_TEXTS = (pl.String, pl.Categorical, pl.Enum)
_AGENTS = ("inhibitor", "inducer")
Said = list[tuple[str, str, str]]
"""Code, column and sentence."""
Unread = dict[str, pl.Expr]
"""Column -> where a cell says something that is not understood."""


Chosen = Sequence[tuple[Endpoint, Sequence[Feature]]]
"""Endpoints, each with the features of its model."""


def read(table: pl.DataFrame, chosen: Chosen, kb: KnowledgeBase, *, mark: bool = False) -> tuple[pl.DataFrame, Said]:
    """Read the cells of the columns that endpoints read, but for those of genes.

    Parameters
    ----------
    table
        Any table with columns named as `pgx features` names them.
    chosen
        Whose columns are looked at: each column once.
    kb
        Knowledge base with vocabulary and units.
    mark
        Mark what is told and not understood, and what would be computed from it (see `plausible.keep_out`).

    Returns
    -------
    tuple of polars.DataFrame and list
        The table, and code, column and sentence of what was read or not understood.
    """
    asked = {name for endpoint, features in chosen for name in design.columns(endpoint, features)}
    names = [name for name in sorted(asked & set(table.columns)) if not gene_of(name)]
    table, remarks, strange = coded_columns.understood(table, names, kb)
    said: Said = [
        (NoteCode.ANSWER_UNKNOWN if name in strange else NoteCode.NUMBERS_READ, name, text) for name, text in remarks
    ]
    unread: Unread = {name: pl.lit(where) for name, where in strange.items()}
    kinds = [_kinds(endpoint, features) for endpoint, features in chosen]
    numbers, answers = ({name for kind in kinds for name in kind[at]} for at in (0, 1))
    for name in names:
        if name in numbers and isinstance(table.schema[name], _TEXTS):
            table = _numbers(table, name, kb, said, unread)
        elif name in answers or FeatureName.parse(name).subject in _AGENTS:
            table = _answers(table, name, kb, said, unread)
    return plausible.without(table, unread, kb, mark=mark), said


def _kinds(endpoint: Endpoint, features: Sequence[Feature]) -> tuple[set[str], set[str]]:
    """Return the columns that are read as numbers, and those that are read as yes or no."""
    readings: list[Reading] = [one.reading for one in endpoint.terms]
    readings += [one.reading for one in (*endpoint.features, *features)]
    readings += [one.reading for one in endpoint.refusals] + ([endpoint.rule] if endpoint.rule else [])
    numbers = {one.column for one in readings if one.kind in ("number", "range")}
    numbers |= {one.column for one in endpoint.imputations}
    answers = {one.column for one in readings if one.kind == "yes"}
    parts = {part for name, listed in endpoint.derived.items() if name in answers for part in listed}
    return numbers, answers | parts


def _numbers(table: pl.DataFrame, name: str, kb: KnowledgeBase, said: Said, unread: Unread) -> pl.DataFrame:
    written = table[name].cast(pl.String).str.strip_chars()
    plain = written.cast(pl.Float64, strict=False)
    texts = written.filter(plain.is_null()).drop_nulls().unique(maintain_order=True).to_list()
    meant = {text: value for text in texts if (value := _number(text, name, kb)) is not None}
    if meant:
        rows = written.is_in(list(meant)).sum()
        text = f"{name}: numbers with a decimal comma, separated thousands or a unit are read in {_rows(int(rows))}"
        said.append((NoteCode.NUMERAL_READ, name, text))
        read = written.replace_strict(meant, default=None, return_dtype=pl.Float64)
        plain = pl.select(pl.coalesce(plain, read)).to_series()
    lost = written.is_not_null() & plain.is_null()
    if lost.any():
        unread[name] = pl.lit(lost)
        said.append((NoteCode.TEXT_AMONG_NUMBERS, name, _told(name, lost, "no number")))
    return table.with_columns(plain.alias(name))


def _number(text: str, name: str, kb: KnowledgeBase) -> float | None:
    """Return what a cell says, in the feature's own unit."""
    if (value := number(text)) is not None:
        return value
    value, unit = number_and_unit(text)
    if value is None or unit is None:
        return None
    words, concepts = vocabulary(kb), plausible.concept_of(kb)
    ucum = words.unit(unit)
    factor = words.factor(concepts[name], ucum) if ucum and name in concepts else None
    return None if factor is None else value * factor[0] + factor[1]


def _answers(table: pl.DataFrame, name: str, kb: KnowledgeBase, said: Said, unread: Unread) -> pl.DataFrame:
    """Read a column of yes and no, or of strengths, in the vocabulary's words, and find the cells that say neither."""
    column, concept = table[name], plausible.concept_of(kb).get(name)
    words = vocabulary(kb)
    if concept and words.concepts[concept].kind == "coded":
        return table
    if isinstance(column.dtype, _TEXTS):
        texts = column.cast(pl.String)
        known = design.truth(texts).is_not_null() | texts.str.to_lowercase().is_in(["none", *STRENGTHS])
        meant = {}
        for text in texts.filter(~known.fill_null(True)).unique().to_list() if concept else ():
            understood, answer = words.answer(str(concept), "text", text)
            if understood:
                meant[text] = answer
        if meant:
            table = table.with_columns(texts.replace(meant).alias(name))
            known |= texts.is_in(list(meant))
    elif column.dtype.is_numeric():
        known = column.is_in([0, 1])
    else:
        return table
    lost = column.is_not_null() & ~known.fill_null(True)
    if lost.any():
        unread[name] = pl.lit(lost)
        said.append((NoteCode.ANSWER_UNKNOWN, name, _told(name, lost, "neither yes nor no")))
    return table


def _told(name: str, lost: pl.Series, what: str) -> str:
    return (
        f"{name} is told and not understood where it is {what} ({_rows(int(lost.sum()))}): "
        "no score that reads it is given; correct it, or leave such cells empty"
    )


def _rows(count: int) -> str:
    return f"{count} row{'s' * (count != 1)}"
