"""Whom a CDS Hooks request is about: one patient, or no advice at all.

A request says it many times: in its context, in the prefetched Patient, and in the subject of each order and of all
else that is sent along. What disagrees is a mistake of the system that asks, and a card for the wrong person is worse
than none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_DEEPEST = 20
"""How deep Bundles may lie in each other."""
_HOLDING = ("resource", "entry", "parameter", "part", "contained")
"""Keys under which resources lie in a Bundle, in Parameters and in each other."""
_SUBJECTS = ("subject", "patient", "for", "beneficiary", "individual")
"""Keys that say whom a resource is about."""
_REFERENCE = re.compile(r"(?:(?P<server>[a-z]+://.+)/)?(?P<kind>[A-Z][A-Za-z]+)/(?P<id>[^/]+)(?:/_history/[^/]+)?")
_ORDERS = ("MedicationRequest", "MedicationOrder")
Identifiers = dict[str, set[str]]
"""System -> values; identifiers without a system are under an empty one."""


class TwoPatientsError(Exception):
    """A request speaks of more than one patient; the message names none of them."""


@dataclass(slots=True)
class Patient:
    """The patient of a request.

    Parameters
    ----------
    id
        The FHIR id in context.
    server
        The FHIR server whose ids are meant; empty if the request does not say.
    names
        Names under which a result of theirs may be stored: the id, then the prefetched identifiers.
    system
        The one system of identifiers under which results are stored; empty: any, and the FHIR id.
    from_orders
        Identifiers that only the orders give: they may contradict, and choose nobody.
    """

    id: str
    server: str
    names: list[str]
    from_orders: list[str] = field(default_factory=list)
    system: str = ""
    _identifiers: Identifiers = field(default_factory=dict)

    def join(self, listed: Any, problem: str) -> list[str]:
        """Add identifiers and return their values; those of one system are of two patients if none is the same."""
        values: list[str] = []
        for system, some in _identifiers(listed).items():
            known = self._identifiers.setdefault(system, set())
            if system and known and not known & some:
                raise TwoPatientsError(problem)
            known |= some
            values += sorted(some) if not self.system or system == self.system else []
        return values

    def has_reference(self, target: str) -> bool:
        """Whether a FHIR reference is to this patient."""
        named = _REFERENCE.fullmatch(target)
        elsewhere = bool(named and named["server"] and self.server and named["server"] != self.server)
        return target == self.id or bool(named and _local_id(target) == self.id != target and not elsewhere)


def patient_of(request: Mapping[str, Any], system: str = "") -> Patient:
    """Return whom a CDS Hooks request with ``context.patientId`` is about.

    Raises
    ------
    TwoPatientsError
        If the prefetched Patient or an order is of somebody else than the patient in context.
    """
    context, server = request["context"], str(request.get("fhirServer") or "").rstrip("/")
    known = _local_id(context["patientId"])
    patient = Patient(known, server, [] if system else [known], system=system)
    prefetch = _dict(request.get("prefetch"))
    if not _readable(prefetch.get("patient")):
        raise TwoPatientsError("the Patient sent along cannot be read")
    for key, content in prefetch.items():
        for resource, inside in resources_of(content):
            if resource.get("resourceType") == "Patient":
                _take(patient, resource, inside=inside and key != "patient")
    along = _addressed(list(prefetch.values()))
    for resource, _ in resources_of(list(prefetch.values())):
        for subject in _subjects(resource):
            _compare(patient, subject, resource, along, "what is sent along is not of the patient in context")
    entries = [_dict(entry) for entry in _list(_dict(context.get("draftOrders")).get("entry"))]
    sent = {str(entry.get("fullUrl")): _dict(entry.get("resource")) for entry in entries}
    for entry in entries:
        order = _dict(entry.get("resource"))
        for resource, inside in resources_of(order):
            if inside and resource.get("resourceType") == "Patient":
                _take(patient, resource, inside=True, problem=_OF_ANOTHER)
            for subject in _subjects(resource):
                _compare(patient, subject, order, sent, _OF_ANOTHER)
    return patient


_OF_ANOTHER = "an order is not for the patient in context"


def _take(
    patient: Patient,
    resource: Mapping[str, Any],
    *,
    inside: bool,
    problem: str = "the Patient sent along is not the patient in context",
) -> None:
    """Take the identifiers of a Patient.

    One `inside` another resource has an id of its own, and one without an id may be anybody: neither chooses a result.
    """
    if not inside and resource.get("id") is not None and _local_id(str(resource["id"])) != patient.id:
        raise TwoPatientsError(problem)
    values = patient.join(resource.get("identifier"), problem)
    if inside or resource.get("id") is None:
        patient.from_orders += values
    else:
        patient.names += values


def _subjects(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield whom a resource is about, as references."""
    for key in _SUBJECTS:
        yield from map(_dict, resource[key] if isinstance(resource.get(key), list) else [resource.get(key)])


