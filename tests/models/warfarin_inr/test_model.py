"""The published model: its solution against an exact one, and the doses that it gives against published tables."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.integrate import solve_ivp

from pgx.calling.priors import groups
from pgx.knowledge import KnowledgeBase
from pgx.models.warfarin_inr.genotypes import of_person
from pgx.models.warfarin_inr.kinetics import Floats, Kinetics, Response
from pgx.models.warfarin_inr.parameters import Parameters, parameters
from tests.models.warfarin_inr.patients import SENSITIVITY, STEPS, dose_for, response

LABEL = {
    0: [(5, 7), (5, 7), (3, 4), (3, 4), (3, 4), (0.5, 2)],
    1: [(5, 7), (3, 4), (3, 4), (3, 4), (0.5, 2), (0.5, 2)],
    2: [(3, 4), (3, 4), (0.5, 2), (0.5, 2), (0.5, 2), (0.5, 2)],
}
"""Expected maintenance dose, mg/day, by VKORC1 and CYP2C9, of the FDA's label (Cleve Clin J Med 2011;78:243, table 2)."""


TAKEN = {
    0: [(647, 67, 6.07), (191, 67, 5.00), (106, 68, 4.29)],
    1: [(808, 67, 4.73), (293, 66, 3.93), (152, 67, 3.00)],
    2: [(260, 66, 3.00), (73, 63, 2.86), (41, 69, 2.50)],
}
"""White persons of the IWPC cohort with a stable dose, an INR of 2 to 3 aimed at and no drug that changes it: number,
mean age and median dose, mg/day, by VKORC1 and CYP2C9 (*1/*1, *1/*2, *1/*3)."""


@pytest.fixture(scope="module")
def known(kb: KnowledgeBase) -> Parameters:
    return parameters(kb)


def test_parameters_are_those_on_which_the_copies_agree(known: Parameters) -> None:
    assert dict(known.clearance.parts) == {"*1": 0.174, "*2": 0.0879, "*3": 0.0422}
    assert sorted(known.half_effect.parts.values()) == [0.96, 2.05]
    expected = {"volume": 14.3, "sigmoidicity": 1.15, "transit_time_1": 28.6, "transit_time_2": 118.3,
                "highest_rise": 20.0, "baseline": 1.0, "age_centre": 71.0}  # fmt: skip
    assert {name: known[name] for name in expected} == expected


def test_every_parameter_has_a_source_and_says_how_it_is_known(kb: KnowledgeBase) -> None:
    table = kb.table("response_parameters")
    assert table["source"].null_count() == 0 and set(table["mark"]) == {"copies", "chosen", "assumed"}
    assert set(table.filter(source="product")["mark"]) == {"assumed"}
    assert table.filter(mark="chosen")["note"].null_count() == 0, "why this copy"


def test_the_effects_are_those_of_the_abstract(known: Parameters) -> None:
    """CYP2C9 up to 4.2-fold, VKORC1 2.1-fold, age about 6 % a decade."""
    doses = {(c, v): dose_for(known, response(known, c, v, 71)) for c in STEPS for v in SENSITIVITY}
    assert doses[STEPS[0], SENSITIVITY[0]] / doses[STEPS[5], SENSITIVITY[0]] == pytest.approx(4.2, rel=0.03)
    assert doses[STEPS[0], SENSITIVITY[0]] / doses[STEPS[0], SENSITIVITY[2]] == pytest.approx(2.1, rel=0.03)
    older = dose_for(known, response(known, STEPS[0], SENSITIVITY[0], 81))
    assert older / doses[STEPS[0], SENSITIVITY[0]] == pytest.approx(0.94, abs=0.01)


@pytest.mark.parametrize("vkor", range(3))
@pytest.mark.parametrize("cyp", range(6))
def test_the_typical_dose_is_that_of_the_label(known: Parameters, cyp: int, vkor: int) -> None:
    """Within a fifth of the label's range: the whole dose, or an age effect of another size, would be far off."""
    low, high = LABEL[vkor][cyp]
    daily = dose_for(known, response(known, STEPS[cyp], SENSITIVITY[vkor], 71)) / 7
    assert low / 1.2 <= daily <= high * 1.2


@pytest.mark.parametrize("vkor", range(3))
@pytest.mark.parametrize("cyp", range(3))
def test_the_typical_dose_is_a_little_above_what_a_cohort_took(known: Parameters, cyp: int, vkor: int) -> None:
    """Up to a third above, most where both alleles are *1: what the schema of the estimate says."""
    _, age, taken = TAKEN[vkor][cyp]
    daily = dose_for(known, response(known, STEPS[cyp], SENSITIVITY[vkor], age)) / 7
    assert 0.85 <= daily / taken <= 1.33


