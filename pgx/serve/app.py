"""The service: CDS Hooks and a FHIR look-up over stored results.

It only reads a folder of results; it stores and sends nothing of a patient, and logs no more than `pgx.serve.access`
says.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from pgx.clinical.allergies import Allergens, allergens
from pgx.errors import InputError, kind_and_place
from pgx.guard.limits import read_json
from pgx.reports.formats.fhir import fhir_of
from pgx.reports.page.cells import codes_of
from pgx.reports.page.lexicon import Lexicon
from pgx.serve import allergies, cards, orders, patients
from pgx.serve.access import App, Message, Receive, Send
from pgx.serve.connections import WAIT
from pgx.serve.store import Store, Stored
from pgx.version import __version__


@dataclass(frozen=True, slots=True)
class _Service:
    """What answers need: the stored results, the allergy tables, and whether to tell that nothing is stored."""

    store: Store
    known: Allergens
    tell_untested: bool
    system: str = ""


LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LARGEST = 1_000_000
_OPEN = ("/health",)


def create_app(
    folder: Path,
    lexicon: Lexicon,
    *,
    token: str | None = None,
    hosts: tuple[str, ...] = LOOPBACK,
    origins: tuple[str, ...] = (),
    tell_untested: bool = True,
    system: str = "",
) -> FastAPI:
    """Return the web application.

    Parameters
    ----------
    folder
        Folder of ``.report.json`` files.
    lexicon
        Names of drugs in orders, and words for codes.
    token
        What every request but ``/health`` must bring as ``Authorization: Bearer``; None asks for nothing.
    hosts
        Host names that requests may be addressed to: a page of another site that points its name at this machine
        is refused. ``*`` allows all.
    origins
        Web origins whose pages may ask (CORS); none by default.
    tell_untested
        Whether a patient without a stored result gets a card where a result could speak against an ordered drug.
    system
        The system of identifiers (a URI) whose values are the sample names; only those of it then say whose result is
        meant. Empty: any identifier, and the FHIR id.

    Raises
    ------
    InputError
        If there is no such folder.
    """
    store = Store(folder, lexicon)
    answers = _Service(store, allergens(lexicon.kb), tell_untested, system)
    names = orders.OrderNames.of(lexicon.drug_names, lexicon.resolver)
    # The tables behind the words are read now, not while the first prescriber waits.
    lexicon.flag("no_data")
    lexicon.population(None)
    app = FastAPI(title="pgx", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["[::1]" if host == "::1" else host for host in hosts])

    app.add_middleware(_Guard, token=token)

    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(origins),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type"],
        )

    @app.get("/health")
    async def health() -> Response:
        return _json({"status": "ok", "version": __version__})

    @app.get("/cds-services")
    async def discovery() -> Response:
        return _json(cards.services())

    @app.post("/cds-services/{service}")
    async def hook(service: str, request: Request) -> Response:
        return await _hook(answers, names, service, request)

    @app.get("/fhir/metadata")
    async def metadata() -> Response:
        return _json(_capabilities(), kind="application/fhir+json")

    @app.get("/fhir/Patient/{patient}/$pgx")
    async def lookup(patient: str, drug: str | None = None) -> Response:
        return await asyncio.to_thread(_lookup, store, patient, drug)

    return app


class _Guard:
    """What stands around every answer: the token before it, and a problem in place of one that could not be made.

    Parameters
    ----------
    app
        The application.
    token
        What every request but `_OPEN` must bring; None asks for nothing.
    """

    def __init__(self, app: App, token: str | None) -> None:
        self.app, self.token = app, token

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers["Cache-Control"] = "no-store"
                headers["X-Content-Type-Options"] = "nosniff"
            await send(message)

        app = self.app
        if not self._allows(scope):
            login = {"WWW-Authenticate": "Bearer"}
            app = _problem(401, "login", "a token is needed: Authorization: Bearer ...", login)
        try:
            await app(scope, receive, guarded)
        except Exception as error:  # what went wrong may quote a patient: only its kind and place are told
            if started:
                raise
            await _failed(error)(scope, receive, guarded)

    def _allows(self, scope: Message) -> bool:
        headers = Headers(scope=scope)
        preflight = scope["method"] == "OPTIONS" and "access-control-request-method" in headers
        if not self.token or preflight or scope["path"] in _OPEN:
            return True
        return hmac.compare_digest(headers.get("authorization", "").encode(), f"Bearer {self.token}".encode())


def _failed(error: Exception) -> Response:
    if isinstance(error, InputError):
        return _problem(500, "exception", f"a stored result cannot be read: {error.problem}")
    print(f"pgx: serve: a request was not answered: {kind_and_place(error)}", file=sys.stderr)
    return _problem(500, "exception", "the request could not be answered; the service's log says where")


def _json(content: Any, status: int = 200, *, kind: str = "application/json") -> Response:
    return Response(json.dumps(content, ensure_ascii=False).encode("utf-8", "replace"), status, media_type=kind)


def _problem(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    outcome = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": code, "diagnostics": message}],
    }
    response = _json(outcome, status, kind="application/fhir+json")
    response.headers.update(headers or {})
    return response


async def _body(request: Request) -> bytes | None:
    """Return the request's body; None if it is larger than any order, which is not read if its head says so."""
    parts, size = [], 0
    told = request.headers.get("content-length", "")
    if told.isdecimal() and (len(told) > len(str(_LARGEST)) or int(told) > _LARGEST):
        return None
    async for part in request.stream():
        size += len(part)
        if size > _LARGEST:
            return None
        parts.append(part)
    return b"".join(parts)


