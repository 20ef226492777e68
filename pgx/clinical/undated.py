"""Classes of a condition without a date: they count as of now, which is said where advice rests on them."""

from __future__ import annotations

import polars as pl

from pgx.clinical.left_out import listed, read_by_drug
from pgx.clinical.vocabulary import vocabulary
from pgx.codes import NoteCode, Severity
from pgx.knowledge import KnowledgeBase
from pgx.notes import Note
from pgx.types import ClinicalData


def notes(clinical: ClinicalData, advice: pl.DataFrame, kb: KnowledgeBase) -> list[Note]:
    """Return a note on each class without a date (Child-Pugh, NYHA, severity) that decides advice of its person.

    A class that has a date is used for a time only; of one that has none nobody can tell whether it still holds.

    Parameters
    ----------
    clinical
        What was read.
    advice
        `pgx.schema.GUIDANCE` of the run.
    kb
        Knowledge base.
    """
    words = vocabulary(kb)
    passing = [name for name in sorted(words.grades.severities) if words.concepts[name].window_days is not None]
    undated = clinical.observations.filter(
        pl.col("concept").is_in(passing), pl.col("code").is_not_null(), pl.col("date").is_null(),
        pl.col("end_date").is_null(),
    ).unique(["sample", "concept"], keep="last", maintain_order=True)  # fmt: skip
    if undated.is_empty():
        return []
    asked_by = {drug: set(tests) for drug, tests in read_by_drug(kb).items()}
    drugs: dict[str, list[str]] = {}
    for sample, drug in advice.select("sample", "drug").unique(maintain_order=True).iter_rows():
        drugs.setdefault(sample, []).append(drug)
    told = []
    for row in undated.iter_rows(named=True):
        resting = [drug for drug in drugs.get(row["sample"], ()) if row["concept"] in asked_by.get(drug, ())]
        if resting:
            told.append(_note(row, resting))
    return told


def _note(row: dict[str, str], drugs: list[str]) -> Note:
    message = (
        f"{row['concept'].replace('_', ' ')} {row['code']} has no date and counts as of now: the advice on "
        f"{listed(drugs)} rests on it; write the day beside it"
    )
    return Note(
        sample=row["sample"],
        stage="clinical",
        severity=Severity.WARNING,
        code=NoteCode.DAY_ASSUMED,
        message=message,
        subject=row["concept"],
        where=row["source"],
    )
