"""For which drugs guidance is given: those that are named, those on a person's list, or all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

import polars as pl

from pgx.codes import NoteCode
from pgx.errors import UsageError
from pgx.guidance.conditions import Conditions
from pgx.guidance.populations import LOCAL_USE
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.resolver import drugs_of
from pgx.types import ClinicalData

ALL = "all"
UNREAD = ("medication_unknown", "medication_unread", LOCAL_USE)
"""Concepts of medicines on a list that the knowledge base does not know, that could not be read, or that only act where
they are put."""


def wanted_of(
    samples: Sequence[str],
    clinical: ClinicalData | None,
    conditions: Conditions,
    kb: KnowledgeBase,
    drugs: Sequence[str] | Mapping[str, Collection[str]] | None,
) -> dict[str, set[str] | None]:
    """Return drug -> samples that it is for; None = all samples."""
    if isinstance(drugs, Mapping):
        return {drug: set(people) for drug, people in drugs.items()}
    if drugs is not None:
        if isinstance(drugs, str):
            raise UsageError("drugs must be a list of names")
        everything = any(drug.strip().lower() == ALL for drug in drugs)
        named = drugs_of(kb, [drug for drug in drugs if drug.strip().lower() != ALL])
        return dict.fromkeys([*named, *(conditions.drugs if everything else ())])
    if clinical is not None and without_list(samples, clinical) != set(samples):
        listed: dict[str, set[str]] = defaultdict(set)
        taken = clinical.medications.filter(pl.col("status") != "stopped", pl.col("sample").is_in(list(samples)))
        for drug, people in taken.group_by("drug").agg(pl.col("sample").unique()).iter_rows():
            listed[drug].update(people)
        if without := without_list(samples, clinical):
            for drug, people in _told_without_list(without, clinical, conditions, kb).items():
                listed[drug] |= people
        return dict(sorted(listed.items()))
    everybody = _told_without_list(set(samples), clinical, conditions, kb)
    return {drug: None if len(people) == len(samples) else people for drug, people in everybody.items() if people}


def apart(
    wanted: dict[str, set[str] | None],
    samples: Sequence[str],
    clinical: ClinicalData | None,
    drugs: Sequence[str] | Mapping[str, Collection[str]] | None,
) -> tuple[dict[str, set[str] | None], dict[str, set[str]]]:
    """Return what is wanted, and apart from it the drugs of those who use them on skin, eye or ear alone.

    A drug that is named in `drugs` is wanted whatever the use.
    """
    if clinical is None or not (drugs is None or isinstance(drugs, Mapping)):
        return wanted, {}
    used = clinical.observations.filter(concept=LOCAL_USE).select("sample", drug="code").unique()
    taken = clinical.medications.filter(pl.col("status") != "stopped").select("sample", "drug")
    local: dict[str, set[str]] = defaultdict(set)
    for sample, drug in used.join(taken, on=["sample", "drug"], how="anti").iter_rows():
        if sample in samples and (drugs is None or sample in drugs.get(drug, ())):
            local[drug].add(sample)
    kept = {drug: people and people - local.get(drug, set()) for drug, people in wanted.items()}
    return {drug: people for drug, people in kept.items() if people is None or people}, dict(sorted(local.items()))


def _told_without_list(
    samples: set[str], clinical: ClinicalData | None, conditions: Conditions, kb: KnowledgeBase
) -> dict[str, set[str]]:
    """Return drug -> those of the samples, of whom no list is known, that are told of it."""
    found = dict.fromkeys(conditions.drugs, samples)
    for drug, concept in kb.table("disease_drugs").select("drug", "concept").iter_rows():
        ill: set[str] = set()
        if clinical is not None:
            recorded = clinical.observations.filter(pl.col("concept") == concept, pl.col("code") == "yes")
            ill = samples.intersection(recorded["sample"])
        found[drug] = ill
    return found


def without_list(samples: Sequence[str], clinical: ClinicalData | None) -> set[str]:
    """Return the samples of whom no list of medicines is known; one whose names nobody could read is a list."""
    if clinical is None:
        return set(samples)
    unread = clinical.observations.filter(pl.col("concept").is_in(UNREAD))
    local = clinical.notes.filter(pl.col("code") == NoteCode.LOCAL_FORM)
    return set(samples).difference(clinical.medications["sample"], unread["sample"], local["sample"])
