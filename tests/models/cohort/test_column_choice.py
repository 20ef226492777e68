"""Which columns become features: days, numbers written as text, and the outcome in words of several levels."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from pgx.knowledge import KnowledgeBase
from pgx.models.cohort import cohort, told_by_two
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


def test_a_copy_of_the_outcome_with_slips_is_used_but_said(kb: KnowledgeBase) -> None:
    slips = np.where(np.arange(N) % 40 == 3, 1 - EVENTS, EVENTS)
    words = np.where(slips == 1, np.array(["MI", "stroke"])[np.arange(N) % 2], "well")
    rng = np.random.default_rng(6)
    noise = {f"lab{j}": rng.normal(size=N) for j in range(30)}
    taken = load(kb, seen=slips, word=words, honest=EVENTS + rng.normal(size=N), **noise)
    assert not taken.unused
    text = dict(taken.remarks)["column_nearly_gives_outcome_away"]
    assert text.startswith("seen (0.972), word (0.978) each tell the outcome alone and are used, with an AUC of 0.95")
    assert "column_nearly_gives_outcome_away" not in dict(load(kb, **noise).remarks)


def test_what_nearly_follows_a_measured_outcome_is_said(kb: KnowledgeBase) -> None:
    rng = np.random.default_rng(6)
    dose = np.round(rng.gamma(9.0, 4.0, N), 1)
    table = pl.DataFrame(
        {
            "gene.cyp2c9.diplotype": ["*1/*1", "*1/*2"] * (N // 2),
            "gene.vkorc1.diplotype": ["rs9923231 reference (C)/rs9923231 variant (T)"] * N,
            "clinical.age": rng.integers(20, 80, N),
            "outcome": dose,
            "next": dose + rng.normal(0, 2.8, N),
            "before": dose + rng.normal(0, 12.0, N),
        }
    )
    remarks = dict(cohort.load(table, endpoints.get(kb, "warfarin.dose"), Roles(others=True), kb=kb).remarks)
    text = remarks["column_nearly_gives_outcome_away"]
    assert text.startswith("next (0.967)") and "alone and is used, with a rank correlation of 0.95 or more" in text


@pytest.mark.parametrize("unit", [1.0, 24.0])
def test_two_columns_whose_difference_is_the_outcome_give_it_away(unit: float, kb: KnowledgeBase) -> None:
    rng = np.random.default_rng(7)
    first = rng.uniform(0, 100, N)
    last = unit * (first + np.where(EVENTS == 1, 20.0, 5.0) + rng.normal(size=N))
    taken = load(kb, first=first, last=last, age=rng.normal(60, 10, N))
    assert taken.unused == {
        "first": "with last it gives the outcome away",
        "last": "with first it gives the outcome away",
    }
    assert dict(taken.remarks)["column_gives_outcome_away"].startswith("first and last together tell the outcome")


def test_two_columns_whose_ratio_or_product_is_the_outcome_give_it_away(kb: KnowledgeBase) -> None:
    rng = np.random.default_rng(7)
    before = rng.lognormal(4.3, 0.4, N)
    after = before * np.where(EVENTS == 1, rng.uniform(0.8, 0.93, N), rng.uniform(0.96, 1.05, N))
    taken = load(kb, before=before, after=after, inverse=1.0 / after, age=rng.normal(60, 10, N))
    assert taken.unused == {
        "before": "with after or inverse it gives the outcome away",
        "after": "with before it gives the outcome away",
        "inverse": "with before it gives the outcome away",
    }


def test_columns_of_few_levels_that_tell_the_outcome_by_what_stands_beside_what_give_it_away(kb: KnowledgeBase) -> None:
    rng = np.random.default_rng(7)
    drugs, start, plan = np.array(["citalopram", "sertraline", "none"]), rng.integers(0, 3, N), rng.integers(0, 2, N)
    end = np.where(EVENTS == 1, (start + 1) % 3, start)
    noise = {f"ward{j}": np.array(["a", "b", "c", "d"])[rng.integers(0, 4, N)] for j in range(12)}
    taken = load(kb, start=drugs[start], end=drugs[end], plan=plan, got=plan ^ EVENTS, **noise)
    together = {name: f"with {other} it gives the outcome away" for name, other in
                (("start", "end"), ("end", "start"), ("plan", "got"), ("got", "plan"))}  # fmt: skip
    assert taken.unused == together


def test_strong_findings_are_no_pair(kb: KnowledgeBase) -> None:
    rng = np.random.default_rng(8)
    findings = {name: EVENTS * 2.5 + rng.normal(size=N) for name in ("size", "shape", "nuclei")}
    assert not load(kb, **findings).unused


def test_what_is_known_only_with_one_outcome_is_left_out(kb: KnowledgeBase) -> None:
    rng = np.random.default_rng(9)
    day = np.where(EVENTS == 1, rng.integers(44000, 44900, N).astype(float), np.nan)
    grade = [str(rng.choice(["mild", "severe"])) if event else None for event in EVENTS]
    few = np.where((EVENTS == 0) & (np.cumsum(EVENTS == 0) <= 20), rng.normal(size=N), np.nan)
    taken = load(kb, stopped=day, grade=grade, measured_in_some=few)
    assert taken.unused == dict.fromkeys(("stopped", "grade"), "known only where the outcome is 1")
    text = dict(taken.remarks)["column_gives_outcome_away"]
    assert text.startswith("stopped (1), grade (1) are known only where the outcome is that, and were left out")


@pytest.mark.parametrize("kind", [pl.Int64, pl.Float64])
def test_a_number_of_its_own_for_every_row_is_none_however_it_is_held(kind: Any, kb: KnowledgeBase) -> None:
    chart = pl.Series(np.random.default_rng(3).permutation(N) + 100_000).cast(kind)
    taken = load(kb, chart=chart, lab=np.arange(N) + 0.5)
    assert taken.unused == {"chart": "a number of its own for every row"}


def test_pairs_of_columns_that_say_little_or_of_which_one_says_nearly_all_stay(kb: KnowledgeBase) -> None:
    rng = np.random.default_rng(8)
    noise = {f"lab{j}": rng.normal(size=N) for j in range(30)}
    strong = EVENTS * 2.5 + rng.normal(size=N)  # an AUC of .96 alone
    assert not load(kb, strong=strong, **noise).unused
    assert told_by_two.pairs({name: rng.normal(size=20) for name in "abcdefgh"}, np.arange(20.0), "sqrt") == []


def test_of_few_persons_no_pair_is_said_to_tell_the_outcome() -> None:
    rng = np.random.default_rng(9)
    first = {n: rng.uniform(0, 100, n) for n in (38, 40)}
    for n, told in ((38, []), (40, [("first", "last")])):
        y = np.r_[np.ones(n // 2), np.zeros(n // 2)]
        values = {"first": first[n], "last": first[n] + np.where(y == 1, 20.0, 5.0)}
        assert told_by_two.pairs(values, y, "logit") == told


def test_pairs_are_asked_of_some_rows_with_every_outcome() -> None:
    y = np.r_[np.ones(30), np.zeros(50_000)]
    rows = told_by_two.rows_asked(y, "logit")
    assert (y[rows].sum(), len(rows)) == (30, 1030)
    assert len(np.unique(told_by_two.rows_asked(y, "sqrt"))) == 2000
