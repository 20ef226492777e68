"""A ``pgx.toml`` of a folder above changes advice: it is said first, on the first page too, and whose it is counts."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pgx.errors import InputError
from pgx.knowledge import overlays
from pgx.knowledge.overlays import configured
from tests.outside import ROOT

EXAMPLES = ROOT / "data" / "examples"
# Of no gene or drug of the person: what else the tables change cannot be told row by row.
WASHOUT = (ROOT / "data/knowledge/washout.tsv").read_text(encoding="utf-8").splitlines()[:2]


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, below one with a configuration that names another."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    (tmp_path / "above" / "ward7").mkdir(parents=True)
    (tmp_path / "above" / "ward7" / "washout.tsv").write_text("\n".join([*WASHOUT, ""]), encoding="utf-8")
    (tmp_path / "above" / "pgx.toml").write_text('knowledge = ["ward7"]\n', encoding="utf-8")
    (tmp_path / "above" / "work").mkdir()
    return tmp_path / "above" / "work"


def test_it_is_the_first_line_on_the_terminal_and_stands_on_the_first_page(work: Path) -> None:
    command = [
        sys.executable, "-m", "pgx", "report", str(EXAMPLES / "HG00652.GRCh38.vcf.gz"), "-q",
        "-c", str(EXAMPLES / "HG00652.clinical.json"), "-o", "out", "--format", "text,html",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})  # fmt: skip
    above = work.parent
    assert done.stderr.splitlines()[0] == f"pgx: knowledge of the site, as {above / 'pgx.toml'} says: {above / 'ward7'}"
    text = (work / "out" / "HG00652.report.txt").read_text(encoding="utf-8")
    assert "knowledge also of ward7" in " ".join(text.partition("What to do")[0].split())
    page = (work / "out" / "HG00652.report.html").read_text(encoding="utf-8")
    first = page.partition('id="todo"')[2].partition("</section>")[0]
    assert "<dt>knowledge also of</dt><dd>ward7</dd>" in first


@pytest.mark.parametrize("of_link", [False, True])
def test_a_file_of_somebody_else_and_a_link_of_theirs_are_refused(
    work: Path, monkeypatch: pytest.MonkeyPatch, of_link: bool
) -> None:
    name = work.parent / "pgx.toml"
    asked = "lstat" if of_link else "stat"
    true = getattr(Path, asked)

    def theirs(path: Path, **more: object) -> os.stat_result:
        found = true(path, **more)
        return os.stat_result([*found[:4], os.getuid() + 1, *found[5:]]) if path == name else found

    assert configured(work) == (work.parent / "ward7",)
    monkeypatch.setattr(Path, asked, theirs)
    with pytest.raises(InputError, match="belongs to another user"):
        configured(work)


def test_a_file_that_everybody_may_write_to_is_refused(work: Path) -> None:
    name = work.parent / "pgx.toml"
    name.chmod(name.stat().st_mode | stat.S_IWOTH)
    with pytest.raises(InputError, match="every user may write"):
        configured(work)
    assert overlays.configuration_files(work.parent.parent) == []
