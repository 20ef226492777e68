"""Flat files: what a row or an object says, and what is said about the rest."""

from __future__ import annotations

import gzip
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgx.clinical import check, read
from pgx.clinical.dates import BadDateError, read_date
from pgx.errors import InputError
from tests.clinical.reading import codes, drugs, values


def test_one_person_in_json(kb, write):
    path = write(
        "p.json",
        {
            "age": 65,
            "sex": "Female",
            "height_in": 63,
            "weight_lb": 154,
            "creatinine_umol_l": 88.42,
            "smoking": "ex-smoker",
            "labs": {"inr": [{"value": 2.1, "date": "2024-01-02"}, {"value": 2.9, "date": "2024-02-02"}]},
            "medications": ["Plavix", {"drug": "warfarin", "dose_mg_per_day": 5, "start": "2024-01-01"}],
            "planned_medications": "simvastatin; codeine",
            "conditions": ["E11.9", "atrial fibrillation"],
            "allergies": ["abacavir"],
        },
    )
    data = read([path], kb, samples=["S1"])
    found = values(data)
    assert found["age"] == 65 and found["sex"] == "female" and found["smoking_status"] == "former"
    assert found["height"] == pytest.approx(160.02)
    assert found["weight"] == pytest.approx(69.853, abs=1e-3)
    assert found["creatinine"] == pytest.approx(1.0, abs=1e-3)
    assert found["inr"] == 2.9
    assert found["diabetes"] == found["diabetes_type_2"] == found["atrial_fibrillation"] == "yes"
    assert found["allergy"] == "abacavir"
    assert drugs(data) == {
        "clopidogrel": "current",
        "warfarin": "current",
        "simvastatin": "planned",
        "codeine": "planned",
    }
    assert data.medications.filter(pl.col("drug") == "warfarin")["dose_mg_per_day"].item() == 5
    assert set(data.observations["sample"]) == {"S1"}
    assert "joined_only_person" in codes(data, "info")