def test_the_typical_dose_at_other_ages_is_one_that_people_take(known: Parameters) -> None:
    for age in (20, 95):
        for cyp in STEPS:
            for vkor in SENSITIVITY:
                assert 0.5 <= dose_for(known, response(known, cyp, vkor, age)) / 7 <= 11


def test_people_of_one_genotype_differ_as_their_doses_do(known: Parameters) -> None:
    """The IWPC equation leaves 1.02 on the scale of the root of mg/week, about 34 % of a usual dose."""
    assert known["spread_half_effect"] == pytest.approx(2 * 1.02 / math.sqrt(36), rel=0.05)


@pytest.mark.parametrize("rate", [0.006, 0.024, 0.08])
def test_the_solution_is_that_of_the_differential_equations(known: Parameters, rate: float) -> None:
    who = Response(np.array([rate]), np.array([0.9]), np.array([1.1]))
    moves, power = Kinetics(who, known), known["sigmoidicity"]
    k1, k2 = 3 / known["transit_time_1"], 3 / known["transit_time_2"]

    def change(_: float, y: Floats) -> list[float]:
        made = 0.9**power / (0.9**power + (rate * y[0]) ** power)
        return [-rate * y[0], k1 * (made - y[1]), k1 * (y[1] - y[2]), k1 * (y[2] - y[3]),
                k2 * (made - y[4]), k2 * (y[4] - y[5]), k2 * (y[5] - y[6])]  # fmt: skip

    exact, state = np.array([0.0] + [1.0] * 6), moves.untreated()
    for dose in [4.0] * 10 + [0.0] * 3 + [2.5] * 10:
        exact[0] += dose
        exact = solve_ivp(change, (0, 24), exact, rtol=1e-8, atol=1e-10).y[:, -1]
        moves.day(state, dose)
        assert moves.inr(state)[0] == pytest.approx(1.1 + 20 * (1 - 0.5 * (exact[3] + exact[6])), abs=0.02)


def test_a_dose_long_taken_keeps_the_inr(known: Parameters) -> None:
    who = response(known, STEPS[1], SENSITIVITY[1], 60)
    moves = Kinetics(who, known)
    daily = moves.needed(2.5)
    state = moves.settled(daily)
    assert moves.settled_inr(daily)[0] == pytest.approx(2.5)
    for _ in range(60):
        moves.day(state, daily)
        assert moves.inr(state)[0] == pytest.approx(2.5, abs=0.05)


def test_no_warfarin_leaves_the_baseline_and_needs_none(known: Parameters) -> None:
    moves = Kinetics(Response(np.array([0.02]), np.array([1.0]), np.array([1.2])), known)
    state = moves.untreated()
    for _ in range(20):
        moves.day(state, 0.0)
    assert moves.inr(state)[0] == pytest.approx(1.2)
    assert moves.needed(1.1)[0] == 0.0


def test_other_alleles_count_as_those_of_their_activity(known: Parameters, kb: KnowledgeBase) -> None:
    assert known.clearance.like["*5"] == "*2" and known.clearance.like["*6"] == "*3"
    activity = kb.table("functions").filter(pl.col("gene") == "CYP2C9", pl.col("scheme") == "CPIC")
    values = dict(activity.select("allele", "activity_value").iter_rows())
    assert all(values[one] == values[other] for one, other in known.clearance.like.items())
    assert known.clearance.part("*999") is None


def test_a_population_is_the_mean_of_its_groups_however_common_the_alleles_are_that_nobody_measured(
    known: Parameters, kb: KnowledgeBase
) -> None:
    """With *1 unmeasured, most Europeans and nearly all East Asians are left out; each group still counts as one."""
    rare = replace(known.clearance, parts={"*2": 0.0879, "*3": 0.0422})
    fresh = KnowledgeBase(kb.folders)  # what was found with all alleles is remembered
    shares = groups(fresh)
    mixed: dict[float, float] = {}
    for code, share in zip(shares.codes, shares.mixture(shares.index(None)).tolist(), strict=True):
        for value, weight in of_person(rare, {}, fresh, code).values if share else ():
            mixed[value] = mixed.get(value, 0.0) + share * weight
    everybody = dict(of_person(rare, {}, fresh, None).values)
    assert everybody == {value: pytest.approx(weight, abs=2e-3) for value, weight in mixed.items()}
    assert sum(everybody.values()) == pytest.approx(1.0)
