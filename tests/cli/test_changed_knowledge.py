"""A changed byte of the knowledge stops every command that reads it, with one line and exit code 3."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.outside import ROOT

COMMANDS = {
    "report": ["report", "in.vcf", "-o", "out"],
    "call": ["call", "in.vcf"],
    "check": ["check", "in.vcf"],
    "features": ["features", "in.vcf"],
    "score": ["score", "in.vcf"],
    "exposure": ["exposure", "clopidogrel"],
    "kb": ["kb", "genes"],
    "models": ["models", "list"],
    "cohort": ["cohort", "run", "in.vcf", "-o", "out"],
    "version": ["--version"],
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program with its data in it, as it is installed, and one letter of a table by hand changed."""
    place = tmp_path_factory.mktemp("installed")
    shutil.copytree(ROOT / "pgx", place / "pgx", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "data", place / "pgx" / "data")
    table = place / "pgx" / "data" / "knowledge" / "washout.tsv"
    content = table.read_bytes()
    table.write_bytes(content[:-2] + bytes([content[-2] ^ 1]) + content[-1:])
    (place / "in.vcf").write_bytes((ROOT / "tests/data/1kgp.GRCh38.vcf.gz").read_bytes())
    return place


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_goes_on(broken: Path, name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pgx", *COMMANDS[name]], cwd=broken, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(broken)},
    )  # fmt: skip
    lines = done.stderr.strip().splitlines()
    assert (done.returncode, len(lines)) == (3, 1), done.stderr
    assert "washout.tsv: not the file that this version of pgx ships" in lines[0]
    assert not (broken / "out").exists()