async def _hook(answers: _Service, names: orders.OrderNames, service: str, request: Request) -> Response:
    hook = service.removeprefix("pgx-")
    if hook not in cards.HOOKS or service == hook:
        return _problem(404, "not-found", f"no service {service!r}; see /cds-services")
    try:
        async with asyncio.timeout(WAIT):
            body = await _body(request)
    except TimeoutError:
        return _problem(408, "timeout", "the request took too long", {"Connection": "close"})
    if body is None:
        return _problem(413, "too-long", f"a request may have {_LARGEST} bytes")
    try:
        content = read_json(body)
    except ValueError as error:
        return _problem(400, "structure", f"not JSON: {error}")
    wrong = _wrong(content, hook)
    if wrong:
        return _problem(400, "invalid", wrong)
    # Beside the loop: a slow disk or a large result lets nobody else wait for the head of a request to be read.
    return await asyncio.to_thread(_advise, answers, names, content, only_selected=hook == "order-select")


def _advise(
    answers: _Service, names: orders.OrderNames, content: Mapping[str, Any], *, only_selected: bool
) -> Response:
    context = content["context"]
    ordered = orders.read(context, names, only_selected=only_selected)
    return _json({"cards": _cards(answers, content, ordered) if ordered else []})


def _cards(answers: _Service, request: Mapping[str, Any], ordered: orders.Orders) -> list[dict[str, Any]]:
    instance, lexicon, drugs = str(request.get("hookInstance")), answers.store.lexicon, ordered.drugs
    try:
        stored = _stored(answers.store, patients.patient_of(request, answers.system))
    except patients.TwoPatientsError as error:
        return [cards.of_nobody(str(error), instance)]
    unread = ordered.others
    strange = [name for text in unread for name in answers.known.taken(text) or (answers.known.drugs.ingredient(text),)]
    found = _allergic(answers, request, stored, [*drugs, *strange])
    shown = stored.advice(drugs, lexicon) if stored else None
    if stored and shown:
        together = cards.of_interactions(shown, drugs, stored.medicines, instance)
        alone = [name for name in drugs if name not in together]
        found += cards.loudest_first([*together.values(), *(cards.cards(shown, alone) if alone else [])])
    elif answers.tell_untested:
        found += cards.of_untested(drugs, lexicon, instance)
    return found + ([cards.of_nothing(ordered.unnamed, instance)] if ordered.unnamed else [])


def _allergic(
    answers: _Service, request: Mapping[str, Any], stored: Stored | None, drugs: list[str]
) -> list[dict[str, Any]]:
    """Return a card for each ordered drug that a stored or sent allergy speaks against."""
    prefetch = request.get("prefetch")
    sent = prefetch.get("allergies") if isinstance(prefetch, Mapping) else None
    codes = [*allergies.recorded(sent, answers.known)]
    codes += stored.allergies if stored else ()
    found = []
    for drug in drugs:
        reasons, certain = allergies.against(drug, codes, answers.known)
        if reasons:
            found.append(cards.of_allergy(drug, reasons, str(request.get("hookInstance")), certain=certain))
    return found


def _wrong(content: Any, hook: str) -> str | None:
    """Say what is wrong with a CDS Hooks request; None if nothing is."""
    context = content.get("context") if isinstance(content, dict) else None
    if not isinstance(context, dict) or not isinstance(context.get("patientId"), str):
        return "the request has no context.patientId"
    if content.get("hook") != hook:
        return f"this service answers {hook}, the request is {content.get('hook')!r}"
    if hook == "order-select" and not isinstance(context.get("selections"), list):
        return "the request has no context.selections"
    drafts = context.get("draftOrders")
    if not isinstance(drafts, dict):
        return "the request has no context.draftOrders"
    listed = isinstance(drafts.get("entry", []), list)
    return None if listed else "context.draftOrders.entry is no list of orders"


def _stored(store: Store, patient: patients.Patient) -> Stored | None:
    """Find the stored result of a patient; None if there is none."""
    found = {name: stored for name in dict.fromkeys(patient.names) if (stored := store.find(name))}
    if len(found) > 1 or any(name not in found and store.find(name) for name in patient.from_orders):
        raise patients.TwoPatientsError("what identifies the patient matches the stored results of two persons")
    return next(iter(found.values()), None)


def _lookup(store: Store, patient: str, drug: str | None) -> Response:
    shown = store.get(patient)
    if shown is None:
        return _problem(404, "not-found", f"no result is stored for patient {patient!r}")
    if drug is not None:
        name = store.lexicon.drug_names.get(drug.casefold().strip(), drug)
        drugs = tuple(line for line in shown.drugs if line.name == name)
        if not drugs:
            return _problem(404, "not-found", f"the stored result says nothing about {drug!r}")
        genes = {gene for line in drugs for advice in line.advice for gene in codes_of(advice.row["genes"])}
        shown = replace(
            shown,
            drugs=drugs,
            genes=tuple(gene for gene in shown.genes if gene.name in genes),
            scores=tuple(score for score in shown.scores if score.drug == name),
            medications=tuple(row for row in shown.medications if row["drug"] == name),
        )
    return _json(fhir_of(shown), kind="application/fhir+json")


def _capabilities() -> dict[str, Any]:
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-22",
        "kind": "instance",
        "software": {"name": "pgx", "version": __version__},
        "implementation": {"description": "Stored pharmacogenomic results, read only"},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "documentation": "GET [base]/Patient/[id]/$pgx?drug=[name or RxNorm code] returns a Bundle",
                "resource": [{"type": "Patient"}],
            }
        ],
    }
