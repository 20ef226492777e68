"""Grades, stages and classes beside a condition: used where something asks for them, and said where not."""

from __future__ import annotations

from datetime import date

import pytest

import pgx
from pgx.clinical import read
from pgx.guidance.populations import NO, UNKNOWN, YES, Populations
from pgx.types import ClinicalData
from tests.clinical.reading import codes, values
from tests.clinical.test_left_out import VCF

SNOMED = "http://snomed.info/sct"
CIRRHOSIS = {"coding": [{"system": SNOMED, "code": "19943007", "display": "Cirrhosis of liver"}]}


@pytest.fixture
def listed(kb, write):
    """Read a list of conditions."""
    return lambda *written: read([write("p.json", {"date": "2026-12-01", "conditions": list(written)})], kb)


def people(data: ClinicalData) -> list[str]:
    return data.observations["sample"].unique().to_list()


def entry(kind: str, **fields: object) -> dict[str, object]:
    return {"resourceType": kind, "status": "final", "subject": {"reference": "Patient/A"}, **fields}


def code(*codes: str, text: str = "") -> dict[str, object]:
    return {"coding": [{"system": SNOMED, "code": one} for one in codes], "text": text}


@pytest.fixture
def record(kb, write):
    """Read a FHIR record of one person."""

    def build(*resources):
        entries = [{"resource": {"resourceType": "Patient", "id": "A"}}, *({"resource": one} for one in resources)]
        return read([write("r.json", {"resourceType": "Bundle", "entry": entries})], kb)

    return build


@pytest.mark.parametrize(
    ("written", "concept", "answer"),
    [
        ("Child-Pugh C cirrhosis", "child_pugh", "C"),
        ("cirrhosis, Child-Pugh class B (8 points)", "child_pugh", "B"),
        ("Cirrhosis (Child-Pugh score 9)", "child_pugh", "B"),
        ("Leberzirrhose Child B", "child_pugh", "B"),
        ("Child-Pugh C", "child_pugh", "C"),
        ("CTP 5 cirrhosis", "child_pugh", "A"),
        ("Child-Turcotte-Pugh class A liver disease", "child_pugh", "A"),
        ("Child Pugh B7", "child_pugh", "B"),
        ("child's pugh score: 12", "child_pugh", "C"),
        ("NYHA class III heart failure", "nyha", "III"),
        ("heart failure (NYHA 4)", "nyha", "IV"),
        ("severe liver disease", "liver_disease_severity", "severe"),
        ("hepatic impairment, moderate", "liver_disease_severity", "moderate"),
        ("decompensated alcoholic cirrhosis", "decompensated_cirrhosis", "yes"),
        ("dekompensierte Leberzirrhose", "decompensated_cirrhosis", "yes"),
        ("compensated cirrhosis", "decompensated_cirrhosis", "no"),
        ("CKD stage IV", "severe_kidney_disease", "yes"),
        ("CKD G4", "severe_kidney_disease", "yes"),
        ("chronic kidney disease, Stadium 5", "severe_kidney_disease", "yes"),
        ("severe heart failure", "severe_heart_failure", "yes"),
        ("asthma (severe)", "severe_asthma", "yes"),
        ("severe persistent asthma", "severe_asthma", "yes"),
        ("CKD stage 4/5", "severe_kidney_disease", "yes"),
        ("CKD stages 4 and 5", "severe_kidney_disease", "yes"),
        ("CKD G4 A3", "severe_kidney_disease", "yes"),
        ("CKD G4A3", "severe_kidney_disease", "yes"),
        ("well compensated cirrhosis", "decompensated_cirrhosis", "no"),
        ("HFrEF NYHA IV", "nyha", "IV"),
        ("severe G6PD deficiency", "severe_g6pd_deficiency", "yes"),
        ("G6PD deficiency, moderate", "severe_g6pd_deficiency", "no"),
        ("mild to moderate G6PD deficiency", "severe_g6pd_deficiency", "no"),
        ("schwerer G6PD-Mangel", "severe_g6pd_deficiency", "yes"),
    ],
)
def test_a_grade_is_an_answer_of_its_own(listed, written, concept, answer):
    data = listed(written)
    assert values(data)[concept] == answer
    assert not {"grade_not_used", "condition_unknown"} & set(codes(data))


