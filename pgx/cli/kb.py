"""``pgx kb``: look into the knowledge base, check it, compare and rebuild it."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pgx.cli import options as opt

if TYPE_CHECKING:
    import polars as pl

    from pgx.knowledge import KnowledgeBase

app = typer.Typer(help="Look into the knowledge base, check it, compare versions and rebuild it.", no_args_is_help=True)


class Format(StrEnum):
    """How a result is written."""

    table = "table"
    tsv = "tsv"
    json = "json"


Out = Annotated[
    Path | None,
    typer.Option(
        "-o", "--out", help="File (.tsv, .json, .parquet) or, for several tables, folder.", show_default=False
    ),
    opt.Role.output,
]
As = Annotated[
    Format | None,
    typer.Option("--format", help="table, tsv or json [default: table on a terminal, else tsv].", show_default=False),
]


def _load(knowledge: list[Path] | None) -> KnowledgeBase:
    from pgx.knowledge import configured, load

    return load([*configured(), *(knowledge or ())])


def _show(sections: dict[str, pl.DataFrame], out: Path | None, how: Format | None) -> None:
    from pgx.cli import sections as write

    if out is not None:
        write.to_files(sections, out)
    elif how is Format.json:
        typer.echo(write.as_json(sections), nl=False)
    elif how is Format.tsv or (how is None and not sys.stdout.isatty()):
        typer.echo(write.as_tsv(sections), nl=False)
    else:
        write.to_terminal(sections)


@app.command()
def info(out: Out = None, how: As = None, knowledge: opt.Knowledge = None) -> None:
    """Show versions, sources, licences and row counts."""
    from pgx.knowledge import show

    _show(show.info(_load(knowledge)), out, how)


@app.command()
def genes(out: Out = None, how: As = None, knowledge: opt.Knowledge = None) -> None:
    """List the genes and how each is called."""
    from pgx.knowledge import show

    _show(show.genes(_load(knowledge)), out, how)


@app.command()
def gene(
    name: Annotated[str, typer.Argument(help="Gene symbol, such as CYP2C19.")],
    out: Out = None,
    how: As = None,
    knowledge: opt.Knowledge = None,
) -> None:
    """Show a gene: alleles, functions, positions on both builds, phenotype rules, drugs."""
    from pgx.knowledge import show

    _show(show.gene(_load(knowledge), name), out, how)


@app.command()
def drug(
    name: Annotated[str, typer.Argument(help="Generic or brand name, RxNorm or ATC code.")],
    out: Out = None,
    how: As = None,
    knowledge: opt.Knowledge = None,
) -> None:
    """Show a drug: its genes, what it does to enzymes, every recommendation."""
    from pgx.knowledge import show

    _show(show.drug(_load(knowledge), name), out, how)


@app.command()
def allele(
    name: Annotated[str, typer.Argument(help="Allele with its gene, such as CYP2C19*2.")],
    out: Out = None,
    how: As = None,
    knowledge: opt.Knowledge = None,
) -> None:
    """Show an allele: functions by scheme, bases, frequencies."""
    from pgx.knowledge import show

    _show(show.allele(_load(knowledge), name), out, how)


@app.command()
def variant(
    name: Annotated[str, typer.Argument(help="rs number, chr10:94781859 (either build) or variant id.")],
    out: Out = None,
    how: As = None,
    knowledge: opt.Knowledge = None,
) -> None:
    """Show a variant: places, alleles that require it, frequencies."""
    from pgx.knowledge import show

    _show(show.variant(_load(knowledge), name), out, how)


@app.command()
def positions(
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="File [default: stdout].", show_default=False), opt.Role.output
    ] = None,
    how: Annotated[
        str,
        typer.Option(
            "--format",
            help="bed: stretches for `bcftools view -R` and to cut a gVCF; vcf: the alleles, for callers that genotype "
            "given alleles.",
        ),
    ] = "bed",
    build: Annotated[str, typer.Option(help="GRCh38 or GRCh37.")] = "GRCh38",
    genes: Annotated[
        str | None, typer.Option(help="Genes, separated by commas [default: all].", show_default=False)
    ] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Contigs without 'chr' (1, 2, X, MT).")] = False,
    knowledge: opt.Knowledge = None,
) -> None:
    """Write the positions that define alleles, to extract them or to have them genotyped."""
    from pgx.io import write_bytes
    from pgx.knowledge.positions import positions as write

    wanted = [name.strip() for name in (genes or "").split(",") if name.strip()]
    text = write(_load(knowledge), build, how, genes=wanted, prefix=not plain)
    if out is None or str(out) == "-":
        typer.echo(text, nl=False)
    else:
        write_bytes(out, text.encode())


@app.command()
def export(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder to write to.", show_default=False), opt.Role.folder
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="The same as FOLDER.", show_default=False), opt.Role.folder
    ] = None,
    kind: Annotated[str, typer.Option("--format", help="parquet, json or tsv.")] = "parquet",
    knowledge: opt.Knowledge = None,
) -> None:
    """Write every table, overlays applied, with a README of columns."""
    from pgx.errors import UsageError
    from pgx.knowledge.export import export as write

    opt.choices("--format", kind, ("parquet", "json", "tsv"))
    target = out or folder
    if target is None:
        raise UsageError("name the folder to write to: pgx kb export FOLDER")
    count = write(_load(knowledge), target, kind)
    typer.echo(f"wrote {count} tables to {target}", err=True)


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="Folder of the old knowledge tables.")],
    new: Annotated[Path | None, typer.Argument(help="Folder of the new ones [default: the program's own].")] = None,
    out: Out = None,
    how: As = None,
    knowledge: opt.Knowledge = None,
) -> None:
    """Show what changed, and which diplotypes change phenotype or recommendation because of it.

    With --knowledge, the new side has these site tables laid over it.
    """
    from pgx.knowledge import load
    from pgx.knowledge.diff import diff as compare

    before, after = load(folder=old), load(knowledge or (), folder=new)
    found = compare(before, after)
    sections = {
        "changes": found.changes,
        "phenotypes": found.phenotypes,
        "recommendations": found.recommendations,
        "interactions": found.interactions,
    }
    _show(sections, out, how)
    counted = "; ".join(f"{name}: {frame.height}" for name, frame in sections.items())
    typer.echo(f"{before.version} to {after.version}: {counted}", err=True)


@app.command()
def build(
    source: Annotated[Path, typer.Argument(help="Folder of fact tables.")],
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Folder for the knowledge tables.", show_default=False), opt.Role.folder
    ],
    version: Annotated[
        str | None,
        typer.Option(
            "--kb-version",
            help="Version of the new tables [default: that of the facts or of the program, with a checksum of the "
            "tables unless they are the program's own].",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Bring updated fact tables into the knowledge schema, a complete folder with the program's other tables."""
    from pgx.build_data.knowledge import build_folder

    counts = build_folder(source, out, version=version)
    named = (out / "VERSION").read_text(encoding="utf-8").strip()
    typer.echo(f"wrote {len(counts)} tables, {sum(counts.values())} rows, as version {named} to {out}", err=True)


@app.command()
def validate(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder of knowledge tables [default: the program's own].")
    ] = None,
    out: Out = None,
    how: As = None,
    knowledge: opt.Knowledge = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Errors and warnings only.")] = False,
) -> None:
    """Check schemas, keys, references, bases, phenotypes, recommendations and sources; exit code 3 on an error."""
    import polars as pl

    from pgx.errors import InputError
    from pgx.knowledge import configured, load
    from pgx.knowledge.validation.validate import validate as check
    from pgx.models.evidence.endpoint_checks import faults

    overlays = [*(() if folder else configured()), *(knowledge or ())]
    kb = load(overlays, folder=folder, check=False)
    found = [one for one in (*check(kb), *faults(kb)) if not (quiet and one.severity == "note")]
    columns = ("severity", "check", "where", "message")
    rows = [tuple(getattr(one, name) for name in columns) for one in found]
    _show({"problems": pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")}, out, how)
    errors = sum(one.severity == "error" for one in found)
    if errors:
        said = "1 error" if errors == 1 else f"{errors} errors"
        raise InputError(said, file=", ".join(map(str, kb.folders[1:] or kb.folders)), fix="correct before use")
    typer.echo(f"knowledge {kb.version} is sound", err=True)
