"""The day that counts as now for each person, and what lies after it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl

from pgx.clinical.dates import run_day
from pgx.clinical.people import Notes, note
from pgx.clinical.statements import Events
from pgx.clinical.status_words import ENTRY_ENDS, ENTRY_OVER
from pgx.clinical.vocabulary import Vocabulary
from pgx.codes import NoteCode, Severity
from pgx.knowledge.acting import PLANNED
from pgx.knowledge.drug_entries import UNTIL
from pgx.notes import Note


def present_days(
    files: Sequence[Events],
    joined: Sequence[dict[str | None, str]],
    observations: pl.DataFrame,
    drugs: pl.DataFrame,
    as_of: date | None,
) -> pl.DataFrame:
    """Return ``sample as_of told``: the day, and whether someone said it.

    `as_of` if it is given, or else the ``as_of`` statement of the person's own data, or else the newest day of it. A
    planned start lies in the future, and does not count, nor does one after the day of the run; the last day of a
    condition or a drug may, and counts only where nothing but entries with a last day is dated, and that day is not
    yet to come.
    """
    samples = sorted({sample for names in joined for sample in names.values()})
    frame = pl.DataFrame({"sample": samples}, schema={"sample": pl.String})
    if as_of:
        return frame.with_columns(as_of=pl.lit(as_of), told=pl.lit(True))
    stated = observations.filter(pl.col("concept") == "as_of").select(
        sample="person", stated=pl.col("code").str.to_date(strict=False)
    )
    dates = [
        pl.DataFrame(
            [(names[p], d) for p, d in file.dates.items() if p in names],
            schema={"sample": pl.String, "day": pl.Date},
            orient="row",
        )
        for file, names in zip(files, joined, strict=True)
    ]
    ending = pl.col("code").is_in([ENTRY_OVER, ENTRY_ENDS]).fill_null(False) & pl.col("end_date").is_not_null()
    dates += [observations.filter(~ending).select(sample="person", day="date")]
    begun = ~pl.col("status").is_in([PLANNED, UNTIL]) & (pl.col("start") <= run_day())
    dates += [drugs.filter(begun).select("sample", day="start")]
    newest = pl.concat(dates).group_by("sample").agg(pl.col("day").max())
    ends = (
        observations.filter(ending)
        .group_by(sample="person")
        .agg(start=pl.col("date").max(), end=pl.col("end_date").max())
    )
    newest = newest.join(ends, on="sample", how="full", coalesce=True).select(
        "sample",
        day=pl.when(pl.col("day").is_null())
        .then(pl.when(pl.col("end") <= run_day()).then("end"))
        .otherwise(pl.max_horizontal("day", "start")),
    )
    return (
        frame.join(newest, on="sample", how="left", maintain_order="left")
        .join(stated.group_by("sample").agg(pl.col("stated").max()), on="sample", how="left", maintain_order="left")
        .select("sample", as_of=pl.coalesce("stated", "day"), told=pl.col("stated").is_not_null())
    )


def later(observations: pl.DataFrame, drugs: pl.DataFrame, now: pl.DataFrame, vocabulary: Vocabulary) -> Notes:
    """Return a note for each person of whom something is dated after a "now" that someone chose.

    Parameters
    ----------
    observations, drugs
        Frames with ``sample``, ``concept`` and ``date``, and with ``sample``, ``status`` and ``start``.
    now
        As of `present_days`.
    vocabulary
        Tells what does not change with time: that is used whatever its date is.
    """
    constant = [name for name, concept in vocabulary.concepts.items() if concept.summary == "constant"]
    chosen = now.filter("told")
    dated = pl.concat(
        [
            observations.filter(~pl.col("concept").is_in(constant)).select("sample", "date"),
            drugs.filter(~pl.col("status").is_in([PLANNED, UNTIL])).select("sample", date="start"),
        ]
    )
    born = observations.filter(pl.col("concept") == "birth_date").select(
        "sample", born=pl.col("code").str.to_date(strict=False)
    )
    unborn = born.join(now, on="sample").filter(pl.col("born") > pl.col("as_of")).unique(maintain_order=True)
    after = dated.join(chosen, on="sample").filter(pl.col("date") > pl.col("as_of"))
    counts = after.group_by("sample", "as_of", maintain_order=True).len().sort("sample")
    notes: Notes = [
        Note(
            sample=sample,
            stage="clinical",
            severity=Severity.WARNING,
            code=NoteCode.CONTRADICTION,
            message=f"born {day}, after the day that counts as now ({as_of}): there is no age",
            subject="birth_date",
            where="birth_date",
        )
        for sample, day, as_of, _ in unborn.select("sample", "born", "as_of", "told").iter_rows()
    ]
    return notes + [
        Note(
            sample=sample,
            stage="clinical",
            severity=Severity.INFO,
            code=NoteCode.AFTER_AS_OF,
            message=f"{count} statements are dated after {as_of}, the day that counts as now, and not used",
        )
        for sample, as_of, count in counts.iter_rows()
    ]


def assumed(drugs: pl.DataFrame, now: pl.DataFrame) -> Notes:
    """Say by which day a person's drugs are taken, where the record does not tell which day it is of.

    Of whom nothing is dated, the day of the run makes a drug taken or not; by the newest day of a record a drug may be
    taken whose last day is over as well.

    Parameters
    ----------
    drugs
        ``sample drug status end``, with statuses as the records have them.
    now
        As of `present_days`.
    """
    undated = drugs.join(now.filter(pl.col("as_of").is_not_null()), on="sample", how="anti")
    ending = undated.filter(pl.col("status").is_in(["current", UNTIL]) & pl.col("end").is_not_null())
    whose = ending.group_by("sample", maintain_order=True).agg(pl.col("drug").unique(maintain_order=True))
    ended = (
        drugs.join(now.filter(~pl.col("told"), pl.col("as_of").is_not_null()), on="sample")
        .filter(pl.col("status") == "current", pl.col("end") > pl.col("as_of"), pl.col("end") <= run_day())
        .group_by("sample", "as_of", maintain_order=True)
        .agg(pl.col("drug").unique(maintain_order=True))
    )
    return [
        by_run_day(sample, "medications", f"whether {', '.join(names)} is still taken")
        for sample, names in whose.iter_rows()
    ] + [_ended_since(sample, day, names) for sample, day, names in ended.iter_rows()]


def _ended_since(sample: str, day: date, names: Sequence[str]) -> Note:
    message = (
        f"{', '.join(names)} counts as taken on {day}, the newest day of the record; its last day is over since then; "
        "give the day that counts as now with --as-of"
    )
    return note(sample, Severity.WARNING, NoteCode.DAY_ASSUMED, message, "medications", "medications")


def by_run_day(sample: str, subject: str, what: str) -> Note:
    """Return the note that the day of the run told something of a person of whom nothing is dated."""
    message = (
        f"nothing says which day the record is of: {what} is told by the day of this run, {run_day()}; "
        "give the day with --as-of"
    )
    return note(sample, Severity.WARNING, NoteCode.DAY_ASSUMED, message, subject, subject)


def statuses(drugs: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Bring the status of each drug to the person's "now".

    A current drug whose end has passed is stopped, one that has not begun is planned. Where nothing is dated, an end is
    held against the day of the run, which `assumed` says. Where the day was chosen, what was stopped after it was still
    taken on it, and what was begun and stopped after it is left out.
    """
    frame = drugs.join(now, on="sample", how="left", maintain_order="left")
    status, start, end, as_of = (pl.col(name) for name in ("status", "start", "end", "as_of"))
    told = pl.col("told").fill_null(False)
    future = told & (status == "stopped") & (start > as_of)
    still = told & (status == "stopped") & (end > as_of) & (start <= as_of)
    return (
        frame.filter(~future.fill_null(False))
        .with_columns(
            status=pl.when(status.is_in(["current", UNTIL]) & (end < as_of.fill_null(run_day())))
            .then(pl.lit("stopped"))
            .when(status.is_in(["current", UNTIL]) & (start > as_of.fill_null(run_day())))
            .then(pl.lit(PLANNED))
            .when(still | (status == UNTIL))
            .then(pl.lit("current"))
            .otherwise("status")
        )
        .drop("as_of", "told")
    )
