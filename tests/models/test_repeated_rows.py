"""Persons with many rows: the person is the unit, so that ten rows of one are not ten witnesses."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pgx.knowledge import KnowledgeBase
from pgx.models.cohort import cohort, column_choice
from pgx.models.cohort.cohort import Roles
from pgx.models.cohort.simulation import Truth, simulate
from pgx.models.evidence import endpoints
from pgx.models.evidence.links import logit
from pgx.models.fitting import conformal, fit
from pgx.models.fitting.boost import Settings
from pgx.models.training.fit_cohort import fit_cohort
from tests.sizes import size

NAME = "azathioprine.leukopenia"
FEW = Settings(max_trees=40)


def visits(table: pl.DataFrame, rows: int, seed: int) -> pl.DataFrame:
    """Every person `rows` times; a laboratory value changes a little from visit to visit."""
    rng = np.random.default_rng(seed)
    long = pl.concat([table] * rows)
    return long.with_columns(pl.col("lab.marker") + pl.Series(rng.normal(scale=0.3, size=long.height)))


@pytest.mark.parametrize("events", size([40], long=[20, 40, 120]))
@pytest.mark.parametrize("truth", [Truth(), Truth(prior_slope=0.0), Truth(prior_slope=-1.0), Truth(nuisance=15)],
                         ids=["prior right", "prior empty", "prior wrong way", "many columns"])  # fmt: skip
def test_ten_rows_a_person_do_not_make_the_fit_worse_than_base_rate_or_prior(
    kb: KnowledgeBase, truth: Truth, events: int
) -> None:
    one, n = endpoints.get(kb, NAME), events * 8
    table = simulate(one, n + 4000, truth=truth, events=int((n + 4000) / 8), seed=events)
    taken = cohort.load(visits(table.head(n), 10, events), one, Roles())
    fitted = fit_cohort(one, taken, FEW, probe=False).fitted
    other = cohort.load(table.tail(4000), one, Roles(), taken.features)
    rate = np.full(4000, logit(float(table.head(n)["outcome"].mean())))  # type: ignore[arg-type]
    model, base, prior = (
        float(fit.loss(other.data.y, margin, "logit").mean())
        for margin in (fitted.margin(other.data.prior, other.data.x), rate, other.data.prior)
    )
    assert model <= min(base, prior) + 0.006  # one learned intercept costs 1 / 2n


def test_copies_of_rows_change_nothing(kb: KnowledgeBase) -> None:
    """Ten identical rows a person are the same cohort: candidates, their weights and losses."""
    one = endpoints.get(kb, NAME)
    table = simulate(one, 500, events=80, seed=4)
    taken = [cohort.load(frame, one, Roles()) for frame in (table, pl.concat([table] * 10))]
    assert taken[0].features == taken[1].features
    single, copied = (fit.fit(each.data, "logit", [0] * len(each.features), settings=FEW) for each in taken)
    assert copied.events == single.events and copied.gate == single.gate
    assert copied.losses["intercept"] == pytest.approx(single.losses["intercept"], abs=2e-3)
    for name, weight in single.weights.items():
        assert copied.weights[name] == pytest.approx(weight, abs=0.2), name
    assert np.sqrt(np.diag(copied.covariance)[:2]) == pytest.approx(np.sqrt(np.diag(single.covariance)[:2]), rel=0.05)


def test_ten_rows_of_a_person_are_not_ten_who_have_it() -> None:
    """A column is chosen for the persons in whom it is known and varies."""
    people = np.repeat(np.arange(120), 10)

    def chosen(values: list[object]) -> tuple[list[str], str]:
        column = pl.Series("x", values)
        alone = column_choice._auto(column)
        several = column_choice._auto(
            pl.Series("x", np.repeat(column.to_list(), 10).tolist(), dtype=column.dtype), people
        )
        assert several == alone
        return [feature.name for feature in several[0]], several[1]

    assert chosen(["rare"] * 9 + ["a"] * 50 + ["b"] * 61) == (["x = b", "x = a"], "")
    assert chosen(["rare"] * 10 + ["a"] * 50 + ["b"] * 60) == (["x = b", "x = a", "x = rare"], "")
    assert chosen([True] * 4 + [False] * 116) == ([], "hardly varies")
    assert chosen([True] * 5 + [False] * 115) == (["x"], "")
    assert chosen([1.5, 2.5, 3.5, *[None] * 117]) == ([], "hardly ever known")
    assert chosen(list(range(120))) == ([], "a number of its own for every row")


def test_persons_with_unlike_numbers_of_rows_count_alike() -> None:
    groups = np.repeat([0, 1, 2], [1, 4, 2])
    y = np.array([1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0])
    data = fit.Data(np.zeros(7), np.zeros((7, 0), dtype=np.float32), y, groups, fit.per_person(groups))
    base = fit.candidate("base_rate", data, "logit", np.zeros(0), np.zeros(0))
    assert 1 / (1 + np.exp(-base.intercept)) == pytest.approx((1.5 + 0.5) / 4)


def test_intervals_count_persons() -> None:
    rng = np.random.default_rng(1)
    y = np.r_[rng.normal(size=2000), rng.normal(scale=5, size=4000)]
    weight = np.r_[np.ones(2000), np.full(4000, 1e-9)]
    alone = conformal.tables(y[:2000], np.zeros(2000), [None] * 2000, 0.9)
    weighed = conformal.tables(y, np.zeros(6000), [None] * 6000, 0.9, weight)
    assert weighed["*"] == pytest.approx(alone["*"], abs=0.02)
