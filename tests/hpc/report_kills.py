"""Disturb `pgx report` into one folder at random moments: its files are those of one whole run, or of the next.

``python -m tests.hpc.report_kills -n 200 --seed 1`` prints one line a trial and ends with 1 if anything was wrong. Two
histories of one person are reported in turn, so that a file of the one beside files of the other is seen. A run is
killed, told to end, or finds no room for a file; every few runs one is left alone, and must leave its own files and
nothing else. Each run is a process, forked from one that has read the program: most moments are of the work itself.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
from pathlib import Path

from pgx.cli.main import main as program
from pgx.guard.staging import PREFIX
from tests.outside import ROOT

WAYS = ("kill", "kill", "end", "full disk")
EXAMPLES = ROOT / "data" / "examples"
GENOME = EXAMPLES / "HG00652.GRCh38.vcf.gz"
FORMATS = "text,json,tsv,html,card"
Files = dict[str, bytes]


def histories(folder: Path) -> list[Path]:
    """Write two histories of the person: most files differ, some are alike."""
    written = json.loads((EXAMPLES / "HG00652.clinical.json").read_text())
    paths = [folder / "first.json", folder / "second.json"]
    paths[0].write_text(json.dumps(written))
    paths[1].write_text(json.dumps(written | {"weight_kg": 91}))
    return paths


def start(history: Path, out: Path, most_bytes: int | None = None) -> int:
    """Start a run; return its process."""
    pid = os.fork()
    if pid:
        return pid
    with contextlib.suppress(BaseException):
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        sys.dont_write_bytecode = True  # without room it would be cut short, and stop every later run
        if most_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
        sys.argv = ["pgx", "report", str(GENOME), "-c", str(history), "-o", str(out), "-q", "--format", FORMATS]
        try:
            program()
        except SystemExit as end:
            os._exit(end.code if isinstance(end.code, int) else 1)
    os._exit(0)


def wait(pid: int) -> int:
    """Return how a run ended; a signal is negative."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def content(folder: Path) -> tuple[Files, list[str]]:
    """Return the files of a folder, and the names of what is not meant to stay."""
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    files = {path.name: path.read_bytes() for path in found if not path.name.startswith(PREFIX)}
    return files, [path.name for path in found if path.name.startswith(PREFIX)]


def disturb(way: str, history: Path, out: Path, after: float, draw: random.Random) -> int:
    """Disturb one run; return how it ended."""
    if way == "full disk":
        return wait(start(history, out, draw.choice([100, 500, 2_000, 5_000, 10_000, 20_000, 60_000, 100_000])))
    pid = start(history, out)
    time.sleep(after)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM if way == "end" else signal.SIGKILL)
    return wait(pid)


def trial(
    number: int, draw: random.Random, given: list[Path], whole: list[Files], out: Path, seconds: float
) -> list[str]:
    """Disturb a run, look, and every third time let one be; return what was wrong."""
    way, which = draw.choice(WAYS), draw.randrange(2)
    # Half of the moments lie where the files are written.
    after = seconds * (draw.uniform(0.1, 1.1) if draw.random() < 0.5 else draw.uniform(0.75, 1.1))
    code = disturb(way, given[which], out, after, draw)
    found, left = content(out)
    moving = any(name.startswith(f"{PREFIX}ready-") for name in left)
    wrong = []
    if found and found not in whole and not moving:
        wrong.append(f"files of two runs: {', '.join(sorted(found))}")
    if code == 0 and found != whole[which]:
        wrong.append("it ended well, but its files are not there")
    if way == "full disk" and left:
        wrong.append(f"an error left {', '.join(left)}")
    if draw.random() < 0.34:
        which = draw.randrange(2)
        code = wait(start(given[which], out))
        found, left = content(out)
        if code != 0 or found != whole[which] or left:
            wrong.append(f"the run after it ended with {code}, and left {', '.join(left) or 'other files'}")
    print(f"trial {number}: {way} after {after:.2f} s: {'; '.join(wrong) or 'whole'}{' (moving)' * moving}", flush=True)
    return wrong


def undisturbed(history: Path, out: Path) -> tuple[Files, float]:
    """Return what a run writes that is left alone, and how long it takes."""
    begun = time.monotonic()
    if wait(start(history, out)) != 0:
        raise SystemExit("a run that nobody disturbed failed")
    return content(out)[0], time.monotonic() - begun


def main() -> int:
    """Run the trials."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given = histories(folder)
        each = [undisturbed(history, folder / f"whole-{at}") for at, history in enumerate(given)]
        whole, seconds = [files for files, _ in each], each[1][1]
        draw, out, wrong = random.Random(asked.seed), folder / "out", 0
        for number in range(asked.n):
            wrong += bool(trial(number, draw, given, whole, out, seconds))
            seconds = 0.8 * seconds + 0.2 * undisturbed(given[0], folder / "time")[1] if number % 25 == 24 else seconds
        undisturbed(given[0], out)
        left = content(out)[1]
    print(
        f"{asked.n - wrong} of {asked.n} trials left the files of one run; after the last run {len(left)} stray names"
    )
    return int(wrong > 0 or bool(left))


if __name__ == "__main__":
    sys.exit(main())
