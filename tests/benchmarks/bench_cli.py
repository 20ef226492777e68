"""Start-up and one-sample report times, as a ratio to the time of starting Python itself."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "data" / "examples" / "HG00652.GRCh38.vcf.gz"
CLINICAL = ROOT / "data" / "examples" / "HG00652.clinical.json"
BUDGETS = {"pgx --help": 0.5, "pgx --version": 0.5, "pgx report (one sample, all genes, HTML)": 2.0}


def seconds(command: list[str], repeats: int = 5) -> tuple[float, float, float]:
    """Return processor and waiting time, the best of `repeats` runs, and the largest resident memory in MB."""
    worked, waited, memory = float("inf"), float("inf"), 0.0
    for _ in range(repeats):
        run = subprocess.run(
            [sys.executable, "-c", _MEASURE, *command],
            capture_output=True,
            text=True,
            check=True,
            # Byte code is kept, as in any installation.
            env={k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"},
        )
        found = [float(part) for part in run.stderr.split()]
        worked, waited, memory = min(worked, found[0]), min(waited, found[1]), max(memory, found[2] / 1024)
    return worked, waited, memory


_MEASURE = (
    "import resource,subprocess,sys,time;"
    "start=time.perf_counter();"
    "subprocess.run(sys.argv[1:],check=True,stdout=subprocess.DEVNULL,stderr=subprocess.DEVNULL);"
    "waited=time.perf_counter()-start;"
    "used=resource.getrusage(resource.RUSAGE_CHILDREN);"
    "print(used.ru_utime+used.ru_stime,waited,used.ru_maxrss,file=sys.stderr)"
)


def main() -> None:
    """Print one line a command; end with 1 if one takes more processor time than its budget.

    Processor time is judged because other work on the machine hardly changes it; on a quiet machine the wait is no
    longer, since nearly all of it is one thread's work.
    """
    pgx = [sys.executable, "-m", "pgx.cli.main"]
    empty = seconds([sys.executable, "-c", "pass"])
    print(f"{'empty python':42s} {empty[0]:5.2f} s of processor, {empty[1]:5.2f} s waited")
    kept = True
    with tempfile.TemporaryDirectory() as out:
        commands = {
            "pgx --help": [*pgx, "--help"],
            "pgx --version": [*pgx, "--version"],
            "pgx report (one sample, all genes, HTML)": [
                *pgx, "report", str(EXAMPLE), "--clinical", str(CLINICAL), "-o", out, "--format", "html",
            ],
        }  # fmt: skip
        for name, command in commands.items():
            worked, waited, memory = seconds(command)
            kept &= worked <= BUDGETS[name]
            verdict = "within" if worked <= BUDGETS[name] else "OVER"
            print(
                f"{name:42s} {worked:5.2f} s of processor, {waited:5.2f} s waited, {worked / empty[0]:5.1f} x empty, "
                f"{memory:4.0f} MB  {verdict} {BUDGETS[name]} s"
            )
    sys.exit(not kept)


if __name__ == "__main__":
    main()
