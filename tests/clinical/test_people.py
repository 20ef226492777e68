"""Whose record is it: joining is never a guess that goes unsaid."""

from __future__ import annotations

import polars as pl
import pytest

from pgx import inputs
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


@pytest.mark.parametrize("samples", [["HG00118"], ["HG00118", "HG00119"]])
@pytest.mark.parametrize("rows", ["HG0018,50\n", "HG0018,50\nHG0019,60\n"])
def test_a_table_about_others_is_refused_and_no_other_person_is_proposed(kb, write, samples, rows):
    with pytest.raises(InputError, match=r"has.* name of .* of the genotypes.*--person") as refused:
        read([write("a.csv", f"sample,age\n{rows}")], kb, samples=samples)
    assert "HG0011" not in str(refused.value)


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
    assert data.notes.select("sample", "code").rows() == [
        (None, "no_genotypes"), ("C", "record_unmatched"), ("D", "record_unmatched")
    ]  # fmt: skip
    assert "1 of 3 persons of a.csv are no sample of the genotypes" in data.notes["message"][0]


@pytest.mark.parametrize(
    ("slip", "code"),
    [("HG0652", "record_lost"), ("hg00652", "record_lost"), ("HG-00652", "record_lost"),
     ("HG00652_1", "record_unmatched")],
)  # fmt: skip
def test_a_slip_in_a_name_is_said_to_the_person_and_names_nobody(kb, write, slip, code):
    rows = write("a.csv", f"sample,age\n{slip},50\nHG00118,60\n")
    data = read([rows], kb, samples=["HG00652", "HG00118", "HG01593"])
    told = data.notes.filter(pl.col("sample").is_not_null())
    assert told.select("sample", "code").rows() == [("HG00652", code), ("HG01593", "record_unmatched")]
    assert not any(name in message for message in told["message"] for name in (slip, "HG00118"))
    # Who has a row beside it is meant by the same words alone: a slip of a letter may be somebody else.
    both = write("c.csv", f"sample,date,age\n{slip},2024-01-01,50\nHG00652,2024-02-01,50\nHG00118,,60\n")
    said = read([both], kb, samples=["HG00652", "HG00118"]).notes.filter(sample="HG00652")
    assert ("record_lost" in said["code"].to_list()) == (code == "record_lost")
    # Nobody is missing whose record may be that row: a sample without a record is no alarm then.
    whole = write("b.csv", "sample,age\nHG00652,50\nHG00118,60\n")
    assert codes(read([whole], kb, samples=["HG00652", "HG00118", "HG01593"])) == ["no_clinical_data"]


def test_a_sample_that_the_run_leaves_out_is_neither_joined_nor_a_stranger(kb, write):
    rows = write("a.csv", "sample,age\nA,50\nB,60\n")
    data = read([rows], kb, samples=["A"], everyone=["A", "B"])
    assert values(data, "A") == {"age": 50} and data.notes.is_empty() and data.holders == ({"A"},)
    only_b = write("b.json", {"resourceType": "Patient", "id": "B", "gender": "male"})
    data = read([only_b], kb, samples=["A"], everyone=["A", "B"], persons=["B=B"])
    assert data.observations.is_empty() and codes(data) == ["no_clinical_data"] and data.holders == (set(),)


def test_a_row_that_cannot_be_used_is_said_to_the_person_whose_it_is(kb, write):
    rows = write("a.csv", "sample,age\nA,50\nB,60\nB,61\n")
    twice = [{"sample": "A", "age": 50}, {"sample": "A", "age": 51}, {"sample": "B", "age": 60}]
    for path, name in ((rows, "B"), (write("b.json", twice), "A")):
        bad = read([path], kb, samples=["A", "B"]).notes.filter(code="bad_row")
        assert set(bad["sample"]) == {name} and "is there twice" in bad["message"][0]


def test_no_file_is_no_data(kb):
    data = read([], kb, samples=["A"])
    assert data.observations.is_empty() and data.medications.is_empty() and data.notes.is_empty()


def patient(name, **more):
    return {"resourceType": "Patient", "id": name, **more}


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (patient("A", gender="female"), patient("B", gender="male"), "sex"),
        (patient("A", birthDate="1950-02-03"), patient("B", birthDate="1950-05-04"), "birth date"),
        ({"age": 68, "date": "2026-10-12"}, patient("B", birthDate="1980-02-01"), "age"),
        ({"sample": "S1", "sex": "female"}, patient("B", gender="male"), "sex"),
        ({"age": 68}, {"age": 31}, "age"),
    ],
)
def test_records_of_two_persons_are_not_joined_because_each_is_the_only_one(kb, write, one, other, said):
    with pytest.raises(InputError, match=f"not one person: {said} differ;"):
        read([write("a.json", one), write("b.json", other)], kb, samples=["S1"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (patient("A", gender="female", birthDate="1950"), patient("B", gender="female", birthDate="1950-05-04")),
        (patient("A", birthDate="1950-05-04"), patient("B", birthDate="1950-05")),
        ({"age": 76, "date": "2026-10-12"}, patient("B", birthDate="1950-02-01")),
        ({"weight_kg": 70}, patient("B", gender="male")),
    ],
)
def test_records_that_can_be_of_one_person_are_joined(kb, write, one, other):
    data = read([write("a.json", one), write("b.json", other)], kb, samples=["S1"])
    assert set(codes(data)) == {"joined_only_person"}


def test_records_of_one_name_that_contradict_each_other_are_said(kb, write):
    paths = [write("a.json", {"sample": "S1", "sex": "female"}), write("b.csv", "sample,sex\nS1,male\n")]
    data = read(paths, kb, samples=["S1"])
    assert codes(data, "warning") == ["contradiction"]
    assert data.notes["message"].to_list() == [
        "'S1' of a.json and 'S1' of b.csv are not one person: sex female and male"
    ]


def test_two_persons_of_one_file_with_the_name_of_one_sample_are_said(kb, write):
    twice = [{"resource": patient(n, identifier=[{"value": "S1"}], gender="male")} for n in ("A", "B")]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": twice}
    assert codes(read([write("a.json", bundle)], kb, samples=["S1", "S2"]), "warning")[0] == "joined_twice"


def test_a_sex_that_is_given_against_the_record_is_said(kb, write):
    genotypes = (
        "##fileformat=VCFv4.2\n##reference=GRCh38\n##contig=<ID=chr10,length=133797422>\n"
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tA\nchr10\t94781859\t.\tG\tA\t.\tPASS\t.\tGT\t0/1\n"
    )
    record, vcf = write("a.csv", "sample,sex\nA,female\n"), write("a.vcf", genotypes)
    _, data, _ = inputs.read(kb, vcf, [record], None, inputs.Options(sex="male"))
    (message,) = data.notes.filter(code="contradiction")["message"]
    assert message == "sex male is given (--sex), and the record says female: chrX is read as male"
    _, data, _ = inputs.read(kb, vcf, [record], None, inputs.Options(sex="female"))
    assert data.notes.filter(code="contradiction").is_empty()


def test_deaths_of_omop_are_said(kb, tmp_path):
    (tmp_path / "person.csv").write_text("person_id,gender_concept_id,year_of_birth\n1,8532,1970\n2,8507,1980\n")
    (tmp_path / "death.csv").write_text("person_id,death_date\n1,2025-01-01\n")
    said = read([tmp_path], kb).notes.filter(pl.col("code") == "deceased")
    assert said.select("sample", "severity").rows() == [("1", "warning")]
