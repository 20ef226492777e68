"""Tables of INRs as clinics keep them: headings, decimal commas, units, dates; and INRs that nobody can read."""

from __future__ import annotations

from datetime import date
from itertools import permutations
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pgx
from pgx import knowledge
from pgx.errors import InputError
from pgx.models.warfarin_inr.persons import of_table
from pgx.options import Options

PLAIN = "sample,date,dose,inr\nA,2026-01-01,0,1.0\nA,2026-01-08,35,1.8\nA,2026-01-15,35.7,2.4\n"
SAID = ["date", "dose", "inr", "advice", "change", "next_dose", "recheck_days", "estimate", "forecast"]


def _followed(tmp_path: Path, text: str, **options: object) -> tuple[pl.DataFrame, list[str]]:
    path = tmp_path / "t.csv"
    path.write_text(text)
    notes: list[str] = []
    found = pgx.monitor(path, options=Options(**options), on_notes=lambda frame: notes.extend(frame["message"]))
    return found, notes


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("Sample,Date,Dose,INR\nA,2026-01-01,0,1.0\nA,2026-01-08,35,1.8\nA,2026-01-15,35.7,2.4\n", {}),
        ("patient_id;day;weekly dose;INR\nA;2026-01-01;0;1,0\nA;2026-01-08;35,0;1,8\nA;2026-01-15;35,7;2,4\n", {}),
        (
            "Patient;Datum;Wochendosis (mg);INR\nA;01.01.2026;0;1,0\nA;08.01.2026;35;1,8\nA;15.01.2026;35,7;2,4\n",
            {"date_format": "DD.MM.YYYY"},
        ),
        ('sample,date,dose,inr\nA,2026-01-01,0,"1,0"\nA,2026-01-08,35,"1,8"\nA,2026-01-15,"35,7","2,4"\n', {}),
        (
            "sample\tdate\tdaily_dose\tinr\nA\t01.01.2026\t0\t1.0\nA\t08.01.2026\t5\t1.8\nA\t15.01.2026\t5.1\t2.4\n",
            {"date_format": "DD.MM.YYYY"},
        ),
        ("sample,date,dose,inr\nA,2026-01-15,5.1 mg/day,2.4\nA,2026-01-01,0,1.0\nA,2026-01-08,35 mg/week,1.8\n", {}),
    ],
)
def test_the_same_numbers_written_in_another_way_give_the_same_advice(
    tmp_path: Path, text: str, options: dict[str, object]
) -> None:
    plain, _ = _followed(tmp_path, PLAIN)
    found, notes = _followed(tmp_path, text, **options)
    assert notes == [] and plain["advice"].to_list() == ["recheck_soon", "recheck_soon", "raise_dose"]
    assert found.select(SAID).equals(plain.select(SAID))


def test_age_and_target_of_a_table_are_used_and_other_columns_named(tmp_path: Path) -> None:
    rows = [f"{line},{more}" for line, more in zip(PLAIN.split(), ["age,target_inr,x", *["75,3,r"] * 3], strict=True)]
    found, notes = _followed(tmp_path, "\n".join(rows))
    assert found["target"].to_list() == [3.0] * 3 and "missing:clinical.age" not in found["flags"][0]
    assert notes == ["column 'x' is not used"]


@pytest.mark.parametrize(
    ("column", "written", "said"),
    [
        ("age", "999", "age 999 is not between 0 and 125"),
        ("age", "130", "age 130 is not between 0 and 125"),
        ("age", "-1", "age -1 is not between 0 and 125"),
        ("age", "old", "age 'old' is not a number"),
        ("target_inr", "25", "target 25 is not between 1 and 6"),
        ("target_inr", "two", "target 'two' is not a number"),
    ],
)
def test_an_age_or_target_that_cannot_be_used_is_named_and_gives_no_dose(
    tmp_path: Path, column: str, written: str, said: str
) -> None:
    lines = PLAIN.split()
    rows = [f"{lines[0]},{column}", f"{lines[1]},{written}", *(f"{line}," for line in lines[2:])]
    found, notes = _followed(tmp_path, "\n".join(rows))
    assert notes == [f"{said}: left out"]
    assert found["next_dose"].is_null().all() and found["estimate"].is_null().all()
    assert all(f"implausible:clinical.{column}" in flags for flags in found["flags"])


@pytest.mark.parametrize("age", ["18", "125"])
def test_the_oldest_and_the_youngest_are_followed(tmp_path: Path, age: str) -> None:
    rows = [f"{line},{more}" for line, more in zip(PLAIN.split(), ["age", "", "", age], strict=True)]
    found, notes = _followed(tmp_path, "\n".join(rows))
    assert notes == [] and found.height == 3 and "missing:clinical.age" not in found["flags"][0]


def test_a_newest_age_that_cannot_be_used_does_not_give_way_to_an_older_one(tmp_path: Path) -> None:
    rows = [f"{line},{more}" for line, more in zip(PLAIN.split(), ["age", "70", "70", "999"], strict=True)]
    found, _ = _followed(tmp_path, "\n".join(rows))
    assert "implausible:clinical.age" in found["flags"][2] and found["next_dose"].is_null().all()


