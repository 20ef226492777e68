"""``pgx models``: endpoints and models, listed, shown and converted."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pgx.cli import options as opt

app = typer.Typer(help="Endpoints and models: list, show, convert.", no_args_is_help=True, rich_markup_mode=None)
Folder = Annotated[Path | None, typer.Option(help="Model folder, or folder of models, beside the shipped ones.")]


@app.command("list")
def listed(
    out: opt.Out = Path("-"),
    model: Folder = None,
    knowledge: opt.Knowledge = None,
) -> None:
    """List every endpoint with its evidence: patients or literature only."""
    from pgx import pipeline
    from pgx.io import write_table
    from pgx.models.scoring.catalogue import catalogue

    opt.check_table(out)
    write_table(catalogue(pipeline.knowledge(knowledge or ()), model), out)


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="Endpoint, see `pgx models list`.", show_default=False)],
    model: Folder = None,
    knowledge: opt.Knowledge = None,
) -> None:
    """Show an endpoint's card: what it predicts, for whom, on what evidence, how well."""
    from pgx import pipeline
    from pgx.models.scoring.catalogue import card_of

    typer.echo(card_of(name, pipeline.knowledge(knowledge or ()), model), nl=False)


@app.command("convert")
def convert(
    folder: Annotated[
        Path, typer.Argument(help="Model folder, or folder of models.", show_default=False), opt.Role.folder
    ],
) -> None:
    """Re-save models that pgx 0.1 trained, in place; their predictions stay the same to the last bit."""
    from pgx.models.store.convert import convert as run

    converted = run(folder)
    for path in converted:
        print(f"pgx: {path}: converted", file=sys.stderr)
    if not converted:
        print(f"pgx: {folder}: nothing to convert", file=sys.stderr)
