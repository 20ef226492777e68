"""Records whose ids are not the genotypes' sample names, joined as the user says."""

from __future__ import annotations

import pytest

from pgx.clinical import read
from pgx.clinical.person_map import person_map
from pgx.errors import InputError, UsageError
from tests.clinical.reading import codes, values

PATIENTS = {
    "resourceType": "Bundle",
    "entry": [
        {"resource": {"resourceType": "Patient", "id": "h7", "identifier": [{"value": "MRN7"}], "gender": "male"}},
        {"resource": {"resourceType": "Patient", "id": "h8", "gender": "female"}},
    ],
}
SAMPLES = ["S1", "S2"]


@pytest.mark.parametrize("persons", [{"h7": "S2", "h8": "S1"}, ["h7=S2", "h8=S1"], ["MRN7=S2", "h8=S1"]])
def test_pairs_join_by_any_identifier(kb, write, persons):
    data = read([write("a.json", PATIENTS)], kb, samples=SAMPLES, persons=persons)
    assert (values(data, "S2"), values(data, "S1")) == ({"sex": "male"}, {"sex": "female"})
    assert codes(data) == []


@pytest.mark.parametrize(
    "table",
    [
        "h7,S2\nh8,S1\n",
        "person\tsample\nh7\tS2\nh8\tS1\n",
        "\ufeffSample;Person\nS2;h7\nS1;h8\n",
        "sample,person_id\r\nS2,h7\r\n\r\nS1,h8\r\n",
    ],
)
def test_a_table_joins_the_same(kb, write, table):
    data = read([write("a.json", PATIENTS)], kb, samples=SAMPLES, persons=[write("ids.txt", table)])
    assert (values(data, "S2"), values(data, "S1")) == ({"sex": "male"}, {"sex": "female"})


def test_what_the_user_says_goes_before_a_name_that_happens_to_be_the_same(kb, write):
    rows = write("a.csv", "sample,age\nS1,50\nS2,60\n")
    data = read([rows], kb, samples=SAMPLES, persons={"S1": "S2", "S2": "S1"})
    assert values(data, "S2")["age"] == 50 and values(data, "S1")["age"] == 60


def test_two_ids_of_one_person_are_one_sample_and_no_guess(kb, write):
    paths = [write("a.json", PATIENTS), write("b.csv", "sample,age\nX,50\n")]
    data = read(paths, kb, samples=["S1"], persons={"h7": "S1", "X": "S1"})
    assert values(data, "S1") == {"sex": "male", "age": 50}
    assert codes(data) == ["no_genotypes"]


@pytest.mark.parametrize(
    ("persons", "error", "said"),
    [
        (["h9=S1"], UsageError, r"no record has a person 'h9' \(3 ids in the records\)$"),
        (["h7=S9"], UsageError, r"no sample is called 'S9' \(2 in the genotypes\)$"),
        (["h7=S1", "h7=S2"], UsageError, "person 'h7' is both 'S1' and 'S2'"),
        (["h7=S1", "MRN7=S2"], InputError, "'h7' and 'MRN7' are one person, but are mapped"),
        (["nowhere.tsv"], UsageError, "neither ID=SAMPLE nor a file"),
        (["=S1"], UsageError, "neither ID=SAMPLE nor a file"),
    ],
)
def test_an_unknown_name_on_either_side_ends_the_run(kb, write, persons, error, said):
    with pytest.raises(error, match=said):
        read([write("a.json", PATIENTS)], kb, samples=SAMPLES, persons=persons)


def test_a_pair_without_any_record_ends_the_run(kb):
    with pytest.raises(UsageError, match="no record has a person 'h7'"):
        read([], kb, samples=SAMPLES, persons=["h7=S1"])


def test_a_table_may_be_about_more_people_than_the_run(kb, write):
    table = write("ids.csv", "person,sample\nh7,S2\nh55,S1\nh8,S77\n")
    data = read([write("a.json", PATIENTS)], kb, samples=SAMPLES, persons=[table])
    assert values(data, "S2") == {"sex": "male"}
    assert codes(data, "warning") == ["no_such_person", "no_such_sample", "no_genotypes", "record_unmatched"]
    assert not [name for name in ("h55", "h8", "S77") if name in "".join(data.notes["message"])]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("a,b,c\n", "line 1: expected two names"),
        ("h7,\n", "line 1: expected two names"),
        ("", "cannot|no pair"),
        ("h7,S1\nh7,S2\n", "line 2: person 'h7' is both"),
        ("x,y\n", "no pair joins a person of the records with a sample"),
    ],
)
def test_a_table_that_cannot_be_used_says_where(kb, write, table, said):
    with pytest.raises(InputError, match=said):
        read([write("a.json", PATIENTS)], kb, samples=SAMPLES, persons=[write("ids.csv", table)])


def test_a_sample_of_an_id_with_an_equals_sign():
    assert person_map(["YWJj==S1"]).samples == {"YWJj=": "S1"}


def test_without_genotypes_the_pairs_rename(kb, write):
    data = read([write("a.json", PATIENTS)], kb, persons={"h7": "S1"})
    assert values(data, "S1") == {"sex": "male"} and values(data, "h8") == {"sex": "female"}
