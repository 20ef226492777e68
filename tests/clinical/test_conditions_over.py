"""Entries of conditions that are over, beside entries of the same that are there: in one file and in several."""

from __future__ import annotations

import pytest

from pgx.clinical import read
from tests.clinical.reading import values


def _condition(**more):
    coded = {"coding": [{"system": "http://snomed.info/sct", "code": "84114007"}]}
    return {"resourceType": "Condition", "subject": {"reference": "Patient/A"}, "code": coded} | more


@pytest.mark.parametrize("files", ["aab", "baa", "ab", "ba", "c"])
def test_a_condition_that_is_there_in_one_file_is_not_over_by_another(kb, write, files):
    gone = _condition(onsetDateTime="2019-01-01", abatementDateTime="2024-01-01",
                      clinicalStatus={"coding": [{"code": "resolved"}]})  # fmt: skip
    there = _condition(onsetDateTime="2020-01-01", clinicalStatus={"coding": [{"code": "active"}]})
    entries = {"a": [gone], "b": [there], "c": [gone, there]}
    paths = [
        write(f"{place}{name}.json", [{"resourceType": "Patient", "id": "A"}, *entries[name]])
        for place, name in enumerate(files)
    ]
    data = read(paths, kb)
    assert values(data)["heart_failure"] == "yes"
    said = [row for row in data.notes.iter_rows(named=True) if row["subject"] == "heart_failure"]
    assert [row["sample"] for row in said] == ["A"] and "another entry says that it is there" in said[0]["message"]
    assert ("2 times" in said[0]["message"]) == (files.count("a") == 2)


def test_a_condition_over_in_every_file_is_absent_and_others_do_not_count(kb, write):
    resolved = {"onsetDateTime": "2019-01-01", "clinicalStatus": {"coding": [{"code": "resolved"}]}}
    persons = [{"resourceType": "Patient", "id": name} for name in "AB"]
    other = _condition(onsetDateTime="2020-01-01") | {"subject": {"reference": "Patient/B"}}
    paths = [write("1.json", [*persons, _condition(**resolved)]),
             write("2.json", [*persons, _condition(**resolved), other])]  # fmt: skip
    found = read(paths, kb).observations.filter(concept="heart_failure")
    assert set(found.select("sample", "code").iter_rows()) == {("A", "no"), ("B", "yes")}


@pytest.mark.parametrize("first", [True, False])
def test_a_disease_that_resolved_does_not_end_one_that_is_there(kb, write, first):
    term = {"term": {"id": "SNOMED:84114007", "label": "Heart failure"}}
    gone = term | {"onset": {"timestamp": "2019-01-01T00:00:00Z"}, "resolution": {"timestamp": "2024-01-01T00:00:00Z"}}
    there = term | {"onset": {"timestamp": "2020-01-01T00:00:00Z"}}
    for diseases, meant in (((gone, there) if first else (there, gone), "yes"), ((gone,), "no")):
        packet = {"id": "p", "subject": {"id": "A"}, "diseases": list(diseases), "metaData": {}}
        assert values(read([write("p.json", packet)], kb))["heart_failure"] == meant


def test_an_entry_that_is_over_does_not_end_what_a_table_says(kb, write):
    gone = _condition(onsetDateTime="2019-01-01", clinicalStatus={"coding": [{"code": "resolved"}]})
    record = write("r.json", [{"resourceType": "Patient", "id": "A"}, gone])
    for answer, meant in (("yes", "yes"), ("no", "no"), ("", "no")):
        table = write("t.csv", f"sample,date,heart_failure,age\nA,2015-01-01,{answer},70\n")
        assert values(read([table, record], kb))["heart_failure"] == meant
        assert values(read([record, table], kb))["heart_failure"] == meant
