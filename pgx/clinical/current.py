"""Which of a person's values counts as present: the policy of ``concepts.tsv``, in one place."""

from __future__ import annotations

import polars as pl

from pgx.cells import distinct, sums
from pgx.clinical.dates import run_day
from pgx.clinical.now import by_run_day
from pgx.clinical.people import Notes, note
from pgx.clinical.status_words import ENTRY_ENDS, ENTRY_OVER
from pgx.clinical.vocabulary import Vocabulary
from pgx.codes import NoteCode, Severity


def policy(vocabulary: Vocabulary) -> pl.DataFrame:
    """Return the policy columns of the concepts: ``concept kind summary window_days trend_days``."""
    return pl.DataFrame(
        [(c.name, c.kind, c.summary, c.window_days, c.trend_days) for c in vocabulary.concepts.values()],
        schema={
            "concept": pl.String,
            "kind": pl.String,
            "summary": pl.String,
            "window_days": pl.Int64,
            "trend_days": pl.Int64,
        },
        orient="row",
    )


def settle_over(observations: pl.DataFrame, now: pl.DataFrame, vocabulary: Vocabulary) -> tuple[pl.DataFrame, Notes]:
    """Decide what the entries of conditions that are over say, once all that is told of a person is together.

    What ends after the person's "now" is there; so is, on a day that somebody chose, what was over only later. One of
    several entries may be over while the condition is there: such an entry is left out, whatever its date is and
    whichever file it is in. So is one that denies or refutes what happened by another entry: no later word, and none on
    another condition of the same kind, undoes a stroke.

    Parameters
    ----------
    observations
        ``person concept code date end_date file where`` and any other columns, of all files.
    now
        As of `pgx.clinical.now.present_days`.
    vocabulary
        The look-ups.
    """
    conditions = {name: concept for name, concept in vocabulary.concepts.items() if concept.kind == "boolean"}
    settled = pl.col("concept").is_in(list(conditions)) & pl.col("code").is_in([ENTRY_OVER, ENTRY_ENDS])
    events = [name for name, concept in conditions.items() if concept.happened]
    denied = pl.col("concept").is_in(events) & (pl.col("code") == "no")
    if observations.filter(settled | denied).is_empty():
        return observations, []
    days = now.select("as_of", "told", person="sample")
    frame = observations.join(days, on="person", how="left", nulls_equal=True, maintain_order="left")
    begun = (pl.col("date") <= pl.col("as_of")).fill_null(True)
    ahead = (pl.col("end_date") > pl.col("as_of").fill_null(run_day())).fill_null(False)
    still = ahead & ((pl.col("code") == ENTRY_ENDS) | (pl.col("told") & begun))
    undated = (
        frame.filter(settled & still & pl.col("as_of").is_null()).select("person", "concept").unique().sort(pl.all())
    )
    assumed = [by_run_day(person, concept, f"whether {concept} is over") for person, concept in undated.iter_rows()]
    frame = frame.with_columns(over=settled & ~still, denied=denied).with_columns(
        code=pl.when("over").then(pl.lit("no")).when(settled).then(pl.lit("yes")).otherwise("code")
    )
    # What holds for a window ends with its own last day; of anything else the entry is of the day of its end.
    lasting = pl.col("concept").is_in([name for name, concept in conditions.items() if concept.window_days is None])
    closed = pl.col("over") & lasting & pl.col("end_date").is_not_null()
    key = ["person", "concept"]
    there = frame.filter((pl.col("code") == "yes") & begun).select(*key, there=pl.lit(True)).unique()
    frame = frame.with_columns(
        date=pl.when(closed).then(pl.min_horizontal("end_date", pl.when(begun).then("as_of"))).otherwise("date"),
        end_date=pl.when(closed).then(None).otherwise("end_date"),
    ).join(there, on=key, how="left", nulls_equal=True, maintain_order="left")
    outlived = pl.col("over") & lasting & pl.col("there").fill_null(False)
    undone = pl.col("denied") & pl.col("there").fill_null(False)
    notes = [*assumed, *_left_out(frame.filter(outlived)), *_left_out(frame.filter(undone), denied=True)]
    return frame.filter(~outlived & ~undone).select(observations.columns), notes


