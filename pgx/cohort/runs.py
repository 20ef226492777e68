"""`pgx cohort run`: a cohort, block by block, from where an earlier run of the same command stopped."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from pgx import variants
from pgx.clinical import record_blocks
from pgx.clinical.dates import on_day, run_day
from pgx.codes import NoteCode
from pgx.cohort import finish, manifest
from pgx.cohort.crew import Crew
from pgx.cohort.dask_crew import DaskCrew
from pgx.cohort.fingerprints import fingerprints
from pgx.cohort.folder import Folder, Json, make_private, read_json, write_json
from pgx.cohort.plan import BLOCK, USUAL, Plan
from pgx.cohort.pseudonymous import hidden
from pgx.cohort.requests import check, formats_of, tables_of
from pgx.cohort.samplesheet import asked_persons, read_sheet
from pgx.errors import InputError, UsageError
from pgx.guard.private_files import open_private
from pgx.inputs import check_stated, inputs_of, knowledge
from pgx.io import check_outputs, how_written, refuse_seal, write_bytes
from pgx.options import Names, Options, PathLike, Paths, names_of, paths_of
from pgx.pipeline import versions
from pgx.variants.spool import spool

_TRIES = 2
"""How often a block is begun whose process ends in the middle."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    Parameters
    ----------
    done, total
        Persons of this run (of its shard).
    lost
        Persons and laboratories' results that could not be used, so far.
    resumed
        Persons that an earlier run has done.
    left_out
        Clinical values that could not be used, so far.
    warnings
        Warnings on persons, so far; the table ``notes`` holds them.
    """

    done: int
    total: int
    lost: int = 0
    resumed: int = 0
    left_out: int = 0
    warnings: int = 0


Workers = int | str
"""Number of processes of this machine, or the address of a Dask scheduler."""
OnProgress = Callable[[Progress], None]


def run(
    vcf: Paths = (),
    out: PathLike = "cohort",
    *,
    sheet: PathLike | None = None,
    clinical: Paths = (),
    outside_calls: Paths = (),
    medications: Names | None = None,
    drugs: Names | None = None,
    endpoints: Names | None = None,
    tables: Names = USUAL,
    reports: Names = (),
    block_size: int = BLOCK,
    threads: int | None = None,
    scheduler: str | None = None,
    shard: tuple[int, int] = (1, 1),
    verify: bool = False,
    pseudonymize: PathLike | None = None,
    options: Options | None = None,
    on_progress: OnProgress | None = None,
) -> Progress:
    """Work through a cohort in blocks, several at a time; what an earlier run of the same call has done is kept.

    Parameters
    ----------
    vcf, clinical, outside_calls, medications, drugs, endpoints, options
        As for `pgx.report`.
    out
        Folder of the cohort: a folder a table with one Parquet file a block, ``failures.tsv``, ``manifest.json``.
    sheet
        Samplesheet (`pgx.cohort.samplesheet.COLUMNS`): a row a person, with files and facts of their own.
    tables
        Which tables to write, of ``calls phenotypes features guidance judgements scores exposure_ratios notes
        next_tests genotypes``; all but ``next_tests`` if nothing is said.
    reports
        Documents a person, of `pgx.reports.FORMATS`, in the folder ``reports``, with an index.
    block_size
        Persons a block; blocks are cut in the order of the samples.
    threads
        Processes; None = one a core.
    scheduler
        Address of a Dask scheduler whose workers do the blocks (extra ``dask``), instead of processes of this machine.
    shard
        (I, N): of N shards do the I-th, counted from 1; every N-th block is its own.
    verify
        Read and compare the checksums of inputs and of parts that are there already.
    pseudonymize
        Key file (`pgx.protect.pseudonyms.write_key`): no file of the folder names a person once the run has
        ended (genotypes that wait for their block are kept as they are); only documents that programs read.
    on_progress
        Called at the start and after each block.

    Returns
    -------
    Progress
        How it ended; `lost` is above 0 if anybody's result was.

    Raises
    ------
    InputError
        If an input cannot be used, the folder holds another run, or the disk is full.
    UsageError
        If an option makes no sense, or the folder is an input.

    Examples
    --------
    >>> import pgx, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     done = pgx.cohort.run("data/examples/HG00652.GRCh38.vcf.gz", folder, tables="calls", threads=1)
    >>> done.done, done.lost
    (1, 0)
    """
    options = options or Options()
    plan = Plan(
        vcf=_texts(vcf),
        samples=(),
        clinical=_texts(clinical),
        outside_calls=_texts(outside_calls),
        drugs=_tuple(drugs),
        endpoints=_tuple(endpoints),
        medications=_tuple(medications),
        tables=tables_of(tables),
        reports=formats_of(reports),
        sheet=None if sheet is None else str(sheet),
        block_size=block_size,
        options=options,
        key=None if pseudonymize is None else str(pseudonymize),
    )
    check(plan, shard, threads, scheduler)
    refuse_seal("a cohort")
    folder = Folder(Path(out), f"{shard[0]}-of-{shard[1]}", how_written().mode)
    kb = knowledge(options.knowledge)
    if sheet is not None:
        persons = read_sheet(sheet, kb, vcf_is_given=bool(plan.vcf), build=options.build)
        check_stated(options, kb, [person.sample for person in persons])
        plan = replace(plan, persons=asked_persons(persons, options))
    elif not plan.vcf:
        raise UsageError("no genotypes are given: name files, or a samplesheet with --sheet")
    files = _files(plan)
    check_outputs([folder.manifest, *(folder.part(name, 0) for name in plan.tables)], files)
    plan, described = _planned(plan, folder, files, verify)
    with _alone(folder), on_day(plan.day):
        return _work(plan, described, folder, scheduler or threads or os.cpu_count() or 1, shard, verify, on_progress)


def _files(plan: Plan) -> list[Path]:
    """Return every file that the run reads, once."""
    listed: dict[str, None] = dict.fromkeys(plan.vcf)
    clinical, outside = dict.fromkeys(plan.clinical), dict.fromkeys(plan.outside_calls)
    for person in plan.persons:
        listed |= dict.fromkeys(person.vcf)
        clinical |= dict.fromkeys(person.clinical)
        outside |= dict.fromkeys(person.outside_calls)
    sheet = [] if plan.sheet is None else [Path(plan.sheet)]
    return [*sheet, *inputs_of(list(listed), list(clinical), list(outside), plan.options)]


def _planned(plan: Plan, folder: Folder, files: Sequence[Path], verify: bool) -> tuple[Plan, Json]:
    """Say what is to be done, and refuse a folder in which something else was begun."""
    cover = hidden(plan.key)
    known = read_json(folder.work / "inputs.json") or {}
    prints = fingerprints(files, cover.known_prints(known) if cover else known, verify=verify)
    prints = cover.prints(prints) if cover else prints
    kb = knowledge(plan.options.knowledge)
    told = {**versions(), "knowledge": kb.version, "knowledge_sha256": kb.checksum}
    wanted = manifest.asked(plan, told, prints)
    old = read_json(folder.manifest)
    if old is not None:
        manifest.check_same(manifest.read(folder), wanted, folder.root)
    begun = (old or {}).get("day")
    plan = replace(plan, day=date.fromisoformat(begun) if begun else run_day())
    listed = folder.work / "persons.txt"
    if old is not None and listed.is_file():
        names = listed.read_text(encoding="utf-8").split("\n")
        plan = replace(plan, samples=tuple(cover.known(names) if cover else names))
        described = manifest.of_plan(plan, wanted)
        if described["plan"] == old["plan"]:
            return plan, described
    plan = replace(plan, samples=tuple(_everyone(plan)))
    described = manifest.of_plan(plan, wanted)
    if old is not None:
        manifest.check_same(old, described, folder.root)
    elif folder.root.is_dir() and any(folder.part(name, 0).parent.exists() for name in plan.tables):
        raise InputError("the folder holds tables of something else", file=folder.root, fix="name another folder")
    write_json(folder.work / "inputs.json", prints)
    write_bytes(listed, "\n".join(cover.samples(plan.samples) if cover else plan.samples).encode())
    if old is None:
        write_json(folder.manifest, described)
    return plan, described


def _work(
    plan: Plan, described: Json, folder: Folder, workers: Workers, shard: tuple[int, int], verify: bool,
    on_progress: OnProgress | None,
) -> Progress:  # fmt: skip
    digest = described["plan"]
    own = range(shard[0] - 1, plan.blocks, shard[1])
    states = {number: state for number in own if (state := folder.read_state(number, digest, verify=verify))}
    before, total = sum(state["persons"] for state in states.values()), sum(len(plan.block(number)) for number in own)
    progress = Progress(before, total, resumed=before, **_counted(states.values()))
    tell = on_progress or (lambda _: None)
    tell(progress)
    left = [number for number in own if number not in states]
    died: list[Json] = []
    if left:
        shutil.rmtree(folder.unfinished, ignore_errors=True)
        spool_folder = _spooled(plan, folder, shard)
        for number, state in _done(plan, described, folder, workers, left, spool_folder):
            if "died" in state:
                died.append(_lost_block(plan, number, state["died"]))
                progress = replace(progress, lost=progress.lost + len(plan.block(number)))
            else:
                states[number] = state
                more = {name: getattr(progress, name) + count for name, count in _counted([state]).items()}
                progress = replace(progress, done=progress.done + state["persons"], **more)
            tell(progress)
        if not died or plan.key:  # what waits for another try is under the persons' names
            for place in (folder.genotypes, folder.records, folder.unfinished):
                shutil.rmtree(place, ignore_errors=True)
    others = {
        number: state
        for number in range(plan.blocks)
        if number not in own and (state := folder.read_state(number, digest))
    }
    everything = {**states, **others}
    complete = len(everything) == plan.blocks or bool(died)
    if complete and (left or (read_json(folder.manifest) or {}).get("blocks") is None):
        finish.finish(folder, described, [everything[n] for n in sorted(everything)], died)
    return progress


def _spooled(plan: Plan, folder: Folder, shard: tuple[int, int]) -> Path | None:
    """Cut what all share into the blocks of this shard; None = persons have files of their own, which are read."""
    vcf = plan.shared_vcf
    if vcf is None:
        return None
    place = folder.genotypes
    make_private(place, folder.records)
    own = set(range(shard[0] - 1, plan.blocks, shard[1]))
    groups = [plan.block(number) if number in own else () for number in range(plan.blocks)]
    options, kb = plan.options, knowledge(plan.options.knowledge)
    if not spool(vcf, kb, groups, place, build=options.build, with_reference=options.fasta is not None):
        return None
    if plan.clinical and not options.persons:
        everyone = variants.samples_of(vcf, kb, build=options.build)
        record_blocks.cut(plan.clinical, kb, groups, everyone, folder.records, plan.reading)
    return place


def _done(
    plan: Plan, described: Json, folder: Folder, workers: Workers, left: list[int], spool: Path | None
) -> Iterator[tuple[int, Json]]:
    """Yield the state of each block when it is done; a block whose process ended twice says how (``died``)."""
    tries = dict.fromkeys(left, 0)
    while left:
        again: list[int] = []
        first = (plan, described["plan"], folder, spool)
        crew = Crew(min(workers, len(left)), first) if isinstance(workers, int) else DaskCrew(workers, first)
        for kind, number, told in crew.work(left):
            if kind == "stop":
                raise InputError(f"the run cannot go on: {told}", file=folder.root,
                                 fix="once that is mended, the same command goes on from here")  # fmt: skip
            if kind == "done":
                yield number, told
                continue
            tries[number] += 1
            if tries[number] < _TRIES:
                again.append(number)
            else:
                yield number, {"died": told}
        left = again
        if isinstance(workers, int):
            workers = 1  # once more alone: two blocks may be too much for the memory


def _lost_block(plan: Plan, number: int, told: str) -> Json:
    people = plan.block(number)
    whose = people[0] if len(people) == 1 else f"{people[0]} to {people[-1]}"
    message = f"block {number} ({len(people)} persons, {whose}) was not done: {told}"
    row = {
        "sample": None,
        "stage": "cohort",
        "code": NoteCode.BLOCK_FAILED.value,
        "where": f"block {number}",
        "message": message,
    }
    cover = hidden(plan.key)
    return {**cover.failure(row, knowledge(plan.options.knowledge)), "where": row["where"]} if cover else row


def _everyone(plan: Plan) -> dict[str, None]:
    """Return the samples of the inputs in their order, or those asked for; a sheet names them itself."""
    if plan.persons:
        return dict.fromkeys(person.sample for person in plan.persons)
    kb = knowledge(plan.options.knowledge)
    names = dict.fromkeys(variants.samples_of(plan.vcf, kb, build=plan.options.build))
    check_stated(plan.options, kb, [*names])
    wanted = names_of(plan.options.samples)
    if wanted is None:
        return names
    missing = [name for name in wanted if name not in names]
    if missing:
        raise UsageError(f"no sample is called {missing[0]!r}; the inputs have {len(names)} samples")
    return dict.fromkeys(wanted)


@contextmanager
def _alone(folder: Folder) -> Iterator[None]:
    """Let one run at a time do a shard of a folder."""
    folder.work.mkdir(parents=True, exist_ok=True)
    with open_private(folder.work / f"lock-{folder.run}") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError("another run is working in this folder", file=folder.root,
                             fix="wait for it, or end it") from None  # fmt: skip
        except OSError:
            pass  # a file system without locks; the files are the same whoever writes them
        yield


def _counted(states: Collection[Json]) -> dict[str, int]:
    return {name: sum(state.get(name, 0) for state in states) for name in ("lost", "left_out", "warnings")}


def _texts(paths: Paths) -> tuple[str, ...]:
    return tuple(map(str, paths_of(paths)))


def _tuple(names: Names | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(names_of(names) or ())
