"""Short ways to look at what was read."""

from __future__ import annotations

from typing import Any

import polars as pl

from pgx import schema
from pgx.clinical import read
from pgx.features import build, refused
from pgx.knowledge import KnowledgeBase
from pgx.types import ClinicalData


def values(data: ClinicalData, sample: str | None = None) -> dict[str, Any]:
    """concept -> value or code, the last row of each."""
    rows = data.observations if sample is None else data.observations.filter(pl.col("sample") == sample)
    return {r["concept"]: r["value"] if r["value"] is not None else r["code"] for r in rows.iter_rows(named=True)}


def drugs(data: ClinicalData) -> dict[str, str]:
    """drug -> status."""
    return dict(data.medications.select("drug", "status").iter_rows())


def codes(data: ClinicalData, severity: str | None = None) -> list[str]:
    """Codes of the notes."""
    notes = data.notes if severity is None else data.notes.filter(pl.col("severity") == severity)
    return notes["code"].to_list()


def wide(data: ClinicalData, kb: KnowledgeBase) -> dict[str, dict[str, Any]]:
    """sample -> feature -> value, features with a value only."""
    frame = build(schema.empty(schema.CALLS), schema.empty(schema.PHENOTYPES), data, kb).drop(refused.NAME)
    return {row.pop("sample"): {k: v for k, v in row.items() if v is not None} for row in frame.iter_rows(named=True)}


def one(path: object, kb: KnowledgeBase) -> dict[str, Any]:
    """Features with a value of the only person of a file."""
    (features_of,) = wide(read([str(path)], kb), kb).values()
    return features_of
