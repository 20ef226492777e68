"""Warfarin over time: an INR moves the predicted dose the right way, by an amount that its certainty earns."""

from __future__ import annotations

import math
from datetime import date, timedelta

import polars as pl
import pytest

from pgx import models
from pgx.errors import InputError, UsageError
from pgx.models.warfarin_inr import COLUMNS, LAG, Start, starts_of

START = {"p": Start(35.0, 20.0, 54.0)}


def _visits(*rows: tuple[float, float], step: int = 14) -> pl.DataFrame:
    first = date(2026, 1, 5)
    return pl.DataFrame(
        [
            {"sample": "p", "date": first + timedelta(days=i * step), "dose": d, "inr": r}
            for i, (d, r) in enumerate(rows)
        ]
    )


def test_columns_are_documented() -> None:
    assert models.monitor(_visits((35, 2.5)), START).columns == list(COLUMNS)


def test_a_high_inr_lowers_and_a_low_inr_raises_the_dose() -> None:
    assert models.monitor(_visits((35, 3.8)), START)["estimate"].item() < 35
    assert models.monitor(_visits((35, 1.4)), START)["estimate"].item() > 35


def test_a_person_who_needs_half_is_found_within_a_few_visits() -> None:
    # At 17.5 mg a week this person would have an INR of 2.5.
    inr = [2.5 * (dose / 17.5) ** 1.5 for dose in (30, 24, 20, 18)]
    found = models.monitor(_visits(*zip((30, 24, 20, 18), inr, strict=True)), START)
    assert found["estimate"][-1] == pytest.approx(17.5, rel=0.1)
    widths = (found["high"] - found["low"]).to_list()
    assert widths == sorted(widths, reverse=True)


def test_an_inr_right_after_a_change_says_little() -> None:
    soon = models.monitor(_visits((35, 2.5), (45, 2.5), step=1), START)["estimate"][-1]
    later = models.monitor(_visits((35, 2.5), (45, 2.5), step=28), START)["estimate"][-1]
    assert later - 35 > soon - 35


def test_the_first_days_of_treatment_raise_no_dose() -> None:
    # 35 mg a week is what this person needs; the INR climbs as the dose begins to act.
    acting = [35 * (1 - math.exp(-day / LAG)) for day in (5, 10, 15, 20)]
    climb = [max(2.5 * (dose / 35) ** 1.5, 1.0) for dose in acting]
    found = models.monitor(_visits(*((35.0, inr) for inr in [1.0, *climb]), step=5), START)
    assert "raise_dose" not in found["advice"].to_list()
    assert found["advice"][0] == "recheck_soon"
    assert found["estimate"].to_list() == pytest.approx([35.0] * 5, rel=0.05)
    assert found["low"][0] == pytest.approx(20.0, rel=0.02), "an untreated INR says nothing"


def test_a_low_inr_raises_the_dose_once_the_dose_acts() -> None:
    found = models.monitor(_visits((35, 1.0), (35, 1.5), (35, 1.5), step=20), START)
    assert found["advice"].to_list() == ["recheck_soon", "raise_dose", "raise_dose"]


def test_advice() -> None:
    found = models.monitor(_visits((35, 2.5), (35, 2.4), (35, 5.2)), START)
    assert found["advice"].to_list() == ["keep_dose", "keep_dose", "clinician_today"]
    assert found["trend"][-1] == "rising"
    assert found["time_in_range"][0] is None and 0 < found["time_in_range"][2] < 1
    assert models.monitor(_visits((0, 2.0)), START)["advice"].item() == "recheck_soon"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inr": 60.0}, "inr 60.0 is not between"),
        ({"dose": 900.0}, "dose 900.0"),
        ({"date": "someday"}, "not a date"),
        ({"sample": "q"}, "no warfarin score"),
    ],
)
def test_impossible_values(change: dict[str, object], message: str) -> None:
    row: dict[str, object] = {"sample": "p", "date": "2026-01-05", "dose": 35.0, "inr": 2.5}
    with pytest.raises(InputError, match=message):
        models.monitor(pl.DataFrame([row | change]), START)


def test_missing_columns_and_strange_targets() -> None:
    with pytest.raises(InputError, match="no column 'inr'"):
        models.monitor(pl.DataFrame({"sample": ["p"], "date": ["2026-01-05"], "dose": [35.0]}), START)
    with pytest.raises(UsageError, match="cannot be aimed at"):
        models.monitor(_visits((35, 2.5)), START, target=9)
    with pytest.raises(InputError, match="no column 'sample'"):
        starts_of(pl.DataFrame({"x": [1]}))


@pytest.mark.parametrize("text", ["2026-01-05", "2026-01-05 08:30", "2026-01-05T08:30:00Z"])
def test_a_day_is_year_month_day_with_or_without_a_time(text: str) -> None:
    values = pl.DataFrame({"sample": ["A"], "date": [text], "dose": [35.0], "inr": [2.5]})
    assert models.monitor(values, {"A": Start(35, 20, 54)})["date"].to_list() == [date(2026, 1, 5)]


@pytest.mark.parametrize("text", ["05/01/2026", "01/05/26", "5 Jan 2026"])
def test_a_day_whose_order_is_a_guess_is_refused(text: str) -> None:
    values = pl.DataFrame({"sample": ["A"], "date": [text], "dose": [35.0], "inr": [2.5]})
    with pytest.raises(InputError, match="YYYY-MM-DD"):
        models.monitor(values, {"A": Start(35, 20, 54)})


@pytest.mark.parametrize(
    ("inr", "text"), [("high", "line 3: inr 'high' is not a number"), (None, "line 3: inr is missing")]
)
def test_a_value_that_cannot_be_read_is_named_as_written(inr: str | None, text: str) -> None:
    values = pl.DataFrame(
        {"sample": ["A", "A"], "date": ["2026-01-05", "2026-01-12"], "dose": [35.0, 35.0], "inr": ["2.5", inr]}
    )
    with pytest.raises(InputError, match=text):
        models.monitor(values, {"A": Start(35, 20, 54)})