def _left_out(entries: pl.DataFrame, *, denied: bool = False) -> Notes:
    """Say which entries that are over, or deny what another one says, are left out beside one that is there."""
    says, severity, code = "is over", Severity.INFO, NoteCode.NOT_UNDERSTOOD
    if denied:
        says, severity, code = "was not", Severity.WARNING, NoteCode.CONTRADICTION
    places = pl.concat_str("file", "where", separator=": ", ignore_nulls=True)
    counts = entries.group_by("person", "concept", maintain_order=True).agg(count=pl.len(), place=places.first())
    return [
        note(
            person,
            severity,
            code,
            f"that {concept} {says} is not used: another entry says that it is there"
            + (f" ({count} times)" if count != 1 else ""),
            concept,
            place,
        )
        for person, concept, count, place in counts.iter_rows()
    ]


def outdated_classes(observations: pl.DataFrame, now: pl.DataFrame, vocabulary: Vocabulary) -> Notes:
    """Say which classes of a condition are older than they count: what asks for them stays open.

    Parameters
    ----------
    observations
        ``sample concept code date end_date source``.
    now
        ``sample as_of``.
    vocabulary
        The look-ups.
    """
    windows = {name: vocabulary.concepts[name].window_days for name in sorted(vocabulary.grades.severities)}
    table = pl.DataFrame(
        [(name, days) for name, days in windows.items() if days is not None],
        schema={"concept": pl.String, "window_days": pl.Int64},
        orient="row",
    )
    told = observations.filter(pl.col("code").is_not_null()).join(
        table, on="concept", how="inner", maintain_order="left"
    )
    told = told.join(now.select("sample", "as_of"), on="sample", how="left", maintain_order="left")
    day = pl.coalesce("end_date", "date")
    newest = told.sort("date", nulls_last=True, maintain_order=True)
    newest = newest.unique(["sample", "concept"], keep="last", maintain_order=True)
    old = newest.filter((pl.col("as_of") - day).dt.total_days() > pl.col("window_days")).with_columns(day=day)
    return [
        note(
            row["sample"],
            Severity.WARNING,
            NoteCode.GRADE_NOT_USED,
            f"{row['concept'].replace('_', ' ')} {row['code']} is of {row['day']}, more than {row['window_days']} days "
            "ago: it is not used, and what asks for it stays open",
            row["concept"],
            row["source"],
        )
        for row in old.sort("sample", "concept").iter_rows(named=True)
    ]


def current_values(observations: pl.DataFrame, now: pl.DataFrame, vocabulary: Vocabulary) -> pl.DataFrame:
    """Return one row per person and concept that counts as present.

    The newest value not after the person's "now" and not older than the concept's window; of several on one day the
    one read last. A value without a date counts as of now. Concepts summarised by their mean take the mean of the
    window. A statement with a window that ended before now is over. What does not change with time holds on any day.

    Parameters
    ----------
    observations
        ``sample concept value code date end_date`` and any other columns.
    now
        ``sample as_of``.
    vocabulary
        The look-ups.
    """
    frame = observations.join(policy(vocabulary), on="concept", how="left", maintain_order="left").join(
        now, on="sample", how="left", maintain_order="left"
    )
    at = pl.coalesce("end_date", "date")
    age = (pl.col("as_of") - at).dt.total_days()
    constant = pl.col("summary") == "constant"
    started = constant | pl.col("date").is_null() | pl.col("as_of").is_null() | (pl.col("date") <= pl.col("as_of"))
    in_window = pl.col("window_days").is_null() | age.is_null() | (age <= pl.col("window_days"))
    over = pl.col("window_days").is_not_null() & (pl.col("kind") != "numeric") & (pl.col("end_date") < pl.col("as_of"))
    frame = frame.filter(started & in_window & ~over.fill_null(False)).with_columns(
        order=pl.coalesce("date", "as_of", pl.lit(None, dtype=pl.Date))
    )
    newest = frame.sort("order", nulls_last=True, maintain_order=True).unique(
        ["sample", "concept"], keep="last", maintain_order=True
    )
    rows = frame.filter(pl.col("summary") == "mean")
    cases, numbers = distinct(rows, ["sample", "concept"])
    counts = sums(numbers, rows["value"].is_not_null())
    means = cases.with_columns(mean=sums(numbers, rows["value"]) / counts)
    newest = newest.join(means, on=["sample", "concept"], how="left", maintain_order="left")
    return newest.with_columns(value=pl.coalesce("mean", "value")).drop(
        "mean", "order", "kind", "summary", "window_days", "trend_days"
    )
