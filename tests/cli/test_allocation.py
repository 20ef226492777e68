"""What a command that holds a large table frees goes back to the system, unless the user says how memory is kept."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from pgx.cli import allocation, main

pytestmark = pytest.mark.skipif(
    "CS_GNU_LIBC_VERSION" not in getattr(os, "confstr_names", {}), reason="it is glibc that is asked"
)
_WORK = """
import sys
from pgx.cli import allocation
if sys.argv[1] == "back":
    allocation.give_back()
import numpy as np
import polars as pl

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / 1e6

del (first := [np.ones(2_500_000)])[:]  # from now on glibc takes arrays of less than this from the heap
begin = resident()
arrays = [np.ones(1_250_000) for _ in range(8)]
later = [bytes(100_000) for _ in range(3)]  # what lives longer lies behind them
del arrays
numbers = resident() - begin
begin = resident()
tables = [pl.Series(np.arange(100_000.0) + i) * 2.0 for i in range(100)]
del tables
print(numbers, resident() - begin)
"""


def _kept(how: str, **variables: str) -> tuple[float, float]:
    """Return the megabytes that numpy (80 freed) and polars (80 freed) kept, in a process of its own."""
    own = {name: value for name, value in os.environ.items() if "MALLOC" not in name} | variables
    run = subprocess.run([sys.executable, "-c", _WORK, how], env=own, check=True, capture_output=True, text=True)
    numbers, tables = (float(word) for word in run.stdout.split())
    return numbers, tables


def test_what_is_freed_goes_back() -> None:
    numbers, tables = _kept("back")
    assert numbers < 15
    assert tables < 25


def test_the_user_says_how_memory_is_kept() -> None:
    numbers, tables = _kept("back", MALLOC_ARENA_MAX="4", _RJEM_MALLOC_CONF="dirty_decay_ms:10000")
    assert numbers > 40
    assert tables > 40


@pytest.mark.parametrize(("command", "asked"), [("evaluate", True), ("score", False)])
def test_an_evaluation_asks_for_it(command: str, asked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr(allocation, "give_back", lambda: calls.append("asked"))
    monkeypatch.setattr(main, "main", lambda: calls.append("ran"))
    monkeypatch.setattr(main.gc, "freeze", lambda: None)
    monkeypatch.setattr(sys, "argv", ["pgx", command, "warfarin.dose"])
    main.program()
    assert calls == (["asked", "ran"] if asked else ["ran"])
