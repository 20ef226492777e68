"""The tests' own house: what may be skipped, what development installs, and how much data the clone carries."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.outside import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_development_group_holds_every_extra() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    named = re.fullmatch(r"pgx-cli\[([\w,]+)\]", extras["all"][0])
    assert named and set(named[1].split(",")) == set(extras) - {"all"}
    wanted = {requirement for name, listed in extras.items() if name != "all" for requirement in listed}
    assert wanted <= set(PROJECT["dependency-groups"]["dev"])


def test_the_data_of_the_tests_is_small() -> None:
    sizes = [path.stat().st_size for path in (ROOT / "tests" / "data").rglob("*") if path.is_file()]
    assert sum(sizes) < 2_000_000


def test_nothing_but_panel_tests_reads_beside_the_clone() -> None:
    """The folder beside the clone has one name, and only tests that say so may use it."""
    for path in (ROOT / "tests").rglob("test_*.py"):
        text = path.read_text(encoding="utf-8") if path != Path(__file__) else ""
        if "OUTSIDE /" in text:
            assert "mark.panel(" in text, path
        assert "parents[2].parent" not in text, path


CASES = """
import pytest

@pytest.mark.panel("nowhere/at/all.vcf")
def test_large(): ...

@pytest.mark.browser
def test_page(): pytest.skip("no browser")

def test_other(): pytest.skip("no reason")

def test_fine(): ...
"""


@pytest.fixture
def run(tmp_path: Path):
    """Run the cases above with the plugin, alone and by two workers; return the exit code and what was printed."""
    (tmp_path / "test_cases.py").write_text(CASES, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  panel\n  browser\n", encoding="utf-8")

    def call(*options: str, may_skip: str | None) -> tuple[int, str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PGX_", "PYTEST_"))}
        environment |= {"PYTHONPATH": str(ROOT)} | ({} if may_skip is None else {"PGX_MAY_SKIP": may_skip})
        command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.skips", *options, str(tmp_path)]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    return call


def test_skipped_tests_are_counted_and_named(run) -> None:
    code, printed = run(may_skip=None)
    assert code == 0
    assert re.search(r"^skipped for want of the large collections.*: 1 \(test_cases.py::test_large\)$", printed, re.M)
    assert re.search(r"^skipped for want of Chromium: 1 \(test_cases.py::test_page\)$", printed, re.M)
    assert re.search(r"^skipped for another reason: 1 \(test_cases.py::test_other\)$", printed, re.M)


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "two workers"])
def test_a_skip_that_is_not_allowed_fails_the_run(run, options) -> None:
    code, printed = run(*options, may_skip="panel")
    assert code == 1
    refused = set(re.findall(r"^(\S+) was skipped, which PGX_MAY_SKIP does not allow here$", printed, re.M))
    assert refused == {"test_cases.py::test_page", "test_cases.py::test_other"}


def test_a_skip_that_is_allowed_does_not(run) -> None:
    assert run("-k", "large or page or fine", may_skip="panel browser")[0] == 0
