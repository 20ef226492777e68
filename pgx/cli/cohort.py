"""``pgx cohort``: many persons, block by block, on one machine or many."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pgx.cli import options as opt

if TYPE_CHECKING:
    import polars as pl

app = typer.Typer(
    help="Process many persons in blocks; a stopped run can be resumed.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
EXIT_LOST = 4


@app.command("run")
@opt.reading()
def run(
    vcf: opt.MaybeVcfs = None,
    out: Annotated[
        Path,
        typer.Option("-o", "--out", help="Folder of the cohort; the same folder resumes a run.", show_default=False),
        opt.Role.folder,
    ] = Path("cohort"),
    sheet: opt.Sheet = None,
    clinical: opt.Clinical = None,
    outside_calls: opt.OutsideCalls = None,
    medications: opt.Medications = None,
    drugs: opt.Drugs = None,
    reports: Annotated[
        str | None,
        typer.Option(help="Documents to write for each person, such as html,card [default: none].", show_default=False),
    ] = None,
    tables: Annotated[
        str | None,
        typer.Option(help="Tables to write, separated by commas [default: all but next_tests].", show_default=False),
    ] = None,
    block_size: Annotated[int, typer.Option(min=1, help="Persons per block.")] = 1500,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Processes at once [default: one per core].", show_default=False)
    ] = None,
    executor: Annotated[str, typer.Option(help="processes of this machine, or dask.")] = "processes",
    scheduler: Annotated[
        str | None,
        typer.Option(help="Address of a Dask scheduler, such as tcp://node1:8786.", show_default=False),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(help="I/N: do the I-th of N shards; `pgx cohort merge` joins them.", show_default=False),
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare the checksums of the blocks that are already done.")
    ] = False,
    pseudonymize: Annotated[
        Path | None,
        typer.Option(
            help="Key file: no file of the folder names a person; samples become pseudonyms and dates move.",
            show_default=False,
        ),
    ] = None,
    log_file: opt.LogFile = None,
    *,
    how: opt.How,
    quiet: opt.Quiet = False,
) -> None:
    """Call, judge and score many persons, in blocks.

    Writes a folder of Parquet parts for each table. The same command resumes a run that was stopped, and gives the
    same bytes. A person who fails is named in failures.tsv and stops nobody else (exit code 4).
    """
    from pgx import cohort
    from pgx.cli.shown.notes import say_left_out
    from pgx.cli.shown.progress import steps
    from pgx.cohort.plan import USUAL

    with steps("persons", quiet=quiet, log_file=log_file) as progress:
        done = cohort.run(
            vcf or (), out, sheet=sheet, clinical=clinical or (), outside_calls=outside_calls or (),
            medications=medications, drugs=drugs, reports=reports or (),
            tables=USUAL if tables is None else tables, block_size=block_size, threads=threads,
            scheduler=_scheduler(executor, scheduler), shard=_shard(shard), verify=verify,
            pseudonymize=pseudonymize, options=how,
            on_progress=lambda at: progress.step(at.done, at.total, lost=at.lost),
        )  # fmt: skip
    if not quiet:
        earlier = f", {done.resumed:,} of them by an earlier run" if done.resumed else ""
        print(f"pgx: {done.done:,} of {done.total:,} persons done{earlier}: {out}", file=sys.stderr)
    failures, notes = out / "failures.tsv", out / "notes"
    listed = str(failures) if failures.is_file() else "failures.tsv lists them once the shards are merged"
    say_left_out(done.left_out, listed)
    if done.warnings and not quiet:
        where = "the table 'notes', which --tables leaves out, has them"
        # Such as a medicine that the knowledge does not have: no row of it elsewhere is no sign that all is well.
        print(f"pgx: {done.warnings:,} warnings on persons: {notes if notes.is_dir() else where}", file=sys.stderr)
    if done.lost:
        print(f"pgx: {done.lost:,} results were lost: {listed}", file=sys.stderr)
        raise typer.Exit(EXIT_LOST)


@app.command("merge")
def merge(
    shards: Annotated[
        list[Path], typer.Argument(help="Folders of `pgx cohort run --shard`.", show_default=False), opt.Role.shard
    ],
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Folder of the whole cohort.", show_default=False), opt.Role.folder
    ],
    verify: Annotated[bool, typer.Option("--verify", help="Compare the checksum of every part.")] = False,
    *,
    quiet: opt.Quiet = False,
) -> None:
    """Join shards to one cohort.

    Checks that every block is there, and that the shards are of one run. One folder in which all shards worked is
    named as the shard and as the output. Where a person's result was lost, the exit code is 4.
    """
    from pgx import cohort

    found = cohort.merge(shards, out, verify=verify)
    if _tell(found, out, quiet):
        raise typer.Exit(EXIT_LOST)


@app.command("init")
def init(
    engine: Annotated[str, typer.Argument(help="make, slurm or snakemake.", show_default=False)],
    folder: Annotated[Path, typer.Argument(help="Folder to write to."), opt.Role.folder] = Path(),
    *,
    quiet: opt.Quiet = False,
) -> None:
    """Write a working example for make, Slurm or Snakemake.

    Samplesheet, configuration, rules and resources; the data are those of one example person.
    """
    from pgx import cohort

    for path in cohort.example(engine, folder):
        if not quiet:
            print(f"pgx: {path}", file=sys.stderr)


@app.command("status")
def status(
    folder: Annotated[Path, typer.Argument(help="Folder of `pgx cohort run`.", show_default=False)],
    out: opt.Out = Path("-"),
    *,
    quiet: opt.Quiet = False,
) -> None:
    """Say how far a cohort is, block by block."""
    from pgx import cohort

    opt.check_table(out)
    _tell(cohort.status(folder, out=out), folder, quiet)


@app.command("summary")
def summary(
    folder: Annotated[
        Path,
        typer.Argument(help="Folder of `pgx cohort run` or `merge`.", show_default=False),
        opt.Role.shard,
    ],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="Folder to write to [default: summary in the folder].", show_default=False),
        opt.Role.folder,
    ] = None,
    groups: Annotated[
        str | None,
        typer.Option(
            help="Tell persons apart by the biogeographic group that is given, estimated (from the genotypes), or by "
            "none [default: given, or estimated if nobody's is].",
            show_default=False,
        ),
    ] = None,
    min_count: Annotated[
        int | None,
        typer.Option(
            min=2,
            help="Hide small counts, from 1 to below this number, and name nobody; groups are then told by phenotype "
            "only, positions by call rate only, and diplotypes not at all [default: off].",
            show_default=False,
        ),
    ] = None,
    knowledge: opt.Knowledge = None,
    *,
    quiet: opt.Quiet = False,
) -> None:
    """Say what a finished cohort shows.

    Frequencies beside the published, call rates, artefacts, likeness, advice and what to test next: a page, tables, and
    sections for MultiQC.
    """
    from pgx import cohort

    found = cohort.summarise(folder, out, groups=groups, min_count=min_count, knowledge=knowledge or ())
    if not quiet:
        for path in found.files:
            print(f"pgx: {path}", file=sys.stderr)


def _tell(found: pl.DataFrame, folder: Path, quiet: bool) -> int:
    """Say how far a cohort is; return how many results were lost."""
    done = found.filter(found["state"] == "done")
    persons, lost = done["persons"].sum(), done["lost"].sum()
    if not quiet:
        told = f"{done.height:,} of {found.height:,} blocks, {persons:,} of {found['persons'].sum():,} persons done"
        print(f"pgx: {told}, {lost:,} results lost: {folder}", file=sys.stderr)
    return int(lost)


def _shard(text: str | None) -> tuple[int, int]:
    from pgx.errors import UsageError
    from pgx.variants.whole_numbers import whole_number

    if text is None:
        return 1, 1
    one, of = (whole_number(part) for part in (*text.split("/", 1), "")[:2])
    if one is None or of is None:
        raise UsageError(f"--shard: {text[:60]!r} is not I/N, such as 3/10")
    return one, of


def _scheduler(executor: str, address: str | None) -> str | None:
    from pgx.errors import UsageError

    if executor not in ("processes", "dask"):
        raise UsageError(f"--executor: {executor!r} is neither processes nor dask")
    if (executor == "dask") != (address is not None):
        raise UsageError("--executor dask and --scheduler ADDRESS belong together")
    return address
