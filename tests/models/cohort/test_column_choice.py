"""Which columns become features: days, numbers written as text, and the outcome in words of several levels."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from pgx.knowledge import KnowledgeBase
from pgx.models.cohort import cohort
from pgx.models.cohort.cohort import Roles
from pgx.models.evidence import endpoints

N = 300
EVENTS = np.random.default_rng(5).permutation(np.r_[np.ones(120), np.zeros(180)]).astype(int)


def load(kb: KnowledgeBase, **columns: Any) -> cohort.Cohort:
    table = pl.DataFrame(
        {
            "person": [f"p{i}" for i in range(N)],
            "gene.cyp2c19.phenotype": ["Normal Metabolizer", "Poor Metabolizer"] * (N // 2),
            "outcome": EVENTS,
            **columns,
        }
    )
    return cohort.load(table, endpoints.get(kb, "clopidogrel.mace"), Roles(), kb=kb)


@pytest.mark.parametrize(
    "day", ["2020-0{}-11", "11.0{}.2020", "0{}/11/20", "2020-0{}-11T10:00:00", "2020-0{}-11 10:00"]
)
def test_days_in_text_are_no_levels(day: str, kb: KnowledgeBase) -> None:
    taken = load(kb, visit=[day.format(1 + i % 4) for i in range(N)])
    assert taken.unused["visit"] == "a date"


def test_versions_and_ranges_are_no_days(kb: KnowledgeBase) -> None:
    taken = load(kb, kit=[("1.2", "1.3.1", "10-20")[i % 3] for i in range(N)])
    assert "kit" not in taken.unused


@pytest.mark.parametrize("form", ["{},5", "{} %", "{}mg", "<{} U/L"])
def test_numbers_that_are_written_as_text_are_said(form: str, kb: KnowledgeBase) -> None:
    taken = load(kb, crp=[form.format(i) for i in range(N)], note=[f"seen by ward {i}" for i in range(N)])
    assert taken.unused == dict.fromkeys(("crp", "note"), "no value is frequent enough")
    code, text = taken.remarks[0]
    assert code == "text_not_used" and text.startswith("crp is not used: the numbers are written as text")
    assert len(taken.remarks) == 1


def test_levels_that_tell_the_outcome_together_give_it_away(kb: KnowledgeBase) -> None:
    pick = np.arange(N) % 3
    words = np.where(EVENTS == 1, np.array(["MI", "stroke", "death"])[pick], np.array(["well", "alive", "moved"])[pick])
    coded = np.where(EVENTS == 1, np.array([1, 3, 1])[pick], np.array([0, 2, 4])[pick])
    taken = load(kb, status=words, end=coded, ward=np.array(["a", "b", "c"])[pick], floor=pick)
    assert {name for name, why in taken.unused.items() if why == "it gives the outcome away"} == {"status", "end"}
    assert dict(taken.remarks)["column_gives_outcome_away"].startswith("status, end each tell the outcome")


def test_of_many_columns_that_give_the_outcome_away_the_rest_is_counted(kb: KnowledgeBase) -> None:
    taken = load(kb, **{f"copy{j}": EVENTS * (j + 1) for j in range(10)})
    assert "copy7 and 2 more each tell" in dict(taken.remarks)["column_gives_outcome_away"]
