"""Recorded allergies of the patient of a request: from the stored result, and from what the request brings along."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pgx.clinical.allergies import DENIED, NONE, Allergens
from pgx.clinical.readers.fhir_parts import codings_of, label_of, statuses_of
from pgx.clinical.status_words import allergy_gone
from pgx.serve.patients import resources_of

ALLERGY = "allergy"


def recorded(prefetched: Any, known: Allergens) -> Iterator[str]:
    """Yield the codes of the prefetched allergies that still stand.

    They are the patient's: a request that sends along anything about another one gets no advice (`patient_of`).
    """
    for resource in _resources(prefetched):
        statuses = statuses_of(resource.get("clinicalStatus")) | statuses_of(resource.get("verificationStatus"))
        if allergy_gone(*statuses):
            continue
        reactions = resource.get("reaction")
        reactions = reactions if isinstance(reactions, list) else []
        concepts = [resource.get("code"), *(one.get("substance") for one in reactions if isinstance(one, Mapping))]
        for concept in concepts:
            codes, written = known.drugs.worded(label_of(concept), [one[:2] for one in codings_of(concept)])
            coded = (known.by_code(system, code) for system, code in codes)
            yield from next((found for found in coded if found), ()) or _by_words(written, known)


def _by_words(written: str, known: Allergens) -> tuple[str, ...]:
    """Return what words say: also the plain name of a drug that no table knows."""
    if not written or DENIED.search(written) or written.lower().strip(" .") in NONE:
        return ()
    return known.find(written) or (known.named(written),)


def _resources(prefetched: Any) -> Iterator[Mapping[str, Any]]:
    for resource, _ in resources_of(prefetched):
        if resource.get("resourceType") == "AllergyIntolerance":
            yield resource


def against(drug: str, allergies: Iterable[str], known: Allergens) -> tuple[list[str], bool]:
    """Return why allergies speak against a drug, and whether that is certain; what may be comes only alone."""
    reasons = [why for code in dict.fromkeys(allergies) if (why := known.against(code, drug))]
    certain = [why for why in reasons if why.certain]
    return [why.message for why in certain or reasons], bool(certain)
