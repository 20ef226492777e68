"""Disturb a cohort run at random moments, go on with it, and compare every byte with an undisturbed run.

``python -m tests.hpc.kills -n 200 --seed 1`` prints one line a trial and ends with 1 if any byte differs. A run is
killed (the run itself or one of its processes), told to end, or finds no room for a file.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.cohort.cohorts import content, write_inputs
from tests.outside import ROOT

WAYS = ("kill", "end", "kill a process", "full disk")


def command(inputs: Path, out: Path) -> list[str]:
    """The run: blocks of two persons, in two processes."""
    return [
        sys.executable, "-m", "pgx.cli.main", "cohort", "run", str(inputs / "all.vcf"), "-c", str(inputs / "ward.csv"),
        "-o", str(out), "--block-size", "2", "--threads", "2", "--reports", "card", "-q",
    ]  # fmt: skip


def start(inputs: Path, out: Path, most_bytes: int | None = None) -> subprocess.Popen[bytes]:
    # A run without room for a file would leave byte code cut short, and every later run would stumble over it.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(command(inputs, out), cwd=ROOT, stderr=subprocess.DEVNULL, env=environment)
    if most_bytes is not None:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    return process


def seconds_of(inputs: Path, out: Path) -> float:
    """Do the undisturbed run; return how long it takes."""
    begun = time.monotonic()
    assert start(inputs, out).wait() == 0
    return time.monotonic() - begun


def children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(one) for one in listed.read_text().split()] if listed.exists() else []


def disturb(way: str, inputs: Path, out: Path, after: float, draw: random.Random) -> str:
    """Disturb one run; return what became of it."""
    if way == "full disk":
        process = start(inputs, out, most_bytes=draw.choice([500, 5_000, 20_000, 60_000]))
        return f"ended with {process.wait()}"
    process = start(inputs, out)
    time.sleep(after)
    if way == "kill a process" and (found := children(process.pid)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(draw.choice(found), signal.SIGKILL)
    else:
        process.send_signal(signal.SIGTERM if way == "end" else signal.SIGKILL)
    return f"ended with {process.wait()}"


def trial(number: int, seed: int, inputs: Path, folder: Path, expected: dict[str, bytes], seconds: float) -> str | None:
    """Disturb a run up to three times, let it end, and say what differs from the undisturbed one."""
    draw = random.Random(seed * 1_000_003 + number)
    out = folder / f"trial-{number}"
    told = []
    for _ in range(draw.randint(1, 3)):
        way = draw.choice(WAYS)
        told.append(f"{way}: {disturb(way, inputs, out, draw.uniform(0.2, 1.1) * seconds, draw)}")
    code = start(inputs, out).wait()
    if code != 0:
        return f"trial {number} ({'; '.join(told)}): the last run ended with {code}"
    found = content(out)
    wrong = sorted(name for name in {*found, *expected} if found.get(name) != expected.get(name))
    print(f"trial {number}: {'; '.join(told)}: {'differs' if wrong else 'the same bytes'}", flush=True)
    return f"trial {number} ({'; '.join(told)}): {', '.join(wrong[:5])}" if wrong else None


def main() -> int:
    """Run the trials."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        inputs = write_inputs(folder)
        seconds = seconds_of(inputs, folder / "whole")
        expected = content(folder / "whole")
        wrong = [trial(one, given.seed, inputs, folder, expected, seconds) for one in range(given.n)]
    problems = [one for one in wrong if one]
    print("\n".join([*problems, f"{given.n - len(problems)} of {given.n} trials gave the same bytes"]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
