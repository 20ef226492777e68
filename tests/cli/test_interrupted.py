"""Ctrl-C: one line, at any time."""

from __future__ import annotations

import subprocess
import sys

import pytest

INTERRUPT = """
import runpy, sys

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupt())
sys.argv = ["pgx", "check", "x.csv"]
runpy.run_module("pgx", run_name="__main__")
"""


@pytest.mark.parametrize("module", ["typer", "pgx.cli.main", "pgx.cli.check"])
def test_an_interrupt_while_modules_are_read_is_one_line(module):
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPT.format(module=module)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, "pgx: interrupted\n")
