"""Bounds in the place of a value: one that lies wholly on one side of a limit decides it, and nothing else."""

from __future__ import annotations

import math

import pytest

import pgx
from pgx.clinical import read
from pgx.clinical.bounds import interval
from tests.clinical.reading import codes, values
from tests.clinical.test_left_out import VCF, amount, observed

EGFR = "mL/min/{1.73_m2}"


@pytest.fixture
def report(write):
    """The judgement of one drug, and what page 1 says was left out."""

    def run(drug, **told):
        record = {"date": "2026-12-01", "age": 70, "sex": "female", "planned_medications": [drug]} | told
        result = pgx.report(write("v.vcf", VCF), clinical=write("p.json", record))
        left_out = result.notes.filter(code="value_left_out")["subject"].to_list()
        (row,) = result.judgements.filter(drug=drug).rows(named=True)
        return row["urgency"], left_out

    return run


@pytest.mark.parametrize(
    ("written", "kept"),
    [("<15", "<15"), ("< 15", "<15"), ("<=15", "<=15"), ("≤ 15", "<=15"), (">90", ">90"), ("≥60 mL/min/1.73m2", ">=60"),
     ("less than 15", "<15"), ("unter 15", "<15"), ("> 90,5", ">90.5")],
)  # fmt: skip
def test_a_bound_is_kept_as_what_it_is(kb, write, written, kept):
    data = read([write("p.json", {"egfr": written})], kb)
    assert values(data)["egfr"] == kept and codes(data, "error") == ["bound"]
    assert data.kept_out["concept"].to_list() == ["egfr"], "no score has a number"


def test_a_bound_in_another_unit_is_converted(kb, write):
    record = observed(("2160-0", "2026-11-30", {"valueQuantity": {"value": 442, "comparator": ">", "unit": "umol/L"}}))
    kept = values(read([write("r.json", record)], kb))["creatinine"]
    assert kept[0] == ">" and float(kept[1:]) == pytest.approx(5.0, abs=0.01)


@pytest.mark.parametrize(
    ("egfr", "urgency", "named"),
    [("<15", "avoid", []), ("<30", "avoid", []), ("<=30", "no_data", ["egfr"]), ("<60", "no_data", ["egfr"]),
     (">60", "no_data", []), (">=30", "no_data", []), (">29", "no_data", ["egfr"])],
)  # fmt: skip
def test_a_bound_decides_the_limits_that_all_of_it_lies_on_one_side_of(report, egfr, urgency, named):
    assert report("metformin", egfr=egfr) == (urgency, named)


def test_an_age_above_a_bound_decides_an_age_limit(report):
    assert report("prasugrel", age=">89")[0] == "avoid"


def test_an_older_value_does_not_stand_in_for_a_bound(kb, write):
    newer = {"valueQuantity": {"value": 15, "comparator": "<", "unit": "mL/min/{1.73_m2}"}}
    record = observed(("33914-3", "2025-01-01", amount(80, EGFR)), ("33914-3", "2026-11-30", newer))
    assert values(read([write("r.json", record)], kb))["egfr"] == "<15"


def test_a_number_that_was_computed_within_the_bound_is_used(kb, write):
    told = {"egfr": ">60", "creatinine": 0.8}
    data = read([write("q.json", {"date": "2026-12-01", "age": 70, "sex": "female"} | told)], kb)
    assert values(data)["egfr"] == pytest.approx(79, abs=1) and data.kept_out.is_empty()


def test_a_number_that_was_computed_beyond_the_bound_is_not(report):
    assert report("metformin", egfr="<15", creatinine=1.0) == ("avoid", [])


def test_the_ends_of_a_bound():
    assert interval("<=15") == (-math.inf, 15.0) and interval("<15")[1] < 15
    assert interval(">=60") == (60.0, math.inf) and interval(">60")[0] > 60
