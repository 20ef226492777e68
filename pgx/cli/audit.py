"""``pgx audit``: check the logs that ``--audit`` wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pgx.errors import InputError

app = typer.Typer(
    help="Check the audit log, which records who ran what on which files.", no_args_is_help=True, rich_markup_mode=None
)


@app.callback()
def _group() -> None:
    """Check the audit log, which records who ran what on which files."""


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(help="Folder that was given to --audit.")],
    head: Annotated[
        list[str] | None,
        typer.Option(help="Head that a run printed; shows whether the end of its log was cut off. Repeatable."),
    ] = None,
) -> None:
    """Find records that were changed, inserted or removed.

    A log whose end was cut off looks whole: give the heads that the runs printed to find that, too.
    """
    from pgx.protect import verify as check

    found = check(folder, heads=head or ())
    for fault in found.faults:
        typer.echo(fault)
    if found.faults:
        raise InputError(f"{len(found.faults)} fault{'s' * (len(found.faults) != 1)} found", file=folder)
    held = "every head is there" if head else "without heads, a log whose end was cut off is not found"
    typer.echo(f"{found.records} records in {found.files} files: nothing changed, inserted or removed; {held}")
