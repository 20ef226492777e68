"""One value that cannot be used costs that value: it is named, its concept is unknown, and nothing older stands in."""

from __future__ import annotations

import json

import polars as pl
import pytest

import pgx
from pgx.clinical import read, template
from pgx.errors import InputError
from tests.clinical.reading import codes, values

VCF = """##fileformat=VCFv4.2
##contig=<ID=chr6,length=170805979>
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tA
chr6\t18130918\trs1142345\tT\tC\t.\tPASS\t.\tGT\t0/0
"""


def observed(*items):
    """A FHIR bundle of one woman with these observations: (LOINC, day, value[x])."""
    resources = [{"resourceType": "Patient", "id": "A", "gender": "female", "birthDate": "1986-04-02"}]
    resources += [
        {
            "resourceType": "Observation",
            "status": "final",
            "subject": {"reference": "Patient/A"},
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "effectiveDateTime": day,
            **value,
        }
        for code, day, value in items
    ]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]})


def amount(value, unit):
    return {"valueQuantity": {"value": value, "unit": unit}}


@pytest.mark.parametrize(
    ("loinc", "value", "concept", "code"),
    [
        ("2885-2", amount(60.75, "g/dL"), "total_protein", "impossible_value"),
        ("2885-2", amount(6.1, "furlong"), "total_protein", "unit_unknown"),
        ("2160-0", amount("lots", "mg/dL"), "creatinine", "not_a_number"),
        ("2160-0", {"valueQuantity": {"value": 1.0}}, "creatinine", "unit_missing"),
        ("82810-3", {"valueCodeableConcept": {"text": "Possible pregnancy"}}, "pregnancy", "answer_unknown"),
    ],
)
def test_a_newest_value_that_cannot_be_used_leaves_its_concept_unknown(kb, write, loinc, value, concept, code):
    good = {"valueCodeableConcept": {"text": "not pregnant"}} if concept == "pregnancy" else amount(2.0, "g/dL")
    good = amount(1.0, "mg/dL") if concept == "creatinine" else good
    path = write("r.json", observed((loinc, "2025-01-01", good), (loinc, "2025-06-01", value)))
    data = read([path], kb, samples=["A"])
    assert concept not in values(data)
    assert codes(data, "error") == [code]
    row = data.kept_out.filter(concept=concept).row(0, named=True)
    assert row["code"] == code and row["where"].startswith("r.json: entry 3") and concept in row["message"]
    with pytest.raises(InputError, match=r"r\.json: entry 3"):
        read([path], kb, samples=["A"], strict=True)


def test_nothing_is_computed_from_what_was_left_out_or_from_what_is_older(kb, write):
    path = write(
        "r.json", observed(("2160-0", "2025-01-01", amount(1.0, "mg/dL")), ("2160-0", "2025-06-01", amount(1.0, "x")))
    )
    data = read([path], kb, samples=["A"])
    assert "egfr" not in values(data)
    assert {"creatinine", "egfr"} <= set(data.kept_out["concept"])


