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
    """Show what changed between two reports of a person, and why.

    Lists the drugs, scores, genes, medicines and clinical data that differ, each with its cause: new genotypes, another
    medication list, or a new version of the knowledge base, the models or the program.
    """
    import pgx
    from pgx.reports.compare import render_comparison
    from pgx.reports.formats.fhir import to_text

    found = pgx.compare(old, new)
    for change in found.changes:
        if change.area == "sample" and change.name == "name":
            said = f"the reports are of {change.before} and {change.after}: make sure that this is one person"
            typer.echo(f"pgx: warning: {said}", err=True)
    typer.echo(to_text(found.to_dict()) if json else render_comparison(found), nl=False)
