"""Values that a person can hardly have: another unit is more likely, and a bare number of that kind drives nothing."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from pgx.clinical.dates import run_day
from pgx.clinical.statements import PROBLEM
from pgx.clinical.vocabulary import Vocabulary
from pgx.codes import NoteCode
from pgx.knowledge import KnowledgeBase

DOUBTFUL, UNLIKELY = NoteCode.DOUBTFUL_VALUE, NoteCode.UNLIKELY_VALUE
"""Codes of a value that is left out, and of one with a unit of its own, which is used."""
ADULT = 40.0
"""Age as which a person counts of whom none is known: what is usual of an adult is what a score for adults needs."""
AGE_APART = 1.5
"""Years between an age and the one by the birth date beyond which they are not of one person and day."""
_TALLEST = 260.0
_USUAL_BMI = (12.0, 60.0)


def split(
    observations: pl.DataFrame, kb: KnowledgeBase, words: Vocabulary, accepted: Collection[str] = ()
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Take the doubtful values out.

    Parameters
    ----------
    observations
        ``person concept value code date bare file where``; `bare` says that the number has no unit of its own.
    kb
        Knowledge base; its table ``usual_ranges`` says what is usual at which age.
    words
        The look-ups.
    accepted
        Concepts whose values somebody has checked.

    Returns
    -------
    tuple
        The values that are used, and problems: `DOUBTFUL` for what was left out, `UNLIKELY` for what is used.
    """
    ranges = kb.table("usual_ranges")
    marked = observations.with_row_index("_row").join(_ages(observations), on="person", how="left", nulls_equal=True)
    before = ((pl.col("_day") - pl.col("date")).dt.total_days() / 365.25).fill_null(0.0)
    marked = marked.with_columns(_age=(pl.col("_age") - before).clip(lower_bound=0)).drop("_day")
    age = pl.col("_age").fill_null(ADULT)
    outside = (
        marked.join(ranges.drop("source"), on="concept", how="inner", maintain_order="left")
        .filter(age.is_between("age_from", "age_to"), ~pl.col("value").is_between("low", "high"))
        .with_columns(bare=pl.col("bare").fill_null(False) & ~pl.col("concept").is_in(list(accepted)))
    )
    if outside.is_empty():
        return observations, pl.DataFrame(schema=PROBLEM)
    outside = pl.concat([outside, _swapped(marked, outside, accepted)], how="diagonal")
    rows = [_problem(row, words, row["concept"] in accepted) for row in outside.sort("_row").iter_rows(named=True)]
    left = marked.join(outside.filter("bare"), on="_row", how="anti", maintain_order="left")
    return left.drop("_row", "_age"), pl.DataFrame(rows, schema=PROBLEM, orient="row")


