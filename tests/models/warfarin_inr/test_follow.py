"""Warfarin over time: an INR moves the dose the right way, by an amount that its certainty earns."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgx import knowledge, schema
from pgx.codes import DoseAdvice, FlagCode, Trend
from pgx.errors import InputError, UsageError
from pgx.knowledge import KnowledgeBase
from pgx.models.warfarin_inr import advice, inr_table
from pgx.models.warfarin_inr.follow import monitor
from pgx.models.warfarin_inr.grid import Start
from pgx.models.warfarin_inr.kinetics import Kinetics
from pgx.models.warfarin_inr.parameters import Parameters, parameters
from pgx.models.warfarin_inr.persons import Course, Person, Visit, of_table
from pgx.models.warfarin_inr.scores import starts_of
from pgx.output_tables.own_columns import MONITOR
from tests.models.warfarin_inr.patients import FIRST, SENSITIVITY, STEPS, A, G, dose_for, response

START = {"p": Start(35.0, 20.0, 54.0)}


@pytest.fixture(scope="module")
def known(kb: KnowledgeBase) -> Parameters:
    return parameters(kb)


def _visits(*rows: tuple[float, float], step: int = 14) -> Person:
    table = pl.DataFrame(
        [
            {"sample": "p", "date": FIRST + timedelta(days=i * step), "dose": d, "inr": r}
            for i, (d, r) in enumerate(rows)
        ]
    )
    (person,), notes = of_table(table, knowledge.load())
    assert not notes
    return person


def _followed(kb: KnowledgeBase, person: Person, **more: object) -> pl.DataFrame:
    found, _ = monitor([person], kb, **{"starts": START, **more})  # type: ignore[arg-type]
    return found


def _calls(cyp: str, vkor: str) -> pl.DataFrame:
    rows = [("p", "CYP2C9", cyp, "called"), ("p", "VKORC1", vkor, "called")]
    return pl.DataFrame(rows, schema=["sample", "gene", "diplotype", "status"], orient="row")


def test_columns_are_those_of_the_schema(kb: KnowledgeBase) -> None:
    assert _followed(kb, _visits((35, 2.5))).columns == [one.name for one in MONITOR]


def test_a_score_is_where_it_starts(kb: KnowledgeBase) -> None:
    row = _followed(kb, _visits((0, 1.0))).row(0, named=True)
    assert (row["estimate"], row["low"], row["high"]) == pytest.approx((35.0, 20.0, 54.0), rel=0.03)


def test_until_an_inr_under_a_dose_speaks_the_estimate_is_said_to_be_the_model_s_own(
    kb: KnowledgeBase,
) -> None:
    person = _visits((0, 1.0), (35, 1.8))
    said = ["assumed:typical_dose" in flags for flags in _followed(kb, person, starts=None)["flags"]]
    assert said == [True, False]
    assert "assumed:typical_dose" not in _followed(kb, _visits((0, 1.0)))["flags"].item(), "a score says it"


def test_a_high_inr_lowers_and_a_low_inr_raises_the_dose(kb: KnowledgeBase) -> None:
    assert _followed(kb, _visits((35, 3.8)))["estimate"].item() < 35
    assert _followed(kb, _visits((35, 1.4)))["estimate"].item() > 35


def test_an_inr_right_after_a_change_says_little(kb: KnowledgeBase) -> None:
    soon = _followed(kb, _visits((35, 2.5), (45, 2.5), step=1))["estimate"][-1]
    later = _followed(kb, _visits((35, 2.5), (45, 2.5), step=28))["estimate"][-1]
    assert later - 35 > 2 * (soon - 35)


def test_an_untreated_inr_says_nothing_of_the_dose(kb: KnowledgeBase) -> None:
    for dose in (0.0, 35.0):
        row = _followed(kb, _visits((dose, 1.0))).row(0, named=True)
        assert row["estimate"] == pytest.approx(35.0, rel=0.02) and row["advice"] == "recheck_soon"


@pytest.mark.parametrize("step", [3, 5, 7])
def test_the_first_days_of_treatment_raise_no_dose(kb: KnowledgeBase, known: Parameters, step: int) -> None:
    """The INR climbs as the dose begins to act; 35 mg a week is what this person needs."""
    typical = response(known, STEPS[0], SENSITIVITY[1], 71)
    who = replace(typical, half_rate=typical.half_rate * 35 / dose_for(known, typical))
    moves, climb = Kinetics(who, known), [1.0]
    state = moves.untreated()
    for _ in range(4):
        for _ in range(step):
            moves.day(state, 5 * known["active_share"])
        climb.append(float(moves.inr(state)[0]))
    found = _followed(kb, _visits(*((35.0, inr) for inr in climb), step=step))
    assert found["advice"][0] == "recheck_soon" and "raise_dose" not in found["advice"].to_list()
    assert found["estimate"].to_list() == pytest.approx([35.0] * 5, rel=0.08)


def test_a_low_inr_raises_the_dose_once_the_dose_acts(kb: KnowledgeBase) -> None:
    found = _followed(kb, _visits((35, 1.0), (35, 1.5), (35, 1.5), step=20))
    assert found["advice"].to_list() == ["recheck_soon", "raise_dose", "raise_dose"]


def test_advice(kb: KnowledgeBase) -> None:
    found = _followed(kb, _visits((35, 2.5), (35, 2.4), (35, 5.2)))
    assert found["advice"].to_list() == ["keep_dose", "keep_dose", "clinician_today"]
    assert found["trend"][-1] == "rising" and found["next_dose"][-1] is None
    assert found["time_in_range"][0] is None and 0 < found["time_in_range"][2] < 1
    stopped = _followed(kb, _visits((0, 2.0))).row(0, named=True)
    assert (stopped["advice"], stopped["dose"]) == ("recheck_soon", 0.0)
    assert stopped["estimate"] == pytest.approx(35.0, rel=0.02)


@pytest.mark.parametrize(
    ("inr", "off", "settled", "code", "days"),
    [
        (4.5, -20.0, True, "clinician_today", 1),
        (4.49, -20.0, True, "lower_dose", 7),
        (1.99, 12.0, False, "recheck_soon", 3),
        (1.99, 12.0, True, "raise_dose", 7),
        (2.0, 12.0, False, "recheck_soon", 7),
        (2.0, 12.0, True, "raise_dose", 14),
        (2.0, 9.99, True, "keep_dose", 28),
        (2.0, 10.0, True, "raise_dose", 14),
        (3.0, -9.99, True, "keep_dose", 28),
        (3.0, -10.01, True, "lower_dose", 14),
        (3.01, -4.99, True, "recheck_soon", 7),
        (3.01, -5.0, True, "lower_dose", 7),
        (3.01, 0.0, True, "recheck_soon", 7),
        (3.01, 15.0, True, "recheck_soon", 7),
        (1.5, 0.0, False, "recheck_soon", 7),
    ],
)
def test_advice_at_its_limits(known: Parameters, inr: float, off: float, settled: bool, code: str, days: int) -> None:
    found = advice.propose(inr, 100.0, 100.0 + off, settled=settled, target=2.5, known=known)
    assert (found.advice, found.recheck_days) == (code, days)


@pytest.mark.parametrize("target", [1.5, 2.0, 2.5, 3.0, 3.5, 4.0])
@pytest.mark.parametrize("settled", [True, False])
def test_never_a_rise_beside_an_inr_above_range(known: Parameters, target: float, settled: bool) -> None:
    for inr, estimate in itertools.product(np.arange(0.8, 8.0, 0.1), (5.0, 35.0, 36.0, 60.0, 300.0)):
        found = advice.propose(float(inr), 35.0, estimate, settled=settled, target=target, known=known)
        if inr > target + 0.5:
            assert found.change is not None and found.change <= 0
            assert found.advice is not DoseAdvice.RAISE_DOSE and (found.factor or 0.0) <= 1.0
        assert found.change is None or -20.0 <= found.change <= 20.0


def test_a_dose_that_is_not_known_or_none_has_no_change(known: Parameters) -> None:
    unknown = advice.propose(2.5, None, 35.0, settled=True, target=2.5, known=known)
    assert (unknown.advice, unknown.change, unknown.factor) == (DoseAdvice.DOSE_UNKNOWN, None, None)
    none = advice.propose(1.0, 0.0, 35.0, settled=True, target=2.5, known=known)
    assert (none.advice, none.change) == (DoseAdvice.RECHECK_SOON, None)


def test_the_range_is_about_the_inr_aimed_at(kb: KnowledgeBase) -> None:
    assert _followed(kb, _visits((35, 3.2), (35, 3.2)), target=3.5)["advice"][1] != "lower_dose"
    at = _followed(kb, replace(_visits((35, 3.2), (35, 3.2)), target=3.0))
    assert at["target"].to_list() == [3.0, 3.0] and "assumed:target" not in at["flags"][0]


@pytest.mark.parametrize("target", [1.49, 4.01])
def test_inr_targets_that_cannot_be_aimed_at(kb: KnowledgeBase, target: float) -> None:
    with pytest.raises(UsageError, match="cannot be aimed at"):
        _followed(kb, _visits((35, 2.5)), target=target)
    found, notes = monitor([replace(_visits((35, 2.5)), target=target)], kb)
    assert "implausible:clinical.target_inr" in found["flags"].item()
    assert found["next_dose"].item() is None and found["time_in_range"].item() is None
    asked, _ = monitor([replace(_visits((35, 2.5)), target=target)], kb, target=3.0)
    assert asked["target"].item() == 3.0 and asked["next_dose"].item() is not None
    assert [one.code for one in notes] == ["implausible_value"]


def test_the_time_in_range_is_rosendaals() -> None:
    seen = [(FIRST, 1.0), (FIRST + timedelta(days=10), 3.0), (FIRST + timedelta(days=20), 4.0)]
    # Days 5 to 10 of the first line are in range (2.0 to 3.0), none of the second after its first day's 3.1.
    found = [advice.time_in_range(seen[:count], 2.0, 3.0) for count in (1, 2, 3)]
    assert found == [None, pytest.approx(0.6), pytest.approx(6 / 20)]


@pytest.mark.parametrize(
    ("values", "trend"),
    [
        ([2.5], "steady"),
        ([2.0, 2.0 * math.exp(0.199)], "steady"),
        ([2.0, 2.0 * math.exp(0.201)], "rising"),
        ([2.0, 2.0 * math.exp(-0.201)], "falling"),
        ([1.0, 2.0, 2.1, 2.0], "steady"),
        ([1.1, 3.4, 2.2], "mixed"),
        ([3.4, 1.1, 2.2], "mixed"),
        ([2.0, 3.0, 2.9], "rising"),
        ([3.0, 1.0, 2.0, 3.0], "rising"),
    ],
)
def test_a_trend_is_a_change_beyond_the_noise_over_three_values(
    known: Parameters, values: list[float], trend: str
) -> None:
    assert advice.trend(values, known) == Trend(trend)


def test_genotype_and_age_say_what_dose_is_expected(kb: KnowledgeBase) -> None:
    person = replace(_visits((0, 1.0)), age=71.0)

    def dose(calls: pl.DataFrame, age: float | None = 71.0) -> float:
        found, _ = monitor([replace(person, age=age)], kb, calls=calls)
        return float(found["estimate"].item())

    usual, sensitive = _calls("*1/*1", f"{G}/{G}"), _calls("*3/*3", f"{A}/{A}")
    assert dose(usual) / 7 == pytest.approx(7.7, rel=0.02) and dose(sensitive) / 7 == pytest.approx(0.875, rel=0.02)
    assert dose(usual, 81.0) / dose(usual) == pytest.approx(0.943, abs=0.003)
    assert dose(usual, None) == pytest.approx(dose(usual), rel=0.02)
    flags = monitor([replace(person, age=None)], kb, calls=usual)[0]["flags"].item()
    assert "missing:clinical.age" in flags and not any(one.startswith(FlagCode.GENE_AVERAGED) for one in flags)


def test_a_gene_that_is_not_called_is_averaged_over_what_the_data_allow(kb: KnowledgeBase) -> None:
    person = replace(_visits((0, 1.0)), age=71.0)
    calls = _calls("*1/*1", f"{G}/{G}").with_columns(
        alternatives=pl.Series([[{"diplotype": "*1/*1", "probability": 0.5}, {"diplotype": "*3/*3", "probability": 0.5}],
                                []]),
        diplotype=pl.Series([None, f"{G}/{G}"]),
        status=pl.Series(["not_called", "called"]),
    )  # fmt: skip
    found, _ = monitor([person], kb, calls=calls)
    sure, _ = monitor([person], kb, calls=_calls("*1/*1", f"{G}/{G}"))
    assert "gene_averaged:CYP2C9" in found["flags"].item() and "gene_averaged:VKORC1" not in found["flags"].item()
    assert found["low"].item() < 15 < sure["low"].item() and found["high"].item() == pytest.approx(
        sure["high"].item(), rel=0.2
    )


def test_an_allele_that_the_model_does_not_know_counts_by_its_activity(kb: KnowledgeBase) -> None:
    person = replace(_visits((0, 1.0)), age=71.0)
    found, _ = monitor([person], kb, calls=_calls("*1/*5", f"{G}/{G}"))
    like, _ = monitor([person], kb, calls=_calls("*1/*2", f"{G}/{G}"))
    assert found["estimate"].equals(like["estimate"])
    assert "allele_by_activity:CYP2C9:*5" in found["flags"].item()
    assert "gene_averaged:CYP2C9" in monitor([person], kb, calls=_calls("*1/*999", f"{G}/{G}"))[0]["flags"].item()


def test_frequencies_of_the_persons_group_stand_in_for_an_unknown_gene(kb: KnowledgeBase) -> None:
    person = replace(_visits((0, 1.0)), age=71.0)
    doses = {group: monitor([replace(person, group=group)], kb)[0]["estimate"].item() for group in ("eas", "afr", None)}
    assert doses["eas"] < doses[None] < doses["afr"], "the sensitive VKORC1 allele is common in East Asia"


def test_an_old_inr_counts_less(kb: KnowledgeBase) -> None:
    recent = _followed(kb, _visits((35, 4.0), (35, 2.5), step=7))["estimate"][-1]
    old = _followed(kb, _visits((35, 4.0), (35, 2.5), step=360))["estimate"][-1]
    assert recent < old


def test_a_dose_that_nobody_wrote_down_is_unknown_and_its_inr_says_nothing(kb: KnowledgeBase) -> None:
    days = [FIRST + timedelta(days=14 * i) for i in range(3)]
    visits = tuple(Visit(day, inr) for day, inr in zip(days, (2.5, 4.0, 4.0), strict=True))
    person = Person("p", visits, (Course(None, days[0], 5.0), Course(days[0], None, None)))
    found = _followed(kb, person)
    assert found["advice"].to_list()[1:] == ["dose_unknown"] * 2
    assert found["estimate"][2] == pytest.approx(found["estimate"][0], rel=0.01)
    assert found["dose"][1] is None and found["forecast"][1] is None and found["next_dose"][1] is None


def test_an_inr_that_no_dose_on_record_explains_is_no_start_of_treatment(kb: KnowledgeBase) -> None:
    """The record begins with an INR of 2.8, and the first prescription on it is of a month later."""
    later = FIRST + timedelta(days=30)
    person = Person("p", (Visit(FIRST, 2.8), Visit(later + timedelta(days=3), 2.7)), (Course(later, None, 5.0),))
    found = _followed(kb, person)
    assert found["estimate"].to_list() == pytest.approx([35.0, 35.0], rel=0.03)
    assert found["advice"][0] == "dose_unknown"


def test_a_measured_baseline_is_used(kb: KnowledgeBase) -> None:
    usual, high = _followed(kb, _visits((0, 1.0))), _followed(kb, _visits((0, 1.25)))
    assert high["forecast"].item() == pytest.approx(1.25, abs=0.03)
    assert "assumed:baseline" not in usual["flags"].item()
    assert "assumed:baseline" in _followed(kb, _visits((35, 2.5)))["flags"].item()


def test_children_are_not_followed(kb: KnowledgeBase) -> None:
    for age, rows in ((17.9, 0), (18.0, 1)):
        found, notes = monitor([replace(_visits((35, 2.5)), age=age)], kb)
        assert found.height == rows and len(notes) == 1 - rows


@pytest.mark.parametrize(("name", "value"), [("age", 1000), ("target", 25)])
def test_who_is_told_impossible_gets_no_dose_and_a_dangerous_inr_is_told_all_the_same(
    kb: KnowledgeBase, name: str, value: float
) -> None:
    rows = [{"sample": "p", "date": FIRST + timedelta(days=14 * n), "dose": 35.0, "inr": inr, name: value}
            for n, inr in enumerate((2.5, 1.4, 9.0))]  # fmt: skip
    persons, _ = of_table(pl.DataFrame(rows), kb)
    found, _ = monitor(persons, kb, starts=START)
    assert found["advice"].to_list() == ["dose_unknown", "dose_unknown", "clinician_today"]
    numbers = [
        "expected",
        "estimate",
        "low",
        "high",
        "change",
        "next_dose",
        "forecast",
        "forecast_low",
        "forecast_high",
    ]
    assert found.select(pl.col(numbers).is_null().all()).row(0) == (True,) * len(numbers)
    flag = f"implausible:clinical.{'target_inr' if name == 'target' else name}"
    assert all(flag in flags for flags in found["flags"])


def test_nobody_is_an_error(kb: KnowledgeBase) -> None:
    with pytest.raises(InputError, match="no INR of anybody"):
        monitor([], kb)


# The table of INRs


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inr": 60.0}, "inr 60 is not between"),
        ({"inr": None}, "inr is missing"),
        ({"dose": 900.0}, "dose 900 is not between"),
        ({"date": "someday"}, "'someday' is no day"),
        ({"date": "05/01/2026"}, "no day"),
        ({"sample": None}, "sample is missing"),
    ],
)
def test_a_bad_row_costs_itself_alone(change: dict[str, object], message: str) -> None:
    row: dict[str, object] = {"sample": "p", "date": "2026-01-05", "dose": 35.0, "inr": 2.5}
    rows = [row, row | {"date": "2026-01-12"} | change, row | {"date": "2026-01-19"}, row | {"sample": "q"}]
    found, notes = of_table(pl.DataFrame(rows), knowledge.load(), "t.csv")
    assert [one.where for one in notes] == ["t.csv: line 3"] and message in notes[0].message
    assert {one.name: len(one.visits) for one in found} == {"p": 2 + ("dose" in change), "q": 1}


def test_what_was_taken_since_a_lost_row_is_not_taken_for_more() -> None:
    rows = [("p", "2026-01-05", 35.0, 2.5), ("p", "someday", 70.0, 2.5), ("p", "2026-01-19", 35.0, 2.5)]
    (person,), _ = of_table(
        pl.DataFrame(rows, schema=["sample", "date", "dose", "inr"], orient="row"), knowledge.load()
    )
    assert [one.dose for one in person.courses] == [None] * 3  # it may stand before, between or after the others


@pytest.mark.parametrize("text", ["2026-01-05", "2026-01-05 08:30", "2026-01-05T08:30:00Z"])
def test_a_day_is_year_month_day_with_or_without_a_time(text: str) -> None:
    values = pl.DataFrame({"sample": ["A"], "date": [text], "dose": [35.0], "inr": [2.5]})
    assert of_table(values, knowledge.load())[0][0].visits[0].day == date(2026, 1, 5)


@pytest.mark.parametrize(
    ("dose", "inr", "said"),
    [(0.0, 2.0, []), (2.0, 2.0, []), (150.0, 2.0, []), (150.1, 2.0, ["doubtful_value"]), (1.9, 2.0, ["doubtful_value"]),
     (300.0, 2.0, ["doubtful_value"]), (-0.1, 2.0, ["impossible_value"]), (300.1, 2.0, ["impossible_value"]),
     (35.0, 0.6, []), (35.0, 20.0, []), (35.0, 0.59, ["doubtful_value"]), (35.0, 20.1, ["doubtful_value"]),
     (35.0, 0.5, ["doubtful_value"]), (35.0, 30.0, ["doubtful_value"]), (35.0, 0.49, ["impossible_value"]),
     (35.0, 30.1, ["impossible_value"])],
)  # fmt: skip
def test_values_that_can_be(dose: float, inr: float, said: list[str]) -> None:
    table = pl.DataFrame({"sample": ["p"], "date": ["2026-01-05"], "dose": [dose], "inr": [inr]})
    assert [str(note.code) for note in of_table(table, knowledge.load())[1]] == said


@pytest.mark.parametrize(("name", "inside", "outside"), [("age", 125, 126), ("target", 6.0, 6.1), ("target", 1.0, 0.9)])
def test_an_age_or_a_target_beyond_what_can_be_is_unknown(name: str, inside: float, outside: float) -> None:
    row = {"sample": "p", "date": "2026-01-05", "dose": 35.0, "inr": 2.5}
    table = pl.DataFrame([row | {name: inside}, row | {"sample": "q", name: outside}])
    assert [bool(one.message) for one in of_table(table, knowledge.load())[1]] == [True]


def test_a_missing_column_is_named() -> None:
    with pytest.raises(InputError, match="no column 'inr'"):
        of_table(pl.DataFrame({"sample": ["p"], "date": ["2026-01-05"], "dose": [35.0]}), knowledge.load())


# Scores


def test_only_scores_of_the_endpoint_that_were_given_start_a_person() -> None:
    scores = pl.DataFrame(
        {
            "sample": ["a", "a", "b"],
            "endpoint": ["warfarin.dose", "warfarin.dose_gage", "warfarin.dose"],
            "estimate": [30.0, 35.0, None],
            "low": [20.0, 21.0, None],
            "high": [40.0, 49.0, None],
        }
    )
    assert starts_of(scores, knowledge.load()) == ({"a": Start(30.0, 20.0, 40.0)}, [])
    assert starts_of(scores, knowledge.load(), "warfarin.dose_gage")[0] == {"a": Start(35.0, 21.0, 49.0)}
    with pytest.raises(InputError, match="no column 'low'"):
        starts_of(scores.drop("low"), knowledge.load())


@pytest.mark.parametrize("dose", [0.0, -3.0, math.inf, 1e6, "much"])
def test_a_score_that_is_no_dose_is_left_out(dose: object) -> None:
    row = {"sample": "p", "endpoint": "warfarin.dose", "estimate": dose, "low": 0.0, "high": dose}
    found, notes = starts_of(pl.DataFrame([row], infer_schema_length=None, strict=False), knowledge.load())
    assert not found and [one.sample for one in notes] == ["p"]


# Whatever is in the table

_CELLS = st.one_of(st.none(), st.floats(-5, 400), st.sampled_from(["", "much", "2,5", "1e9", "35"]))


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["p", "q", None]),
            st.one_of(st.dates(date(2025, 1, 1), date(2026, 12, 31)), st.sampled_from([None, "someday", "2026-02-30"])),
            st.one_of(st.floats(0, 300), _CELLS),
            st.one_of(st.floats(0.5, 12), _CELLS),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_any_table_gives_a_row_an_inr_or_a_note_and_no_rise_above_range(
    kb: KnowledgeBase, rows: list[tuple[object, ...]]
) -> None:
    texts = [tuple(None if cell is None else str(cell) for cell in row) for row in rows]
    table = pl.DataFrame(texts, schema=dict.fromkeys(inr_table.HEAD, pl.String), orient="row")
    found, notes = of_table(table, knowledge.load())
    frame, more = monitor(found, kb) if found else (schema.empty(MONITOR), [])
    assert frame.height == sum(len(one.visits) or one.illegible for one in found)
    assert frame.height + len(notes) + len(more) >= len(rows)
    above = frame.filter(pl.col("inr") > pl.col("target") + 0.5)
    assert not above.filter((pl.col("change") > 0) | (pl.col("next_dose") > pl.col("dose") * 1.000001)).height
    assert frame.filter(pl.col("low") > pl.col("high")).is_empty()
    numbers = frame.select(pl.col(pl.Float64).drop_nulls().is_finite().all()).row(0) if frame.height else ()
    assert all(numbers)
