"""A phenotype that is neither a term's nor the baseline's is unknown: it never scores as the baseline."""

from __future__ import annotations

import polars as pl
import pytest

from pgx import models
from pgx.knowledge import KnowledgeBase
from pgx.models.evidence import baseline_levels, endpoints
from pgx.reports.page.score import not_usable_because
from tests.models.test_unknown import ENDPOINTS, normal

TACROLIMUS = "tacrolimus.exposure"


def scored(kb: KnowledgeBase, name: str, column: str, word: str, **more: object) -> dict[str, object]:
    row = normal(name, kb) | {column: word} | more
    return models.score(pl.DataFrame([row]), kb, endpoints=[name])[0].row(0, named=True)


@pytest.mark.parametrize(
    ("name", "column", "word"),
    [
        (TACROLIMUS, "gene.cyp3a5.phenotype", "Possible Intermediate Metabolizer"),
        (TACROLIMUS, "gene.cyp3a5.phenotype", "Ultrarapid Metabolizer"),
        ("isoniazid.exposure", "gene.nat2.phenotype", "Normal Metabolizer"),
        ("isoniazid.exposure", "gene.nat2.phenotype", "Ultrarapid Metabolizer"),
        ("clopidogrel.mace", "gene.cyp2c19.clinical_phenotype", "Possible Intermediate Metabolizer"),
        ("simvastatin.myopathy", "gene.slco1b1.phenotype", "Normal Metabolizer"),
    ],
)
@pytest.mark.parametrize("more", [{}, {"scenario": 0, "weight": 1.0}], ids=["table", "scenarios"])
def test_a_word_without_a_figure_gives_no_number_and_says_why(kb, name, column, word, more) -> None:
    row = scored(kb, name, column, word, **more)
    gene = column.split(".")[1].upper()
    assert not row["usable"] and row["estimate"] is None and row["category"] == "refused"
    assert {f"phenotype_unplaced:{gene}", "refused:genotype_unknown"} <= set(row["flags"])
    assert not_usable_because(row["flags"]).startswith(f"no figure for this phenotype of {gene}")


@pytest.mark.parametrize(
    ("name", "column", "word"),
    [
        (TACROLIMUS, "gene.cyp3a5.phenotype", "Poor Metabolizer"),
        (TACROLIMUS, "gene.cyp3a5.phenotype", "Intermediate Metabolizer"),
        ("isoniazid.exposure", "gene.nat2.phenotype", "Intermediate Metabolizer"),
        ("clopidogrel.mace", "gene.cyp2c19.clinical_phenotype", "Ultrarapid Metabolizer"),
        # Between two levels that both belong to the baseline.
        ("escitalopram.switch", "gene.cyp2c19.clinical_phenotype", "Likely Intermediate Metabolizer"),
    ],
)
def test_a_term_and_the_baseline_keep_their_number(kb, name, column, word) -> None:
    row = scored(kb, name, column, word)
    assert row["usable"] and not any(flag.startswith("phenotype_unplaced") for flag in row["flags"])


def test_one_persons_word_costs_nobody_else_the_number(kb: KnowledgeBase) -> None:
    words = ["Poor Metabolizer", "Possible Intermediate Metabolizer", "Normal Metabolizer"]
    rows = [normal(TACROLIMUS, kb) | {"sample": word, "gene.cyp3a5.phenotype": word} for word in words]
    found = models.score(pl.DataFrame(rows), kb, endpoints=[TACROLIMUS])[0]
    assert found["usable"].to_list() == [True, False, True]


def test_every_phenotype_that_terms_read_has_a_baseline_word(kb: KnowledgeBase) -> None:
    for name in ENDPOINTS:
        one = endpoints.get(kb, name)
        read = {t.reading.column for t in one.terms if t.reading.kind == "level" and "phenotype" in t.reading.column}
        assert set(baseline_levels.of(one, kb)) == read == set(one.baseline_levels), name
