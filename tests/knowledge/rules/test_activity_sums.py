"""What activity scores a person can have: one sum, for a laboratory's result and for a table of features."""

from __future__ import annotations

import pytest

from pgx.knowledge import load
from pgx.knowledge.rules.activity_sums import allele_values, possible_scores
from pgx.models.evidence import gene_meanings
from pgx.phenotypes.outside import reconcile
from pgx.types import MOST_COPIES

KB = load()


def test_two_alleles_add_up_and_several_copies_where_copies_vary() -> None:
    assert possible_scores(KB, "DPYD") == {0.0, 0.5, 1.0, 1.5, 2.0}
    assert possible_scores(KB, "CYP2C19") == frozenset()
    assert allele_values(KB, "CYP2D6") == {0.0, 0.25, 0.5, 1.0}, "*1x2 is two copies, and not one of value 2"
    sums = possible_scores(KB, "CYP2D6")
    assert sums == {quarter / 4 for quarter in range(4 * MOST_COPIES + 1)} - {MOST_COPIES - 0.25}


def test_the_values_of_a_scheme_are_among_those_of_all() -> None:
    for gene in KB.genes:
        for scheme in ("CPIC", "DPWG"):
            assert possible_scores(KB, gene, (scheme,)) <= possible_scores(KB, gene), gene


@pytest.mark.parametrize("gene", ["CYP2C9", "DPYD"])
def test_what_a_table_may_say_a_laboratory_may_say(gene: str) -> None:
    scores = gene_meanings.possible_scores(KB, gene)
    assert scores == [0.0, 0.5, 1.0, 1.5, 2.0]
    for score in scores:
        reconcile.check_score(KB, gene, score, alone=True)
