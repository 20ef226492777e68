"""What is fitted on a sample of a large cohort: the rows that were drawn, each with the weight that it stands for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pgx.knowledge import KnowledgeBase
from pgx.models.cohort import cohort, simulation
from pgx.models.cohort.cohort import Cohort, Roles
from pgx.models.evaluation import baselines
from pgx.models.evidence import endpoints
from pgx.models.fitting.boost import Settings
from pgx.models.training import large

ROWS = 40


class FittedError(Exception):
    """Ends the fit before it begins, with the cohort that it was given."""

    def __init__(self, learn: Cohort) -> None:
        super().__init__("what is fitted is known")
        self.learn = learn


@pytest.mark.parametrize("drawn_more_often", [False, True])
@pytest.mark.parametrize("several_rows", [False, True])
def test_rows_that_were_drawn_more_often_are_weighed_back(
    kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch, several_rows: bool, drawn_more_often: bool
) -> None:
    endpoint = endpoints.get(kb, "azathioprine.leukopenia")
    learn = cohort.load(simulation.simulate(endpoint, ROWS, seed=1), endpoint, Roles(), kb=kb)
    own = np.where(np.arange(ROWS) % 2, 1.0, 0.5) if several_rows else None
    learn = replace(learn, data=replace(learn.data, weight=own))
    chosen = np.arange(ROWS) % 4 > 0
    rates = np.linspace(0.2, 3.0, ROWS)

    def fit_cohort(_: object, few: Cohort, *__: object, **___: object) -> None:
        raise FittedError(few)

    monkeypatch.setattr(large, "LIMIT", ROWS - 1)
    monkeypatch.setattr(large, "draw", lambda *_: (chosen, rates if drawn_more_often else None))
    monkeypatch.setattr(baselines, "fit_cohort", fit_cohort)
    with pytest.raises(FittedError) as fitted:
        baselines._trained(endpoint, learn, Settings(max_trees=0), None, False)
    data = fitted.value.learn.data
    np.testing.assert_array_equal(data.y, learn.data.y[chosen])
    if own is None and not drawn_more_often:
        assert data.weight is None
    else:
        expected = (1.0 if own is None else own) * (rates if drawn_more_often else 1.0)
        np.testing.assert_allclose(data.weight, expected[chosen])
