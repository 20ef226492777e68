"""Simulated cohorts: every endpoint can be drawn, the same seed gives the same persons, the truth is as asked for."""

from __future__ import annotations

import numpy as np
import pytest
from polars.testing import assert_frame_equal

from pgx import models
from pgx.errors import UsageError
from pgx.knowledge import KnowledgeBase
from pgx.models.cohort.simulation import Truth, simulate
from pgx.models.evidence import design, endpoints


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
