"""What a published effect is measured from: sourced baselines, the population's average, and what is left out."""

from __future__ import annotations

import itertools
import math

import polars as pl
import pytest

import pgx
from pgx.knowledge import load
from pgx.knowledge.rules.outcomes import outcomes
from pgx.models.evidence import endpoints, population
from pgx.models.evidence.endpoint import Endpoint, Term
from pgx.models.scoring.score import score

KB = load()
ENDPOINTS = endpoints.load(KB)
RISKS = {name: one for name, one in ENDPOINTS.items() if one.link == "logit" and one.threshold is None}
UNSOURCED = sorted(name for name, one in RISKS.items() if not one.absolute)


def _scores(name: str, **columns: list[object]) -> pl.DataFrame:
    rows = pl.DataFrame({"sample": [f"P{i}" for i in range(len(next(iter(columns.values()))))], **columns})
    return score(rows, KB, endpoints=[name])[0]


@pytest.mark.parametrize("name", sorted(RISKS))
def test_a_risk_is_given_from_a_baseline_that_somebody_read_or_not_at_all(name: str) -> None:
    base = RISKS[name].raw["baseline"]
    assert base["mark"] in ("read", "recall")
    if base["mark"] == "read":
        assert base.get("pmid") or base.get("note"), "a baseline that was read names its source"
        assert base["low"] < base["value"] < base["high"]


@pytest.mark.parametrize("name", UNSOURCED)
def test_without_a_source_there_is_no_absolute_risk_and_the_card_says_so(name: str) -> None:
    columns = sorted({term.reading.column for term in RISKS[name].terms} | set(RISKS[name].requires))
    found = _scores(name, **{column: [None] for column in columns})
    assert found["estimate"].null_count() == found["reference"].null_count() == 1
    assert not found["usable"][0] and "refused:no_absolute_risk" in found["flags"][0].to_list()
    assert "No absolute risk is given" in pgx.kb.card(name)


def test_the_average_of_a_rare_allele_is_that_of_the_population() -> None:
    abacavir = _scores("abacavir.hypersensitivity", **{"gene.hla-b.phenotype": ["*57:01 negative", "*57:01 positive"]})
    assert abacavir["reference"][0] == pytest.approx(0.056 * 0.479 + 0.944 * 0.0006, rel=1e-6)
    assert abacavir["estimate"].to_list() == pytest.approx([0.0006, 0.479])
    # Measured in the carriers themselves: what is not known of the others does not widen it.
    assert abacavir["low"][1] == pytest.approx(0.36, abs=0.02) and abacavir["high"][1] == pytest.approx(0.6, abs=0.02)


def _persons(one: Endpoint) -> list[tuple[float, dict[str, int]]]:
    """Return everybody whom the endpoint's frequencies know: share, and copies of each term's finding."""
    columns: dict[str, list[Term]] = {}
    for term in one.terms:
        alone = term.reading.kind in ("text_count", "yes", "missing")
        assert alone or term.reading.kind in ("level", "recorded", "range", "status"), term.reading.kind
        columns.setdefault(term.name if alone else term.reading.column, []).append(term)
    persons: list[tuple[float, dict[str, int]]] = [(1.0, {})]
    for terms in columns.values():
        first, choices = terms[0], [(term.mean, {term.name: 1}) for term in terms]
        if first.reading.kind == "text_count":
            p = first.mean / 2
            choices = [(2 * p * (1 - p), {first.name: 1}), (p * p, {first.name: 2})]
        choices.append((1 - sum(share for share, _ in choices), {}))
        persons = [(a * b, has | more) for a, has in persons for b, more in choices]
    return persons


def _risk(one: Endpoint, has: dict[str, int]) -> float:
    """Return a person's risk: of several genetic findings, the largest effect stands alone."""
    genetic = [term for term in one.terms if term.name in has and term.single]
    if sum(has[term.name] for term in genetic) > 1:
        leading = max(genetic, key=lambda term: abs(term.coefficient))
        has = {name: n for name, n in has.items() if name not in {term.name for term in genetic}} | {leading.name: 1}
    return 1 / (1 + math.exp(-one.baseline - sum(t.coefficient * has.get(t.name, 0) for t in one.terms)))


@pytest.mark.parametrize("name", sorted(RISKS))
def test_the_average_lies_between_the_lowest_and_the_highest_risk(name: str) -> None:
    one = RISKS[name]
    risks = [(share, _risk(one, has)) for share, has in _persons(one)]
    assert sum(share for share, _ in risks) == pytest.approx(1.0)
    mean = population.mean_of(one)
    assert mean == pytest.approx(sum(share * risk for share, risk in risks), rel=1e-6)
    assert min(risk for _, risk in risks) < mean < max(risk for _, risk in risks)


def test_the_rate_of_all_who_start_flucloxacillin_is_the_average_and_not_the_baseline() -> None:
    found = _scores("flucloxacillin.liver_injury", **{"gene.hla-b.phenotype": ["*57:01 negative", "*57:01 positive"],
                                                     "clinical.sex": ["male", "male"]})  # fmt: skip
    assert found["reference"][0] == pytest.approx(8.47e-5, rel=0.05)
    assert found["estimate"].to_list() == pytest.approx([7.7e-6, 7.7e-6 * 80.6], rel=0.01)


