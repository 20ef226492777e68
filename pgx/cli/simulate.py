"""``pgx simulate``: made-up cohorts for trying things out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pgx.cli import completion
from pgx.cli import options as opt

_OF_TABLES = ("out", "events", "effect", "shift", "covariate", "leak", "nuisance", "sites", "site_sd", "truth")
_MOST = 10_000_000
"""Persons that are made up at once: more need more memory than most machines have."""
_OF_GENOMES = ("build", "group", "missing", "unphased", "array", "depth")


def simulate(
    context: typer.Context,
    endpoint: Annotated[
        str | None,
        typer.Argument(
            help="Endpoint, as in `pgx models list`; none with --vcf.",
            show_default=False,
            autocompletion=completion.endpoint,
        ),
    ] = None,
    n: Annotated[int, typer.Option("-n", "--samples", max=_MOST, help="Number of persons.")] = 1000,
    out: opt.Out = Path("-"),
    events: Annotated[
        int | None, typer.Option(help="Approximate number of persons with the outcome.", show_default=False)
    ] = None,
    effect: Annotated[float, typer.Option(help="How true the published effects are: 1 = fully, 0 = not at all.")] = 1.0,
    shift: Annotated[
        float, typer.Option(help="Amount added to the log odds, or to the square root of the dose.")
    ] = 0.0,
    covariate: Annotated[
        float, typer.Option(help="Effect of a laboratory value that the published evidence leaves out.")
    ] = 0.0,
    leak: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="How strongly a missing value gives the outcome away.")
    ] = 0.0,
    nuisance: Annotated[int, typer.Option(min=0, max=10_000, help="Number of meaningless columns.")] = 0,
    sites: Annotated[int, typer.Option(min=1, max=_MOST, help="Number of sites.")] = 1,
    site_sd: Annotated[float, typer.Option(min=0.0, help="Standard deviation of the differences between sites.")] = 0.0,
    seed: Annotated[int, typer.Option(min=0, help="Random seed; the same seed gives the same cohort.")] = 1,
    truth: Annotated[
        bool, typer.Option("--truth", help="Add the column `truth`: each person's true risk or expected dose.")
    ] = False,
    vcf: Annotated[
        Path | None,
        typer.Option(
            help="Write genotypes of made-up persons to this .vcf, .vcf.gz or .bcf, and beside it NAME.clinical.csv "
            "and NAME.truth.tsv.",
            show_default=False,
        ),
        opt.Role.output,
    ] = None,
    build: Annotated[
        str, typer.Option(metavar="<GRCh38|GRCh37>", help="With --vcf: reference genome of the positions.")
    ] = opt.BUILDS[0],
    group: Annotated[
        str | None,
        typer.Option(
            help="With --vcf: biogeographic group of everybody [default: drawn by chance].", show_default=False
        ),
    ] = None,
    missing: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="With --vcf: share of genotypes that are left out.")
    ] = 0.0,
    unphased: Annotated[bool, typer.Option("--unphased", help="With --vcf: do not tell the strands apart.")] = False,
    array: Annotated[
        str | None,
        typer.Option(
            help="With --vcf: a share of the positions such as 0.3, or a file of rs numbers or chrom:pos, one per line "
            "[default: all].",
            show_default=False,
        ),
        opt.Role.perhaps,
    ] = None,
    depth: Annotated[
        float | None,
        typer.Option(
            help="With --vcf: mean number of reads; genotypes are then those that fit them best, with AD, DP, GQ and "
            "PL [default: true genotypes].",
            show_default=False,
        ),
    ] = None,
    knowledge: opt.Knowledge = None,
    *,
    quiet: opt.Quiet = False,
) -> None:
    """Draw a made-up cohort for testing.

    The table of an endpoint, or genomes (--vcf). The persons are invented: a model trained on them says nothing about
    patients. Genomes have two copies of every gene: deletions, duplications and hybrids are not drawn.
    """
    import pgx
    from pgx.cli.shown.progress import steps
    from pgx.errors import UsageError

    if (endpoint is None) == (vcf is None):
        raise UsageError("name an endpoint for a table, or --vcf for genomes: one of the two")
    _refuse_others(
        context, _OF_TABLES if vcf is not None else _OF_GENOMES, "--vcf" if vcf is not None else "an endpoint"
    )
    if vcf is not None:
        with steps("positions", quiet=quiet, log_file=None) as progress:
            made = pgx.cohort.simulate(
                n, vcf, seed=seed, build=opt.genome(build), group=group, missing=missing, unphased=unphased,
                array=_share(array), depth=depth, knowledge=knowledge or (), on_progress=progress.step,
            )  # fmt: skip
        if not quiet:
            told = f"{made.samples:,} persons at {made.positions:,} positions: {made.vcf}"
            print(f"pgx: {told}, {made.clinical}, {made.truth}", file=sys.stderr)
        return
    assert endpoint is not None
    opt.check_table(out)
    pgx.simulate(
        endpoint,
        n,
        events=events,
        effect=effect,
        shift=shift,
        covariate=covariate,
        leak=leak,
        nuisance=nuisance,
        sites=sites,
        site_sd=site_sd,
        seed=seed,
        truth=truth,
        knowledge=knowledge or (),
        out=out,
    )


def _refuse_others(context: typer.Context, names: tuple[str, ...], beside: str) -> None:
    """Refuse options that would not be looked at."""
    from pgx.errors import UsageError

    given = [one for one in context.command.params if one.name in names and _is_given(context, str(one.name))]
    if given:
        raise UsageError(f"{given[0].opts[-1]} does not go with {beside}")


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _share(array: str | None) -> float | str | None:
    """Return a share as a number; anything else is a file."""
    try:
        return None if array is None else float(array)
    except ValueError:
        return array
