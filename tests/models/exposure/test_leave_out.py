"""How far predictions are off, worked out by hand: too high and too low count alike."""

from __future__ import annotations

import math

import pytest

from pgx.models.exposure.estimation import Observation
from pgx.models.exposure.leave_out import coverage, fold_error, no_effect, within_twofold


def pair(observed: float, predicted: float, error: float = 0.1) -> tuple[Observation, float, float]:
    return Observation("CYP2D6", "drug", "", 0.0, observed, "study"), predicted, error


def test_the_fold_error_is_the_geometric_mean_of_the_factors() -> None:
    assert fold_error([pair(4.0, 4.0)]) == pytest.approx(1.0)
    assert fold_error([pair(4.0, 8.0), pair(4.0, 2.0)]) == pytest.approx(2.0)
    assert fold_error([pair(5.0, 15.0), pair(0.5, 0.5)]) == pytest.approx(math.sqrt(3.0))


@pytest.mark.parametrize(("predicted", "inside"), [(1.51, 1.0), (1.49, 0.0), (5.99, 1.0), (6.01, 0.0)])
def test_twofold_is_half_to_double(predicted: float, inside: float) -> None:
    assert within_twofold([pair(3.0, predicted)]) == inside
    assert within_twofold([pair(3.0, predicted), pair(1.0, 1.0)]) == pytest.approx((inside + 1) / 2)


@pytest.mark.parametrize(("off", "inside"), [(1.64, 1.0), (1.65, 0.0), (-1.64, 1.0), (-1.65, 0.0)])
def test_an_interval_of_ninety_percent_reaches_the_95th_quantile_on_both_sides(off: float, inside: float) -> None:
    assert coverage([pair(3.0, 3.0 * math.exp(off * 0.2), 0.2)]) == inside


def test_no_effect_predicts_what_was_before() -> None:
    assert [(row.ratio, guess, error) for row, guess, error in no_effect([pair(3.0, 2.0, 0.3)])] == [(3.0, 1.0, 0.3)]
