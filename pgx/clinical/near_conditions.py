"""Which conditions an entry may mean that could not be read: those that it names among its words, or nearly names."""

from __future__ import annotations

import polars as pl

from pgx.clinical.status_words import Said, begins_denied, condition_status, of_family
from pgx.clinical.vocabulary import Vocabulary, column_name
from pgx.codes import NoteCode, Severity

_LONGEST = 6
"""Words of the longest name that is looked for within an entry."""
_SHORTEST = 3
"""Letters of the shortest: two are a word of some language."""
_WORDS = 60
"""Words of an entry that are looked at: what is longer is a letter, and no entry."""


def meant_perhaps(text: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return the conditions that an entry may be about; none where it says that the person does not have it.

    Parameters
    ----------
    text
        The entry as the record has it.
    vocabulary
        The look-ups.
    """
    if condition_status(text) in (Said.ABSENT, Said.ERROR) or begins_denied(text) or of_family(text):
        return ()
    words = column_name(text).split("_")[:_WORDS]
    names = [
        "_".join(words[at : at + size])
        for size in range(min(_LONGEST, len(words)), 0, -1)
        for at in range(len(words) - size + 1)
    ]
    headings = [vocabulary.headings.get(name) for name in names if len(name) >= _SHORTEST]
    named = [one.concept for one in headings if one]
    close = [vocabulary.headings[one].concept for one in vocabulary.suggest(text) if one in vocabulary.headings]
    is_condition = vocabulary.conditions
    return tuple(dict.fromkeys(one for one in (*named, *close) if one in is_condition))


def open_conditions(problems: pl.DataFrame, observations: pl.DataFrame, vocabulary: Vocabulary) -> pl.DataFrame:
    """Return the problems of entries that could not be read, once for each condition that one may be.

    A condition that the person is known to have is not open, whatever else is said of it.

    Parameters
    ----------
    problems
        `pgx.clinical.statements.PROBLEM`, with ``sample`` for the person.
    observations
        What was understood: ``sample concept code date``.
    vocabulary
        The look-ups.
    """
    entries = problems.filter(
        pl.col("code") == NoteCode.CONDITION_UNKNOWN, pl.col("concept").is_not_null(), pl.col("sample").is_not_null()
    )
    near = [(text, concept) for text in entries["concept"].unique() for concept in meant_perhaps(text, vocabulary)]
    table = pl.DataFrame(near, schema={"concept": pl.String, "near": pl.String}, orient="row")
    found = entries.join(table, on="concept", how="inner", maintain_order="left").with_columns(
        concept="near", severity=pl.lit(Severity.ERROR.value)
    )
    known = observations.filter(code="yes").select("sample", "concept").unique()
    return found.select(problems.columns).join(known, on=["sample", "concept"], how="anti", maintain_order="left")