@pytest.mark.parametrize("suffix", ["csv", "tsv", "semicolon", "parquet", "csv.gz", "wrong_suffix.json"])
def test_the_format_is_found_out_from_the_content(kb, tmp_path, suffix):
    frame = pl.DataFrame(
        {"sample": ["A", "B"], "age": [50, 60], "weight_kg": [70.5, None], "medications": ["warfarin;Plavix", "none"]}
    )
    path = tmp_path / f"people.{suffix}"
    if suffix == "parquet":
        frame.write_parquet(path)
    else:
        separator = {"tsv": "\t", "semicolon": ";"}.get(suffix, ",")
        text = frame.write_csv(separator=separator).encode()
        path.write_bytes(gzip.compress(text) if suffix.endswith("gz") else text)
    data = read([path], kb, samples=["A", "B"])
    assert values(data, "A")["weight"] == 70.5
    assert "weight" not in values(data, "B")
    assert values(data, "B")["medication_list"] == "given"
    assert data.medications.select("sample", "drug").rows() == [("A", "clopidogrel"), ("A", "warfarin")]


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(kb, write):
    path = write("p.csv", b"\xef\xbb\xbfsample,age\r\nA,50\r\n")
    assert values(read([path], kb))["age"] == 50


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("sample,age,age\nA,1,2\n", ["age", "twice"]),
        ("sample,age\n", ["no person"]),
        ("sample,age\nA,50,7\n", ["line 2", "3 cells"]),
        ("sample,age\nA,50\nA,51\n", ["line 2", "twice"]),
        ("age\n50\n51\n", ["2 persons", "sample"]),
        ("sample,age\n,50\n", ["line 2", "without a name"]),
        ("", ["empty"]),
        (b"\xfc\xfd\x00\x01garbage", ["neither text"]),
        ("age\n50\n".encode("utf-16"), ["UTF-16", "UTF-8"]),
        (b"PK\x03\x04\x14\x00", ["spreadsheet", "CSV"]),
        (b"sample,age\nA,\x81\xe9", ["UTF-8"]),
        ("##fileformat=VCFv4.2\n", ["VCF"]),
        ('{"age": 50', ["not JSON", "line 1"]),
        ('[{"age": 5}, {"age": 6}]', ["person 1", "2 persons"]),
        ("[]", ["no person"]),
        ('["x"]', ["object"]),
    ],
)
def test_what_cannot_be_used_ends_in_one_line_that_says_where(kb, write, content, words):
    path = write("people.txt", content)
    with pytest.raises(InputError) as error:
        read([path], kb)
    message = str(error.value)
    assert "\n" not in message
    assert "people.txt" in message
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("sample,heigth\nA,170\n", ["heigth", "height"]),
        ("sample,heigth_cm\nA,170\n", ["heigth_cm", "height_cm"]),
        ("sample,shoe_size\nA,44\n", ["shoe_size", "--columns"]),
        ("sample,age\nA,very old\n", ["line 2", "age", "very old"]),
        ("sample,weight,date\nA,50,03/04/2020\n", ["03/04/2020"]),
        ("sample,sex\nA,blue\n", ["sex", "blue"]),
        ('{"agee": 50}', ["agee", "age"]),
        ('{"weight": 50, "date": "03/04/2020"}', ["03/04/2020"]),
        ('{"weight": 50, "weight_date": "someday"}', ["someday"]),
        ('{"weight": {"value": 50, "date": "someday"}}', ["someday"]),
        ('{"weight": [[50]]}', ["weight", "a list"]),
        ('{"medications": 5}', ["medications", "list"]),
        ('{"medications": [{"dose": 5}]}', ["without a name"]),
        ('{"medications": [{"name": "warfarin", "status": "perhaps"}]}', ["perhaps"]),
    ],
)
def test_what_cannot_be_used_costs_itself_only_unless_the_reader_is_strict(kb, write, content, words):
    path = write("people.txt", content)
    data = read([path], kb, samples=["A"])
    assert not set(values(data)) & {"weight", "height", "age", "sex"}
    with pytest.raises(InputError) as error:
        read([path], kb, samples=["A"], strict=True)
    notes = "; ".join(f"{m} {w}" for m, w in data.notes.select("message", "where").iter_rows())
    for message in (str(error.value), notes):
        assert "\n" not in message and "people.txt" in message
    assert all(word in notes for word in words), notes
    # What a person's record says stands in the notes, and in no error; a heading of a table is the file's own.
    values_of = {"very old", "03/04/2020", "blue", "someday", "agee", "perhaps"}
    headings = {"heigth", "height", "heigth_cm", "height_cm", "shoe_size", "--columns", "line 2"}
    assert all(word in str(error.value) for word in headings.intersection(words)), error.value
    assert not any(word in str(error.value) for word in values_of), error.value


def test_of_a_row_without_a_readable_date_only_what_never_changes_is_used(kb, write):
    path = write("p.csv", "sample,date,sex,weight,medications\nA,2024-01-01,,70,\nA,13/14/2024,male,80,warfarin\n")
    data = read([path], kb, samples=["A"])
    assert values(data)["sex"] == "male"
    assert "weight" not in values(data) and "weight" in set(data.kept_out["concept"])
    assert drugs(data) == {}


@pytest.mark.parametrize(
    ("content", "message", "where"),
    [
        ("sample,height\nA,17500\n", "height of 17500 cm is impossible", "line 2, column height"),
        ("sample,height_in\nA,700\n", "height of 700 [in_i] (1778 cm) is impossible", "line 2, column height_in"),
        ('{"sample": "A", "height": 17500}', "height of 17500 cm is impossible", "key height"),
        ("sample,age\nA,1000\n", "age of 1000 a is impossible", "line 2, column age"),
        ("sample,weight_kg\nA,0\n", "weight of 0 kg is impossible", "line 2, column weight_kg"),
        ("sample,height_cm\nA,1.75\n", "height of 1.75 cm is impossible", "line 2, column height_cm"),
    ],
)
def test_what_no_person_can_have_is_kept_out_and_named_and_the_person_stays(kb, write, content, message, where):
    data = read([write("people.txt", content)], kb, samples=["A"])
    note = data.notes.filter(pl.col("code") == "impossible_value").row(0, named=True)
    assert note["sample"] == "A" and message in note["message"] and note["where"] == f"people.txt: {where}"
    assert set(data.kept_out["sample"]) == {"A"} and note["message"] in data.kept_out["message"].to_list()
    assert not set(values(data, "A")) & set(data.kept_out["concept"])


