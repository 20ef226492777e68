"""A medication list typed by the user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from pgx import schema
from pgx.clinical.allergies import allergens
from pgx.clinical.drugs import dose_per_day, drug_names
from pgx.clinical.medication_basis import STATED
from pgx.clinical.now import assumed, statuses
from pgx.clinical.readers.lists import NONE
from pgx.codes import NoteCode, Severity
from pgx.errors import UsageError
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.acting import PLANNED
from pgx.knowledge.dose_forms import ACTS_LOCALLY, LOCAL, dose_forms
from pgx.knowledge.drug_entries import ALLERGY, REACTION, UNSURE, UNTIL
from pgx.notes import Note, frame_of
from pgx.types import ClinicalData


def parse_medications(
    names: str | Sequence[str], kb: KnowledgeBase, *, samples: Sequence[str], source: str = "--medications"
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read a list of drugs that every sample takes.

    Parameters
    ----------
    names
        Generic or brand names, RxNorm or ATC codes: a list, or text joined by ``;`` or ``,``.
    kb
        Knowledge base.
    samples
        Who takes them.
    source
        Where the list is from, for the frame and messages.

    Returns
    -------
    tuple
        `pgx.schema.MEDICATIONS` and `pgx.schema.NOTES`: drugs of other names than any in the knowledge base are noted
        and not considered.

    Raises
    ------
    UsageError
        If a name is spelled almost like a known one: it is never corrected silently.
    """
    rows, notes = _parsed(names, kb, samples, source)
    drugs = schema.from_rows(rows, schema.MEDICATIONS)
    now = _present(schema.empty(schema.CLINICAL))
    return statuses(drugs, now), frame_of([*notes, *assumed(drugs, now)])


def _present(observations: pl.DataFrame) -> pl.DataFrame:
    """Return ``sample as_of told`` of those of whom the day that counts as now is known."""
    days = observations.filter(pl.col("concept") == "as_of")
    return days.select("sample", as_of=pl.col("code").str.to_date(strict=False), told=pl.lit(False))


def _parsed(
    names: str | Sequence[str], kb: KnowledgeBase, samples: Sequence[str], source: str
) -> tuple[list[dict[str, object]], list[Note]]:
    look_up = drug_names(kb)
    items = [
        part.strip() for part in (_split(names, look_up.names) if isinstance(names, str) else names) if part.strip()
    ]
    rows: list[dict[str, object]] = []
    notes: list[Note] = []
    for item in items:
        entry = look_up.entry(item)
        status = {None: "current", PLANNED: PLANNED, UNTIL: UNTIL}.get(entry.meaning, "stopped")
        if entry.meaning in (ALLERGY, REACTION, UNSURE):
            raise UsageError(f"{source}: {item!r} does not say that the drug is taken; leave it out, or write the name")
        found = look_up.find(entry.name)
        if dose_forms(kb).acts(item) == LOCAL:
            said = f"{', '.join(found.drugs) or item} {ACTS_LOCALLY}"
            subject = found.drugs[0] if found.drugs else item
            notes.append(_note(samples, Severity.INFO, NoteCode.LOCAL_FORM, f"{said} ({item!r})", subject, source))
            continue
        if found.drugs and not found.unknown and entry.meaning is None and (remark := look_up.beside(entry.name)):
            said = f"{', '.join(found.drugs)}: {remark!r} beside the name is not understood; it counts as {status}"
            notes.append(_note(samples, Severity.WARNING, NoteCode.REMARK_BESIDE_DRUG, said, found.drugs[0], source))
        for part in found.unknown:
            close = look_up.suggest(part)
            if close:
                raise UsageError(f"{source}: unknown drug {part!r}; did you mean {' or '.join(close)}?")
            message = f"drug {part!r} is not in the knowledge base and not considered"
            notes.append(_note(samples, Severity.WARNING, NoteCode.DRUG_UNKNOWN, message, part, source))
        rows += [
            {
                "sample": s,
                "drug": d,
                "status": status,
                "start": entry.begins if status == UNTIL else None,
                "end": entry.on if status == UNTIL else None,
                "dose_mg_per_day": dose_per_day(item),
                "as_written": item,
                "source": source,
            }
            for s in samples
            for d in look_up.substances(found.drugs)
        ]
    return rows, notes


def _note(samples: Sequence[str], severity: Severity, code: NoteCode, message: str, subject: str, where: str) -> Note:
    whose = tuple(samples)
    return Note(
        stage="clinical", severity=severity, code=code, message=message, sample=whose, subject=subject, where=where
    )


def add_medications(
    clinical: ClinicalData,
    names: Sequence[str],
    kb: KnowledgeBase,
    *,
    samples: Sequence[str],
    source: str = "--medications",
) -> ClinicalData:
    """Lay a typed list over what the records say: its drugs are taken, and it is the whole list of each sample.

    ``none`` alone says that no drug is taken. Parameters and errors as of `parse_medications`.
    """
    return _laid_over(clinical, [(tuple(samples), names)], kb, source)


def add_medication_lists(
    clinical: ClinicalData, lists: Mapping[str, Sequence[str]], kb: KnowledgeBase, *, source: str = "--medications"
) -> ClinicalData:
    """Lay each sample's own typed list over what the records say, as `add_medications` does the list of all."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for sample, names in lists.items():
        alike.setdefault(tuple(names), []).append(sample)
    return _laid_over(clinical, [(tuple(samples), names) for names, samples in alike.items()], kb, source)


def _laid_over(
    clinical: ClinicalData, lists: Sequence[tuple[tuple[str, ...], Sequence[str]]], kb: KnowledgeBase, source: str
) -> ClinicalData:
    look_up, known = drug_names(kb), allergens(kb)
    rows: list[dict[str, object]] = []
    drugs: list[dict[str, object]] = []
    remarks: list[Note] = []
    for samples, names in lists:
        given = [one.strip() for one in names if one.strip()]
        items = [] if len(given) == 1 and given[0].lower() in NONE else given
        taken, notes = _parsed(items, kb, samples, source)
        drugs += taken
        remarks += notes
        unknown = [part for item in items for part in look_up.find(look_up.entry(item).name).unknown]
        said = [("medication_list", STATED)] + [
            ("medication_unknown", code)
            for part in unknown
            for code in known.taken(part) or (look_up.ingredient(part),)
        ]
        put_on = (item for item in items if dose_forms(kb).acts(item) == LOCAL)
        said += [("medication_local", drug) for item in put_on for drug in look_up.find(look_up.entry(item).name).drugs]
        rows += [
            {"sample": sample, "concept": concept, "code": code, "source": source, "origin": "given"}
            for sample in samples
            for concept, code in said
        ]
    listed, now = schema.from_rows(drugs, schema.MEDICATIONS), _present(clinical.observations)
    typed = statuses(listed, now)
    remarks += assumed(listed, now)
    return replace(
        clinical,
        observations=pl.concat([clinical.observations, schema.from_rows(rows, schema.CLINICAL)]),
        medications=pl.concat([clinical.medications, typed]),
        notes=pl.concat([clinical.notes, frame_of(remarks)]),
    )


def _split(text: str, names: dict[str, str]) -> list[str]:
    """Split at ``;``, and at ``,`` unless the comma belongs to a name."""
    parts: list[str] = []
    for part in text.split(";"):
        parts += [part] if part.strip().lower() in names else part.split(",")
    return parts
