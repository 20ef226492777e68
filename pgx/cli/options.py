"""Options that several commands share, with one wording each."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from pgx.cli import completion
from pgx.cli.settings import set_by_file
from pgx.errors import UsageError
from pgx.guard.limits import SHEET, read_file, refuse_pipe
from pgx.options import BUILD_NAMES, Options, build_named, names_of

How = Options
"""Type of the parameter that `reading` fills."""

TABLE_SUFFIXES = (".tsv", ".parquet", ".json")


class Role(Enum):
    """What a path of a command is, beside its option; one without a role is an input."""

    output = "a table to write"
    folder = "a folder to write to; what will be in it is checked by the command"
    record = "a clinical file or a folder of them"
    perhaps = "a text that may be the path of an input"
    shard = "a folder of a cohort, which may be written to as well; the call itself sees to it"
    log = "a file to which lines are added, and which is no table"


BUILDS = tuple(BUILD_NAMES)
"""Reference genomes that the knowledge has positions on."""


_VCFS = typer.Argument(
    help="VCF, BCF, gVCF, consumer-array files or tables of SNP results that belong together, such as one per "
    "chromosome; '-' reads standard input.",
    show_default=False,
)
MaybeVcfs = Annotated[list[Path] | None, _VCFS]
Clinical = Annotated[
    list[Path] | None,
    typer.Option(
        "--clinical",
        "-c",
        help="Clinical history: CSV, TSV, Parquet, JSON, FHIR, OMOP, Phenopacket or wearable export. Repeatable.",
        show_default=False,
    ),
    Role.record,
]
Out = Annotated[
    Path,
    typer.Option("-o", "--out", help="Write the table to this .tsv, .parquet or .json file; '-' prints it as TSV."),
    Role.output,
]
Medications = Annotated[
    str | None,
    typer.Option(
        help="Drugs that the person takes or is about to take, separated by commas; added to the clinical files.",
        show_default=False,
        autocompletion=completion.medications,
    ),
]
OutsideCalls = Annotated[
    list[Path] | None,
    typer.Option(
        "--outside-calls",
        help="Diplotypes called by other tools (PharmCAT's TSV, Aldy, pypgx, Cyrius, ...). Repeatable.",
        show_default=False,
    ),
]
OutsideMode = Annotated[
    str,
    typer.Option(
        help="'override' lets outside calls replace ours; 'fill' adds them where we have none.",
        autocompletion=completion.one_of("override", "fill"),
    ),
]
Drugs = Annotated[
    str | None,
    typer.Option(
        help="Drugs to report on, separated by commas; 'all' for every drug with guidance [default: the medication "
        "list, or every drug for a person without one].",
        show_default=False,
        autocompletion=completion.drugs,
    ),
]
Genes = Annotated[
    str | None,
    typer.Option(
        help="Genes to call, separated by commas [default: all].",
        show_default=False,
        autocompletion=completion.genes,
    ),
]
Samples = Annotated[
    str | None,
    typer.Option(
        help="Samples to use, separated by commas, or a file with one per line [default: all].", show_default=False
    ),
    Role.perhaps,
]
Assembly = Annotated[
    str | None,
    typer.Option(
        "--build",
        metavar="<GRCh38|GRCh37>",
        help="Reference genome of the file; hg38, b38, hg19 and b37 are understood [default: detected from the file].",
        show_default=False,
        autocompletion=completion.one_of(*BUILDS),
    ),
]
AbsentIsReference = Annotated[
    bool,
    typer.Option(
        "--absent-is-reference",
        help="Treat positions missing from the file as reference. Every call that relies on this is flagged.",
    ),
]
MinGq = Annotated[int | None, typer.Option(help="Ignore genotypes with a lower GQ.", show_default=False)]
MinDp = Annotated[int | None, typer.Option(help="Ignore genotypes with a lower DP.", show_default=False)]
IncludeFiltered = Annotated[bool, typer.Option("--include-filtered", help="Also use records whose FILTER is not PASS.")]
Fasta = Annotated[
    Path | None,
    typer.Option(
        help="Reference FASTA, used to left-align indels where the record alone is not enough.", show_default=False
    ),
]
Sex = Annotated[
    str | None,
    typer.Option(
        help="'male' or 'female', or SAMPLE=male,SAMPLE=female [default: from the clinical file, else from the "
        "genotypes].",
        show_default=False,
        autocompletion=completion.one_of("male", "female"),
    ),
]
Ancestry = Annotated[
    str | None,
    typer.Option(
        help="Biogeographic group whose allele frequencies apply, or SAMPLE=group,... [default: from the clinical "
        "file, else all groups pooled].",
        show_default=False,
        autocompletion=completion.groups,
    ),
]
CopyNumber = Annotated[
    str | None,
    typer.Option(help="Known copy number: GENE=N or SAMPLE:GENE=N, separated by commas.", show_default=False),
]
Persons = Annotated[
    list[str] | None,
    typer.Option(
        "--person",
        help="Match a record to a sample: ID=SAMPLE, or a table with the columns person and sample. Repeatable.",
        show_default=False,
    ),
    Role.perhaps,
]
AsOf = Annotated[
    str | None,
    typer.Option(
        help="Date to treat as today for ages, drugs and time windows, YYYY-MM-DD [default: the latest date in each "
        "record; of one without dates, the local day tells which drugs are over].",
        show_default=False,
    ),
]
DateFormat = Annotated[
    str | None,
    typer.Option(
        help="How clinical tables write dates, such as DD.MM.YYYY or MM/DD/YYYY [default: YYYY-MM-DD].",
        show_default=False,
    ),
]
Knowledge = Annotated[
    list[Path] | None,
    typer.Option(
        "--knowledge", help="Folder of site tables that extend the knowledge base. Repeatable.", show_default=False
    ),
]
Strict = Annotated[
    bool,
    typer.Option("--strict", help="Refuse a clinical file (exit code 3) if anything in it would be left out."),
]
Accept = Annotated[
    str | None,
    typer.Option(
        help="Clinical fields whose unlikely values were checked and are right, separated by commas.",
        show_default=False,
        autocompletion=completion.concepts,
    ),
]
Sheet = Annotated[
    Path | None,
    typer.Option(
        "--sheet",
        help="Samplesheet: a CSV with one row per person and the columns sample, vcf, clinical, outside_calls, sex, "
        "ancestry, medications, copy_number; paths are relative to it.",
        show_default=False,
    ),
]
LogFile = Annotated[
    Path | None,
    typer.Option(
        "--log-file", help="Also write what happens, and when, to this file as JSON lines.", show_default=False
    ),
    Role.log,
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only on standard error.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Print every note on standard error.")]


def mapping(option: str, text: str | None) -> dict[str, str] | str | None:
    """Read ``value`` for everybody, or ``SAMPLE=value,SAMPLE=value`` with one value a sample."""
    if text is None or "=" not in text:
        return text
    values: dict[str, str] = {}
    for part in names_of(text) or []:
        sample, equals, value = (word.strip() for word in part.rpartition("="))
        if not equals or not sample or not value:
            raise UsageError(f"{option}: {part[:60]!r} is not SAMPLE=value; give one value, or one for each sample")
        if values.setdefault(sample, value) != value:
            raise UsageError(f"{option}: two values are given for {sample[:60]}")
    return values


def choices(option: str, text: str, allowed: tuple[str, ...]) -> list[str]:
    """Split a comma-joined option whose parts come from a fixed list.

    Raises
    ------
    UsageError
        If a part is not in `allowed`.
    """
    parts = names_of(text) or []
    unknown = [part for part in parts if part not in allowed]
    if unknown or not parts:
        raise UsageError(f"{option}: {unknown[0] if unknown else 'nothing'!r} is not one of {', '.join(allowed)}")
    return parts


def genome(build: str) -> str:
    """Return a reference genome by one of its names; refuse one that the knowledge has no positions on."""
    if build_named(build) not in BUILDS:
        raise UsageError(f"--build: {build!r} is not one of {', '.join(BUILDS)}")
    return build_named(build)


def listed(text: str | None) -> list[str] | None:
    """Read names joined by commas, or a file with one a line."""
    if text is not None:
        refuse_pipe(text)
    if text is None or "," in text or not Path(text).is_file():
        return names_of(text)
    try:
        lines = read_file(text, SHEET).decode("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--samples: {text}: not a text file with one name a line") from error
    names = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if not names:
        raise UsageError(f"--samples: {text}: no name in it")
    return names


def check_table(path: Path) -> None:
    """Refuse a table path whose ending says no known format, before any work is done."""
    if str(path) != "-" and path.suffix not in TABLE_SUFFIXES:
        raise UsageError(f"{path}: the ending must be one of {', '.join(TABLE_SUFFIXES)}, or '-' for standard output")


def check_given(vcf: Collection[Path] | None, sheet: Path | None) -> None:
    """Refuse a command without any genotypes."""
    if not vcf and sheet is None:
        raise UsageError("no genotypes are given: name a VCF, or a samplesheet with --sheet")


def copies(text: str | None) -> dict[tuple[str | None, str], int] | None:
    """Read ``GENE=N`` and ``SAMPLE:GENE=N`` joined by commas."""
    if text is None:
        return None
    from pgx.variants.whole_numbers import whole_number

    found: dict[tuple[str | None, str], int] = {}
    for part in names_of(text) or []:
        name, _, number = part.partition("=")
        sample, _, gene = name.rpartition(":")
        copied = whole_number(number)
        if copied is None or not gene:
            raise UsageError(f"--copy-number: {part[:60]!r} is not GENE=N or SAMPLE:GENE=N")
        if found.setdefault((sample or None, gene), copied) != copied:
            raise UsageError(f"--copy-number: two numbers are given for {name[:60]}")
    return found


def day(option: str, text: str | None) -> date | None:
    """Read a day of the calendar, YYYY-MM-DD; None stays None.

    Raises
    ------
    UsageError
        If it is anything else.
    """
    if text is None:
        return None
    try:
        found = date.fromisoformat(text.strip())
    except ValueError:
        found = None
    if found is None or len(text.strip()) != 10 or not 1850 <= found.year <= 2200:
        raise UsageError(f"{option}: {text!r} is not a day; write YYYY-MM-DD")
    return found


def gather(
    *,
    outside_mode: OutsideMode = "override",
    samples: Samples = None,
    genes: Genes = None,
    build: Assembly = None,
    absent_is_reference: AbsentIsReference = False,
    min_gq: MinGq = None,
    min_dp: MinDp = None,
    include_filtered: IncludeFiltered = False,
    fasta: Fasta = None,
    sex: Sex = None,
    ancestry: Ancestry = None,
    copy_number: CopyNumber = None,
    person: Persons = None,
    as_of: AsOf = None,
    knowledge: Knowledge = None,
    strict: Strict = False,
    accept: Accept = None,
    date_format: DateFormat = None,
) -> Options:
    """Gather the options on reading into the library's `Options`; this signature is their one list (`reading`)."""
    choices("--outside-mode", outside_mode, ("override", "fill"))
    return Options(
        samples=listed(samples),
        genes=names_of(genes),
        build=None if build is None else genome(build),
        absent_is_reference=absent_is_reference,
        min_gq=min_gq,
        min_dp=min_dp,
        include_filtered=include_filtered,
        fasta=fasta,
        sex=mapping("--sex", sex),
        ancestry=mapping("--ancestry", ancestry),
        copy_number=copies(copy_number),
        outside_mode=outside_mode,
        persons=tuple(person or ()),
        as_of=day("--as-of", as_of),
        knowledge=knowledge or (),
        strict=strict,
        accept=accept or (),
        date_format=date_format,
    )


_CONTENTS = ("sheet", "clinical", "outside_calls", "medications", "drugs")
"""What else decides on advice, beside the options of `gather`."""


def reading(*, without: Collection[str] = ()) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of `gather`, in the place of its keyword parameter ``how``.

    Parameters
    ----------
    without
        Options that the command does not have.
    """
    shared = inspect.signature(gather, eval_str=True).parameters
    names = [name for name in shared if name not in without]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = inspect.signature(command, eval_str=True)
        places = [
            one
            for name, parameter in own.parameters.items()
            for one in ([shared[n] for n in names] if name == "how" else [parameter])
        ]

        @functools.wraps(command)
        def run(**given: Any) -> None:
            how = gather(**{name: given.pop(name) for name in names})
            command(**given, how=replace(how, configured=set_by_file({*names, *_CONTENTS})))

        run.__signature__ = own.replace(parameters=places)  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in places}
        return run

    return decorate
