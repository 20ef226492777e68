"""Who belongs to the population of a recommendation, by the clinical data."""

from __future__ import annotations

from datetime import date

import pytest

from pgx import knowledge
from pgx.guidance.populations import NO, UNKNOWN, YES, Populations
from tests.phenotypes.builders import clinical

KB = knowledge.load()
DAY = date(2026, 6, 1)


def decide(population, medications=(), observations=(), siblings=(), drug=""):
    history = clinical(medications, [{"date": DAY, **row} for row in observations])
    return Populations(KB, history, ["s"], DAY).decide(population, siblings, drug)[0]


def number(concept, value):
    return {"concept": concept, "value": float(value)}


def stopped(start, end):
    return {"drug": "phenytoin", "status": "stopped", "start": start, "end": end}


def coded(concept, code):
    return {"concept": concept, "code": code}


@pytest.mark.parametrize(
    ("population", "observations", "truth"),
    [
        ("general", [], YES),
        ("adult", [number("age", 18)], YES),
        ("adult", [number("age", 17.9)], NO),
        ("adult", [], UNKNOWN),
        ("adult_lt_65", [number("age", 65)], NO),
        ("adult_ge_65", [number("age", 65)], YES),
        ("adult_African_ancestry", [number("age", 40), coded("ancestry", "Sub-Saharan African")], YES),
        ("adult_African_ancestry", [number("age", 40), coded("ancestry", "European")], NO),
        ("adult_African_ancestry", [number("age", 40)], UNKNOWN),
        ("adult_African_ancestry", [number("age", 4)], NO),
        ("adult_non_African_ancestry", [number("age", 40), coded("ancestry", "European")], YES),
        ("cardiovascular_ACS_PCI", [coded("acute_coronary_syndrome", "yes")], YES),
        ("cardiovascular_ACS_PCI", [coded("coronary_intervention", "yes")], YES),
        ("cardiovascular_ACS_PCI", [coded("coronary_intervention", "no")], UNKNOWN),
        ("cardiovascular_non_ACS_non_PCI", [coded("acute_coronary_syndrome", "yes")], NO),
        ("child_lt_40kg", [number("age", 8), number("weight", 25)], YES),
        ("child_lt_40kg", [number("age", 30), number("weight", 38)], NO),
        ("mono_ge_40kg_BMI_gt_25", [number("weight", 35)], NO),
        ("mono_ge_40kg_BMI_gt_25", [number("weight", 80), number("bmi", 30)], UNKNOWN),
        ("child_lt_12_or_post_tonsillectomy_lt_18", [number("age", 11)], YES),
        ("child_lt_12_or_post_tonsillectomy_lt_18", [number("age", 15)], UNKNOWN),
        ("child_lt_12_or_post_tonsillectomy_lt_18", [number("age", 19)], NO),
        ("renal_or_mild_hepatic_impairment", [number("egfr", 28)], YES),
        ("renal_or_mild_hepatic_impairment", [number("egfr", 75)], UNKNOWN),
        ("renal_or_hepatic_impairment_any", [number("egfr", 59)], YES),
        ("breastfeeding", [coded("lactation", "yes")], YES),
        ("breastfeeding", [number("age", 30)], UNKNOWN),
        ("breastfeeding", [number("age", 30), coded("sex", "male")], NO),
        ("breastfeeding", [number("age", 8)], NO),
        ("non_liver_transplant", [coded("liver_transplant", "yes")], NO),
        ("not_of_the_liver", [coded("liver_transplant", "yes")], NO),
        ("not_of_the_liver", [coded("transplant", "yes")], YES),
        ("liver_transplant_and_donor_other_genotype", [coded("liver_transplant", "yes")], UNKNOWN),
        ("pregnant", [coded("pregnancy", "yes")], YES),
        ("pregnant", [coded("pregnancy", "yes"), coded("sex", "male")], NO),
        ("pregnant", [coded("sex", "male")], NO),
        ("pregnant", [number("age", 30), coded("sex", "female")], UNKNOWN),
        ("pregnant", [number("age", 68), coded("sex", "female")], NO),
        ("pregnant", [number("age", 61), coded("sex", "female"), coded("pregnancy", "yes")], YES),
        ("pregnant_without_heart_valve", [coded("sex", "female"), coded("pregnancy", "yes")], UNKNOWN),
        ("renal_or_hepatic_impairment_any", [coded("dialysis", "yes")], YES),
        ("creatinine_clearance_lt_60", [number("egfr", 20)], YES),
        ("creatinine_clearance_lt_60", [number("egfr", 50)], UNKNOWN),
        ("creatinine_clearance_lt_60", [number("creatinine_clearance", 80), number("egfr", 80)], NO),
        ("decompensated_cirrhosis", [coded("liver_disease", "no")], NO),
        ("long_qt", [number("qtc", 520)], YES),
        ("long_qt", [number("qtc", 430)], UNKNOWN),
        ("g6pd_deficiency", [number("g6pd_activity", 0.8)], YES),
        ("g6pd_deficiency", [number("g6pd_activity", 11)], NO),
        ("g6pd_deficiency", [], NO),
        ("g6pd_deficiency", [coded("g6pd_deficiency", "yes"), number("g6pd_activity", 11)], YES),
        ("no_such_population", [], UNKNOWN),
    ],
)
def test_populations_follow_the_observations(population, observations, truth):
    assert decide(population, (), observations) == truth


