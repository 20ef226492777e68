"""``pgx features``: one typed row per sample."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pgx.cli import options as opt


@opt.reading()
def features(
    vcf: Annotated[
        list[Path] | None,
        typer.Argument(help="One or more VCF, BCF, gVCF or array files; '-' reads standard input.", show_default=False),
    ] = None,
    clinical: opt.Clinical = None,
    out: opt.Out = Path("-"),
    describe: Annotated[
        bool, typer.Option("--describe", help="Write every feature's name, type, unit, meaning and source instead.")
    ] = False,
    missing: Annotated[
        Path | None,
        typer.Option(help="Also write why each missing value is missing.", show_default=False),
        opt.Role.output,
    ] = None,
    columns: Annotated[
        str | None, typer.Option(help="Features to write, joined by commas [default: all].", show_default=False)
    ] = None,
    outside_calls: opt.OutsideCalls = None,
    *,
    how: opt.How,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
) -> None:
    """Join genotype and clinical history to one typed row per sample."""
    from pgx import features as stage
    from pgx import pipeline
    from pgx.cli import notes
    from pgx.errors import UsageError
    from pgx.tables import write_table

    for table in (out, missing):
        if table is not None:
            opt.check_table(table)
    if describe:
        write_table(stage.describe(pipeline.knowledge(how.knowledge)), out)
        return
    if not vcf:
        raise UsageError("pgx features needs a VCF (or --describe); see pgx features --help")
    found = pipeline.phenotyped(
        vcf,
        clinical=clinical or (),
        outside_calls=outside_calls or (),
        options=how,
    )
    frame = stage.build(
        found.calls, found.phenotypes, found.clinical, found.kb, genotypes=found.genotypes, columns=opt.split(columns)
    )
    if missing is not None:
        write_table(stage.missing(frame, found.calls, found.clinical, found.kb), missing)
    said = pipeline.notes_of(found)
    notes.show(said, quiet=quiet, verbose=verbose)
    write_table(frame, out, pipeline.provenance(found, how))
    notes.end(said)
