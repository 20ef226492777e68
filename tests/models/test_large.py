"""Cohorts of many rows: read in blocks, chosen for by a sample, fitted on all rows; the model is that of one piece."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pgx.knowledge import KnowledgeBase
from pgx.models.cohort import cohort, tables
from pgx.models.cohort.cohort import Roles
from pgx.models.cohort.simulation import Truth, simulate
from pgx.models.evidence import endpoints
from pgx.models.fitting import boost, fit, linear
from pgx.models.fitting.boost import Floats, Settings
from pgx.models.store.folder import Model
from pgx.models.training import large
from pgx.models.training import train as training
from tests.sizes import size

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
    """Several blocks of rows, for reading the table and for the linear part."""
    monkeypatch.setattr(tables, "_BLOCK", 9_000)
    monkeypatch.setattr(linear, "_BLOCK", 700)


def _whole_and_in_blocks(
    endpoint: str, table: pl.DataFrame | Path, kb: KnowledgeBase, out_dir: Path | None = None
) -> tuple[Model, Model]:
    """The model of a cohort loaded whole, and of the same one beyond the limit; a sample of all rows chooses there."""
    places = [out_dir / name if out_dir else None for name in ("whole", "blocks")]
    whole = training.train(endpoint, table, places[0], kb, settings=SMALL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(large, "LIMIT", 0)
        return whole, training.train(endpoint, table, places[1], kb, settings=SMALL)


def _margin(model: Model, table: pl.DataFrame, kb: KnowledgeBase) -> Floats:
    other = cohort.load(table, model.endpoint, Roles(), model.features, kb).data
    found = model.linear.margin(other.prior, fit.standardise(other.x, model.center, model.scale))
    if model.trees is not None:
        found = found + boost.margins(boost.open_booster(model.trees), other.x)
    return found


@pytest.mark.parametrize("ending", size(["parquet", "tsv"], long=["frame", "parquet", "csv", "tsv"]))
@pytest.mark.usefixtures("small_blocks")
def test_blocks_give_the_model_of_the_whole(
    table: pl.DataFrame, kb: KnowledgeBase, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"cohort.{ending}"
    if ending == "parquet":
        table.write_parquet(path, row_group_size=500)
    elif ending != "frame":
        table.write_csv(path, separator="," if ending == "csv" else "\t")
    given = table if ending == "frame" else path
    inside, outside = _whole_and_in_blocks(NAME, given, kb, tmp_path)
    assert outside.trees is not None
    assert np.abs(_margin(inside, table, kb) - _margin(outside, table, kb)).max() < 1e-5
    one, two = inside.facts, outside.facts
    for key in ("n", "persons", "events", "sites", "left_out", "missing", "groups", "trees", "candidate_weights"):
        assert one["training"][key] == two["training"][key], key
    assert [f["low"] for f in one["parameters"]["features"]] == [f["low"] for f in two["parameters"]["features"]]
    assert one["parameters"]["reference"] == two["parameters"]["reference"]
    assert "The cohort is large" in (tmp_path / "blocks" / "card.md").read_text(encoding="utf-8")
    assert {path.name for path in (tmp_path / "blocks").iterdir()} == {"model.json", "trees.json", "card.md"}


@pytest.mark.usefixtures("small_blocks")
def test_a_dose_and_its_intervals(kb: KnowledgeBase) -> None:
    table = simulate(endpoints.get(kb, DOSE), 1200, truth=Truth(shift=0.5), seed=2)
    inside, outside = _whole_and_in_blocks(DOSE, table, kb)
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
    inside, outside = (model.facts for model in _whole_and_in_blocks(NAME, odd, kb))
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
    whole, model = _whole_and_in_blocks(NAME, long, kb)
    said = model.facts["training"]
    assert said["n"] == 3600 and said["persons"] == 3000 and said["sample"]["rows"] < 1600
    assert said["events"] == table["outcome"].sum()
    y = test["outcome"].to_numpy()
    losses = [float(fit.loss(y, _margin(one_, test, kb), "logit").mean()) for one_ in (model, whole)]
    assert losses[0] <= losses[1] + 0.004


def test_few_events_are_drawn_more_often_and_weighed_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "SAMPLE", 5_000)
    monkeypatch.setattr(large, "RARE", 1_000)
    rng = np.random.default_rng(1)
    y, groups = (rng.random(50_000) < 0.01).astype(float), np.arange(50_000)
    rows, weight = large.draw(y, groups, "logit", 1)
    assert weight is not None
    assert y[rows].sum() == y.sum() and 4_900 <= rows.sum() <= 5_100
    assert set(weight[y > 0.5]) == {1.0}
    assert fit.mean(y[rows], weight[rows]) == pytest.approx(y.mean(), rel=1e-6)
    rows, weight = large.draw((rng.random(50_000) < 0.4).astype(float), groups, "logit", 1)
    assert weight is None and 4_900 <= rows.sum() <= 5_100
    again, _ = large.draw(y, groups, "logit", 1)
    other, _ = large.draw(y, groups, "logit", 2)
    assert (again == large.draw(y, groups, "logit", 1)[0]).all() and (again != other).any()


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
    table = simulate(one, 400, seed=2).with_columns(**{"lab.albumin": (pl.int_range(400) / 7).shuffle(3)})
    own, added = (cohort.load(table, one, Roles(others=others)) for others in (False, True))
    assert "lab.albumin" not in {feature.name for feature in own.features}
    names = {feature.name for feature in added.features}
    assert names > {feature.name for feature in own.features} and "lab.albumin" in names
