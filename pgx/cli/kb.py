"""``pgx kb``: look into the knowledge base, check it, compare and rebuild it."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pgx.cli import completion
from pgx.cli import options as opt

if TYPE_CHECKING:
    import polars as pl

app = typer.Typer(help="Look things up in the knowledge base, check it, rebuild it.", no_args_is_help=True)


class Format(StrEnum):
    """How a result is written."""

    table = "table"
    tsv = "tsv"
    json = "json"


Out = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--out",
        help="Write to this file (.tsv, .json, .parquet) or, for several tables, folder.",
        show_default=False,
    ),
    opt.Role.output,
]
As = Annotated[
    Format | None,
    typer.Option("--format", help="Output format [default: table on a terminal, else tsv].", show_default=False),
]


def _show(sections: dict[str, pl.DataFrame], out: Path | None, how: Format | None) -> None:
    from pgx.cli.shown import sections as write

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
    """Show versions, sources with licences, and sizes of tables."""
    import pgx

    _show(pgx.kb.info(knowledge or ()), out, how)


@app.command()
def genes(out: Out = None, how: As = None, knowledge: opt.Knowledge = None) -> None:
    """List the genes and how each one is called."""
    import pgx

    _show(pgx.kb.genes(knowledge or ()), out, how)


@app.command()
def flags(
    code: Annotated[
        str | None, typer.Argument(help="Only this code, such as prior_driven.", show_default=False)
    ] = None,
    out: Out = None,
    how: As = None,
    knowledge: opt.Knowledge = None,
) -> None:
    """Explain the codes of flags, statuses, urgencies and notes."""
    import pgx

    _show(pgx.kb.flags(code, knowledge or ()), out, how)


@app.command()
def gene(
    name: Annotated[str, typer.Argument(help="Gene symbol, such as CYP2C19.", autocompletion=completion.gene)],
    out: Out = None,
    how: As = None,
    knowledge: opt.Knowledge = None,
) -> None:
    """Show a gene: alleles, positions, rules and drugs.

    Positions are given on both builds, functions and rules in each scheme.
    """
    import pgx

    _show(pgx.kb.gene(name, knowledge or ()), out, how)


@app.command()
def drug(
    name: Annotated[
        str, typer.Argument(help="Generic or brand name, RxNorm or ATC code.", autocompletion=completion.drug)
    ],
    out: Out = None,
    how: As = None,
    knowledge: opt.Knowledge = None,
) -> None:
    """Show a drug: genes, enzymes and every recommendation."""
    import pgx

    _show(pgx.kb.drug(name, knowledge or ()), out, how)


# A name such as -1639G>A is no option.
@app.command(context_settings={"ignore_unknown_options": True})
def allele(
    name: Annotated[str, typer.Argument(help="Allele with its gene, such as CYP2C19*2; or the gene alone.")],
    star: Annotated[
        str | None,
        typer.Argument(metavar="[ALLELE]", help="The allele, such as '*2', after its gene.", show_default=False),
    ] = None,
    out: Out = None,
    how: As = None,
    knowledge: opt.Knowledge = None,
) -> None:
    """Show an allele: functions by scheme, bases, frequencies."""
    import pgx

    _show(pgx.kb.allele(name if star is None else f"{name} {star}", knowledge or ()), out, how)


@app.command()
def variant(
    name: Annotated[
        str, typer.Argument(help="rs number, position such as chr10:94781859 (either build), or variant id.")
    ],
    out: Out = None,
    how: As = None,
    knowledge: opt.Knowledge = None,
) -> None:
    """Show a variant: positions, alleles, frequencies."""
    import pgx

    _show(pgx.kb.variant(name, knowledge or ()), out, how)


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
            autocompletion=completion.one_of("bed", "vcf"),
        ),
    ] = "bed",
    build: Annotated[
        str, typer.Option(help="GRCh38 or GRCh37.", autocompletion=completion.one_of(*opt.BUILDS))
    ] = opt.BUILDS[0],
    genes: Annotated[
        str | None,
        typer.Option(
            help="Genes, separated by commas [default: all].", show_default=False, autocompletion=completion.genes
        ),
    ] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Contigs without 'chr' (1, 2, X, MT).")] = False,
    knowledge: opt.Knowledge = None,
) -> None:
    """Write the positions that define alleles, as BED or VCF."""
    import pgx
    from pgx.tables import put

    text = pgx.kb.positions(opt.genome(build), how, genes=genes, prefix=not plain, knowledge=knowledge or ())
    if out is None or str(out) == "-":
        typer.echo(text, nl=False)
    else:
        put(out, text.encode())


@app.command()
def export(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder to write to.", show_default=False), opt.Role.folder
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Same as FOLDER.", show_default=False), opt.Role.folder
    ] = None,
    kind: Annotated[
        str,
        typer.Option(
            "--format",
            help="Format of the tables: parquet, json or tsv.",
            autocompletion=completion.one_of("parquet", "json", "tsv"),
        ),
    ] = "parquet",
    knowledge: opt.Knowledge = None,
) -> None:
    """Write every table to a folder, with overlays applied.

    SCHEMA.md beside them describes the columns.
    """
    import pgx
    from pgx.errors import UsageError

    opt.choices("--format", kind, ("parquet", "json", "tsv"))
    target = out or folder
    if target is None:
        raise UsageError("name the folder to write to: pgx kb export FOLDER")
    count = pgx.kb.export(target, kind, knowledge or ())
    typer.echo(f"wrote {count} tables to {target}", err=True)


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="Folder with the old knowledge tables.")],
    new: Annotated[Path | None, typer.Argument(help="Folder with the new ones [default: the program's own].")] = None,
    out: Out = None,
    how: As = None,
    knowledge: opt.Knowledge = None,
) -> None:
    """Compare two versions of the knowledge.

    Counts the rows of each table that differ, and the diplotypes whose phenotype or advice changes because of them;
    -o lists each of them (-o - on standard output).

    --knowledge extends the new side with site tables.
    """
    import pgx

    found = pgx.kb.diff(old, new, knowledge or ())
    sections = {
        "summary": found.summary(),
        "changes": found.changes,
        "phenotypes": found.phenotypes,
        "recommendations": found.recommendations,
        "interactions": found.interactions,
    }
    _show(sections if out is not None else {"summary": sections["summary"]}, out, how)
    typer.echo(" to ".join(found.versions), err=True)


@app.command()
def build(
    source: Annotated[Path, typer.Argument(help="Folder with the fact tables.")],
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
    """Build a knowledge folder from updated fact tables.

    The program's other tables are added where the folder has none of its own.
    """
    import pgx

    counts = pgx.kb.build(source, out, version=version)
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
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Show errors and warnings only.")] = False,
) -> None:
    """Check the knowledge, and name everything that is wrong.

    Looks at schemas, keys, references, bases, phenotypes, recommendations, sources and endpoints.
    Exit code 3 means that there is an error.
    """
    import pgx
    from pgx.errors import InputError

    checked = pgx.kb.validate(folder, knowledge or ())
    problems = checked.problems
    _show({"problems": problems.filter(problems["severity"] != "note") if quiet else problems}, out, how)
    if checked.errors:
        said = "1 error" if checked.errors == 1 else f"{checked.errors} errors"
        raise InputError(said, file=", ".join(map(str, checked.folders)), fix="correct before use")
    typer.echo(f"knowledge {checked.version} is sound", err=True)
