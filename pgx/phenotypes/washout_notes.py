"""What a reader should know of interacting drugs that were stopped, nobody says when: they may still act."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import polars as pl

from pgx.codes import NoteCode, Severity
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.acting import phrase
from pgx.notes import Note
from pgx.phenotypes.exposures import agents, present_days
from pgx.phenotypes.substrates import acting_of, stopped_drugs
from pgx.types import ClinicalData

_COUNTED = ("strong", "moderate")
_WHERE_COUNTED = "that counts only where it would turn a change of dose around"
_LABEL_WARNS = "a label warns of the two for a time after the last dose: find out when that was"

Row = dict[str, object]


def note(sample: object, severity: str, code: str, message: str, subject: str) -> Note:
    """Return a note of this stage on one person, or on the whole run."""
    whose = None if sample is None else str(sample)
    return Note(
        stage="phenotypes",
        severity=severity,
        code=code,
        message=message,
        sample=whose,
        subject=subject,
        where=subject,
    )


def washout_notes(clinical: ClinicalData, kb: KnowledgeBase, as_of: date | None) -> Iterator[Note]:
    """Yield the notes on drugs that were stopped nobody knows when, and on the drugs on which they would act."""
    yield from _stopped(clinical, kb, present_days(clinical, as_of))
    yield from _perhaps_acting(clinical, kb, as_of)


def _stopped(clinical: ClinicalData, kb: KnowledgeBase, days: pl.DataFrame) -> Iterator[Note]:
    """Interacting drugs that were stopped, but not known how long ago."""
    listed = set(agents(kb).filter(pl.col("strength").is_in(_COUNTED))["drug"])
    stopped = clinical.medications.filter(
        pl.col("status") == "stopped", pl.col("drug").str.to_lowercase().is_in(sorted(listed))
    )
    stopped = stopped.join(days, on="sample", how="left", maintain_order="left")
    for sample, drug, end, day in (
        stopped.select("sample", "drug", "end", "day").unique(maintain_order=True).iter_rows()
    ):
        if end is None or day is None:
            when = "on an unknown day" if end is None else "an unknown time ago (no newer date in the data)"
            message = f"{drug} was stopped {when}; it may still act: {_WHERE_COUNTED}"
            yield note(sample, Severity.WARNING, NoteCode.WASHOUT_UNKNOWN, message, drug)


def _perhaps_acting(clinical: ClinicalData, kb: KnowledgeBase, as_of: date | None) -> Iterator[Note]:
    """Tell each drug of the list which drugs that were stopped nobody knows when would act on it."""
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for one in stopped_drugs(clinical, kb, as_of=as_of).iter_rows(named=True):
        found[one["sample"], one["drug"]].append(one)
    for (sample, drug), here in found.items():
        acting = [replace(acting_of(one), phase="current") for one in here]
        told = f"stopped, nobody says when, and perhaps still acting: {phrase(acting, drug)}"
        ends = _WHERE_COUNTED if any(one["marked"] for one in here) else _LABEL_WARNS
        message = f"{told}; {ends}"
        yield note(sample, Severity.WARNING, NoteCode.WASHOUT_UNKNOWN, message, drug)
