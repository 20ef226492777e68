"""Published population models: what is pooled is what the endpoints say, and every figure names its source."""

from __future__ import annotations

import polars as pl
import pytest

import pgx
from pgx.build_data.population_models import LEAST, pool
from pgx.knowledge import load
from pgx.models.evidence import endpoint_checks, endpoints

KB = load()
TABLE = KB.table("population_models")
DRUGS = TABLE["drug"].unique(maintain_order=True).to_list()


@pytest.mark.parametrize("drug", DRUGS)
def test_the_terms_of_the_endpoint_are_what_the_models_pool_to(drug: str) -> None:
    endpoint = endpoints.get(KB, f"{drug}.exposure")
    assert endpoint.evidence == "literature (population models)"
    terms = {term.reading.levels[0]: term for term in endpoint.terms if term.reading.kind == "level"}
    pooled = pool(TABLE.filter(drug=drug))
    assert {one.phenotype for one in pooled} == set(terms)
    for one in pooled:
        assert one.models >= LEAST
        term = terms[one.phenotype]
        assert term.reading.column == f"gene.{one.gene.lower()}.phenotype"
        assert (term.estimate, term.low, term.high) == pytest.approx((one.ratio, one.low, one.high), abs=0.0006)
        assert f"{one.n:,} persons" in term.note or "same" in term.note


def test_one_model_alone_makes_no_term() -> None:
    assert pool(TABLE.filter(model="Passey 2011")) == []


def test_a_model_without_an_interval_has_the_error_of_the_others_scaled_by_its_persons() -> None:
    """Two models that agree: the interval is that of their own errors alone, by hand."""
    rows = pl.DataFrame({
        "model": ["a", "b"], "drug": "d", "gene": "G", "phenotype": "P", "parameter": "clearance",
        "value": [2.0, 2.0], "low": [1.0, None], "high": [4.0, None], "n": [100, 400],
    })  # fmt: skip
    (one,) = pool(rows)
    # log 2 / 1.96 for 100 persons, half of it for 400; weights 0.2 and 0.8.
    se = 0.6931472 / 1.959964 * ((0.2 * 1) ** 2 + (0.8 * 0.5) ** 2) ** 0.5
    assert one.ratio == pytest.approx(0.5)
    assert one.high / one.ratio == pytest.approx(2.718281828 ** (1.959964 * se), rel=1e-5)


def test_every_row_says_where_it_was_read_and_of_how_many_persons() -> None:
    assert TABLE["source"].str.contains(r"^(PMID:\d+|PMC\d+|doi:10\.)").all()
    assert (TABLE["n"] > 0).all() and TABLE["population"].is_not_null().all()


def test_scores_name_the_evidence_and_refuse_whom_the_models_are_not_of() -> None:
    persons = pl.DataFrame({
        "sample": ["none", "one", "two", "azole", "untyped"],
        "gene.cyp3a5.phenotype": ["Poor Metabolizer", "Intermediate Metabolizer", "Normal Metabolizer",
                                  "Intermediate Metabolizer", None],
        "lab.hematocrit": [33.0, 33.0, None, 33.0, 33.0],
        "clinical.age": [40, 40, 40, 40, 40],
        "medication.inhibitor.cyp3a4": ["none", "none", "none", "strong", "none"],
        "medication.inducer.cyp3a4": ["none"] * 5,
    })  # fmt: skip
    scores = pgx.score(features=persons, endpoints="tacrolimus.exposure")
    assert scores["evidence"].unique().to_list() == ["literature (population models)"]
    assert scores["estimate"].to_list()[:3] == pytest.approx([1.67, 1.67 * 0.605, 1.67 * 0.552], rel=1e-3)
    assert scores["usable"].to_list() == [True, True, True, False, False]
    assert scores["flags"].to_list()[2:4] == [["missing:lab.hematocrit"], ["refused:strong_inhibitor_of_cyp3a4"]]
    assert (scores["low"] < scores["estimate"]).drop_nulls().all()


def test_other_words_for_the_evidence_are_refused() -> None:
    raw = {**endpoints.get(KB, "efavirenz.exposure").raw, "evidence": "expert opinion"}
    assert any("population models" in fault for fault in endpoint_checks.before(raw))
