"""Evidence that a cohort contradicts: warned of, weighed less, and left alone where it is right."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from pgx import models
from pgx.knowledge import KnowledgeBase
from pgx.models.cohort import cohort, prior_conflict
from pgx.models.cohort.cohort import Roles
from pgx.models.cohort.simulation import Truth, simulate
from pgx.models.evidence import endpoints
from pgx.models.fitting import fit
from pgx.models.fitting.boost import Settings
from pgx.models.training import train

NAME = "azathioprine.leukopenia"
FEW = Settings(max_trees=20)


def _found(kb: KnowledgeBase, truth: Truth, n: int, seed: int) -> set[str]:
    one = endpoints.get(kb, NAME)
    taken = cohort.load(simulate(one, n, truth=truth, seed=seed), one, Roles())
    return {one_.code for one_ in prior_conflict.checks(one, taken.data, taken.prior, 1) if one_.message}


def test_evidence_that_is_right_is_hardly_ever_in_conflict(kb: KnowledgeBase) -> None:
    alarms = sum(len(_found(kb, Truth(), n, seed)) for n in (60, 400) for seed in range(10))
    assert alarms <= 2


@pytest.mark.parametrize("name", [NAME, "warfarin.dose"])
def test_a_prior_that_says_the_same_of_all_is_in_no_conflict_of_effects(name: str, kb: KnowledgeBase) -> None:
    one = endpoints.get(kb, name)
    taken = cohort.load(simulate(one, 300, seed=1), one, Roles())
    # Sums of equal numbers are rounded: the means of groups differ by less than anything that was measured.
    equal = np.full(300, 0.1) + np.random.default_rng(1).choice([0.0, 1e-16], 300)
    prior = dataclasses.replace(taken.prior, margin=equal)
    data = dataclasses.replace(taken.data, prior=equal)
    if name == NAME:
        effect = prior_conflict.checks(one, data, prior, 1)[1]
    else:
        effect = prior_conflict.measured_check(one, data, prior, 1)
    assert np.isnan(effect.p_value) and not effect.message


@pytest.mark.parametrize(
    ("truth", "code"),
    [
        (Truth(prior_slope=-1.0), prior_conflict.EFFECT),
        (Truth(prior_slope=0.0), prior_conflict.EFFECT),
        (Truth(shift=2.5), prior_conflict.NUMBER),
    ],
    ids=["wrong way", "empty", "baseline off"],
)
def test_evidence_that_does_not_hold_is_noticed(kb: KnowledgeBase, truth: Truth, code: str) -> None:
    assert sum(code in _found(kb, truth, 1500, seed) for seed in range(5)) >= 4


@pytest.mark.parametrize(("slope", "least", "most"), [(1.0, 0, 1), (0.8, 0, 1), (0.0, 9, 10), (-1.0, 10, 10)])
def test_doses_that_go_against_the_published_effects_are_noticed(
    kb: KnowledgeBase, slope: float, least: int, most: int
) -> None:
    one = endpoints.get(kb, "warfarin.dose")
    alarms = 0
    for seed in range(10):
        taken = cohort.load(simulate(one, 300, truth=Truth(prior_slope=slope), seed=seed), one, Roles())
        alarms += bool(prior_conflict.measured_check(one, taken.data, taken.prior, 1).message)
    assert least <= alarms <= most


def test_copies_of_rows_are_no_further_witnesses(kb: KnowledgeBase) -> None:
    import polars as pl

    one = endpoints.get(kb, NAME)
    table = simulate(one, 150, truth=Truth(prior_slope=0.0), seed=3)
    values = []
    for frame in (table, pl.concat([table] * 10)):
        taken = cohort.load(frame, one, Roles())
        values.append(prior_conflict.checks(one, taken.data, taken.prior, 1)[1].p_value)
    assert values[0] == pytest.approx(values[1], abs=0.05)


def test_the_warning_stands_in_the_card_the_notes_and_the_flags(kb: KnowledgeBase, tmp_path: object) -> None:
    one = endpoints.get(kb, NAME)
    table = simulate(one, 1500, truth=Truth(prior_slope=-1.0), seed=2)
    model = train.train(NAME, table, str(tmp_path) + "/model", kb, settings=FEW)
    assert prior_conflict.EFFECT in {warning["code"] for warning in model.facts["warnings"]}
    persons = table.rename({"person": "sample"}).head(5)
    scores, notes = models.score(persons, kb, endpoints=[NAME], models_dir=str(tmp_path) + "/model")
    assert all("prior_data_conflict" in flags for flags in scores["flags"])
    assert prior_conflict.EFFECT in {note.code for note in notes}


def test_few_events_that_contradict_the_evidence_draw_towards_the_base_rate(kb: KnowledgeBase) -> None:
    """8 to 14 events: little is lost where the evidence is right, and half is won where it is the wrong way round."""
    one = endpoints.get(kb, NAME)
    shares: dict[float, list[float]] = {}
    for slope in (1.0, -1.0):
        for seed in range(8):
            table = simulate(one, 150, truth=Truth(prior_slope=slope), events=13, seed=seed)
            taken = cohort.load(table, one, Roles())
            fitted = fit.fit(taken.data, "logit", [0] * taken.data.x.shape[1], settings=FEW)
            if 8 <= fitted.events <= 14:
                shares.setdefault(slope, []).append(fitted.linear.slope)
    assert min(len(each) for each in shares.values()) >= 4
    assert np.mean(shares[1.0]) > 0.75
    assert np.mean(shares[-1.0]) < 0.5
