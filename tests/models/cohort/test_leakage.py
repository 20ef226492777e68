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


def test_a_column_is_of_one_outcome_only_if_chance_hardly_makes_that() -> None:
    y = np.r_[np.ones(30), np.zeros(270)]
    persons = np.arange(300)
    assert leakage.one_sided(y == 1, y, persons) and leakage.one_sided(persons < 10, y, None)
    assert not leakage.one_sided(persons < 9, y, None), "too few"
    assert not leakage.one_sided(persons >= 250, y, None), "most persons have no event anyway"
    assert not leakage.one_sided(persons < 31, y, None) and not leakage.one_sided(persons < 0, y, None)
    assert not leakage.one_sided(persons < 30, y, persons // 10), "three persons"
    assert not leakage.one_sided(persons < 300, np.ones(300), None), "everywhere"


def test_persons_are_alike_in_all_features_where_nothing_is_known_of_their_body() -> None:
    rng = np.random.default_rng(4)
    x = np.round(rng.normal(10, 2, (150, 6)), 1).astype(np.float32)
    x[rng.random(x.shape) < 0.1] = np.nan
    frame, twice = pl.DataFrame({"lab": [1.0] * 300}), np.r_[x, x]
    probe = leakage.persons_alike(frame, np.arange(300), twice)
    assert probe.found and probe.statistic == 150
    assert probe.message.startswith("150 pairs of persons have the same values in all 6 features (by chance: about 0)")
    assert not leakage.persons_alike(frame, np.arange(300) % 150, twice).found, "one name each"
    assert not leakage.persons_alike(frame, np.arange(300), None).found
    assert not leakage.persons_alike(frame, np.arange(300), twice[:, :0]).found


def test_features_by_which_nobody_is_known_make_no_pairs() -> None:
    rng = np.random.default_rng(4)
    frame, persons = pl.DataFrame({"lab": [1.0] * 300}), np.arange(300)
    lab = rng.integers(0, 40, 300)
    few = rng.integers(0, 2, (300, 8))
    one = np.column_stack([lab, lab * 2, lab**2, few]).astype(np.float32)
    assert not leakage.persons_alike(frame, persons, one).found, "three columns that are one, and yes or no"
    three = np.column_stack([rng.integers(0, 40, (300, 3))]).astype(np.float32)
    assert not leakage.persons_alike(frame, persons, three).found


def test_persons_left_out_who_are_ordered_nearly_without_error_are_said() -> None:
    y = np.r_[np.ones(30), np.zeros(270)]
    rng = np.random.default_rng(2)
    assert "(AUC 1.000)" in leakage.told_too_well(y, np.where(y == 1, 2.0, -2.0) + rng.uniform(size=300), "logit")
    assert leakage.told_too_well(y, y + rng.normal(size=300), "logit") == ""
    dose = rng.normal(30, 8, 300)
    assert "rank correlation" in leakage.told_too_well(dose, np.r_[dose[:200], [np.nan] * 100], "sqrt")
    assert leakage.told_too_well(dose, np.full(300, 3.0), "sqrt") == ""
