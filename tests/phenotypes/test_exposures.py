"""What acts on each person's enzymes on that person's own day."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from pgx import knowledge, schema
from pgx.phenotypes.exposures import acts_on, exposures, known_medication, long_taken, newest, present_days
from pgx.types import ClinicalData

KB = knowledge.load()


def history(observations=(), medications=()):
    return ClinicalData(
        schema.from_rows(list(observations), schema.CLINICAL),
        schema.from_rows(list(medications), schema.MEDICATIONS),
        schema.empty(schema.NOTES),
    )


def seen(sample, concept, **more):
    return {"sample": sample, "concept": concept, "source": "test", "origin": "given", **more}


def drug(sample, name, status="current", **more):
    return {"sample": sample, "drug": name, "status": status, "as_written": name, "source": "test", **more}


def acting(clinical, **more):
    return set(exposures(clinical, KB, **more).select("sample", "agent", "phase").unique().iter_rows())


EARLY, LATE = date(2015, 3, 10), date(2026, 3, 10)


def test_each_person_of_a_cohort_has_a_day_of_their_own():
    clinical = history(
        [
            seen("early", "as_of", code=EARLY.isoformat()),
            seen("late", "as_of", code=LATE.isoformat()),
            seen("early", "smoking_status", code="current", date=EARLY),
            seen("early", "crp", value=80.0, unit="mg/L", date=EARLY),
            seen("late", "crp", value=80.0, unit="mg/L", date=EARLY),
        ],
        [
            drug("early", "paroxetine", "stopped", end=date(2015, 3, 8)),
            drug("late", "paroxetine", "stopped", end=date(2015, 3, 8)),
        ],
    )
    assert acting(clinical) == {
        ("early", "smoking_status", "current"),
        ("early", "crp", "current"),
        ("early", "paroxetine", "washout"),
    }


def test_one_person_says_the_same_alone_and_in_a_cohort():
    rows = [seen("early", "smoking_status", code="current", date=EARLY)]
    drugs = [drug("early", "fluoxetine", "stopped", end=date(2015, 2, 20))]
    alone = acting(history(rows, drugs))
    other = [seen("late", "weight", value=70.0, unit="kg", date=LATE)]
    assert alone == acting(history([*rows, *other], drugs)) != set()


def test_a_day_that_is_given_holds_for_all():
    clinical = history([seen("a", "as_of", code=EARLY.isoformat())], [drug("a", "paroxetine", end=EARLY)])
    assert acting(clinical) == {("a", "paroxetine", "current")}
    assert acting(clinical, as_of=date(2015, 3, 12)) == {("a", "paroxetine", "washout")}
    assert acting(clinical, as_of=LATE) == set()


def test_what_was_observed_after_the_day_is_not_yet_known():
    clinical = history([seen("a", "smoking_status", code="current", date=LATE)])
    assert acting(clinical) == {("a", "smoking_status", "current")}
    assert acting(clinical, as_of=EARLY) == set()


@pytest.mark.parametrize(
    ("rows", "drugs", "day"),
    [
        ([], [drug("a", "warfarin")], None),
        ([], [drug("a", "warfarin", start=EARLY)], EARLY),
        ([], [drug("a", "warfarin", "planned", start=LATE), drug("a", "aspirin", start=EARLY)], EARLY),
        ([], [drug("a", "warfarin", "stopped", end=LATE)], None),
        ([seen("a", "as_of", code=LATE.isoformat())], [drug("a", "warfarin", start=EARLY)], LATE),
        ([seen("a", "weight", value=70.0, date=EARLY)], [], EARLY),
    ],
)
def test_the_day_of_a_person(rows, drugs, day):
    assert present_days(history(rows, drugs)).rows() == [("a", day)]


def test_a_value_without_a_date_is_of_today_and_one_outside_the_window_is_gone():
    rows = [seen("a", "smoking_status", code="never"), seen("a", "smoking_status", code="current", date=EARLY)]
    clinical = history([*rows, seen("a", "as_of", code=LATE.isoformat())])
    days = present_days(clinical)
    assert newest(clinical.observations, "smoking_status", days)["code"].to_list() == ["never"]
    dated = clinical.observations.filter(pl.col("date").is_not_null())
    assert newest(dated, "smoking_status", days)["code"].to_list() == ["current"]
    assert newest(dated, "smoking_status", days, window_days=365).is_empty()


@pytest.mark.parametrize(
    ("rows", "drugs", "known"),
    [
        ([seen("a", "medication_list", code="given")], [], True),
        ([], [drug("a", "warfarin")], True),
        ([seen("a", "medication_unread", code="paroxetine")], [drug("a", "warfarin")], False),
        ([], [drug("a", "warfarin", "planned")], False),
        ([], [drug("a", "warfarin", "stopped")], False),
    ],
)
def test_plans_and_past_drugs_do_not_say_what_is_taken_now(rows, drugs, known):
    assert (known_medication(history(rows, drugs)) == {"a"}) is known


def test_a_drug_acts_on_the_genes_of_its_enzymes_and_of_their_groups():
    genes = acts_on(KB)
    assert "CYP2D6" in genes["paroxetine"]
    assert "CYP2C19" not in genes["paroxetine"]
    assert "metoprolol" not in genes


def test_a_therapy_runs_after_four_weeks_and_never_by_a_start_that_nobody_wrote():
    clinical = history(
        [seen("A", "as_of", code="2026-10-12", date=None)],
        [
            drug("A", "metoprolol", start=date(2026, 9, 14)),
            drug("A", "warfarin", start=date(2026, 9, 15)),
            drug("A", "codeine", start=None),
            drug("A", "clopidogrel", status="planned", start=date(2020, 1, 1)),
            drug("A", "omeprazole", status="stopped", start=date(2020, 1, 1)),
        ],
    )
    assert long_taken(clinical) == {("A", "metoprolol")}
    assert long_taken(clinical, date(2026, 10, 13)) == {("A", "metoprolol"), ("A", "warfarin")}
