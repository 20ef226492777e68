"""How well exposure is predicted for drugs whose own ratios were left out, beside "no effect".

Run: ``python -m tests.benchmarks.bench_exposure``; ends 1 if a bar is not reached.
"""

from __future__ import annotations

import sys

from pgx import knowledge
from pgx.models.exposure.leave_out import checks

BARS = {("CYP2D6", "interactions"): (0.85, 1.55), ("CYP2D6", "genotypes"): (0.78, 1.55)}
"""Least part within a factor of two, and largest fold error."""


def main() -> int:
    missed = 0
    print("enzyme  ratios        n     within twofold (no effect)  fold error (no effect)  in the 90 % interval")
    for row in checks(knowledge.load()):
        enzyme, about = str(row["enzyme"]), str(row["about"])
        print(f"{enzyme:7} {about:12} {row['ratios']:4}  {row['within_twofold']:8} ({row['within_twofold_without']})"
              f"  {row['fold_error']:16} ({row['fold_error_without']})  {row['coverage']:16}")  # fmt: skip
        least, most = BARS.get((enzyme, about), (0.0, float("inf")))
        missed += float(str(row["within_twofold"])) < least or float(str(row["fold_error"])) > most
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
