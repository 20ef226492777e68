"""Entries of conditions that are over, beside entries of the same that are there: in one file and in several."""

from __future__ import annotations

import pytest

from pgx.clinical import read
from tests.clinical.reading import codes, drugs, values


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


PERSON = "person_id,gender_concept_id,year_of_birth,person_source_value\n1,8532,1966,P1\n"
WEIGHT = (
    "person_id,measurement_concept_id,measurement_date,value_as_number,unit_concept_id\n1,3025315,2026-03-01,65,9529\n"
)
CONDITION = "person_id,condition_concept_id,condition_start_date,condition_end_date,visit_occurrence_id,"
VISIT = "visit_occurrence_id,visit_start_date,visit_end_date\n7,2020-01-01,2020-01-09\n"
HEART_FAILURE, DEPRESSION, INFARCTION = 316139, 440383, 4329847


def _omop(folder, rows, visits=""):
    """A folder of OMOP tables; a row is concept, start, end, visit, and the words of its status."""
    heading = CONDITION + "condition_status_concept_id,condition_status_source_value\n"
    written = "".join(f"1,{concept},{start},{end},{visit},{status}\n" for concept, start, end, visit, status in rows)
    tables = {"person": PERSON, "measurement": WEIGHT, "condition_occurrence": heading + written}
    for name, text in (tables | ({"visit_occurrence": visits} if visits else {})).items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("row", "concept", "meant"),
    [
        ((HEART_FAILURE, "2020-01-01", "", "", ","), "heart_failure", "yes"),
        ((HEART_FAILURE, "2020-01-01", "2022-01-01", "", ","), "heart_failure", "no"),
        ((DEPRESSION, "2020-01-01", "2022-01-01", "", ","), "depression", "no"),
        ((INFARCTION, "2020-01-01", "2020-02-01", "", ","), "myocardial_infarction", "yes"),
        ((HEART_FAILURE, "2020-01-01", "2020-01-01", "", ","), "heart_failure", "yes"),  # a claim of that day
        ((HEART_FAILURE, "2020-01-01", "2020-01-09", "7", ","), "heart_failure", "yes"),  # the ward's last day
        ((HEART_FAILURE, "2020-01-01", "2020-01-08", "7", ","), "heart_failure", "yes"),  # or a day beside it
        ((HEART_FAILURE, "2020-01-01", "2020-01-10", "7", ","), "heart_failure", "yes"),
        ((HEART_FAILURE, "2020-01-01", "2020-01-07", "7", ","), "heart_failure", "no"),
        ((HEART_FAILURE, "2020-01-01", "2020-01-11", "7", ","), "heart_failure", "no"),
        ((HEART_FAILURE, "2020-01-01", "2022-01-09", "7", ","), "heart_failure", "no"),
        ((HEART_FAILURE, "2020-01-01", "2030-01-01", "", ","), "heart_failure", "yes"),
        ((HEART_FAILURE, "2020-01-01", "2999-12-31", "", ","), "heart_failure", "yes"),
        ((HEART_FAILURE, "2020-01-01", "2099-12-31", "", ","), "heart_failure", "yes"),
        ((HEART_FAILURE, "2020-01-01", "", "", "0,Resolved"), "heart_failure", "no"),
        ((INFARCTION, "2020-01-01", "", "", "0,Resolved"), "myocardial_infarction", "yes"),
        ((HEART_FAILURE, "2020-01-01", "", "", "0,Unresolved"), "heart_failure", "yes"),
        ((HEART_FAILURE, "2020-01-01", "", "", "0,Refuted"), "heart_failure", "no"),
        ((HEART_FAILURE, "2020-01-01", "", "", "0,ruled out"), "heart_failure", "no"),
        ((HEART_FAILURE, "2020-01-01", "", "", "0,Excluded"), "heart_failure", "no"),
        ((HEART_FAILURE, "2020-01-01", "", "", "0,entered-in-error"), "heart_failure", None),
        ((HEART_FAILURE, "2020-01-01", "", "", "32906,"), "heart_failure", "no"),
        ((HEART_FAILURE, "2020-01-01", "", "", "32899,"), "heart_failure", None),
        ((HEART_FAILURE, "2020-01-01", "", "", "0,Preliminary diagnosis"), "heart_failure", None),
        ((HEART_FAILURE, "2020-01-01", "", "", "32902,Primary diagnosis"), "heart_failure", "yes"),
    ],
)
def test_the_end_of_a_condition_of_omop_is_read_unless_it_is_that_of_the_visit(kb, tmp_path, row, concept, meant):
    data = read([_omop(tmp_path, [row], VISIT)], kb)
    assert values(data).get(concept) == meant
    assert values(data)["as_of"] == "2026-03-01" and "bad_date" not in codes(data)


@pytest.mark.parametrize("visits", ["", VISIT, VISIT + "8,2020-01-01,\n"])
def test_an_end_that_may_be_that_of_a_visit_nobody_knows_ends_nothing(kb, tmp_path, visits):
    row = (HEART_FAILURE, "2020-01-01", "2022-01-09", "8", ",")
    assert values(read([_omop(tmp_path, [row], visits)], kb))["heart_failure"] == "yes"


