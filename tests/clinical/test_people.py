"""Whose record is it: joining is never a guess that goes unsaid."""

from __future__ import annotations

import pytest

from pgx.clinical import read
from pgx.errors import InputError
from tests.clinical.reading import codes, values

PATIENT = {
    "resourceType": "Patient",
    "id": "hospital-7",
    "gender": "male",
    "identifier": [{"value": "MRN1"}, {"value": "NA12878"}],
}


def test_nobody_is_named_and_there_is_one_sample(kb, write):
    data = read([write("a.json", {"age": 50}), write("b.csv", "weight\n70\n")], kb, samples=["S1"])
    assert values(data, "S1") == {"age": 50, "weight": 70}
    assert codes(data) == ["joined_only_person", "joined_only_person"]


def test_no_name_and_several_samples(kb, write):
    with pytest.raises(InputError, match="no name, and there are 2 samples"):
        read([write("a.json", {"age": 50})], kb, samples=["S1", "S2"])


def test_a_table_about_another_person_is_refused_with_a_suggestion(kb, write):
    with pytest.raises(InputError, match="did you mean 'HG00118' for 'HG0018'"):
        read([write("a.csv", "sample,age\nHG0018,50\n")], kb, samples=["HG00118"])


def test_a_hospital_record_of_the_only_patient_is_joined_with_a_warning(kb, write):
    data = read([write("a.json", PATIENT)], kb, samples=["S1"])
    assert values(data, "S1") == {"sex": "male"}
    assert codes(data, "warning") == ["joined_only_person"]


def test_an_identifier_that_is_a_sample_name_joins_among_many(kb, write):
    data = read([write("a.json", PATIENT)], kb, samples=["S1", "NA12878"])
    assert values(data, "NA12878") == {"sex": "male"}
    assert codes(data, "warning") == ["no_clinical_data"]


def test_who_did_not_join_is_said(kb, write):
    data = read([write("a.csv", "sample,age\nA,50\nB,60\nX,70\n")], kb, samples=["A", "B", "C", "D"])
    messages = data.notes["message"].to_list()
    assert messages == ["1 of 3 persons of a.csv are no sample: X", "2 of 4 samples have no clinical data: C, D"]


def test_no_file_is_no_data(kb):
    data = read([], kb, samples=["A"])
    assert data.observations.is_empty() and data.medications.is_empty() and data.notes.is_empty()
