"""``pgx models``: endpoints and models, listed, shown and converted."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pgx.cli import completion
from pgx.cli import options as opt

app = typer.Typer(
    help="List endpoints and models, show their cards, convert old ones.", no_args_is_help=True, rich_markup_mode=None
)
Folder = Annotated[
    Path | None,
    typer.Option(help="Folder of a model, or of several, to use before the shipped ones.", show_default=False),
]


@app.command("list")
def listed(
    out: opt.Out = Path("-"),
    model: Folder = None,
    knowledge: opt.Knowledge = None,
) -> None:
    """List every endpoint and the evidence behind it.

    The evidence is a number of patients, the literature alone, or a rule.
    """
    import pgx
    from pgx.tables import write_table

    opt.check_table(out)
    write_table(pgx.kb.endpoints(model, knowledge or ()), out)


@app.command("show")
def show(
    name: Annotated[
        str,
        typer.Argument(help="Endpoint, as in `pgx models list`.", show_default=False, autocompletion=completion.card),
    ],
    model: Folder = None,
    knowledge: opt.Knowledge = None,
) -> None:
    """Show an endpoint's card.

    The card says what is predicted, for whom, on what evidence, and how well.
    """
    import pgx

    typer.echo(pgx.kb.card(name, model, knowledge or ()), nl=False)


@app.command("convert")
def convert(
    folder: Annotated[
        Path, typer.Argument(help="Folder of a model, or of several.", show_default=False), opt.Role.folder
    ],
) -> None:
    """Re-save models of pgx 0.1 in place.

    Their predictions stay the same to the last bit.
    """
    import pgx

    converted = pgx.kb.convert(folder)
    for path in converted:
        print(f"pgx: {path}: converted", file=sys.stderr)
    if not converted:
        print(f"pgx: {folder}: nothing to convert", file=sys.stderr)
