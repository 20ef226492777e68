"""Cohorts for the tests of summaries: folders as a run leaves them, with tables made by hand or from genomes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from pgx import schema
from pgx.knowledge import KnowledgeBase

SCHEMAS = {"calls": schema.CALLS, "judgements": schema.JUDGEMENTS, "next_tests": schema.NEXT_TESTS,
           "notes": schema.NOTES, "genotypes": schema.GENOTYPES}  # fmt: skip


def write_cohort(folder: Path, kb: KnowledgeBase, tables: Mapping[str, pl.DataFrame], block_size: int) -> Path:
    """Write the folder of a finished run; `tables` must have ``features``, which says who is there."""
    people = tables["features"]["sample"].to_list()
    blocks = [people[start : start + block_size] for start in range(0, len(people), block_size)]
    for name, frame in tables.items():
        (folder / name).mkdir(parents=True)
        for number, block in enumerate(blocks):
            frame.filter(pl.col("sample").is_in(block)).write_parquet(folder / name / f"part-{number:05d}.parquet")
    told = {
        "layout": 1,
        "plan": "made",
        "inputs": [],
        "options": {},
        "persons": {"count": len(people), "sha256": ""},
        "parameters": {"block_size": block_size, "tables": list(tables)},
        "versions": {"pgx": "0", "knowledge": kb.version, "knowledge_sha256": kb.checksum},
        "blocks": [{"block": number} for number in range(len(blocks))],
    }
    (folder / "manifest.json").write_text(json.dumps(told))
    return folder


def rows(name: str, listed: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    return schema.from_rows(listed, SCHEMAS[name])


def call(sample: str, diplotype: str | None, *, gene: str = "CYP2C19", **more: Any) -> dict[str, Any]:
    one, _, two = (diplotype or "").partition("/")
    told = {"allele1": one or None, "allele2": two or None, "diplotype": diplotype}
    return {"sample": sample, "gene": gene, "status": "called" if diplotype else "not_called", **told, **more}


def features(people: Mapping[str, tuple[str | None, str | None]]) -> pl.DataFrame:
    """Sample -> group and sex."""
    columns = {
        "sample": list(people),
        "clinical.ancestry": [group for group, _ in people.values()],
        "ancestry.estimated_group": [None] * len(people),
        "clinical.sex": [sex for _, sex in people.values()],
    }
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
