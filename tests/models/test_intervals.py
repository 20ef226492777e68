"""Intervals for those whom users meet: doses at new sites, risks that a cohort cannot tell exactly."""

from __future__ import annotations

import numpy as np
import pytest

from pgx import models
from pgx.knowledge import KnowledgeBase
from pgx.models.cohort.simulation import Truth, simulate
from pgx.models.evaluation import interval_coverage
from pgx.models.evidence import endpoints
from pgx.models.fitting import new_sites, risk_covariance
from pgx.models.fitting.boost import Settings
from pgx.models.fitting.linear import Data

FEW = Settings(max_trees=20)


def test_intervals_are_stretched_until_the_mean_site_is_covered_a_standard_error_below() -> None:
    rng = np.random.default_rng(1)
    sites = np.repeat(np.arange(20), 200)
    same = np.abs(rng.normal(size=4000)) / 1.645
    differing = np.abs(rng.normal(size=4000) + np.repeat(rng.normal(size=20), 200)) / 1.645
    alike, apart = (new_sites.stretch(over, sites, 0.9) for over in (same, differing))
    assert alike is not None and apart is not None
    assert 1.0 <= alike < 1.1 and apart > 1.3
    shares = (differing.reshape(20, 200) <= apart).mean(axis=1)
    assert shares.mean() - shares.std(ddof=1) / np.sqrt(20) == pytest.approx(0.9, abs=0.005)


def test_few_or_tiny_sites_say_nothing_of_new_ones() -> None:
    over = np.full(400, 2.0)
    assert new_sites.stretch(over, np.arange(400) % 4, 0.9) is None
    assert new_sites.stretch(over, np.arange(400) // 10, 0.9) is None
    assert new_sites.stretch(np.zeros(400), np.arange(400) % 8, 0.9) == 1.0


def test_a_dose_is_given_with_the_interval_for_a_new_site(kb: KnowledgeBase) -> None:
    one = endpoints.get(kb, "warfarin.dose")
    stretched: dict[float, list[float]] = {0.0: [], 0.8: []}
    for site_sd, found in stretched.items():
        for seed in (3, 4, 5):
            table = simulate(one, 600, truth=Truth(sites=8, site_sd=site_sd), seed=seed)
            wide = models.train("warfarin.dose", table, None, kb, settings=FEW)
            assert wide.stretch is not None
            found.append(wide.stretch)
    # Persons of all sites are in the usual interval already: what is added is for the site that was not met.
    assert np.mean(stretched[0.8]) > 1.05 and min(stretched[0.8]) > 1.02 > max(stretched[0.0])
    narrow = models.train("warfarin.dose", table.drop("site"), None, kb, settings=FEW)
    assert narrow.stretch is None


def test_sites_differ_as_much_as_they_were_made_to() -> None:
    rng = np.random.default_rng(2)
    sites = np.repeat(np.arange(60), 300)
    margin = rng.normal(-1, 1, size=len(sites))
    shift = rng.normal(scale=0.5, size=60)[sites]
    y = (rng.random(len(sites)) < 1 / (1 + np.exp(-(margin + shift)))).astype(np.float64)
    found = risk_covariance.between_sites(y, margin, sites)
    assert found is not None and 0.15 < found < 0.4
    none = (rng.random(len(sites)) < 1 / (1 + np.exp(-margin))).astype(np.float64)
    assert (risk_covariance.between_sites(none, margin, sites) or 0.0) < 0.02
    assert risk_covariance.between_sites(y, margin, sites % 4) is None


def _cohort(n: int, effect: float) -> tuple[Data, np.ndarray]:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(n, 3)).astype(np.float32)
    margin = np.full(n, -1.0)
    y = (rng.random(n) < 1 / (1 + np.exp(-(margin + effect * x[:, 0])))).astype(np.float64)
    return Data(margin + rng.normal(scale=0.1, size=n), x, y, np.arange(n)), margin


def test_what_the_model_has_missed_and_what_few_rows_cannot_tell_are_in_the_doubt() -> None:
    center, scale, at = np.zeros(3), np.ones(3), np.array([1.0, -1.0, 2.0, 0.0, 0.0])
    width = {}
    for n, effect in ((200, 0.0), (5000, 0.0), (5000, 0.5)):
        data, margin = _cohort(n, effect)
        found = risk_covariance.covariance(data, margin, center, scale)
        assert np.allclose(found, found.T) and np.linalg.eigvalsh(found).min() > 0
        width[n, effect] = float(np.sqrt(at @ found @ at))
    assert width[200, 0.0] > 1.3 * width[5000, 0.0]
    assert width[5000, 0.5] > 0.8 and width[5000, 0.5] > 3 * width[5000, 0.0]


def test_the_interval_of_a_risk_holds_the_true_risk_in_made_up_cohorts(kb: KnowledgeBase) -> None:
    worlds = {"half": Truth(prior_slope=0.5, shift=0.4), "age": Truth(age=0.4), "sites": Truth(sites=24, site_sd=0.4)}
    found = interval_coverage.coverage("warfarin.low_dose_need", kb, (300,), repeats=1, worlds=worlds, settings=FEW)
    assert found["world"].to_list() == [*worlds, "mean"]
    assert {"all", "female", "male", "white", "below 65", "highest tenth of risk"} <= set(found.columns)
    assert found.row(-1, named=True)["all"] > 0.85
