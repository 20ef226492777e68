"""Exposure by genotype and other drugs: closed forms, honest intervals, and what is not known is refused."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pgx
from pgx import knowledge
from pgx.build_data.exposure import estimate
from pgx.errors import UsageError
from pgx.models.exposure.estimation import FULL_SCORE, Observation, activity, fit, logistic, observations, priors
from pgx.models.exposure.prediction import SCORES, exposure, shares_of
from pgx.models.exposure.static_model import Model, agent_classes

KB = knowledge.load()


def ratio(drug="candidate", **more) -> float:
    return exposure(drug, KB, **more)["ratio"].item()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8, 0.95])
def test_without_the_enzyme_the_rest_of_the_clearance_is_left(share: float) -> None:
    found = ratio(shares={"CYP2D6": share}, scores={"CYP2D6": 0.0})
    assert found == pytest.approx(1 / (1 - share), rel=1e-4)


def test_a_person_of_score_two_without_other_drugs_is_the_reference() -> None:
    row = exposure("candidate", KB, shares={"CYP2D6": 0.7, "CYP3A4": 0.2}, scores={"CYP2D6": 2.0}).row(0, named=True)
    assert (row["ratio"], row["low"], row["high"]) == (1.0, 1.0, 1.0)


@settings(max_examples=50)
@given(share=st.floats(0.05, 0.95), other=st.floats(0, 0.9))
def test_more_activity_is_less_exposure_and_the_interval_holds_the_ratio(share: float, other: float) -> None:
    shares = {"CYP2D6": share, "CYP3A4": min(other, 1 - share)}
    rows = exposure("candidate", KB, shares=shares)
    assert rows["genotype"].list.first().to_list() == [f"CYP2D6={score:g}" for score in SCORES]
    ratios = rows["ratio"].to_list()
    assert all(one >= two for one, two in pairwise(ratios))
    assert (rows["low"] <= rows["ratio"]).all() and (rows["ratio"] <= rows["high"]).all()


@settings(max_examples=30)
@given(share=st.floats(0.1, 0.9))
def test_an_inhibitor_does_nothing_more_where_the_enzyme_is_missing(share: float) -> None:
    shares = {"CYP2D6": share}
    alone = ratio(shares=shares, scores={"CYP2D6": 0.0})
    assert ratio(shares=shares, scores={"CYP2D6": 0.0}, agents=["paroxetine"]) == pytest.approx(alone, rel=1e-4)
    assert ratio(shares=shares, scores={"CYP2D6": 2.0}, agents=["paroxetine"]) > 1


def test_inducers_lower_and_inhibitors_raise() -> None:
    shares = {"CYP3A4": 0.9}
    assert ratio(shares=shares, agents=["rifampin"]) < 0.2
    strong, weak = (ratio(shares=shares, agents=[one]) for one in ("itraconazole", "cimetidine"))
    assert strong > 4 and 1 < weak < 2


def test_what_a_drug_without_ratios_rests_on_is_said() -> None:
    known = exposure("metoprolol", KB, scores={"CYP2D6": 0.0})["basis"].item().to_list()
    assert known == ["share of CYP2D6: ratios of this drug: 10, of 3 studies"]
    by_class = exposure("nebivolol", KB, scores={"CYP2D6": 0.0})["basis"].item().to_list()
    assert "its class" in by_class[0]


@pytest.mark.parametrize(
    ("drug", "more", "message"),
    [
        ("metformin", {}, "not known which enzymes"),
        ("metoprolol", {"agents": ["metformin"]}, "no inhibitor or inducer"),
        ("paroxetine", {"agents": ["paroxetine"]}, "the drug itself"),
        ("metoprolol", {"scores": {"CYP2C19": 1.0}}, "not predicted well enough"),
        ("losartan", {"scores": {"CYP2C9": 1.0}}, "not predicted well enough"),
        ("midazolam", {"scores": {"CYP2D6": 1.0}}, "not known to clear"),
        ("warfarin", {"agents": ["fluconazole"]}, "effect by CYP2C9 is not predicted well enough"),
        ("new", {"shares": {"CYP2C19": 0.9}, "agents": ["fluconazole"]}, "effect by CYP2C19 is not predicted"),
        ("codeine", {"agents": ["paroxetine"]}, "CYP2D6 turns codeine into what acts"),
        ("codeine", {"scores": {"CYP2D6": 0.0}}, "CYP2D6 turns codeine into what acts"),
        ("new", {"shares": {"CYP2D6": float("nan")}}, "between 0 and 1"),
        ("new", {"shares": {"CYP2D6": 0.8, "CYP3A4": 0.3}}, "add up to 1"),
        ("new", {"shares": {"CYP2D6": -0.1}}, "between 0 and 1"),
    ],
)
def test_what_is_not_known_is_refused(drug: str, more: dict, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        exposure(drug, KB, **more)


def test_enzymes_are_named_as_people_write_them() -> None:
    """CYP3A is listed as one enzyme: its inhibitors act on all of its shares."""
    one, family = ({"CYP2D6": 0.8, name: 0.1} for name in ("CYP3A4", "CYP3A"))
    poor = {"CYP2D6": "*4/*4"}
    found = pgx.exposure("new", shares=family, genotype=poor, agents=["ketoconazole"])
    assert found["ratio"].item() > 7
    assert found.equals(pgx.exposure("new", shares=one, genotype=poor, agents=["ketoconazole"]))
    assert shares_of(KB, {"2d6": 0.5, "CYP3A4": 0.2, "cyp3a5": 0.1}) == pytest.approx({"CYP2D6": 0.5, "CYP3A4": 0.3})
    with pytest.raises(UsageError, match="no gene 'CYP9Z9'"):
        pgx.exposure("new", shares={"CYP9Z9": 0.5})


def test_an_agent_without_an_effect_on_the_enzymes_says_so() -> None:
    basis = exposure("new", KB, shares={"CYP2D6": 0.8}, scores={"CYP2D6": 0.0}, agents=["itraconazole"])["basis"]
    assert "itraconazole: no predicted effect on these enzymes" in basis.item().to_list()


def test_enzymes_whose_ratios_are_not_predicted_better_than_no_effect_are_not_shown() -> None:
    checks = KB.table("exposure_checks")
    worse = checks.filter(pl.col("fold_error") >= pl.col("fold_error_without"))
    assert worse.select("enzyme", "about").rows() == [("CYP2C9", "genotypes")]


def test_the_bars_on_drugs_that_were_left_out_are_kept() -> None:
    rows = {(row["enzyme"], row["about"]): row for row in KB.table("exposure_checks").iter_rows(named=True)}
    interactions, genotypes = rows["CYP2D6", "interactions"], rows["CYP2D6", "genotypes"]
    assert interactions["within_twofold"] >= 0.85 and interactions["fold_error"] <= 1.55
    assert genotypes["within_twofold"] >= 0.78 and genotypes["fold_error"] <= 1.55
    assert all(0.8 <= row["coverage"] <= 0.97 for row in (interactions, genotypes, rows["CYP3A4", "interactions"]))


@pytest.mark.parametrize(
    ("drug", "more", "least", "most"),
    [
        ("simvastatin", {"agents": ["ketoconazole"]}, 8, 20),  # 12.6 in Chung 2006; SLCO1B1 carries it too
        ("desipramine", {"scores": {"CYP2D6": 0.0}}, 4, 7.1),  # 4.5 to 7 in four studies
        ("risperidone", {"scores": {"CYP2D6": 0.0}}, 5, 7),  # 5.7 and 6.2; CYP3A4 by its class
    ],
)
def test_a_share_that_is_typical_of_a_class_does_not_dilute_a_measured_one(drug, more, least, most) -> None:
    row = exposure(drug, KB, **more).row(0, named=True)
    assert least <= row["ratio"] <= most
    assert sum(float(share.partition("=")[2]) for share in row["shares"]) <= 1.0


def test_the_shares_of_every_known_drug_are_parts_of_one_clearance() -> None:
    for drug in KB.table("substrates").filter(role="clears")["drug"].unique().sort():
        if Model(KB, KB.table("exposure_estimates")).shares(drug):
            shares = [float(one.partition("=")[2]) for one in exposure(drug, KB)["shares"][0]]
            assert all(share > 0 for share in shares) and sum(shares) <= 1.005, drug


def test_what_ships_predicts_the_ratios_that_it_was_estimated_from() -> None:
    """Asked as a user asks, drug by drug; the check on drugs that were left out goes the same way."""
    inside, close, asked = 0, 0, 0
    for one in observations(KB):
        if one.enzyme != "CYP2D6" or (one.agent and one.score != FULL_SCORE):
            continue
        more = {"agents": [one.agent]} if one.agent else {}
        row = exposure(one.victim, KB, scores={"CYP2D6": one.score}, **more).row(0, named=True)
        inside += row["low"] <= one.ratio <= row["high"]
        close += abs(math.log(row["ratio"] / one.ratio)) <= math.log(2)
        asked += 1
    assert asked > 80 and inside / asked >= 0.85 and close / asked >= 0.85


def test_a_share_that_is_cut_says_so() -> None:
    row = exposure("candidate", KB, shares={"CYP2D6": 1.0}, scores={"CYP2D6": 0.0}).row(0, named=True)
    assert row["shares"] == ["CYP2D6=0.99"] and "given as 1, counted as 0.99" in row["basis"][0]
    exact = exposure("candidate", KB, shares={"CYP2D6": 0.8, "CYP3A4": 0.1}, scores={"CYP2D6": 0.0})
    assert exact["basis"][0].to_list() == ["share of CYP2D6: given", "share of CYP3A4: given"]


def test_where_nothing_is_predicted_to_act_there_is_no_interval() -> None:
    row = exposure("metoprolol", KB, scores={"CYP2D6": 2.0}, agents=["ketoconazole"]).row(0, named=True)
    assert (row["ratio"], row["low"], row["high"], row["level"]) == (1.0, None, None, None)


def test_an_inducer_of_an_enzyme_of_unknown_share_is_refused() -> None:
    with pytest.raises(UsageError, match="how much of desipramine goes by CYP3A4 is not known"):
        exposure("desipramine", KB, agents=["rifampin"])


def test_the_fit_finds_what_made_the_ratios() -> None:
    random = np.random.default_rng(7)
    shares = {f"drug{i}": share for i, share in enumerate((0.5, 0.7, 0.8, 0.9, 0.95))}
    made = []
    for drug, share in shares.items():
        for score in (0.0, 0.5, 1.0, 3.0):
            for study in range(3):
                truth = 1 / (share * float(activity(score, 0.2)) + 1 - share)
                made.append(Observation("CYP2D6", drug, "", score, truth * math.exp(random.normal(0, 0.1)), f"{study}"))
        for study in range(3):
            left = 1 / (share * 0.1 + 1 - share)
            made.append(
                Observation("CYP2D6", drug, "quinidine", 2.0, left * math.exp(random.normal(0, 0.1)), f"{study}")
            )
    found = {(one.kind, one.drug): one for one in fit(made, priors(KB), agent_classes(KB))}
    for drug, share in shares.items():
        assert float(logistic(found["share", drug].value)) == pytest.approx(share, abs=0.05)
    assert float(logistic(found["inhibition", "quinidine"].value)) == pytest.approx(0.9, abs=0.05)
    assert found["power", ""].value == pytest.approx(0.2, abs=0.2)


def test_the_call_reads_genotypes_and_names_as_people_write_them(tmp_path) -> None:
    plot, table = tmp_path / "a.svg", tmp_path / "a.tsv"
    frame = pgx.exposure(
        "Metoprolol", genotype={"cyp2d6": "*4/*10"}, agents=["Rifampicin"], plot=plot, out=table
    )  # fmt: skip
    assert frame["genotype"].to_list() == [["CYP2D6=0.25"]] and frame["with"].to_list() == [["rifampin"]]
    assert plot.read_text().startswith("<svg") and table.read_text().startswith("drug\tgenotype\twith\tratio")
    assert pgx.exposure("metoprolol", genotype={"CYP2D6": "*1x2/*4"})["genotype"].to_list() == [["CYP2D6=2"]]
    for wrong in ("*1", "*999/*1", "fast", "9"):
        with pytest.raises(UsageError, match="--genotype"):
            pgx.exposure("metoprolol", genotype={"CYP2D6": wrong})


def test_the_shipped_estimates_are_what_the_shipped_ratios_give() -> None:
    made, shipped = estimate(KB), KB.table("exposure_estimates")
    keys = ["enzyme", "kind", "drug"]
    assert made.select(keys).rows() == shipped.select(keys).with_columns(pl.col("drug").fill_null("")).rows()
    for name in ("value", "error"):
        assert np.allclose(made[name].to_numpy(), shipped[name].to_numpy(), atol=1e-3)