@pytest.mark.parametrize(
    ("loinc", "value", "concept", "expected"),
    [
        ("751-8", amount(4.2, "x10E3/uL"), "neutrophils", 4.2),
        ("751-8", amount(4.2, "10³/µL"), "neutrophils", 4.2),
        ("751-8", amount(4200, "cells/mcL"), "neutrophils", 4.2),
        ("777-3", amount(210, "K/cumm"), "platelets", 210),
        ("33914-3", amount(61, "mL/min"), "egfr", 61),
        ("2339-0", amount(5.4, "mmol<180.1558800000541>/L"), "glucose", 97.28),
        ("4548-4", amount(6.1, "%{HbA1c}"), "hba1c", 6.1),
    ],
)
def test_units_as_laboratories_write_them(kb, write, loinc, value, concept, expected):
    data = read([write("r.json", observed((loinc, "2025-01-01", value)))], kb, samples=["A"])
    assert values(data)[concept] == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("unit", "amount_", "loinc", "concept", "expected"),
    [
        ("8737", 6.1, "4548-4", "hba1c", 6.1),
        ("8632", 6.1, "4548-4", "hba1c", 6.1),
        ("8504", 71000, "29463-7", "weight", 71.0),
        ("9546", 1.71, "8302-2", "height", 171.0),
        ("9327", 67, "8302-2", "height", 170.18),
        ("8523", 2.1, "6301-6", "inr", 2.1),
    ],
)
def test_units_of_omop_tables(kb, tmp_path, unit, amount_, loinc, concept, expected):
    (tmp_path / "person.csv").write_text(
        "person_id,gender_concept_id,year_of_birth,person_source_value\n1,8521,1986,A\n"
    )
    (tmp_path / "measurement.csv").write_text(
        "measurement_id,person_id,measurement_concept_id,measurement_source_value,measurement_date,value_as_number,"
        f"unit_concept_id\n1,1,0,LOINC:{loinc},2025-01-01,{amount_},{unit}\n"
    )
    data = read([tmp_path], kb, samples=["A"])
    assert values(data)[concept] == pytest.approx(expected, abs=0.01)
    assert "sex" not in values(data) and codes(data, "error") == []


def test_an_ethnicity_in_the_place_of_a_race_is_read_as_ethnicity(kb, write):
    content = json.loads(observed())
    content["entry"][0]["resource"]["extension"] = [
        {
            "url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race",
            "extension": [
                {"url": "ombCategory", "valueCoding": {"system": "urn:oid:2.16.840.1.113883.6.238", "code": "2135-2"}}
            ],
        }
    ]
    for name, text in (("r.json", json.dumps(content)), ("r.csv", "sample,race\nA,Hispanic\n")):
        data = read([write(name, text)], kb, samples=["A"])
        assert values(data)["ethnicity"] == "hispanic" and "race" not in values(data)
        assert codes(data, "error") == [] and "other_question" in codes(data, "info")


def test_what_a_score_or_the_advice_would_have_used_is_on_the_first_page(tmp_path):
    (tmp_path / "a.vcf").write_text(VCF)
    (tmp_path / "r.json").write_text(
        json.dumps(
            {"sample": "A", "sex": "female", "age": 30, "weight": 7000, "pregnancy": "perhaps", "calcium": "low"}
        )
    )
    result = pgx.report(
        tmp_path / "a.vcf",
        clinical=[tmp_path / "r.json"],
        drugs=["warfarin"],
        out=tmp_path / "out",
        formats=("text", "tsv"),
    )
    first = result.notes.filter(code="value_left_out")["message"].to_list()
    assert any("pregnancy" in one and "the advice on warfarin" in one for one in first)
    assert any("weight of 7000 kg" in one and "the score warfarin" in one for one in first)
    assert not any("calcium" in one for one in first)
    page = " ".join((tmp_path / "out" / "A.report.txt").read_text().split())
    assert page.index("! a value was left out") < page.index("No data (1)")
    lost = pl.read_csv(tmp_path / "out" / "failures.tsv", separator="\t")
    assert sorted(lost["code"].to_list()) == ["answer_unknown", "impossible_value", "not_a_number"]


BROKEN = """<?xml version="1.0"?>
<!DOCTYPE HealthData [
<!ATTLIST VisionPrescription
 brand CDATA #IMPLIED
<!ELEMENT LeftEye EMPTY>
]>
<HealthData locale="en">
<ExportDate value="2026-10-05 10:00:00 +0100"/>
<Record type="HKQuantityTypeIdentifierHeight" sourceName="a\x0bb" unit="cm" startDate="2026-10-01 08:00:00 +0100" value="171"/>
<Record type="HKQuantityTypeIdentifierBodyFatPercentage" value="0.2" sourceName="a < b"/>
<Record type="HKQuantityTypeIdentifierNumberOfAlcoholicBeverages" unit="count" startDate="2026-10-01 08:00:00 +0100" value="3"/>
<Record type="HKQuantityTypeIdentifierBodyMass" sourceName="x&#11;" unit="kg" startDate="2026-10-01 08:00:00 +0100" value="70"/>
</HealthData>
"""


