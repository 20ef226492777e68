"""One block: the pipeline on its persons, and the files that come of it."""

from __future__ import annotations

import errno
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import polars as pl

from pgx import schema
from pgx.clinical import record_blocks
from pgx.clinical.dates import on_day
from pgx.clinical.left_out import REASONS
from pgx.codes import NoteCode, Severity
from pgx.cohort.folder import Folder, Json, place, told_of, write_json
from pgx.cohort.genotype_rows import rows_of
from pgx.cohort.plan import Plan
from pgx.cohort.pseudonymous import Hidden, hidden
from pgx.cohort.samplesheet import Group
from pgx.errors import InputError, PgxError
from pgx.features import build
from pgx.inputs import phenotyped
from pgx.io import Writing, writing
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.recent import Recent
from pgx.pipeline import conclude
from pgx.reports import Lexicon, file_names, write
from pgx.reports.formats.index import Entry
from pgx.types import ClinicalData, Result
from pgx.variants.read import Input
from pgx.variants.spool import spooled

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ENOMEM, errno.EFBIG)
"""Errors of the machine, not of a person's data: the run stops, and is gone on with later."""
_NOBODY = ClinicalData(schema.empty(schema.CLINICAL), schema.empty(schema.MEDICATIONS), schema.empty(schema.NOTES))
LOST = (NoteCode.OUTSIDE_REFUSED, NoteCode.RECORD_LOST, NoteCode.PERSON_FAILED)


Genomes = Callable[[Group], Sequence[Input]]
"""Opens the genotypes of some persons anew: each is read once."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What the pipeline found for some of a block's persons."""

    result: Result
    features: pl.DataFrame | None
    genotypes: pl.DataFrame | None


def do_block(
    plan: Plan, digest: str, kb: KnowledgeBase, number: int, folder: Folder, spool: Path | None = None
) -> Json:
    """Run the stages for the persons of a block, write its parts, and at last its state, which is returned.

    Parameters
    ----------
    plan, digest
        The run, and what tells it from another.
    kb
        Knowledge base.
    number
        The block.
    folder
        Where to.
    spool
        Where the genotypes of the blocks are kept apart (`pgx.variants.spool`); None = the files are read.
    """
    people, cover = plan.block(number), hidden(plan.key)
    recent = _recent(kb)
    record_blocks.put_back(folder.records, number, kb, recent, plan.reading)
    pieces: list[Piece] = []
    failed: list[Json] = []
    vcf: Genomes = (
        (lambda group: group.vcf) if spool is None else (lambda group: spooled(spool, number, people, group.samples))
    )
    with on_day(plan.day):
        for group in plan.groups(number):
            for found in _pieces(plan, kb, vcf, group):
                if isinstance(found, Piece):
                    pieces.append(_under(cover, found, kb))
                else:
                    failed.append(cover.failure(found, kb) if cover else found)
    frames = _frames(plan, pieces, kb)
    notes = frames["notes"] if pieces else schema.empty(schema.NOTES)
    # How many of a block have no score is no news of the run, and each person's row says it.
    of_run = pl.col("sample").is_null() & (pl.col("code") != NoteCode.SCORE_REFUSED)
    whole_run = notes.filter(of_run).drop("sample").unique(maintain_order=True)
    rank = {sample: at for at, sample in enumerate(s for piece in pieces for s in piece.result.samples)}
    of_person = notes.filter(pl.col("sample").is_not_null())
    # Person by person, as every other table: whoever else is in the block changes no order.
    at = pl.col("sample").replace_strict(rank, default=len(rank), return_dtype=pl.Int64)
    frames["notes"] = of_person.sort(at, maintain_order=True)
    errors = notes.filter(pl.col("severity") == Severity.ERROR).select("sample", "stage", "code", "where", "message")
    failures = [*failed, *errors.to_dicts()]
    files = {folder.part(name, number): _parquet(frames[name]) for name in plan.tables}
    state: Json = {
        "block": number,
        "plan": digest,
        "persons": len(people),
        "lost": sum(row["code"] in LOST for row in failures),
        "left_out": sum(row["code"] in REASONS for row in failures),
        "warnings": frames["notes"].filter(severity=Severity.WARNING).height,
        "failures": failures,
        "notes": whole_run.to_dicts(),
        "files": place(folder, files),
        "pages": {},
    }
    with writing(Writing(folder.mode)):
        if plan.reports:
            lexicon = kb.remember("cohort lexicon", lambda: Lexicon(kb))
            for piece in pieces:
                entries: list[Entry] = []
                place_of = folder.documents(number)
                written = write(piece.result, place_of, plan.reports, lexicon=lexicon, entries=entries)
                state["files"] |= told_of(folder, written)
                state["pages"] |= dict(_pages(folder, piece.result, written, entries))
        write_json(folder.state(number), state)
    return state


