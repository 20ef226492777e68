"""How long calling takes: ``python -m tests.benchmarks.bench_calling``; needs the panel in ../shared."""

from __future__ import annotations

import dataclasses
import time

import numpy as np

from pgx import knowledge
from pgx.calling import call, calls_frame
from pgx.types import Genotypes, State
from pgx.variants import read
from tests.benchmarks.panel import PANEL38, subset, without_phase


def measure(genotypes: Genotypes, kb: knowledge.KnowledgeBase, what: str) -> None:
    """Print the CPU seconds of one call of all genes."""
    began = time.process_time()
    calls = call(genotypes, kb)
    called = time.process_time()
    calls_frame(calls, kb)
    done = time.process_time()
    n = len(genotypes.samples)
    print(f"{what:45s} {n:5d} persons {called - began:7.2f} s calls {done - called:6.2f} s frame ", end="")
    print(f"{n / (done - began):8.0f} /s")


def main() -> None:
    """Print one line a situation."""
    kb = knowledge.load()
    began = time.process_time()
    panel = read([PANEL38], kb)
    print(f"{'reading the positions file':45s} {len(panel.samples):5d} persons {time.process_time() - began:7.2f} s")
    call(subset(panel, [0]), kb)
    measure(subset(panel, [0]), kb, "one person, knowledge warm")
    measure(panel, kb, "phased")
    measure(without_phase(panel), kb, "unphased")
    some = without_phase(subset(panel, range(0, len(panel.samples), 8)))
    state = some.state.copy()
    state[np.random.default_rng(1).random(state.shape) < 0.3] = State.NO_CALL
    measure(dataclasses.replace(some, state=state), kb, "unphased, 30 % of positions missing at random")


if __name__ == "__main__":
    main()
