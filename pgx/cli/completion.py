"""What the shell offers after Tab: genes, drugs, endpoints, groups, formats and tables, from the knowledge itself.

A completion must answer at once, so the tables are read as plain text: nothing here imports polars.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from pgx.cli.settings import keep_set_by_file
from pgx.errors import PgxError
from pgx.guard.limits import read_toml
from pgx.paths import configuration_places, data_dir

Complete = Callable[[typer.Context, str], list[str]]

_WORDS = ("COMP_WORDS", "_TYPER_COMPLETE_ARGS")
"""Where shells leave the line that is typed: bash, and zsh, fish and PowerShell."""


class Command(TyperCommand):
    """A command whose line is only split, not read, while a shell asks what may follow: reading takes too long."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Fill the context; in a completion with what is typed, as it is."""
        if not ctx.resilient_parsing:
            return super().parse_args(ctx, args)
        given, ctx.args, _ = self.make_parser(ctx).parse_args(args=list(args))
        ctx.params = {name: value for name, value in given.items() if isinstance(value, str | list | tuple)}
        return list(ctx.args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; which options a configuration file set is known until the next one."""
        keep_set_by_file(self, ctx)
        return super().invoke(ctx)


class Group(TyperGroup):
    """The same of the program and its groups of commands: on the way to the command, their options are passed over."""

    _passing = False

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Fill the context; in a completion without the group's own options."""
        self._passing = ctx.resilient_parsing
        try:
            return super().parse_args(ctx, args)
        finally:
            self._passing = False

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the group's options, but none while they are passed over."""
        return [] if self._passing else list(super().get_params(ctx))


def typed_command() -> str | None:
    """Return the command on the line that a shell asks to complete; None if there is none yet, or nobody asks."""
    if "_PGX_COMPLETE" not in os.environ:
        return None
    line = next((os.environ[name] for name in _WORDS if name in os.environ), "")
    words = line.split()
    return words[1] if len(words) > 2 or (len(words) == 2 and line[-1:].isspace()) else None


def one_of(*names: str) -> Complete:
    """Return a completion for one of some names."""

    def complete(context: typer.Context, incomplete: str) -> list[str]:
        return _fitting(names, incomplete)

    return complete


def several_of(*names: str) -> Complete:
    """Return a completion for names joined by commas."""

    def complete(context: typer.Context, incomplete: str) -> list[str]:
        return _joined(names, incomplete)

    return complete


def genes(context: typer.Context, incomplete: str) -> list[str]:
    """Complete genes joined by commas."""
    return _joined(_column("genes", context), incomplete)


def gene(context: typer.Context, incomplete: str) -> list[str]:
    """Complete one gene."""
    return _fitting(_column("genes", context), incomplete)


def drugs(context: typer.Context, incomplete: str) -> list[str]:
    """Complete drugs that guidance exists for, joined by commas; other drugs where none of them fits."""
    guided = _joined(["all", *_column("recommendations", context, "drug")], incomplete)
    return guided or _joined(_column("drugs", context), incomplete)


def medications(context: typer.Context, incomplete: str) -> list[str]:
    """Complete drugs that a person may take, joined by commas."""
    return _joined(_column("drugs", context), incomplete)


def drug(context: typer.Context, incomplete: str) -> list[str]:
    """Complete one drug."""
    return _fitting(_column("drugs", context), incomplete)


def concepts(context: typer.Context, incomplete: str) -> list[str]:
    """Complete clinical concepts joined by commas."""
    return _joined(_column("concepts", context), incomplete)


def groups(context: typer.Context, incomplete: str) -> list[str]:
    """Complete a biogeographic group."""
    return _fitting(_column("groups", context), incomplete)


def endpoint(context: typer.Context, incomplete: str) -> list[str]:
    """Complete one endpoint that a model can be made of, a site's own too."""
    return _fitting(_endpoints(context), incomplete)


def card(context: typer.Context, incomplete: str) -> list[str]:
    """Complete an endpoint or a rule."""
    rules = [name for folder in _folders(context) for name in _rules(folder / "endpoints" / "rules.toml")]
    return _fitting([*_endpoints(context), *rules], incomplete)


def _fitting(names: Iterable[str], incomplete: str) -> list[str]:
    """Return the names that begin with what is typed, in whatever case, each once; what is typed stays as it is."""
    begun = incomplete.lower()
    # Shells drop what does not begin with the very letters that were typed.
    return sorted({f"{incomplete}{name[len(begun) :]}" for name in names if name.lower().startswith(begun)})


def _joined(names: Iterable[str], incomplete: str) -> list[str]:
    """Complete the last of several names; those that are typed already are not offered again."""
    before, comma, last = incomplete.rpartition(",")
    have = {name.strip().lower() for name in before.split(",")}
    return [f"{before}{comma}{name}" for name in _fitting(names, last) if name.lower() not in have]


def _endpoints(context: typer.Context) -> Iterator[str]:
    for folder in _folders(context):
        yield from (path.stem for path in (folder / "endpoints").glob("*.toml") if path.stem != "rules")


def _rules(path: Path) -> list[str]:
    with suppress(OSError, PgxError, TypeError, KeyError):
        return [one["name"] for one in read_toml(path).get("rule", [])]
    return []


def _column(table: str, context: typer.Context, column: str | None = None) -> Iterator[str]:
    """Yield a column of a table, the first one if it is not named, of the product's knowledge and of overlays."""
    # Rows under terms of their own are in files of their own, such as recommendations.dpwg.tsv.
    files = [one for folder in _folders(context) for one in (folder / f"{table}.tsv", *folder.glob(f"{table}.*.tsv"))]
    for path in files:
        with suppress(OSError, UnicodeDecodeError), path.open(encoding="utf-8") as lines:
            head = next(lines, "").rstrip("\n").split("\t")
            if column is not None and column not in head:
                continue
            place = 0 if column is None else head.index(column)
            for line in lines:
                cells = line.rstrip("\n").split("\t", place + 1)
                if len(cells) > place and cells[place]:
                    yield cells[place]


def _folders(context: typer.Context) -> list[Path]:
    """Return the folders of the knowledge: the product's, those of the configuration, and those on the line."""
    given = [Path(one) for one in context.params.get("knowledge") or ()]
    return [data_dir() / "knowledge", *_configured(), *given]


def _configured() -> list[Path]:
    if not configuration_places():
        return []
    from pgx.errors import PgxError
    from pgx.knowledge.overlays import configured  # imports polars: only who has overlays waits for it

    with suppress(PgxError):
        return list(configured())
    return []
