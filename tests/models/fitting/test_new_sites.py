"""Leaving sites out is fitting the others, trees included."""

from __future__ import annotations

import numpy as np
import pytest

from pgx.models.fitting import boost, fit, linear, new_sites
from pgx.models.fitting.boost import Settings
from pgx.models.fitting.linear import Data


def _sites() -> tuple[Data, np.ndarray]:
    rng = np.random.default_rng(6)
    x = rng.normal(size=(240, 2)).astype(np.float32)
    y = 5 + np.where(np.abs(x[:, 0]) > 0.7, 1.0, -1.0) + 0.2 * rng.normal(size=240)
    return Data(np.full(240, 5.0), x, y, np.arange(240)), np.arange(240) % 6


def test_a_site_is_predicted_by_the_fit_of_the_others_trees_included() -> None:
    data, sites = _sites()
    settings = Settings(max_trees=20)
    fitted = fit.fit(data, "sqrt", [0, 0], settings=settings)
    assert fitted.trees > 0
    found = new_sites.margins(data, "sqrt", fitted, sites, [0, 0])
    held = sites == 2
    train = data.take(~held)
    center, scale = linear.moments(train.x)
    whole, trees = fit.follow(fitted.recipe, train, "sqrt", [0, 0], center, scale)
    assert trees is not None
    expected = linear.margins(whole, data.take(held), center, scale)
    expected = expected + boost.margins(boost.open_booster(trees), data.x[held])
    assert found[held] == pytest.approx(expected)
    assert np.abs(found[held] - data.y[held]).mean() < 0.6  # the prior alone misses by 1


def test_many_sites_are_left_out_in_ten_folds_of_like_size() -> None:
    sites = np.repeat(np.arange(25), np.arange(4, 29))
    folds = new_sites.folds(sites, 10)
    assert set(folds) == set(range(10))
    assert all(len(set(folds[sites == one])) == 1 for one in range(25))
    sizes = np.bincount(folds)
    assert sizes.max() - sizes.min() <= 14
    assert set(new_sites.folds(np.arange(30) % 3, 10)) == {0, 1, 2}


def test_distances_are_in_units_of_the_side_that_the_truth_lies_on() -> None:
    table = {"*": (2.0, 4.0), "a": (1.0, 0.0)}
    found = new_sites.distances(np.array([3.0, 9.0, 5.0, 4.5]), np.full(4, 5.0), [None, None, None, "a"], table)
    assert found == pytest.approx([1.0, 1.0, 0.0, 0.5])