def _compare(
    patient: Patient, subject: Mapping[str, Any], order: Mapping[str, Any], sent: Mapping[str, Any], problem: str
) -> None:
    """Refuse a resource whose subject is somebody else; one without a subject is the patient's in context."""
    target = str(subject.get("reference") or "")
    patient.from_orders += patient.join([subject.get("identifier")], problem)
    if not target or patient.has_reference(target):
        return
    inside = {f"#{resource.get('id')}": resource for resource in map(_dict, _list(order.get("contained")))}
    who = _dict(inside.get(target) or sent.get(target))
    if who.get("resourceType") == "Patient":
        # A contained resource has an id of its own, which says nothing.
        if target not in inside and _local_id(str(who.get("id"))) != patient.id:
            raise TwoPatientsError(problem)
        patient.from_orders += patient.join(who.get("identifier"), problem)
        return
    named = _REFERENCE.fullmatch(target)
    # A device or a place may be the subject of other orders.
    if not named or named["kind"] == "Patient" or order.get("resourceType") in _ORDERS:
        raise TwoPatientsError(problem)


def _local_id(text: str) -> str:
    named = _REFERENCE.fullmatch(text)
    return named["id"] if named and named["kind"] == "Patient" else text


def resources_of(sent: Any, depth: int = 0, *, inside: bool = False) -> Iterator[tuple[Mapping[str, Any], bool]]:
    """Yield all resources of what was sent, and whether each is contained in another one.

    They lie in lists, Bundles, Parameters, in what wraps a resource, and in each other.
    """
    if depth > _DEEPEST:
        raise TwoPatientsError("the Patient sent along cannot be read")
    for one in sent if isinstance(sent, list) else [sent]:
        if isinstance(one, list):
            yield from resources_of(one, depth + 1, inside=inside)
        elif resource := _dict(one):
            if "resourceType" in resource:
                yield resource, inside
            for key in _HOLDING:
                if isinstance(resource.get(key), list | Mapping):
                    yield from resources_of(resource[key], depth + 1, inside=inside or key == "contained")


def _addressed(sent: Any) -> dict[str, Mapping[str, Any]]:
    """Return the resources of Bundles by their full addresses."""
    found: dict[str, Mapping[str, Any]] = {}
    for one in sent if isinstance(sent, list) else [sent]:
        if isinstance(one, list):
            found |= _addressed(one)
            continue
        if address := _dict(one).get("fullUrl"):
            found[str(address)] = _dict(_dict(one).get("resource"))
        for key in _HOLDING:
            if isinstance(_dict(one).get(key), list | Mapping):
                found |= _addressed(_dict(one)[key])
    return found


def _readable(patient: Any) -> bool:
    """Whether nothing was sent as the Patient, or a resource, or something that holds one."""
    if patient is None or patient == {}:
        return True
    return any(True for _ in resources_of(patient))


def _identifiers(listed: Any) -> Identifiers:
    values: Identifiers = {}
    for identifier in map(_dict, _list(listed)):
        value = identifier.get("value")
        # An old identifier may be somebody else's by now.
        if isinstance(value, str) and value and identifier.get("use") != "old":
            values.setdefault(str(identifier.get("system") or ""), set()).add(value)
    return values


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
