"""Tuning is repeatable and keeps what is not beaten."""

from __future__ import annotations

import builtins
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pgx.errors import UsageError
from pgx.knowledge import KnowledgeBase
from pgx.models.cohort.simulation import Truth, simulate
from pgx.models.evidence import endpoints
from pgx.models.fitting import boost, fit
from pgx.models.training.train import train

ENDPOINT = "clopidogrel.mace"
SMALL = boost.Settings(max_trees=40)


@pytest.fixture(scope="module")
def table(kb: KnowledgeBase) -> pl.DataFrame:
    return simulate(endpoints.get(kb, ENDPOINT), 500, events=150, truth=Truth(covariate=1.0), seed=3)


def _files(place: Path) -> dict[str, bytes]:
    return {str(path.relative_to(place)): path.read_bytes() for path in sorted(place.rglob("*")) if path.is_file()}


def test_tuning_is_repeatable_and_recorded(table: pl.DataFrame, kb: KnowledgeBase, tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    said: list[str] = []
    first = train(ENDPOINT, table, tmp_path / "one", kb, settings=SMALL, tune=3, say=said.append)
    train(ENDPOINT, table, tmp_path / "two", kb, settings=SMALL, tune=3)
    assert _files(tmp_path / "one") == _files(tmp_path / "two")
    assert sum("try " in line and " of 3: loss" in line for line in said) == 3
    assert first.facts["training"]["settings"]["max_trees"] == 40


def test_tuning_needs_optuna_and_more_than_one_try(
    table: pl.DataFrame, kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="2 or more"):
        train(ENDPOINT, table, None, kb, tune=1)
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name == "optuna":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.delitem(sys.modules, "optuna", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=r"pgx-cli\[tune\]"):
        train(ENDPOINT, table, None, kb, tune=3)


def test_too_few_events_leave_nothing_to_tune(kb: KnowledgeBase) -> None:
    pytest.importorskip("optuna")
    many = simulate(endpoints.get(kb, ENDPOINT), 250, events=50, seed=3)
    few = pl.concat([many.filter(outcome=1).head(fit.BOOSTER_EVENTS - 1), many.filter(outcome=0)])
    said: list[str] = []
    model = train(ENDPOINT, few, None, kb, tune=2, say=said.append)
    assert "too few events for trees: nothing to tune" in said and "settings" not in model.facts["training"]
