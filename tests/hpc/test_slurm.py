"""The start for Slurm on a real cluster of one node: the same bytes as one process, also when a task is lost.

`make test-hpc` runs it. It needs root, Debian's ``slurm-wlm`` and ``munge``, and is skipped without them.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import pgx
from tests.cohort.cohorts import PEOPLE, content, write_inputs
from tests.outside import ROOT

NEEDED = ("sbatch", "slurmctld", "slurmd", "munged", "setpriv")
SCRIPT = Path(__file__).with_name("slurm.sh")
pytestmark = [
    pytest.mark.hpc,
    pytest.mark.skipif(not all(map(shutil.which, NEEDED)), reason=f"needs {', '.join(NEEDED)}"),
    pytest.mark.skipif(os.geteuid() != 0, reason="a Slurm cluster of one's own is started by root"),
]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[dict[str, str]]:
    """Environment of commands that talk to the cluster."""
    folder = tmp_path_factory.mktemp("slurm")
    for above in (folder, *folder.parents[:3]):
        above.chmod(0o755)  # munged runs as its own user
    started = subprocess.run(["sh", str(SCRIPT), "start", str(folder)], capture_output=True, text=True, check=False)
    try:
        if started.returncode != 0:
            pytest.skip(f"Slurm does not start here: {started.stderr.strip()[-200:]}")
        program = folder / "bin" / "pgx"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m pgx.cli.main "$@"\n')
        program.chmod(0o755)
        path = os.pathsep.join([str(program.parent), str(Path(sys.executable).parent), os.environ["PATH"]])
        yield {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "SLURM_CONF": str(folder / "slurm.conf")}
    finally:
        subprocess.run(["sh", str(SCRIPT), "stop", str(folder)], check=False)


@pytest.fixture(scope="module")
def one_process(tmp_path_factory) -> tuple[Path, dict[str, bytes]]:
    folder = tmp_path_factory.mktemp("one")
    sheet = write_sheet(folder)
    with contextlib.chdir(folder):  # notes name files as they were given
        pgx.cohort.run(out="cohort", sheet=sheet.name, block_size=1, threads=1)
    return folder, content(folder / "cohort")


def write_sheet(folder: Path) -> Path:
    write_inputs(folder)
    rows = [f"{name},all.vcf,ward.csv" for name in PEOPLE]
    (folder / "people.csv").write_text("\n".join(["sample,vcf,clinical", *rows]) + "\n")
    return folder / "people.csv"


def settled(cluster: dict[str, str], jobs: list[str], seconds: float = 900) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        listed = subprocess.run(["squeue", "-h", "-o", "%T", "-j", ",".join(jobs)], env=cluster, capture_output=True,
                                text=True, check=False).stdout.split()  # fmt: skip
        if not set(listed) & {"PENDING", "RUNNING", "COMPLETING", "CONFIGURING", "REQUEUED"}:
            return
        time.sleep(1)
    pytest.fail(f"the jobs {jobs} do not end: {listed}")


def prepared(folder: Path, shards: int) -> Path:
    pgx.cohort.example("slurm", folder)
    write_sheet(folder)
    config = (folder / "config.sh").read_text()
    for before, after in (
        ("SHARDS=10", f"SHARDS={shards}"), ("MEMORY=3G", "MEMORY=900M"), ("CPUS=2", "CPUS=1"),
        ('OPTIONS=""', 'OPTIONS="--block-size 1"'),
    ):  # fmt: skip
        assert before in config
        config = config.replace(before, after)
    (folder / "config.sh").write_text(config)
    return folder


def submit(folder: Path, cluster: dict[str, str]) -> list[str]:
    done = subprocess.run(["sh", "submit.sh"], cwd=folder, env=cluster, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    listed = subprocess.run(["squeue", "-h", "-o", "%A"], env=cluster, capture_output=True, text=True, check=True)
    return sorted(set(listed.stdout.split()))


def test_an_array_of_ten_gives_the_bytes_of_one_process(cluster, one_process, tmp_path):
    folder = prepared(tmp_path, 10)
    settled(cluster, submit(folder, cluster))
    assert (folder / "cohort" / "manifest.json").is_file(), [p.read_text()[-500:] for p in folder.glob("logs/*.log")]
    assert content(folder / "cohort") == one_process[1]


def test_a_task_that_is_lost_is_submitted_again(cluster, one_process, tmp_path):
    folder = prepared(tmp_path, 2)
    (folder / "logs").mkdir()
    first = subprocess.run(["sbatch", "--parsable", "--array=1-2", "--mem=900M", "shard.sh"], cwd=folder, env=cluster,
                           capture_output=True, text=True, check=True).stdout.strip()  # fmt: skip
    deadline = time.monotonic() + 300
    while not list(folder.glob("cohort/calls/*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.2)
    subprocess.run(["scancel", "--signal=KILL", "--full", f"{first}_2"], env=cluster, check=True)
    settled(cluster, [first])
    again = subprocess.run(["sbatch", "--parsable", "--array=1-2", "--mem=900M", "shard.sh"], cwd=folder, env=cluster,
                           capture_output=True, text=True, check=True).stdout.strip()  # fmt: skip
    settled(cluster, [again])
    pgx.cohort.merge(folder / "cohort", folder / "cohort")
    assert content(folder / "cohort") == one_process[1]


def test_snakemake_hands_the_shards_to_slurm(cluster, one_process, tmp_path):
    program = shutil.which("snakemake", path=cluster["PATH"])
    if program is None:
        pytest.skip("needs snakemake 9 and snakemake-executor-plugin-slurm")
    pgx.cohort.example("snakemake", tmp_path)
    write_sheet(tmp_path)
    config = (tmp_path / "config.yaml").read_text().replace("--quiet", "--block-size 1 --quiet")
    (tmp_path / "config.yaml").write_text(config.replace("mem_mb: 3000", "mem_mb: 900"))
    done = subprocess.run(
        [program, "--profile", "profile", "--slurm-no-account", "--slurm-status-command", "squeue",
         "--default-resources", "mem_mb=900", "runtime=30"],
        cwd=tmp_path, env=cluster, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert content(tmp_path / "cohort") == one_process[1]
