"""The numbers that features decide by, each at its boundary."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from pgx import knowledge, schema
from pgx.features import ancestry, build, genes, registry
from pgx.features.scenarios import MAX_SCENARIOS
from tests.phenotypes.builders import clinical

KB = knowledge.load()
TODAY = date(2026, 6, 1)


def test_the_limits_are_those_that_are_documented():
    assert (genes.MAX_UNSCORED, registry.COMMON, ancestry.MIN_SHARE, ancestry.AXES) == (0.05, 0.005, 0.8, 8)
    assert MAX_SCENARIOS == 64


@pytest.mark.parametrize(("unscored", "known"), [(0.0499, True), (0.05, True), (0.0501, False)])
def test_a_mean_activity_needs_a_score_for_95_percent(unscored, known):
    rows = pl.DataFrame(
        {
            "_at": 0,
            "activity_score": [2.0, None],
            "clinical_activity_score": [1.0, None],
            "probability": [1 - unscored, unscored],
        }
    )
    found = genes._activity(rows, 1).row(0, named=True)
    assert found["expected_activity"] == (pytest.approx(2.0) if known else None)
    assert found["expected_clinical_activity"] == (pytest.approx(1.0) if known else None)


@pytest.mark.parametrize(("have", "placed"), [(79, False), (80, True)])
def test_a_person_is_placed_with_four_fifths_of_the_positions(have, placed):
    loadings = np.linalg.qr(np.random.default_rng(1).normal(size=(100, 3)))[0]
    scaled = (loadings @ np.array([1.0, 2.0, 3.0]))[:, None]
    scaled[have:] = np.nan
    found = ancestry.project(scaled, loadings)[0]
    assert np.isfinite(found).all() == placed
    if placed:
        assert found == pytest.approx([1.0, 2.0, 3.0])


@pytest.mark.parametrize(("days", "known"), [(13, False), (14, True), (15, True)])
def test_a_slope_needs_values_over_two_weeks(days, known):
    seen = [
        {"concept": "creatinine", "value": value, "unit": "mg/dL", "date": TODAY - timedelta(days=ago)}
        for value, ago in ((1.0, days), (1.2, 0))
    ]
    history = clinical((), [*seen, {"concept": "as_of", "code": TODAY.isoformat()}])
    asked = ["trend.creatinine.slope", "trend.creatinine.mean"]
    frame = build(schema.empty(schema.CALLS), schema.empty(schema.PHENOTYPES), history, KB, columns=asked)
    row = frame.row(0, named=True)
    assert row["trend.creatinine.mean"] == pytest.approx(1.1)
    assert row["trend.creatinine.slope"] == (pytest.approx(0.2 / (days / 365.25)) if known else None)
