"""What an evaluation holds: the arrays at their largest, beside the size of the cohort, and parts that are no copies."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from dataclasses import fields

import numpy as np
import polars as pl
import pytest

from pgx import models
from pgx.knowledge import KnowledgeBase
from pgx.models.cohort import cohort, leakage, simulation
from pgx.models.cohort.cohort import Roles
from pgx.models.evaluation import baselines
from pgx.models.evidence import design, endpoints
from pgx.models.fitting import boost, candidates, fit, linear
from pgx.models.fitting.boost import Settings
from pgx.models.training import large
from pgx.paths import data_dir

ROWS, BLOCK = 6000, 256
NONE = Settings(max_trees=0)


def _cohort(kb: KnowledgeBase, endpoint: str, rows: int = ROWS) -> pl.DataFrame:
    truth = simulation.Truth(nuisance=46, covariate=0.4)
    return simulation.simulate(endpoints.get(kb, endpoint), rows, truth=truth, seed=3)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the blocks as small beside this cohort as they are beside a large one, and leave out what only takes time."""
    for module in (boost, design):
        monkeypatch.setattr(module, "_BLOCK", BLOCK)
    monkeypatch.setattr(linear.blocks, "__defaults__", (BLOCK,))
    monkeypatch.setattr(linear, "LARGE", 30 * BLOCK)
    monkeypatch.setattr(leakage, "_PERMUTATIONS", 19)
    monkeypatch.setattr(candidates, "PRECISIONS", (100.0, 1e5))
    monkeypatch.setattr(large, "LIMIT", ROWS // 4)
    monkeypatch.setattr(large, "SAMPLE", ROWS // 10)


def _peak(work: Callable[[], object]) -> int:
    """Return the most that Python and numpy held while something was done; what polars and xgboost hold is not seen."""
    gc.collect()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("trained", [False, True])
def test_arrays_stay_small_beside_the_cohort(kb: KnowledgeBase, trained: bool) -> None:
    """Twice the cohort is the limit; bins of trees and the gaps of the columns stand beside the arrays."""
    model = models.read(data_dir() / "models" / "warfarin.dose") if trained else "warfarin.dose"

    def evaluate(table: pl.DataFrame) -> None:
        models.evaluate(model, table, kb, roles=Roles(others=True), settings=NONE, repeats=1, folds=2)

    evaluate(_cohort(kb, "warfarin.dose", 300))  # what is loaded once is no part of it
    given = [_cohort(kb, "warfarin.dose")]
    size = given[0].estimated_size()
    peak = _peak(lambda: evaluate(given.pop()))
    assert peak < (1.4 if trained else 1.85) * size, f"{peak / size:.2f} times the cohort"


@pytest.mark.usefixtures("small_blocks")
def test_reading_a_cohort_takes_little_more_than_it_once_again(kb: KnowledgeBase) -> None:
    endpoint, table = endpoints.get(kb, "warfarin.dose"), _cohort(kb, "warfarin.dose")
    cohort.load(table.head(300), endpoint, Roles(others=True), kb=kb)
    peak = _peak(lambda: cohort.load(table, endpoint, Roles(others=True), kb=kb))
    assert peak < 1.35 * table.estimated_size(), f"{peak / table.estimated_size():.2f} times the cohort"


@pytest.mark.usefixtures("small_blocks")
def test_what_a_fit_with_all_candidates_holds_for_a_row() -> None:
    """The left-out predictions of all variants, by person and by site, are most of it, whatever the number of columns."""
    few = Settings(max_trees=20, step=5)

    def work(rows: int) -> float:
        rng = np.random.default_rng(1)
        x = rng.normal(size=(rows, 12)).astype(np.float32)
        data = linear.Data(np.full(rows, 5.0), x, 5 + x[:, 0] + rng.normal(size=rows), np.arange(rows))
        sites = rng.integers(0, 8, rows)
        return _peak(lambda: fit.fit(data, "sqrt", [0] * 12, settings=few, sites=sites)) / rows

    work(300)  # what is loaded once is no part of it
    found = work(20_000)
    assert found < 540, f"{found:.0f} bytes a row"


def test_a_part_of_a_cohort_is_no_copy_and_everything_is_put_back(kb: KnowledgeBase) -> None:
    taken = cohort.load(_cohort(kb, "warfarin.dose", 400), endpoints.get(kb, "warfarin.dose"), Roles(others=True))
    x, terms = taken.data.x.copy(), taken.prior.terms.copy()
    rng = np.random.default_rng(1)
    side = rng.integers(3, size=400)
    learn, test = side == 0, side == 1
    with baselines.parted(taken, learn, test) as (here, there):
        for part, rows in ((here, learn), (there, test)):
            assert np.shares_memory(part.data.x, taken.data.x) and np.shares_memory(part.prior.terms, taken.prior.terms)
            whole = baselines.part(taken, rows)
            np.testing.assert_array_equal(part.data.x, x[rows])
            np.testing.assert_array_equal(part.prior.terms, terms[rows])
            np.testing.assert_array_equal(part.data.y, whole.data.y)
            np.testing.assert_array_equal(part.data.groups, whole.data.groups)
            assert part.frame.equals(whole.frame)
    np.testing.assert_array_equal(taken.data.x, x)
    np.testing.assert_array_equal(taken.prior.terms, terms)
    with pytest.raises(RuntimeError), baselines.parted(taken, learn, test):
        raise RuntimeError
    np.testing.assert_array_equal(taken.data.x, x)


def test_a_cohort_in_blocks_is_that_of_the_whole(kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("warfarin.dose", "azathioprine.leukopenia"):
        endpoint, frame = endpoints.get(kb, name), _cohort(kb, name, 500)
        features = cohort.load(frame, endpoint, Roles(others=True)).features
        monkeypatch.setattr(design, "_BLOCK", 10_000)
        whole, matrix = design.encode(frame, endpoint, features)
        monkeypatch.setattr(design, "_BLOCK", 64)
        parts, again = design.encode(frame, endpoint, features)
        np.testing.assert_array_equal(again, matrix)
        assert matrix.shape == (500, len(features)) and len(features) > 40
        for field in fields(whole):
            one, two = getattr(parts, field.name), getattr(whole, field.name)
            np.testing.assert_array_equal(one, two, err_msg=f"{name} {field.name}")


def test_bins_made_once_grow_the_trees_of_bins_made_anew() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(500, 5)).astype(np.float32)
    x[rng.random(x.shape) < 0.1] = np.nan
    weight = rng.random(500)
    settings = Settings()
    y = (rng.random(500) < 0.4).astype(np.float64)
    bins = boost.binned(x, settings, weight)
    for start in (np.zeros(500), rng.normal(size=500)):  # the second one grows from bins that have been used
        for outcome, link in ((y, "logit"), (rng.normal(size=500), "sqrt")):
            anew = boost.grow(x, outcome, start, link, [0] * 5, 20, settings, weight)
            assert boost.grow(bins, outcome, start, link, [0] * 5, 20, settings, weight) == anew
    trees = boost.open_booster(anew)
    whole = boost.margins(trees, x)
    parts = np.concatenate([boost.margins(trees, x[:100]), boost.margins(trees, x[100:])])
    np.testing.assert_array_equal(whole, parts)


@pytest.mark.parametrize(("cells", "trees_beside"), [(10**7, True), (1000, False)])
def test_trees_of_a_large_matrix_are_grown_for_one_fold_at_a_time(
    cells: int, trees_beside: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bins of two folds would stand beside each other; the margins are the same."""
    rng = np.random.default_rng(2)
    data = linear.Data(
        np.zeros(600), rng.normal(size=(600, 4)).astype(np.float32), rng.normal(size=600), np.arange(600)
    )
    splits = list(fit.split(data.y, data.groups, "log", 3, 1, 1))
    variants = candidates.plan(600, data, "log", Settings(max_trees=5, step=5), "booster")
    alone = candidates.cross_validate(data, "log", [0] * 4, variants, splits)
    beside: list[bool] = []
    together = candidates.together
    monkeypatch.setattr(candidates, "together", lambda jobs, two: (beside.append(two), together(jobs, two)))
    monkeypatch.setattr(candidates, "_PARALLEL", 100)
    monkeypatch.setattr(candidates, "_ALONE", cells)
    again = candidates.cross_validate(data, "log", [0] * 4, variants, splits)
    assert beside == [True, trees_beside]
    for name, margins in alone.margins.items():
        np.testing.assert_array_equal(again.margins[name], margins)
