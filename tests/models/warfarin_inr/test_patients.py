"""Made-up patients whose truth is known: the dose is found, and intervals hold it as often as they say."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pgx.knowledge import KnowledgeBase
from pgx.models.warfarin_inr.follow import monitor
from pgx.models.warfarin_inr.parameters import Parameters, parameters
from tests.models.warfarin_inr.patients import Patient, calls_of, draw, later

PATIENTS, VISITS = 60, 7


@pytest.fixture(scope="module")
def known(kb: KnowledgeBase) -> Parameters:
    return parameters(kb)


@pytest.fixture(scope="module")
def drawn(known: Parameters) -> list[Patient]:
    rng = np.random.default_rng(20261129)
    return [draw(known, rng, f"p{number:02}", visits=VISITS) for number in range(PATIENTS)]


@pytest.fixture(scope="module")
def followed(drawn: list[Patient], kb: KnowledgeBase) -> pl.DataFrame:
    frame, notes = monitor([one.person for one in drawn], kb, calls=calls_of(drawn))
    assert not notes
    return frame


def _of(frame: pl.DataFrame, one: Patient) -> list[dict[str, object]]:
    return frame.filter(sample=one.person.name).to_dicts()


def test_forecasts_hold_the_next_inr_as_often_as_they_say(
    drawn: list[Patient], followed: pl.DataFrame, known: Parameters
) -> None:
    rng = np.random.default_rng(7)
    held = []
    for one in drawn:
        for index, row in enumerate(_of(followed, one)):
            weekly = float(row["next_dose"] or row["dose"])  # type: ignore[arg-type]
            inr = later(one, index, weekly, int(row["recheck_days"]), known, rng)  # type: ignore[call-overload]
            held.append(row["forecast_low"] <= inr <= row["forecast_high"])  # type: ignore[operator]
    # 90 % of 420 forecasts, those of one person going together: 3.5 standard errors of 300 independent ones.
    assert len(held) == PATIENTS * VISITS
    assert np.mean(held) == pytest.approx(0.9, abs=0.06)


def test_intervals_hold_the_dose_that_is_needed(drawn: list[Patient], followed: pl.DataFrame) -> None:
    held = [
        [row["low"] <= one.need <= row["high"] for row in _of(followed, one)]  # type: ignore[operator]
        for one in drawn
    ]
    assert np.mean(held) == pytest.approx(0.9, abs=0.08)


def test_the_dose_is_found_and_better_with_each_inr(drawn: list[Patient], followed: pl.DataFrame) -> None:
    off = np.array(
        [[np.log(float(row["estimate"]) / one.need) for row in _of(followed, one)] for one in drawn]  # type: ignore[arg-type]
    )
    assert np.median(np.abs(off[:, -1])) < 0.12 < np.median(np.abs(off[:, 0]))
    assert abs(np.mean(off[:, -1])) < 0.06, "neither too high nor too low"
    width = np.log(followed["high"] / followed["low"]).to_numpy().reshape(PATIENTS, VISITS)
    assert (np.diff(np.median(width, axis=0)) < 0).all()


def test_without_genotypes_the_dose_is_found_too(
    drawn: list[Patient], kb: KnowledgeBase, followed: pl.DataFrame
) -> None:
    some = drawn[:25]
    frame, _ = monitor([one.person for one in some], kb)
    known = followed.filter(pl.col("sample").is_in([one.person.name for one in some]))
    assert all({"gene_averaged:CYP2C9", "gene_averaged:VKORC1"} <= set(flags) for flags in frame["flags"])
    first, last = (
        frame.group_by("sample", maintain_order=True).first(),
        frame.group_by("sample", maintain_order=True).last(),
    )
    off = np.abs(np.log(last["estimate"].to_numpy() / [one.need for one in some]))
    assert np.median(off) < 0.15
    # What is not known is wide, and wider than what is.
    at_first = known.group_by("sample", maintain_order=True).first()
    assert (first["high"] / first["low"] > at_first["high"] / at_first["low"]).all()


def test_the_same_person_alone_and_among_others(
    drawn: list[Patient], kb: KnowledgeBase, followed: pl.DataFrame
) -> None:
    one = drawn[3]
    alone, _ = monitor([one.person], kb, calls=calls_of([one]))
    assert alone.equals(followed.filter(sample=one.person.name))


def test_no_rise_beside_an_inr_above_range_and_none_too_early(followed: pl.DataFrame) -> None:
    above = followed.filter(pl.col("inr") > pl.col("target") + 0.5)
    assert above.height > 20 and (above["change"] <= 0).all()
    assert "raise_dose" not in above["advice"].to_list()
    assert (above["next_dose"].fill_null(0.0) <= above["dose"]).all()
    assert "raise_dose" not in followed.group_by("sample").first()["advice"].to_list()