@pytest.mark.parametrize(
    ("population", "medications", "truth"),
    [
        ("comed:CYP2D6_inhibitor_strong", ["paroxetine"], YES),
        ("comed:CYP2D6_inhibitor_strong", ["duloxetine"], NO),
        ("comed:CYP2D6_inhibitor_moderate", ["duloxetine", "paroxetine"], NO),
        ("comed:CYP3A_inducer_strong", ["rifampin"], YES),
        ("no_CYP3A4_inhibitor", ["itraconazole"], NO),
        ("no_CYP3A4_inhibitor", ["metformin"], YES),
        ("no_CYP3A4_inhibitor", [], UNKNOWN),
    ],
)
def test_comedication_is_taken_from_the_list_and_an_unknown_list_decides_nothing(population, medications, truth):
    assert decide(population, [{"drug": drug} for drug in medications]) == truth


@pytest.mark.parametrize(
    ("medication", "long", "naive"),
    [
        ({"drug": "phenytoin", "start": date(2025, 1, 1)}, YES, NO),
        ({"drug": "phenytoin", "start": date(2026, 3, 3)}, YES, NO),
        ({"drug": "phenytoin", "start": date(2026, 3, 4)}, NO, YES),
        ({"drug": "phenytoin"}, UNKNOWN, UNKNOWN),
        ({"drug": "phenytoin", "status": "planned"}, NO, YES),
        ({"drug": "phenytoin", "status": "stopped"}, UNKNOWN, UNKNOWN),
        (stopped(date(2020, 1, 1), date(2020, 3, 31)), YES, NO),
        (stopped(date(2020, 1, 1), date(2020, 3, 30)), NO, YES),
    ],
)
def test_how_long_a_drug_was_taken(medication, long, naive):
    """The boundary is 90 days, in a treatment that goes on as in one that is over."""
    assert decide("phenytoin_use_gt_3mo", [medication]) == long
    assert decide("phenytoin_naive", [medication]) == naive


def test_a_drug_that_the_person_is_allergic_to_was_never_tolerated():
    taken = [{"drug": "phenytoin", "start": date(2020, 1, 1)}]
    allergy = [coded("allergy", "phenytoin")]
    assert decide("phenytoin_use_gt_3mo", taken, allergy) == NO
    assert decide("phenytoin_naive", taken, allergy) == YES
    assert decide("phenytoin_use_gt_3mo", taken, [coded("allergy", "penicillin")]) == YES


def test_time_on_the_drug_in_question():
    taken = [{"drug": "omeprazole", "start": date(2026, 3, 9)}, {"drug": "metformin", "start": date(2020, 1, 1)}]
    assert decide("chronic_gt_12wk_and_effective", taken, drug="omeprazole") == YES
    later = [{"drug": "omeprazole", "start": date(2026, 3, 10)}]
    assert decide("chronic_gt_12wk_and_effective", later, drug="omeprazole") == NO
    assert decide("chronic_gt_12wk_and_effective", taken, drug="lansoprazole") == NO


def test_a_drug_is_an_alternative_to_another_only_where_the_record_names_that_one():
    assert decide("alternative_to_carbamazepine", [{"drug": "phenytoin"}]) == NO
    assert decide("alternative_to_carbamazepine", [{"drug": "carbamazepine", "status": "stopped"}]) == UNKNOWN
    assert decide("alternative_to_carbamazepine", [{"drug": "phenytoin"}], [coded("allergy", "carbamazepine")]) == (
        UNKNOWN
    )
    assert decide("alternative_to_carbamazepine") == UNKNOWN


