"""Which drugs an order is about: from its codes, or from the words of its text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pgx.clinical.readers.fhir_drugs import ingredients_of
from pgx.clinical.vocabulary import system_name
from pgx.knowledge.dose_forms import LOCAL
from pgx.knowledge.drug_names import DrugNames

_SYSTEMS = {"rxnorm": "RxNorm", "atc": "ATC", "snomed": "SNOMED", "drugbank": "DrugBank"}
"""Words in the address of a vocabulary, and its name in the tables."""
_ORDERS = ("MedicationRequest", "MedicationOrder")
_NO_ORDER = ("entered-in-error", "cancelled")
_SHOWN = 100
"""Letters of an order that a card repeats."""
_WORD = re.compile(r"[a-z][a-z0-9'-]*")


@dataclass(frozen=True, slots=True)
class OrderNames:
    """Names and codes of drugs, ready to be looked for in orders.

    Parameters
    ----------
    drugs
        RxNorm id, ATC code, generic or brand name (all lower case) -> drug.
    resolver
        The look-up that reads records and options too.
    phrases
        Words of a name -> drug.
    longest
        Words of the longest name.
    """

    drugs: Mapping[str, str]
    resolver: DrugNames
    phrases: Mapping[tuple[str, ...], str]
    longest: int

    @classmethod
    def of(cls, drugs: Mapping[str, str], resolver: DrugNames) -> OrderNames:
        """Return them for a table of names and codes (`pgx.reports.Lexicon.drug_names`)."""
        phrases = {tuple(_WORD.findall(name)): drug for name, drug in drugs.items() if _WORD.match(name)}
        phrases = {words: drug for words, drug in phrases.items() if words and len("".join(words)) > 3}
        return cls(drugs, resolver, phrases, max(map(len, phrases), default=1))


@dataclass(frozen=True, slots=True)
class Orders:
    """What is ordered.

    Parameters
    ----------
    drugs
        The drugs that the knowledge base knows, in order, each once.
    unnamed
        The orders that name no drug, by what they say: a code that is not known, a slip in a name, or nothing; and the
        selected orders that were not sent along. An order of a drug that the knowledge base lacks names it, and so does
        one for skin, eye or ear.
    others
        The words of the orders whose drug the knowledge base lacks: an allergy may speak against it too.
    """

    drugs: list[str]
    unnamed: list[str]
    others: list[str]

    def __bool__(self) -> bool:
        """Whether anything is ordered."""
        return bool(self.drugs or self.unnamed or self.others)


def read(context: Mapping[str, Any], names: OrderNames, *, only_selected: bool) -> Orders:
    """Return what the draft orders of a CDS Hooks context are about.

    Parameters
    ----------
    context
        ``context`` of the request: ``draftOrders`` (a Bundle) and, for order-select, ``selections``.
    names
        What drugs are called.
    only_selected
        Whether only the resources named in ``selections`` count.
    """
    found = [(concept, drugs_of(concept, names)) for concept in _ordered(context, names, only_selected)]
    strange = [(concept, _words(concept, names)) for concept, drugs in found if not drugs]
    unknown = [_said(one) for one, words in strange if not words or any(_slip(text, names) for text in words)]
    return Orders(
        drugs=list(dict.fromkeys(drug for _, drugs in found for drug in drugs)),
        unnamed=[*unknown, *(_not_sent(context) if only_selected else [])],
        others=list(dict.fromkeys(text for _, words in strange for text in words)),
    )


def _not_sent(context: Mapping[str, Any]) -> list[str]:
    """Return the selected medication orders that are not among the draft orders."""
    sent = {address for entry in _entries(context) for address in _addresses(entry)}
    return [
        f"{one[:_SHOWN]} is not among the draft orders"
        for one in _selected(context)
        if one not in sent and (one.startswith(tuple(f"{kind}/" for kind in _ORDERS)) or "/" not in one)
    ]


def _slip(text: str, names: OrderNames) -> bool:
    return not names.resolver.find(text).drugs and bool(names.resolver.suggest(text))


def _said(concept: Mapping[str, Any]) -> str:
    """Return what an order says of its drug, in words or codes, for the eye of whoever sent it."""
    codings = [_dict(one) for one in _list(concept.get("coding"))]
    codes = [f"{system_name(str(one.get('system') or 'code'))} {one['code']}" for one in codings if one.get("code")]
    return "; ".join([*_texts(concept), *codes])[:_SHOWN] or "no code and no name"


def _words(concept: Mapping[str, Any], names: OrderNames) -> list[str]:
    """Return what an order calls its drug; by a code alone what that stands for, if it is known."""
    codings = [_dict(one) for one in _list(concept.get("coding"))]
    coded = [(system_name(str(one.get("system") or "")), str(one.get("code") or "")) for one in codings]
    alone = [words for one in coded if (words := names.resolver.worded(one[1], [one])[1]) != one[1]]
    return _texts(concept) or alone


def _texts(concept: Mapping[str, Any]) -> list[str]:
    texts = [concept.get("text"), *(_dict(coding).get("display") for coding in _list(concept.get("coding")))]
    return [str(text) for text in texts if text and str(text).strip()]


def _ordered(context: Mapping[str, Any], names: OrderNames, only_selected: bool) -> Iterator[Mapping[str, Any]]:
    """Yield what each order calls its drug (a CodeableConcept; an empty one if nothing does, or it cannot be read)."""
    entries, selected = _entries(context), set(_selected(context))
    known: dict[str, Mapping[str, Any]] = {}
    for entry in entries:
        resource = _dict(entry.get("resource"))
        known[f"{resource.get('resourceType')}/{resource.get('id')}"] = resource
        if entry.get("fullUrl"):
            known[str(entry["fullUrl"])] = resource
    for entry in entries:
        if only_selected and not _addresses(entry) & selected:
            continue
        resource = _dict(entry.get("resource"))
        forbids = resource.get("doNotPerform") is True or resource.get("status") in _NO_ORDER
        if not resource.get("resourceType"):
            yield {}
        elif resource["resourceType"] in _ORDERS and not forbids:
            yield from _concepts(resource, known, names)


def _entries(context: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [_dict(entry) for entry in _list(_dict(context.get("draftOrders")).get("entry"))]


def _selected(context: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(_local(str(one)) for one in _list(context.get("selections"))))


def _addresses(entry: Mapping[str, Any]) -> set[str]:
    """Return the names by which a selection may mean an entry."""
    resource = _dict(entry.get("resource"))
    return {f"{resource.get('resourceType')}/{resource.get('id')}", _local(str(entry.get("fullUrl")))}


def _local(reference: str) -> str:
    """Return ``Type/id`` of an address without its server and version; anything else as it is."""
    found = re.search(r"(?:^|/)([A-Z][A-Za-z]+/[^/]+)(?:/_history/[^/]+)?$", reference)
    return found[1] if found else reference


def _concepts(
    resource: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]], names: OrderNames
) -> Iterator[Mapping[str, Any]]:
    drug = _dict(resource.get("medication"))  # of R5
    concept = _dict(resource.get("medicationCodeableConcept")) or _dict(drug.get("concept"))
    reference = _dict(resource.get("medicationReference")) or _dict(drug.get("reference"))
    if not concept and reference:
        target = str(reference.get("reference") or "")
        contained = {f"#{_dict(r).get('id')}": _dict(r) for r in _list(resource.get("contained"))}
        medication = _dict(contained.get(target) or known.get(target) or known.get(_local(target)))
        concept = _dict(medication.get("code"))
        if reference.get("display"):
            concept = {**concept, "text": concept.get("text") or reference["display"]}
        near = {key.removeprefix("#").rpartition("/")[2]: one for key, one in (*known.items(), *contained.items())}
        ingredients = ingredients_of(dict(medication), {key: dict(one) for key, one in near.items()})
        if not drugs_of(concept, names) and any(drugs_of(ingredient, names) for ingredient in ingredients):
            yield from ingredients
            return
    yield concept


def drugs_of(concept: Mapping[str, Any], names: OrderNames) -> list[str]:
    """Return the drugs of one FHIR CodeableConcept: by code, and by the generic or brand names in its text.

    Where the two name different drugs, nobody can tell which is meant: both are looked at.

    A form for skin, eye or ear alone is none: the advice is on drugs that reach the whole body.
    """
    forms = names.resolver.forms
    if forms is not None and forms.acts(" ".join(_words(concept, names))) == LOCAL:
        return []
    codings = [_dict(coding) for coding in _list(concept.get("coding"))]
    said = [(system_name(str(coding.get("system") or "")).lower(), str(coding.get("code") or "")) for coding in codings]
    codes = [(_SYSTEMS[word], code) for system, code in said for word in _SYSTEMS if word in system]
    coded = next((drugs for one in codes if (drugs := names.resolver.by_code(*one))), ())
    # Orders carry codes of packs ("clopidogrel 75 MG Oral Tablet"), whose text names the substance.
    worded = next((drugs for drugs in (_named(text, names) for text in _texts(concept)) if drugs), [])
    apart = not set(names.resolver.substances(coded)) & set(names.resolver.substances(tuple(worded)))
    return list(dict.fromkeys((*coded, *worded) if apart else coded))


def _named(text: str, names: OrderNames) -> list[str]:
    return list(names.resolver.find(text).drugs) or named(text, names)


def named(text: str, names: OrderNames) -> list[str]:
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