@pytest.mark.parametrize(("day", "meant"), [("20200109", "yes"), ("2020-01-08T23:00:00", "yes"), ("9.1.2020", "yes")])
def test_the_last_day_of_a_visit_in_other_ways_of_writing(kb, tmp_path, day, meant):
    row = (HEART_FAILURE, "2020-01-01", "2020-01-09", "7", ",")
    visits = f"visit_occurrence_id,visit_end_datetime,care_site_id\n7,{day},3\n"
    assert values(read([_omop(tmp_path, [row], visits)], kb))["heart_failure"] == meant


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_visits_of_a_database_are_those_that_conditions_name(kb, tmp_path, kind):
    library = pytest.importorskip("sqlite3" if kind == "sqlite" else "duckdb")
    connection = library.connect(str(tmp_path / f"omop.{kind}"))
    for statement in (
        "create table person as select 1 as person_id, 1966 as year_of_birth",
        "create table measurement as select 1 as person_id, 3025315 as measurement_concept_id, "
        "'2026-03-01' as measurement_date, 65 as value_as_number, 9529 as unit_concept_id",
        "create table condition_occurrence as select 1 as person_id, 316139 as condition_concept_id, '2020-01-01' as "
        "condition_start_date, '2020-01-09' as condition_end_date, 7 as visit_occurrence_id union all select 1, 440383, "
        "'2020-01-01', '2021-01-09', 8",
        "create table visit_occurrence as select 7 as visit_occurrence_id, '2020-01-08' as visit_end_date "
        "union all select 8, '2020-01-09' union all select 9, 'of another'",
    ):
        connection.execute(statement)
    connection.commit()
    connection.close()
    found = values(read([tmp_path / f"omop.{kind}"], kb))
    assert (found["heart_failure"], found["depression"]) == ("yes", "no")


@pytest.mark.parametrize(
    ("more", "meant"),
    [
        ({"abatementDateTime": "2031-01-01"}, "yes"),
        ({"abatementDateTime": "2022-01-01"}, "no"),
        ({"abatementDateTime": "2022-01-01", "clinicalStatus": "active"}, "yes"),
        ({"abatementDateTime": "2022-01-01", "verificationStatus": "confirmed"}, "no"),
        ({"abatementString": "long ago"}, "no"),
        ({"verificationStatus": "refuted"}, "no"),
        ({"verificationStatus": "provisional"}, None),
        ({"clinicalStatus": "resolved", "verificationStatus": "confirmed"}, "no"),
    ],
)
def test_statuses_and_the_abatement_of_fhir(kb, write, more, meant):
    said = {key: {"coding": [{"code": one}]} if key.endswith("Status") else one for key, one in more.items()}
    other = _condition(code={"coding": [{"system": "http://snomed.info/sct", "code": "22298006"}]},
                       recordedDate="2024-11-20")  # fmt: skip
    entries = [{"resourceType": "Patient", "id": "A"}, _condition(onsetDateTime="2020-01-01", **said), other]
    data = read([write("a.json", entries)], kb)
    assert (values(data).get("heart_failure"), values(data)["as_of"]) == (meant, "2024-11-20")


def test_a_condition_of_omop_that_is_over_ends_no_other_entry(kb, tmp_path):
    rows = [(HEART_FAILURE, "2020-01-01", "2022-01-01", "", ","), (HEART_FAILURE, "2021-01-01", "", "", ",")]
    assert values(read([_omop(tmp_path, rows)], kb))["heart_failure"] == "yes"


def test_a_drug_of_omop_that_ends_in_2099_is_taken(kb, tmp_path):
    _omop(tmp_path, [])
    table = "person_id,drug_concept_id,drug_source_value,drug_exposure_start_date,drug_exposure_end_date\n"
    (tmp_path / "drug_exposure.csv").write_text(table + "1,0,paroxetine,2026-01-01,2099-12-31\n", encoding="utf-8")
    data = read([tmp_path], kb)
    assert drugs(data) == {"paroxetine": "current"} and values(data)["as_of"] == "2026-03-01"


@pytest.mark.parametrize(
    ("cells", "status"),
    [
        ("2020-01-01,,30,,", "stopped"),
        ("2026-02-20,,30,,", "current"),
        ("2025-12-20,,30,2,", "current"),  # supplied three times
        ("2025-12-20,,30,0,", "stopped"),
        ("2020-01-01,2026-12-31,30,,", "current"),
        ("2026-02-20,,,,adverse reaction", "stopped"),
        ("2020-01-01,,,,", "current"),
        ("2020-01-01,,-3,,", "current"),
    ],
)
def test_a_drug_of_omop_lasts_as_long_as_its_supply_where_no_end_is_given(kb, tmp_path, cells, status):
    _omop(tmp_path, [])
    heading = "drug_exposure_start_date,drug_exposure_end_date,days_supply,refills,stop_reason"
    table = f"person_id,drug_concept_id,drug_source_value,{heading}\n1,0,paroxetine,{cells}\n"
    (tmp_path / "drug_exposure.csv").write_text(table, encoding="utf-8")
    assert drugs(read([tmp_path], kb)) == {"paroxetine": status}


@pytest.mark.parametrize("denied", [{"verificationStatus": {"coding": [{"code": "refuted"}]}}])
@pytest.mark.parametrize("day", [{}, {"onsetDateTime": "2025-01-01"}])
def test_a_refuted_entry_undoes_no_stroke_of_another_one(kb, write, denied, day):
    stroke = {"resourceType": "Condition", "code": {"text": "stroke"}, "onsetDateTime": "2010-01-01"}
    other = {"resourceType": "Condition", "code": {"text": "TIA"}} | denied | day
    data = read([write("a.json", [{"resourceType": "Patient", "id": "A"}, stroke, other])], kb)
    assert values(data)["stroke"] == "yes"
    assert "contradiction" in codes(data, "warning")
    table = read([write("a.csv", "sample,date,stroke\nA,2020-01-01,yes\nA,2026-01-01,no\n")], kb)
    assert values(table)["stroke"] == "yes"
    assert values(read([write("b.csv", "sample,date,stroke\nA,2026-01-01,no\n")], kb))["stroke"] == "no"
