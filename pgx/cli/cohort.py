"""``pgx cohort``: many persons, block by block, on one machine or many."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pgx.cli import options as opt

app = typer.Typer(
    help="Work through many persons: in blocks, resumable, on one machine or many.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("run")
@opt.reading(without=("samples",))
def run(
    vcf: opt.Vcfs,
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Folder of the cohort.", show_default=False), opt.Role.folder
    ],
    clinical: opt.Clinical = None,
    outside_calls: opt.OutsideCalls = None,
    drugs: opt.Drugs = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Processes [default: one a core].")] = None,
    block_size: Annotated[int, typer.Option(min=1, help="Persons a block.")] = 1000,
    *,
    how: opt.How,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
) -> None:
    """Call, judge and score many persons."""
    from pgx import cohort

    def tell(done: int, total: int) -> None:
        print(f"pgx: {done} of {total}", file=sys.stderr)

    cohort.run(
        vcf, out, clinical=clinical or (), outside_calls=outside_calls or (), drugs=drugs, threads=threads,
        block_size=block_size, options=how, on_block=tell,
    )  # fmt: skip
