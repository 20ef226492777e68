"""Start-up and one-sample report times, as a ratio to the time of starting Python itself."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "data" / "examples" / "HG00652.GRCh38.vcf.gz"
CLINICAL = ROOT / "data" / "examples" / "HG00652.clinical.json"
BUDGETS = {"pgx --help": 0.5, "pgx --version": 0.5, "pgx report (one sample, all genes, HTML)": 2.0}


def seconds(command: list[str], repeats: int = 5) -> tuple[float, float]:
    """Return the best wall time and the largest resident memory in MB of `repeats` runs."""
    best, memory = float("inf"), 0.0
    for _ in range(repeats):
        start = time.perf_counter()
        run = subprocess.run(
            [sys.executable, "-c", _MEASURE, *command],
            capture_output=True,
            text=True,
            check=True,
            # Byte code is kept, as in any installation.
            env={k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"},
        )
        best = min(best, time.perf_counter() - start)
        memory = max(memory, float(run.stderr.rsplit("peak=", 1)[1]) / 1024)
    return best, memory


_MEASURE = (
    "import resource,subprocess,sys;"
    "subprocess.run(sys.argv[1:],check=True,stdout=subprocess.DEVNULL,stderr=subprocess.DEVNULL);"
    "print('peak=%d'%resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss,file=sys.stderr)"
)


def main() -> None:
    """Print one line a command: seconds, ratio to an empty Python, memory, budget."""
    pgx = [sys.executable, "-m", "pgx.cli.main"]
    empty, _ = seconds([sys.executable, "-c", "pass"])
    print(f"{'empty python':45s} {empty:6.2f} s")
    with tempfile.TemporaryDirectory() as out:
        commands = {
            "pgx --help": [*pgx, "--help"],
            "pgx --version": [*pgx, "--version"],
            "pgx report (one sample, all genes, HTML)": [
                *pgx, "report", str(EXAMPLE), "--clinical", str(CLINICAL), "-o", out, "--format", "html",
            ],
        }  # fmt: skip
        for name, command in commands.items():
            # The measuring process costs one empty Python of its own.
            wall, memory = seconds(command)
            net = wall - empty / 2
            verdict = "within" if net <= BUDGETS[name] else "OVER"
            print(f"{name:45s} {net:6.2f} s  {net / empty:5.1f} x empty  {memory:5.0f} MB  {verdict} {BUDGETS[name]} s")


if __name__ == "__main__":
    main()