def test_a_bad_row_leaves_the_others_intact(kb, write):
    path = write("p.csv", "sample,age,height,sex\nA,50,170,male\nB,61,17500,female\nC,abc,160,female\n")
    data = read([path], kb, samples=["A", "B", "C"])
    assert values(data, "A")["height"] == 170 and values(data, "C")["height"] == 160
    assert values(data, "B") == {"age": 61, "sex": "female"}
    errors = data.notes.filter(pl.col("severity") == "error").select("sample", "code", "where").rows()
    assert errors == [
        ("C", "not_a_number", "p.csv: line 4, column age"),
        ("B", "impossible_value", "p.csv: line 3, column height"),
    ]


def test_bad_rows_among_good_ones_are_left_out_with_their_line(kb, write):
    path = write("p.csv", "sample,age,sex\nA,50,male\nB,51\n,52,male\nC,53,female\nC,54,female\nD,55,male\n")
    data = read([path], kb)
    assert {s: values(data, s)["age"] for s in data.observations["sample"].unique(maintain_order=True)} == {
        "A": 50,
        "D": 55,
    }
    assert data.notes.filter(pl.col("code") == "bad_row")["where"].to_list() == [
        "p.csv: line 3",
        "p.csv: line 4, column sample",
        "p.csv: line 5, column sample",
        "p.csv: line 6, column sample",
    ]
    people = [{"sample": "A", "age": 50}, 7, {"age": 3}, {"sample": "B", "medications": 5}, {"sample": "C", "age": 60}]
    data = read([write("p.json", people)], kb)
    assert (values(data, "A")["age"], values(data, "C")["age"]) == (50, 60)
    assert data.notes.filter(pl.col("code") == "bad_row")["where"].to_list() == [
        "p.json: person 2",
        "p.json: person 3",
        "p.json: person 4, key medications",
    ]


def test_unknown_is_missing_not_normal(kb, write):
    path = write("p.csv", "sample,age,smoking,diabetes,inr,medications\nA,NA,unknown,,n/a,\n")
    data = read([path], kb)
    assert values(data) == {}
    assert codes(data) == []


def test_conditions_can_be_columns_and_absent_is_only_what_is_stated(kb, write):
    path = write("p.csv", "sample,diabetes,condition.hypertension,heart failure\nA,yes,no,\n")
    assert values(read([path], kb)) == {"diabetes": "yes", "hypertension": "no"}


@pytest.mark.parametrize(
    ("written", "concept"),
    [
        ("decompensated cirrhosis", "cirrhosis"),
        ("cirrhosis, Child-Pugh C", "cirrhosis"),
        ("active peptic ulcer", "peptic_ulcer"),
        ("severe chronic heart failure", "heart_failure"),
        ("heart failure (NYHA III)", "heart_failure"),
    ],
)
def test_words_for_the_course_of_a_condition_do_not_hide_it(kb, write, written, concept):
    assert values(read([write("p.csv", f'sample,conditions\nA,"{written}"\n')], kb))[concept] == "yes"


@pytest.mark.parametrize("written", ["no known cirrhosis", "not active peptic ulcer", "severe"])
def test_words_that_deny_a_condition_are_no_course_of_it(kb, write, written):
    assert not values(read([write("p.csv", f"sample,conditions\nA,{written}\n")], kb))


def test_misspelt_drugs_are_suggested_never_corrected(kb, write):
    data = read([write("p.json", {"medications": ["warfarn", "quinidax"]})], kb)
    assert drugs(data) == {}
    messages = data.notes.filter(pl.col("code") == "drug_unknown")["message"].to_list()
    assert "did you mean warfarin" in messages[0]
    assert "did you mean" not in messages[1]


