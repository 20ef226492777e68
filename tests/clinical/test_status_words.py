"""Words for whether a drug is taken mean the same in every format; another word leaves it open, and the drug is named."""

import json

import pytest

from pgx.clinical.status_words import STATUSES, allergy_gone
from tests.clinical.reading import codes, read, values


@pytest.fixture
def statuses(kb, write):
    def of(word):
        entry = [{"drug": "itraconazole", "status": word}]
        found = read([write("a.json", json.dumps([{"sample": "s", "medications": entry}]))], kb)
        unread = found.observations.filter(concept="medication_unread")["code"].to_list()
        return found.medications["status"].to_list(), unread

    return of


@pytest.mark.parametrize(("word", "status"), sorted(STATUSES.items()))
def test_a_known_word(statuses, word, status):
    assert statuses(word.upper()) == ([status], [])


@pytest.mark.parametrize("word", ["maybe", "unknown", ""])
def test_any_other_word_leaves_open_whether_this_very_drug_is_taken(statuses, word):
    assert statuses(word) == ([], ["itraconazole"])


THERE, GONE, LEFT_OUT = "yes", "no", None
CONDITION_WORDS = {
    THERE: ("active", "still active", "in remission", "stable", "true", "unresolved", "not resolved", "present",
            "partially resolved", "well-controlled", "relapse after remission", "chronic", "confirmed"),
    GONE: ("resolved", "Resolved 2019", "recently resolved", "inactive", "no longer active", "refuted", "ruled out",
           "ruled-out", "excluded", "no", "past", "ausgeschlossen", "abgeklungen"),
    LEFT_OUT: ("suspected", "possible", "rule out", "r/o", "not confirmed", "not excluded", "entered-in-error",
               "differential", "Verdacht auf"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("meant", "word"), [(meant, word) for meant, words in CONDITION_WORDS.items() for word in words]
)
def test_the_words_of_a_condition_are_whole_words_and_phrases(kb, write, meant, word):
    entry = {"name": "type 2 diabetes", "start": "2020-01-01", "status": word}
    data = read([write("a.json", {"sample": "s", "date": "2024-01-01", "conditions": [entry]})], kb)
    assert values(data).get("diabetes_type_2") == meant
    assert "condition_unknown" not in codes(data, "warning")


@pytest.mark.parametrize("word", ["quux", "present?", "stage 0", "never fully resolved", "unchanged from previous",
                                  "over 5 years", "nearly resolved", "history"])  # fmt: skip
def test_a_status_that_is_not_understood_is_said_and_ends_nothing(kb, write, word):
    entry = {"name": "type 2 diabetes", "start": "2020-01-01", "status": word}
    data = read([write("a.json", {"sample": "s", "date": "2024-01-01", "conditions": [entry]})], kb)
    assert values(data)["diabetes_type_2"] == "yes" and codes(data, "warning").count("condition_unknown") == 1


@pytest.mark.parametrize(
    ("more", "concept", "meant"),
    [
        ({"name": "depression", "status": "in remission"}, "depression", "no"),
        ({"name": "depression", "status": "partial remission"}, "depression", "yes"),
        ({"name": "depression", "status": "relapse after remission"}, "depression", "yes"),
        ({"name": "stroke", "status": "resolved"}, "stroke", "yes"),
        ({"name": "heart failure", "status": False}, "heart_failure", "no"),
        ({"name": "heart failure", "value": "no"}, "heart_failure", "no"),
        ({"name": "heart failure", "value": 0, "verification_status": "confirmed"}, "heart_failure", "no"),
        ({"name": "heart failure", "value": 1}, "heart_failure", "yes"),
        ({"name": "heart failure", "value": True, "status": "suspected"}, "heart_failure", None),
        ({"name": "heart failure", "clinical_status": "active", "end": "2022-01-01"}, "heart_failure", "yes"),
        ({"name": "heart failure", "verification_status": "confirmed", "end": "2022-01-01"}, "heart_failure", "no"),
    ],
)
def test_what_a_status_means_depends_on_the_condition(kb, write, more, concept, meant):
    data = read([write("a.json", {"sample": "s", "date": "2024-01-01", "conditions": [more]})], kb)
    assert values(data).get(concept) == meant


@pytest.mark.parametrize(
    ("code", "concept", "meant"),
    [
        ("M80.051A", "osteoporosis", "yes"),  # ICD-10-CM: first encounter
        ("M80051A", "osteoporosis", "yes"),
        ("M80.051 A", "osteoporosis", "no"),
        ("M80.05A", "osteoporosis", "no"),
        ("E11.9A", "diabetes_type_2", "no"),
        ("E11.90Z", "diabetes_type_2", "no"),
        ("E11.90+G", "diabetes_type_2", "yes"),
        ("E11.9 V", "diabetes_type_2", None),
    ],
)
def test_a_letter_behind_six_characters_tells_no_certainty(kb, write, code, concept, meant):
    found = values(read([write("a.csv", f"sample,date,diagnoses\ns,2024-01-01,{code}\n")], kb))
    assert found.get(concept) == meant


@pytest.mark.parametrize(
    ("statuses", "gone"),
    [
        (("refuted",), True), (("entered-in-error",), True), (("Inactive",), True), (("resolved", "confirmed"), True),
        (("resolved", "unconfirmed"), True), (("excluded",), True), (("ausgeschlossen",), True), (("ruled out",), True),
        (("unconfirmed",), False), (("presumed",), False), (("active", "confirmed"), False), (("",), False),
        (("something else",), False), ((), False), (("completed",), False), (("past",), False), (("former",), False),
        (("false",), False), (("previous",), False), (("not active",), True), (("denied",), True), (("inaktiv",), True),
    ],
)  # fmt: skip
def test_an_allergy_counts_until_it_is_refuted_or_over(statuses, gone):
    assert allergy_gone(*statuses) == gone


@pytest.mark.parametrize(
    ("written", "meant"),
    [("Z.n. Apoplex", "yes"), ("Z. n. Schlaganfall", "yes"), ("Zustand nach Apoplex", "yes"), ("ZN Apoplex", "yes"),
     ("V.a. Apoplex", None), ("V. a. Schlaganfall", None), ("Verdacht auf Apoplex", None), ("DD Apoplex", None),
     ("DD: Schlaganfall", None), ("suspected stroke", None), ("Apoplex?", None)],
)  # fmt: skip
def test_the_shorthand_of_doctors_before_a_diagnosis(kb, write, written, meant):
    data = read([write("a.json", {"sample": "s", "conditions": [written]})], kb)
    assert values(data).get("stroke") == meant
    said = [one for one in data.notes["message"] if written in one]
    assert (meant is None) == any("suspicion and not used" in one and "did you mean" not in one for one in said)
