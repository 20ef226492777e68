"""Cohorts that stay on disk: the same model as in memory, in many blocks, resumable, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import xgboost

from pgx.errors import InputError, UsageError
from pgx.knowledge import KnowledgeBase
from pgx.models.cohort import cohort, tables
from pgx.models.cohort.cohort import Roles
from pgx.models.cohort.simulation import Truth, simulate
from pgx.models.evidence import endpoints
from pgx.models.fitting import blocks, boost, fit, linear, work
from pgx.models.fitting.boost import Floats, Settings
from pgx.models.store.folder import Model
from pgx.models.training import large
from pgx.models.training import train as training

NAME, DOSE = "clopidogrel.mace", "warfarin.dose"
SMALL = Settings(max_trees=60)


@pytest.fixture(scope="module")
def table(kb: KnowledgeBase) -> pl.DataFrame:
    return _bent(kb, 3000, 3)


def _bent(kb: KnowledgeBase, n: int, seed: int) -> pl.DataFrame:
    """A cohort in which trees help: both low and high values of a marker are a risk."""
    table = simulate(endpoints.get(kb, NAME), n, truth=Truth(nuisance=2), seed=seed)
    away = np.abs((table["lab.marker"].to_numpy() - 5) / 2)
    risk = 1 / (1 + np.exp(-(2.5 * (away - 1.2) + 0.4 * (table["clinical.age"].to_numpy() > 65))))
    return table.with_columns(outcome=pl.Series((np.random.default_rng(seed).random(n) < risk).astype(float)))


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several blocks of rows, for reading the table and for xgboost."""
    monkeypatch.setattr(tables, "_BLOCK", 9_000)
    monkeypatch.setattr("pgx.models.fitting.external.BLOCK", 40_000)
    monkeypatch.setattr(linear, "_BLOCK", 700)


def _margin(model: Model, table: pl.DataFrame, kb: KnowledgeBase) -> Floats:
    other = cohort.load(table, model.endpoint, Roles(), model.features, kb).data
    found = model.linear.margin(other.prior, fit.standardise(other.x, model.center, model.scale))
    if model.trees is not None:
        found = found + boost.margins(boost.open_booster(model.trees), other.x)
    return found


