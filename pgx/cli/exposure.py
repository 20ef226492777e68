"""``pgx exposure``: how genotype and other drugs change a drug's exposure."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pgx.cli import options as opt
from pgx.errors import UsageError
from pgx.options import names_of


def exposure(
    drug: Annotated[str, typer.Argument(help="Drug whose exposure is predicted.", show_default=False)],
    genotype: Annotated[
        str | None,
        typer.Option(
            help="GENE=diplotype or GENE=activity score, separated by commas, such as CYP2D6=*4/*4 [default: a row for "
            "each activity score].",
            show_default=False,
        ),
    ] = None,
    with_: Annotated[
        list[str] | None,
        typer.Option("--with", help="Inhibitor or inducer that is taken with it. Repeatable.", show_default=False),
    ] = None,
    fm: Annotated[
        str | None,
        typer.Option(
            help="Share of each enzyme in the drug's clearance, such as CYP2D6=0.8,CYP3A4=0.1: for a new drug, or in "
            "place of what is known.",
            show_default=False,
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(help="Also draw the ratios to this .svg file.", show_default=False),
        opt.Role.output,
    ] = None,
    out: opt.Out = Path("-"),
    knowledge: opt.Knowledge = None,
) -> None:
    """Predict a drug's exposure by genotype and other drugs.

    The ratio of its AUC to that of a person with two normal-function alleles and no other drugs, with an interval.

    A mechanistic static model: shares of clearance and strengths of inhibitors and inducers, estimated from published
    ratios. An estimate for research and drug development, not advice on a dose.
    """
    import pgx

    opt.check_table(out)
    pgx.exposure(
        drug,
        genotype=_pairs("--genotype", genotype),
        agents=with_ or (),
        shares={gene: _share(gene, text) for gene, text in _pairs("--fm", fm).items()},
        plot=plot,
        out=out,
        knowledge=knowledge or (),
    )


def _pairs(option: str, text: str | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in names_of(text) or []:
        name, equals, value = (one.strip() for one in part.partition("="))
        if not equals or not name or not value or name.lower() in {other.lower() for other in found}:
            raise UsageError(f"{option}: {part!r} is not GENE=value, once a gene")
        found[name] = value
    return found


def _share(gene: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"--fm: {gene}={text} is no number between 0 and 1") from None