@pytest.mark.parametrize(
    ("written", "condition"),
    [
        ("Child-Pugh C", "liver_disease"),
        ("decompensated cirrhosis", "cirrhosis"),
        ("severe asthma", "asthma"),
        ("severe heart failure", "heart_failure"),
        ("CKD G3b", "kidney_disease"),
    ],
)
def test_a_graded_condition_is_the_condition_too(listed, written, condition):
    assert values(listed(written))[condition] == "yes"


@pytest.mark.parametrize(
    ("written", "condition", "severity"),
    [
        ("mild depression", "depression", "info"),
        ("stage IV colon cancer", "cancer", "info"),
        ("hypertension, grade 2", "hypertension", "info"),
        ("active peptic ulcer", "peptic_ulcer", "info"),
        ("Child-Pugh A-B cirrhosis", "cirrhosis", "warning"),
        ("Child-Pugh C (6 points) cirrhosis", "cirrhosis", "warning"),
        ("history of Child-Pugh C cirrhosis", "cirrhosis", "warning"),
        ("NYHA II-III heart failure", "heart_failure", "warning"),
        ("mild to moderate hepatic impairment", "liver_disease", "warning"),
        ("moderate-severe liver disease", "liver_disease", "warning"),
        ("CKD stages 3-4", "kidney_disease", "warning"),
        ("mild persistent asthma", "asthma", "info"),
    ],
)
def test_a_grade_that_answers_nothing_is_said_and_the_condition_counts(listed, written, condition, severity):
    data = listed(written)
    assert values(data)[condition] == "yes" and "grade_not_used" in codes(data, severity)
    assert not {"child_pugh", "nyha", "liver_disease_severity", "severe_kidney_disease"} & set(values(data))


@pytest.mark.parametrize(
    "written", ["no Child-Pugh C", "father: Child-Pugh C", "Child-Pugh class C?", "suspected Child-Pugh C cirrhosis"]
)
def test_a_grade_that_nobody_has_is_none(listed, written):
    data = listed(written)
    assert "child_pugh" not in values(data) and "condition_unknown" in codes(data)


def test_a_class_beside_words_that_are_not_understood_is_said(listed):
    data = listed("cardiomyopathy of some kind NYHA IV")
    assert "nyha" not in values(data) and "grade_not_used" in codes(data, "warning")


@pytest.mark.parametrize(
    ("written", "concept"),
    [
        (("Child-Pugh A", "Child-Pugh C cirrhosis"), "child_pugh"),
        (("Child-Pugh C cirrhosis", "Child-Pugh A"), "child_pugh"),
        (("mild heart failure", "severe heart failure"), "severe_heart_failure"),
        (("decompensated cirrhosis", "compensated cirrhosis"), "decompensated_cirrhosis"),
    ],
)
def test_of_two_classes_on_one_day_none_is_taken_whichever_stands_last(kb, listed, written, concept):
    data = listed(*written)
    assert concept not in values(data) and "contradiction" in codes(data, "error")
    truth = Populations(kb, data, people(data), date(2026, 12, 1)).decide
    limit = "severe_heart_failure" if concept == "severe_heart_failure" else "decompensated_cirrhosis"
    assert truth(limit)[0] == UNKNOWN


def test_a_class_that_cannot_be_read_leaves_the_limits_open(kb, write):
    data = read([write("w.csv", "sample,date,child_pugh\nA,2026-12-01,D\n")], kb)
    truth = Populations(kb, data, people(data), date(2026, 12, 1)).decide
    assert truth("liver_disease_moderate_or_severe")[0] == truth("decompensated_cirrhosis")[0] == UNKNOWN


