"""Pages of many persons in one folder: made in blocks on all cores, gone on with after a kill, joined at the end.

The pages are the same bytes as those of one run of `pgx.report`, which holds everybody in memory and starts anew.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pgx import schema, variants
from pgx.cohort.finish import FAILURES
from pgx.cohort.folder import Folder, Json, read_json
from pgx.cohort.runs import OnProgress, Progress, run
from pgx.cohort.samplesheet import count_rows
from pgx.cohort.together import groups
from pgx.guard.limits import is_pipe
from pgx.inputs import knowledge, read
from pgx.io import how_written, write_bytes
from pgx.options import Names, Options, PathLike, Paths, names_of, paths_of
from pgx.pipeline import versions
from pgx.reports import file_names
from pgx.reports.formats import index
from pgx.reports.write import COMPLETE, PER_SAMPLE, PROVENANCE, is_page, mark_complete

MANY = 100
"""Persons from which pages are made in blocks."""
BLOCK = 600
"""Most persons a block: enough to share what they have in common, few enough to be gone on with soon."""
WORK = ".pages"
"""Folder beside the pages in which the run keeps what is done until all of it is."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A report of many: parameters as for `pgx.report`."""

    vcf: Paths
    sheet: PathLike | None
    clinical: Paths
    medications: Names | None
    outside_calls: Paths
    drugs: Names | None
    options: Options
    out: Path
    formats: Sequence[str]


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


def suits(asked: Asked) -> bool:
    """Return whether a report is of many persons, as pages alone, in a folder without pages or with such a run's.

    Where a file has the name of an index, the usual way looks whose it is.
    """
    files = [str(path) for path in (*paths_of(asked.vcf), *paths_of(asked.clinical), *paths_of(asked.outside_calls))]
    if not (paths_of(asked.vcf) or asked.sheet) or "-" in files or any(map(is_pipe, files)):
        return False  # they can be read only once, and counting persons is reading
    if not set(asked.formats) <= set(PER_SAMPLE) or not asked.formats:
        return False
    if how_written().seal:
        return False  # what is made in blocks is read again before it is whole
    names = {path.name for path in asked.out.iterdir()} if asked.out.is_dir() else set()
    if WORK not in names and (any(map(is_page, names)) or names & {*index.FILES, COMPLETE, FAILURES, PROVENANCE}):
        return False  # pages of another run, some of which may have to be renewed or to go
    return _count(asked) >= MANY


def _count(asked: Asked) -> int:
    wanted = names_of(asked.options.samples)
    if asked.sheet is not None:
        return count_rows(asked.sheet) if wanted is None else len(set(wanted))
    if wanted is None:
        kb = knowledge(asked.options.knowledge)
        wanted = list(variants.samples_of(paths_of(asked.vcf), kb, build=asked.options.build))
    return len(set(wanted))


def _even(persons: int) -> int:
    """Return how many persons make a block: at most `BLOCK`, in an even number of blocks, so that no core waits."""
    return max(1, -(-persons // (2 * -(-persons // (2 * BLOCK)))))


def make(
    asked: Asked, *, threads: int | None = None, block_size: int | None = None, on_progress: OnProgress | None = None
) -> Made:
    """Write the pages of everybody, an index, and at last the marker that the folder is whole.

    Parameters
    ----------
    asked
        Of whom, from what, and which pages.
    threads, on_progress
        As for `pgx.cohort.run`.
    block_size
        Persons a block; None = two blocks at least, whatever the machine, so that another one can go on.
    """
    out, options = asked.out, asked.options
    folder = Folder(out / WORK, mode=how_written().mode)
    done = run(
        asked.vcf,
        folder.root,
        sheet=asked.sheet,
        clinical=asked.clinical,
        outside_calls=asked.outside_calls,
        medications=asked.medications,
        drugs=asked.drugs,
        tables="notes",
        reports=asked.formats,
        block_size=block_size or _even(_count(asked)),
        threads=threads,
        options=options,
        on_progress=on_progress,
    )
    manifest = read_json(folder.manifest) or {}
    states = [read_json(folder.state(block["block"])) or {} for block in manifest["blocks"]]
    notes = pl.concat([_notes_of_the_run(states), *(pl.read_parquet(folder.part("notes", s["block"])) for s in states)])
    suspects = tuple(dict.fromkeys(_suspects(asked)))
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
    mark_complete(out, versions(), asked.formats, persons=len(persons), files=files)
    _remove(folder)
    return Made(notes, suspects, done)


def _remove(folder: Folder) -> None:
    """Remove what a run has kept; what says which run it is goes last, so that the same call can do the rest."""
    for path in folder.root.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path != folder.manifest:
            path.unlink()
    folder.manifest.unlink()
    folder.root.rmdir()


def _suspects(asked: Asked) -> Iterator[str]:
    """Yield what everybody's genotypes show together, which no block can see."""
    options, kb = asked.options, knowledge(asked.options.knowledge)
    for group in groups(asked.sheet, asked.vcf, asked.clinical, asked.outside_calls, options, kb):
        yield from variants.suspects(read(kb, group.vcf, group.clinical, None, group.options)[0], kb)


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
