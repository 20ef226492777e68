"""How long calling takes: ``python -m tests.benchmarks.bench_calling``; needs the panel in ../shared."""

from __future__ import annotations

import dataclasses
import gc
import sys
import time

import numpy as np

from pgx import knowledge
from pgx.calling import call, calls_frame
from pgx.types import Genotypes, State
from pgx.variants import read
from tests.benchmarks.panel import PANEL38, subset, without_phase

LEAST = 2000
"""Persons a second, phased, from genotypes to the frame of calls."""


def measure(genotypes: Genotypes, kb: knowledge.KnowledgeBase, what: str) -> float:
    """Print the CPU seconds of one call of all genes; return the persons a second."""
    began = time.process_time()
    calls = call(genotypes, kb)
    called = time.process_time()
    calls_frame(calls, kb)
    done = time.process_time()
    n = len(genotypes.samples)
    print(f"{what:45s} {n:5d} persons {called - began:7.2f} s calls {done - called:6.2f} s frame ", end="")
    print(f"{n / (done - began):8.0f} /s")
    return n / (done - began)


def main() -> None:
    """Print one line a situation; end with 1 if the phased panel is slower than the budget."""
    if not PANEL38.is_file():
        print("../shared/genomes is absent: calling is not measured")
        return
    gc.set_threshold(200_000)  # as every command does
    kb = knowledge.load()
    began = time.process_time()
    panel = read([PANEL38], kb)
    print(f"{'reading the positions file':45s} {len(panel.samples):5d} persons {time.process_time() - began:7.2f} s")
    call(subset(panel, [0]), kb)
    measure(subset(panel, [0]), kb, "one person, knowledge warm")
    speed = max(measure(panel, kb, "phased") for _ in range(2))
    measure(without_phase(panel), kb, "unphased")
    some = without_phase(subset(panel, range(0, len(panel.samples), 8)))
    state = some.state.copy()
    state[np.random.default_rng(1).random(state.shape) < 0.3] = State.NO_CALL
    measure(dataclasses.replace(some, state=state), kb, "unphased, 30 % of positions missing at random")
    print(f"phased: {speed:.0f} persons/s, budget {LEAST}")
    sys.exit(speed < LEAST)


if __name__ == "__main__":
    main()
