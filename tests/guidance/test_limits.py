"""The probabilities that guidance decides by, each at its boundary."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pgx import knowledge, schema
from pgx.clinical.bounds import compare
from pgx.guidance import recommend
from pgx.guidance.conditions import Class, Condition
from pgx.guidance.populations import NO, UNKNOWN, YES
from pgx.phenotypes import assign
from tests.phenotypes.builders import callset, pattern

KB = knowledge.load()
NORMAL, POOR = "Normal Metabolizer", "Poor Metabolizer"


def told(shares: dict[str, float], drug: str = "clopidogrel") -> list[dict[str, object]]:
    """Return CPIC's rows for a person with these phenotypes of CYP2C19."""
    calls, phenotypes = assign(callset({"s": {"CYP2C19": pattern("*1/*1")}}), KB, None)
    rows = [
        phenotypes.row(0, named=True)
        | {"scheme": "CPIC", "phenotype": name, "clinical_phenotype": name, "activity_score": None,
           "clinical_activity_score": None, "probability": share}
        for name, share in shares.items()
    ]  # fmt: skip
    found = recommend(schema.from_rows(rows, schema.PHENOTYPES), calls, None, KB, drugs=[drug])
    first = found.filter(source="CPIC")["population"][0]
    return found.filter(pl.col("source") == "CPIC", pl.col("population") == first).rows(named=True)


@pytest.mark.parametrize(("share", "shown"), [(0.0099, False), (0.01, True), (0.0101, True)])
def test_other_advice_is_shown_from_one_percent_on(share: float, shown: bool) -> None:
    rows = told({NORMAL: 1 - share, POOR: share})
    possible = [row for row in rows if row["applies"] == "possible"]
    assert bool(possible) == shown
    assert all(POOR in str(row["phenotypes"]) for row in possible)
    [main] = [row for row in rows if row["applies"] in ("yes", "if_population")]
    assert NORMAL in str(main["phenotypes"])
    assert ("genotype_uncertain" in str(main["flags"])) == shown


@pytest.mark.parametrize(("share", "leads"), [(0.4999, False), (0.5, True), (0.5001, True)])
def test_advice_leads_from_half_on(share: float, leads: bool) -> None:
    rows = told({POOR: share, "Indeterminate": (1 - share) / 2, NORMAL: (1 - share) / 2})
    leading = [row for row in rows if row["applies"] in ("yes", "if_population") and POOR in str(row["phenotypes"])]
    assert bool(leading) == leads
    if not leads:
        assert [row for row in rows if row["applies"] == "possible" and POOR in str(row["phenotypes"])]


def test_the_same_advice_for_two_results_is_added_up() -> None:
    rows = told({"Intermediate Metabolizer": 0.4, "Likely Intermediate Metabolizer": 0.3, NORMAL: 0.3})
    leading = [row for row in rows if row["applies"] in ("yes", "if_population")]
    assert len(leading) == 1 and "Intermediate" in str(leading[0]["phenotypes"])


@pytest.mark.parametrize(
    ("test", "below", "at", "above"),
    [
        ("at_least", NO, YES, YES),
        ("above", NO, NO, YES),
        ("at_most", YES, YES, NO),
        ("below", YES, NO, NO),
    ],
)
def test_limits_of_populations(test: str, below: int, at: int, above: int) -> None:
    numbers = np.array([17.999, 18.0, 18.001, np.nan])
    assert compare(test, numbers, numbers, 18.0).tolist() == [below, at, above, UNKNOWN]


def _score(low: float, high: float, value: str, *others: tuple[float, float, str]) -> Condition:
    own = (low, high, value)
    return Condition("CYP2D6", "score", "CPIC", True, value, (value,), low, high, (own, *others))


def _class(score: float | None, name: str = "x") -> Class:
    return Class("CYP2D6", "CPIC", name, score, name, score)


@pytest.mark.parametrize(
    ("score", "weight"),
    [(0.2499, 0.0), (0.25 - 1e-7, 1.0), (0.25, 1.0), (1.0, 1.0), (1.0 + 1e-7, 1.0), (1.001, 0.0)],
)
def test_activity_scores_are_matched_to_a_millionth(score: float, weight: float) -> None:
    rows = (0.0, 0.0, "Poor"), (1.25, 2.25, "Normal")
    condition = _score(0.25, 1.0, "Intermediate", *rows)
    assert condition.weight(_class(score), frozenset(["Normal"])) == weight


def test_a_score_between_the_rows_goes_to_the_nearest_row_of_its_phenotype() -> None:
    low, high = (0.25, 0.5, "Intermediate"), (1.0, 1.0, "Intermediate")
    names = frozenset(["Intermediate"])
    assert _score(*low, high).weight(_class(0.7), names) == 1.0
    assert _score(*high, low).weight(_class(0.7), names) == 0.0
    assert _score(*high, low).weight(_class(0.8), names) == 1.0
    assert _score(*low, high).weight(_class(0.8), names) == 0.0
    assert _score(*low, high).weight(_class(0.8), frozenset(["Poor"])) == 0.0


def test_two_rows_of_one_score_are_told_apart_by_the_phenotype_or_share_it() -> None:
    one, two = (1.0, 1.0, "Intermediate"), (1.0, 2.0, "Normal")
    assert _score(*one, two).weight(_class(1.0), frozenset(["Intermediate"])) == 1.0
    assert _score(*two, one).weight(_class(1.0), frozenset(["Intermediate"])) == 0.0
    assert _score(*one, two).weight(_class(1.0), frozenset(["Other"])) == 0.5


def test_a_phenotype_without_a_score_fits_every_row_of_its_name() -> None:
    one, two = (0.25, 0.5, "Intermediate"), (1.0, 1.0, "Intermediate")
    assert _score(*one, two).weight(_class(None), frozenset(["Intermediate"])) == 0.5
    assert _score(*one).weight(_class(None), frozenset(["Intermediate"])) == 1.0
    assert _score(*one).weight(_class(None), frozenset(["Poor"])) == 0.0
