"""The shipped model of isoniazid exposure: whom it scores, on which evidence, and in which direction."""

from __future__ import annotations

import polars as pl
import pytest

import pgx


@pytest.fixture(scope="module")
def scores() -> pl.DataFrame:
    poor, middle, rapid = "Poor Metabolizer", "Intermediate Metabolizer", "Rapid Metabolizer"
    persons = pl.DataFrame({
        "sample": ["poor", "middle", "rapid", "heavy", "no weight", "no gene", "child"],
        "gene.nat2.phenotype": [poor, middle, rapid, middle, poor, None, middle],
        "clinical.weight": [70.0, 70.0, 70.0, 100.0, None, 70.0, 70.0],
        "clinical.age": [40, 40, 40, 40, 40, 40, 12],
    })  # fmt: skip
    return pgx.score(features=persons, endpoints="isoniazid.exposure")


def test_slow_acetylators_have_more_and_heavy_persons_less(scores: pl.DataFrame) -> None:
    poor, middle, rapid, heavy, *_ = scores["estimate"].to_list()
    assert poor > 1.4 * middle and rapid < 0.7 * middle and heavy < 0.8 * middle
    # Geometric means of the cohort: 65, 30 (two missed doses among them) and 18 mg*h/L at 72 kg on average.
    assert 55 < poor < 85 and 30 < middle < 50 and 14 < rapid < 26


def test_without_weight_the_published_clearances_alone_are_used_and_said(scores: pl.DataFrame) -> None:
    told = dict(scores.select("sample", "evidence").iter_rows())
    assert told["poor"] == "patients:n=100" and told["no weight"] == "literature only"
    row = scores.filter(sample="no weight").row(0, named=True)
    assert row["estimate"] == pytest.approx(50.2 * 1.63, rel=0.01)


def test_nobody_outside_the_population_has_a_number(scores: pl.DataFrame) -> None:
    assert dict(scores.select("sample", "usable").iter_rows())["no gene"] is False
    child = scores.filter(sample="child").row(0, named=True)
    assert child["estimate"] is None and "refused:age_below_18" in child["flags"]


def test_every_score_says_dose_time_and_population(scores: pl.DataFrame) -> None:
    row = scores.row(0, named=True)
    assert "900 mg" in row["setting"] and row["horizon"] == "24 hours after the dose"
    assert row["population"] == "adults with HIV given 900 mg of isoniazid" and row["unit"] == "mg*h/L"