def test_a_broken_part_of_an_export_does_not_hide_the_rest(kb, write):
    data = read([write("export.xml", BROKEN)], kb, samples=["A"])
    assert values(data)["weight"] == 70 and values(data)["height"] == 171
    errors = data.notes.filter(severity="error").select("code", "where").rows()
    assert ("broken_xml", "export.xml: line 10") in errors
    assert [code for code, _ in errors] == ["broken_xml", "unit_unknown"]


def test_units_that_contradict_each_other_are_none(kb, write):
    data = read([write("a.csv", "sample,weight_lb,weight_unit\nA,150,kg\nB,150,lb\nC,150,\n")], kb)
    assert values(data, "B")["weight"] == values(data, "C")["weight"] == pytest.approx(68.04, abs=0.01)
    assert "weight" not in values(data, "A") and codes(data, "error") == ["unit_differs"]
    both = {"valueQuantity": {"value": 88, "unit": "umol/L", "code": "mg/dL"}}
    data = read([write("r.json", observed(("2160-0", "2025-01-01", both)))], kb, samples=["A"])
    assert "creatinine" not in values(data) and codes(data, "error") == ["unit_unknown"]
    same = {"valueQuantity": {"value": 20, "unit": "ng/L", "code": "pg/mL"}}
    data = read([write("r.json", observed(("6598-7", "2025-01-01", same)))], kb, samples=["A"])
    assert codes(data, "error") == []


def test_the_template_is_read_as_it_is(kb, write):
    heading = template(kb)
    empty = "," * heading.count(",")
    data = read([write("a.csv", f"{heading}A{empty}\n")], kb, samples=["A"], strict=True)
    assert heading.startswith("sample,date,medications,") and "creatinine" in heading
    assert codes(data, "error") == [] and "unknown_column" not in codes(data)


GENOTYPE = {
    "resourceType": "Observation",
    "status": "final",
    "subject": {"reference": "Patient/A"},
    "code": {"coding": [{"system": "http://loinc.org", "code": "84413-4", "display": "Genotype display name"}]},
    "valueCodeableConcept": {"text": "CYP2D6 *4/*4"},
}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "sample,age,CYP2D6_diplotype\nA,60,*4/*4\n"),
        ("a.csv", "person,date,item,value\nA,2024-01-01,CYP2D6,*4/*4\nA,2024-01-01,inr,2\n"),
        ("a.json", {"sample": "A", "age": 60, "CYP2D6": "*4/*4"}),
        ("a.json", {"sample": "A", "conditions": ["CYP2D6 poor metabolizer"]}),
        ("a.json", [{"resourceType": "Patient", "id": "A"}, GENOTYPE]),
    ],
)
def test_results_of_genes_in_a_history_are_told_in_one_note_that_says_what_to_do(kb, write, name, content):
    path = write(name, content)
    notes = read([path], kb, samples=["A"]).notes
    (note,) = notes.filter(code="gene_in_history").rows(named=True)
    assert "CYP2D6" in note["message"] and "--outside-calls" in note["message"] and note["sample"] == "A"
    assert "unknown_column" not in notes["code"], "one note, not two"
    with pytest.raises(InputError):
        read([path], kb, samples=["A"], strict=True)


def test_of_a_person_without_an_age_a_bare_value_that_no_adult_has_is_asked_about(kb, write):
    data = read([write("p.json", {"sample": "A", "weight": 5})], kb)
    assert "weight" not in values(data) and "for an adult, and no age is given" in data.notes["message"][0]
    for content in ({"weight": "5 kg"}, {"weight": 5, "age": 0.3}, {"weight": 70}):
        assert "weight" in values(read([write("p.json", {"sample": "A", **content})], kb))
