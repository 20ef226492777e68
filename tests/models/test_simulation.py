"""Simulated cohorts: every endpoint can be drawn, the same seed gives the same persons, the truth is as asked for."""

from __future__ import annotations

import numpy as np
import pytest
from polars.testing import assert_frame_equal

from pgx import models
from pgx.errors import UsageError
from pgx.knowledge import KnowledgeBase
from pgx.models.cohort import drawn_numbers
from pgx.models.cohort.simulation import Truth, simulate
from pgx.models.evidence import design, endpoints, plausible


def test_every_endpoint_can_be_drawn_and_meets_its_terms(kb: KnowledgeBase) -> None:
    for name in models.endpoints_of(kb, None):
        one = endpoints.get(kb, name)
        table = simulate(one, 3000, seed=1)
        assert table["outcome"].null_count() == 0
        terms = design.prior(design.prepare(table, one), one)
        assert np.ptp(terms.margin) > 0, name


def test_seed_and_events(kb: KnowledgeBase) -> None:
    one = endpoints.get(kb, "simvastatin.myopathy")
    first, again = (simulate(one, 2000, events=200, seed=7) for _ in range(2))
    assert_frame_equal(first, again)
    assert 150 < first["outcome"].sum() < 250
    with pytest.raises(UsageError):
        simulate(one, 10, events=20)


def test_a_leak_is_a_gap_that_goes_with_the_outcome(kb: KnowledgeBase) -> None:
    one = endpoints.get(kb, "simvastatin.myopathy")
    table = simulate(one, 3000, truth=Truth(leak=1.0), events=600, seed=7)
    assert (table["lab.leaky"].is_null() == (table["outcome"] == 1)).all()


@pytest.mark.parametrize("world", [Truth(prior_slope=float("nan")), Truth(shift=float("inf"))], ids=["nan", "inf"])
def test_a_world_of_no_numbers_is_refused(kb: KnowledgeBase, world: Truth) -> None:
    with pytest.raises(UsageError, match="finite number"):
        simulate(endpoints.get(kb, "clopidogrel.mace"), 10, truth=world)


def test_a_negative_seed_is_refused(kb: KnowledgeBase) -> None:
    with pytest.raises(UsageError, match="seed"):
        simulate(endpoints.get(kb, "clopidogrel.mace"), 10, seed=-1)


def test_made_up_persons_have_the_baselines_phenotype_and_numbers_that_a_person_can_have(kb: KnowledgeBase) -> None:
    one = endpoints.get(kb, "tacrolimus.exposure")
    table = simulate(one, 2000, seed=1)
    share = dict(table["gene.cyp3a5.phenotype"].value_counts(normalize=True).iter_rows())
    assert share.keys() == {"Poor Metabolizer", "Intermediate Metabolizer", "Normal Metabolizer"}
    assert share["Poor Metabolizer"] > 0.75 and 0.1 < share["Intermediate Metabolizer"] < 0.2
    hematocrit = table["lab.hematocrit"]
    assert hematocrit.min() >= 15 and hematocrit.max() <= 60 and abs(hematocrit.mean() - 33) < 0.5
    assert 3 < hematocrit.std() < 8


def test_a_range_is_met_by_numbers_that_spread_on_both_sides(kb: KnowledgeBase) -> None:
    egfr = simulate(endpoints.get(kb, "allopurinol.scar"), 2000, seed=1)["lab.egfr"]
    assert egfr.min() < 40 and egfr.max() > 100 and egfr.n_unique() > 300
    assert abs((egfr < 60).mean() - 0.15) < 0.03


def test_no_made_up_person_has_a_phenotype_without_a_figure_or_an_impossible_number(kb: KnowledgeBase) -> None:
    for name in models.endpoints_of(kb, None):
        one = endpoints.get(kb, name)
        table = simulate(one, 300, seed=2)
        prepared = design.prepare(table, one)
        marked = [column for column in prepared.columns if column.startswith(design.UNPLACED)]
        assert not any(prepared[column].any() for column in marked), name
        assert not plausible.found(table, plausible.limits(table.columns, kb)), name


def test_the_spreads_of_made_up_numbers_lie_within_what_a_person_can_have(kb: KnowledgeBase) -> None:
    spreads = drawn_numbers._spreads()
    for name, (low, high) in plausible.limits(sorted(spreads), kb).items():
        assert low <= spreads[name].low < spreads[name].mean < spreads[name].high <= high
    assert set(plausible.limits(sorted(spreads), kb)) == set(spreads)


@pytest.mark.parametrize(("name", "scale"), [("warfarin.dose", np.sqrt), ("warfarin.dose_gage", np.log)])
def test_persons_of_one_kind_differ_as_much_as_the_residuals_say(kb: KnowledgeBase, name: str, scale) -> None:
    one = endpoints.get(kb, name)
    table = simulate(one, 4000, seed=3)
    margin = design.prior(design.prepare(table, one), one).margin
    off = scale(table["outcome"].to_numpy()) - margin
    assert np.std(off) == pytest.approx(one.residual_sd, rel=0.1)
