"""The average person is the population's mean, and combined effects are as doubtful as the effect that is kept."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pgx import models
from pgx.knowledge import KnowledgeBase
from pgx.models.cohort.simulation import simulate
from pgx.models.evidence import design, endpoints, population
from pgx.models.evidence.links import linked, logit, measured, natural

RISKS = ("abacavir.hypersensitivity", "azathioprine.leukopenia", "carbamazepine.sjs_ten", "isoniazid.liver_injury",
         "simvastatin.myopathy", "capecitabine.severe_toxicity")  # fmt: skip


@pytest.mark.parametrize("name", RISKS)
def test_the_mean_is_that_of_persons_drawn_from_the_population(kb: KnowledgeBase, name: str) -> None:
    """Persons are drawn by other code (`simulate`), and judged one by one."""
    one = endpoints.get(kb, name)
    table = simulate(one, 40_000, seed=3)
    each = natural(design.prior(design.prepare(table, one), one).margin, one.link)
    error = float(each.std() / np.sqrt(len(each)))
    assert population.mean_of(one) == pytest.approx(float(each.mean()), abs=4 * error + 1e-6)


def test_a_rare_strong_effect_is_most_of_the_mean_risk(kb: KnowledgeBase) -> None:
    one = endpoints.get(kb, "abacavir.hypersensitivity")
    at_the_mean = float(natural(np.array(one.average), one.link))
    assert population.mean_of(one) > 10 * at_the_mean


def test_contributions_still_add_up_and_start_at_the_mean(kb: KnowledgeBase) -> None:
    for name, one in endpoints.load(kb).items():
        start, centres = population.centres(one)
        assert one.baseline == pytest.approx(start - centres.sum(), abs=1e-9), name
        if not one.terms:
            continue
        mean = population.mean_of(one)
        expected = float(linked(np.array(mean), one.link)) if measured(one.link) else logit(mean)
        assert start == pytest.approx(expected, abs=1e-9), name


def test_the_reference_of_a_score_is_the_mean(kb: KnowledgeBase) -> None:
    frame = pl.DataFrame({"sample": ["a"], "gene.hla-b.hla_b_57_01": ["*57:01 negative"]})
    scores, _ = models.score(frame, kb, endpoints=["abacavir.hypersensitivity"])
    one = endpoints.get(kb, "abacavir.hypersensitivity")
    assert scores["reference"][0] == pytest.approx(population.mean_of(one), rel=1e-9)
    assert scores["horizon"][0] == one.horizon and scores["population"][0] == one.population


def _row(kb: KnowledgeBase, name: str, **columns: str) -> dict[str, float]:
    cells = {key.replace("__", "."): [value] for key, value in columns.items()}
    return models.score(pl.DataFrame({"sample": ["a"], **cells}), kb, endpoints=[name])[0].row(0, named=True)


@pytest.mark.parametrize("name", ["capecitabine.severe_toxicity", "fluorouracil.severe_toxicity"])
def test_two_copies_of_a_harmful_allele_are_not_below_a_normal_person(kb: KnowledgeBase, name: str) -> None:
    normal, one, two = (
        _row(kb, name, gene__dpyd__diplotype=text)
        for text in ("Reference/Reference", "Reference/c.1905+1G>A (*2A)", "c.1905+1G>A (*2A)/c.1905+1G>A (*2A)")
    )
    assert two["low"] > normal["low"] and two["low"] >= one["low"] - 1e-9
    assert two["estimate"] == pytest.approx(one["estimate"]) and two["high"] > one["high"]


def test_two_genes_are_as_doubtful_as_the_stronger_one(kb: KnowledgeBase) -> None:
    words = {"gene__tpmt__phenotype": "Intermediate Metabolizer", "gene__nudt15__phenotype": "Normal Metabolizer"}
    other = {"gene__tpmt__phenotype": "Normal Metabolizer", "gene__nudt15__phenotype": "Intermediate Metabolizer"}
    both = {"gene__tpmt__phenotype": "Intermediate Metabolizer", "gene__nudt15__phenotype": "Intermediate Metabolizer"}
    rows = [_row(kb, "azathioprine.leukopenia", **part) for part in (words, other, both)]
    strongest = max(rows[:2], key=lambda row: row["estimate"])
    assert rows[2]["estimate"] == strongest["estimate"]
    assert rows[2]["low"] == pytest.approx(strongest["low"]) and rows[2]["high"] > strongest["high"]


def test_two_hla_alleles_are_as_doubtful_as_the_stronger_one(kb: KnowledgeBase) -> None:
    one = endpoints.get(kb, "carbamazepine.sjs_ten")
    columns = [term.reading.column for term in one.terms]
    sides = [f"{term.reading.text} {word}" for term in one.terms for word in ("positive", "negative")]
    frame = pl.DataFrame({
        "sample": ["first", "second", "both"],
        columns[0]: [sides[0], sides[1], sides[0]],
        columns[1]: [sides[3], sides[2], sides[2]],
    })  # fmt: skip
    scores, _ = models.score(frame, kb, endpoints=[one.name])
    first, second, both = scores.iter_rows(named=True)
    strongest = max((first, second), key=lambda row: row["estimate"])
    assert both["estimate"] == strongest["estimate"]
    assert both["low"] == pytest.approx(strongest["low"]) and both["high"] > strongest["high"]
