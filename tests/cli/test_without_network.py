"""Every command does its work where there is no network: nothing is fetched, and nothing is told to anybody.

They run one after the other, in one process that the system gives a network of its own without any device.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from pgx.cli import main as main_module
from tests.benchmarks.bench_serve import wait
from tests.command import GROUPS

ROOT = Path(__file__).resolve().parents[2]
PERSON = "{examples}/HG00652.GRCh38.vcf.gz -c {examples}/HG00652.clinical.json"
COMMANDS = [
    f"report {PERSON} -o out --no-print --audit log",
    f"report {PERSON} -o later --no-print --format json --medications clopidogrel",
    "call {examples}/HG00652.GRCh38.vcf.gz -o calls.tsv --genes CYP2C9,CYP2C19,VKORC1",
    f"features {PERSON} -o features.tsv",
    "score --features features.tsv -o scores.tsv",
    "check {examples}/HG00652.GRCh38.vcf.gz",
    "check --columns",
    "check --template csv",
    "call {examples}/HG00652.GRCh38.vcf.gz --explain CYP2C19",
    "features --describe",
    "score {examples}/HG00652.GRCh38.vcf.gz --pgs pgs.txt -o sums.tsv",
    "features {examples}/HG00652.GRCh38.vcf.gz --pgs pgs.txt -o columns.tsv",
    "diff out/HG00652.report.json later/HG00652.report.json",
    "exposure metoprolol --genotype CYP2D6=*4/*4",
    "simulate warfarin.dose -n 80 -o cohort.tsv",
    "simulate --vcf people.vcf --samples 2 --seed 1",
    "train --template dose",
    "train warfarin.dose --cohort cohort.tsv -o model",
    "evaluate model --cohort cohort.tsv",
    "monitor inr.tsv --calls calls.tsv",
    "schema calls",
    f"cohort run {PERSON} -o people --threads 2 --drugs clopidogrel",
    "cohort status people",
    "cohort summary people",
    f"cohort run {PERSON} -o shard --shard 1/1 --threads 1 --drugs clopidogrel",
    "cohort merge shard -o merged --verify",
    "cohort init make project",
    "kb info",
    "kb genes",
    "kb flags",
    "kb gene CYP2C19",
    "kb drug clopidogrel",
    "kb allele CYP2C19 *2",
    "kb variant rs4244285",
    "kb positions",
    "kb export tables",
    "kb validate",
    "kb build {facts} -o knowledge",
    "kb diff {knowledge}",
    "models list",
    "models show warfarin.dose",
    "models convert model",
    "audit verify log",
    "serve out --open --port 8080",
]
SCORE = """###PGS CATALOG SCORING FILE
#format_version=2.0
#pgs_id=PGS900001
#genome_build=GRCh38
#variants_number=1
chr_name\tchr_position\teffect_allele\tother_allele\teffect_weight
10\t94781859\tA\tG\t0.5
"""
_KEPT = 500
"""Letters of what a command says that a failure shows."""


def main() -> None:
    """Run each command; print how each ended, and what of the network could be reached."""
    from tests import command  # read where the network is gone

    data = ROOT / "data"
    places = {
        "examples": data / "examples", "knowledge": data / "knowledge", "facts": ROOT / "tests" / "data" / "facts",
    }  # fmt: skip
    ended = {}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "pgs.txt").write_text(SCORE)
        Path(folder, "inr.tsv").write_text("sample\tdate\tinr\tdose\tage\nHG00652\t2026-01-03\t2.5\t35\t60\n")
        for line in COMMANDS:
            arguments = [one.format(**places) for one in line.split()]
            if line.startswith("serve"):
                ended[line] = _served(arguments, folder)
                continue
            done = command.run(*arguments, cwd=Path(folder))
            ended[line] = done.returncode, done.stderr[-_KEPT:]
    devices = [one.split(":")[0].strip() for one in Path("/proc/net/dev").read_text().splitlines()[2:]]
    print(json.dumps({"devices": devices, "ended": ended}))


def _served(arguments: list[str], folder: str) -> tuple[int, str]:
    """Start the service, which needs loopback alone, ask it, and end it."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=False, capture_output=True)
    process = subprocess.Popen([sys.executable, "-m", "pgx.cli.main", *arguments], cwd=folder)
    try:
        wait(8080, process)
    finally:
        process.terminate()
    return process.wait(timeout=60), ""


@pytest.fixture(scope="module")
def cut_off() -> dict[str, object]:
    apart = ["unshare", "--user", "--map-root-user", "--net"]
    if shutil.which("unshare") is None or subprocess.run([*apart, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this system lets nobody have a network of their own")
    command = [*apart, sys.executable, "-m", "tests.cli.test_without_network"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_there_is_no_network(cut_off):
    assert cut_off["devices"] == ["lo"]


def test_every_command_is_tried():
    there = set(main_module._COMMANDS) | {
        f"{name} {one.name or one.callback.__name__.rstrip('_').replace('_', '-')}"
        for name, app in zip(main_module._GROUPS, GROUPS, strict=True)
        for one in app.registered_commands
    }
    assert {name for name in there if not any(f"{line} ".startswith(f"{name} ") for line in COMMANDS)} == set()


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_needs_no_network(cut_off, line):
    code, said = cut_off["ended"][line]
    assert code == 0, said


if __name__ == "__main__":
    main()
