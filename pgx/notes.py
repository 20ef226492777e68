"""What a run has to say beside its results: typed notes, and the frame that they become.

Programs act on `code` and `subject`; `message` is for people and may be worded anew at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields

import polars as pl

from pgx import schema
from pgx.codes import NoteCode, Severity
from pgx.errors import shortened


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One thing that a reader should know.

    Parameters
    ----------
    stage
        Which stage says so: ``variants``, ``calling``, ``phenotypes``, ``clinical``, ``models``, ...
    severity, code
        A `pgx.codes.Severity` and a `pgx.codes.NoteCode`; a model of an earlier version may have warnings of others.
    message
        One sentence for a person.
    sample
        Whom it is about; several names for persons who are told the same; None for the whole run.
    subject
        Gene, drug, concept, endpoint or field that it is about.
    where
        File, line or record.
    """

    stage: str
    severity: str
    code: str
    message: str
    sample: str | tuple[str, ...] | None = None
    subject: str | None = None
    where: str | None = None


def without_value(
    code: str, subject: str | None, table: Callable[[str], pl.DataFrame], where: str = "`pgx check` shows it"
) -> str:
    """Return what a note says where nothing of a person must stand: what is wrong by its code, and what to do.

    Parameters
    ----------
    code, subject
        Of the note, whose code is not one of `pgx.codes.QUOTES_NO_RECORD`.
    table
        Tables of the knowledge base by name. A subject that is no gene and no measured concept of it is a drug, a
        diagnosis or what stands in a file, and is not named.
    where
        Where the message itself stands.
    """
    concepts = table("concepts").filter(pl.col("kind") != "boolean")["concept"]
    known = subject is not None and (
        subject in table("genes")["gene"] or subject in concepts or subject == "medications"
    )
    found = table("flags").filter(kind="note", code=code).select("meaning", "advice").rows()
    said = [text.rstrip(".") for text in (*(found[0] if found else (code,)), where) if text]
    return (f"{subject}: " if known else "") + "; ".join(text[:1].lower() + text[1:] for text in said)


def refused_result(stage: str, sample: str | None, gene: str, where: str, why: str, how: str = "used") -> Note:
    """Return the note on a laboratory's result that somebody sent and that no advice here rests on."""
    message = f"a laboratory's result of {gene} could not be {how} ({where}: {why})"
    return Note(
        stage=stage, severity=Severity.ERROR, code=NoteCode.OUTSIDE_REFUSED, message=message,
        sample=sample, subject=gene, where=where,
    )  # fmt: skip


def frame_of(notes: Iterable[Note]) -> pl.DataFrame:
    """Return `pgx.schema.NOTES` rows; a note on several persons is a row for each of them."""
    listed = list(notes)
    columns = {field.name: [getattr(note, field.name) for note in listed] for field in fields(Note)}
    for told in ("message", "where"):
        columns[told] = [text and shortened(text) for text in columns[told]]
    columns["sample"] = [list(name) if isinstance(name, tuple) else [name] for name in columns["sample"]]
    types = schema.polars_schema(schema.NOTES) | {"sample": pl.List(pl.String)}
    frame = pl.DataFrame({name: columns[name] for name in types}, schema=types)
    return schema.conform(frame.explode("sample"), schema.NOTES)
