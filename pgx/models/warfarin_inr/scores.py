"""Scores of the warfarin dose as starting points, before any INR."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from pgx.codes import NoteCode, Severity
from pgx.errors import InputError
from pgx.knowledge import KnowledgeBase
from pgx.models.warfarin_inr.grid import Start
from pgx.models.warfarin_inr.persons import limits_of
from pgx.notes import Note


def starts_of(
    scores: pl.DataFrame, kb: KnowledgeBase, endpoint: str = "warfarin.dose"
) -> tuple[dict[str, Start], list[Note]]:
    """Take the starting points from a scores frame (`pgx.schema.SCORES`); refused scores are left out.

    A score that is no dose which a person can need, with an interval around it, is left out too, and noted.

    Raises
    ------
    InputError
        If a column is missing.
    """
    for name in ("sample", "endpoint", "estimate", "low", "high"):
        if name not in scores.columns:
            raise InputError(f"the scores have no column {name!r}", fix="use the table that `pgx score` writes")
    found: dict[str, Start] = {}
    notes: list[Note] = []
    rows = scores.filter((pl.col("endpoint") == endpoint) & pl.col("estimate").is_not_null())
    for row in rows.iter_rows(named=True):
        start = _start(row, limits_of(kb)["dose"])
        if start is None:
            low, high = ("nothing" if row[name] in (None, "") else row[name] for name in ("low", "high"))
            text = f"the score {row['estimate']} ({low} to {high}) is no dose in mg/week with its interval"
            notes.append(Note(stage="models", severity=Severity.WARNING, code=NoteCode.IMPLAUSIBLE_VALUE,
                              message=f"{text}: left out", sample=str(row["sample"]), subject=endpoint))  # fmt: skip
        else:
            found[str(row["sample"])] = start
    return found, notes


def _start(row: Mapping[str, Any], limits: tuple[float, float]) -> Start | None:
    estimate, low, high = (_number(row[name]) for name in ("estimate", "low", "high"))
    if limits[0] <= estimate <= limits[1] and 0.0 <= low <= estimate <= high < float("inf") and low < high:
        return Start(estimate, low, high)
    return None


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return float("nan")
