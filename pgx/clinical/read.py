"""Clinical files of any supported format to `ClinicalData`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Literal

import polars as pl

from pgx import schema
from pgx.clinical import derive, doubt, identity, left_out, people
from pgx.clinical.allergies import allergens
from pgx.clinical.current import outdated_classes, settle_over
from pgx.clinical.dates import date_pattern
from pgx.clinical.drugs import drug_names
from pgx.clinical.medication_basis import RECORD
from pgx.clinical.now import assumed, later, present_days, statuses
from pgx.clinical.person_map import PersonMap, person_map
from pgx.clinical.readers import flat, objects, sniff
from pgx.clinical.readers.omop_databases import postgres_url, read_postgres
from pgx.clinical.records import recall
from pgx.clinical.statements import PROBLEM, Events, Reader
from pgx.clinical.values import interpret
from pgx.clinical.vocabulary import vocabulary
from pgx.codes import NoteCode, Severity
from pgx.errors import InputError, UsageError, shown_place
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.dose_forms import dose_forms
from pgx.knowledge.recent import Recent
from pgx.notes import frame_of
from pgx.types import ClinicalData

_READERS: dict[str, Reader] = {"csv": flat.read_delimited, "parquet": flat.read_parquet, "json": objects.read_json}


def read(
    paths: Sequence[str | Path],
    kb: KnowledgeBase,
    *,
    samples: Sequence[str] | None = None,
    as_of: date | None = None,
    persons: Mapping[str, str] | Sequence[str | Path] = (),
    everyone: Sequence[str] | None = None,
    strict: bool = False,
    accept: Collection[str] = (),
    series: Collection[str] = (),
    date_format: str | None = None,
    recent: Recent | None = None,
) -> ClinicalData:
    """Read what is known of the persons.

    Parameters
    ----------
    paths
        Files or folders, any mix of formats, found out from the content; or ``postgresql://`` addresses of OMOP data.
    kb
        Knowledge base.
    samples
        Sample names of the genotypes; None keeps every person of the files.
    as_of
        The day that counts as now; None = what the data say (a column ``as_of``), or else the newest date of each
        person's data; never today's.
    persons
        Whose record is whose sample, where the names differ (`pgx.clinical.person_map.person_map`).
    everyone
        All samples of the genotypes, if `samples` are some of them: a record of another one is never taken for theirs.
    strict
        Refuse the input where anything of it would be left out.
    accept
        Concepts whose unlikely values somebody has checked: they are used.
    series
        Concepts that are read as a series: a newest value that is left out does not hide those before it.
    date_format
        How the files write dates, such as ``DD.MM.YYYY``; ISO 8601 is read as well.
    recent
        Keeps the records of many persons for the next block of them.

    Returns
    -------
    ClinicalData
        Observations in the concepts' own units, drugs, and notes on everything that was not used.

    Raises
    ------
    InputError
        If a file cannot be used, nobody in a file is one of the samples, or records that nothing but being the only
        ones joins contradict each other; if `strict`, also if anything is left out. A value that is not understood,
        or that no person can have, otherwise costs that value alone: it is noted, and its concept is unknown.
    """
    told = person_map(persons)
    if unknown := sorted(set(accept) - set(vocabulary(kb).concepts)):
        raise UsageError(f"--accept: {unknown[0]!r} is not a concept; `pgx check --columns` lists them")
    if not paths:
        told.check((), samples if everyone is None else everyone)
        return ClinicalData(schema.empty(schema.CLINICAL), schema.empty(schema.MEDICATIONS), schema.empty(schema.NOTES))
    records = [
        recall(
            path,
            (as_of, date_format),
            lambda path=path: read_events(path, kb, as_of=as_of, date_format=date_format),  # type: ignore[misc]
            recent,
        )
        for path in paths
    ]
    files, frames = [one.events for one in records], [one.statements for one in records]
    joined, notes = _join(files, paths, samples, told, everyone)
    try:
        notes += identity.compare(files, frames, joined, vocabulary(kb))
    except InputError as error:
        raise _at_path(error, files, paths) from None
    raw = _named(frames, joined)
    drugs = _named([one.medications for one in records], joined)
    problems = _named([_of_its_person(file.problem_frame(), file) for file in files], joined, keep_whole=True)
    del frames, records
    observations, bad = interpret(raw.rename({"sample": "person"}), vocabulary(kb))
    del raw
    observations, doubtful = doubt.split(observations, kb, vocabulary(kb), accept)
    now = present_days(files, joined, observations, drugs, as_of)
    observations, apart = doubt.ages_apart(observations, now, accept)
    observations, outlived = settle_over(observations.drop("bare"), now, vocabulary(kb))
    notes += outlived
    observations, differing = doubt.grades_apart(observations, vocabulary(kb).grades.severities)
    said = (bad, doubtful, apart, differing)
    problems = pl.concat([problems, *(one.rename({"person": "sample"}) for one in said)])
    if strict:
        names = {file.file: shown_place(str(path)) for file, path in zip(files, paths, strict=True)}
        left_out.refuse(problems.with_columns(pl.col("file").replace(names)), kb)
    named = observations.rename({"person": "sample"})
    not_read = left_out.open_conditions(problems, named, vocabulary(kb))
    kept_out = left_out.newest(pl.concat([problems, not_read]), named, vocabulary(kb))
    # A bound is itself the newest of its concept.
    hidden = kept_out.filter(~pl.col("concept").is_in(list(series)), pl.col("code") != NoteCode.BOUND)
    named = named.join(hidden, on=["sample", "concept"], how="anti", maintain_order="left")
    people_listed = [
        names[p] for file, names in zip(files, joined, strict=True) for p in sorted(file.listed, key=str) if p in names
    ]
    listed = pl.DataFrame({"sample": people_listed}, schema={"sample": pl.String}).unique(maintain_order=True)
    here = [file for file, names in zip(files, joined, strict=True) if names]
    notes += [note for file in here for note in (*_nothing_in(file), *_not_understood(file))]
    data = _finish(named, drugs, problems, notes, listed, now, kb)
    kept_out = left_out.with_derived(kept_out, data.observations)
    return replace(data, kept_out=kept_out, holders=tuple(frozenset(names.values()) for names in joined))


def _nothing_in(file: Events) -> people.Notes:
    """Warn of a file that gave nothing at all: it may be another one than was meant."""
    if file.understood or file.problems or file.listed:
        return []
    message = f"nothing in {file.file} is understood; `pgx check` shows what it holds"
    return [people.note(None, Severity.WARNING, NoteCode.NOTHING_UNDERSTOOD, message, where=file.file)]


def _not_understood(file: Events) -> people.Notes:
    """Say what was not used, once per distinct code."""
    notes: people.Notes = []
    for (kind, name, why), (count, where) in file.unknown.items():
        if kind == "drug":  # said already, with suggestions
            continue
        times = f" ({count} times)" if count != 1 else ""
        message = f"{kind} {name} is not used{': ' + why if why else ''}{times}"
        place = f"{file.file}: {where}" if where else file.file
        notes.append(people.note(None, Severity.INFO, NoteCode.NOT_UNDERSTOOD, message, name, place))
    return notes


def read_events(
    path: str | Path, kb: KnowledgeBase, *, as_of: date | None = None, date_format: str | None = None
) -> Events:
    """Read the statements of one file or database, as they were on a day if somebody chose one."""
    try:
        date_pattern(date_format or "YYYY-MM-DD")
    except ValueError as error:
        raise UsageError(f"--date-format: {error}") from None
    url = postgres_url(path)
    events = new_events(shown_place(url) if url else Path(path).name, kb, as_of=as_of, date_format=date_format)
    if url:
        read_postgres(events, url)
    else:
        _read_file(events, Path(path))
    left_out.remark_genes(events)
    if not events.people:
        raise InputError("no person in it", file=events.file if url else path)
    return events


def new_events(file: str, kb: KnowledgeBase, *, as_of: date | None, date_format: str | None) -> Events:
    """Return the statements of a file of this name, none yet."""
    look_ups = (vocabulary(kb), drug_names(kb), allergens(kb), dose_forms(kb))
    return Events(file, *look_ups, as_of=as_of, date_format=date_format)


def _read_file(events: Events, path: Path) -> None:
    kind = sniff.sniff(path)
    try:
        if kind in _READERS:
            _READERS[kind](events, sniff.read_all(path))
        else:
            from pgx.clinical.readers import formats

            formats.read(kind, events, path)
    except InputError as error:
        if error.file == path.name:  # messages name the path that the user gave
            raise InputError(error.problem, file=path, where=error.where, fix=error.fix) from None
        raise


def _of_its_person(problems: pl.DataFrame, file: Events) -> pl.DataFrame:
    """Give what is wrong with a file of one person to this person; of several, nobody knows whose it is."""
    only = next(iter(file.people)) if len(file.people) == people.persons_of(file) == 1 else None
    return problems if only is None else problems.with_columns(pl.col("person").fill_null(only))


def _named(
    frames: Sequence[pl.DataFrame], joined: Sequence[dict[str | None, str]], *, keep_whole: bool = False
) -> pl.DataFrame:
    named = []
    for frame, names in zip(frames, joined, strict=True):
        table = pl.DataFrame(list(names.items()), schema={"person": pl.String, "sample": pl.String}, orient="row")
        how: Literal["left", "inner"] = "left" if keep_whole else "inner"
        one = frame.join(table, on="person", how=how, nulls_equal=True, maintain_order="left")
        keep = pl.col("sample").is_not_null() | pl.col("person").is_null()
        named.append(one.filter(keep).drop("person").select("sample", pl.exclude("sample")))
    return pl.concat(named)


def _join(
    files: Sequence[Events],
    paths: Sequence[str | Path],
    samples: Sequence[str] | None,
    told: PersonMap,
    everyone: Sequence[str] | None,
) -> tuple[list[dict[str | None, str]], people.Notes]:
    try:
        return people.join(files, samples, told, everyone)
    except InputError as error:
        raise _at_path(error, files, paths) from None


def _at_path(error: InputError, files: Sequence[Events], paths: Sequence[str | Path]) -> InputError:
    """Return the error naming the path that the user gave."""
    path = next((str(p) for f, p in zip(files, paths, strict=True) if f.file == error.file), error.file)
    return InputError(error.problem, file=shown_place(str(path)), fix=error.fix)


def _finish(
    observations: pl.DataFrame,
    drugs: pl.DataFrame,
    problems: pl.DataFrame,
    notes: people.Notes,
    listed: pl.DataFrame,
    now: pl.DataFrame,
    kb: KnowledgeBase,
) -> ClinicalData:
    words = vocabulary(kb)
    source = pl.concat_str("file", "where", separator=": ", ignore_nulls=True)
    given = (
        observations.with_columns(source=source, origin=pl.lit("given"))
        .drop("file", "where")
        .with_columns(
            pl.lit(None, dtype=pl.String).alias("unit") if "unit" not in observations.columns else pl.col("unit")
        )
    )
    medications = _medications(drugs.with_columns(source=source).drop("file", "where"), given, now, kb)
    notes += [
        *_taken_and_stopped(medications),
        *later(given, drugs, now, words),
        *outdated_classes(given, now, words),
        *assumed(drugs, now),
        *identity.contradictions(observations),
    ]
    given = given.filter(pl.col("concept") != "as_of")
    given = pl.concat([_order(given), _lists(listed, given), _as_of(now)])
    given = pl.concat([given, derive.implied(given, words)])
    now = now.drop("told")
    derived, contradictions = derive.derive(given, now, words)
    contradictions += derive.conflicts(pl.concat([given, derived]), now, words, kb.table("concept_conflicts"))
    frame = pl.concat([given, derived]).sort("sample", "concept", "date", nulls_last=True, maintain_order=True)
    return ClinicalData(
        observations=schema.conform(frame, schema.CLINICAL),
        medications=schema.conform(medications, schema.MEDICATIONS),
        notes=_notes(problems, [*notes, *contradictions]),
    )


def _taken_and_stopped(medications: pl.DataFrame) -> people.Notes:
    """Warn of drugs that are both taken and stopped, nobody knows when, and of those that end before they begin."""
    undated = pl.col("end").is_null() & pl.col("start").is_null()
    stopped = medications.filter((pl.col("status") == "stopped") & undated)
    both = medications.filter(pl.col("status") == "current").join(stopped, on=["sample", "drug"], how="semi")
    backwards = medications.filter(pl.col("end") < pl.col("start"))
    messages = [
        (sample, f"{drug} is said to be taken now and to be stopped, without dates; it counts as taken")
        for sample, drug in both.select("sample", "drug").unique(maintain_order=True).iter_rows()
    ]
    messages += [
        (sample, f"{drug} ends on {end}, before it begins ({start}); it counts as stopped on {end}")
        for sample, drug, start, end in backwards.select("sample", "drug", "start", "end")
        .unique()
        .sort(pl.all())
        .iter_rows()
    ]
    return [
        people.note(sample, Severity.WARNING, NoteCode.CONTRADICTION, message, "medications", "medications")
        for sample, message in messages
    ]


_CLINICAL = [column.name for column in schema.CLINICAL]


def _order(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(_CLINICAL)


def _lists(listed: pl.DataFrame, given: pl.DataFrame) -> pl.DataFrame:
    """A record that names at least one current drug, known here or not, is taken as the person's medication list."""
    stated = given.filter(pl.col("concept") == "medication_list").select("sample")
    new = listed.join(stated, on="sample", how="anti")
    return _coded(new, "medication_list", pl.lit(RECORD), "from the drugs in the record", "given")


