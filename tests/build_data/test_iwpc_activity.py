"""The public cohort's activity scores are those of the knowledge base."""

from __future__ import annotations

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
