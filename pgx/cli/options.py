"""Options that several commands share, with one wording each."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pgx.errors import UsageError

if TYPE_CHECKING:
    from pgx.pipeline import Options

TABLE_SUFFIXES = (".tsv", ".parquet", ".json")


class Build(StrEnum):
    """Reference genomes that the knowledge has positions on."""

    GRCh38 = "GRCh38"
    GRCh37 = "GRCh37"


Vcf = Annotated[
    Path, typer.Argument(help="VCF, BCF, gVCF or consumer-array text; '-' reads standard input.", show_default=False)
]
Vcfs = Annotated[
    list[Path],
    typer.Argument(
        help="One or more VCF, BCF, gVCF or array files (for example one per chromosome); '-' = standard input.",
        show_default=False,
    ),
]
Clinical = Annotated[
    list[Path] | None,
    typer.Option(
        "--clinical",
        "-c",
        help="Clinical history: CSV, TSV, Parquet, JSON, FHIR, OMOP, Phenopacket or wearable export. Repeatable.",
        show_default=False,
    ),
]
Medications = Annotated[
    str | None, typer.Option(help="Drugs that the person takes or will take, joined by commas.", show_default=False)
]
OutsideCalls = Annotated[
    list[Path] | None,
    typer.Option(
        "--outside-calls",
        help="Diplotypes from other tools (PharmCAT's TSV, Aldy, pypgx, Cyrius, ...). Repeatable.",
        show_default=False,
    ),
]
OutsideMode = Annotated[str, typer.Option(help="Outside calls 'override' ours or only 'fill' genes not called.")]
Drugs = Annotated[
    str | None,
    typer.Option(help="Drugs to report on, joined by commas; 'all' for every drug with guidance.", show_default=False),
]
Genes = Annotated[str | None, typer.Option(help="Genes to call, joined by commas [default: all].", show_default=False)]
Samples = Annotated[
    str | None, typer.Option(help="Samples to use, joined by commas [default: all].", show_default=False)
]
Assembly = Annotated[
    Build | None, typer.Option("--build", help="Reference genome of the file [default: found out].", show_default=False)
]
AbsentIsReference = Annotated[
    bool,
    typer.Option(
        "--absent-is-reference",
        help="Read positions that the file does not mention as reference; stamped on every call.",
    ),
]
MinGq = Annotated[int | None, typer.Option(help="Genotypes with a lower GQ are not used.", show_default=False)]
MinDp = Annotated[int | None, typer.Option(help="Genotypes with a lower DP are not used.", show_default=False)]
IncludeFiltered = Annotated[bool, typer.Option("--include-filtered", help="Use records whose FILTER is not PASS.")]
Fasta = Annotated[
    Path | None, typer.Option(help="Reference FASTA, for indels that only it can left-align.", show_default=False)
]
Sex = Annotated[
    str | None,
    typer.Option(
        help="male or female, or SAMPLE=male,SAMPLE=female [default: clinical file, else the data].", show_default=False
    ),
]
Ancestry = Annotated[
    str | None,
    typer.Option(
        help="Biogeographic group for allele frequencies, or SAMPLE=group,... [default: clinical file, else pooled].",
        show_default=False,
    ),
]
CopyNumber = Annotated[
    str | None, typer.Option(help="Known copy number, GENE=N or SAMPLE:GENE=N, joined by commas.", show_default=False)
]
Knowledge = Annotated[
    list[Path] | None,
    typer.Option(
        "--knowledge", help="Folder with site tables laid over the knowledge base. Repeatable.", show_default=False
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No notes on standard error.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="All notes on standard error, also the informative ones.")
]


def split(text: str | None) -> list[str] | None:
    """Split a comma-joined option; None stays None."""
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


def mapping(text: str | None) -> dict[str, str] | str | None:
    """Read ``value`` or ``KEY=value,KEY=value``."""
    if text is None or "=" not in text:
        return text
    return dict(part.split("=", 1) for part in split(text) or [] if "=" in part)


def choices(option: str, text: str, allowed: tuple[str, ...]) -> list[str]:
    """Split a comma-joined option whose parts come from a fixed list.

    Raises
    ------
    UsageError
        If a part is not in `allowed`.
    """
    parts = split(text) or []
    unknown = [part for part in parts if part not in allowed]
    if unknown or not parts:
        raise UsageError(f"{option}: {unknown[0] if unknown else 'nothing'!r} is not one of {', '.join(allowed)}")
    return parts


def check_table(path: Path) -> None:
    """Refuse a table path whose ending says no known format, before any work is done."""
    if str(path) != "-" and path.suffix not in TABLE_SUFFIXES:
        raise UsageError(f"{path}: the ending must be one of {', '.join(TABLE_SUFFIXES)}, or '-' for standard output")


def copies(text: str | None) -> dict[tuple[str | None, str], int] | None:
    """Read ``GENE=N`` and ``SAMPLE:GENE=N`` joined by commas."""
    if text is None:
        return None
    found: dict[tuple[str | None, str], int] = {}
    for part in split(text) or []:
        name, _, number = part.partition("=")
        sample, _, gene = name.rpartition(":")
        if not number.isdigit() or not gene:
            raise UsageError(f"--copy-number: {part!r} is not GENE=N or SAMPLE:GENE=N")
        found[sample or None, gene] = int(number)
    return found


def options(*, samples: str | None, genes: str | None, sex: str | None, ancestry: str | None, copy_number: str | None,
            knowledge: list[Path] | None, build: Build | None, outside_mode: str, **rest: Any) -> Options:  # fmt: skip
    """Gather the shared options into the library's `Options`."""
    from pgx.pipeline import Options

    choices("--outside-mode", outside_mode, ("override", "fill"))
    return Options(
        samples=split(samples),
        genes=split(genes),
        sex=mapping(sex),
        ancestry=mapping(ancestry),
        copy_number=copies(copy_number),
        knowledge=knowledge or (),
        build=build.value if build else None,
        outside_mode=outside_mode,
        **rest,
    )
