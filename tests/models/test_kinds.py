"""Levels and exposures: read, trained, scored and evaluated on the logarithm; the scale of every kind's baseline."""

from __future__ import annotations

import math
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import pgx
from pgx.errors import InputError, UsageError
from pgx.knowledge import load
from pgx.models.evidence import endpoints
from pgx.models.evidence.endpoint_parsing import KINDS, LINKS, parse
from pgx.models.evidence.templates import template


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    (folder / "endpoints").mkdir()
    for kind in KINDS:
        (folder / "endpoints" / f"{kind}.toml").write_text(template(kind), encoding="utf-8")
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_of_every_kind_is_an_endpoint_as_it_stands(site: Path, kind: str) -> None:
    found = [one for one in endpoints.load(load([site])).values() if one.local and one.kind == kind]
    assert len(found) == 1
    assert found[0].link == LINKS.get(kind, "logit")
    assert found[0].setting and found[0].horizon and found[0].population
    assert pgx.kb.endpoint_template(kind) == template(kind)


def test_an_unknown_kind_has_no_example() -> None:
    with pytest.raises(UsageError, match="one of: dose, level, exposure, response, adverse_effect"):
        template("mood")


def test_a_typical_value_is_in_the_unit_and_a_value_on_the_scale() -> None:
    level, dose = tomllib.loads(template("level")), tomllib.loads(template("dose"))
    read = parse(level, {})
    assert read.baseline == pytest.approx(math.log(350))
    assert read.baseline_se == pytest.approx(math.log(410 / 300) / 2 / 1.959964)
    assert read.terms[0].coefficient == pytest.approx(math.log(2.0))
    assert read.terms[0].se == pytest.approx(math.log(2.7 / 1.5) / 2 / 1.959964)
    assert parse(dose, {}).baseline == pytest.approx(math.sqrt(300))
    other = {**dose, "baseline": {"value": 17.0}}
    assert parse(other, {}).baseline == 17.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"baseline": {"typical": 0}}, "must be above 0"),
        ({"link": "cubic"}, "link 'cubic' is not one of sqrt, log"),
        ({"kind": "dose"}, "a ratio is one of levels or exposures"),
        ({"kind": "mood"}, "kind 'mood' is not one of"),
    ],
)
def test_what_a_level_cannot_be(change: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse({**tomllib.loads(template("level")), **change}, {})


def test_a_level_is_trained_scored_and_evaluated_in_its_unit(site: Path, tmp_path: Path) -> None:
    name = "clozapine.my_level"
    cohort = pgx.simulate(name, 300, seed=4, knowledge=site)
    assert cohort["outcome"].min() > 0  # type: ignore[operator]
    model = pgx.train(name, cohort, tmp_path / "model", knowledge=site)
    assert model.endpoint.kind == "level" and model.endpoint.link == "log"
    card = (tmp_path / "model" / "card.md").read_text(encoding="utf-8")
    assert "in ng/mL; steady state" in card and "interval is that of the patient's level" in card
    persons = cohort.drop("outcome", "site").rename({"person": "sample"})
    scores = pgx.score(features=persons, endpoints=name, model=tmp_path / "model", options=pgx.Options(knowledge=site))
    assert scores["kind"].unique().to_list() == ["level"] and scores["unit"].unique().to_list() == ["ng/mL"]
    assert scores["horizon"].unique().to_list() == ["steady state, before the morning dose"]
    inside = (scores["low"] <= cohort["outcome"]) & (cohort["outcome"] <= scores["high"])
    assert 0.8 < float(inside.mean()) <= 1.0  # type: ignore[arg-type]
    logs = np.log(scores["estimate"].to_numpy() / cohort["outcome"].to_numpy())
    assert abs(float(np.median(logs))) < 0.15
    found = pgx.evaluate(name, cohort, folds=3, knowledge=site)
    assert {"mae", "within_20_percent", "r2", "r2_log"} <= set(found.overall.columns)
    assert found.differences["measure"].unique().to_list() == ["mae_log"]


def test_a_class_that_is_no_event_is_refused_with_the_way_out(site: Path) -> None:
    name = "tramadol.my_adverse_effect"
    cohort = pgx.simulate(name, 60, seed=1, knowledge=site).with_columns(outcome=pl.lit(2))
    with pytest.raises(InputError) as caught:
        pgx.train(name, cohort, knowledge=site)
    assert "an outcome is not 0 or 1" in caught.value.problem and "one endpoint each" in str(caught.value.fix)


def test_a_level_of_nothing_is_refused(site: Path) -> None:
    cohort = pgx.simulate("clozapine.my_level", 60, seed=1, knowledge=site).with_columns(outcome=pl.lit(0.0))
    with pytest.raises(InputError, match="a value of 0 ng/mL or less is not a level"):
        pgx.train("clozapine.my_level", cohort, knowledge=site)


def test_the_command_prints_the_example() -> None:
    command = [sys.executable, "-m", "pgx", "train", "--template", "exposure"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == template("exposure")


@pytest.mark.parametrize("works", [True, False])
def test_a_folder_named_work_below_the_output_is_somebody_elses(site: Path, tmp_path: Path, works: bool) -> None:
    theirs = tmp_path / "model" / "work" / "thesis.txt"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("years")
    name = "clozapine.my_level"
    cohort = pgx.simulate(name, 60, seed=1, knowledge=site)
    if works:
        pgx.train(name, cohort, tmp_path / "model", knowledge=site)
        pgx.evaluate(name, cohort, out=tmp_path / "model", folds=2, repeats=1, knowledge=site)
    else:
        with pytest.raises(InputError):
            pgx.train(name, cohort.drop("outcome"), tmp_path / "model", knowledge=site)
    assert theirs.read_text() == "years"
    assert [path.name for path in theirs.parent.iterdir()] == ["thesis.txt"]
