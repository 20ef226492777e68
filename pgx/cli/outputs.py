"""What a command writes is kept apart from what it reads, for every command in the same way."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

from pgx.cli.options import Role
from pgx.cli.shown.terminal import leave_stdout
from pgx.errors import PgxError
from pgx.inputs import model_files
from pgx.io import check_outputs, reading, table_files

Command = Callable[..., None]
_ANY = "table.tsv"
"""Stands for the files in an output folder, whose names only the command knows: is the folder itself read?"""


def guarded(command: Command) -> Command:
    """Let a command write nothing over its inputs: tables are checked before it runs, everything while it runs."""
    roles = roles_of(command)

    @functools.wraps(command)
    def run(**given: Any) -> None:
        with reading(_inputs(roles, given)):
            check_outputs(file for path in _paths(roles, given, Role.output) for file in _written(path))
            check_outputs(_paths(roles, given, Role.log))
            for folder in _paths(roles, given, Role.folder):
                check_outputs([folder / _ANY])
            try:
                command(**given)
            except BrokenPipeError:
                leave_stdout()  # its reader went away (``| head``): not an error

    return run


def roles_of(command: Command) -> dict[str, Role | None]:
    """Return the role of each parameter of a command that is a path, or may be one; None is a plain input."""
    found: dict[str, Role | None] = {}
    for name, parameter in inspect.signature(command, eval_str=True).parameters.items():
        role = next((one for one in _parts(parameter.annotation) if isinstance(one, Role)), None)
        if role is not None or Path in _parts(parameter.annotation):
            found[name] = role
    return found


def _parts(annotation: Any) -> list[Any]:
    """The parts of an annotation such as ``Annotated[list[Path] | None, ...]``."""
    inside = get_args(annotation)
    return [annotation, *(part for one in inside for part in _parts(one))] if inside else [annotation]


def _paths(roles: Mapping[str, Role | None], given: Mapping[str, Any], wanted: Role | None) -> Iterator[Path]:
    for name, role in roles.items():
        value = given.get(name)
        if role is wanted and value is not None:
            yield from (Path(one) for one in (value if isinstance(value, list | tuple) else [value]) if str(one) != "-")


def _inputs(roles: Mapping[str, Role | None], given: Mapping[str, Any]) -> Iterator[Path]:
    for role in (None, Role.perhaps):
        for path in _paths(roles, given, role):
            yield from model_files(path)
    for path in _paths(roles, given, Role.record):
        if path.is_dir():
            from pgx.clinical.readers.formats import parts

            yield from parts(path)
        yield path
    if "knowledge" in roles:
        from pgx.knowledge.overlays import configuration_files, configured

        with suppress(PgxError):  # the command itself says what is wrong with the configuration
            folders = configured()
            if folders:
                told = " and ".join(str(path) for path in configuration_files())
                laid = ", ".join(str(folder) for folder in folders)
                print(f"pgx: knowledge of the site, as {told} says: {laid}", file=sys.stderr)
            yield from folders


def _written(path: Path) -> Iterator[Path]:
    """The files of one output: a table and its provenance, or what is in a folder."""
    yield from table_files(path if path.suffix else path / _ANY)
