"""Genes that are lists of variants (DPYD): the worst variant of a strand counts, and a loss decides beside the unknown."""

from __future__ import annotations

import pytest

from pgx.knowledge import load
from pgx.knowledge.rules.phenotypes import INDETERMINATE, phenotype_of

KB = load()
LOST, LESS, NORMAL, UNKNOWN = "c.1905+1G>A (*2A)", "c.2846A>T", "c.85T>C (*9A)", "no such variant"


@pytest.mark.parametrize(
    ("first", "second", "score", "phenotype"),
    [
        ((LOST, UNKNOWN), (NORMAL,), 1.0, "Intermediate Metabolizer"),
        ((UNKNOWN, LOST), (LOST,), 0.0, "Poor Metabolizer"),
        ((LOST, UNKNOWN), (LESS,), 0.5, "Poor Metabolizer"),
        ((LOST, LESS), (NORMAL,), 1.0, "Intermediate Metabolizer"),
        ((LESS, NORMAL), (NORMAL,), 1.5, "Intermediate Metabolizer"),
        # Something less than lost may be worse than it seems: the unknown variant may be a loss.
        ((LESS, UNKNOWN), (NORMAL,), None, INDETERMINATE),
        ((NORMAL, UNKNOWN), (NORMAL,), None, INDETERMINATE),
        ((UNKNOWN,), (NORMAL,), None, INDETERMINATE),
        ((), (NORMAL,), None, INDETERMINATE),
    ],
)
def test_a_lost_variant_decides_its_strand_whatever_else_is_on_it(
    first: tuple[str, ...], second: tuple[str, ...], score: float | None, phenotype: str
) -> None:
    for one, other in ((first, second), (second, first)):
        found = phenotype_of(KB, "DPYD", "CPIC", one, other)
        assert (found.activity_score, found.phenotype) == (score, phenotype)


@pytest.mark.parametrize(
    ("novel", "parts", "phenotype"),
    [
        (True, (LOST,), "Intermediate Metabolizer"),
        (True, (LESS,), INDETERMINATE),
        (True, (NORMAL,), INDETERMINATE),
        (False, (NORMAL,), "Normal Metabolizer"),
    ],
)
def test_an_undocumented_base_leaves_only_a_lost_variant_its_word(
    novel: bool, parts: tuple[str, ...], phenotype: str
) -> None:
    assert phenotype_of(KB, "DPYD", "CPIC", parts, (NORMAL,), novel1=novel).phenotype == phenotype
    assert phenotype_of(KB, "DPYD", "CPIC", (NORMAL,), parts, novel2=novel).phenotype == phenotype


def test_without_phase_the_two_worst_variants_of_both_strands_count() -> None:
    same_strand = ((LOST, LESS), (NORMAL,))
    assert phenotype_of(KB, "DPYD", "CPIC", *same_strand, phased=True).activity_score == 1.0
    assert phenotype_of(KB, "DPYD", "CPIC", *same_strand, phased=False).activity_score == 0.5
    assert phenotype_of(KB, "DPYD", "CPIC", (LOST, LOST), (NORMAL,), phased=False).activity_score == 0.0


def test_dpwg_reads_a_strand_the_same_way() -> None:
    assert phenotype_of(KB, "DPYD", "DPWG", (LOST, UNKNOWN), ("Reference",)).phenotype == "Intermediate Metabolizer"
    assert phenotype_of(KB, "DPYD", "DPWG", (LESS, UNKNOWN), ("Reference",)).phenotype == INDETERMINATE
    assert phenotype_of(KB, "DPYD", "DPWG", (LOST,), (UNKNOWN,)).phenotype == INDETERMINATE
