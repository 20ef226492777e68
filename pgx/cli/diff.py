"""``pgx diff``: two reports compared."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def diff(
    old: Annotated[
        Path, typer.Argument(help="The earlier report, a .report.json of `pgx report`.", show_default=False)
    ],
    new: Annotated[Path, typer.Argument(help="The later report.", show_default=False)],
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Say what changed between two reports of a person, and why.

    Drugs, scores, genes, medicines and clinical data that differ are listed with what is behind them: new genotypes,
    another medication list, a new version of the knowledge base, of the models or of the program.
    """
    from pgx.knowledge import load
    from pgx.reports import Lexicon, read
    from pgx.reports.compare import compare, render_comparison
    from pgx.reports.formats.fhir import to_text

    found = compare(read(old), read(new), Lexicon(load()))
    for change in found.changes:
        if change.area == "sample" and change.name == "name":
            said = f"the reports are of {change.before} and {change.after}: make sure that this is one person"
            typer.echo(f"pgx: warning: {said}", err=True)
    typer.echo(to_text(found.to_dict()) if json else render_comparison(found), nl=False)
