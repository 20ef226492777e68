"""What a clinical file says, and what of it is not understood."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pgx.clinical.read import read_events
from pgx.clinical.values import interpret
from pgx.clinical.vocabulary import vocabulary
from pgx.knowledge import KnowledgeBase

COLUMNS = {"kind": pl.String, "name": pl.String, "meaning": pl.String, "count": pl.Int64, "where": pl.String}


def check(path: str | Path, kb: KnowledgeBase) -> pl.DataFrame:
    """Return one row per column, code, drug or problem of a clinical file.

    Parameters
    ----------
    path
        File or folder of any supported format.
    kb
        Knowledge base.

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
    events = read_events(path, kb, lenient=True)
    rows: list[tuple[object, ...]] = [
        ("understood", name, meaning, *entry) for (name, meaning), entry in events.understood.items()
    ]
    rows += [
        ("not_understood", name, f"{kind}: {why}" if why else kind, *entry)
        for (kind, name, why), entry in events.unknown.items()
    ]
    raw = events.frame()
    _, bad = interpret(raw, vocabulary(kb))
    problems = pl.concat([events.problem_frame(), bad])
    grouped = problems.group_by("severity", "code", "message", maintain_order=True).agg(
        pl.len(), pl.col("where").first()
    )
    rows += [(severity, code, message, count, where) for severity, code, message, count, where in grouped.iter_rows()]
    return pl.DataFrame(rows, schema=COLUMNS, orient="row")