@pytest.mark.parametrize(
    ("conditions", "truth"),
    [
        (["leukemia"], NO),
        (["inflammatory_bowel_disease"], YES),
        (["inflammatory_bowel_disease", "leukemia"], NO),
        ([], UNKNOWN),
    ],
)
def test_a_cancer_is_not_a_disease_without_one(conditions, truth):
    assert decide("nonmalignancy", (), [coded(condition, "yes") for condition in conditions]) == truth


def test_aspirin_up_to_a_gram_is_a_matter_of_the_dose():
    assert decide("dose_le_1g_per_day", [{"drug": "aspirin", "dose_mg_per_day": 100.0}]) == YES
    assert decide("dose_le_1g_per_day", [{"drug": "aspirin", "dose_mg_per_day": 3000.0}]) == NO
    assert decide("dose_le_1g_per_day", [{"drug": "aspirin"}]) == UNKNOWN


def test_other_cases_are_what_the_named_ones_are_not():
    siblings = ["indication:PCI|stroke|TIA", "indication:other"]
    assert decide("indication:other", (), [coded("stroke", "yes")], siblings) == NO
    neither = [coded("stroke", "no"), coded("coronary_intervention", "no")]
    assert decide("indication:other", (), neither, siblings) == YES
    assert decide("indication:other", (), [coded("stroke", "no")], siblings) == UNKNOWN


def test_without_clinical_data_only_the_general_population_is_decided_and_what_a_record_must_exclude():
    people = Populations(KB, None, ["s"])
    codes = KB.table("recommendations")["population"].unique().to_list()
    assert {code: people.decide(code)[0] for code in codes} == {
        code: YES if code in ("general", "not_of_the_liver") else UNKNOWN for code in codes
    }


def test_every_population_of_the_recommendations_has_a_row():
    missing = set(KB.table("recommendations")["population"]) - set(KB.table("populations")["population"])
    assert missing == {"general"}


def test_every_action_has_an_urgency():
    assert set(KB.table("recommendations")["action"]) <= set(KB.table("actions")["action"])


@pytest.mark.parametrize(
    ("happened", "truth"),
    [(date(2026, 3, 1), YES), (date(2025, 11, 1), UNKNOWN), (DAY, YES), (None, UNKNOWN)],
)
def test_an_event_of_a_day_decides_a_limit_that_asks_how_long_ago_it_was(happened, truth):
    stroke = {"concept": "stroke", "code": "yes", "date": happened or DAY, "end_date": happened}
    assert decide("stroke_or_infarction_last_6_months", observations=[stroke]) == truth


@pytest.mark.parametrize(("bound", "truth"), [("<15", YES), ("<30", YES), ("<=30", UNKNOWN), (">=30", NO), (">60", NO)])
def test_a_bound_decides_only_what_all_of_it_lies_on_one_side_of(bound, truth):
    assert decide("egfr_lt_30", observations=[coded("egfr", bound)]) == truth


def test_advanced_kidney_disease_is_below_the_limit_of_its_stage():
    assert decide("egfr_lt_30", observations=[coded("severe_kidney_disease", "yes")]) == YES
    assert decide("egfr_known_lt_30", observations=[coded("kidney_disease", "yes")]) == NO


@pytest.mark.parametrize(
    ("recorded", "avoided", "considered"),
    [
        ([], YES, NO),
        (["myocardial_infarction"], NO, YES),
        (["diabetes"], NO, YES),
        (["diabetes_type_2"], NO, YES),
        (["stroke"], YES, NO),
    ],
)
def test_prasugrel_is_avoided_from_75_years_except_at_the_high_risk_that_its_label_names(recorded, avoided, considered):
    observations = [number("age", 78), *(coded(one, "yes") for one in recorded)]
    assert decide("adult_ge_75_without_diabetes_or_infarction", (), observations) == avoided
    assert decide("adult_ge_75_with_diabetes_or_infarction", (), observations) == considered
    assert decide("adult_ge_75_without_diabetes_or_infarction", (), [number("age", 70)]) == NO
    rows = {row["population"]: row["action"] for row in KB.table("label_limits").filter(drug="prasugrel").to_dicts()}
    assert rows["adult_ge_75_without_diabetes_or_infarction"] == "avoid"
    assert rows["adult_ge_75_with_diabetes_or_infarction"] == "monitor"