def ages_apart(
    observations: pl.DataFrame, now: pl.DataFrame, accepted: Collection[str] = ()
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Take out the ages that the birth date beside them contradicts, and that birth date: nobody can tell which holds.

    An age without a day is of the day that counts as now, and where nothing is dated of the day of the run.

    Parameters
    ----------
    observations
        As for `split`.
    now
        As of `pgx.clinical.now.present_days`.
    accepted
        ``age`` or ``birth_date`` stays if somebody has checked it.

    Returns
    -------
    tuple
        What is used, and problems.
    """
    marked = observations.with_row_index("_row")
    born = pl.col("code").str.to_date(strict=False).alias("_born")
    births = marked.filter(concept="birth_date").select("person", born)
    ages = marked.filter(concept="age").join(births, on="person", how="inner", nulls_equal=True)
    ages = ages.join(now.select(person="sample", _now="as_of"), on="person", how="left", nulls_equal=True)
    day = pl.coalesce("date", "_now", pl.lit(run_day()))
    ages = ages.with_columns(_then=(day - pl.col("_born")).dt.total_days() / 365.25)
    apart = (pl.col("value") - pl.col("_then")).abs()
    nearest = ages.sort(apart, maintain_order=True).unique("_row", keep="first", maintain_order=True)
    wrong = nearest.filter(apart > AGE_APART).sort("_row")
    if wrong.is_empty():
        return observations, pl.DataFrame(schema=PROBLEM)
    confirmed = nearest.filter(apart <= AGE_APART).select("person")
    gone = wrong.select("_row") if "age" not in accepted else wrong.select("_row").clear()
    if "birth_date" not in accepted:
        doubted = wrong.join(confirmed, on="person", how="anti", nulls_equal=True)
        dates = marked.filter(concept="birth_date").join(doubted, on="person", how="semi", nulls_equal=True)
        gone = pl.concat([gone, dates.select("_row")])
    severity = "warning" if {"age", "birth_date"} & set(accepted) else "error"
    rows = [_age_problem(row, severity) for row in wrong.iter_rows(named=True)]
    left = marked.join(gone, on="_row", how="anti", maintain_order="left").drop("_row")
    return left, pl.DataFrame(rows, schema=PROBLEM, orient="row")


def grades_apart(observations: pl.DataFrame, graded: Collection[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Take out the classes of a condition that differ on one day: which one stands last in a list decides nothing.

    Parameters
    ----------
    observations
        As for `split`.
    graded
        The concepts that tell how severe a condition is.

    Returns
    -------
    tuple
        What is used, and problems.
    """
    key = ["person", "concept", "date"]
    told = observations.filter(pl.col("concept").is_in(sorted(graded)), pl.col("code").is_not_null())
    answers = told.group_by(key, maintain_order=True).agg(
        pl.col("code").unique().sort(), pl.col("file", "where").last()
    )
    apart = answers.filter(pl.col("code").list.len() > 1)
    if apart.is_empty():
        return observations, pl.DataFrame(schema=PROBLEM)
    rows = []
    for row in apart.iter_rows(named=True):
        shown, answers_told = row["concept"].replace("_", " "), " and as ".join(row["code"])
        message = f"{shown} is told as {answers_told} of one day: which holds cannot be told"
        about = (message, row["concept"], row["date"], row["file"], row["where"])
        rows.append((row["person"], "error", NoteCode.CONTRADICTION, *about))
    left = observations.join(apart, on=key, how="anti", nulls_equal=True, maintain_order="left")
    return left, pl.DataFrame(rows, schema=PROBLEM, orient="row")


def _age_problem(row: dict[str, object], severity: str) -> tuple[object, ...]:
    message = f"age {row['value']:g} does not fit the birth date (age {row['_then']:.1f})"
    if severity == "error":
        message += ": not used; correct one of them, or confirm it with --accept age or --accept birth_date"
    return row["person"], severity, NoteCode.CONTRADICTION, message, "age", row["date"], row["file"], row["where"]


def _swapped(marked: pl.DataFrame, outside: pl.DataFrame, accepted: Collection[str]) -> pl.DataFrame:
    """Return the weights that stand beside a doubtful height and would fit as the height, the height as the weight."""
    weights = marked.filter(pl.col("concept") == "weight", pl.col("bare").fill_null(False))
    weights = weights.join(outside.select("_row"), on="_row", how="anti")
    heights = outside.filter(pl.col("concept") == "height", pl.col("bare")).select("person", "date", _height="value")
    bmi = pl.col("_height") / (pl.col("value") / 100).pow(2)
    both = weights.join(heights, on=["person", "date"], how="inner", nulls_equal=True)
    swapped = both.filter(pl.col("value") < _TALLEST, pl.col("value") > pl.col("_height"), bmi.is_between(*_USUAL_BMI))
    swapped = swapped.unique("_row").drop("_height") if "weight" not in accepted else swapped.clear().drop("_height")
    return swapped.with_columns(ask=pl.lit("swapped with the height?"))


def _ages(observations: pl.DataFrame) -> pl.DataFrame:
    """Return ``person _age _day``: the age as given, or else from the birth date, and the day on which it is that."""
    given = observations.filter(pl.col("concept") == "age").group_by("person")
    given_age = given.agg(_given=pl.col("value").last(), _said=pl.col("date").last())
    born = observations.filter(pl.col("concept") == "birth_date").group_by("person").agg(_born=pl.col("code").last())
    newest = observations.group_by("person").agg(_newest=pl.col("date").max())
    ages = newest.join(given_age, on="person", how="left", nulls_equal=True)
    ages = ages.join(born, on="person", how="left", nulls_equal=True)
    day = pl.coalesce("_newest", pl.lit(run_day()))
    years = (day - pl.col("_born").str.to_date(strict=False)).dt.total_days() / 365.25
    return ages.select("person", _age=pl.coalesce("_given", years), _day=pl.coalesce("_said", "_newest"))


def _problem(row: dict[str, object], words: Vocabulary, confirmed: bool) -> tuple[object, ...]:
    concept, value, unit = str(row["concept"]), row["value"], words.concepts[str(row["concept"])].unit
    ask = f" ({row['ask']})" if row["ask"] else ""
    aged = "for an adult, and no age is given" if row["_age"] is None else f"at the age of {row['_age']:.0f}"
    said = f"{concept} of {value:.4g} {unit} is unlikely {aged}{ask}"
    if row["bare"]:
        message = f"{said}: not used; write the unit beside it, or confirm it with --accept {concept}"
        severity, code = "error", DOUBTFUL
    elif confirmed:
        message, severity, code = f"{said}: used, as --accept {concept} confirms it", "info", UNLIKELY
    else:
        message, severity, code = f"{said}: used as its unit says; check it", "warning", UNLIKELY
    return row["person"], severity, code, message, concept, row["date"], row["file"], row["where"]