def _recent(kb: KnowledgeBase) -> Recent:
    """Return what blocks of this process have worked out."""
    return kb.remember("cohort patterns", Recent)


def _under(cover: Hidden | None, piece: Piece, kb: KnowledgeBase) -> Piece:
    """Return a piece under pseudonyms, if the cohort is."""
    if cover is None:
        return piece
    samples = piece.result.samples
    return Piece(cover.result(piece.result, kb), cover.frame(piece.features, samples),
                 cover.frame(piece.genotypes, samples))  # fmt: skip


def _pieces(plan: Plan, kb: KnowledgeBase, vcf: Genomes, group: Group) -> Iterator[Piece | Json]:
    """Yield what is found for the persons together; if that fails, for each half, so that a failure costs one alone."""
    try:
        piece = _piece(plan, kb, vcf(group), group)
    except Exception as error:
        if _is_of_the_machine(error):
            raise
        if len(group.samples) == 1:
            yield _failure(group.samples[0], error)
            return
    else:
        yield piece
        return
    half = len(group.samples) // 2
    for part in (group.samples[:half], group.samples[half:]):
        options = replace(group.options, samples=list(part))
        yield from _pieces(plan, kb, vcf, replace(group, samples=part, options=options))


def _piece(plan: Plan, kb: KnowledgeBase, vcf: Sequence[Input], group: Group) -> Piece:
    found = phenotyped(
        vcf,
        clinical=group.clinical,
        outside_calls=group.outside_calls,
        medications=group.medications,
        options=group.options,
        kb=kb,
        recent=_recent(kb),
    )
    shown = bool(plan.reports) or "next_tests" in plan.tables
    result = conclude(found, plan.drugs, plan.endpoints, group.options, with_next_tests=shown)
    features = None
    if "features" in plan.tables:
        features = build(found.calls, found.phenotypes, found.clinical, kb, genotypes=found.genotypes)
    return Piece(result, features, rows_of(found.genotypes) if "genotypes" in plan.tables else None)


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
    names = [name for name in (*plan.tables, "notes") if name not in ("features", "genotypes")]
    declared = {"calls": schema.CALLS, "phenotypes": schema.PHENOTYPES, "guidance": schema.GUIDANCE,
                "judgements": schema.JUDGEMENTS, "scores": schema.SCORES, "notes": schema.NOTES,
                "next_tests": schema.NEXT_TESTS, "exposure_ratios": schema.EXPOSURE_RATIOS}  # fmt: skip
    frames = {
        name: pl.concat([schema.empty(declared[name]), *(getattr(one.result, name) for one in pieces)])
        for name in names
    }
    if "features" in plan.tables:
        wide = [one.features for one in pieces if one.features is not None]
        frames["features"] = pl.concat(wide) if wide else build(
            schema.empty(schema.CALLS), schema.empty(schema.PHENOTYPES), _NOBODY, kb
        )  # fmt: skip
    if "genotypes" in plan.tables:
        rows = [one.genotypes for one in pieces if one.genotypes is not None]
        frames["genotypes"] = pl.concat([schema.empty(schema.GENOTYPES), *rows])
    return frames


def _pages(
    folder: Folder, result: Result, written: Sequence[Path], entries: Sequence[Entry]
) -> Iterator[tuple[str, Json]]:
    """Yield of each person the pages and how many drugs are how urgent, and which, for the index."""
    counts: dict[str, dict[str, int]] = {}
    for sample, urgency, count in result.judgements.group_by("sample", "urgency").len().sort(pl.all()).iter_rows():
        counts.setdefault(sample, {})[urgency] = count
    for (sample, stem), entry in zip(file_names.stems(result.samples).items(), entries, strict=True):
        names = [
            path.relative_to(folder.root / "reports").as_posix()
            for path in written
            if path.name.startswith(f"{stem}.") and "." not in path.name.removeprefix(f"{stem}.").partition(".")[2]
        ]
        yield sample, {"files": names, "drugs": counts.get(sample, {}), "stem": stem, "entry": asdict(entry)}


def _parquet(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.rechunk().write_parquet(out, compression="zstd")
    return out.getvalue()