def _as_of(now: pl.DataFrame) -> pl.DataFrame:
    return _coded(
        now.filter(pl.col("as_of").is_not_null()),
        "as_of",
        pl.col("as_of").cast(pl.String),
        pl.when("told").then(pl.lit("as said")).otherwise(pl.lit("newest date")),
        pl.when("told").then(pl.lit("given")).otherwise(pl.lit("derived:newest date")),
    )


def _coded(
    frame: pl.DataFrame, concept: str, code: pl.Expr, source: str | pl.Expr, origin: str | pl.Expr
) -> pl.DataFrame:
    none = {c.name: c.dtype for c in schema.CLINICAL}
    return frame.select(
        pl.col("sample"),
        concept=pl.lit(concept),
        code=code,
        source=pl.lit(source) if isinstance(source, str) else source,
        origin=pl.lit(origin) if isinstance(origin, str) else origin,
        **{name: pl.lit(None, dtype=none[name]) for name in ("value", "unit", "reaction", "date", "end_date")},
    ).select(_CLINICAL)


def _medications(drugs: pl.DataFrame, given: pl.DataFrame, now: pl.DataFrame, kb: KnowledgeBase) -> pl.DataFrame:
    rules = kb.table("concept_drugs").select("concept", "answer", "drug")
    meant = given.join(
        rules, left_on=["concept", "code"], right_on=["concept", "answer"], how="inner", maintain_order="left"
    ).select(
        "sample",
        "drug",
        status=pl.lit("current"),
        start=pl.lit(None, dtype=pl.Date),
        end="end_date",
        dose_mg_per_day=pl.lit(None, dtype=pl.Float64),
        as_written="concept",
        source="source",
    )
    columns = [column.name for column in schema.MEDICATIONS]
    frame = pl.concat([drugs.select(columns), meant.select(columns)])
    return (
        statuses(frame, now)
        .unique(maintain_order=True)
        .sort("sample", "drug", "status", maintain_order=True)
        .select(columns)
    )


def _notes(problems: pl.DataFrame, more: people.Notes) -> pl.DataFrame:
    place = pl.concat_str("file", "where", separator=": ", ignore_nulls=True)
    named = problems.with_columns(stage=pl.lit("clinical"), subject="concept", where=place)
    return pl.concat([named.select(c.name for c in schema.NOTES), frame_of(more)])


def groups(clinical: ClinicalData) -> dict[str, str]:
    """Return the biogeographic group of each sample for which one is given; race is never read as ancestry."""
    return _answers(clinical, "ancestry")


def sexes(clinical: ClinicalData) -> dict[str, str]:
    """Return ``male`` or ``female`` for each sample for which it is given, and not both."""
    return _answers(clinical, "sex")


def _answers(clinical: ClinicalData, concept: str) -> dict[str, str]:
    rows = clinical.observations.filter((pl.col("concept") == concept) & pl.col("code").is_not_null())
    one = (
        rows.group_by("sample", maintain_order=True).agg(pl.col("code").unique()).filter(pl.col("code").list.len() == 1)
    )
    return {sample: codes[0] for sample, codes in one.iter_rows()}


__all__ = ["PROBLEM", "groups", "read", "sexes"]
