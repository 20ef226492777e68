"""Columns that a statistics program writes into Parquet and a CSV cannot hold: categories, and names of any kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pgx.knowledge import KnowledgeBase
from pgx.models.cohort import cohort, tables
from pgx.models.cohort.cohort import Roles
from pgx.models.cohort.simulation import simulate
from pgx.models.evidence import endpoints
from pgx.models.training import large, train

RISK = "tramadol.non_response"
ROWS = 120


def _table(kb: KnowledgeBase, *columns: pl.Series) -> pl.DataFrame:
    return simulate(endpoints.get(kb, RISK), ROWS, events=50, seed=3).with_columns(*columns)


@pytest.mark.parametrize("enum", [False, True])
def test_categories_are_read_as_the_text_that_they_are(kb: KnowledgeBase, tmp_path: Path, enum: bool) -> None:
    words = {
        "ward": [("north", "south", "NA")[i % 3] for i in range(ROWS)],
        "count": [str(i % 12) for i in range(ROWS)],
        "gene.cyp2d6.phenotype": [("Poor Metabolizer", "Normal Metabolizer")[i % 2] for i in range(ROWS)],
    }
    given = _table(kb, *(pl.Series(name, column) for name, column in words.items()))
    kinds = {name: pl.Enum(sorted(set(column))) if enum else pl.Categorical() for name, column in words.items()}
    for name, table in (("text", given), ("categories", given.cast(kinds))):
        table.write_parquet(tmp_path / f"{name}.parquet")
    text, found = (
        cohort.load(tables.read(tmp_path / f"{name}.parquet"), endpoints.get(kb, RISK), Roles(others=True), kb=kb)
        for name in ("text", "categories")
    )
    assert [one.name for one in found.features] == [one.name for one in text.features]
    assert {"ward = north", "count"} <= {one.name for one in found.features}
    np.testing.assert_array_equal(found.data.x, text.data.x)
    np.testing.assert_array_equal(found.data.prior, text.data.prior)
    assert tables.source(tmp_path / "categories.parquet").head.schema["ward"] == pl.String


def test_a_column_called_like_a_pattern_is_left_out_and_stands_for_no_other(kb: KnowledgeBase) -> None:
    rng = np.random.default_rng(2)
    names = ["^lab.*$", "^$", "^none$", "*", "lab.a"]
    table = _table(kb, *(pl.Series(name, rng.normal(size=ROWS)) for name in names))
    taken = cohort.load(table, endpoints.get(kb, RISK), Roles(others=True), kb=kb)
    assert {"*", "lab.a"} <= {one.name for one in taken.features}
    assert {name: taken.unused[name] for name in names[:3]} == dict.fromkeys(names[:3], "its name is a pattern")
    assert not set(names[:3]) & {*taken.frame.columns, *(one.name for one in taken.features)}


def test_a_large_cohort_with_both_is_trained(kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "LIMIT", ROWS // 2)
    ward = pl.Series("ward", [("north", "south")[i % 2] for i in range(ROWS)], dtype=pl.Categorical)
    table = _table(kb, ward, pl.Series("^lab.*$", np.arange(ROWS) / 7))
    model = train.train(RISK, table, None, kb, roles=Roles(others=True))
    assert "ward = north" in {one.name for one in model.features}
