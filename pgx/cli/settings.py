"""Options that configuration files set: a table a command, options under their own names.

``[report]`` with ``format = ["html", "tsv"]`` stands for ``--format html,tsv`` wherever the line does not say
otherwise; ``[cohort.run]`` for a command of a group. Paths are relative to the file.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

from typer.core import TyperCommand, TyperGroup, TyperOption

from pgx.paths import configuration_places

_BY_FILE: ContextVar[Mapping[str, tuple[str, Any]]] = ContextVar("set by file", default=MappingProxyType({}))
_HELP = ("-h", "--help")
_PLAIN = (str, int, float, bool)


def defaults(program: Callable[[], Any], arguments: Sequence[str], names: Collection[str]) -> dict[str, Any]:
    """Return what the configuration files set for the command that is asked for, as click's ``default_map``.

    What is set is said on standard error: it may change advice.

    Parameters
    ----------
    program
        Makes the program, with the command that is asked for; most runs have no configuration and need not wait for it.
    arguments
        The words after the program's name.
    names
        All commands and groups that there are.

    Raises
    ------
    InputError
        If a file cannot be trusted or read, or names a command's option that there is not.
    """
    if not configuration_places() or any(one in _HELP for one in arguments):
        return {}
    path, command = _asked(program(), arguments)
    if not path:
        return {}
    from pgx.guard.limits import read_toml
    from pgx.knowledge.overlays import configuration_files

    found: dict[str, Any] = {}
    for file in configuration_files():
        table: Any = read_toml(file)
        _check_tables(file, table, names)
        for name in path:
            table = table.get(name, {}) if isinstance(table, dict) else {}
        if set_here := _read(file, path, table, command):
            told = ", ".join(f"{written} = {value}" for written, _, value in set_here)
            print(f"pgx: options of {file}: {told}", file=sys.stderr)
        found |= {name: value for _, name, value in set_here}
    for name in reversed(path):
        found = {name: found}
    return found


def keep_set_by_file(command: TyperCommand, context: Any) -> None:
    """Keep which options of the command that begins are as a configuration file says, and not as the line does."""
    _BY_FILE.set({
        option.name: (option.opts[0].removeprefix("--"), context.params[option.name])
        for option in command.params
        if option.name in context.params and context.get_parameter_source(option.name).name == "DEFAULT_MAP"
    })  # fmt: skip


def set_by_file(names: Collection[str]) -> tuple[str, ...]:
    """Return which of these options of the running command a configuration file set, and to what.

    Files and persons are not named: a page of one person may name nobody else's.
    """
    told = []
    for name, (written, value) in _BY_FILE.get().items():
        plain = isinstance(value, str | int) and name != "samples" and "=" not in str(value)
        told += [f"{written} = {value}" if plain else written] if name in names else []
    return tuple(told)


def _asked(program: Any, arguments: Sequence[str]) -> tuple[list[str], Any]:
    path: list[str] = []
    command = program
    for word in arguments:
        if not isinstance(command, TyperGroup) or word not in command.commands:
            break
        path.append(word)
        command = command.commands[word]
    return ([], program) if isinstance(command, TyperGroup) else (path, command)


def _check_tables(file: Path, content: dict[str, Any], names: Collection[str]) -> None:
    from pgx.errors import InputError

    for name, value in content.items():
        if isinstance(value, dict) and name not in names:
            raise InputError(f"no command {name!r}", file=file, where=f"[{name}]", fix="`pgx --help` names them")


def _read(file: Path, path: Sequence[str], table: Any, command: TyperCommand) -> list[tuple[str, str, Any]]:
    """Return what is set: the name as it is written, that of the parameter, and the value."""
    from pgx.errors import InputError

    where = f"[{'.'.join(path)}]"
    if not isinstance(table, dict):
        raise InputError(f"{where} is not a table of options", file=file, fix=f"write {where} and, below, quiet = true")
    options = {
        one.removeprefix("--"): option
        for option in command.params
        if isinstance(option, TyperOption)
        for one in (*option.opts, *option.secondary_opts)
        if one.startswith("--")
    }
    found: list[tuple[str, str, Any]] = []
    for written, value in table.items():
        option = options.get(written.replace("_", "-"))
        if option is None or option.name is None:
            raise InputError(f"no option {written!r}", file=file, where=where,
                             fix=f"`pgx {' '.join(path)} --help` names them")  # fmt: skip
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(one, _PLAIN) for one in values):
            raise InputError(f"{written} is neither a text, a number, true or false, nor a list of these",
                             file=file, where=where)  # fmt: skip
        if _is_path(option):
            values = [str(file.parent / Path(str(one)).expanduser()) if one != "-" else one for one in values]
        found.append((written, option.name, values if option.multiple else _joined(values)))
    return found


def _is_path(option: TyperOption) -> bool:
    annotation = option.type_descriptor.annotation
    return Path in (annotation, *get_args(annotation))


def _joined(values: Sequence[Any]) -> Any:
    return values[0] if len(values) == 1 else ",".join(str(one) for one in values)
