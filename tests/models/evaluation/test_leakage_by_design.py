"""A person who is tested has taught nothing, in any design, however persons, sites and times are mixed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from pgx import models
from pgx.knowledge import KnowledgeBase
from pgx.models.cohort import cohort
from pgx.models.cohort.cohort import Roles
from pgx.models.cohort.simulation import Truth, simulate
from pgx.models.evaluation import baselines, validate
from pgx.models.evidence import endpoints
from pgx.models.fitting.boost import Settings

FEW = Settings(max_trees=20)


@pytest.fixture(scope="module")
def splits(kb: KnowledgeBase) -> Iterator[list[tuple[bool, set[str], set[str]]]]:
    """Run every design on persons who visit both sites and come back later; note who teaches and who is tested."""
    one = endpoints.get(kb, "clopidogrel.mace")
    table = simulate(one, 300, truth=Truth(sites=2), events=60, seed=3)
    table = table.with_columns(person=pl.format("p{}", pl.int_range(300) % 150), time=pl.int_range(300))
    seen: list[tuple[bool, set[str], set[str]]] = []
    real, slim = baselines.fitted, baselines.slim

    def noted(endpoint, learn, test, *rest, sites):  # type: ignore[no-untyped-def]
        seen.append((sites, set(learn.frame["person"]), set(test.frame["person"])))
        return real(endpoint, learn, test, *rest, sites=sites)

    def named(taken, *rest):  # type: ignore[no-untyped-def]
        """Keep beside the slim columns who each row is, as the table says it and not as the splits number it."""
        short = slim(taken, *rest)
        assert "person" not in short.frame.columns, "nothing that names a person may teach"
        return replace(short, frame=short.frame.with_columns(taken.frame["person"]))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(validate.baselines, "slim", named)
        patch.setattr(validate.baselines, "fitted", noted)
        models.evaluate("clopidogrel.mace", table, kb, repeats=1, folds=2, settings=FEW)
    yield seen


def test_all_three_designs_were_run(splits: list[tuple[bool, set[str], set[str]]]) -> None:
    assert len(splits) == 2 + 2 + 5  # folds of persons, sites, stretches of time
    assert sum(sites for sites, _, _ in splits) == 2


def test_nobody_is_tested_by_a_model_that_they_taught(splits: list[tuple[bool, set[str], set[str]]]) -> None:
    for _, taught, tested in splits:
        assert taught and tested
        assert not taught & tested


def test_persons_of_both_sites_teach_neither(splits: list[tuple[bool, set[str], set[str]]]) -> None:
    everyone = set().union(*(taught | tested for _, taught, tested in splits))
    for sites, taught, tested in splits:
        if sites:
            assert len(taught) < len(everyone - tested) + 1
            assert taught <= everyone - tested


def test_every_method_of_a_case_control_evaluation_is_moved_to_the_population(kb: KnowledgeBase) -> None:
    one = endpoints.get(kb, "azathioprine.leukopenia")
    table = simulate(one, 400, events=200, seed=6)
    found = models.evaluate(
        "azathioprine.leukopenia", table, kb, repeats=1, folds=2, settings=FEW, population_risk=0.04
    )
    rows = found.predictions.filter(pl.col("design") == "person")
    y = rows["truth"].to_numpy()
    weight = np.where(y > 0.5, 0.04 / 0.5, 0.96 / 0.5)
    for method in ("product", "refit", "base_rate", "rule", "plain_booster"):
        mean = float(np.average(rows[method].to_numpy(), weights=weight))
        assert mean == pytest.approx(0.04, rel=0.35), method
    base = rows["base_rate"].to_numpy()
    assert base == pytest.approx(np.full(len(base), 0.04), rel=0.1)
    told = found.overall.filter(pl.col("design") == "person", pl.col("method") == "base_rate")
    assert told["log_loss"].item() == pytest.approx(-(0.04 * np.log(0.04) + 0.96 * np.log(0.96)), rel=0.02)


@pytest.mark.parametrize(("sites", "splits"), [(1, None), (2, 2), (30, 30), (31, 30), (150, 30)])
def test_many_sites_are_left_out_several_at_a_time_and_never_in_part(
    sites: int, splits: int | None, kb: KnowledgeBase
) -> None:
    one = endpoints.get(kb, "clopidogrel.mace")
    table = simulate(one, 150, events=40, seed=3).with_columns(site=pl.int_range(150) % sites)
    taken = cohort.load(table, one, Roles(site="site"))
    designs = dict(validate._designs(taken, one, 1, 3, 1))
    if splits is None:
        assert "site" not in designs
        return
    [left_out] = designs["site"]
    assert taken.site is not None and len(left_out) == splits
    assert np.sum([test for _, test in left_out], axis=0).tolist() == [1] * 150
    for learn, test in left_out:
        assert (learn != test).all() and not set(taken.site[learn]) & set(taken.site[test])


def test_the_time_design_learns_what_came_up_to_a_day_and_is_tested_on_what_came_after(kb: KnowledgeBase) -> None:
    one = endpoints.get(kb, "clopidogrel.mace")
    table = simulate(one, 101, events=40, seed=3).with_columns(time=pl.int_range(101))
    taken = cohort.load(table, one, Roles(time="time"))
    designs = dict(validate._designs(taken, one, 2, 4, 1))
    [forward] = designs["time"]
    assert [(int(learn.sum()), int(test.sum())) for learn, test in forward] == [
        (51, 10), (61, 10), (71, 10), (81, 10), (91, 10),
    ]  # fmt: skip
    for learn, test in forward:
        assert np.asarray(taken.time)[learn].max() < np.asarray(taken.time)[test].min()
    assert len(designs["person"]) == 2 and all(len(splits) == 4 for splits in designs["person"])
    assert "site" not in designs
    few = cohort.load(table.with_columns(time=pl.when(pl.int_range(101) < 50).then("time")), one, Roles(time="time"))
    assert "time" not in dict(validate._designs(few, one, 1, 2, 1)), "fifty days are too few"
