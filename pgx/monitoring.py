"""One public call: `monitor`, warfarin over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from pgx import clinical, models
from pgx.cells import with_lists
from pgx.errors import InputError, UsageError
from pgx.guard.panics import no_panic
from pgx.inputs import inputs_of, knowledge, phenotyped
from pgx.io import check_outputs, reading, table_files
from pgx.knowledge import KnowledgeBase
from pgx.models.cohort.tables import read
from pgx.models.warfarin_inr import persons as people
from pgx.models.warfarin_inr.inr_table import headings
from pgx.models.warfarin_inr.parameters import parameters
from pgx.models.warfarin_inr.scores import starts_of
from pgx.notes import Note, frame_of
from pgx.options import Options, PathLike, Paths, names_of, paths_of, persons_of
from pgx.output_tables.own_columns import MONITOR
from pgx.schema import CALLS, polars_schema
from pgx.tables import check_table, separator_of, write_table

Table = PathLike | pl.DataFrame
"""A frame, or the file of one (``.parquet``, ``.tsv``, ``.csv`` or ``.json``)."""
OnNotes = Callable[[pl.DataFrame], None]
_TABLES = (".tsv", ".csv", ".parquet", ".json")


def monitor(
    values: Table | Paths,
    scores: Table | None = None,
    *,
    calls: Table | None = None,
    vcf: Paths = (),
    target: float | None = None,
    options: Options | None = None,
    out: PathLike | None = None,
    on_notes: OnNotes | None = None,
) -> pl.DataFrame:
    """Follow warfarin through each INR: the dose that is needed, what to do next, and the INR to come.

    Parameters
    ----------
    values
        INRs and doses: clinical files in any supported format, or a table (a frame, or a file) with the columns
        ``sample``, ``date``, ``dose`` (mg/week taken before that INR; 0 before the first one; ``daily_dose`` is in
        mg/day) and ``inr``, and perhaps ``age`` and ``target_inr``.
    scores
        Table of `pgx.score` with ``warfarin.dose``: what is expected of the dose before any INR.
    calls
        Table of `pgx.call` with CYP2C9 and VKORC1. A gene of which nothing is known is averaged, and flagged.
    vcf
        Genotype files to call the two genes from, instead of `calls`.
    target
        INR aimed at, 1.5 to 4; None = that of each person's record, or 2.5.
    options
        How to read and call.
    out
        Table to write; ``-`` = standard output.
    on_notes
        Called with notes on what was not used (`pgx.schema.NOTES`).

    Returns
    -------
    polars.DataFrame
        `pgx.output_tables.own_columns.MONITOR`: one row an INR, doses in mg/week. A row that cannot be read costs
        itself.

    Raises
    ------
    InputError
        If a file cannot be used, or holds no INR.
    UsageError
        If the target is out of range, an output is an input, or both `calls` and `vcf` are given.

    Examples
    --------
    >>> import pgx
    >>> import polars as pl
    >>> values = pl.DataFrame({"sample": ["HG00652"] * 2, "date": ["2026-11-02", "2026-11-09"],
    ...                        "dose": [0.0, 21.0], "inr": [1.0, 3.4]})
    >>> found = pgx.monitor(values, vcf="data/examples/HG00652.GRCh38.vcf.gz")
    >>> found["advice"].to_list()
    ['recheck_soon', 'lower_dose']
    """
    options = options or Options()
    if calls is not None and paths_of(vcf):
        raise UsageError("give the calls or the genotypes that they are made from, not both")
    files = [] if isinstance(values, pl.DataFrame) else paths_of(values)
    tables = [Path(one) for one in (scores, calls) if isinstance(one, str | Path)]
    with reading([*inputs_of(vcf, files, (), options), *tables]):
        check_outputs(table_files(out))
        check_table(out, [*polars_schema(MONITOR)])
        kb = knowledge(options.knowledge)
        known = parameters(kb)
        genes = (known.clearance.gene, known.half_effect.gene)
        called = _calls(calls, vcf, genes, options)
        found = _persons(values, kb, known.drug, options, None if not paths_of(vcf) else called)
        starts, more = ({}, []) if scores is None else starts_of(_frame(scores), kb)
        try:
            followed, told = models.monitor(found.persons, kb, calls=called, starts=starts, target=target)
        except InputError:  # the notes say why nothing can be followed
            if on_notes is not None:
                on_notes(found.notes)
            raise
        if on_notes is not None:
            on_notes(pl.concat([found.notes, frame_of([*more, *told])]))
        if out is not None:
            write_table(followed, out)
    return followed


@dataclass(frozen=True, slots=True)
class _Read:
    persons: Sequence[people.Person]
    notes: pl.DataFrame


def _persons(
    values: Table | Paths, kb: KnowledgeBase, drug: str, options: Options, called: pl.DataFrame | None
) -> _Read:
    """Read whose INRs and doses there are: tables of INRs by their columns, everything else as clinical records."""
    tables: list[tuple[pl.DataFrame, str]] = []
    records: list[PathLike] = []
    if isinstance(values, pl.DataFrame):
        tables.append((values, ""))
    else:
        for path in paths_of(values):
            table = _inr_table(Path(path))
            if table is None:
                records.append(path)
            else:
                tables.append((table, str(path)))
    found: list[people.Person] = []
    notes: list[Note] = []
    for table, where in tables:
        some, problems = people.of_table(table, kb, where, options.date_format, names_of(options.accept) or ())
        if options.strict and problems:
            raise InputError(problems[0].message, where=problems[0].where)
        wanted = names_of(options.samples)
        found += [one for one in some if wanted is None or one.name in wanted]
        notes += problems
    told = frame_of(notes)
    if records:
        samples = (
            names_of(options.samples) if called is None else called["sample"].unique(maintain_order=True).to_list()
        )
        data = clinical.read(
            records,
            kb,
            samples=samples,
            as_of=options.as_of,
            persons=persons_of(options.persons),
            strict=options.strict,
            accept=names_of(options.accept) or (),
            date_format=options.date_format,
            series=people.SERIES,
        )
        some, problems = people.of_records(data, drug)
        found, told = [*found, *some], pl.concat([told, data.notes, frame_of(problems)])
        if not found:
            raise InputError("no INR in it", file=", ".join(map(str, records)), fix="give INRs with their days")
    twice = {one.name for one in found if sum(other.name == one.name for other in found) > 1}
    if twice:
        raise InputError(
            "INRs of the same person in several files", where=f"sample {min(twice)}", fix="join the tables"
        )
    return _Read(found, told)


def _inr_table(path: Path) -> pl.DataFrame | None:
    """Return a table of INRs; None if the file is something else."""
    if path.suffix not in _TABLES or not path.is_file():
        return None
    if path.suffix == ".json" and not path.read_bytes()[:1].startswith(b"["):
        return None
    try:
        table = _as_written(path) if path.suffix in (".tsv", ".csv") else read(path)
    except InputError:
        return None
    return table if headings(table.columns) else None


def _as_written(path: Path) -> pl.DataFrame:
    """Return a delimited table as text, whatever its separator: semicolons stand beside decimal commas."""
    head = path.read_bytes().partition(b"\n")[0]
    separator = separator_of(head.decode("utf-8", "replace"))
    try:
        with no_panic(InputError("a damaged table", file=path)):
            return pl.read_csv(path, separator=separator, infer_schema=False, encoding="utf8-lossy")
    except pl.exceptions.PolarsError as error:
        raise InputError("not a table", file=path) from error


def _calls(calls: Table | None, vcf: Paths, genes: tuple[str, ...], options: Options) -> pl.DataFrame | None:
    if calls is not None:
        table = with_lists(_frame(calls), polars_schema(CALLS))
        for name in ("sample", "gene", "diplotype", "status"):
            if name not in table.columns:
                raise InputError(f"the calls have no column {name!r}", fix="use the table that `pgx call` writes")
        return table.filter(pl.col("gene").is_in(genes))
    return phenotyped(vcf, options=replace(options, genes=genes, persons=())).calls if paths_of(vcf) else None


def _frame(table: Table) -> pl.DataFrame:
    return table if isinstance(table, pl.DataFrame) else read(table)
