"""What a value of a person may be, how long it holds, and when two statements cannot both be true."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from pgx.clinical import derive, identity, statements
from pgx.clinical.current import current_values
from pgx.clinical.identity import Record, contradictions
from pgx.clinical.readers import fhir_drugs
from pgx.clinical.statements import BadDateError, read_date
from pgx.clinical.values import interpret
from pgx.clinical.vocabulary import vocabulary
from pgx.features import clinic
from pgx.knowledge import load

KB = load()
WORDS = vocabulary(KB)
NUMERIC = [one for one in WORDS.concepts.values() if one.kind == "numeric"]
TODAY = date(2026, 6, 1)

LIMITS = {
    (derive, "SAME_VISIT_DAYS"): 30,
    (derive, "AGE_HOLDS_DAYS"): 365,
    (identity, "SAME_DAY_RATIO"): 5.0,
    (identity, "AGE_YEARS"): 2.0,
    (identity, "AGE_YEARS_UNDATED"): 10.0,
    (fhir_drugs, "_LONGEST_SUPPLY"): 400,
    (fhir_drugs, "_SUPPLY_DAYS"): 30,
    (fhir_drugs, "_FAR_DAYS"): 1095,
    (clinic, "MIN_SPAN_DAYS"): 14,
}


@pytest.mark.parametrize(("module", "name"), LIMITS, ids=lambda one: getattr(one, "__name__", one))
def test_a_limit_is_what_the_documentation_says(module, name):
    assert getattr(module, name) == LIMITS[module, name]


def _reasons(values):
    """concept -> reason why its value is left out, None where it is used."""
    raw = pl.DataFrame(
        [{"concept": name, "number": value, "unit": WORDS.concepts[name].unit} for name, value in values.items()],
        schema_overrides=statements.RAW,
    )
    lacking = [pl.lit(None, dtype=kind).alias(name) for name, kind in statements.RAW.items() if name not in raw.columns]
    good, bad = interpret(raw.with_columns(lacking).select(list(statements.RAW)), WORDS)
    reasons = dict.fromkeys(good["concept"].to_list())
    return reasons | dict(bad.select("concept", "code").iter_rows())


def test_every_number_of_a_person_has_limits():
    assert [one.name for one in NUMERIC if one.low is None or one.high is None] == []
    assert all(one.low < one.high for one in NUMERIC)


@pytest.mark.parametrize("end", ["low", "high"])
def test_a_value_at_the_limit_is_used_and_one_beyond_it_is_not(end):
    """All concepts of the knowledge at once."""
    at = {one.name: float(getattr(one, end)) for one in NUMERIC}
    assert set(_reasons(at).values()) == {None}
    away = -1 if end == "low" else 1
    beyond = {name: value + away * max(abs(value) * 1e-6, 1e-6) for name, value in at.items()}
    assert {name: reason for name, reason in _reasons(beyond).items() if reason != "impossible_value"} == {}


def _held(days):
    """Concepts whose value, that many days old, still counts."""
    rows = pl.DataFrame(
        [
            {"sample": "s", "concept": one.name, "value": 1.0, "code": None, "end_date": None,
             "date": TODAY - timedelta(days=days[one.name])}
            for one in NUMERIC if one.name in days
        ],
        schema_overrides={"code": pl.String, "end_date": pl.Date},
    )  # fmt: skip
    now = pl.DataFrame({"sample": ["s"], "as_of": [TODAY]})
    return set(current_values(rows, now, WORDS)["concept"])


def test_a_value_counts_to_the_last_day_of_its_window():
    windows = {one.name: one.window_days for one in NUMERIC if one.window_days is not None}
    assert len(windows) > 20
    assert _held(windows) == set(windows)
    assert _held({name: days + 1 for name, days in windows.items()}) == set()


def test_a_value_of_tomorrow_does_not_count_today():
    names = [one.name for one in NUMERIC if one.summary != "constant"]
    assert _held(dict.fromkeys(names, -1)) == set()
    assert _held(dict.fromkeys(names, 0)) == set(names)


@pytest.mark.parametrize(("ratio", "told"), [(4.999, False), (5.0, False), (5.001, True)])
def test_two_values_of_one_day_may_be_a_factor_of_five_apart(ratio, told):
    given = pl.DataFrame(
        {
            "sample": "s", "concept": "creatinine", "value": [0.8, 0.8 * ratio], "code": pl.Series([None] * 2, dtype=pl.String),
            "unit": "mg/dL", "date": TODAY, "file": "a.csv",
        }
    )  # fmt: skip
    assert bool(contradictions(given)) == told
    other = given.with_columns(date=pl.Series([TODAY, TODAY - timedelta(days=1)]))
    assert contradictions(other) == []


def _record(**more):
    plain = {"file": "f", "person": None, "sample": "s", "guessed": False, "sexes": frozenset(),
             "births": frozenset(), "ages": (), "newest": None}  # fmt: skip
    return Record(**{**plain, **more})


BORN = date(1960, 6, 1)


@pytest.mark.parametrize(
    ("age", "day", "differ"),
    [
        (64.0, TODAY, False),  # 66.0 by the birth date: 2 years are a slip
        (63.9, TODAY, True),
        (67.99, TODAY, False),
        (68.1, TODAY, True),
        (56.1, None, False),  # without a date: 10 years
        (55.9, None, True),
    ],
)
def test_an_age_and_a_birth_date_of_two_files(age, day, differ):
    one = _record(ages=((age, day),), newest=TODAY)
    two = _record(births=frozenset([BORN]))
    assert bool(list(identity._differences(one, two))) == differ
    assert bool(list(identity._differences(two, one))) == differ


@pytest.mark.parametrize(("other", "differ"), [(60.0, False), (60.1, True)])
def test_two_ages_may_be_ten_years_apart(other, differ):
    one, two = (_record(ages=((age, None),)) for age in (50.0, other))
    assert bool(list(identity._differences(one, two))) == differ


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (date(1960, 6, 1), date(1960, 6, 1), True),
        (date(1960, 1, 1), date(1960, 8, 13), True),  # a year alone
        (date(1960, 6, 1), date(1960, 6, 13), True),  # year and month
        (date(1960, 6, 2), date(1960, 6, 13), False),
        (date(1960, 7, 1), date(1960, 8, 13), True),  # the middle of a year stands for it, too
        (date(1960, 6, 1), date(1960, 8, 1), False),
        (date(1960, 1, 1), date(1961, 1, 1), False),
    ],
)
def test_birth_dates_that_can_be_one(first, second, same):
    assert identity._same_day(first, second) == identity._same_day(second, first) == same


@pytest.mark.parametrize(("supply", "days"), [(None, 30), (0, 30), (-5, 30), (1, 1), (90, 90), (400, 400), (401, 30)])
def test_a_dispensed_drug_lasts_as_long_as_someone_says_and_a_month_otherwise(supply, days):
    resource = {"resourceType": "MedicationDispense"} | ({} if supply is None else {"daysSupply": {"value": supply}})
    assert fhir_drugs._used_up(resource, TODAY) == TODAY + timedelta(days=days)


def test_a_drug_that_was_administered_acts_from_that_day_on_its_own():
    assert fhir_drugs._used_up({"resourceType": "MedicationAdministration"}, TODAY) == TODAY


@pytest.mark.parametrize(("days", "old"), [(364, False), (365, False), (366, True)])
def test_an_age_of_more_than_a_year_ago_is_said_to_be_old(days, old):
    given = pl.DataFrame({"sample": ["s"], "value": [70.0], "date": [TODAY - timedelta(days=days)]})
    notes = derive._old_ages(given, pl.DataFrame({"sample": ["s"], "as_of": [TODAY]}))
    assert bool(notes) == old


@pytest.mark.parametrize(("days", "compared"), [(30, True), (31, False)])
def test_values_are_compared_within_a_month(days, compared):
    formula = next(one for one in derive.FORMULAS if one.concept == "bmi")
    row = {"sample": "s", "bmi": 40.0, "calculated": 25.0, "bmi@": TODAY}
    row |= dict.fromkeys(formula.inputs, 100.0)
    row |= {f"{name}@": TODAY - timedelta(days=days) for name in formula.inputs}
    assert bool(derive._compare(pl.DataFrame([row]), formula)) == compared


@pytest.mark.parametrize(
    ("value", "years", "used"), [(0, 0.0, True), (45656, 125.0, True), (45657, None, False), (-1, None, False)]
)
def test_ages_that_can_be(value, years, used):
    born = TODAY - timedelta(days=value)
    rows = pl.DataFrame({"sample": ["s"], "concept": ["birth_date"], "code": [born.isoformat()]})
    found = derive.ages(rows, pl.DataFrame({"sample": ["s"], "as_of": [TODAY]}))
    assert (found.height == 1) == used
    if used:
        assert found["value"][0] == pytest.approx(years, abs=0.01)


@pytest.mark.parametrize(
    ("text", "fine"), [("1849-12-31", False), ("1850-01-01", True), ("2200-12-31", True), ("2201-01-01", False)]
)
def test_years_that_can_be(text, fine):
    if fine:
        assert read_date(text) == date.fromisoformat(text)
    else:
        with pytest.raises(BadDateError, match="outside 1850 to 2200"):
            read_date(text)
