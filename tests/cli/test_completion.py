"""Shell completion: what Tab offers comes from the knowledge, at once, in every shell that typer knows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import pgx
from pgx.cli.report import FORMATS
from pgx.cli.schema import TABLES
from pgx.knowledge import load
from tests.conftest import ROOT

HEAVY = {"polars", "numpy", "pydantic", "pgx.knowledge", "pysam"}


def _run(environment: dict[str, str], *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("COMP_", "_PGX", "_TYPER"))}
    command = [sys.executable, *(arguments or ("-m", "pgx"))]
    return subprocess.run(
        command, env=inherited | environment | {"PYTHONPATH": str(ROOT)}, cwd=cwd, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip


def offered(line: str, *, cwd: Path = ROOT) -> list[str]:
    """What bash is offered at the end of a line; a line that ends with a space has no word begun."""
    words = line.split(" ")
    done = _run({"COMP_WORDS": "\n".join(words), "COMP_CWORD": str(len(words) - 1), "_PGX_COMPLETE": "complete_bash"},
                cwd=cwd)  # fmt: skip
    assert not done.stderr, done.stderr
    return [one for one in done.stdout.splitlines() if one]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pgx call x.vcf --genes CYP2C", ["CYP2C19", "CYP2C8", "CYP2C9", "CYP2C_CLUSTER"]),
        ("pgx call x.vcf --genes CYP2D6,HLA-", ["CYP2D6,HLA-A", "CYP2D6,HLA-B"]),
        ("pgx call x.vcf --genes CYP2C19,CYP2C1", []),
        ("pgx call x.vcf --genes cyp2d", ["cyp2d6"]),
        ("pgx call x.vcf --explain CYP2D", ["CYP2D6"]),
        ("pgx report x.vcf --drugs clopi", ["clopidogrel"]),
        ("pgx report x.vcf --drugs codeine,al", ["codeine,all", "codeine,allopurinol"]),
        (
            "pgx report x.vcf --medications clopidogrel,codei",
            [f"clopidogrel,codeine{more}" for more in ("", " / ibuprofen", " / propyphenazone")],
        ),
        ("pgx report x.vcf --format html,p", ["html,parquet", "html,pdf", "html,plan"]),
        ("pgx report x.vcf --outside-mode o", ["override"]),
        ("pgx report x.vcf --build GRCh3", ["GRCh37", "GRCh38"]),
        ("pgx score x.vcf -e warfarin.d", ["warfarin.dose", "warfarin.dose_gage"]),
        ("pgx score x.vcf --endpoint clopidogrel.m", ["clopidogrel.mace"]),
        ("pgx train clopidogrel.m", ["clopidogrel.mace"]),
        ("pgx simulate warfarin.b", ["warfarin.bleeding"]),
        ("pgx models show rasburicase", ["rasburicase.haemolysis"]),
        ("pgx kb gene CYP2D", ["CYP2D6"]),
        ("pgx kb drug warf", ["warfarin"]),
        ("pgx kb positions --format v", ["vcf"]),
        ("pgx kb genes --format j", ["json"]),
        ("pgx schema mo", ["monitor"]),
        ("pgx schema monitor --format j", ["json"]),
        ("pgx check --template c", ["csv"]),
        ("pgx mon", ["monitor"]),
        ("pgx kb val", ["validate"]),
        ("pgx monitor --targ", ["--target"]),
        ("pgx --vers", ["--version"]),
    ],
)
def test_what_is_offered(line: str, expected: list[str]) -> None:
    assert sorted(offered(line)) == expected


def test_everything_is_offered_that_the_knowledge_has() -> None:
    kb = load()
    assert sorted(offered("pgx call x.vcf --genes ")) == sorted(kb.genes)
    assert sorted(offered("pgx report x.vcf --drugs ")) == sorted({*kb.table("recommendations")["drug"], "all"})
    assert sorted(offered("pgx report x.vcf --medications ")) == sorted(kb.table("drugs")["drug"])
    assert sorted(offered("pgx report x.vcf --format ")) == sorted(FORMATS)
    assert sorted(offered("pgx schema ")) == sorted(TABLES)
    assert sorted(offered("pgx models show ")) == sorted(pgx.kb.endpoints()["endpoint"])
    assert set(offered("pgx train ")) == set(offered("pgx simulate ")) < set(offered("pgx models show "))


def test_a_sites_own_genes_and_endpoints_are_offered(tmp_path: Path) -> None:
    site = tmp_path / "ward7"
    (site / "endpoints").mkdir(parents=True)
    (site / "genes.tsv").write_text("gene\tchrom\nZZG1\tchr10\n", encoding="utf-8")
    (site / "drugs.tsv").write_text("drug\tsource\nnewdrugine\tward7\n", encoding="utf-8")
    (site / "endpoints" / "newdrugine.harm.toml").write_text("", encoding="utf-8")
    given = f"--knowledge {site}"
    assert offered(f"pgx call x.vcf {given} --genes ZZ") == ["ZZG1"]
    assert offered(f"pgx report x.vcf {given} --medications newd") == ["newdrugine"]
    assert offered(f"pgx score x.vcf {given} -e newd") == ["newdrugine.harm"]
    (tmp_path / "pgx.toml").write_text('knowledge = ["ward7"]\n', encoding="utf-8")
    assert offered("pgx call x.vcf --genes ZZ", cwd=tmp_path) == ["ZZG1"]
    (tmp_path / "pgx.toml").write_text("not toml", encoding="utf-8")
    assert offered("pgx call x.vcf --genes CYP2D", cwd=tmp_path) == ["CYP2D6"]


@pytest.mark.parametrize(
    ("shell", "more"), [("zsh", {}), ("fish", {"_TYPER_COMPLETE_FISH_ACTION": "get-args"}), ("powershell", {})]
)
def test_other_shells_are_offered_the_same(shell: str, more: dict[str, str]) -> None:
    line = {"_TYPER_COMPLETE_ARGS": "pgx call x.vcf --genes CYP2D", "_TYPER_COMPLETE_WORD_TO_COMPLETE": "CYP2D"}
    done = _run({"_PGX_COMPLETE": f"complete_{shell}", **line, **more})
    assert "CYP2D6" in done.stdout and not done.stderr


@pytest.mark.parametrize("line", ["pgx call x.vcf --genes CYP2", "pgx report x.vcf --drugs w", "pgx score x -e w"])
def test_completion_waits_for_nothing_heavy(line: str) -> None:
    program = (
        "import atexit, sys\n"
        f"atexit.register(lambda: print(sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr))\n"
        "sys.argv = ['pgx']\n"
        "from pgx.cli.main import program\n"
        "program()\n"
    )
    words = line.split()
    environment = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1), "_PGX_COMPLETE": "complete_bash"}
    done = _run(environment, "-c", program)
    assert done.stdout.strip() and done.stderr == "[]\n"


def test_it_installs_itself_for_the_command(tmp_path: Path) -> None:
    done = _run({"HOME": str(tmp_path), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}, "-m", "pgx",
                "--install-completion", "bash")  # fmt: skip
    assert done.returncode == 0, done.stderr
    script = (tmp_path / ".bash_completions" / "pgx.sh").read_text(encoding="utf-8")
    assert "_PGX_COMPLETE=complete_bash" in script and script.rstrip().endswith("_pgx_completion pgx")
    assert "pgx.sh" in (tmp_path / ".bashrc").read_text(encoding="utf-8")


def test_a_command_reads_its_line_as_before() -> None:
    done = _run({}, "-m", "pgx", "schema", "monitor", "--format", "yaml")
    assert done.returncode == 2 and "yaml" in done.stderr
