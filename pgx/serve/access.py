"""Who asked what: every request but those for ``/health`` is a record of the audit log before its answer is sent.

A record holds the kind of request without what names a patient, the address that asked, the checksums of the stored
results that were read and of the answer, and the status. A request that cannot be logged gets no answer.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from hashlib import sha256
from typing import Any

from pgx.errors import InputError
from pgx.protect.audit import Log, Run
from pgx.serve.cards import HOOKS

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

_UNLOGGED = ("/health",)
_KNOWN = ("/cds-services", "/fhir/metadata", *(f"/cds-services/pgx-{hook}" for hook in HOOKS))
_LOOKUP = ("/fhir/Patient/", "/$pgx")
_METHODS = ("GET", "POST", "OPTIONS", "HEAD")
_read: ContextVar[list[str] | None] = ContextVar("read", default=None)


def note(digest: str) -> None:
    """Say that a stored result was read for the request that is being answered."""
    listed = _read.get()
    if listed is not None and digest not in listed:
        listed.append(digest)


class Logged:
    """An application whose requests are logged.

    Parameters
    ----------
    app
        The application.
    log
        Where the records go.
    """

    def __init__(self, app: App, log: Log) -> None:
        self.app, self.log = app, log
        # One thread: records are written one after the other, and nobody's answer waits in the loop for the disk.
        self._writer = ThreadPoolExecutor(1, "access")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request once its record is on the disk."""
        if scope["type"] != "http" or scope["path"] in _UNLOGGED:
            await self.app(scope, receive, send)
            return
        kept: list[Message] = []

        async def keep(message: Message) -> None:
            kept.append(message)

        read: list[str] = []
        token = _read.set(read)
        try:
            await self.app(scope, receive, keep)
        finally:
            _read.reset(token)
        status = next((one["status"] for one in kept if one["type"] == "http.response.start"), 0)
        body = b"".join(one.get("body", b"") for one in kept if one["type"] == "http.response.body")
        run = Run(f"serve {kind(scope['method'], scope['path'])}", (), tuple(read), (sha256(body).hexdigest(),), {},
                  status, client=(scope.get("client") or ("",))[0])  # fmt: skip
        try:
            await asyncio.get_running_loop().run_in_executor(self._writer, self.log.add, run)
        except InputError as error:
            print(f"pgx: serve: a request was not answered: {error.problem}", file=sys.stderr)
            kept = _refusal()
        for message in kept:
            await send(message)


def kind(method: str, path: str) -> str:
    """Return what was asked for, without names of patients, drugs or anything else that the client chose.

    Examples
    --------
    >>> kind("GET", "/fhir/Patient/Anna%20Smith/$pgx")
    'GET /fhir/Patient/{patient}/$pgx'
    >>> kind("BREW", "/Anna")
    'another method, another address'
    """
    asked = method if method in _METHODS else "another method,"
    if path in _KNOWN:
        return f"{asked} {path}"
    start, end = _LOOKUP
    is_lookup = path.startswith(start) and path.endswith(end) and len(path) > len(start) + len(end)
    return f"{asked} {start}{{patient}}{end}" if is_lookup else f"{asked} another address"


def _refusal() -> list[Message]:
    body = b'{"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception", ' \
           b'"diagnostics": "the access log cannot be written, so nothing is answered"}]}'  # fmt: skip
    headers = [(b"content-type", b"application/fhir+json"), (b"content-length", str(len(body)).encode()),
               (b"cache-control", b"no-store")]  # fmt: skip
    return [{"type": "http.response.start", "status": 500, "headers": headers},
            {"type": "http.response.body", "body": body}]  # fmt: skip
