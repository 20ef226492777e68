"""Options that protect patients' data, for every command that reads or writes files in the same way."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from pgx.cli.options import Role
from pgx.cli.outputs import roles_of
from pgx.errors import PgxError, UsageError
from pgx.io import Writing, writing

Command = Callable[..., None]
_MOST = 0o777
_PANEL = "Protection"


def _options(
    *,
    mode: Annotated[
        str | None,
        typer.Option(
            help="Permissions of the files that are written, such as 0640 [default: 0600]. An existing file with "
            "stricter ones keeps them.",
            show_default=False,
            rich_help_panel=_PANEL,
        ),
    ] = None,
    audit: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the audit log, which records who ran what on which files; see `pgx audit verify`.",
            show_default=False,
            rich_help_panel=_PANEL,
        ),
        Role.folder,
    ] = None,
    c4gh_key: Annotated[
        Path | None,
        typer.Option(
            "--c4gh-key",
            help="Private key for inputs that end with .c4gh (Crypt4GH).",
            show_default=False,
            rich_help_panel=_PANEL,
        ),
    ] = None,
    encrypt_to: Annotated[
        Path | None,
        typer.Option(
            "--encrypt-to",
            help="Public key: encrypt every file that is written for the key's holder, and add .c4gh to its name.",
            show_default=False,
            rich_help_panel=_PANEL,
        ),
    ] = None,
) -> None:
    """Declare the options; this signature is their one list."""


def protected(command: Command) -> Command:
    """Give a command the options on permissions, encryption and the audit log; one without files stays as it is."""
    roles = roles_of(command)
    if not roles:
        return command
    own = inspect.signature(command, eval_str=True)
    added = inspect.signature(_options, eval_str=True).parameters
    if set(added) <= set(own.parameters):  # the command of a group that was registered before
        return command
    parameters = [*own.parameters.values(), *added.values()]

    @functools.wraps(command)
    def run(**given: Any) -> None:
        chosen = {name: given.pop(name, None) for name in added}
        how = _how(chosen["mode"], chosen["encrypt_to"])
        names = [f"--{name.replace('_', '-')}" for name, value in given.items() if value not in (None, False, ())]
        if chosen["c4gh_key"] is None and chosen["audit"] is None and not _sealed(roles, given):
            with writing(how):
                command(**given)
            return
        _run(command, given, roles, how, chosen["c4gh_key"], chosen["audit"], names)

    run.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    return run


def _run(
    command: Command,
    given: dict[str, Any],
    roles: dict[str, Role | None],
    how: Writing,
    key: Path | None,
    audit: Path | None,
    options: list[str],
) -> None:
    from pgx.protect import audit as log
    from pgx.protect.crypt4gh_files import unpacked

    inputs = _inputs(roles, given)
    book = log.Log(audit) if audit else None
    digests: dict[Path, str] = {}

    def reads(path: Path) -> None:
        if path not in digests:
            digests[path] = log.file_digest(path)

    for path in inputs if book else ():
        reads(path)
    token, code = log.current.set(book), 1
    try:
        with unpacked(inputs, key) as plain, writing(how):
            digests |= dict.fromkeys(plain.values(), "")  # as it was given is logged
            how.reads = reads if book else None
            command(**{name: _instead(value, plain) for name, value in given.items()})
        code = 0
    except (PgxError, typer.Exit) as end:
        code = end.exit_code
        raise
    except SystemExit as told:  # by a signal
        code = int(told.code or 0)
        raise
    finally:
        log.current.reset(token)
        if book:
            from pgx.pipeline import versions

            written = tuple(log.file_digest(path) for path in how.written)
            read = tuple(dict.fromkeys(filter(None, digests.values())))
            head = book.add(log.Run(command.__name__, tuple(options), read, written, versions(), code))
            typer.echo(f"pgx: audit log {book.path.name}: head {head}", err=True)


def _how(mode: str | None, public_key: Path | None) -> Writing:
    from pgx.io import PRIVATE

    how = Writing(PRIVATE if mode is None else _permissions(mode))
    if public_key is not None:
        from pgx.protect.crypt4gh_files import SUFFIX, encrypt

        how.seal, how.suffix = (lambda plain, target: encrypt(plain, target, public_key)), SUFFIX
    return how


def _permissions(text: str) -> int:
    """Read permissions as ``chmod`` takes them in digits.

    Raises
    ------
    UsageError
        If they are none, or the owner could not read and write.
    """
    try:
        mode = int(text, 8)
    except ValueError:
        mode = -1
    if not 0 <= mode <= _MOST or mode & 0o600 != 0o600 or not (text.isascii() and text.strip().isdigit()):
        raise UsageError(f"--mode: {text!r} is not permissions of a file; write 0600, 0640 or 0660")
    return mode


def _inputs(roles: dict[str, Role | None], given: dict[str, Any]) -> list[Path]:
    found = []
    for name, role in roles.items():
        if role not in (Role.output, Role.folder) and (value := given.get(name)) is not None:
            found += [Path(one) for one in (value if isinstance(value, list | tuple) else [value]) if str(one) != "-"]
    return found


def _sealed(roles: dict[str, Role | None], given: dict[str, Any]) -> bool:
    from pgx.protect.crypt4gh_files import is_sealed

    return any(map(is_sealed, _inputs(roles, given)))


def _instead(value: Any, plain: dict[Path, Path]) -> Any:
    if isinstance(value, list | tuple):
        return [_instead(one, plain) for one in value]
    return plain.get(value, value) if isinstance(value, Path) else value
