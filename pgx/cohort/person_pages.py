"""Pages of many persons in one folder: made in blocks on all cores, gone on with after a kill, joined at the end.

The pages are the same bytes as those of one run of `pgx.report`, which holds everybody in memory and starts anew.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pgx import schema, variants
from pgx.cohort.finish import FAILURES
from pgx.cohort.folder import Folder, Json, read_json
from pgx.cohort.runs import OnProgress, Progress, run
from pgx.guard.limits import is_pipe
from pgx.inputs import knowledge, read
from pgx.io import how_written, write_bytes
from pgx.options import Names, Options, Paths, names_of, paths_of
from pgx.pipeline import versions
from pgx.reports import file_names
from pgx.reports.formats import index
from pgx.reports.write import COMPLETE, PER_SAMPLE, is_page, mark_complete

MANY = 100
"""Persons from which pages are made in blocks."""
BLOCK = 400
"""Most persons a block: enough to share what they have in common, few enough to be gone on with soon."""
WORK = ".pages"
"""Folder beside the pages in which the run keeps what is done until all of it is."""


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a run.

    Parameters
    ----------
    notes
        `pgx.schema.NOTES` of everybody and of the run.
    suspects
        As in `pgx.types.Result`.
    progress
        How the run ended.
    """

    notes: pl.DataFrame
    suspects: tuple[str, ...]
    progress: Progress


def suits(vcf: Paths, out: Path, formats: Collection[str], clinical: Paths, outside: Paths, options: Options) -> bool:
    """Return whether a report is of many persons, as pages alone, in a folder without pages or with such a run's.

    Where a file has the name of an index, the usual way looks whose it is.
    """
    files = [str(path) for path in (*paths_of(vcf), *paths_of(clinical), *paths_of(outside))]
    if not paths_of(vcf) or "-" in files or any(map(is_pipe, files)):
        return False  # they can be read only once, and counting persons is reading
    if not set(formats) <= set(PER_SAMPLE) or not formats:
        return False
    if how_written().seal:
        return False  # what is made in blocks is read again before it is whole
    names = {path.name for path in out.iterdir()} if out.is_dir() else set()
    if WORK not in names and (any(map(is_page, names)) or names & {*index.FILES, COMPLETE, FAILURES}):
        return False  # pages of another run, some of which may have to be renewed or to go
    return _count(vcf, options) >= MANY


def _count(vcf: Paths, options: Options) -> int:
    files = [str(path) for path in paths_of(vcf)]
    wanted = names_of(options.samples) or variants.samples_of(files, knowledge(options.knowledge), build=options.build)
    return len(set(wanted))


def make(
    vcf: Paths,
    out: Path,
    formats: Sequence[str],
    *,
    clinical: Paths = (),
    outside_calls: Paths = (),
    drugs: Names | None = None,
    options: Options,
    threads: int | None = None,
    block_size: int | None = None,
    on_progress: OnProgress | None = None,
) -> Made:
    """Write the pages of everybody, an index, and at last the marker that the folder is whole.

    Parameters
    ----------
    vcf, clinical, outside_calls, drugs, options
        As for `pgx.report`.
    out, formats
        Where to, and which pages.
    threads, on_progress
        As for `pgx.cohort.run`.
    block_size
        Persons a block; None = two blocks at least, whatever the machine, so that another one can go on.
    """
    folder = Folder(out / WORK, mode=how_written().mode)
    done = run(
        vcf,
        folder.root,
        clinical=clinical,
        outside_calls=outside_calls,
        drugs=drugs,
        tables="notes",
        reports=formats,
        block_size=block_size or min(BLOCK, -(-_count(vcf, options) // 2)),
        threads=threads,
        options=options,
        on_progress=on_progress,
    )
    manifest = read_json(folder.manifest) or {}
    states = [read_json(folder.state(block["block"])) or {} for block in manifest["blocks"]]
    notes = pl.concat([_notes_of_the_run(states), *(pl.read_parquet(folder.part("notes", s["block"])) for s in states)])
    genotypes = read(knowledge(options.knowledge), vcf, paths_of(clinical), None, options)[0]
    suspects = variants.suspects(genotypes, knowledge(options.knowledge))
    persons = {sample: page for state in states for sample, page in state["pages"].items()}
    moved = list(_moved(folder, persons, out))
    entries = [
        index.entry_from(page["entry"], moved_to) for page, moved_to in zip(persons.values(), moved, strict=True)
    ]
    write_bytes(out / index.PAGE, index.to_html(entries).encode())
    write_bytes(out / index.TABLE, index.to_tsv(entries).encode())
    if done.lost:
        write_bytes(out / FAILURES, (folder.root / FAILURES).read_bytes())
    files = sum(len(page["files"]) for page in persons.values()) + len(index.FILES)
    mark_complete(out, versions(), formats, persons=len(persons), files=files)
    shutil.rmtree(folder.root)
    return Made(notes, suspects, done)


def _notes_of_the_run(states: Sequence[Json]) -> pl.DataFrame:
    rows = {json.dumps(row, sort_keys=True): row for state in states for row in state["notes"]}
    return schema.from_rows([{**row, "sample": None} for row in rows.values()], schema.NOTES)


def _moved(folder: Folder, persons: dict[str, Json], out: Path) -> Iterator[str]:
    """Move the pages out of the blocks' folders; yield of each person the report's name, empty if there is none.

    Names that tell persons apart in their block alone are made anew for everybody together.
    """
    stems = file_names.stems(list(persons))
    for sample, page in persons.items():
        report = ""
        for name in page["files"]:
            path = folder.root / "reports" / name
            target = stems[sample] + path.name.removeprefix(page["stem"])
            path.replace(out / target)
            report = target if path.name == page["entry"]["page"] else report
        yield report
