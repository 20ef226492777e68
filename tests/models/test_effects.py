"""Several genetic effects at once, enzymes that other drugs change, and what kind of outcome a number is of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pgx
from pgx import models
from pgx.knowledge import KnowledgeBase
from pgx.models.evidence import design, endpoints
from pgx.models.evidence.endpoint_parsing import odds_ratio
from pgx.models.evidence.links import logit

EXAMPLES = Path(__file__).resolve().parents[2] / "data" / "examples"
HAPB3 = "c.1129-5923C>G, c.1236G>A (HapB3)"
TOXICITY = ["capecitabine.severe_toxicity", "fluorouracil.severe_toxicity"]


def _row(endpoint: str, kb: KnowledgeBase, **columns: object) -> dict[str, object]:
    frame = pl.DataFrame({"sample": ["one"], **{name.replace("__", "."): [value] for name, value in columns.items()}})
    return models.score(frame, kb, endpoints=[endpoint])[0].row(0, named=True)


@pytest.mark.parametrize("endpoint", TOXICITY)
def test_two_variants_are_as_bad_as_the_worse_one_and_the_interval_reaches_to_their_product(
    endpoint: str, kb: KnowledgeBase
) -> None:
    none = _row(endpoint, kb, gene__dpyd__diplotype="Reference/Reference")
    mild = _row(endpoint, kb, gene__dpyd__diplotype=f"Reference/{HAPB3}")
    severe = _row(endpoint, kb, gene__dpyd__diplotype="Reference/c.2846A>T")
    both = _row(endpoint, kb, gene__dpyd__diplotype=f"c.2846A>T/{HAPB3}")
    assert none["estimate"] < mild["estimate"] < severe["estimate"] == both["estimate"]
    assert both["low"] <= severe["low"] and both["high"] > severe["high"]
    one = endpoints.get(kb, endpoint)
    product = one.baseline + sum(t.coefficient for t in one.terms if t.name in ("DPYD c.2846A>T", "DPYD HapB3"))
    assert logit(both["high"]) > product
    assert both["flags"] == ["effects_combined"] and severe["flags"] == []


def test_two_copies_are_several_effects_too(kb: KnowledgeBase) -> None:
    single = _row(TOXICITY[0], kb, gene__dpyd__diplotype=f"Reference/{HAPB3}")
    double = _row(TOXICITY[0], kb, gene__dpyd__diplotype=f"{HAPB3}/{HAPB3}")
    assert double["estimate"] == single["estimate"] and double["high"] > single["high"]
    assert double["flags"] == ["effects_combined"]


def test_effects_in_two_genes_are_not_multiplied(kb: KnowledgeBase) -> None:
    name = "azathioprine.leukopenia"
    poor = {"gene__tpmt__phenotype": "Poor Metabolizer"}
    alone = _row(name, kb, **poor, gene__nudt15__phenotype="Normal Metabolizer")
    both = _row(name, kb, **poor, gene__nudt15__phenotype="Poor Metabolizer")
    other = _row(name, kb, gene__tpmt__phenotype="Normal Metabolizer", gene__nudt15__phenotype="Poor Metabolizer")
    assert both["estimate"] == max(alone["estimate"], other["estimate"])
    assert "effects_combined" in both["flags"]


def test_an_equation_that_was_fitted_as_a_whole_stays_whole(patients: pl.DataFrame, kb: KnowledgeBase) -> None:
    one = endpoints.get(kb, "warfarin.dose")
    assert not design.prior(design.prepare(patients, one), one).combined.any()


def test_a_gene_that_is_not_known_and_not_required_is_no_effect(kb: KnowledgeBase) -> None:
    row = _row("azathioprine.leukopenia", kb, gene__tpmt__phenotype="Poor Metabolizer")
    assert row["flags"] == ["gene_averaged:NUDT15"] and row["usable"]


@given(st.lists(st.tuples(st.floats(-4, 4), st.integers(0, 2)), min_size=1, max_size=5))
def test_the_interval_holds_both_the_largest_effect_and_the_sum(effects: list[tuple[float, int]]) -> None:
    terms = np.array([[size * count for size, count in effects]])
    copies = np.array([[float(count) for _, count in effects]])
    kept, below, above, combined = design._lead(terms, copies)
    assert combined[0] == (copies.sum() > 1)
    total, margin = terms.sum(), kept.sum()
    assert margin - below[0] - 1e-9 <= total <= margin + above[0] + 1e-9
    if combined[0]:
        assert abs(margin) == pytest.approx(max(abs(size) for size, count in effects if count))
    else:
        assert margin == total


def test_a_drug_that_blocks_the_enzyme_counts_as_the_genes_would(kb: KnowledgeBase) -> None:
    name = "tamoxifen.recurrence"
    genes = {"gene__cyp2d6__phenotype": "Normal Metabolizer"}
    poor = _row(name, kb, gene__cyp2d6__phenotype="Poor Metabolizer")
    blocked = _row(name, kb, **genes, gene__cyp2d6__clinical_phenotype="Poor Metabolizer")
    free = _row(name, kb, **genes, gene__cyp2d6__clinical_phenotype="Normal Metabolizer")
    unknown = _row(name, kb, **genes, gene__cyp2d6__clinical_phenotype=None)
    assert blocked["estimate"] == poor["estimate"] > free["estimate"] == unknown["estimate"]
    assert blocked["flags"] == ["phenoconverted:CYP2D6"]
    assert free["flags"] == unknown["flags"] == poor["flags"] == []


def test_an_enzyme_whose_state_is_undecided_is_not_as_its_genes_say(kb: KnowledgeBase) -> None:
    columns = {"gene__cyp2d6__phenotype": "Poor Metabolizer", "gene__cyp2d6__clinical_phenotype": "Indeterminate"}
    assert _row("tamoxifen.recurrence", kb, **columns)["category"] == "refused"


def test_tamoxifen_with_paroxetine_is_taken_as_a_poor_metabolizer_whose_absolute_risk_has_no_source() -> None:
    row = pgx.score(
        EXAMPLES / "HG00118.GRCh37.vcf.gz",
        clinical=[EXAMPLES / "HG00118.clinical.json"],
        endpoints=["tamoxifen.recurrence"],
    ).row(0, named=True)
    assert row["estimate"] is None and "refused:no_absolute_risk" in row["flags"]
    assert "phenoconverted:CYP2D6" in row["flags"]


def test_a_response_is_a_wanted_one(kb: KnowledgeBase) -> None:
    """Everything else that has a probability is something to be avoided."""
    found = {name for name, one in endpoints.load(kb).items() if one.kind == "response"}
    assert found == {"peginterferon_alfa.response", "voriconazole.trough_in_range"}


def test_a_shipped_model_says_the_kind_that_its_endpoint_says(patients: pl.DataFrame, kb: KnowledgeBase) -> None:
    scores, _ = models.score(patients, kb)
    for name, one in endpoints.load(kb).items():
        assert set(scores.filter(pl.col("endpoint") == name)["kind"]) == {one.kind}


def test_a_held_back_end_of_an_interval_does_not_narrow_it(kb: KnowledgeBase) -> None:
    """A risk ratio of 3 (2 to 4) at a risk of 30 % ends at certainty: the lower side tells the width."""
    one = endpoints.get(kb, TOXICITY[0])
    term = next(t for t in one.terms if t.name == "DPYD c.2846A>T")
    low = np.log(odds_ratio("RR", term.low or 0, 0.3))
    assert term.coefficient - 1.959964 * term.se == pytest.approx(low, abs=1e-6)
