"""Blocks on a Dask cluster of two processes: the same bytes as the processes of this machine."""

from __future__ import annotations

from pathlib import Path
from threading import Timer
from time import sleep

import pytest

import pgx
from pgx.cohort import dask_crew
from pgx.cohort.dask_worker import do
from pgx.errors import InputError, UsageError
from pgx.pipeline import versions
from tests.cohort.cohorts import content, write_inputs

pytestmark = pytest.mark.hpc


@pytest.fixture(scope="module")
def scheduler():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=2, processes=True, dashboard_address=None, silence_logs=50
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(write_inputs(tmp_path))
    return tmp_path


def run(out: str, **how) -> pgx.cohort.runs.Progress:
    return pgx.cohort.run("all.vcf", out, clinical="ward.csv", block_size=2, **how)


def test_two_workers_give_the_bytes_of_one_process(scheduler, folder):
    run("here", threads=1)
    assert run("there", scheduler=scheduler).done == 7
    assert content(folder / "there") == content(folder / "here")


def test_a_run_begun_here_goes_on_there(scheduler, folder):
    run("whole", threads=1)
    run("begun", threads=1, shard=(1, 2))
    assert run("begun", scheduler=scheduler).resumed > 0
    assert content(folder / "begun") == content(folder / "whole")


@pytest.mark.parametrize(
    ("ends", "told"),
    [("workers", "has had no workers for 2 s"), ("scheduler", "(is gone|has had no workers for 2 s)")],
)
def test_a_run_does_not_wait_for_a_cluster_that_has_gone(folder, monkeypatch, ends, told):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(dask_crew, "_SECONDS_WITHOUT_WORKERS", 2)
    monkeypatch.setattr(dask_crew, "on_worker", lambda *_: sleep(600))
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
    ) as cluster:
        end = (lambda: cluster.scale(0)) if ends == "workers" else cluster.close
        timer = Timer(4, end)
        timer.start()
        with pytest.raises(InputError, match=f"{told}; start it or its workers again; the same command then goes on"):
            run("out", scheduler=cluster.scheduler_address)
        timer.join()


def test_a_worker_of_another_version_refuses(folder):
    first = (None, "digest", None, None)  # nothing of the run is looked at
    kind, number, told = do(first, {**versions(), "pgx": "0.0"}, str(folder), 3)
    assert (kind, number) == ("stop", 3)
    assert "the run has 0.0" in told


def test_no_scheduler_is_one_line(folder):
    with pytest.raises(InputError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        run("out", scheduler="tcp://127.0.0.1:9")


def test_processes_and_a_cluster_at_once_are_refused(folder):
    with pytest.raises(UsageError, match="has its own workers"):
        run("out", scheduler="tcp://127.0.0.1:9", threads=2)
