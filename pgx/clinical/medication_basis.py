"""On which medication list the clinical phenotypes rest: a drug that nobody listed is not a drug that is not taken."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pgx.codes import NoteCode
from pgx.notes import Note, frame_of
from pgx.types import ClinicalData

STATED, RECORD = "given", "in_record"
"""Answers of ``medication_list``: someone said that this is the list, or a record merely holds drugs."""
_SHOWN = 6


def medication_basis(clinical: ClinicalData, samples: Sequence[str]) -> pl.DataFrame:
    """Say for each sample on what list its clinical phenotypes rest.

    Parameters
    ----------
    clinical
        Medications, and what is said of the list.
    samples
        All samples of the run.

    Returns
    -------
    polars.DataFrame
        `pgx.schema.NOTES` with the code ``medication_basis``: a warning where a record does not say that its drugs are
        all, or a drug could not be read.
    """
    told = clinical.observations.filter(pl.col("concept") == "medication_list").select("sample", said="code")
    taken = clinical.medications.filter(pl.col("status") == "current").select("sample", "drug").unique().sort("drug")
    names = taken.group_by("sample", maintain_order=True).agg(pl.col("drug"))
    listed = (
        pl.concat([told.select("sample"), taken.select("sample")])
        .unique()
        .join(
            told.filter(pl.col("said") == STATED).select("sample", said=pl.lit(True)).unique(), on="sample", how="left"
        )
        .join(names, on="sample", how="left")
        .join(_of(clinical, "as_of").select("sample", as_of="code"), on="sample", how="left")
        .join(_counted(clinical, "medication_unread", "unread"), on="sample", how="left")
        .join(_counted(clinical, "medication_unknown", "unknown"), on="sample", how="left")
    )
    place = {sample: i for i, sample in enumerate(samples)}
    rows = [_row(row) for row in listed.iter_rows(named=True) if row["sample"] in place]
    rows.sort(key=lambda note: place[str(note.sample)])
    have = {note.sample for note in rows}
    if rest := tuple(sample for sample in samples if sample not in have):
        message = "no medication list is given: phenotypes are not adjusted for other drugs"
        rows.append(_note(rest, "info", message))
    return frame_of(rows)


def _of(clinical: ClinicalData, concept: str) -> pl.DataFrame:
    return clinical.observations.filter(pl.col("concept") == concept).unique("sample", maintain_order=True)


def _counted(clinical: ClinicalData, concept: str, name: str) -> pl.DataFrame:
    rows = clinical.observations.filter(pl.col("concept") == concept).select("sample", "code", "source").unique()
    return rows.group_by("sample").agg(pl.col("code").n_unique().alias(name))


def _row(row: dict[str, object]) -> Note:
    drugs = row["drug"] if isinstance(row["drug"], list) else []
    shown = ", ".join(drugs[:_SHOWN]) + (f" and {len(drugs) - _SHOWN} more" if len(drugs) > _SHOWN else "")
    count = f"{len(drugs)} drug{'' if len(drugs) == 1 else 's'}{f' ({shown})' if drugs else ''}"
    day = f" as of {row['as_of']}" if row["as_of"] else ""
    message = f"clinical phenotypes rest on {count} listed as taken{day}"
    gaps = []
    if row["unknown"]:
        gaps.append(f"{row['unknown']} more not known here")
    if row["unread"]:
        gaps.append(
            "what could not be read may act on an enzyme: no clinical phenotype where nothing listed changes it"
        )
    if not row["said"]:
        gaps.append("the record does not say that these are all")
    severity = "info" if row["said"] and not row["unread"] else "warning"
    return _note(str(row["sample"]), severity, "; ".join([message, *gaps]))


def _note(sample: str | tuple[str, ...], severity: str, message: str) -> Note:
    return Note(
        sample=sample,
        stage="clinical",
        severity=severity,
        code=NoteCode.MEDICATION_BASIS,
        message=message,
        subject="medications",
        where="medications",
    )