def test_units_in_values_and_in_columns_of_their_own(kb, write):
    path = write(
        "p.csv", "sample,weight,weight_unit,creatinine,creatinine_unit\nA,154,lb,88.42,umol/L\nB,70,kg,1.1,mg/dL\n"
    )
    data = read([path], kb)
    assert values(data, "A")["weight"] == pytest.approx(69.853, abs=1e-3)
    assert values(data, "A")["creatinine"] == pytest.approx(1.0, abs=1e-3)
    assert values(data, "B") == {"weight": 70, "creatinine": 1.1}


@pytest.mark.parametrize(
    ("concept", "written", "expected"),
    [
        ("weight", "70 kg", 70),
        ("weight", "154lb", 69.853),
        ("height", "5'11\"", 180.34),
        ("height", "5 ft 11 in", 180.34),
        ("height", "1.75 m", 175),
        ("creatinine", "88.4 umol/L", 1.0),
        ("lvef", "35 %", 35),
        ("weight_lb", "70 kg", 70),
        ("alcohol", "14 units/week", 112),
    ],
)
def test_number_and_unit_in_one_cell(kb, write, concept, written, expected):
    (found,) = values(read([write("p.json", {concept: written})], kb)).values()
    assert found == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("written", ["70 apples", "70 mg", "1,370", "70,5,1", "5 ft"])
def test_other_text_is_no_number(kb, write, written):
    data = read([write("p.json", {"weight": written})], kb)
    assert "weight" not in values(data) and codes(data, "error") == ["not_a_number"]


def test_lists_joined_by_commas(kb, write):
    data = read([write("p.json", {"medications": "warfarin, Plavix", "conditions": "diabetes, asthma"})], kb)
    assert set(drugs(data)) == {"warfarin", "clopidogrel"}
    assert {"diabetes", "asthma"} <= set(values(data))


def test_washout_dates_of_stopped_drugs(kb, write):
    data = read(
        [write("p.csv", "sample,date,medications\nA,2024-03-01,paroxetine (stopped 2024-02-20);codeine (planned)\n")],
        kb,
    )
    assert data.medications.select("drug", "status", "end").rows()[1][:2] == ("paroxetine", "stopped")
    assert str(data.medications.row(1, named=True)["end"]) == "2024-02-20"
    assert drugs(data) == {"codeine": "planned", "paroxetine": "stopped"}


def test_check_lists_every_column_and_what_it_means(kb, write):
    path = write(
        "p.csv", "sample,weight_lb,shoe_size,conditions,medications,x_note\nA,154,44,diabetes;flat feet,warfarn,hello\n"
    )
    found = {(r["kind"], r["name"]): r["meaning"] for r in check(path, kb).iter_rows(named=True)}
    assert found["understood", "weight_lb"] == "weight [[lb_av]]"
    assert found["understood", "diabetes"] == "diabetes"
    assert found["not_understood", '"shoe_size"'] == "column"
    assert found["not_understood", '"flat feet"'] == "condition"
    assert found["not_understood", '"warfarn"'] == "drug"
    assert found["not_understood", '"x_note"'] == "column"


@given(st.dates(min_value=date(1850, 1, 1), max_value=date(2200, 12, 31)))
def test_iso_dates_are_read_back(day):
    assert read_date(day.isoformat()) == day
    assert read_date(day.strftime("%Y%m%d")) == day
    assert read_date(day.isoformat() + "T10:00:00Z") == day


@pytest.mark.parametrize(
    "text", ["03/04/2020", "2020-13-01", "2020-02-30", "0001-01-01", "9999-01-01", "yesterday", "20"]
)
def test_other_dates_are_refused(text):
    with pytest.raises(BadDateError):
        read_date(text)


@pytest.mark.parametrize(
    ("cell", "weight"),
    [("72,5", 72.5), ("72,25", 72.25), ("72,5 kg", 72.5), ("72", 72), ("72.5", 72.5), ("+72,5", 72.5)],
)
def test_a_spreadsheet_that_separates_by_semicolons_writes_decimal_commas(kb, write, cell, weight):
    path = write(
        "a.csv", f"\ufeffsample;Weight (kg);Creatinine (µmol/L);medications\r\nS1;{cell};88;warfarin, 2,5 mg\r\n"
    )
    data = read([path], kb)
    assert values(data)["weight"] == weight
    assert values(data)["creatinine"] == pytest.approx(0.9955, abs=1e-3)


