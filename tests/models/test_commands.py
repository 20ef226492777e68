"""The commands, end to end: simulate, train, evaluate, score, models, monitor; and one line for what goes wrong."""

from __future__ import annotations

import subprocess
from pathlib import Path

import polars as pl
import pytest

from pgx.paths import data_dir
from tests import command


def pgx(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return command.run(*arguments)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("cohort") / "cohort.parquet"
    done = pgx("simulate", "simvastatin.myopathy", "-n", "300", "--events", "60", "--leak", "0.9", "-o", place)
    assert done.returncode == 0, done.stderr
    return place


def test_train_then_score_and_evaluate(cohort: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    done = pgx("train", "simvastatin.myopathy", "--cohort", cohort, "-o", model)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "missingness_predicts_outcome" in done.stderr
    assert {path.name for path in model.iterdir()} >= {"model.json", "card.md"}

    persons = tmp_path / "persons.tsv"
    pl.read_parquet(cohort).rename({"person": "sample"}).head(5).write_csv(persons, separator="\t")
    done = pgx("score", "--features", persons, "-e", "simvastatin.myopathy", "--model", model)
    assert done.returncode == 0, done.stderr
    scores = pl.read_csv(done.stdout.encode(), separator="\t")
    assert scores["evidence"].unique().to_list() == ["patients:n=300"]

    done = pgx("evaluate", model, "--cohort", cohort, "-o", tmp_path / "found", "--folds", "3")
    assert done.returncode == 0, done.stderr
    assert {"overall.tsv", "predictions.tsv", "calibration.svg", "decision_curve.svg"} <= {
        path.name for path in (tmp_path / "found").iterdir()
    }


def test_columns_that_are_not_used_are_said_with_the_reason_and_stand_in_the_card(cohort: Path, tmp_path: Path) -> None:
    table, model = tmp_path / "cohort.parquet", tmp_path / "model"
    pl.read_parquet(cohort).with_columns(visit=pl.lit("2024-05-11"), drug=pl.lit("x")).write_parquet(table)
    done = pgx("train", "simvastatin.myopathy", "--cohort", table, "-o", model, "--all-columns")
    assert done.returncode == 0, done.stderr
    assert "pgx: not used: visit (a date)" in done.stderr and "drug (constant)" in done.stderr
    assert "Not used: visit (a date)." in (model / "card.md").read_text().splitlines()


def test_an_evaluation_with_all_columns_learns_from_those_that_the_endpoint_does_not_name(tmp_path: Path) -> None:
    place = tmp_path / "cohort.parquet"
    done = pgx("simulate", "warfarin.dose", "-n", "200", "-o", place)
    assert done.returncode == 0, done.stderr
    cohort = pl.read_parquet(place)
    cohort.with_columns(ward_scale=pl.col("outcome") + 20 * (7 * pl.int_range(pl.len()) % 11) / 11).write_parquet(place)
    error = {}
    for options in ((), ("--all-columns",)):
        done = pgx("evaluate", "warfarin.dose", "--cohort", place, "--folds", "2", *options)
        assert done.returncode == 0, done.stderr
        overall = pl.read_csv(done.stdout.encode(), separator="\t")
        error[options] = overall.row(
            by_predicate=(pl.col("design") == "person") & (pl.col("method") == "product"), named=True
        )["mae"]
    assert error["--all-columns",] < 0.8 * error[()]


def test_models_are_listed_and_shown() -> None:
    listed = pl.read_csv(pgx("models", "list").stdout.encode(), separator="\t")
    evidence = dict(zip(listed["endpoint"], listed["evidence"], strict=True))
    assert evidence["warfarin.dose"].startswith("patients:n=")
    assert evidence["clopidogrel.mace"] == "literature only"
    assert evidence["rasburicase.haemolysis"] == "rule"
    assert "## Performance" in pgx("models", "show", "warfarin.dose").stdout
    done = pgx("models", "convert", data_dir() / "models")
    assert done.returncode == 0 and "nothing to convert" in done.stderr and not done.stdout
    assert "no performance is claimed" in pgx("models", "show", "clopidogrel.mace").stdout


def test_monitor(tmp_path: Path) -> None:
    (tmp_path / "inr.csv").write_text("sample,date,dose,inr\nA,2026-01-05,35,3.4\nA,,35,2\n", encoding="utf-8")
    (tmp_path / "scores.tsv").write_text(
        "sample\tendpoint\testimate\tlow\thigh\nA\twarfarin.dose\t35\t20\t54\n", encoding="utf-8"
    )
    done = pgx("monitor", tmp_path / "inr.csv", "--scores", tmp_path / "scores.tsv")
    assert done.returncode == 0, done.stderr
    assert pl.read_csv(done.stdout.encode(), separator="\t")["advice"].to_list() == ["clinician_today"]
    assert "inr.csv: line 3" in done.stderr
    strict = pgx("monitor", tmp_path / "inr.csv", "--strict")
    assert strict.returncode == 3 and "line 3" in strict.stderr and strict.stderr.count("\n") == 1


@pytest.mark.parametrize(("low", "high"), [("", "54"), ("20", ""), ("", ""), ("nan", "54"), ("x", "54")])
def test_a_score_without_an_end_of_its_interval_is_left_out_and_said(tmp_path: Path, low: str, high: str) -> None:
    (tmp_path / "inr.csv").write_text("sample,date,dose,inr\nA,2026-01-05,35,3.4\n", encoding="utf-8")
    (tmp_path / "scores.tsv").write_text(
        f"sample\tendpoint\testimate\tlow\thigh\nA\twarfarin.dose\t12\t{low}\t{high}\n", encoding="utf-8"
    )
    done = pgx("monitor", tmp_path / "inr.csv", "--scores", tmp_path / "scores.tsv")
    assert (done.returncode, done.stderr.count("is taken as unknown")) == (0, 1), done.stderr
    assert "None" not in done.stderr
    assert done.stdout == pgx("monitor", tmp_path / "inr.csv").stdout


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.tsv", None, "no such file"),
        ("empty.csv", b"", "the file is empty"),
        ("head.csv", b"a,b\n", "no rows"),
        ("bad.parquet", b"PAR1 not really", "not a readable Parquet file"),
        ("odd.xlsx", b"PK", "the ending must be"),
        ("bytes.csv", b"a,b\n\xff\xfe,1\n", "bytes.csv"),
        ("few.csv", b"a,b\n1,2\n", "no outcome column"),
    ],
)
def test_bad_cohorts_end_in_one_line(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = pgx("train", "clopidogrel.mace", "--cohort", tmp_path / name, "-o", tmp_path / "model")
    assert done.returncode in (2, 3), done.stderr
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "model").exists()


def test_wrong_use(cohort: Path, tmp_path: Path) -> None:
    assert pgx("score").returncode == 2
    assert pgx("train", "no.such", "--cohort", cohort, "-o", tmp_path).returncode == 2
    assert pgx("evaluate", "no.such", "--cohort", cohort).returncode == 2
