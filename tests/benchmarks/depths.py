"""Calibration at four depths, likelihoods kept and thrown away: ``python -m tests.benchmarks.depths [PERSONS]``.

Reads are simulated from genomes of the panel, with frequencies counted in the other half of the families, so that nobody's
own strands are in the prior; then from haplotypes drawn at the product's own frequencies.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from pgx import knowledge
from tests.benchmarks.accuracy import Bench
from tests.benchmarks.panel import subset
from tests.tools.simulated_reads import Verdict, compared, judged, of_genomes

GENES = ["CYP2C19", "CYP2C9", "CYP2B6", "TPMT", "NUDT15", "SLCO1B1", "DPYD", "UGT1A1", "VKORC1", "CYP3A5"]
MOST_ERROR, LEAST_RIGHT = 0.02, 0.99


def main() -> None:
    """Print a line a depth; end with 1 if probabilities are not calibrated."""
    persons = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    failed = False
    (kb, half), _ = Bench(1).crossed()
    panel = subset(half, range(0, len(half.samples), max(len(half.samples) // persons, 1)))
    genes = [gene for gene in GENES if gene != "DPYD"]  # the panel has no DPYD
    alleles, sites, truth = of_genomes(kb, panel, genes)
    own = knowledge.load()
    with tempfile.TemporaryDirectory() as folder:
        for depth in (4, 8, 15, 30):
            for kept in (True, False):
                real = compared(kb, alleles, sites, truth, depth, Path(folder), keep_likelihoods=kept)
                drawn = judged(own, GENES, persons, depth, Path(folder), keep_likelihoods=kept)
                for name, verdict in (("panel", real), ("drawn", drawn)):
                    failed |= kept and not _kept(verdict)
                    print(f"{depth:3d}x {'PL kept' if kept else 'GT only'}, {name}: {_line(verdict)}", flush=True)
    sys.exit(failed)


def _kept(verdict: Verdict) -> bool:
    return verdict.calibration_error < MOST_ERROR and verdict.right_when_sure >= LEAST_RIGHT


def _line(verdict: Verdict) -> str:
    return (
        f"{len(verdict.right)} calls, right {verdict.right.mean():.4f}, said {verdict.probability.mean():.4f}, calibration "
        f"error {verdict.calibration_error:.4f}, p >= 0.99 right {verdict.right_when_sure:.4f}"
    )


if __name__ == "__main__":
    main()
