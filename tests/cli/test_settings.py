"""Options in configuration files: every option of every command, said, checked, and under what the line says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.core import TyperOption

from pgx.cli import main, settings
from pgx.errors import InputError

NAMES = (*main._COMMANDS, *main._GROUPS)
PERSON = Path(__file__).parents[2] / "data" / "examples" / "HG01593.GRCh38.vcf.gz"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture(scope="module")
def program():
    main._register(None)
    return typer.main.get_command(main.app)


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "pgx", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_every_option_of_every_command_may_be_set(folder: Path, program) -> None:
    commands = {(name,): one for name, one in program.commands.items() if not hasattr(one, "commands")}
    groups = {name: one for name, one in program.commands.items() if hasattr(one, "commands")}
    commands |= {(name, inner): two for name, one in groups.items() for inner, two in one.commands.items()}
    assert len(commands) > 20
    for path, command in commands.items():
        options = [one for one in command.params if isinstance(one, TyperOption) and one.opts[0].startswith("--")]
        lines = [f'{one.opts[0].removeprefix("--")} = "1"' for one in options]
        (folder / "pgx.toml").write_text("\n".join([f"[{'.'.join(path)}]", *lines]))
        found = settings.defaults(lambda: program, [*path, "x"], NAMES)
        for name in path:
            found = found[name]
        assert set(found) == {one.name for one in options}, path


def test_the_line_wins_over_the_file_and_the_file_near_by_over_that_of_the_user(folder: Path) -> None:
    (folder / "home" / "pgx").mkdir(parents=True)
    (folder / "home" / "pgx" / "config.toml").write_text('[exposure]\nwith = "itraconazole"\nfm = "CYP3A=0.9"\n')
    (folder / "pgx.toml").write_text('[exposure]\nwith = "ketoconazole"\n')
    near, line = run(folder, "exposure", "new"), run(folder, "exposure", "new", "--with", "cimetidine")
    assert "\tketoconazole\t" in near.stdout and "CYP3A4=0.9" in near.stdout
    assert "\tcimetidine\t" in line.stdout
    told = near.stderr.splitlines()
    assert told[0].startswith(f"pgx: options of {folder / 'home' / 'pgx' / 'config.toml'}: with = ")
    assert told[1] == f"pgx: options of {folder / 'pgx.toml'}: with = ['ketoconazole']"


def test_what_changes_advice_is_said_and_is_on_page_one(folder: Path) -> None:
    (folder / "pgx.toml").write_text('[report]\nabsent-is-reference = true\ndrugs = ["warfarin"]\n')
    found = run(folder, "report", str(PERSON))
    assert found.returncode == 0 and "absent-is-reference = True" in found.stderr.splitlines()[0]
    assert "warfarin" in found.stdout and "the rest assumed" in found.stdout
    first = " ".join(found.stdout.partition("What to do")[0].split())
    assert "set by a configuration file drugs = warfarin, absent-is-reference = True" in first


def test_page_one_names_what_the_file_decided_but_no_file_no_person_and_nothing_that_the_line_says(
    folder: Path,
) -> None:
    (folder / "a.csv").write_text("sample,age\nHG01593,50\n")
    lines = [
        'clinical = ["a.csv"]', 'samples = "HG01593"', 'sex = "HG01593=male"', "min-gq = 7", "quiet = true",
        'copy-number = "HG01593:CYP2D6=3"', 'drugs = "warfarin"', 'ancestry = "HG01593=EAS"',
    ]  # fmt: skip
    (folder / "pgx.toml").write_text("\n".join(["[report]", *lines]))
    found = run(folder, "report", str(PERSON), "--drugs", "clopidogrel", "-o", "out", "--format", "html,json")
    assert not found.returncode, found.stderr
    told = ["clinical", "samples", "min-gq = 7", "sex", "ancestry", "copy-number"]
    stored = json.loads((folder / "out" / "HG01593.report.json").read_text())
    assert sorted(stored["provenance"]["configured_options"]) == sorted(told)
    page = (folder / "out" / "HG01593.report.html").read_text()
    assert "set by a configuration file</dt><dd>" in page.partition('id="todo"')[2].partition("</section>")[0]


def test_what_a_file_decided_stays_out_of_results_under_pseudonyms(folder: Path) -> None:
    (folder / "key").write_text(bytes(range(64)).hex())
    (folder / "key").chmod(0o600)
    (folder / "pgx.toml").write_text('[report]\nmedications = "warfarin"\n')
    found = run(folder, "report", str(PERSON), "-o", "out", "--pseudonymize", "key")
    assert not found.returncode, found.stderr
    assert all("configured_options" not in path.read_text() for path in (folder / "out").iterdir())


def test_paths_are_relative_to_the_file(folder: Path, program) -> None:
    below = folder / "below"
    below.mkdir()
    (folder / "pgx.toml").write_text('[report]\nout = "results"\nclinical = ["a.csv", "/b.csv"]\n')
    os.chdir(below)
    found = settings.defaults(lambda: program, ["report", "x.vcf"], NAMES)["report"]
    assert found == {"out": str(folder / "results"), "clinical": [str(folder / "a.csv"), "/b.csv"]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[report]\ndurgs = 1\n", "no option 'durgs'; `pgx report --help`"),
        ('report = "x"\n', r"\[report\] is not a table"),
        ("[reprot]\nquiet = true\n", "no command 'reprot'"),
        ("[report]\ndrugs = {a = 1}\n", "neither a text"),
        ('[cohort]\nrun = "x"\n', r"\[cohort.run\] is not a table"),
    ],
)
def test_what_is_not_understood_is_refused_with_the_file(folder: Path, program, text: str, message: str) -> None:
    (folder / "pgx.toml").write_text(text)
    with pytest.raises(InputError, match=message):
        settings.defaults(lambda: program, ["report" if "cohort" not in text else "cohort", "run", "x"], NAMES)


def test_help_and_runs_without_a_file_read_nothing(folder: Path, program) -> None:
    assert settings.defaults(lambda: program, ["report", "x.vcf"], NAMES) == {}
    (folder / "pgx.toml").write_text("not toml")
    assert (
        settings.defaults(lambda: program, ["report", "--help"], NAMES)
        == {}
        == settings.defaults(lambda: program, ["--help"], NAMES)
    )