@pytest.mark.parametrize(
    ("written", "thiazolidinediones", "dronedarone", "verapamil", "anti_inflammatories"),
    [
        ("heart failure", UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
        ("NYHA I heart failure", NO, NO, UNKNOWN, NO),
        ("NYHA II heart failure", NO, UNKNOWN, UNKNOWN, NO),
        ("NYHA III heart failure", YES, UNKNOWN, UNKNOWN, UNKNOWN),
        ("NYHA IV heart failure", YES, YES, YES, YES),
        ("mild heart failure", NO, UNKNOWN, UNKNOWN, NO),
        ("severe heart failure", YES, YES, YES, YES),
        ("hypertension", NO, NO, NO, NO),
    ],
)
def test_each_label_has_its_own_classes_of_heart_failure(
    kb, listed, written, thiazolidinediones, dronedarone, verapamil, anti_inflammatories
):
    data = listed(written)
    decide = Populations(kb, data, people(data), date(2026, 12, 1)).decide
    wanted = {
        "pioglitazone": ("heart_failure_nyha_3_or_4", thiazolidinediones),
        "rosiglitazone": ("heart_failure_nyha_3_or_4", thiazolidinediones),
        "dronedarone": ("heart_failure_nyha_4_or_decompensated", dronedarone),
        "verapamil": ("severe_ventricular_dysfunction", verapamil),
        "piroxicam": ("severe_heart_failure", anti_inflammatories),
    }
    rows = set(kb.table("label_limits").select("drug", "population").iter_rows())
    assert {(drug, of) for drug, (of, _) in wanted.items()} <= rows
    assert {drug: decide(of)[0] for drug, (of, _) in wanted.items()} == {drug: one for drug, (_, one) in wanted.items()}


@pytest.mark.parametrize(
    ("written", "symptomatic", "moderate", "any_failure"),
    [
        ("heart failure", UNKNOWN, UNKNOWN, YES),
        ("NYHA I heart failure", NO, NO, YES),
        ("mild heart failure", UNKNOWN, NO, YES),
        ("NYHA II", YES, NO, YES),
        ("NYHA III", YES, YES, YES),
        ("severe heart failure", YES, YES, YES),
        ("hypertension", NO, NO, NO),
    ],
)
def test_labels_speak_of_milder_failure_too_and_a_class_alone_tells_it(
    kb, listed, written, symptomatic, moderate, any_failure
):
    """Thiazolidinediones are not recommended with symptoms, verapamil is avoided with moderate ones."""
    data = listed(written)
    decide = Populations(kb, data, people(data), date(2026, 12, 1)).decide
    wanted = {
        ("pioglitazone", "heart_failure_symptomatic", "avoid"): symptomatic,
        ("rosiglitazone", "heart_failure_symptomatic", "avoid"): symptomatic,
        ("verapamil", "heart_failure_nyha_3_or_4", "avoid"): moderate,
        ("cilostazol", "heart_failure_recorded", "contraindicated"): any_failure,
    }
    assert set(wanted) <= set(kb.table("label_limits").select("drug", "population", "action").iter_rows())
    assert {row: decide(row[1])[0] for row in wanted} == wanted


@pytest.mark.parametrize(("told", "stated"), [("III,", "yes"), ("II,no", "no"), (",", None)])
def test_a_class_of_heart_failure_states_it_unless_the_record_says_otherwise(kb, write, told, stated):
    data = read([write("w.csv", f"sample,date,nyha,heart_failure\nA,2026-12-01,{told}\n")], kb)
    assert values(data).get("heart_failure") == stated


@pytest.mark.parametrize(
    "resource",
    [
        entry("Observation", code=code("3191000175106"), valueCodeableConcept=code("710067001")),
        entry("Observation", code=code("3191000175106"), valueInteger=11),
        entry("Observation", code=code("3191000175106"), valueQuantity={"value": 11.0, "unit": "{score}"}),
        entry("Observation", code={"text": "Child-Pugh class"}, valueString="Class C"),
        entry("Observation", code={"text": "Child-Pugh score"}, valueString="C (11 points)"),
        entry("Condition", code=code("710067001")),
        entry("Condition", code={"text": "Child-Pugh C cirrhosis"}),
        entry("Condition", code=CIRRHOSIS, stage=[{"summary": code("710067001")}]),
        entry("Condition", code=CIRRHOSIS, stage=[{"summary": {"text": "Child-Pugh C"}}]),
        entry("Condition", code={**CIRRHOSIS, "text": "Cirrhosis, Child-Pugh class C"}),
    ],
)
def test_fhir_tells_the_class_as_observation_diagnosis_or_stage(record, resource):
    day = "effectiveDateTime" if resource["resourceType"] == "Observation" else "recordedDate"
    said = values(record({**resource, day: "2026-11-01"}))
    assert said["child_pugh"] == "C" and said["liver_disease"] == "yes"


@pytest.mark.parametrize(
    ("disease", "label", "stage", "concept", "answer"),
    [
        ("MONDO:0005252", "heart failure", "New York Heart Association Class III", "nyha", "III"),
        ("MONDO:0005300", "chronic kidney disease", "Stage 4 Chronic Kidney Disease", "severe_kidney_disease", "yes"),
        ("MONDO:0005300", "chronic kidney disease", "G4", "severe_kidney_disease", "yes"),
        ("MONDO:0005252", "heart failure", "Severe", "severe_heart_failure", "yes"),
        ("X:1", "chronic liver trouble", "Child-Pugh Class C", "child_pugh", "C"),
    ],
)
def test_phenopackets_tell_it_as_a_stage(kb, write, disease, label, stage, concept, answer):
    told = {"term": {"id": disease, "label": label}, "diseaseStage": [{"id": "NCIT:C1", "label": stage}]}
    packet = {"id": "A", "subject": {"id": "A", "sex": "FEMALE"}, "metaData": {"created": "2026-10-01T00:00:00Z"}}
    assert values(read([write("p.json", {**packet, "diseases": [told]})], kb))[concept] == answer
    excluded = read([write("p.json", {**packet, "diseases": [{**told, "excluded": True}]})], kb)
    assert concept not in values(excluded)


def test_a_stage_that_nobody_understands_is_said(kb, write, record):
    staged = {"recordedDate": "2026-11-01", "stage": [{"summary": {"text": "Lille 0.6"}}]}
    data = record(entry("Condition", code={"text": "heart failure"}, **staged))
    assert "grade_not_used" in codes(data, "warning") and values(data)["heart_failure"] == "yes"
    packet = {"id": "A", "subject": {"id": "A"}, "metaData": {"created": "2026-10-01T00:00:00Z"}}
    told = {"term": {"id": "MONDO:0005252", "label": "heart failure"}, "diseaseStage": [{"id": "X:1", "label": "Zz 9"}]}
    data = read([write("p.json", {**packet, "diseases": [told]})], kb)
    assert "grade_not_used" in codes(data, "warning") and values(data)["heart_failure"] == "yes"
    strange = {"type": {"id": "HP:0001260", "label": "Dysarthria"}, "severity": {"id": "HP:0012828", "label": "Severe"}}
    data = read([write("p.json", {**packet, "phenotypicFeatures": [strange]})], kb)
    assert "grade_not_used" not in codes(data) and "not_understood" in codes(data)


def test_a_disease_with_a_code_that_is_not_known_here_and_a_name_that_is_stays_open(kb, write):
    packet = {"id": "A", "subject": {"id": "A"}, "metaData": {"created": "2026-10-01T00:00:00Z"}}
    told = {"term": {"id": "X:9", "label": "heart failure"}, "onset": {"timestamp": "2026-09-01T00:00:00Z"}}
    data = read([write("p.json", {**packet, "diseases": [told]})], kb)
    assert "heart_failure" not in values(data) and "condition_unknown" in codes(data, "warning")
    assert Populations(kb, data, ["A"], date(2026, 12, 1)).decide("heart_failure_recorded")[0] == UNKNOWN


@pytest.mark.parametrize(
    ("scale", "value", "concept", "answer"),
    [
        ("88020-3", "LA28404-4", "nyha", "I"),
        ("88020-3", "LA28405-1", "nyha", "II"),
        ("88020-3", "LA28406-9", "nyha", "III"),
        ("88020-3", "LA28407-7", "nyha", "IV"),
        ("98153-0", "B", "child_pugh", "B"),
    ],
)
def test_scales_of_loinc_are_read_by_their_codes_alone(record, scale, value, concept, answer):
    coded = {"coding": [{"system": "http://loinc.org", "code": value}]}
    told = {"valueString": value} if len(value) == 1 else {"valueCodeableConcept": coded}
    data = record(
        {"resourceType": "Observation", "status": "final", "effectiveDateTime": "2026-11-01", **told}
        | {"code": {"coding": [{"system": "http://loinc.org", "code": scale}]}}
    )
    assert values(data)[concept] == answer


def test_the_severity_of_a_diagnosis_counts_where_it_is_asked_for(record):
    severe = {"coding": [{"system": SNOMED, "code": "24484000", "display": "Severe"}]}
    day = {"recordedDate": "2026-11-01", "severity": severe}
    said = values(record(entry("Condition", code={"text": "liver disease"}, **day)))
    assert said["liver_disease_severity"] == "severe"
    data = record(entry("Condition", code={"text": "depression"}, **day))
    assert "grade_not_used" in codes(data) and values(data)["depression"] == "yes"


@pytest.mark.parametrize(
    ("snomed", "liver", "heart"),
    [("24484000", "severe", "yes"), ("6736007", "moderate", None), ("255604002", "mild", "no")],
)
def test_a_severity_is_read_by_its_code_alone(record, snomed, liver, heart):
    day = {"recordedDate": "2026-11-01", "severity": code(snomed)}
    said = values(
        record(*(entry("Condition", code={"text": one}, **day) for one in ("liver disease", "heart failure")))
    )
    assert said["liver_disease_severity"] == liver and said.get("severe_heart_failure") == heart


def test_tables_and_omop_tell_the_class(kb, write, tmp_path):
    assert values(read([write("w.csv", "sample,date,child_pugh_score\nA,2026-11-01,8\n")], kb))["child_pugh"] == "B"
    rows = "person,date,item,value\nA,2026-11-01,Child-Pugh class,C\n"
    assert values(read([write("l.csv", rows)], kb))["child_pugh"] == "C"
    folder = tmp_path / "omop"
    folder.mkdir()
    (folder / "person.csv").write_text("person_id,year_of_birth\n1,1960\n2,1960\n3,1960\n")
    (folder / "concept.csv").write_text(
        "concept_id,vocabulary_id,concept_code,concept_name\n"
        "91,SNOMED,3191000175106,Child-Pugh score\n92,SNOMED,710066005,Child-Pugh score class B\n"
    )
    (folder / "measurement.csv").write_text(
        "person_id,measurement_concept_id,measurement_date,value_as_concept_id,value_as_number\n"
        "1,91,2026-11-01,92,\n2,91,2026-11-01,,12\n"
    )
    (folder / "condition_occurrence.csv").write_text(
        "person_id,condition_concept_id,condition_start_date,condition_source_value\n"
        '3,0,2026-11-01,"Cirrhosis, Child-Pugh class A"\n'
    )
    data = read([folder], kb)
    assert [values(data, one)["child_pugh"] for one in "123"] == ["B", "C", "A"]


@pytest.mark.parametrize(
    ("written", "decompensated", "moderate"),
    [
        ("Child-Pugh A cirrhosis", NO, NO),
        ("Child-Pugh B cirrhosis", YES, YES),
        ("Child-Pugh C", YES, YES),
        ("Child-Pugh score 9", YES, YES),
        ("cirrhosis", UNKNOWN, UNKNOWN),
        ("decompensated cirrhosis", YES, YES),
        ("compensated cirrhosis", NO, UNKNOWN),
        ("severe liver disease", UNKNOWN, YES),
        ("mild hepatic impairment", UNKNOWN, NO),
        ("hypertension", UNKNOWN, NO),
    ],
)
def test_the_class_decides_the_limits_of_labels(kb, listed, written, decompensated, moderate):
    data = listed(written)
    truth = Populations(kb, data, people(data), date(2026, 12, 1)).decide
    assert truth("decompensated_cirrhosis")[0] == decompensated
    assert truth("liver_disease_moderate_or_severe")[0] == moderate


def test_an_old_class_leaves_the_limits_open(kb, write):
    data = read([write("p.json", {"date": "2026-12-01", "conditions": [{"name": "cirrhosis"}],
                                  "child_pugh": {"value": "A", "date": "2024-01-01"}})], kb)  # fmt: skip
    assert Populations(kb, data, people(data)).decide("decompensated_cirrhosis")[0] == UNKNOWN
    (said,) = data.notes.filter(code="grade_not_used")["message"]
    assert "child pugh A is of 2024-01-01" in said and "stays open" in said


@pytest.mark.parametrize(
    ("child_pugh", "drug", "told"),
    [
        ({"value": "C"}, "simvastatin", True),
        ({"value": "A"}, "simvastatin", True),
        ({"value": "C", "date": "2026-11-01"}, "simvastatin", False),
        ({"value": "C"}, "codeine", False),
    ],
)
def test_a_class_without_a_date_is_said_where_it_decides(write, child_pugh, drug, told):
    record = {"sample": "A", "labs": {"creatinine": {"value": 1.0, "unit": "mg/dL", "date": "2026-12-01"}},
              "conditions": [{"name": "cirrhosis"}], "child_pugh": child_pugh}  # fmt: skip
    result = pgx.report(write("a.vcf", VCF), clinical=[write("p.json", record)], drugs=[drug], endpoints=[])
    assumed = result.notes.filter(code="day_assumed")["message"].to_list()
    assert bool(assumed) == told
    for message in assumed:
        assert f"child pugh {child_pugh['value']} has no date" in message and drug in message
