"""Records laid out as hospitals, laboratories and devices write them: what a person reading each would note, by hand.

The records are made up (``tests/data/records``); the last test reads the files of others where they are at hand.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pgx.clinical import check, read
from pgx.errors import InputError
from tests.clinical.fit_file import RUNNING, WALKING, fit_file, moment
from tests.clinical.reading import codes, drugs, one, values, wide
from tests.outside import OUTSIDE

RECORDS = Path(__file__).resolve().parents[1] / "data" / "records"
BUNDLE = RECORDS / "hospital_bundle.json"


def near(**numbers: float) -> dict[str, object]:
    return {name: pytest.approx(number, abs=0.01) for name, number in numbers.items()}


def features_of(path: Path, kb) -> dict[str, object]:
    """Features with a value; drugs that are not taken and trends are left out."""
    found = one(path, kb)
    return {k: v for k, v in found.items() if v is not False and v != "none" and not k.startswith("trend.")}


class TestHospitalBundle:
    """A transaction of urn:uuid references, US Core extensions and everything that has nothing to do with drugs."""

    def test_its_features(self, kb):
        numbers = near(
            **{
                "clinical.age": 60.42,
                "clinical.height": 165,
                "clinical.weight": 88,
                "clinical.bmi": 32.32,
                "clinical.bsa": 2.01,
                "lab.creatinine": 1.4,
                "lab.egfr": 100,
                "lab.creatinine_clearance": 59.06,
                "lab.hba1c": 7.4,
                "lab.glucose": 131,
                "lab.ldl": 122,
                "lab.hdl": 50,
                "lab.total_cholesterol": 210,
                "lab.triglycerides": 190,
                "lab.sodium": 140,
                "lab.potassium": 4.1,
                "lab.urea_nitrogen": 17,
                "lab.albumin_creatinine_ratio": 6,
                "vital.systolic_bp": 131,
                "vital.diastolic_bp": 82,
                "medication.count": 2,
            }
        )
        words = {
            "clinical.sex": "female",
            "clinical.race": "black",
            "clinical.ethnicity": "not_hispanic",
            "lifestyle.smoking_status": "never",
            "medication.inhibitor.tpmt": "weak",
        }
        conditions = ("diabetes", "diabetes_type_2", "epilepsy", "hypertriglyceridemia")
        taken = {f"medication.{drug}": True for drug in ("diazepam", "naproxen")}
        assert features_of(BUNDLE, kb) == {
            **numbers,
            **words,
            **{f"condition.{name}": True for name in conditions},
            **taken,
        }

    def test_a_blood_count_of_2014_is_too_old_in_2020(self, kb):
        data = read([BUNDLE], kb)
        assert values(data)["hemoglobin"] == 13.9
        assert "lab.hemoglobin" not in wide(data, kb)[data.observations["sample"][0]]

    def test_creatinine_contradicts_egfr(self, kb):
        data = read([BUNDLE], kb, samples=["NA12878"])
        message = data.notes.filter(data.notes["code"] == "contradiction")["message"].item()
        assert message.startswith("egfr 100 as given, but 42.9")
        assert "joined_only_person" in codes(data, "warning")

    def test_trends(self, kb):
        found = one(BUNDLE, kb)
        assert found["trend.weight.count"] == 3
        assert found["trend.weight.slope"] == pytest.approx(2, abs=0.01)
        assert found["trend.hba1c.mean"] == pytest.approx(7.2)

    def test_nothing_is_dropped_silently(self, kb):
        listed = set(check(BUNDLE, kb).filter(kind="not_understood")["name"].to_list())
        assert 'SNOMED 10509002 "Acute bronchitis (disorder)"' in listed
        assert 'LOINC 72514-3 "Pain severity - 0-10 verbal numeric rating [Score] - Reported"' in listed
        assert not any("Acetaminophen" in name for name in listed), "it acts on no enzyme of a gene, and is known"
        assert 'SNOMED 232347008 "Dander (animal) allergy"' in listed


def test_one_resource_alone(kb):
    assert features_of(RECORDS / "smoking_status.json", kb) == {"lifestyle.smoking_status": "current"}
    assert values(read([RECORDS / "allergy.json"], kb)) == {"allergy": "sulfonamide_antibiotics"}


def test_genomics_reporting_bundle_has_one_drug_and_says_what_it_leaves(kb):
    data = read([RECORDS / "genomics_bundle.json"], kb)
    assert drugs(data) == {"mercaptopurine": "current"}
    assert "not_understood" in codes(data, "info")


@pytest.mark.parametrize("name", ["genotype.json", "implication.json", "genotype_parameters.json"])
def test_genetic_observations_are_listed_not_read_as_clinical(kb, name):
    assert features_of(RECORDS / name, kb) == {}
    assert "not_understood" in codes(read([RECORDS / name], kb))


def test_a_recommendation_about_nobody_is_refused(kb):
    with pytest.raises(InputError, match="no person"):
        read([RECORDS / "recommendation_for_nobody.json"], kb)


def test_phenopacket(kb):
    data = read([RECORDS / "phenopacket.json"], kb)
    found = {k: v for k, v in wide(data, kb)["PP1"].items() if not k.startswith(("medication", "trend"))}
    assert found == {
        "clinical.sex": "female",
        "clinical.age": 64,
        "lab.lymphocytes": 0.9,
        "condition.diabetes": False,
        "condition.obesity": True,
        "condition.covid_19": True,
        "condition.kidney_disease": True,
    }
    row = data.medications.row(0, named=True)
    assert (row["drug"], row["status"], row["dose_mg_per_day"]) == ("hydroxychloroquine", "stopped", 400)
    assert (str(row["start"]), str(row["end"])) == ("2021-05-04", "2021-05-08")


def test_apple_health(kb):
    assert features_of(RECORDS / "apple_export.xml", kb) == {
        "clinical.sex": "female",
        "lifestyle.active_minutes": 12,
        "lifestyle.sleep_hours": 5.5,
        "vital.heart_rate": 73,
        **near(**{"clinical.age": 44, "lifestyle.active_energy": 0.4}),
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("omh_body_weight.json", {"clinical.weight": 61.5}),
        ("omh_heart_rate.json", {"vital.heart_rate": 71}),
        ("omh_physical_activity.json", {"lifestyle.active_minutes": 45, "lifestyle.active_energy": 210}),
        ("omh_sleep_duration.json", {"lifestyle.sleep_hours": 6.25}),
        ("omh_step_count.json", {"lifestyle.steps": 8123}),
    ],
)
def test_open_mhealth(kb, name, expected):
    assert features_of(RECORDS / name, kb) == expected


class TestGarminFit:
    NOON = moment("2020-05-01T12:00")
    MADE = ("file_id", {"type": 9, "manufacturer": 255, "time_created": NOON})

    def test_a_scale(self, kb, write):
        person = {"message_index": 0, "gender": 0, "age": 38, "height": 1.68, "weight": 61}
        weighed = [{"timestamp": self.NOON + n, "weight": kg, "percent_fat": 24.5} for n, kg in ((0, 60.4), (9, 60.2))]
        path = write("a.fit", fit_file(self.MADE, ("user_profile", person), *(("weight_scale", w) for w in weighed)))
        assert features_of(path, kb) == {
            "clinical.sex": "female",
            "clinical.age": 38,
            "clinical.weight": 60.2,
            "clinical.height": 168,
            "clinical.body_fat": 24.5,
            **near(**{"clinical.bmi": 21.33, "clinical.bsa": 1.676}),
        }

    def test_a_scale_of_two_people(self, kb, write):
        people = [{"message_index": n, "gender": n, "age": 40 + n, "height": 1.7} for n in (0, 1)]
        weighed = [{"timestamp": self.NOON, "weight": 60 + 20 * n, "user_profile_index": n} for n in (0, 1)]
        messages = [*(("user_profile", p) for p in people), *(("weight_scale", w) for w in weighed)]
        path = write("a.fit", fit_file(self.MADE, *messages))
        found = wide(read([path], kb), kb)
        assert {name: (row["clinical.sex"], row["clinical.weight"]) for name, row in found.items()} == {
            "user 0": ("female", 60),
            "user 1": ("male", 80),
        }
        with pytest.raises(InputError, match="none of its 2 persons"):
            read([path], kb, samples=["S1"])

    def test_an_activity(self, kb, write):
        session = {"timestamp": self.NOON, "total_timer_time": 1500, "sport": 1}
        assert features_of(write("a.fit", fit_file(self.MADE, ("session", session))), kb) == {
            "lifestyle.active_minutes": 25
        }

    def test_steps_count_up_over_the_local_day_by_activity(self, kb, write):
        east = ("monitoring_info", {"timestamp": self.NOON, "local_timestamp": self.NOON + 2 * 3600})
        walked = [(0, WALKING, 900), (3600, WALKING, 2400), (7200, RUNNING, 600)]
        rows = [("monitoring", {"timestamp": self.NOON + s, "cycles": n / 2, "activity_type": k}) for s, k, n in walked]
        assert features_of(write("a.fit", fit_file(self.MADE, east, *rows)), kb) == {"lifestyle.steps": 3000}


@pytest.mark.panel("clinical/records")
def test_what_others_wrote(kb):
    """A Synthea bundle, examples of HL7, GA4GH and Open mHealth, an Apple Health export, and files of Garmin devices."""
    records = OUTSIDE / "clinical" / "records"
    expected = {
        "synthea_r4_louis_maggio.json": {"lab.creatinine": 1.37, "lab.ldl": 134.00, "clinical.race": "white"},
        "uscore_some-day-smoker.json": {"lifestyle.smoking_status": "current"},
        "hl7_pgx_bundle.json": {"medication.mercaptopurine": True},
        "phenopacket_covid19.json": {"lab.lymphocytes": 0.7, "condition.diabetes": False},
        "apple_health_export.xml": {"vital.heart_rate": 74.5, "lifestyle.sleep_hours": 12.5 / 60},
        "omh_sleep-duration.json": {"lifestyle.sleep_hours": 7.5},
        "omh_physical-activity.json": {"lifestyle.active_minutes": 60, "lifestyle.active_energy": 160},
        "fit_MonitoringFile.fit": {"lifestyle.steps": 3173},
        "fit_Activity.fit": {"lifestyle.active_minutes": 13.749 / 60},
        "fit_2015-10-13-08-43-15.fit": {"lifestyle.active_minutes": 1558.198 / 60},
        "fit_WeightScaleSingleUser.fit": {"clinical.weight": 76.09, "clinical.height": 179},
    }
    for name, features in expected.items():
        found = one(records / name, kb)
        for feature, value in features.items():
            near_enough = pytest.approx(value, abs=0.01) if isinstance(value, float) else value
            assert found[feature] == near_enough, (name, feature)


DIAGNOSES = {
    "patient_id,dx_date,icd10,diagnosis\nA,2020-01-01,E11.9,Type 2 diabetes\nA,2020-01-01,Z82.3,Stroke\n",
    "patient,start,stop,system,code,description\nA,2020-01-01,,http://snomed.info/sct,44054006,Diabetes\n"
    "A,2020-01-01,,http://snomed.info/sct,160303001,Stroke\n",
    "PatientenID;Diagnose;ICD10;Diagnosesicherheit\nA;Diabetes;E11.9;G\nA;Schlaganfall;I63.9;V\n",
    "mrn,problem,status\nA,diabetes type 2,active\nA,stroke,refuted\n",
}


@pytest.mark.parametrize("content", sorted(DIAGNOSES))
def test_a_table_of_diagnoses_is_read_by_its_codes_and_what_they_say(kb, write, content):
    found = values(read([write("dx.csv", content)], kb))
    assert found["diabetes_type_2"] == "yes" and found.get("stroke") in (None, "no")


def test_a_table_of_allergies_or_of_described_drugs_is_read(kb, write):
    allergies = "patient,start,code,system,description,type,reaction1\nA,2000-01-01,2670,RxNorm,codeine,allergy,rash\n"
    assert values(read([write("a.csv", allergies)], kb))["allergy"] == "codeine"
    supplied = "start,stop,patient,code,description,dispenses\n2024-01-01,,A,309362,Clopidogrel 75 MG Oral Tablet,2\n"
    assert drugs(read([write("m.csv", supplied)], kb)) == {"clopidogrel": "current"}


def test_a_list_of_diagnoses_in_a_table_of_persons_stays_one(kb, write):
    found = read([write("a.csv", "sample,date,diagnoses\nA,2020-01-01,stroke;diabetes\nB,2020-01-01,none\n")], kb)
    assert values(found, "A")["stroke"] == "yes" and "stroke" not in values(found, "B")


@pytest.mark.parametrize(
    ("system", "code"), [("sid/icd-10-cm", "Z82.3"), ("sid/icd-10-cm", "Z86.73"), ("sct", "160303001")]
)
def test_a_plain_name_does_not_make_a_diagnosis_of_a_code_that_may_be_of_the_family(kb, write, system, code):
    place = "http://snomed.info/sct" if system == "sct" else f"http://hl7.org/fhir/{system}"
    condition = {"resourceType": "Condition", "subject": {"reference": "Patient/A"},
                 "code": {"text": "Stroke", "coding": [{"system": place, "code": code}]}}  # fmt: skip
    data = read([write("f.json", [{"resourceType": "Patient", "id": "A"}, condition])], kb)
    assert "stroke" not in values(data)
    assert any(code in message for message in data.notes.filter(code="condition_unknown")["message"])
    condition["code"]["coding"][0]["system"] = "urn:local"
    assert values(read([write("g.json", [{"resourceType": "Patient", "id": "A"}, condition])], kb))["stroke"] == "yes"


@pytest.mark.parametrize("category", [{"text": "Family history"}, {"coding": [{"code": "family-history"}]}])
def test_a_diagnosis_under_family_history_is_of_somebody_else(kb, write, category):
    condition = {"resourceType": "Condition", "subject": {"reference": "Patient/A"}, "code": {"text": "Stroke"}}
    for listed in ([], [category], category):
        found = read([write("f.json", [{"resourceType": "Patient", "id": "A"}, condition | {"category": listed}])], kb)
        assert values(found).get("stroke") == (None if listed else "yes")


@pytest.mark.parametrize(
    "content", ["sample,age,diagnosis\nA,60,E11.9\n", "person,date,item,value\nA,2026-01-05,diagnosis,E11.9\n"]
)
def test_one_diagnosis_beside_other_values_is_read(kb, write, content):
    assert values(read([write("a.csv", content)], kb))["diabetes_type_2"] == "yes"


@pytest.mark.parametrize("text", ["160303001 | Diabetes |", "160303001|Diabetes mellitus"])
def test_a_code_before_a_name_says_what_it_is(kb, write, text):
    assert "diabetes" not in values(read([write("a.json", {"sample": "A", "conditions": [text]})], kb))


@pytest.mark.parametrize("heading", ["PatientenID", "identifiant", "PatientID", "Patienten-Nr"])
def test_headings_of_hospitals(kb, write, heading):
    found = values(read([write("a.csv", f"{heading};taille (cm);poids\nA;168;72,5\nB;170;80\n")], kb, samples=["A"]))
    assert (found["height"], found["weight"]) == (168, 72.5)


def test_tables_of_an_intensive_care_database_are_read(kb, write):
    labs = "SUBJECT_ID,CHARTTIME,ITEM,VALUENUM,VALUEUOM\nA,2026-11-30 10:00:00,Creatinine,1.1,mg/dL\n"
    given = "subject_id,drug,starttime,stoptime,route,dose_val_rx,dose_unit_rx\n"
    given += "A,Clopidogrel,2026-11-20 08:00:00,2026-12-05 08:00:00,PO,75,mg\n"
    given += "A,Fluconazole,2026-11-01 08:00:00,2026-11-05 08:00:00,IV,200,mg\n"
    data = read([write("labs.csv", labs), write("prescriptions.csv", given)], kb)
    assert values(data)["creatinine"] == 1.1
    assert drugs(data) == {"clopidogrel": "current", "fluconazole": "stopped"}


@pytest.mark.parametrize(
    ("item", "value", "unit", "concept", "expected"),
    [
        ("72166-2", "Never smoked tobacco (finding)", "", "smoking_status", "never"),
        ("hematocrit", "0.37", "L/L", "hematocrit", 37),
        ("GFR (CKD-EPI)", ">90", "ml/min/1.73m²", "egfr", ">90"),
        ("weight", "70.5", "kilos", "weight", 70.5),
        ("poids", "70.5", "kilogrammes", "weight", 70.5),
    ],
)
def test_answers_and_units_as_exporters_print_them(kb, write, item, value, unit, concept, expected):
    table = f"sample,date,item,value,unit\nA,2026-11-30,{item},{value},{unit}\n"
    found = values(read([write("p.csv", table)], kb))[concept]
    assert found == expected if isinstance(expected, str) else found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        ("Reaptan 10 mg/10 mg (perindopril arginine/amlodipine) tablet, 30", {"perindopril", "amlodipine"}),
        ("Prilosec OTC", {"omeprazole"}),
        ("Tylenol-Codeine #3", {"acetaminophen", "codeine"}),
        ("clopidogrel hydrogen sulphate", {"clopidogrel"}),
        ("Zyxomab (nobody knows)", set()),
    ],
)
def test_products_by_what_stands_in_brackets_or_behind_their_names(kb, write, written, taken):
    data = read([write("p.json", {"medications": [written]})], kb)
    assert {name for name in drugs(data) if "/" not in name} == taken
