"""Conditions that labels name in their contraindications: read from words and codes, and told beside the drug."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from pgx.clinical import read
from pgx.guidance.populations import NO, UNKNOWN, YES, Populations
from tests.clinical.reading import codes

TODAY = date(2026, 12, 1)


def decided(kb, write, conditions: list[str], population: str, more: dict[str, object] | None = None) -> str:
    history = {"sample": "A", "date": "2026-11-20", "conditions": conditions} | (more or {})
    data = read([write("p.json", [history])], kb)
    assert "condition_unknown" not in codes(data), conditions
    return Populations(kb, data, ["A"], TODAY).decide(population)[0]


@pytest.mark.parametrize(
    ("entry", "population", "expected"),
    [
        ("myasthenia gravis", "myasthenia_gravis_recorded", YES),
        ("ICD10:G70.00", "myasthenia_gravis_recorded", YES),
        ("SNOMED:91637004", "myasthenia_gravis_recorded", YES),
        ("angle-closure glaucoma", "narrow_angle_glaucoma_recorded", YES),
        ("Engwinkelglaukom", "narrow_angle_glaucoma_recorded", YES),
        ("angle-closure glaucoma", "narrow_angle_glaucoma_uncontrolled", UNKNOWN),
        ("glaucoma", "narrow_angle_glaucoma_recorded", UNKNOWN),
        ("ICD10:H40.9", "narrow_angle_glaucoma_recorded", UNKNOWN),
        ("acute intermittent porphyria", "porphyria_recorded", YES),
        ("porphyria", "acute_intermittent_porphyria_recorded", UNKNOWN),
        ("ICD10:E80.21", "acute_intermittent_porphyria_recorded", YES),
        ("phaeochromocytoma", "pheochromocytoma_recorded", YES),
        ("OTC deficiency", "urea_cycle_disorder_recorded", YES),
        ("ICD10:K56.69", "gastrointestinal_obstruction_recorded", YES),
        ("paralytic ileus", "gastrointestinal_obstruction_recorded", YES),
        ("paralytic ileus", "mechanical_bowel_obstruction_recorded", NO),
        ("ICD10:K56.0", "mechanical_bowel_obstruction_recorded", NO),
        ("ICD10:K56.69", "mechanical_bowel_obstruction_recorded", YES),
        ("Harnverhalt", "urinary_retention_recorded", YES),
        ("urinary retention", "severe_urinary_retention", UNKNOWN),
        ("hypokalaemia", "low_potassium_or_magnesium", YES),
        ("Spätdyskinesie", "tardive_dyskinesia_recorded", YES),
        ("Brugada syndrome", "brugada_syndrome_recorded", YES),
        ("obstructive sleep apnoea", "sleep_apnea_recorded", YES),
        ("Duchenne muscular dystrophy", "skeletal_muscle_myopathy", YES),
        ("QT prolongation", "long_qt_recorded", YES),
        ("Torsades de pointes", "long_qt_recorded", YES),
        ("cirrhosis", "severe_liver_disease", UNKNOWN),
        ("hypertension", "myasthenia_gravis_recorded", NO),
    ],
)
def test_a_condition_of_a_label_is_read(kb, write, entry, population, expected):
    assert decided(kb, write, [entry], population) == expected


@pytest.mark.parametrize("entry", ["hepatitis B", "chronic hepatitis C", "ICD10:B18.2", "SNOMED:128302006"])
def test_viral_hepatitis_leaves_open_how_well_the_liver_works(kb, write, entry):
    assert decided(kb, write, [entry], "liver_disease_moderate_or_severe") == UNKNOWN
    assert decided(kb, write, [entry, "liver disease"], "liver_disease_recorded") == YES


@pytest.mark.parametrize("entry", ["acute kidney injury", "akutes Nierenversagen", "ICD10:N17.9"])
def test_in_acute_kidney_injury_an_egfr_decides_nothing(kb, write, entry):
    egfr = {"egfr": {"value": 85, "unit": "mL/min/1.73m2"}}
    assert decided(kb, write, [entry], "egfr_known_lt_30", egfr) == UNKNOWN
    assert decided(kb, write, ["hypertension"], "egfr_known_lt_30", egfr) == NO


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (["sick sinus syndrome"], UNKNOWN),
        (["third degree AV block"], UNKNOWN),
        (["third degree AV block", "cardiac pacemaker"], NO),
        (["AV block"], UNKNOWN),
    ],
)
def test_a_pacemaker_ends_what_labels_say_of_heart_block(kb, write, conditions, expected):
    assert decided(kb, write, conditions, "heart_block_or_sick_sinus_without_pacemaker") == expected


@pytest.mark.parametrize(("potassium", "expected"), [(3.4, YES), (3.5, NO)])
def test_a_measured_potassium_decides_as_the_diagnosis_does(kb, write, potassium, expected):
    measured = {"potassium": {"value": potassium, "unit": "mmol/L"}}
    assert decided(kb, write, ["hypertension"], "low_potassium_or_magnesium", measured) == expected


def test_each_code_of_a_diagnosis_is_one_that_a_published_list_has(kb):
    codes_of = kb.table("concept_codes")
    assert not codes_of.filter((pl.col("system") == "ICD10") & pl.col("source").str.contains("memory")).height
    assert not codes_of.filter(
        pl.col("code") == "Z950"
    ).height  # of any electronic cardiac device where WHO's list holds


def test_a_limit_that_no_label_prints_is_not_said_to_be_of_a_label(kb):
    limits = kb.table("populations").filter(pl.col("population") == "low_potassium_or_magnesium")
    said = limits.filter(pl.col("test") == "recorded_below")["source"].to_list()
    assert len(said) == 2
    assert all(one.startswith("curated: the usual lower limit") for one in said)


@pytest.mark.parametrize(
    ("conditions", "fosphenytoin", "procainamide"),
    [
        (["third degree AV block"], YES, YES),
        (["complete heart block", "cardiac pacemaker"], YES, YES),
        (["second degree AV block"], YES, UNKNOWN),
        (["second degree AV block", "cardiac pacemaker"], YES, NO),
        (["AV block"], UNKNOWN, UNKNOWN),
    ],
)
def test_a_pacemaker_counts_where_the_label_names_one(kb, write, conditions, fosphenytoin, procainamide):
    limits = kb.table("label_limits")
    for drug, expected in (("fosphenytoin", fosphenytoin), ("procainamide", procainamide)):
        population = next(p for p in limits.filter(drug=drug)["population"] if "heart_block" in p)
        assert decided(kb, write, conditions, population) == expected


def test_only_a_mechanical_obstruction_speaks_against_metoclopramide(kb):
    limits = kb.table("label_limits")
    assert "mechanical_bowel_obstruction_recorded" in set(limits.filter(drug="metoclopramide")["population"])
    assert "gastrointestinal_obstruction_recorded" in set(limits.filter(drug="codeine")["population"])
