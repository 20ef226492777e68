"""``pgx score``: the models' scores as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pgx.cli import options as opt


@opt.reading(without=("genes",))
def score(
    vcf: Annotated[
        list[Path] | None,
        typer.Argument(help="One or more VCF, BCF, gVCF or array files; '-' reads standard input.", show_default=False),
    ] = None,
    clinical: opt.Clinical = None,
    features: Annotated[
        Path | None,
        typer.Option(
            help="Score a table of `pgx features` instead of a VCF (.parquet, .tsv, .csv).", show_default=False
        ),
    ] = None,
    endpoint: Annotated[
        list[str] | None,
        typer.Option("--endpoint", "-e", help="Endpoint; repeatable [default: all].", show_default=False),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(help="Model folder, or folder of models, instead of the shipped ones.", show_default=False),
    ] = None,
    out: opt.Out = Path("-"),
    outside_calls: opt.OutsideCalls = None,
    *,
    how: opt.How,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
) -> None:
    """Predict doses and risks, each with an interval, its evidence and its reasons."""
    from pgx import models, pipeline
    from pgx.cli import notes
    from pgx.errors import UsageError
    from pgx.models.cohort.tables import read
    from pgx.notes import frame_of
    from pgx.tables import write_table

    opt.check_table(out)
    if bool(vcf) == (features is not None):
        raise UsageError("pgx score needs either a VCF or --features TABLE; see pgx score --help")
    origin: dict[str, object] | None = None
    if features is not None:
        kb = pipeline.knowledge(how.knowledge)
        scores, remarks = models.score(read(features), kb, endpoints=endpoint or None, models_dir=model)
        shown = frame_of(remarks)
    else:
        found = pipeline.phenotyped(
            vcf or [],
            clinical=clinical or (),
            outside_calls=outside_calls or (),
            options=how,
        )
        wanted = endpoint or models.endpoints_of(found.kb, None, model)
        scores, remarks = pipeline.score_phenotyped(found, wanted, models_dir=model)
        origin = pipeline.provenance(found, how)
        shown = pipeline.notes_of(found, remarks)
    notes.show(shown, quiet=quiet, verbose=verbose)
    write_table(scores, out, origin)
    notes.end(shown)