@pytest.mark.parametrize("ending", ["frame", "parquet", "csv", "tsv"])
@pytest.mark.usefixtures("small_blocks")
def test_rows_on_disk_give_the_model_of_rows_in_memory(
    table: pl.DataFrame, kb: KnowledgeBase, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"cohort.{ending}"
    if ending == "parquet":
        table.write_parquet(path, row_group_size=500)
    elif ending != "frame":
        table.write_csv(path, separator="," if ending == "csv" else "\t")
    given = table if ending == "frame" else path
    inside = training.train(NAME, given, tmp_path / "inside", kb, settings=SMALL, external=False)
    outside = training.train(NAME, given, tmp_path / "outside", kb, settings=SMALL, external=True)
    assert outside.trees is not None
    assert np.abs(_margin(inside, table, kb) - _margin(outside, table, kb)).max() < 1e-5
    one, two = inside.facts, outside.facts
    for key in ("n", "persons", "events", "sites", "left_out", "missing", "groups", "trees", "candidate_weights"):
        assert one["training"][key] == two["training"][key], key
    assert [f["low"] for f in one["parameters"]["features"]] == [f["low"] for f in two["parameters"]["features"]]
    assert one["parameters"]["reference"] == two["parameters"]["reference"]
    assert "stayed on disk" in (tmp_path / "outside" / "card.md").read_text(encoding="utf-8")
    assert {path.name for path in (tmp_path / "outside").iterdir()} == {"model.json", "model.ubj", "card.md"}


@pytest.mark.usefixtures("small_blocks")
def test_a_dose_and_its_intervals(kb: KnowledgeBase) -> None:
    table = simulate(endpoints.get(kb, DOSE), 1200, truth=Truth(shift=0.5), seed=2)
    inside, outside = (
        training.train(DOSE, table, None, kb, settings=SMALL, external=external) for external in (False, True)
    )
    assert np.abs(_margin(inside, table, kb) - _margin(outside, table, kb)).max() < 1e-5
    assert inside.intervals == outside.intervals


@pytest.mark.usefixtures("small_blocks")
def test_repeated_rows_gaps_and_spellings(table: pl.DataFrame, kb: KnowledgeBase) -> None:
    """What the whole table decides is not decided by a block: persons, words of genes, gaps that tell."""
    gene = "gene.cyp2c19.clinical_phenotype"
    odd = pl.concat([table, table.head(700)]).with_columns(
        pl.when(pl.int_range(3700) < 40).then(pl.lit("grade B")).otherwise(gene).alias(gene),
        pl.when((pl.col("outcome") == 1) & (pl.int_range(3700) % 3 == 0)).then(None).otherwise("lab.marker")
        .alias("lab.marker"),
        pl.when(pl.int_range(3700) < 30).then(None).otherwise("outcome").alias("outcome"),
    )  # fmt: skip
    inside, outside = (
        training.train(NAME, odd, None, kb, settings=SMALL, external=external).facts for external in (False, True)
    )
    assert inside["warnings"] == outside["warnings"]
    assert {"genotype_spelling", "missingness_predicts_outcome"} <= {w["code"] for w in outside["warnings"]}
    for key in ("n", "persons", "left_out", "gaps_filled", "columns_not_used"):
        assert inside["training"][key] == outside["training"][key], key


def test_a_sample_of_persons_chooses_and_all_rows_teach(
    table: pl.DataFrame, kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "SAMPLE", 1500)
    monkeypatch.setattr(large, "RARE", 600)
    test = _bent(kb, 4000, 8)
    long = pl.concat([table, table.head(600)])
    model = training.train(NAME, long, None, kb, settings=SMALL, external=True)
    said = model.facts["training"]
    assert said["n"] == 3600 and said["persons"] == 3000 and said["sample"]["rows"] < 1600
    assert said["events"] == table["outcome"].sum()
    whole = training.train(NAME, long, None, kb, settings=SMALL, external=False)
    y = test["outcome"].to_numpy()
    losses = [float(fit.loss(y, _margin(one_, test, kb), "logit").mean()) for one_ in (model, whole)]
    assert losses[0] <= losses[1] + 0.004


def test_few_events_are_drawn_more_often_and_weighed_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "SAMPLE", 5_000)
    monkeypatch.setattr(large, "RARE", 1_000)
    rng = np.random.default_rng(1)
    y, groups = (rng.random(50_000) < 0.01).astype(float), np.arange(50_000)
    rows, weight = large._draw(y, groups, "logit", 1)
    assert weight is not None
    assert y[rows].sum() == y.sum() and 4_900 <= rows.sum() <= 5_100
    assert set(weight[y > 0.5]) == {1.0}
    assert fit.mean(y[rows], weight[rows]) == pytest.approx(y.mean(), rel=1e-6)
    rows, weight = large._draw((rng.random(50_000) < 0.4).astype(float), groups, "logit", 1)
    assert weight is None and 4_900 <= rows.sum() <= 5_100
    again, _ = large._draw(y, groups, "logit", 1)
    other, _ = large._draw(y, groups, "logit", 2)
    assert (again == large._draw(y, groups, "logit", 1)[0]).all() and (again != other).any()


class _Counter:
    def __init__(self, stop_at: int | None = None) -> None:
        self.calls, self.stop_at, self.train = 0, stop_at, xgboost.train

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        self.calls += 1
        if self.calls == self.stop_at:
            raise KeyboardInterrupt
        return self.train(*arguments, **named)