@pytest.mark.parametrize("cell", ["1,234", "72,5,5"])
def test_a_comma_that_may_separate_thousands_is_refused(kb, write, cell):
    data = read([write("a.csv", f"sample;platelets\nS1;{cell}\n")], kb)
    assert "platelets" not in values(data) and codes(data, "error") == ["not_a_number"]


@pytest.mark.parametrize(
    "cell",
    ["2026-10-12", "20261012", "2026/10/12", "2026/10/12 08:00", "12 Oct 2026", "12-OCT-2026", "12. October 2026"],
)
def test_dates_that_can_be_read_in_one_way(kb, write, cell):
    data = read([write("a.csv", f"sample,weight_kg,date\nS1,70,{cell}\n")], kb)
    assert data.observations.filter(concept="weight")["date"].to_list() == [date(2026, 10, 12)]


@pytest.mark.parametrize(
    "cell", ["12/10/2026", "12.10.2026", "12-10-26", "12 Okt 2026", "30-FEB-2026", "2026/13/01", "46000"]
)
def test_dates_that_cannot_are_refused(kb, write, cell):
    with pytest.raises(InputError, match="line 2, column date"):
        read([write("a.csv", f"sample,weight_kg,date\nS1,70,{cell}\n")], kb, strict=True)


def test_what_is_misspelt_or_put_as_a_question_is_said_and_not_used(kb, write):
    path = write(
        "a.csv", "sample,conditions,allergies\nS1,atrial fibrilation; ?stroke; heart failure?; diabetes,codeinn\n"
    )
    data = read([path], kb)
    assert values(data) == {"diabetes": "yes", "allergy": "codeinn"}
    assert sorted(codes(data, "warning")) == ["allergy_unknown"] + ["condition_unknown"] * 3
    assert "did you mean codeine?" in " ".join(data.notes["message"])


def test_a_drug_that_is_taken_and_stopped_is_a_contradiction_unless_dates_tell(kb, write):
    head = "sample,medications,stopped_medications\n"
    assert codes(read([write("a.csv", head + "S1,warfarin,warfarin\n")], kb)) == ["contradiction"]
    dated = write("b.csv", head + "S1,warfarin,warfarin (stopped 2020-01-01)\n")
    assert codes(read([dated], kb)) == []


@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_list_without_a_readable_day_is_told_by_its_names_and_allergies_stand(kb, write, form):
    row = {
        "sample": "A",
        "date": "01.12.2026",
        "medications": "codeine;warfarin",
        "conditions": "gout",
        "allergies": "penicillin",
    }
    table = ",".join(row) + "\n" + ",".join(row.values()) + "\n"
    data = read([write("a.csv", table) if form == "csv" else write("a.json", row)], kb)
    assert data.medications.is_empty() and values(data)["allergy"] == "penicillins"
    unread = data.observations.filter(pl.col("concept") == "medication_unread")["code"]
    assert set(unread) == {"codeine", "warfarin"}
    assert {"bad_date", "condition_unknown"} <= set(codes(data, "error"))


@pytest.mark.parametrize("where", [{"route": "topical"}, {"form": "shampoo"}, {"dose_form": "eye drops"}])
def test_route_and_form_of_a_drug_in_json_are_read_and_other_keys_said(kb, write, where):
    entry = {"drug": "ketoconazole", "lot": "7"} | where
    path = write("a.json", {"sample": "A", "date": "2026-12-01", "medications": [entry]})
    data = read([path], kb)
    assert data.medications.is_empty() and "local_form" in codes(data)
    assert check(path, kb).filter(pl.col("kind") == "not_understood")["name"].to_list() == ['"lot"']


def test_a_start_after_the_record_is_a_plan_and_no_present_day(kb, write):
    entry = {"drug": "metoprolol", "start": "2027-03-01"}
    data = read([write("a.json", {"sample": "A", "date": "2026-12-01", "age": 70, "medications": [entry]})], kb)
    assert drugs(data) == {"metoprolol": "planned"} and values(data)["as_of"] == "2026-12-01"
    assert "future_start" in codes(data, "warning")


