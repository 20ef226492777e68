"""Calibration at four depths, likelihoods kept and thrown away: ``python -m tests.benchmarks.depths [PERSONS]``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from pgx import knowledge
from tests.tools.simulated_reads import judged

GENES = ["CYP2C19", "CYP2C9", "CYP2B6", "TPMT", "NUDT15", "SLCO1B1", "DPYD", "UGT1A1", "VKORC1", "CYP3A5"]
MOST_ERROR, LEAST_RIGHT = 0.02, 0.99


def main() -> None:
    """Print a line a depth; end with 1 if probabilities are not calibrated."""
    kb = knowledge.load()
    persons = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for depth in (4, 8, 15, 30):
            for kept in (True, False):
                verdict = judged(kb, GENES, persons, depth, Path(folder), keep_likelihoods=kept)
                error, sure = verdict.calibration_error, verdict.right_when_sure
                failed |= kept and (error >= MOST_ERROR or sure < LEAST_RIGHT)
                print(
                    f"{depth:3d}x {'PL kept' if kept else 'GT only'}: right {verdict.right.mean():.4f}, said ", end=""
                )
                print(f"{verdict.probability.mean():.4f}, calibration error {error:.4f}, p >= 0.99 right {sure:.4f}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
