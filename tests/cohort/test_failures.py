"""What fails costs only what is bad: a person, a block; a full disk or a kill costs time alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import pgx
from pgx.cohort.crew import Crew
from pgx.cohort.folder import Folder
from tests.cohort.cohorts import PEOPLE, content, table, write_inputs
from tests.hpc.kills import seconds_of, start, trial
from tests.sizes import size

KILLED_PROCESS = 6


@pytest.fixture
def broken(inputs, tmp_path):
    """The same persons, one of whom has a genotype that no reader can make sense of."""
    lines = (inputs / "all.vcf").read_text().splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("chr10\t"))
    cells = lines[at].split("\t")
    cells[9 + PEOPLE.index("Q4")] = "0/9:30"
    lines[at] = "\t".join(cells)
    (tmp_path / "broken.vcf").write_text("\n".join(lines) + "\n")
    return tmp_path / "broken.vcf"


def test_a_person_who_fails_stops_nobody(broken, inputs, whole, tmp_path, pgx_command):
    out = tmp_path / "out"
    done = pgx_command(
        "cohort", "run", broken, "-c", inputs / "ward.csv", "-o", out, "--block-size", "3", "--threads", "1"
    )
    assert done.returncode == 4, done.stderr
    assert "failures.tsv" in done.stderr
    rows = [line.split("\t") for line in (out / "failures.tsv").read_text().splitlines()[1:]]
    assert [(row[0], row[2]) for row in rows] == [("Q4", "person_failed")]
    others = table(whole, "judgements").filter(sample="Q4").height
    assert others and table(out, "judgements").filter(sample="Q4").is_empty()
    for name in ("calls", "features", "judgements", "scores"):
        expected = table(whole, name)
        assert table(out, name).equals(expected.filter(expected["sample"] != "Q4")), name


def test_a_merge_of_shards_that_lost_a_result_ends_as_they_do(broken, tmp_path, pgx_command):
    for shard in ("1", "2"):
        given = ("cohort", "run", broken, "-o", shard, "--shard", f"{shard}/2", "--block-size", "3", "--threads", "1")
        assert pgx_command(*given, "--tables", "calls").returncode in (0, 4)
    done = pgx_command("cohort", "merge", "1", "2", "-o", "merged")
    assert done.returncode == 4 and "1 results lost" in done.stderr
    assert "Q4\t" in (tmp_path / "merged" / "failures.tsv").read_text()


def test_a_medicine_that_is_not_known_is_told_at_the_end(inputs, tmp_path, pgx_command):
    (tmp_path / "list.csv").write_text("sample,medications\nQ1,qqzzol\nQ2,warfarin\n")
    given = ("cohort", "run", inputs / "all.vcf", "-c", "list.csv", "-o", "out", "--tables", "notes", "--threads", "1")
    done = pgx_command(*given)
    assert done.returncode == 0 and "warnings on persons: out/notes" in done.stderr
    said = table(tmp_path / "out", "notes").filter(code="drug_unknown")
    assert said["sample"].to_list() == ["Q1"]


def test_clinical_values_that_were_left_out_are_counted_at_the_end(inputs, tmp_path, pgx_command):
    (tmp_path / "ward.csv").write_text("sample,age,weight_kg\nQ1,40,900\nQ2,old,70\nQ3,40,70\n")
    given = ("cohort", "run", inputs / "all.vcf", "-c", "ward.csv", "-o", "out", "--tables", "notes", "--threads", "1")
    for _ in ("begun", "gone on with"):
        done = pgx_command(*given, "--block-size", "2")
        assert done.returncode == 0 and "2 clinical values left out (out/failures.tsv)" in done.stderr


def test_a_shard_names_no_file_that_it_has_not_written(inputs, tmp_path, pgx_command):
    (tmp_path / "ward.csv").write_text("sample,age,medications\nQ1,400,qqzzol\nQ2,40,\n")
    given = ("cohort", "run", inputs / "all.vcf", "-c", "ward.csv", "-o", "out", "--tables", "calls", "--threads", "1")
    done = pgx_command(*given, "--block-size", "2", "--shard", "1/2")
    assert "1 clinical value left out (failures.tsv lists them once the shards are merged)" in done.stderr
    assert " warnings on persons: the table 'notes'" in done.stderr
    assert "out/" not in done.stderr


def test_a_block_whose_process_dies_is_tried_again_alone_and_then_named(inputs, tmp_path, monkeypatch):
    def dying(self, blocks):
        for number in blocks:
            yield ("died", number, "the process ended with -9") if number == 1 else ("done", number, states[number])

    first = pgx.cohort.run(inputs / "all.vcf", tmp_path, block_size=3, threads=1, tables="calls")
    assert first.lost == 0
    folder = Folder(tmp_path)
    digest = json.loads(folder.manifest.read_text())["plan"]
    states = {number: folder.read_state(number, digest) for number in range(3)}
    for number in range(3):
        folder.state(number).unlink()
    monkeypatch.setattr(Crew, "work", dying)
    second = pgx.cohort.run(inputs / "all.vcf", tmp_path, block_size=3, threads=1, tables="calls")
    assert second.lost == 3
    assert (
        "block 1 (3 persons, Q4 to Q6) was not done: the process ended with -9"
        in (tmp_path / "failures.tsv").read_text()
    )


def test_two_runs_do_not_work_in_one_folder(inputs, tmp_path):
    process = start(write_inputs(tmp_path), tmp_path / "out")
    try:
        lock = tmp_path / "out" / ".pgx" / "lock-1-of-1"
        deadline = time.monotonic() + 60
        while not lock.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        given = {"clinical": tmp_path / "ward.csv", "block_size": 2, "reports": "card"}
        with pytest.raises(pgx.cohort.runs.InputError, match="another run is working in this folder"):
            pgx.cohort.run(tmp_path / "all.vcf", tmp_path / "out", **given)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 143


def test_a_run_that_is_disturbed_ends_in_the_same_bytes(tmp_path):
    """A process of a run is killed and the run started anew; `python -m tests.hpc.kills` draws as many as wanted."""
    inputs = write_inputs(tmp_path)
    seconds = seconds_of(inputs, tmp_path / "whole")
    expected = content(tmp_path / "whole")
    assert any(name.startswith("reports/") for name in expected)
    for number in size([KILLED_PROCESS], long=range(12)):
        assert trial(number, 7, inputs, tmp_path, expected, seconds) is None


def test_workers_end_with_the_run(tmp_path):
    process = start(write_inputs(tmp_path), tmp_path / "out")
    deadline = time.monotonic() + 60
    found: list[str] = []
    while not found and time.monotonic() < deadline:
        listed = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=False)
        found = listed.stdout.split()
        time.sleep(0.1)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{pid}").exists() for pid in found) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert found and not [pid for pid in found if Path(f"/proc/{pid}").exists()]


@pytest.mark.parametrize("engine", ["make", "slurm", "snakemake"])
def test_the_start_of_each_engine_is_whole(tmp_path, engine):
    written = pgx.cohort.example(engine, tmp_path)
    assert all(path.is_file() for path in written)
    with pytest.raises(pgx.cohort.runs.InputError, match="is there already"):
        pgx.cohort.example(engine, tmp_path)
    for path in written:
        if path.suffix == ".sh":
            assert subprocess.run(["sh", "-n", str(path)], check=False).returncode == 0
            assert "pgx" in path.read_text() or path.name in ("config.sh", "submit.sh")


def test_the_start_for_make_works(tmp_path):
    pgx.cohort.example("make", tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pgx").write_text(f'#!/bin/sh\nexec {sys.executable} -m pgx.cli.main "$@"\n')
    (tmp_path / "bin" / "pgx").chmod(0o755)
    here = os.pathsep.join([str(tmp_path / "bin"), os.environ["PATH"]])
    home = os.pathsep.join(filter(None, [str(pgx.cohort.starters.TEMPLATES.parents[2]), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PATH": here, "PYTHONPATH": home}
    done = subprocess.run(["make", "-j2"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert table(tmp_path / "cohort", "calls")["sample"].unique().to_list() == ["HG00652"]