def test_two_columns_that_differ_cost_that_value_of_that_person_alone(kb, write):
    rows = "A,female,M,170,66.9,45\nB,F,female,170,90,50\nC,male,,,70,60\n"
    data = read([write("p.csv", f"sample,sex,gender,height_cm,height_in,age\n{rows}")], kb)
    assert "sex" not in values(data, "A") and values(data, "A")["height"] == 170 and values(data, "A")["age"] == 45
    assert values(data, "B")["sex"] == "female" and "height" not in values(data, "B")
    assert values(data, "C")["sex"] == "male" and values(data, "C")["height"] == pytest.approx(177.8)
    said = data.notes.filter(code="contradiction")["message"].to_list()
    assert len(said) == 2 and "sex and gender say different things" in said[0] and "height_in" in said[1]


def test_two_keys_of_json_that_differ_cost_that_value_alone(kb, write):
    one = {"sample": "A", "sex": "F", "gender": "female", "height_cm": 170, "height_in": 90, "weight_kg": 70}
    data = read([write("a.json", one)], kb)
    assert (values(data)["sex"], values(data)["weight"]) == ("female", 70) and "height" not in values(data)
    assert "contradiction" in codes(data, "error")


def test_two_columns_that_say_the_same_are_one(kb, write):
    data = read([write("p.csv", "sample,sex,gender,weight_kg,body_weight\nA,female,Female,70,\nB,male,,,81\n")], kb)
    assert (values(data, "A")["sex"], values(data, "A")["weight"]) == ("female", 70)
    assert (values(data, "B")["sex"], values(data, "B")["weight"]) == ("male", 81)


@pytest.mark.parametrize(
    ("heading", "cell", "message"),
    [
        ("DEATHDATE", "2021-06-07", "has died (2021-06-07)"),
        ("death_date", "2021-06-07T10:00:00Z", "has died (2021-06-07)"),
        ("deceased", "yes", "has died"),
        ("deceased", "2021-06-07", "has died (2021-06-07)"),
        ("vital_status", "Dead", "has died"),
        ("Sterbedatum", "2021-06-07", "has died (2021-06-07)"),
        ("dod", "soon", "is not understood"),
        ("deceased", "no", None),
        ("vital status", "alive", None),
        ("DEATHDATE", "", None),
        ("death_date", "9999-12-31", None),
    ],
)
def test_a_death_in_a_table_is_said_of_whom_it_is(kb, write, heading, cell, message):
    """In a table of one row a person, a long one and an object alike; nobody else's death is said."""
    wide = write("wide.csv", f"sample,sex,{heading}\nA,male,{cell}\nB,female,\n")
    long = write("long.csv", f"sample,item,value\nA,sex,male\nA,{heading},{cell}\nB,sex,female\n")
    one = write("one.json", [{"sample": "A", "sex": "male", heading: cell}, {"sample": "B", "sex": "female"}])
    for path in (wide, long, one):
        data = read([path], kb)
        said = data.notes.filter(code="deceased").select("sample", "message").rows()
        assert [(who, message in text) for who, text in said] == ([("A", True)] if message else []), path
        assert "unknown_column" not in codes(data)


def test_columns_of_the_administration_are_no_news(kb, write):
    heading = (
        "Id,BIRTHDATE,SSN,DRIVERS,PASSPORT,PREFIX,FIRST,LAST,MARITAL,GENDER,CITY,ZIP,LAT,LON,HEALTHCARE_EXPENSES,INCOME"
    )
    data = read(
        [write("patients.csv", heading + "\nA,1970-01-01,9,S9,X1,Mr.,Al,Bo,M,F,Bern,3000,46.9,7.4,12.50,3\n")], kb
    )
    assert values(data)["sex"] == "female" and "unknown_column" not in codes(data)


def test_another_column_beside_them_is_named(kb, write):
    data = read([write("patients.csv", "Id,GENDER,CITY,frailty_scale\nA,F,Bern,3\n")], kb)
    (said,) = data.notes.filter(code="unknown_column")["message"]
    assert "frailty_scale" in said
