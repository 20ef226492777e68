"""Which drugs an order is about: from its codes, or from the words of its text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_SYSTEMS = ("rxnorm", "atc", "drugbank")
_WORD = re.compile(r"[a-z][a-z0-9'-]*")


@dataclass(frozen=True, slots=True)
class DrugNames:
    """Names and codes of drugs, ready to be looked for in orders.

    Parameters
    ----------
    drugs
        RxNorm id, ATC code, generic or brand name (all lower case) -> drug.
    phrases
        Words of a name -> drug.
    longest
        Words of the longest name.
    """

    drugs: Mapping[str, str]
    phrases: Mapping[tuple[str, ...], str]
    longest: int

    @classmethod
    def of(cls, drugs: Mapping[str, str]) -> DrugNames:
        """Return them for a table of names and codes (`pgx.reports.Lexicon.drug_names`)."""
        phrases = {tuple(_WORD.findall(name)): drug for name, drug in drugs.items() if _WORD.match(name)}
        phrases = {words: drug for words, drug in phrases.items() if words and len("".join(words)) > 3}
        return cls(drugs, phrases, max(map(len, phrases), default=1))


def ordered(context: Mapping[str, Any], names: DrugNames, *, only_selected: bool) -> list[str]:
    """Return the drugs of the draft orders of a CDS Hooks context, in order, each once.

    Parameters
    ----------
    context
        ``context`` of the request: ``draftOrders`` (a Bundle) and, for order-select, ``selections``.
    names
        What drugs are called.
    only_selected
        Whether only the resources named in ``selections`` count.
    """
    entries = _list(_dict(context.get("draftOrders")).get("entry"))
    resources = [_dict(_dict(entry).get("resource")) for entry in entries]
    known = {f"{r.get('resourceType')}/{r.get('id')}": r for r in resources}
    selected = {str(reference) for reference in _list(context.get("selections"))}
    drugs: dict[str, None] = {}
    for key, resource in zip((f"{r.get('resourceType')}/{r.get('id')}" for r in resources), resources, strict=True):
        if resource.get("resourceType") in ("MedicationRequest", "MedicationOrder") and (
            key in selected or not only_selected
        ):
            drugs.update(dict.fromkeys(_drugs(resource, known, names)))
    return list(drugs)


def _drugs(resource: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]], names: DrugNames) -> Iterator[str]:
    concept = _dict(resource.get("medicationCodeableConcept"))
    reference = _dict(resource.get("medicationReference"))
    if not concept and reference:
        target = str(reference.get("reference") or "")
        contained = {f"#{_dict(r).get('id')}": _dict(r) for r in _list(resource.get("contained"))}
        concept = _dict((contained.get(target) or known.get(target) or {}).get("code"))
        if reference.get("display"):
            concept = {**concept, "text": concept.get("text") or reference["display"]}
    yield from drugs_of(concept, names)


def drugs_of(concept: Mapping[str, Any], names: DrugNames) -> list[str]:
    """Return the drugs of one FHIR CodeableConcept: by code, else by the generic or brand names in its text."""
    codings = [_dict(coding) for coding in _list(concept.get("coding"))]
    for coding in codings:
        system = str(coding.get("system") or "").lower()
        drug = names.drugs.get(str(coding.get("code") or "").casefold())
        if drug and any(known in system for known in _SYSTEMS):
            return [drug]
    # Orders carry codes of packs ("clopidogrel 75 MG Oral Tablet"), whose text names the substance.
    texts = [concept.get("text"), *(coding.get("display") for coding in codings)]
    return next((drugs for drugs in (named(str(text), names) for text in texts if text) if drugs), [])


def named(text: str, names: DrugNames) -> list[str]:
    """Return the drugs that a text names, in order: whole words only, the longest name first."""
    words = _WORD.findall(text.casefold())
    drugs, i = [], 0
    while i < len(words):
        for size in range(min(names.longest, len(words) - i), 0, -1):
            drug = names.phrases.get(tuple(words[i : i + size]))
            if drug:
                drugs.append(drug)
                i += size - 1
                break
        i += 1
    return list(dict.fromkeys(drugs))


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