@pytest.mark.parametrize("written", [">9", "high", "90", "0.1", "2,4,1", "1,234"])
def test_an_inr_that_nobody_can_read_after_the_last_one_is_for_a_person_today(tmp_path: Path, written: str) -> None:
    found, notes = _followed(tmp_path, PLAIN + f'A,2026-01-22,35,"{written}"\n')
    assert found["advice"].to_list() == ["recheck_soon", "recheck_soon", "clinician_today"]
    assert found["change"][2] <= 0 and found["next_dose"][2] is None and found["recheck_days"][2] == 1
    assert "implausible:inr" in found["flags"][2] and any(written in note or "90" in note for note in notes)
    assert "implausible:inr" not in found["flags"][1]


def test_an_inr_of_an_unknown_day_may_be_the_last_one(tmp_path: Path) -> None:
    found, _ = _followed(tmp_path, PLAIN + "A,soon,35,7\n")
    assert found["advice"][2] == "clinician_today" and "implausible:inr" in found["flags"][2]
    # An empty cell is no INR.
    assert _followed(tmp_path, PLAIN + "A,2026-01-22,35,\n")[0]["advice"][2] == "raise_dose"
    head, first, *rest = PLAIN.split()
    middle, _ = _followed(tmp_path, "\n".join([head, first, "A,soon,35,7", *rest]))
    assert middle["advice"][2] == "clinician_today" and "implausible:inr" in middle["flags"][2]


@pytest.mark.parametrize(
    "rows",
    [
        ["2024-01-10,30,1.5", "2024-01-20,35,1.6", "29/01/24,35,9.5", "?,35,"],
        ["2024-01-10,30,1.5", "2024-01-20,35,1.6", "2024-01-29,35,1.5", "03/02/24?,35,9.5"],
        ["2024-01-10,30,1.5", "2024-01-20,35,1.6", "2024-01-29,35,1.5", "soon,,>9"],
    ],
)
def test_an_inr_of_an_unknown_day_is_not_lost_among_other_rows(tmp_path: Path, rows: list[str]) -> None:
    for order in permutations(rows):
        found, _ = _followed(tmp_path, "sample,date,dose,inr\n" + "".join(f"A,{row}\n" for row in order))
        last = found.row(-1, named=True)
        assert last["advice"] == "clinician_today" and last["next_dose"] is None, order
        assert "implausible:inr" in last["flags"]


CELLS = st.tuples(
    st.sampled_from(["2026-01-01", "2026-01-08", "2026-01-08", "2026-01-15", "2026-01-22", "?", "29/01/24"]),
    st.sampled_from(["0", "30", "35", "35", "", "abc"]),
    st.sampled_from(["1.0", "1.6", "2.4", "9.5", "", ">9"]),
    st.sampled_from(["", "70", "71", "old"]),
    st.sampled_from(["", "2.5", "3"]),
)


@given(rows=st.lists(CELLS, min_size=1, max_size=7), data=st.data())
@settings(max_examples=200, deadline=None)
def test_a_person_is_the_same_whatever_the_order_of_the_rows(rows: list[tuple[str, ...]], data: st.DataObject) -> None:
    head = ["sample", "date", "dose", "inr", "age", "target_inr"]
    plain, mixed = (
        pl.DataFrame(
            [dict(zip(head, ("A", *row), strict=True)) for row in order], schema=dict.fromkeys(head, pl.String)
        )
        for order in (rows, data.draw(st.permutations(rows)))
    )
    first, second = of_table(plain, knowledge.load())[0], of_table(mixed, knowledge.load())[0]
    assert first == second
    if any(day in ("?", "29/01/24") and inr for day, _, inr, *_ in rows):
        assert date.max in first[0].unread


@pytest.mark.parametrize(("adrift", "dose"), [("35", 35.0), ("30", None), ("", None), ("abc", None)])
def test_a_dose_is_known_beside_a_row_without_a_day_only_if_both_are_the_same(adrift: str, dose: float | None) -> None:
    rows = [("2026-01-01", "0", "1.0"), ("2026-01-08", "35", "1.8"), ("?", adrift, "")]
    frame = pl.DataFrame([("A", *row) for row in rows], schema=["sample", "date", "dose", "inr"], orient="row")
    (one,), _ = of_table(frame, knowledge.load())
    known = None if dose is None else dose / 7.0
    assert [course.dose for course in one.courses] == [None, known, known]


def test_rows_of_one_day_with_two_doses_tell_of_none() -> None:
    rows = [
        ("2026-01-08", "35", "1.8"),
        ("2026-01-08", "70", "1.8"),
        ("2026-01-15", "35", "2"),
        ("2026-01-15", "", "2"),
    ]
    frame = pl.DataFrame([("A", *row) for row in rows], schema=["sample", "date", "dose", "inr"], orient="row")
    (one,), _ = of_table(frame, knowledge.load())
    assert [course.dose for course in one.courses] == [None, 5.0, 5.0]


