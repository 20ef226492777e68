"""What may give a site away: which columns' gaps are looked at."""

from __future__ import annotations

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
