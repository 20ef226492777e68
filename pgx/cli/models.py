"""``pgx models``: endpoints and models, listed and shown."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pgx.cli import options as opt

app = typer.Typer(help="Endpoints and models: list, show.", no_args_is_help=True, rich_markup_mode=None)
Folder = Annotated[Path | None, typer.Option(help="Model folder, or folder of models, beside the shipped ones.")]


@app.command("list")
def listed(
    out: opt.Out = Path("-"),
    model: Folder = None,
    knowledge: opt.Knowledge = None,
) -> None:
    """List every endpoint with its evidence: patients or literature only."""
    from pgx import pipeline
    from pgx.models.scoring.catalogue import catalogue
    from pgx.tables import write_table

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