@pytest.mark.parametrize(("day", "raised"), [("2026-01-14", False), ("2025-12-20", False), ("2025-12-17", True)])
def test_no_dose_is_raised_shortly_after_an_inr_that_nobody_can_read(tmp_path: Path, day: str, raised: bool) -> None:
    found, _ = _followed(tmp_path, PLAIN + f"A,{day},35,>9\n")
    last = found.row(-1, named=True)
    assert (last["advice"] == "raise_dose") == raised == (last["change"] > 0)
    assert ("implausible:inr" in last["flags"]) != raised


@pytest.mark.parametrize("high", [3.1, 4.2])
def test_no_dose_is_raised_beside_a_high_inr_of_the_same_day(tmp_path: Path, high: float) -> None:
    for rows in ([(high, 2.0)], [(2.0, high)]):
        text = PLAIN + "".join(f"A,2026-01-22,35,{one}\nA,2026-01-22,35,{other}\n" for one, other in rows)
        found, _ = _followed(tmp_path, text)
        day = found.filter(pl.col("date").cast(pl.String) == "2026-01-22")
        assert day.height == 2 and (day["change"] <= 0).all() and "raise_dose" not in day["advice"].to_list()


def test_dates_in_another_order_are_named_and_so_is_what_to_do(tmp_path: Path) -> None:
    found, notes = _followed(tmp_path, "sample,date,dose,inr\nA,01.02.2026,0,1.0\n")
    assert found.is_empty() and any("--date-format" in note for note in notes)


def test_a_record_whose_newest_values_nobody_can_read(tmp_path: Path) -> None:
    text = "sample,date,inr,warfarin_dose,weight_kg\nA,2026-01-01,2.4,35,70\nA,2026-01-15,{},{},70\n"
    whole, _ = _followed(tmp_path, text.format("2.2", "35"))
    lost, _ = _followed(tmp_path, text.format(">8", "35"))
    assert whole["advice"][-1] != "clinician_today"
    assert lost["advice"].to_list() == ["clinician_today"] and "implausible:inr" in lost["flags"][0]
    dose, _ = _followed(tmp_path, text.format("2.2", "abc"))
    assert dose["advice"][-1] == "dose_unknown" and dose["dose"][-1] is None


@pytest.mark.parametrize(
    ("inr", "why"), [(">8", "is a bound, and no number"), ("über 8", "is a bound"), ("99", "99 is not between")]
)
def test_a_person_whose_only_inr_cannot_be_read_keeps_a_row(tmp_path: Path, inr: str, why: str) -> None:
    found, notes = _followed(tmp_path, f"sample,date,dose,inr\nA,2026-01-05,35,{inr}\nB,2026-01-05,35,\n")
    assert found.select("sample", "inr", "advice").rows() == [("A", None, "clinician_today")]
    assert any(why in note for note in notes)


def test_an_inr_that_nobody_can_aim_at_is_not_shown_as_aim_beside_one_that_cannot_be_read(tmp_path: Path) -> None:
    for aim, shown in (("3", 3.0), ("9", 2.5)):
        found, _ = _followed(tmp_path, f"sample,date,dose,inr,target_inr\nA,2026-01-05,35,>8,{aim}\n")
        assert found["target"].to_list() == [shown]


def test_clinical_tables_are_read_in_the_named_date_format(tmp_path: Path) -> None:
    text = "sample;date;inr;weight_kg\nA;01.02.2026;2,4;70\n"
    assert _followed(tmp_path, text, date_format="DD.MM.YYYY")[0]["inr"].to_list() == [2.4]
    with pytest.raises(InputError, match="no INR"):
        _followed(tmp_path, text)


@pytest.mark.parametrize(
    ("dose", "inr", "accepted", "code", "known"),
    [
        ("300", "2.2", (), "doubtful_value", None),
        ("300", "2.2", ("warfarin_dose",), "unlikely_value", 300.0),
        ("300 mg/week", "2.2", (), "unlikely_value", 300.0),
        ("0", "1.0", (), None, 0.0),
        ("35", "2.2", (), None, 35.0),
    ],
)
def test_a_dose_that_hardly_anybody_takes_is_asked_about(dose, inr, accepted, code, known) -> None:
    frame = pl.DataFrame({"sample": ["A"], "date": ["2026-11-02"], "dose": [dose], "inr": [inr]})
    (person,), notes = of_table(frame, knowledge.load(), accepted=accepted)
    assert [str(note.code) for note in notes] == ([code] if code else [])
    assert person.courses[0].dose == (None if known is None else known / 7)


def test_an_inr_that_hardly_anybody_has_is_one_that_nobody_could_read() -> None:
    frame = pl.DataFrame({"sample": ["A"], "date": ["2026-11-02"], "dose": ["35"], "inr": ["22"]})
    (person,), notes = of_table(frame, knowledge.load())
    assert person.illegible and not person.visits and [str(note.code) for note in notes] == ["doubtful_value"]
