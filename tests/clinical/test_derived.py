"""Computed values against the published equations, and values that contradict each other."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgx.clinical import read
from pgx.clinical.derive import ckd_epi_2021
from tests.clinical.reading import codes, drugs, values, wide


def egfr(creatinine: float, age: float, female: bool) -> float:
    return pl.select(ckd_epi_2021(pl.lit(creatinine), pl.lit(age), pl.lit(female))).item()


@pytest.mark.parametrize(
    ("creatinine", "age", "female", "expected"),
    [  # by hand: 142 * min(Scr/k,1)^a * max(Scr/k,1)^-1.2 * 0.9938^age * 1.012 if female
        (1.0, 50, False, 91.7),
        (1.0, 50, True, 68.6),
        (0.6, 30, True, 123.7),
        (2.5, 70, False, 26.9),
        (0.7, 60, True, 99.0),
    ],
)
def test_ckd_epi_2021(creatinine, age, female, expected):
    assert egfr(creatinine, age, female) == pytest.approx(expected, abs=0.6)


@given(st.floats(0.2, 15), st.floats(18, 100), st.booleans())
def test_egfr_falls_with_creatinine_and_age(creatinine, age, female):
    assert egfr(creatinine * 1.1, age, female) < egfr(creatinine, age, female)
    assert egfr(creatinine, age + 5, female) < egfr(creatinine, age, female)


def test_derived_values_say_so_and_never_replace_given_ones(kb, write):
    row = (
        "sample,age,sex,height_cm,weight_kg,creatinine,bmi,cigarettes,smoking_years\nA,60,male,180,81,1.0,24.9,10,20\n"
    )
    data = read([write("a.csv", row)], kb)
    origin = dict(data.observations.select("concept", "origin").iter_rows())
    found = values(data)
    assert origin["bmi"] == "given" and found["bmi"] == 24.9
    assert origin["egfr"] == "derived:CKD-EPI 2021" and found["egfr"] == pytest.approx(86.2, abs=0.5)
    assert found["bsa"] == pytest.approx((180 * 81 / 3600) ** 0.5)
    assert found["creatinine_clearance"] == pytest.approx(80 * 81 / 72)
    assert found["pack_years"] == pytest.approx(10)


def test_children_get_no_adult_egfr(kb, write):
    assert "egfr" not in values(read([write("a.csv", "age,sex,creatinine\n9,male,0.5\n")], kb))


def test_age_from_birth_date_and_now(kb, write):
    path = write("a.csv", "birth_date,date,inr\n1950-05-01,2024-05-01,2.5\n")
    assert values(read([path], kb))["age"] == pytest.approx(74, abs=0.01)
    assert values(read([path], kb, as_of=date(2030, 5, 1)))["age"] == pytest.approx(80, abs=0.01)


def test_a_birth_date_alone_gives_no_age(kb, write):
    assert "age" not in values(read([write("a.csv", "birth_date\n1950-05-01\n")], kb))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"creatinine": 1.4, "egfr": 110, "age": 45, "sex": "male"}, "egfr 110 as given"),
        ({"weight": 80, "height": 180, "bmi": 35}, "bmi 35 as given"),
        ({"smoking": "never", "pack_years": 20}, "never smoker with pack years"),
        ({"smoking": "never", "cigarettes": 10, "smoking_years": 5}, "never smoker with"),
        ({"sex": "male", "pregnancy": "yes"}, "pregnant man"),
    ],
)
def test_contradictions_are_warned_of(kb, write, row, words):
    data = read([write("a.json", row)], kb)
    notes = data.notes.filter(pl.col("code") == "contradiction")
    assert set(notes["severity"]) == {"warning"}
    assert any(words in message for message in notes["message"])


@pytest.mark.parametrize("day", [{"date": "2024-01-01"}, {"as_of": "2024-01-01"}, {}])
def test_an_age_beside_a_birth_date_that_contradicts_it_drives_nothing(kb, write, day):
    path = write(
        "a.json", {"sample": "A", "birth_date": "1950-01-01", "age": 30, "creatinine": 1.0, "sex": "male", **day}
    )
    data = read([path], kb)
    assert not {"age", "egfr"} & set(values(data))
    assert set(data.kept_out["concept"]) >= {"age", "egfr"}
    assert "does not fit the birth date" in data.kept_out.filter(concept="age")["message"][0]
    assert values(read([path], kb, accept=["age"]))["age"] == 30, "somebody has checked it"
    if day:
        assert values(read([path], kb, accept=["birth_date"]))["age"] == pytest.approx(74, abs=0.1)


def test_of_several_ages_the_one_that_the_birth_date_contradicts_is_left_out(kb, write):
    rows = "sample,date,age,birth_date\nA,2024-01-01,74,1950-01-01\nA,2024-06-01,47,\n"
    data = read([write("a.csv", rows)], kb)
    assert values(data)["birth_date"] == "1950-01-01"
    assert 47 not in data.observations["value"].to_list()


def test_values_that_agree_are_not_warned_of(kb, write):
    row = {
        "creatinine": 1.0,
        "egfr": 90,
        "age": 50,
        "sex": "male",
        "smoking": "former",
        "pack_years": 20,
        "weight": 80,
        "height": 180,
        "bmi": 24.7,
    }
    assert codes(read([write("a.json", row)], kb)) == []


@pytest.mark.parametrize(
    ("answer", "agent"),
    [
        ("daily", "grapefruit juice"),
        ("yes", "grapefruit juice"),
        ("a glass", "grapefruit juice"),
        ("2 glasses a day", "grapefruit juice"),
        ("1 l/d", "grapefruit juice"),
        ("high dose", "grapefruit juice (high dose)"),
    ],
)
def test_herbs_and_juice_that_act_on_enzymes_are_drugs_too(kb, write, answer, agent):
    data = read([write("a.json", {"st_johns_wort": True, "grapefruit": answer, "medications": "none"})], kb)
    assert drugs(data) == {"st. john's wort": "current", agent: "current"}
    assert drugs(read([write("b.json", {"st_johns_wort": False, "grapefruit": "never"})], kb)) == {}


@pytest.mark.parametrize(
    ("written", "agent"),
    [
        ("grapefruit juice", "grapefruit juice"),
        ("Grapefruitsaft", "grapefruit juice"),
        ("grapefruit juice daily", "grapefruit juice"),
        ("grapefruit juice, a glass", "grapefruit juice"),
        ("a glass of grapefruit juice", "grapefruit juice"),
        ("grapefruit juice high dose", "grapefruit juice (high dose)"),
        ("grapefruit juice (high dose)", "grapefruit juice (high dose)"),
        ("grapefruit juice, high dose", "grapefruit juice (high dose)"),
        ("grapefruit juice double strength", "grapefruit juice (high dose)"),
        ("grapefruit juice, a lot", "grapefruit juice (high dose)"),
        ("grapefruit juice 1 l/d", "grapefruit juice"),
        ("grapefruit juice 1 l a day", "grapefruit juice"),
        ("grapefruit juice 8 oz", "grapefruit juice"),
        ("grapefruit juice: daily", "grapefruit juice"),
        ("grapefruit: yes", "grapefruit juice"),
        ("grapefruit juice, one glass in the morning", "grapefruit juice"),
        ("2 glasses of grapefruit juice", "grapefruit juice"),
        ("a litre of grapefruit juice daily", "grapefruit juice"),
        ("grapefruit juice rarely", "grapefruit juice"),
        ("Grapefruitsaft, ein Glas täglich", "grapefruit juice"),
    ],
)
def test_a_juice_is_of_a_high_dose_only_where_that_is_said(kb, write, written, agent):
    data = read([write("a.json", {"medications": ["simvastatin 40 mg", written, "ibuprofen"]})], kb)
    assert drugs(data) == {agent: "current", "simvastatin": "current", "ibuprofen": "current"}
    assert not {"drug_unknown", "remark_beside_drug"} & set(codes(data))


@pytest.mark.parametrize(
    ("written", "drug"),
    [
        ("grapefruit: no", "grapefruit juice"),
        ("grapefruit juice - never", "grapefruit juice"),
        ("grapefruit juice (no)", "grapefruit juice"),
        ("St John's wort: none", "st. john's wort"),
        ("ibuprofen: no", "ibuprofen"),
    ],
)
def test_what_is_answered_with_no_is_not_taken(kb, write, written, drug):
    data = read([write("a.json", {"medications": ["simvastatin 40 mg", written]})], kb)
    assert drugs(data) == {drug: "stopped", "simvastatin": "current"}
    assert "drug_unknown" not in codes(data)


def test_old_values_are_kept_for_trends_but_are_not_present(kb, write):
    series = [{"value": v, "date": d} for v, d in ((2.0, "2023-05-01"), (3.0, "2023-11-01"), (2.6, "2024-01-01"))]
    path = write("a.json", {"sample": "A", "inr": series, "weight": {"value": 70, "date": "2024-06-01"}})
    (found,) = wide(read([path], kb), kb).values()
    assert "lab.inr" not in found  # the newest INR is 152 days old on 2024-06-01
    assert found["trend.inr.count"] == 2
    assert found["trend.inr.slope"] == pytest.approx((2.6 - 3.0) / (61 / 365.25))


def test_a_resolved_pregnancy_is_over_but_an_infarction_stays(kb, write):
    def condition(code: str, start: str, end: str) -> dict:
        return {
            "resourceType": "Condition",
            "subject": {"reference": "Patient/A"},
            "onsetDateTime": start,
            "abatementDateTime": end,
            "clinicalStatus": {"coding": [{"code": "resolved"}]},
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": code}]},
        }

    weight = {
        "resourceType": "Observation",
        "status": "final",
        "subject": {"reference": "Patient/A"},
        "effectiveDateTime": "2024-03-01",
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "valueQuantity": {"value": 70, "code": "kg"},
    }
    entries = [
        condition("77386006", "2023-06-01", "2024-02-01"),
        condition("22298006", "2019-01-01", "2019-01-09"),
        weight,
    ]
    path = write("a.json", {"resourceType": "Bundle", "entry": [{"resource": e} for e in entries]})
    (found,) = wide(read([path], kb), kb).values()
    assert found["condition.myocardial_infarction"] is True
    assert "condition.pregnancy" not in found


def test_inputs_that_give_what_no_human_has_are_named_and_nothing_is_derived_from_them(kb, write):
    path = write("a.csv", "sample,age,sex,height,weight,creatinine\nA,40,male,64,140,1.0\nB,40,male,180,80,1.0\n")
    data = read([path], kb, accept=["height"])
    (message,) = data.notes.filter(code="contradiction", sample="A")["message"]
    assert message.startswith("weight 140 kg, height 64 cm cannot all be right: bmi would be 341.8 kg/m2")
    found = values(data, "A")
    assert not {"bmi", "bsa", "creatinine_clearance"} & set(found), "the weight may be the wrong one"
    assert found["height"] == 64 and found["weight"] == 140, "what was said is kept, and not corrected"
    assert found["egfr"] == pytest.approx(values(data, "B")["egfr"]), "neither weight nor height is in it"
    assert {"bmi", "bsa", "creatinine_clearance"} <= set(values(data, "B"))
    given = read([write("b.csv", "sample,height,weight,bmi\nA,64,140,24\n")], kb, accept=["height"])
    assert codes(given, "warning") == ["contradiction"] and values(given)["bmi"] == 24 and "bsa" not in values(given)


def test_a_creatinine_that_gives_no_human_egfr_is_said(kb, write):
    data = read([write("a.csv", "sample,age,sex,weight,creatinine\nA,20,female,60,0.05\n")], kb, accept=["creatinine"])
    messages = data.notes.filter(code="contradiction")["message"].to_list()
    assert any("creatinine 0.05 mg/dL, age 20 a, sex female" in m for m in messages), messages
    assert not {"egfr", "creatinine_clearance"} & set(values(data))
