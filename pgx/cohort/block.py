"""One block: the pipeline on its persons, and the files that come of it."""

from __future__ import annotations

import io
from dataclasses import replace

import polars as pl

from pgx.cohort.folder import Folder, Json, place, write_json
from pgx.cohort.plan import Plan
from pgx.features import build
from pgx.inputs import Phenotyped, phenotyped
from pgx.knowledge import KnowledgeBase
from pgx.pipeline import conclude
from pgx.types import Result


def do_block(plan: Plan, digest: str, kb: KnowledgeBase, number: int, folder: Folder) -> Json:
    """Run the stages for the persons of a block, write its parts, and at last its state, which is returned."""
    people = plan.block(number)
    options = replace(plan.options, samples=list(people))
    found = phenotyped(plan.vcf, clinical=plan.clinical, outside_calls=plan.outside_calls, options=options, kb=kb)
    result = conclude(found, plan.drugs, plan.endpoints, options)
    files = {folder.part(name, number): _parquet(frame) for name, frame in _frames(plan, found, result).items()}
    told = place(folder, files)
    state: Json = {"block": number, "plan": digest, "persons": len(people), "files": told}
    write_json(folder.state(number), state)
    return state


def _frames(plan: Plan, found: Phenotyped, result: Result) -> dict[str, pl.DataFrame]:
    frames = {name: getattr(result, name) for name in plan.tables if name != "features"}
    if "features" in plan.tables:
        frames["features"] = build(found.calls, found.phenotypes, found.clinical, found.kb, genotypes=found.genotypes)
    frames["notes"] = result.notes.filter(pl.col("sample").is_not_null())
    return frames


def _parquet(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out, compression="zstd")
    return out.getvalue()
