"""The README's commands run as written."""

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


def test_every_pgx_command_of_the_readme_runs(tmp_path: Path):
    """They share one working folder, in order, as a reader would type them."""
    shutil.copytree(ROOT / "data" / "examples", tmp_path / "data" / "examples")
    bin_dir = Path(sys.executable).parent
    for command in commands():
        if command.startswith(NOT_HERE):
            continue
        run = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
            env={"PATH": f"{bin_dir}:/usr/bin:/bin", "HOME": str(tmp_path), "LANG": "C.UTF-8"},
            check=False,
        )
        if run.returncode:
            pytest.fail(f"{command}\nexit {run.returncode}\n{run.stdout[-2000:]}\n{run.stderr[-2000:]}")
