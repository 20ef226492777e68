"""The groups of dose intervals come from a table, and the shipped models have what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pgx import models
from pgx.errors import InputError
from pgx.knowledge import KnowledgeBase
from pgx.models.cohort.simulation import simulate
from pgx.models.evidence import endpoints
from pgx.models.fitting.boost import Settings
from pgx.models.store import folder
from pgx.models.training import interval_groups
from pgx.models.training.interval_groups import interval_group
from pgx.paths import data_dir


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put another table in the place of the product's."""
    (tmp_path / "models").mkdir()
    monkeypatch.setattr(interval_groups, "data_dir", lambda: tmp_path)
    interval_groups._columns.cache_clear()
    yield tmp_path / "models" / interval_groups.TABLE
    interval_groups._columns.cache_clear()


def test_shipped_models_are_grouped_by_the_column_of_the_table() -> None:
    for path in (data_dir() / "models").glob("*/model.json"):
        model = folder.read(path.parent)
        assert model.group == interval_group(model.endpoint.name)


def test_an_endpoint_may_have_a_row_of_its_own(table: Path) -> None:
    table.write_text("endpoint\tcolumn\n*\tclinical.race\nwarfarin.dose\tclinical.sex\n", encoding="utf-8")
    assert interval_group("warfarin.dose") == "clinical.sex"
    assert interval_group("other.dose") == "clinical.race"


def test_a_table_without_a_row_is_said(table: Path) -> None:
    table.write_text("endpoint\tcolumn\nwarfarin.dose\tclinical.sex\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"no column for other\.dose"):
        interval_group("other.dose")


def test_training_takes_its_groups_from_the_table(table: Path, kb: KnowledgeBase) -> None:
    table.write_text("endpoint\tcolumn\n*\tclinical.sex\n", encoding="utf-8")
    cohort = simulate(endpoints.get(kb, "warfarin.dose"), 500, seed=2).drop("site", strict=False)
    cohort = cohort.with_columns(pl.Series("clinical.sex", np.where(np.arange(500) % 2 == 0, "male", "female")))
    model = models.train("warfarin.dose", cohort, None, kb, settings=Settings(max_trees=0))
    assert model.group == "clinical.sex"
    assert set(model.intervals) == {"male", "female", "*"}
