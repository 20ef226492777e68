"""The commands of the README and of CONTRIBUTING run as written."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
ACTIVATE = ". .venv/bin/activate"
NOT_HERE = ("make ", ACTIVATE)


def commands() -> list[str]:
    """Return the commands of the README's shell blocks, continued lines joined."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = "".join(BLOCK.findall(text)).replace("\\\n", " ").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def test_readme_shows_commands_to_run():
    assert sum(line.startswith("pgx ") for line in commands()) >= 5


def test_readme_names_the_two_commands():
    assert {"make demo", "make test"} <= set(commands())


def test_pgx_is_on_the_path_before_it_is_first_called():
    """What `make demo` installs is found once the environment is active, and the reader is told so in time."""
    told = commands()
    first = next(index for index, line in enumerate(told) if line.startswith("pgx "))
    assert told.index("make demo") < told.index(ACTIVATE) < first
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^VENV \?= \.venv$", makefile, re.MULTILINE) and "Next: . $(VENV)/bin/activate" in makefile


def test_its_python_runs(monkeypatch):
    monkeypatch.chdir(ROOT)
    blocks = PYTHON.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})


def test_what_it_links_to_is_there():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (ROOT / target).exists(), target


def run_all(script: str, folder: Path) -> None:
    """Run shell lines in a folder with the examples, as a reader would type them."""
    shutil.copytree(ROOT / "data" / "examples", folder / "data" / "examples")
    environment = {"PATH": f"{folder / 'bin'}:/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8"}
    (folder / "bin").mkdir()
    pgx = folder / "bin" / "pgx"
    pgx.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m pgx "$@"\n', encoding="utf-8")
    pgx.chmod(0o755)
    run = subprocess.run(
        ["bash", "-euo", "pipefail", "-v", "-c", script],
        cwd=folder, capture_output=True, text=True, timeout=300, env=environment, check=False,
    )  # fmt: skip
    if run.returncode:
        pytest.fail(f"exit {run.returncode}\n{run.stdout[-2000:]}\n{run.stderr[-2000:]}")


def test_every_pgx_command_of_the_readme_runs(tmp_path: Path):
    """They share one working folder, in order."""
    run_all("\n".join(line for line in commands() if not line.startswith(NOT_HERE)), tmp_path)


def test_a_gene_and_a_drug_are_added_as_contributing_says(tmp_path: Path):
    text = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    script = "".join(BLOCK.findall(text))
    assert "pgx call" in script and "--drugs newdrugine" in script
    checks = """
    pgx call data/examples/HG00652.GRCh38.vcf.gz --knowledge ward7 --genes ZZG1 | grep -P '\\*2/\\*2\t.*Poor Metabolizer'
    pgx call data/examples/HG00652.GRCh38.vcf.gz --knowledge ward8 --genes ZZG1 | grep -P 'Poor Metabolizer\t0[.]0\t'
    pgx report data/examples/HG00652.GRCh38.vcf.gz --knowledge ward7 --drugs newdrugine | grep -i 'avoid'
    """
    run_all(script + checks, tmp_path)
