"""A result without names: pseudonyms for the samples, dates moved, and no text that may hold a name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import cast

import polars as pl

from pgx.clinical.medication_basis import RECORD, STATED
from pgx.codes import NoteCode
from pgx.errors import UsageError
from pgx.knowledge import KnowledgeBase
from pgx.models.evidence import endpoints
from pgx.protect.pseudonyms import Pseudonyms
from pgx.types import CONFIGURED, Result

FORMATS = ("json", "tsv", "parquet", "fhir")
"""Formats that programs read. The others are for people, who act on them: they need the person's name."""
_OF_A_FILE: dict[str, dict[str, str | None]] = {
    "clinical": {"source": "withheld", "reaction": None},
    "medications": {"source": "withheld", "as_written": None},
}
"""Columns whose text was written by others, and may name the person; what stands there instead."""
_WORDS = (STATED, RECORD, "none", "yes", "no")
"""Codes of the program's own, of lists of medicines."""


def check_formats(formats: list[str] | tuple[str, ...]) -> None:
    """Refuse documents that people act on.

    Raises
    ------
    UsageError
        If one of `formats` is for people.
    """
    if wrong := [name for name in formats if name not in FORMATS]:
        raise UsageError(
            f"--pseudonymize: people act on a {wrong[0]} report, which must name its person; use {', '.join(FORMATS)}"
        )


def without_names(result: Result, names: Pseudonyms, kb: KnowledgeBase) -> Result:
    """Return the same result under pseudonyms.

    Parameters
    ----------
    result
        Of a run.
    names
        Pseudonyms under the key.
    kb
        Says what the code of a note means for anybody: that stands in place of the note's own sentence, which may
        quote a file.

    Returns
    -------
    Result
        Samples are pseudonyms, dates are moved, notes say what their code means, and inputs have no file names.
    """
    known = {sample: names.of(sample) for sample in result.samples}
    days = {sample: names.shift_of(sample).days for sample in result.samples}
    # Every frame that a result has, so that a new one is never forgotten.
    given = {one.name: getattr(result, one.name) for one in fields(result)}
    frames = {name: _frame(frame, known, days) for name, frame in given.items() if isinstance(frame, pl.DataFrame)}
    for name, columns in _OF_A_FILE.items():
        frames[name] = frames[name].with_columns(
            pl.lit(text, dtype=pl.String).alias(one) for one, text in columns.items()
        )
    frames["notes"] = _notes(frames["notes"], kb)
    frames["clinical"] = _codes(frames["clinical"], {known[sample]: moved for sample, moved in days.items()}, kb)
    provenance = dict(result.provenance)
    inputs = cast("list[dict[str, str]]", provenance.get("inputs", []))
    provenance["inputs"] = [{key: value for key, value in source.items() if key != "name"} for source in inputs]
    provenance["options"] = {"pseudonymized": True}
    provenance.pop(CONFIGURED, None)
    return replace(
        result,
        samples=tuple(known.values()),
        provenance=provenance,
        holders=tuple(frozenset(known[one] for one in of if one in known) for of in result.holders),
        suspects=(),
        **frames,
    )


def without_names_in(frame: pl.DataFrame, samples: Iterable[str], names: Pseudonyms) -> pl.DataFrame:
    """Return a table about these samples under pseudonyms, with their dates moved."""
    listed = tuple(samples)
    known = {sample: names.of(sample) for sample in listed}
    return _frame(frame, known, {sample: names.shift_of(sample).days for sample in listed})


def sentences(kb: KnowledgeBase) -> dict[str, str]:
    """Return what the code of each note means for anybody."""
    meanings = dict(kb.table("flags").filter(kind="note").select("code", "meaning").iter_rows())
    return {str(code): meanings.get(str(code), str(code)) for code in NoteCode}


def _frame(frame: pl.DataFrame, known: Mapping[str, str], days: Mapping[str, int]) -> pl.DataFrame:
    if "sample" not in frame.columns:
        return frame
    shift = pl.duration(days=pl.col("sample").replace_strict(days, default=0, return_dtype=pl.Int64))
    moved = [
        (pl.col(name) + shift).cast(kind).alias(name)
        for name, kind in frame.schema.items()
        if kind == pl.Date or isinstance(kind, pl.Datetime)
    ]
    return frame.with_columns(*moved).with_columns(
        pl.col("sample").replace_strict(known, default=None, return_dtype=pl.String)
    )


def _codes(clinical: pl.DataFrame, days: Mapping[str, int], kb: KnowledgeBase) -> pl.DataFrame:
    """Move dates that are codes (the day of birth, the day that counts as now), and withhold words of the record."""
    code, kind = pl.col("code").cast(pl.String), clinical.schema["code"]
    shift = pl.duration(days=pl.col("sample").replace_strict(days, default=0, return_dtype=pl.Int64))
    moved = (code.str.to_date("%Y-%m-%d", strict=False) + shift).dt.to_string("%Y-%m-%d")
    ours = {*kb.table("concept_answers")["answer"].drop_nulls(), *kb.table("drugs")["drug"], *_WORDS}
    for name in ("allergy_groups", "allergy_members"):
        frame = kb.table(name)
        ours |= {text for column in frame.columns if frame.schema[column] == pl.String for text in frame[column]}
    kept = pl.when(code.is_in(sorted(filter(None, map(str, ours))))).then(code).otherwise(pl.lit("withheld"))
    return clinical.with_columns(code=pl.when(code.is_not_null()).then(pl.coalesce(moved, kept)).cast(kind))


def _notes(notes: pl.DataFrame, kb: KnowledgeBase) -> pl.DataFrame:
    # A subject that is no gene, drug or model of ours was written by others.
    ours = {*kb.genes, *kb.table("drugs")["drug"], *endpoints.load(kb)}
    return notes.with_columns(
        message=pl.col("code").replace_strict(sentences(kb), default="", return_dtype=notes.schema["message"]),
        where=pl.lit(None, dtype=notes.schema["where"]),
        subject=pl.when(pl.col("subject").cast(pl.String).is_in(sorted(ours))).then("subject"),
    )
