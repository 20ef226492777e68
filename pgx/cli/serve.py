"""``pgx serve``: decision support from stored results."""

from __future__ import annotations

import gc
import os
import signal
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from pgx.cli import options as opt
from pgx.errors import UsageError
from pgx.guard.limits import KEY, read_file

TOKEN_VARIABLE = "PGX_SERVE_TOKEN"


def serve(
    results: Annotated[
        Path, typer.Argument(help="Folder of .report.json files written by `pgx report`.", show_default=False)
    ],
    host: Annotated[str, typer.Option(help="Address to listen on; any but loopback needs a token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 picks a free one.")] = 8080,
    token_file: Annotated[
        Path | None,
        typer.Option(
            help=f"File with the token that clients must send [default: the variable {TOKEN_VARIABLE}].",
            show_default=False,
        ),
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", help="Host name by which clients reach the service. Repeatable.", show_default=False),
    ] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(help="Web origin whose pages may ask (CORS). Repeatable.", show_default=False),
    ] = None,
    untested: Annotated[
        bool,
        typer.Option(
            "--tell-untested/--no-tell-untested",
            help="Whether a patient without a stored result gets a card when a result could speak against an "
            "ordered drug.",
        ),
    ] = True,
    open_: Annotated[
        bool,
        typer.Option("--open", help="Ask for no token: every program of this machine may ask. Loopback only."),
    ] = False,
    system: Annotated[
        str,
        typer.Option(
            help="System of the identifiers that are sample names, such as urn:oid:1.2.3; identifiers of other systems "
            "match nobody.",
            show_default=False,
        ),
    ] = "",
    knowledge: opt.Knowledge = None,
) -> None:
    """Answer CDS Hooks and FHIR look-ups from stored results.

    The hooks are order-select and order-sign. Patients are matched by sample name. The service listens on loopback;
    a token is needed unless it is opened there with --open. With --audit, every request is a record of the log before
    it is answered. Needs the extra 'serve'.
    """
    try:
        import uvicorn

        from pgx.serve import connections
        from pgx.serve.app import LOOPBACK, create_app
    except ImportError as error:
        raise UsageError(
            f"`pgx serve` needs the extra 'serve': pip install 'pgx-cli[serve]' ({error.name} is missing)"
        ) from error

    from pgx.knowledge import configured, load
    from pgx.reports import Lexicon

    token = read_token(token_file)
    if host not in LOOPBACK and not token:
        raise UsageError(
            f"--host {host} lets others in: give --token-file or set {TOKEN_VARIABLE}, or listen on 127.0.0.1"
        )
    if not token and not open_:
        raise UsageError(f"everybody on this machine could ask: give --token-file or set {TOKEN_VARIABLE}, or --open")
    if token and open_:
        raise UsageError("--open asks for no token, but one is given: leave out one of them")
    lexicon = Lexicon(load([*configured(), *(knowledge or ())]))
    hosts = (*LOOPBACK, *(name or ())) if host in LOOPBACK or name else ("*",)
    app = create_app(results, lexicon, token=token, hosts=hosts, origins=tuple(origin or ()), tell_untested=untested,
                     system=system)  # fmt: skip
    # What is loaded now stays for good: taken out of garbage collection, whose passes would be pauses.
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGTERM, _end)
    # No access log of the server: its lines would hold patient identifiers. No proxy headers: an address that a client
    # makes up would be logged.
    uvicorn.run(
        _logged(app), host=host, port=port, log_level="warning", access_log=False, server_header=False,
        date_header=False, proxy_headers=False, http=connections.TimedProtocol, limit_concurrency=connections.MOST,
        h11_max_incomplete_event_size=connections.MOST_HEAD,
    )  # fmt: skip


def _logged(app: Any) -> Any:
    """Log every request where the command itself is logged (``--audit``)."""
    from pgx.pipeline import versions
    from pgx.protect import audit
    from pgx.serve.access import Logged

    book = audit.current.get()
    if book is None:
        return app
    head = book.add(audit.Run("serve", (), (), (), versions(), 0))
    typer.echo(f"pgx: audit log {book.path.name}: head {head}", err=True)
    return Logged(app, book)


def _end(*_: object) -> NoReturn:
    """End as asked: the server has answered what was asked before, and the log gets its last record."""
    raise typer.Exit(0)


def read_token(file: Path | None) -> str | None:
    """Return the token from a file or the environment; None if there is none.

    Raises
    ------
    UsageError
        If the file cannot be read, or the token is shorter than 16 characters.
    """
    if file is not None:
        try:
            token = read_file(file, KEY).decode("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"--token-file {file}: cannot be read") from error
    else:
        token = os.environ.get(TOKEN_VARIABLE, "").strip()
        if not token:
            return None
    if len(token) < 16 or not token.isascii():
        raise UsageError("the token must have at least 16 plain characters")
    return token
