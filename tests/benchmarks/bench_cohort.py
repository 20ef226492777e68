"""What a cohort run costs: processor time a person, memory of all its processes, and how both grow with the persons.

Run: ``python -m tests.benchmarks.bench_cohort [--persons N]``. The persons are made up: a BCF of positions, unphased,
3 % of genotypes missing, all genes, five drugs each. A run of N and one of 2N, of blocks of the same size, are compared;
ends 1 if twice the persons take more than `MOST_TIME` the time or `MOST_MEMORY` the memory. The sizes that the budgets
speak of are measured with ``--persons 50000``.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pgx
from pgx import knowledge
from pgx.cohort.plan import BLOCK
from tests.outside import ROOT

PERSONS = 2_000
DRUGS = 5
MISSING = 0.03
BLOCKS = 4
"""Blocks of the smaller run at least: with fewer, memory would grow with the size of a block."""
MOST_TIME = 2.1
MOST_MEMORY = 1.2
BUDGET_MS = 7.2
"""Processor time a person of 100,000 persons in six minutes on two cores. Printed, not judged: machines differ."""
EVERY = 0.2
"""Seconds between two looks at the memory."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run took; `peak` is the largest sum of the processes' proportional memory in MB, 0 where /proc is absent."""

    persons: int
    waited: float
    worked: float
    peak: float

    def __str__(self) -> str:
        return (
            f"{self.persons:8,} persons: {self.persons / self.waited:7.0f} persons/s, "
            f"{self.worked / self.persons * 1000:5.2f} ms of processor a person, peak {self.peak:5.0f} MB"
        )


def descendants(pid: int) -> list[int]:
    """Return a process and all that it started, those that ended meanwhile left out."""
    pids = [pid]
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            pids += [one for child in listed.read_text().split() for one in descendants(int(child))]
        except OSError:
            continue
    return pids


def proportional_memory(pid: int) -> int:
    """Return the proportional set size of a process in kB: pages that processes share count once between them."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def measure(command: list[str], persons: int) -> Cost:
    """Run a command and return what it and its processes took."""
    begun, peak = time.monotonic(), 0
    process = subprocess.Popen(command, cwd=ROOT)
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        peak = max(peak, sum(map(proportional_memory, descendants(process.pid))))
        time.sleep(EVERY)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(persons, time.monotonic() - begun, usage.ru_utime + usage.ru_stime, peak / 1024)


def write_persons(folder: Path, persons: int, seed: int = 1) -> tuple[Path, Path]:
    """Write genotypes and a history of made-up persons; return both files. The first persons of a seed stay the same."""
    vcf, clinical = folder / f"{persons}.bcf", folder / f"{persons}.five.csv"
    pgx.cohort.simulate(persons, vcf, seed=seed, missing=MISSING, unphased=True)
    drugs = sorted(set(knowledge.load().table("recommendations")["drug"]))
    draw = random.Random(seed)
    with (folder / f"{persons}.clinical.csv").open() as drawn, clinical.open("w") as written:
        rows = csv.DictReader(drawn)
        table = csv.DictWriter(written, list(rows.fieldnames or ()))
        table.writeheader()
        table.writerows({**row, "medications": ";".join(draw.sample(drugs, DRUGS))} for row in rows)
    return vcf, clinical


def run(folder: Path, persons: int, block: int) -> Cost:
    """Measure the run of so many persons."""
    vcf, clinical = write_persons(folder, persons)
    command = [
        sys.executable, "-m", "pgx.cli.main", "cohort", "run", str(vcf), "-c", str(clinical),
        "-o", str(folder / f"cohort-{persons}"), "--block-size", str(block), "-q",
    ]  # fmt: skip
    return measure(command, persons)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, default=PERSONS, help="persons of the smaller run (default %(default)s)")
    persons = parser.parse_args().persons
    block = min(BLOCK, max(1, persons // BLOCKS))
    with tempfile.TemporaryDirectory() as name:
        once, twice = run(Path(name), persons, block), run(Path(name), 2 * persons, block)
    print(f"blocks of {block:,} persons\n{once}\n{twice}")
    each = (twice.worked - once.worked) / persons * 1000
    print(f"one person more: {each:.2f} ms of processor ({BUDGET_MS:g} ms are six minutes for 100,000 on two cores)")
    time_ratio = twice.worked / once.worked
    print(f"twice the persons: {time_ratio:.2f} x the processor time (at most {MOST_TIME:g} x)")
    if not once.peak:
        print("twice the persons: memory was not measured, as this system has no /proc/PID/smaps_rollup")
        return int(time_ratio > MOST_TIME)
    memory_ratio = twice.peak / once.peak
    print(f"twice the persons: {memory_ratio:.2f} x the memory (at most {MOST_MEMORY:g} x)")
    return int(time_ratio > MOST_TIME or memory_ratio > MOST_MEMORY)


if __name__ == "__main__":
    sys.exit(main())
