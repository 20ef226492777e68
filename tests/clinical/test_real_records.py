"""Real record files: the features that a person reading each of them would write down, stated by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgx.clinical import check, read
from pgx.errors import InputError
from tests.clinical.reading import codes, drugs, one, values, wide

RECORDS = Path(__file__).resolve().parents[2].parent / "shared" / "clinical" / "records"
pytestmark = pytest.mark.skipif(not RECORDS.is_dir(), reason="../shared is absent")


def near(**numbers: float) -> dict[str, object]:
    return {name: pytest.approx(number, abs=0.01) for name, number in numbers.items()}


def features_of(name: str, kb) -> dict[str, object]:
    """Features with a value; drugs that are not taken and trends are left out."""
    found = one(RECORDS / name, kb)
    return {k: v for k, v in found.items() if v is not False and v != "none" and not k.startswith("trend.")}


def test_synthea_bundle(kb):
    found = features_of("synthea_r4_louis_maggio.json", kb)
    numbers = near(
        **{
            "clinical.age": 44.97,
            "clinical.height": 185.37,
            "clinical.weight": 103.07,
            "clinical.bmi": 29.99,
            "clinical.bsa": 2.30,
            "lab.creatinine": 1.37,
            "lab.egfr": 106.91,
            "lab.creatinine_clearance": 99.03,
            "lab.hba1c": 7.50,
            "lab.glucose": 124.93,
            "lab.ldl": 134.00,
            "lab.hdl": 56.15,
            "lab.total_cholesterol": 228.12,
            "lab.triglycerides": 189.84,
            "lab.sodium": 141.74,
            "lab.potassium": 3.75,
            "lab.chloride": 107.17,
            "lab.bicarbonate": 21.90,
            "lab.calcium": 10.01,
            "lab.urea_nitrogen": 18.47,
            "lab.albumin_creatinine_ratio": 6.72,
            "vital.systolic_bp": 106.16,
            "vital.diastolic_bp": 84.33,
            "medication.count": 3,
        }
    )
    words = {
        "clinical.sex": "male",
        "clinical.race": "white",
        "clinical.ethnicity": "not_hispanic",
        "lifestyle.smoking_status": "never",
        "medication.inhibitor.cyp2d6": "weak",
        "medication.inhibitor.tpmt": "weak",
    }
    conditions = (
        "diabetes",
        "diabetes_type_2",
        "epilepsy",
        "obesity",
        "metabolic_syndrome",
        "hypertriglyceridemia",
        "osteoarthritis",
        "allergic_rhinitis",
    )
    taken = {f"medication.{drug}": True for drug in ("diazepam", "chlorpheniramine", "naproxen")}
    assert found == {**numbers, **words, **{f"condition.{name}": True for name in conditions}, **taken}


def test_synthea_blood_count_of_2016_is_too_old_in_2021(kb):
    data = read([RECORDS / "synthea_r4_louis_maggio.json"], kb)
    assert values(data)["hemoglobin"] == pytest.approx(15.67, abs=0.01)
    assert "lab.hemoglobin" not in wide(data, kb)[data.observations["sample"][0]]


def test_synthea_creatinine_contradicts_egfr(kb):
    data = read([RECORDS / "synthea_r4_louis_maggio.json"], kb, samples=["NA12878"])
    message = data.notes.filter(data.notes["code"] == "contradiction")["message"].item()
    assert message.startswith("egfr 106.9 as given, but 64.63 by CKD-EPI 2021 from creatinine 1.374")
    assert "joined_only_person" in codes(data, "warning")


def test_synthea_trends(kb):
    found = one(RECORDS / "synthea_r4_louis_maggio.json", kb)
    assert found["trend.weight.count"] == 3
    assert found["trend.weight.slope"] == pytest.approx(2.23, abs=0.01)
    assert found["trend.hba1c.mean"] == pytest.approx((7.386637 + 7.498728) / 2, abs=1e-5)


def test_synthea_nothing_is_dropped_silently(kb):
    listed = set(check(RECORDS / "synthea_r4_louis_maggio.json", kb).filter(kind="not_understood")["name"].to_list())
    assert 'SNOMED 10509002 "Acute bronchitis (disorder)"' in listed
    assert 'LOINC 72514-3 "Pain severity - 0-10 verbal numeric rating [Score] - Reported"' in listed
    assert '"Acetaminophen 325 MG Oral Tablet"' in listed
    assert 'SNOMED 232347008 "Dander (animal) allergy"' in listed


def test_us_core_smoker_and_allergy(kb):
    assert features_of("uscore_some-day-smoker.json", kb) == {"lifestyle.smoking_status": "current"}
    assert values(read([RECORDS / "uscore_allergyintolerance-example.json"], kb)) == {
        "allergy": "sulfonamide_antibiotics"
    }


def test_genomics_reporting_bundle_has_one_drug_and_says_what_it_leaves(kb):
    data = read([RECORDS / "hl7_pgx_bundle.json"], kb)
    assert drugs(data) == {"mercaptopurine": "current"}
    assert "not_understood" in codes(data, "info")


@pytest.mark.parametrize("name", ["hl7_pgx_Pgx-geno-1001.json", "hl7_pgx_TxImp01.json", "fhir_genops_haplotypes.json"])
def test_genetic_observations_are_listed_not_read_as_clinical(kb, name):
    try:
        assert features_of(name, kb) == {}
    except ValueError:  # nobody has a single value
        assert "not_understood" in codes(read([RECORDS / name], kb))


def test_a_task_about_nobody_is_refused(kb):
    with pytest.raises(InputError, match="no person"):
        read([RECORDS / "hl7_pgx_PGxRecEx01.json"], kb)


def test_phenopacket(kb):
    data = read([RECORDS / "phenopacket_covid19.json"], kb)
    found = {k: v for k, v in wide(data, kb)["P123542"].items() if not k.startswith(("medication", "trend"))}
    assert found == {
        "clinical.sex": "male",
        "clinical.age": 70,
        "lab.lymphocytes": 0.7,
        "condition.diabetes": False,
        "condition.obesity": True,
        "condition.cardiomyopathy": True,
        "condition.covid_19": True,
        "condition.kidney_disease": True,
        "condition.respiratory_failure": True,
    }
    row = data.medications.row(0, named=True)
    assert (row["drug"], row["status"], row["dose_mg_per_day"]) == ("hydroxychloroquine", "stopped", 450)
    assert (str(row["start"]), str(row["end"])) == ("2020-03-20", "2020-03-22")


def test_apple_health(kb):
    assert features_of("apple_health_export.xml", kb) == {
        "clinical.sex": "male",
        "lifestyle.active_minutes": 1,
        "vital.heart_rate": 74.5,
        **near(**{"clinical.age": 34.03, "lifestyle.active_energy": 0.1, "lifestyle.sleep_hours": 12.5 / 60}),
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("omh_body-weight.json", {"clinical.weight": 50}),
        ("omh_heart-rate.json", {"vital.heart_rate": 67.5}),
        ("omh_physical-activity.json", {"lifestyle.active_minutes": 60, "lifestyle.active_energy": 160}),
        ("omh_sleep-duration.json", {"lifestyle.sleep_hours": 7.5}),
        ("omh_step-count.json", {"lifestyle.steps": 10600}),
    ],
)
def test_open_mhealth(kb, name, expected):
    assert features_of(name, kb) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("fit_MonitoringFile.fit", {"lifestyle.steps": 3173}),
        ("fit_Activity.fit", near(**{"lifestyle.active_minutes": 13.749 / 60})),
        ("fit_2015-10-13-08-43-15.fit", near(**{"lifestyle.active_minutes": 1558.198 / 60})),
        (
            "fit_WeightScaleSingleUser.fit",
            {
                "clinical.sex": "male",
                "clinical.age": 47,
                "clinical.weight": 76.09,
                "clinical.height": 179,
                "clinical.body_fat": 25.1,
                **near(**{"clinical.bmi": 23.75, "clinical.bsa": 1.945}),
            },
        ),
    ],
)
def test_garmin_fit(kb, name, expected):
    pytest.importorskip("fitdecode")
    assert features_of(name, kb) == expected


def test_garmin_scale_of_two_people(kb):
    pytest.importorskip("fitdecode")
    path = RECORDS / "fit_WeightScaleMultiUser.fit"
    found = wide(read([path], kb), kb)
    assert {name: (row["clinical.sex"], row["clinical.weight"]) for name, row in found.items()} == {
        "user 0": ("male", 75.8),
        "user 1": ("female", 58.2),
    }
    with pytest.raises(InputError, match="none of its 2 persons"):
        read([path], kb, samples=["S1"])
