"""A person's own part of a result: what documents about them may hold, the same whoever else was in the run.

Notes of a person go to the person; those of the whole run (how many records are of nobody, ...) do not, but for what
holds whoever was in it: notes on a model that gave one of the person's scores, and on a site's own knowledge. The
provenance lists the files that hold the person, and no option that names others.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pgx.codes import NoteCode
from pgx.types import Result

Row = Mapping[str, object]

_OF_THE_RUN = (NoteCode.SCORE_REFUSED,)
"""Codes of notes on models that count the persons of a run."""


def notes_for(run_notes: Sequence[Row], scores: Sequence[Row]) -> list[Row]:
    """Return those notes of a whole run that concern the person with these scores.

    Parameters
    ----------
    run_notes
        Rows of `pgx.schema.NOTES` without a sample.
    scores
        The person's rows of `pgx.schema.SCORES`.
    """
    endpoints = {row["endpoint"] for row in scores}
    return [note for note in run_notes if note["code"] == NoteCode.LOCAL_KNOWLEDGE or _on_model(note, endpoints)]


def _on_model(note: Row, endpoints: Collection[object]) -> bool:
    return note["stage"] == "models" and note["subject"] in endpoints and note["code"] not in _OF_THE_RUN


def inputs_of(result: Result, sample: str) -> list[int] | None:
    """Return which of the result's input files hold the sample, by their place; None if nobody knows."""
    if result.holders:
        return [index for index, holds in enumerate(result.holders) if sample in holds]
    return None if len(result.samples) > 1 else list(range(len(_listed(result.provenance))))


def provenance_of(result: Result, sample: str) -> dict[str, object]:
    """Return the result's provenance as far as it is about one sample."""
    return own_provenance(result.provenance, sample, inputs_of(result, sample))


def own_provenance(provenance: Mapping[str, object], sample: str, inputs: Sequence[int] | None) -> dict[str, object]:
    """Return a run's provenance as far as it is about one sample; input files are named only if they are known to be.

    Parameters
    ----------
    provenance
        The run's.
    sample
        Whose.
    inputs
        Which input files hold the sample, by their place; None if nobody knows.
    """
    personal = dict(provenance)
    listed = _listed(provenance)
    if "inputs" in personal:
        personal["inputs"] = [listed[index] for index in inputs or () if index < len(listed)]
    options = personal.get("options")
    if isinstance(options, Mapping):
        about = {key: _own_option(key, value, sample) for key, value in options.items() if key != "samples"}
        personal["options"] = {key: value for key, value in about.items() if value not in (None, {})}
    return personal


def _listed(provenance: Mapping[str, object]) -> list[Any]:
    listed = provenance.get("inputs")
    return list(listed) if isinstance(listed, list | tuple) else []


def _own_option(key: str, value: Any, sample: str) -> Any:
    """Return an option's value, without what it says of others: ``{sample: value}``, or copies by ``SAMPLE:GENE``."""
    if key in ("sex", "ancestry") and isinstance(value, Mapping):
        return value.get(sample)
    if key == "copy_number" and isinstance(value, Mapping):
        whose = {name: str(name).rpartition(":")[0] for name in value}
        return {name: copies for name, copies in value.items() if whose[name] in ("", sample)}
    return value
