"""An entry that could not be read, but names a condition, leaves that condition open beside the drugs it matters to."""

from __future__ import annotations

from datetime import date

import pytest

import pgx
from pgx.clinical import read
from pgx.clinical.left_out import meant_perhaps
from pgx.clinical.vocabulary import vocabulary
from pgx.guidance.populations import NO, UNKNOWN, YES, Populations
from tests.clinical.reading import codes, values
from tests.judgement.test_patients import variants


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("Herzinsuffizenz Grad xy", "heart_failure"),
        ("suspected heart failure", "heart_failure"),
        ("heart failure?", "heart_failure"),
        ("familial kind of prolonged QT syndrom", "long_qt"),
        ("cirrhosis (explant report pending)", "cirrhosis"),
        ("myasthenia gravis?", "myasthenia_gravis"),
        ("suspected tonsillectomy", "tonsillectomy"),
        ("family history of heart failure", None),
        ("no heart failure", None),
        ("father: cirrhosis", None),
        ("Mutter: Herzinsuffizienz", None),
        ("heart failure, ruled out", None),
        ("entered in error: cirrhosis", None),
        ("tennis elbow", None),
        ("a letter of " + "many words " * 60 + "cirrhosis", None),
    ],
)
def test_an_entry_may_mean_the_conditions_that_its_words_name(kb, text, condition):
    assert meant_perhaps(text, vocabulary(kb)) == ((condition,) if condition else ())


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (["hypertension"], NO),
        (["hypertension", "Herzinsuffizenz Grad xy"], UNKNOWN),
        (["hypertension", "heart failure?"], UNKNOWN),
        (["hypertension", "no heart failure"], NO),
        (["heart failure NYHA III", "suspected heart failure"], YES),
    ],
)
def test_it_decides_no_limit_of_a_label_and_takes_nothing_that_is_known_away(kb, write, conditions, expected):
    data = read([write("p.json", {"sample": "A", "date": "2026-12-01", "conditions": conditions})], kb)
    truth = Populations(kb, data, ["A"], date(2026, 12, 1)).decide
    assert truth("heart_failure_nyha_3_or_4")[0] == expected


def test_an_older_no_does_not_stand_in_for_it(kb, write):
    rows = "sample,date,heart_failure,conditions\nA,2024-01-01,no,\nA,2026-11-01,,heart failure?\n"
    data = read([write("a.csv", rows)], kb)
    assert "heart_failure" not in values(data)
    assert "condition_unknown" in codes(data)


def test_the_first_page_names_it_and_the_drug_it_could_matter_to(tmp_path, write):
    history = {"date": "2026-12-01", "sample": "A", "conditions": ["Herzinsuffizenz Grad xy", "tennis elbow"],
               "planned_medications": ["pioglitazone", "metformin"]}  # fmt: skip
    result = pgx.report(variants(tmp_path, ["A"]), clinical=[write("p.json", history)], endpoints=[])
    (said,) = result.notes.filter(code="value_left_out")["message"]
    assert "Herzinsuffizenz Grad xy" in said and "the advice on pioglitazone" in said and "metformin" not in said
    rows = result.guidance.filter(drug="pioglitazone", population="heart_failure_nyha_3_or_4")
    assert rows["applies"].to_list() == ["if_population"]


def test_a_code_that_is_not_known_is_told_by_the_words_beside_it(kb, write):
    rows = (
        "sample,start,stop,code,description\nA,2026-11-01,,999999101,Heart failure (disorder)\nA,2026-11-01,,7,Warts\n"
    )
    data = read([write("c.csv", rows)], kb)
    assert "heart_failure" not in values(data)
    assert data.notes.filter(code="condition_unknown", severity="warning")["subject"].to_list() == [
        "Heart failure (disorder)"
    ]
    assert Populations(kb, data, ["A"], date(2026, 12, 1)).decide("heart_failure_recorded")[0] == UNKNOWN
