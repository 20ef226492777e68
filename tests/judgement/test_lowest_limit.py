"""The first line shows the lowest of the highest doses that labels give beside the medicines of a list."""

from __future__ import annotations

import pytest

from pgx.judgement.rule_details import with_lowest
from tests.guidance.test_interactions import line, result
from tests.phenotypes.builders import pattern

NORMAL = {
    "SLCO1B1": pattern("*1/*1"),
    "CYP2C19": pattern("*1/*1"),
    "ABCG2": pattern("rs2231142 reference (G)/rs2231142 reference (G)"),
}


@pytest.mark.parametrize(
    ("drugs", "most", "not_told"),
    [
        (["rosuvastatin", "regorafenib", "cyclosporine"], "at most 5 mg a day", "10 mg"),
        (["rosuvastatin", "cyclosporine", "regorafenib"], "at most 5 mg a day", "10 mg"),
        (["rosuvastatin", "regorafenib"], "at most 10 mg a day", "5 mg"),
        (
            ["rosuvastatin", "gemfibrozil", "cyclosporine"],
            "avoid, whatever the genes; if it is used all the same, at most 5 mg a day",
            "10 mg",
        ),
        (["simvastatin", "amlodipine", "verapamil"], "at most 10 mg a day", "20 mg"),
        (["simvastatin", "amlodipine", "lomitapide"], "at most 20 mg a day", "40 mg"),
    ],
)
def test_the_lowest_leads(drugs, most, not_told):
    headline = line(result(NORMAL, drugs), drugs[0]).headline
    assert most in headline and not_told not in headline, headline


def test_of_two_sources_that_ask_for_the_same_the_lower_limit_leads():
    """DPWG halves the highest dose of pimozide, to 10 mg a day; the FDA's table has 4 mg a day for adults."""
    age = {"concept": "age", "value": 44.0, "unit": "a"}
    found = result({"CYP2D6": pattern("*4/*4")}, ["pimozide"], observations=[age])
    headline = line(found, "pimozide").headline
    assert "at most 4 mg/day" in headline and "10 mg" not in headline, headline


def test_twice_a_day_counts_twice_and_what_has_no_milligrams_stays():
    assert with_lowest(["at_most:40 mg a day:"], ["at_most:20 mg twice a day:"]) == ["at_most:40 mg a day:"]
    assert with_lowest(["at_most:40 mg once a day:"], ["at_most:7.5 mg a day:"]) == ["at_most:7.5 mg a day:"]
    assert with_lowest(["dose:to half of the usual dose:"], ["at_most:5 mg a day:"]) == [
        "dose:to half of the usual dose:"
    ]
    assert with_lowest(["at_most:a quarter:"], ["at_most:5 mg a day:"]) == ["at_most:a quarter:"]