@pytest.mark.parametrize(
    ("diplotype", "phenotype", "ratio"),
    [("*1/*28", "Intermediate Metabolizer", 1.53), ("*1/*6", "Intermediate Metabolizer", 1.70),
     ("*28/*28", "Poor Metabolizer", 3.11), ("*6/*6", "Poor Metabolizer", 3.94), ("*6/*28", "Poor Metabolizer", 3.11),
     (None, "Intermediate Metabolizer", 1.53)],
)  # fmt: skip
def test_irinotecan_has_the_odds_of_the_genotype(diplotype: str | None, phenotype: str, ratio: float) -> None:
    found = _scores("irinotecan.severe_neutropenia",
                    **{"gene.ugt1a1.diplotype": [diplotype], "gene.ugt1a1.phenotype": [phenotype]})  # fmt: skip
    risk = found["estimate"][0]
    assert risk / (1 - risk) == pytest.approx(ratio * 0.077 / (1 - 0.077), rel=1e-6)


def _rank(function: str | None) -> int | None:
    return {"Normal function": 0, "Decreased function": 1, "No function": 2}.get(function or "")


@pytest.mark.parametrize("name", ["fluorouracil.severe_toxicity", "capecitabine.severe_toxicity"])
def test_every_dpyd_allele_counts_once_and_no_function_is_never_below_decreased(name: str) -> None:
    functions = {
        row["allele"]: _rank(row["function"])
        for row in KB.table("functions").filter(gene="DPYD", scheme="CPIC").iter_rows(named=True)
    }
    known = {allele: rank for allele, rank in functions.items() if rank is not None}
    found = _scores(name, **{"gene.dpyd.diplotype": [f"Reference/{allele}" for allele in known]})
    risk = dict(zip(known, found["estimate"], strict=True))
    for one, two in itertools.product(known, known):
        if known[one] < known[two]:
            assert risk[one] <= risk[two] + 1e-9, (one, two)
    assert all(risk[allele] > 0.3 for allele, rank in known.items() if rank), "an allele counts in no term"


@pytest.mark.parametrize("name", ["azathioprine.leukopenia", "mercaptopurine.leukopenia"])
def test_tpmt_without_function_is_never_below_decreased(name: str) -> None:
    coefficients = {level: term.coefficient for term in RISKS[name].terms for level in term.reading.levels
                    if term.reading.column == "gene.tpmt.phenotype"}  # fmt: skip
    told: dict[tuple[int, ...], set[float]] = {}
    for one in outcomes(KB, "TPMT", "CPIC"):
        ranks = [_rank(function) for function in one.result.functions]
        if None not in ranks and one.result.phenotype:
            told.setdefault(tuple(sorted(r or 0 for r in ranks)), set()).add(
                coefficients.get(one.result.phenotype, 0.0)
            )
    for low, high in itertools.product(told, told):
        if all(a <= b for a, b in zip(low, high, strict=True)):
            assert max(told[low]) <= min(told[high]) + 1e-9, (low, high)


@pytest.mark.parametrize("name", ["warfarin.dose", "warfarin.dose_gage"])
def test_other_alleles_of_cyp2c9_count_by_their_activity(name: str) -> None:
    told = {"*1/*1": None, "*1/*5": "*1/*2", "*1/*8": "*1/*2", "*1/*6": "*1/*3", "*5/*6": "*2/*3", "*6/*6": "*3/*3"}
    columns = {"gene.vkorc1.diplotype": ["rs9923231 reference (C)/rs9923231 variant (T)"], "clinical.age": [60]}
    dose = {d: _scores(name, **{"gene.cyp2c9.diplotype": [d]}, **columns)["estimate"][0]
            for d in {*told, *filter(None, told.values())}}  # fmt: skip
    for diplotype, like in told.items():
        assert like is None or dose[diplotype] == pytest.approx(dose[like]), diplotype
        assert like is None or dose[diplotype] < dose["*1/*1"]


def test_what_matters_to_warfarin_and_is_not_in_the_estimate_is_said() -> None:
    columns = {"gene.vkorc1.diplotype": ["rs9923231 reference (C)/rs9923231 variant (T)"] * 2, "clinical.age": [60] * 2,
               "gene.cyp2c9.diplotype": ["*1/*1"] * 2, "medication.fluconazole": [True, False],
               "condition.liver_disease": [None, True]}  # fmt: skip
    one, two = (set(flags) for flags in _scores("warfarin.dose", **columns)["flags"].to_list())
    assert "refused:interaction_not_counted" in one - two, "fluconazole acts on it more than the estimate could say"
    assert "left_out:condition.liver_disease" in two - one


def test_each_gap_names_an_endpoint_and_a_feature() -> None:
    gaps = KB.table("estimate_gaps")
    assert set(gaps["endpoint"]) <= set(ENDPOINTS)
    assert set(gaps["feature"]) <= set(pgx.kb.features()["name"])
    said = {(name, term.reading.column) for name, one in ENDPOINTS.items() for term in one.terms}
    assert not said & set(gaps.select("endpoint", "feature").iter_rows()), "what is in the estimate is no gap"
