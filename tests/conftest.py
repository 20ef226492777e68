"""Fixtures that every package's tests share."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import settings

from tests import command
from tests.sizes import size

# Before polars and xgboost are imported: on two cores, threads inside two workers only wait for each other.
for one in ("OMP_NUM_THREADS", "POLARS_MAX_THREADS"):
    os.environ.setdefault(one, "1")

# The same examples on every machine, so that a red run can be repeated; `make fuzz` looks for new ones.
settings.register_profile("steady", derandomize=True, database=None, deadline=None, max_examples=size(50, long=100))
settings.register_profile("fuzz", max_examples=1000)
settings.load_profile(os.environ.get("PGX_HYPOTHESIS", "steady"))

pytest_plugins = ["tests.skips"]

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "data" / "examples"


@pytest.fixture
def pgx_command(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line in a fresh folder, as a user would."""
    return partial(command.run, cwd=tmp_path)


@pytest.fixture
def pgx_process(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line in a fresh process and folder: for what is about the process itself."""
    return partial(command.in_process, cwd=tmp_path)
