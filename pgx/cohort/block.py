"""One block: the pipeline on its persons, and the files that come of it."""

from __future__ import annotations

import errno
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from pgx import schema
from pgx.codes import NoteCode, Severity
from pgx.cohort.folder import Folder, Json, place, write_json
from pgx.cohort.plan import Plan
from pgx.errors import InputError, PgxError
from pgx.features import build
from pgx.inputs import phenotyped
from pgx.knowledge import KnowledgeBase
from pgx.pipeline import conclude
from pgx.types import ClinicalData, Result
from pgx.variants.read import Input
from pgx.variants.spool import spooled

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ENOMEM)
"""Errors of the machine, not of a person's data: the run stops, and is gone on with later."""
_NOBODY = ClinicalData(schema.empty(schema.CLINICAL), schema.empty(schema.MEDICATIONS), schema.empty(schema.NOTES))
LOST = (NoteCode.OUTSIDE_REFUSED, NoteCode.PERSON_FAILED)


Genomes = Callable[[], Sequence[Input]]
"""Opens the genotypes of a block anew: each is read once."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What the pipeline found for some of a block's persons."""

    result: Result
    features: pl.DataFrame | None


def do_block(
    plan: Plan, digest: str, kb: KnowledgeBase, number: int, folder: Folder, spool: Path | None = None
) -> Json:
    """Run the stages for the persons of a block, write its parts, and at last its state, which is returned."""
    people = plan.block(number)
    pieces: list[Piece] = []
    failed: list[Json] = []
    vcf = (lambda: plan.vcf) if spool is None else (lambda: spooled(spool, number, people))
    for found in _pieces(plan, kb, vcf, people):
        if isinstance(found, Piece):
            pieces.append(found)
        else:
            failed.append(found)
    frames = _frames(plan, pieces, kb)
    notes = frames["notes"] if pieces else schema.empty(schema.NOTES)
    # How many of a block have no score is no news of the run, and each person's row says it.
    of_run = pl.col("sample").is_null() & (pl.col("code") != NoteCode.SCORE_REFUSED)
    whole_run = notes.filter(of_run).drop("sample").unique(maintain_order=True)
    frames["notes"] = notes.filter(pl.col("sample").is_not_null())
    errors = notes.filter(pl.col("severity") == Severity.ERROR).select("sample", "stage", "code", "where", "message")
    failures = [*failed, *errors.to_dicts()]
    files = {folder.part(name, number): _parquet(frames[name]) for name in plan.tables}
    state: Json = {
        "block": number,
        "plan": digest,
        "persons": len(people),
        "lost": sum(row["code"] in LOST for row in failures),
        "failures": failures,
        "notes": whole_run.to_dicts(),
        "files": place(folder, files),
    }
    write_json(folder.state(number), state)
    return state


def _pieces(plan: Plan, kb: KnowledgeBase, vcf: Genomes, people: Sequence[str]) -> Iterator[Piece | Json]:
    """Yield what is found for the persons together; if that fails, for each half, so that a failure costs one alone."""
    try:
        piece = _piece(plan, kb, vcf(), people)
    except Exception as error:
        if _is_of_the_machine(error):
            raise
        if len(people) == 1:
            yield _failure(people[0], error)
            return
    else:
        yield piece
        return
    half = len(people) // 2
    yield from _pieces(plan, kb, vcf, people[:half])
    yield from _pieces(plan, kb, vcf, people[half:])


def _piece(plan: Plan, kb: KnowledgeBase, vcf: Sequence[Input], people: Sequence[str]) -> Piece:
    options = replace(plan.options, samples=list(people))
    found = phenotyped(vcf, clinical=plan.clinical, outside_calls=plan.outside_calls, options=options, kb=kb)
    result = conclude(found, plan.drugs, plan.endpoints, options)
    features = None
    if "features" in plan.tables:
        features = build(found.calls, found.phenotypes, found.clinical, kb, genotypes=found.genotypes)
    return Piece(result, features)


def _is_of_the_machine(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in _NO_ROOM):
            return True
        error = error.__cause__
    return False


def _failure(sample: str, error: Exception) -> Json:
    """Return the row of failures of a person of whom nothing could be found out."""
    told = str(error) if isinstance(error, PgxError) else f"internal error, please report it: {error!r}"
    where = error.where if isinstance(error, InputError) else None
    return {"sample": sample, "stage": "cohort", "code": NoteCode.PERSON_FAILED.value, "where": where, "message": told}


def _frames(plan: Plan, pieces: Sequence[Piece], kb: KnowledgeBase) -> dict[str, pl.DataFrame]:
    """Join the frames of the pieces; of a block in which everybody failed they are empty."""
    names = [name for name in (*plan.tables, "notes") if name != "features"]
    declared = {"calls": schema.CALLS, "phenotypes": schema.PHENOTYPES, "guidance": schema.GUIDANCE,
                "judgements": schema.JUDGEMENTS, "scores": schema.SCORES, "notes": schema.NOTES}  # fmt: skip
    frames = {
        name: pl.concat([schema.empty(declared[name]), *(getattr(one.result, name) for one in pieces)])
        for name in names
    }
    if "features" in plan.tables:
        wide = [one.features for one in pieces if one.features is not None]
        frames["features"] = pl.concat(wide) if wide else build(
            schema.empty(schema.CALLS), schema.empty(schema.PHENOTYPES), _NOBODY, kb
        )  # fmt: skip
    return frames


def _parquet(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.rechunk().write_parquet(out, compression="zstd")
    return out.getvalue()
