"""What training says of a cohort as a whole: columns that tell the outcome only together, and cohorts without a body."""

from __future__ import annotations

import numpy as np
import polars as pl

from pgx.knowledge import KnowledgeBase
from pgx.models import evaluate
from pgx.models.cohort.cohort import Roles
from pgx.models.training import train

NAME = "clopidogrel.mace"
N = 240


def told_by_three() -> pl.DataFrame:
    """Return a cohort of which nothing is known of sex, age and body; the sum of three columns is the outcome."""
    rng = np.random.default_rng(4)
    parts = rng.normal(size=(N, 3))
    return pl.DataFrame(
        {"gene.cyp2c19.phenotype": ["Normal Metabolizer", "Poor Metabolizer"] * (N // 2)}
        | {f"part{j}": parts[:, j] for j in range(3)}
        | {"lab": rng.normal(size=N), "outcome": (parts.sum(axis=1) > 0.5).astype(int)}
    )


def test_what_columns_tell_only_together_is_warned_of(kb: KnowledgeBase) -> None:
    table = told_by_three()
    model = train.train(NAME, table, None, kb, roles=Roles(others=True))
    said = {one["code"]: one["message"] for one in model.facts["warnings"]}
    assert said["outcome_told_too_well"].startswith(
        "persons who were left out are ordered nearly without error (AUC 0.9"
    )
    verdict = evaluate(NAME, table, kb, roles=Roles(others=True), repeats=1, folds=3).verdict
    assert sum("ordered nearly without error" in line for line in verdict) == 1


def test_an_honest_cohort_without_a_body_is_trained_on_without_that_warning(kb: KnowledgeBase) -> None:
    table = told_by_three().drop("part0")
    model = train.train(NAME, table, None, kb, roles=Roles(others=True))
    assert not {"outcome_told_too_well", "persons_alike"} & {one["code"] for one in model.facts["warnings"]}
