"""Published frequencies of phenotypes: those of a gene and group are parts of one whole."""

from __future__ import annotations

import polars as pl

from pgx import knowledge

KB = knowledge.load()
# Rounding of the published tables. No gene and group is left out: a subtotal among the rows shows at once.
ROUNDING = 0.02


def test_phenotypes_of_a_gene_and_group_add_up_to_one():
    sums = KB.table("phenotype_frequencies").group_by("gene", "population").agg(pl.col("frequency").sum())
    assert sums.height >= 40
    assert sums.filter((pl.col("frequency") - 1).abs() > ROUNDING).to_dicts() == []


def test_an_activity_score_is_a_multiple_of_a_quarter():
    scores = set(KB.table("phenotype_frequencies")["activity_score"])
    odd = {one for one in scores if one not in (None, "n/a") and (float(str(one).lstrip("≥")) * 4) % 1}
    assert odd == set()
