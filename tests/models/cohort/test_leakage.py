"""What may give a site or the outcome away: which columns' gaps are looked at, and what a column alone tells."""

from __future__ import annotations

import numpy as np
import polars as pl

from pgx.models.cohort import leakage


def gaps(count: int, persons: int = 40) -> list[float | None]:
    return [None] * count + [1.0] * (persons - count)


def test_gaps_count_from_five_persons_who_have_them_and_five_who_have_not() -> None:
    frame = pl.DataFrame({str(count): gaps(count) for count in (0, 4, 5, 20, 35, 36, 40)})
    names, patterns = leakage._gaps(frame, [*frame.columns, "not there"])
    assert names == ["5", "20", "35"]
    assert patterns.sum(axis=0).tolist() == [5.0, 20.0, 35.0]


def test_columns_that_are_empty_in_the_same_persons_count_once() -> None:
    frame = pl.DataFrame({"height": gaps(8), "weight": gaps(8), "age": gaps(8)[::-1]})
    names, patterns = leakage._gaps(frame, frame.columns)
    assert names == ["height", "age"]
    assert (patterns[:, 0] == patterns[::-1, 1]).all()


def test_a_rounded_copy_of_a_dose_gives_it_away_as_the_exact_one_does() -> None:
    y = np.exp(5.8 + 0.5 * np.random.default_rng(3).normal(size=300))
    assert leakage.gives_away(np.round(y, -1), y, "log")
    assert not leakage.gives_away(np.where(y > np.median(y), 1.0, 0.0), y, "log"), "half of what is to be known"


def test_values_tell_the_mean_outcome_of_their_rows_and_rare_ones_that_of_all() -> None:
    values = np.r_[np.full(10, 1.0), np.full(10, 2.0), 3.0, np.nan][:, None]
    y = np.r_[np.ones(10), np.zeros(10), 1.0, 1.0]
    told = leakage.by_value(values, y)
    assert told[:20].tolist() == [1.0] * 10 + [0.0] * 10
    assert told[20] == y[:21].mean() and np.isnan(told[21])
    assert np.isnan(leakage.by_value(np.full((3, 1), np.nan), np.ones(3))).all()
