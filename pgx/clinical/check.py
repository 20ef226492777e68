"""What a clinical file says, and what of it is not understood."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

from pgx.clinical import doubt
from pgx.clinical.now import later, present_days, statuses
from pgx.clinical.people import UNNAMED
from pgx.clinical.read import read_events
from pgx.clinical.values import interpret
from pgx.clinical.vocabulary import Vocabulary, vocabulary
from pgx.errors import shortened
from pgx.knowledge import KnowledgeBase

COLUMNS = {"kind": pl.String, "name": pl.String, "meaning": pl.String, "count": pl.Int64, "where": pl.String}


def check(
    path: str | Path, kb: KnowledgeBase, *, as_of: date | None = None, date_format: str | None = None
) -> pl.DataFrame:
    """Return one row per column, code, drug or problem of a clinical file.

    Parameters
    ----------
    path
        File or folder of any supported format.
    kb
        Knowledge base.
    as_of
        Day that is to count as now: what is dated after it is counted, and each drug's status is that of the day.
    date_format
        How the file writes dates, such as ``DD.MM.YYYY``.

    Returns
    -------
    polars.DataFrame
        ``kind`` (understood | not_understood | error | warning | info), ``name`` as written, ``meaning`` (the concept
        and unit it is read as, or what is wrong), ``count``, and ``where`` the first is.

    Raises
    ------
    InputError
        If the file cannot be read at all.
    """
    events = read_events(path, kb, as_of=as_of, date_format=date_format)
    rows: list[tuple[object, ...]] = [
        ("understood", name, meaning, *entry) for (name, meaning), entry in events.understood.items()
    ]
    rows += [
        ("not_understood", name, f"{kind}: {why}" if why else kind, *entry)
        for (kind, name, why), entry in events.unknown.items()
    ]
    raw = events.frame()
    good, bad = interpret(raw, vocabulary(kb))
    good, doubtful = doubt.split(good, kb, vocabulary(kb))
    persons = {person: person or UNNAMED for person in events.people}
    good = good.with_columns(pl.col("person").fill_null(UNNAMED))
    drugs = events.medication_frame().with_columns(sample=pl.col("person").fill_null(UNNAMED))
    now = present_days([events], [persons], good, drugs, as_of)
    good, apart = doubt.ages_apart(good, now)
    problems = pl.concat([events.problem_frame(), bad, doubtful, apart])
    grouped = problems.group_by("severity", "code", "message", maintain_order=True).agg(
        pl.len(), pl.col("where").first()
    )
    rows += [(severity, code, message, count, where) for severity, code, message, count, where in grouped.iter_rows()]
    rows += _of_the_day(good.rename({"person": "sample"}), drugs, now, vocabulary(kb))
    short = [tuple(shortened(cell) if isinstance(cell, str) else cell for cell in row) for row in rows]
    return pl.DataFrame(short, schema=COLUMNS, orient="row")


def _of_the_day(
    observations: pl.DataFrame, drugs: pl.DataFrame, now: pl.DataFrame, words: Vocabulary
) -> list[tuple[object, ...]]:
    """Which day counts as now, which drugs are taken on it, and what is dated after it."""
    rows: list[tuple[object, ...]] = []
    days = now.filter(pl.col("as_of").is_not_null())
    if not days.is_empty():
        first, last = str(days["as_of"].min()), str(days["as_of"].max())
        said = "as said" if days["told"].all() else "the newest date of each person's data"
        rows.append(
            ("info", "as_of", f"{first} to {last}: {said}" if first != last else f"{first}: {said}", days.height, "")
        )
    taken = statuses(drugs, now).group_by("drug", "status").agg(pl.col("sample").n_unique()).sort("drug", "status")
    rows += [("info", "drug", f"{drug}: {status}", count, "") for drug, status, count in taken.iter_rows()]
    rows += [
        (note.severity, note.code, note.message, 1, str(note.sample)) for note in later(observations, drugs, now, words)
    ]
    return rows
