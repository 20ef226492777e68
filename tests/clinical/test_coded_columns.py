"""Coded columns of feature and cohort tables, and dates in a layout that somebody names."""

from __future__ import annotations

import polars as pl
import pytest

from pgx.clinical import coded_columns, read
from pgx.errors import UsageError
from tests.clinical.reading import codes, values


@pytest.mark.parametrize(
    ("column", "written", "meant", "said"),
    [
        ("clinical.sex", ["M", "F", None], ["male", "female", None], 0),
        ("clinical.sex", ["male", "female"], ["male", "female"], 0),
        ("clinical.sex", [1, 2, 1], ["male", "female", "male"], 1),
        ("clinical.sex", [1.0, 2.0, None], ["male", "female", None], 1),
        ("clinical.sex", [0, 1], [None, None], 1),
        ("clinical.sex", [1, 1], [None, None], 1),
        ("clinical.sex", ["Male", "banana"], ["male", None], 1),
        ("clinical.race", ["Black", "2106-3", "Hawaiian"], ["black", "white", "pacific_islander"], 0),
        ("clinical.race", ["1", "2"], [None, None], 1),
    ],
)
def test_words_and_numbers_are_mapped_or_said(kb, column, written, meant, said):
    table, remarks, lost = coded_columns.understood(pl.DataFrame({column: written}), [column], kb)
    assert table[column].to_list() == meant
    assert len(remarks) == said
    assert all(name == column and column in remark for name, remark in remarks)
    understood = lost[column].to_list() if lost else [False] * len(written)
    assert understood == [is_there is not None and word is None for is_there, word in zip(written, meant, strict=True)]


@pytest.mark.parametrize(
    ("layout", "day"),
    [
        ("DD.MM.YYYY", "03.04.2026"),
        ("D/M/YYYY", "3/4/2026"),
        ("MM-DD-YYYY", "04-03-2026"),
        ("DD.MM.YYYY", "2026-04-03"),
    ],
)
def test_dates_are_read_as_somebody_says(kb, write, layout, day):
    path = write("a.csv", f"sample;date;weight\nA;{day};70\n")
    found = read([path], kb, date_format=layout)
    assert values(found)["as_of"] == "2026-04-03"
    assert values(found)["weight"] == 70


def test_a_date_of_no_known_layout_costs_its_values_and_names_the_option(kb, write):
    found = read([write("a.csv", "sample,date,weight\nA,03.04.2026,70\n")], kb)
    assert "weight" not in values(found)
    assert "bad_date" in codes(found)
    assert found.notes["message"].str.contains("--date-format").any()


@pytest.mark.parametrize("layout", ["YY.MM.DD", "banana", "MM.YYYY", "DD.DD.YYYY"])
def test_a_layout_without_day_month_and_year_is_refused(kb, write, layout):
    with pytest.raises(UsageError, match="--date-format"):
        read([write("a.csv", "sample,weight\nA,70\n")], kb, date_format=layout)
