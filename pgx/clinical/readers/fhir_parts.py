"""What the readers of FHIR resources share: who it is about, codes, dates, statuses."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import unquote

from pgx.clinical.readers.json_access import Object, dig, name_of, obj, objs, text
from pgx.clinical.status_words import Said, condition_status, phrase_status
from pgx.clinical.vocabulary import system_name

Coding = tuple[str, str, str | None]


@dataclass
class State:
    """What later resources need from earlier ones.

    `made` is the day on which the document says it was made; `starts` are drugs that begin after the day on which they
    were written down, or of which nobody says when that was: they are read last, when the record's days are known.
    """

    people: dict[str, str] = field(default_factory=dict)
    identifiers: dict[str, set[str]] = field(default_factory=dict)
    medications: dict[str, Object] = field(default_factory=dict)
    substances: dict[str, Object] = field(default_factory=dict)
    waiting: list[tuple[Object, str]] = field(default_factory=list)
    made: date | None = None
    starts: list[tuple[date, Object, str]] = field(default_factory=list)

    def remember(self, resource: Object, url: str | None) -> None:
        """Keep what references may point to: patients by id, URL and identifier, medications by id and URL."""
        kind, name = resource.get("resourceType"), name_of(resource.get("id"))
        if kind == "Patient":
            person = name or tail(url) or "patient"
            for key in (name, tail(url)):
                if key:
                    self.people[key] = person
            for one in objs(resource.get("identifier")):
                if value := name_of(one.get("value")):
                    for key in (value, f"{text(one.get('system')) or ''}|{value}"):
                        self.identifiers.setdefault(key, set()).add(person)
        elif kind in ("Medication", "Substance"):
            kept = self.medications if kind == "Medication" else self.substances
            kept.update({key: resource for key in (name, tail(url)) if key})

    def merge(self, patients: list[Object]) -> None:
        """Take a patient whose record another one of the file replaces for that one, as two merged records say."""
        for resource in patients:
            for link in objs(resource.get("link")):
                other = self.people.get(tail(text(dig(link, "other", "reference"))) or "")
                own = self.people.get(name_of(resource.get("id")) or "")
                old, new = (other, own) if link.get("type") == "replaces" else (own, other)
                if link.get("type") in ("replaced-by", "replaces") and old and new and old != new:
                    self.people = {key: new if whose == old else whose for key, whose in self.people.items()}
                    self.identifiers = {k: {new if p == old else p for p in v} for k, v in self.identifiers.items()}

    def person(self, resource: Object) -> str | None:
        """Return whom a resource is about: by reference, by identifier, or as the only patient there is."""
        for key in ("subject", "patient", "beneficiary"):
            target = obj(resource.get(key))
            reference = text(target.get("reference"))
            if reference and "?" in reference:  # a search in the place of an address, as transactions have it
                found = self._identified(unquote(reference.rpartition("identifier=")[2].split("&")[0]))
                return found or reference
            last = tail(reference)
            if last:
                return self.people.get(last, last)
            value = name_of(dig(target, "identifier", "value"))
            if value:
                system = text(dig(target, "identifier", "system"))
                return self._identified(f"{system}|{value}" if system else value) or self.people.get(value, value)
        return next(iter(self.people.values())) if len(set(self.people.values())) == 1 else None

    def patient(self, resource: Object) -> str | None:
        """Return the patient whom a resource names as its subject; other subjects (a group, a place) are nobody."""
        targets = (obj(resource.get(key)) for key in ("subject", "patient", "beneficiary"))
        about = any("Patient/" in (text(one.get("reference")) or "") for one in targets)
        return self.person(resource) if about else None

    def _identified(self, key: str) -> str | None:
        found = self.identifiers.get(key) or self.identifiers.get(key.rpartition("|")[2]) or set()
        return next(iter(found)) if len(found) == 1 else None


Rank = tuple[float, str, int]
"""Order of a resource's versions: by number, then by the latest update, then by place."""


def version_rank(meta: Object, place: int) -> Rank:
    """Return the place of a version among those of one resource."""
    written = str(meta.get("versionId") or "").strip()
    return (
        float(written) if written.isascii() and written.isdigit() else 0.0,
        text(meta.get("lastUpdated")) or "",
        place,
    )


def older_versions(bundle: Object) -> set[int]:
    """Return which resources of a bundle are versions that a newer one of the same replaces, or that were deleted.

    The newest is the one with the highest version, or else the latest update, or else (a history) the first.
    """
    newest: dict[tuple[str, str], tuple[Rank, Object]] = {}
    gone: set[int] = set()
    history = bundle.get("type") == "history"
    for place, entry in enumerate(objs(bundle.get("entry"))):
        inner = obj(entry.get("resource"))
        kind, name = text(inner.get("resourceType")), name_of(inner.get("id"))
        if not inner and dig(entry, "request", "method") == "DELETE":
            kind, _, name = (text(dig(entry, "request", "url")) or "").partition("/")
        meta = obj(inner.get("meta"))
        if not kind or not name or not (history or "versionId" in meta):
            continue
        rank = version_rank(meta, -place)
        if history and "versionId" not in meta:
            rank = (math.inf, *rank[1:])
        if not inner:
            rank = (math.inf, "~", -place)
        before = newest.get((kind, name))
        if before is None or rank > before[0]:
            newest[kind, name] = (rank, inner)
            gone |= {id(before[1])} if before else set()
        else:
            gone.add(id(inner))
    return gone