@pytest.mark.usefixtures("small_blocks")
def test_a_training_that_was_cut_off_goes_on_and_leaves_no_rows(
    table: pl.DataFrame, kb: KnowledgeBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = training.train(NAME, table, tmp_path / "whole", kb, settings=SMALL, external=True)
    train = xgboost.train
    monkeypatch.setattr(xgboost, "train", _Counter(stop_at=7))  # the trees of all rows, after five folds and the sample
    with pytest.raises(KeyboardInterrupt):
        training.train(NAME, table, tmp_path / "cut", kb, settings=SMALL, external=True)
    kept = list((tmp_path / "cut" / work.FOLDER).glob("*.bin"))
    assert len(kept) == 6
    assert len(list((tmp_path / "cut" / work.FOLDER).iterdir())) == 7, "the steps and the marker, no rows"
    monkeypatch.setattr(xgboost, "train", train)
    rest = _Counter()
    monkeypatch.setattr(xgboost, "train", rest)
    model = training.train(NAME, table, tmp_path / "cut", kb, settings=SMALL, external=True, resume=True)
    assert rest.calls == 1 and model.checksum == whole.checksum
    assert not (tmp_path / "cut" / work.FOLDER).exists()


def test_a_plain_kill_removes_the_rows(table: pl.DataFrame, tmp_path: Path) -> None:
    table.write_parquet(tmp_path / "cohort.parquet")
    code = (
        "import time, pgx.models.fitting.external as e; grow = e.grow\n"
        "def slow(*a): print('growing', flush=True); time.sleep(60)\n"
        "e.grow = slow\n"
        "from pgx.cli.main import main; main()"
    )
    command = [sys.executable, "-c", code, "train", NAME, "--cohort", str(tmp_path / "cohort.parquet"),
               "-o", str(tmp_path / "model"), "--external-memory"]  # fmt: skip
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert run.stdout is not None and run.stdout.readline() == "growing\n"
    assert list((tmp_path / "model" / work.FOLDER).glob("rows-*"))
    time.sleep(0.2)
    os.kill(run.pid, signal.SIGTERM)
    _, said = run.communicate(timeout=30)
    assert run.returncode == 130 and "Traceback" not in said
    assert not list((tmp_path / "model" / work.FOLDER).glob("rows-*"))


def test_too_little_room_is_said_before_anything_is_fitted_twice(
    table: pl.DataFrame, kb: KnowledgeBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks.shutil, "disk_usage", lambda place: type("Use", (), {"free": 1_000_000})())
    with pytest.raises(InputError, match=r"need about 0\.1 GB on disk, 0\.0 GB are free"):
        training.train(NAME, table, tmp_path / "model", kb, settings=SMALL, external=True)
    assert not list(tmp_path.rglob("rows-*"))


def test_a_disk_that_fills_up_is_one_line(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with pytest.raises(InputError, match="the disk is full"):
        blocks.write(Path("/dev/full"), iter([np.ones((100_000, 3), dtype=np.float32)]), 3)


def test_tables_above_the_limit_go_to_disk_by_themselves(
    table: pl.DataFrame, kb: KnowledgeBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.write_csv(tmp_path / "cohort.csv")
    assert 0.8 < tables.cells(tmp_path / "cohort.csv") / (table.height * table.width) < 1.2
    monkeypatch.setattr(large, "LIMIT", 1000)
    few = Settings(max_trees=20)
    assert "sample" in training.train(NAME, tmp_path / "cohort.csv", None, kb, settings=few).facts["training"]
    monkeypatch.undo()
    assert "sample" not in training.train(NAME, tmp_path / "cohort.csv", None, kb, settings=few).facts["training"]


def test_what_cannot_be_read_in_blocks(table: pl.DataFrame, kb: KnowledgeBase, tmp_path: Path) -> None:
    table.head(50).write_json(tmp_path / "cohort.json")
    with pytest.raises(UsageError, match="JSON is read whole"):
        training.train(NAME, tmp_path / "cohort.json", None, kb, external=True)
    for name, content in (
        ("empty.csv", b""),
        ("head.csv", b"a,b\n"),
        ("bad.parquet", b"PAR1 no"),
        ("a.csv", b"a,b\n1,2\n"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError):
            training.train(NAME, tmp_path / name, tmp_path / "model", kb, external=True)
        assert not (tmp_path / "model").exists()


def test_blocks_solve_what_one_piece_solves(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(4000, 12)).astype(np.float32)
    x[rng.random(x.shape) < 0.2] = np.nan
    prior = rng.normal(size=4000) - 1
    y = (rng.random(4000) < 1 / (1 + np.exp(-prior - 0.6 * np.nan_to_num(x[:, 0])))).astype(float)
    for weight in (None, rng.uniform(0.2, 3.0, 4000)):
        for link, outcome in (("logit", y), ("sqrt", prior + y)):
            data = fit.Data(prior, x, outcome, np.arange(4000), weight)
            with monkeypatch.context() as patch:
                center, scale = fit.moments(x)
                one = fit.candidate("ridge", data, link, center, scale)
                patch.setattr(linear, "LARGE", 10)
                patch.setattr(linear, "_START", 400)
                assert fit.moments(x)[0] == pytest.approx(center, abs=1e-9)
                two = fit.candidate("ridge", data, link, center, scale)
            assert two.weights == pytest.approx(one.weights, abs=1e-4)
            assert (two.intercept, two.slope) == pytest.approx((one.intercept, one.slope), abs=1e-4)


def test_columns_that_an_endpoint_does_not_name_can_be_added(kb: KnowledgeBase) -> None:
    one = endpoints.get(kb, DOSE)
    table = simulate(one, 400, seed=2).with_columns(**{"lab.albumin": pl.int_range(400).cast(pl.Float64).shuffle(3)})
    own, added = (cohort.load(table, one, Roles(others=others)) for others in (False, True))
    assert "lab.albumin" not in {feature.name for feature in own.features}
    names = {feature.name for feature in added.features}
    assert names > {feature.name for feature in own.features} and "lab.albumin" in names
