"""Which drugs an order is about: from its codes, or from the words of its text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from pgx.reports.page.lexicon import drug_names, resolver

_SYSTEMS = {"rxnorm": "RxNorm", "atc": "ATC", "snomed": "SNOMED", "drugbank": "DrugBank"}
"""Words in the address of a vocabulary, and its name in the tables."""
_ORDERS = ("MedicationRequest", "MedicationOrder")
_WORD = re.compile(r"[a-z][a-z0-9'-]*")


def ordered(context: Mapping[str, Any], *, only_selected: bool) -> list[str]:
    """Return the drugs of the draft orders of a CDS Hooks context, in order, each once.

    Parameters
    ----------
    context
        ``context`` of the request: ``draftOrders`` (a Bundle) and, for order-select, ``selections``.
    only_selected
        Whether only the resources named in ``selections`` count.
    """
    return list(dict.fromkeys(drug for concept in _ordered(context, only_selected) for drug in drugs_of(concept)))


def unnamed(context: Mapping[str, Any], *, only_selected: bool) -> int:
    """Count the orders that name no drug at all: a reference to nothing, a code that is not known, no text.

    An order of a drug that the knowledge base lacks names it, and is not counted. Parameters as of `ordered`.
    """
    return sum(not drugs_of(one) and not _words(one) for one in _ordered(context, only_selected))


def _words(concept: Mapping[str, Any]) -> list[str]:
    texts = [concept.get("text"), *(_dict(coding).get("display") for coding in _list(concept.get("coding")))]
    return [str(text) for text in texts if text and str(text).strip()]


def _ordered(context: Mapping[str, Any], only_selected: bool) -> Iterator[Mapping[str, Any]]:
    """Yield what each order calls its drug (a CodeableConcept; an empty one if nothing does)."""
    entries = [_dict(entry) for entry in _list(_dict(context.get("draftOrders")).get("entry"))]
    known: dict[str, Mapping[str, Any]] = {}
    for entry in entries:
        resource = _dict(entry.get("resource"))
        known[f"{resource.get('resourceType')}/{resource.get('id')}"] = resource
        if entry.get("fullUrl"):
            known[str(entry["fullUrl"])] = resource
    selected = {_local(str(one)) for one in _list(context.get("selections"))}
    for entry in entries:
        resource = _dict(entry.get("resource"))
        names = {f"{resource.get('resourceType')}/{resource.get('id')}", _local(str(entry.get("fullUrl")))}
        if resource.get("resourceType") in _ORDERS and (names & selected or not only_selected):
            yield from _concepts(resource, known)


def _local(reference: str) -> str:
    """Return ``Type/id`` of an address without its server and version; anything else as it is."""
    found = re.search(r"(?:^|/)([A-Z][A-Za-z]+/[^/]+)(?:/_history/[^/]+)?$", reference)
    return found[1] if found else reference


def _concepts(resource: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    concept = _dict(resource.get("medicationCodeableConcept"))
    reference = _dict(resource.get("medicationReference"))
    if not concept and reference:
        target = str(reference.get("reference") or "")
        contained = {f"#{_dict(r).get('id')}": _dict(r) for r in _list(resource.get("contained"))}
        medication = _dict(contained.get(target) or known.get(target) or known.get(_local(target)))
        concept = _dict(medication.get("code"))
        if reference.get("display"):
            concept = {**concept, "text": concept.get("text") or reference["display"]}
        ingredients = [_dict(_dict(one).get("itemCodeableConcept")) for one in _list(medication.get("ingredient"))]
        if not drugs_of(concept) and any(drugs_of(one) for one in ingredients):
            yield from ingredients
            return
    yield concept


def drugs_of(concept: Mapping[str, Any]) -> list[str]:
    """Return the drugs of one FHIR CodeableConcept: by code, else by the generic or brand names in its text."""
    codings = [_dict(coding) for coding in _list(concept.get("coding"))]
    for coding in codings:
        system = str(coding.get("system") or "").lower()
        code = str(coding.get("code") or "")
        for word in (word for word in _SYSTEMS if word in system):
            if found := resolver().by_code(_SYSTEMS[word], code):
                return list(found)
            if drug := drug_names().get(code.casefold()):
                return [drug]
    # Orders carry codes of packs ("clopidogrel 75 MG Oral Tablet"), whose text names the substance.
    texts = [concept.get("text"), *(coding.get("display") for coding in codings)]
    return next((found for found in (_named(str(text)) for text in texts if text) if found), [])


def _named(text: str) -> list[str]:
    return list(resolver().find(text).drugs) or named(text)


def named(text: str) -> list[str]:
    """Return the drugs that a text names, in order: whole words only, the longest name first."""
    names, longest = _phrases()
    words = _WORD.findall(text.casefold())
    found, i = [], 0
    while i < len(words):
        for size in range(min(longest, len(words) - i), 0, -1):
            drug = names.get(tuple(words[i : i + size]))
            if drug:
                found.append(drug)
                i += size - 1
                break
        i += 1
    return list(dict.fromkeys(found))


@lru_cache(maxsize=1)
def _phrases() -> tuple[dict[tuple[str, ...], str], int]:
    names = {tuple(_WORD.findall(name)): drug for name, drug in drug_names().items() if _WORD.match(name)}
    names = {words: drug for words, drug in names.items() if words and len("".join(words)) > 3}
    return names, max(map(len, names), default=1)


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
