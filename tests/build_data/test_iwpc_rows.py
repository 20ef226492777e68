"""The public cohort: activity scores are those of the knowledge base, and whom the dose model is trained on."""

from __future__ import annotations

import polars as pl
import pytest

from pgx.build_data import iwpc
from pgx.knowledge import load

KB = load()


@pytest.mark.parametrize(
    ("diplotype", "score"),
    [
        ("*1/*1", 2.0), ("*1/*2", 1.5), ("*1/*3", 1.0), ("*2/*3", 0.5), ("*3/*3", 0.0), ("*1/*5", 1.5),
        ("*1/*6", 1.0), ("*1/*11", 1.5), ("*1/*13", 1.0), ("*1/*14", 1.5), (None, None), ("*1/*99", None),
    ],
)  # fmt: skip
def test_the_score_is_the_sum_of_the_alleles_values_in_the_knowledge_base(
    diplotype: str | None, score: float | None
) -> None:
    assert iwpc._activity(diplotype, KB) == score


def _cohort(**more: object) -> pl.DataFrame:
    plain = {
        "stable": True,
        "dose": 35.0,
        "clinical.age": 55,
        "clinical.target_inr": None,
        "gene.vkorc1.diplotype": "x",
    }
    return pl.DataFrame([plain | more], schema_overrides={"clinical.target_inr": pl.Float64})


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        ({}, True), ({"dose": 175.0}, True), ({"dose": 175.1}, False), ({"dose": 0.0}, False), ({"dose": 0.1}, True),
        ({"clinical.age": 17}, False), ({"clinical.age": 18}, True), ({"clinical.target_inr": 1.99}, False),
        ({"clinical.target_inr": 2.0}, True), ({"clinical.target_inr": 2.9}, True), ({"clinical.target_inr": 2.91}, False),
        ({"stable": False}, False), ({"stable": None}, False), ({"gene.vkorc1.diplotype": None}, False),
    ],
)  # fmt: skip
def test_whom_the_dose_model_is_trained_on(more: dict[str, object], kept: bool) -> None:
    assert (iwpc.eligible(_cohort(**more)).height == 1) == kept