def tail(reference: str | None) -> str | None:
    """Return the last part of ``Patient/12``, ``urn:uuid:12`` or a URL; versions are left out."""
    if not reference:
        return None
    return (
        reference.split("/_history/")[0]
        .rstrip("/")
        .rsplit("/", 1)[-1]
        .removeprefix("urn:uuid:")
        .removeprefix("urn:oid:")
        .removeprefix("#")
    )


def codings_of(concept: object) -> list[Coding]:
    """Return (vocabulary, code, display) of a concept's codes."""
    return [
        (system_name(text(one.get("system")) or ""), code, text(one.get("display")))
        for one in objs(obj(concept).get("coding"))
        if (code := name_of(one.get("code")))
    ]


def label_of(concept: object) -> str:
    """Return a concept in words: its text, or else a display, or else a code."""
    inner = obj(concept)
    return (
        text(inner.get("text"))
        or next((d for _, _, d in codings_of(inner) if d), None)
        or next((c for _, c, _ in codings_of(inner)), "")
    )


def own_words(extension: object) -> str | None:
    """Return the words of a race or ethnicity that has no category."""
    parts = (one for one in objs(obj(extension).get("extension")) if one.get("url") == "text")
    return next((text(one.get("valueString")) for one in parts), None)


def when(resource: Object, *keys: str) -> tuple[object, object]:
    """Return (start, end) of the first key that is there: a date, or a period."""
    for key in keys:
        value = resource.get(key)
        if isinstance(value, str):
            return value, None
        if isinstance(value, dict):
            return value.get("start"), value.get("end")
    return None, None


def statuses_of(concept: object) -> set[str]:
    """Return the codes of a status, and its words if it has no code."""
    found = {code for _, code, _ in codings_of(concept)}
    return found or {(text(obj(concept).get("text")) or text(concept) or "").lower().replace(" ", "-")}


def verification(resource: Object) -> str | None:
    """Return the code of the verification status, its words where it has no code, or what the diagnosis' code says."""
    said = next((one for one in sorted(statuses_of(resource.get("verificationStatus"))) if one), None)
    return said or {"V": "provisional", "A": "refuted"}.get(certainty(resource) or "")


def of_no_use(resource: Object) -> tuple[str, bool] | None:
    """Return why nothing of a resource may be used, and whether that is to be said; None if it may.

    FHIR forbids to process what has a modifier extension that is not known: it may turn the meaning round.
    """
    if {text(resource.get("status")), verification(resource)} & {"entered-in-error", "cancelled"}:
        return "that was entered in error or cancelled", False
    if objs(resource.get("modifierExtension")):
        return "with a modifier extension, which may turn its meaning round", True
    if objs(resource.get("focus")):
        return "about somebody or something else (focus)", True
    return None


def certainty(resource: Object) -> str | None:
    """Return the letter by which German diagnoses say G (certain), V (suspected), A (excluded) or Z (was there)."""
    extensions = (e for one in objs(obj(resource.get("code")).get("coding")) for e in objs(one.get("extension")))
    said = (obj(e.get("valueCoding")) for e in extensions if "diagnosesicherheit" in (text(e.get("url")) or "").lower())
    return next((name_of(one.get("code")) for one in said), None)


_LOST = {"error", "not-a-number", "negative-infinity", "positive-infinity", "unsupported", "masked", "as-text"}
"""Reasons why a value is absent that was there."""


def unreadable(item: Object) -> str | None:
    """Return in words what stands in the place of a value that was found and cannot be used; None if none was found."""
    if ends := obj(item.get("valueRange")):
        shown = " - ".join(str(obj(ends.get(end)).get("value", "")) for end in ("low", "high"))
        return f"range {shown}"
    kind = next((key for key in item if key.startswith("value") and item[key]), None)
    absent, flags = statuses_of(item.get("dataAbsentReason")), objs(item.get("interpretation"))
    alone = flags and not any(item.get(key) for key in ("component", "hasMember", "dataAbsentReason"))
    said = kind or next(iter(sorted(absent & _LOST)), None) or (f"only {label_of(flags[0])}" if alone else None)
    return f"({said})" if said else None


def said_of(resource: Object) -> Said | None:
    """Return what the statuses of a condition say; an abatement without a day ends what nobody says is there."""
    listed = objs(resource.get("category")) or [obj(resource.get("category"))]
    if any(phrase_status(one) is Said.UNSURE for category in listed for one in statuses_of(category)):
        return Said.UNSURE
    statuses = {"resolved"} if certainty(resource) == "Z" else statuses_of(resource.get("clinicalStatus"))
    said = condition_status("; ".join([*sorted(statuses), verification(resource) or ""]))
    return Said.OVER if said in (None, Said.CONFIRMED) and _abated(resource) else said


def _abated(resource: Object) -> bool:
    """Whether a condition is said to be over without a day: by an age, in words, or by yes (STU3)."""
    said = (resource.get(f"abatement{kind}") for kind in ("Age", "String", "Boolean", "Range"))
    return any(one is not None and one is not False and one != "" for one in said)


def words_of(item: Object) -> str:
    """Return the words of a value: a gene may be named there alone."""
    coded = obj(item.get("valueCodeableConcept"))
    said = [coded.get("text"), item.get("valueString"), *(one.get("display") for one in objs(coded.get("coding")))]
    return " ".join(one for one in said if isinstance(one, str))
