"""No command writes over what it reads, by whatever name, and it says so before it begins."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest
import typer

import pgx
from pgx import io, knowledge
from pgx.build_data.knowledge import build
from pgx.cli import main
from pgx.cli.options import Role
from pgx.cli.outputs import Command, guarded, roles_of
from pgx.errors import UsageError
from pgx.knowledge.export import export
from pgx.models.training.train import train
from pgx.paths import data_dir
from pgx.tables import write_table
from tests import command as command_line
from tests.conftest import EXAMPLES, ROOT

PERSON = EXAMPLES / "HG00652.GRCh38.vcf.gz"
HISTORY = EXAMPLES / "HG00652.clinical.json"
FACTS = ROOT / "data" / "knowledge"


def commands() -> dict[str, Command]:
    """Every command of the program, as the command line runs it."""
    main.app.registered_commands.clear()
    main.app.registered_groups.clear()
    main._register(None)
    found: dict[str, Command] = {}

    def add(app: typer.Typer, before: str) -> None:
        for one in app.registered_commands:
            assert one.callback is not None
            found[before + (one.name or one.callback.__name__)] = one.callback
        for group in app.registered_groups:
            assert group.typer_instance is not None
            add(group.typer_instance, f"{before}{group.name} ")

    add(main.app, "")
    return found


COMMANDS = commands()
WITH_LOG = {"audit": Role.folder}
"""What every command that reads or writes files has."""
WRITTEN = {
    "report": {"out": Role.folder},
    "call": {"out": Role.output, "log": Role.output},
    "features": {"out": Role.output, "missing": Role.output},
    "check": {"out": Role.output},
    "score": {"out": Role.output, "variants": Role.output},
    "train": {"out": Role.folder},
    "evaluate": {"out": Role.folder},
    "monitor": {"out": Role.output},
    "schema": {"out": Role.output},
    "simulate": {"out": Role.output, "vcf": Role.output},
    "exposure": {"out": Role.output, "plot": Role.output},
    "diff": {},
    "cohort run": {"out": Role.folder},
    "cohort merge": {"out": Role.folder},
    "cohort status": {"out": Role.output},
    "cohort init": {"folder": Role.folder},
    "cohort summary": {"out": Role.folder},
    "serve": {},
    "kb export": {"folder": Role.folder, "out": Role.folder},
    "kb build": {"out": Role.folder},
    "models convert": {"folder": Role.folder},
    "models show": {},
    "models list": {"out": Role.output},
    "audit verify": {},
    **{f"kb {name}": {"out": Role.output}
       for name in ("info", "genes", "flags", "gene", "drug", "allele", "variant", "positions", "diff", "validate")},
}  # fmt: skip


def test_every_command_says_what_it_writes() -> None:
    found = {
        name: {key: role for key, role in roles_of(one).items() if role in (Role.output, Role.folder)}
        for name, one in COMMANDS.items()
    }
    wanted = {name: {**outputs, **WITH_LOG} for name, outputs in WRITTEN.items()}
    assert found == wanted, "state the outputs of a new command here, and try it below"


TABLES = [
    (name, given, output)
    for name, command in COMMANDS.items()
    for output, role in WRITTEN[name].items()
    if role is Role.output
    for given, other in roles_of(command).items()
    if other not in (Role.output, Role.folder)
]


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Path]:
    """A file in a folder that is the working directory."""
    (tmp_path / "here").mkdir()
    before = Path.cwd()
    os.chdir(tmp_path / "here")
    (tmp_path / "here" / "in.tsv").write_text("mine")
    yield tmp_path / "here" / "in.tsv"
    os.chdir(before)


def _symlink(path: Path) -> Path:
    (path.parent.parent / "soft.tsv").symlink_to(path)
    return path.parent.parent / "soft.tsv"


def _hard_link(path: Path) -> Path:
    (path.parent.parent / "hard.tsv").hardlink_to(path)
    return path.parent.parent / "hard.tsv"


def _folder_link(path: Path) -> Path:
    (path.parent.parent / "there").symlink_to(path.parent)
    return path.parent.parent / "there" / path.name


NAMES: dict[str, Callable[[Path], str | Path]] = {
    "same": lambda path: path,
    "relative": lambda path: path.name,
    "dotted": lambda path: f"./../here/./{path.name}",
    "symbolic link": _symlink,
    "hard link": _hard_link,
    "linked folder": _folder_link,
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("command", "given", "output"), TABLES)
def test_a_table_is_not_written_over_any_input(plain: Path, command: str, given: str, output: str, name: str) -> None:
    other = Path(NAMES[name](plain))
    several = roles_of(COMMANDS[command])[given] is not Role.perhaps and given != "file"
    for read, written in ((plain, other), (other, plain)):
        for value in (read, [read]) if several else (read,):
            with pytest.raises(UsageError, match=r"would be written, and is an input.*; name another output"):
                COMMANDS[command](**{given: value, output: written})
    assert plain.read_text() == "mine"


@pytest.mark.parametrize("command", [("call",), ("features",), ("check",), ("score", "--endpoint", "warfarin.dose")])
def test_the_file_behind_standard_input_is_an_input(tmp_path: Path, command: tuple[str, ...]) -> None:
    path = tmp_path / "person.tsv"
    path.write_bytes(gzip.decompress(Path(PERSON).read_bytes()))
    before = path.read_bytes()
    with path.open("rb") as given:
        run = [sys.executable, "-m", "pgx.cli.main", *command, "-", "-o", str(path)]
        done = subprocess.run(run, stdin=given, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "would be written, and is an input (-)" in done.stderr
    assert path.read_bytes() == before


@pytest.mark.parametrize(("command", "given", "output"), TABLES)
def test_a_table_is_not_written_into_a_folder_that_is_read(
    tmp_path: Path, command: str, given: str, output: str
) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match="which is read; name another folder"):
        COMMANDS[command](**{given: tmp_path / "folder", output: tmp_path / "folder" / "new.tsv"})


def test_a_record_folder_is_guarded_to_its_depth(tmp_path: Path) -> None:
    deep = tmp_path / "record" / "part" / "sleep.json"
    deep.parent.mkdir(parents=True)
    deep.write_text("{}")
    with pytest.raises(UsageError, match=r"sleep\.json: would be written, and is an input"):
        COMMANDS["check"](file=tmp_path / "record", out=deep)


def test_provenance_and_second_tables_count_too(tmp_path: Path) -> None:
    beside = tmp_path / "calls.tsv.provenance.json"
    beside.write_text("{}")
    with pytest.raises(UsageError, match=r"provenance\.json: would be written, and is an input"):
        COMMANDS["call"](clinical=[beside], out=tmp_path / "calls.tsv")
    with pytest.raises(UsageError, match="would be written twice"):
        COMMANDS["call"](out=tmp_path / "a.parquet", log=tmp_path / "x" / ".." / "a.parquet")


def test_overlays_of_the_configuration_are_inputs(plain: Path) -> None:
    (plain.parent / "pgx.toml").write_text('knowledge = ["ward"]')
    (plain.parent / "ward").mkdir()
    for command in ("simulate", "kb genes", "models list"):
        with pytest.raises(UsageError, match="ward, which is read"):
            COMMANDS[command](out=Path("ward/out.tsv"))


def test_what_a_forgotten_check_would_let_through_is_stopped_at_the_write(tmp_path: Path) -> None:
    def command(table: Path, out: str) -> None:
        io.write_bytes(out, b"new")

    (tmp_path / "in.tsv").write_text("mine")
    with pytest.raises(UsageError):
        guarded(command)(table=tmp_path / "in.tsv", out=str(tmp_path / "in.tsv"))
    assert (tmp_path / "in.tsv").read_text() == "mine"
    guarded(command)(table=tmp_path / "in.tsv", out=str(tmp_path / "out.tsv"))
    io.write_bytes(tmp_path / "in.tsv", b"new")


# What each command really writes, run once; then each of those files is an input of the next run.


def run(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return command_line.run(*arguments, cwd=cwd)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cohort")
    done = run("simulate", "simvastatin.myopathy", "-n", "300", "--events", "60", "-o", "cohort.tsv", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "cohort.tsv"


PAGES = ["text", "html", "json", "tsv", "parquet", "fhir", "leaflet", "card", "plan", "multiqc"]
ENDPOINT = "simvastatin.myopathy"
FOLDERS: dict[str, tuple[list[object], Callable[[Path], object]]] = {
    "report": (
        [PERSON, "-c", HISTORY, "--format", ",".join(PAGES)],
        lambda path: pgx.report(PERSON, clinical=[HISTORY], outside_calls=[path], out="out", formats=PAGES),
    ),
    "train": ([ENDPOINT, "--cohort", "COHORT"], lambda path: train(ENDPOINT, path, "out", knowledge.load())),
    "evaluate": (
        [ENDPOINT, "--cohort", "COHORT", "--folds", "2"],
        lambda path: COMMANDS["evaluate"](model=ENDPOINT, cohort=path, out=Path("out")),
    ),
}


@pytest.mark.parametrize("command", FOLDERS)
def test_no_file_of_an_output_folder_may_be_an_input(plain: Path, cohort: Path, command: str) -> None:
    arguments, again = FOLDERS[command]
    done = run(command, *(cohort if one == "COHORT" else one for one in arguments), "-o", "out", cwd=plain.parent)
    assert done.returncode == 0, done.stderr
    before = {path: path.read_bytes() for path in sorted(Path("out").iterdir())}
    assert len(before) > 1
    for number, path in enumerate(before):
        link = Path(f"link{number}{path.suffix}")
        link.hardlink_to(path)
        started = time.monotonic()
        with pytest.raises(UsageError, match="would be written, and is an input"):
            again(link)
        assert time.monotonic() - started < 5
    assert {path: path.read_bytes() for path in sorted(Path("out").iterdir())} == before


def test_an_evaluation_leaves_the_plots_of_its_model(tmp_path: Path, cohort: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(data_dir() / "models/warfarin.dose", model)
    before = {path: path.read_bytes() for path in model.iterdir()}
    with pytest.raises(UsageError, match="which is read; name another folder"):
        pgx.evaluate(model, cohort, out=model)
    assert {path: path.read_bytes() for path in model.iterdir()} == before


def test_knowledge_is_not_built_or_exported_over_itself(tmp_path: Path) -> None:
    shutil.copytree(FACTS, tmp_path / "kb")
    kb = knowledge.load(folder=tmp_path / "kb")
    before = {path: path.read_bytes() for path in (tmp_path / "kb").rglob("*") if path.is_file()}
    (tmp_path / "link").symlink_to(tmp_path / "kb")
    for folder in (tmp_path / "kb", tmp_path / "link"):
        with pytest.raises(UsageError):
            export(kb, folder, "tsv")
        with pytest.raises(UsageError):
            build(tmp_path / "kb", folder)
    assert {path: path.read_bytes() for path in (tmp_path / "kb").rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", PERSON, "--clinical", "clinical.tsv", "-o", "."),
        ("report", PERSON, "--clinical", "clinical.tsv", "-o", "../here"),
        ("report", PERSON, "--clinical", "HG00652.fhir.json", "-o", ".", "--format", "fhir"),
        ("report", "calls.tsv", "-o", "."),
        ("report", PERSON, "--outside-calls", "./provenance.json", "-o", "."),
        ("report", PERSON, "--person", "calls.tsv", "-o", "."),
        ("report", PERSON, "--fasta", "calls.tsv", "-o", "."),
        ("check", "clinical.tsv", "-o", "clinical.tsv"),
        ("call", PERSON, "-c", "clinical.tsv", "--log", "clinical.tsv"),
        ("features", PERSON, "-c", "clinical.tsv", "-o", "x.tsv", "--missing", "./clinical.tsv"),
        ("score", "--features", "clinical.tsv", "-o", "clinical.tsv"),
        ("monitor", "clinical.tsv", "--scores", "scores.tsv", "-o", "scores.tsv"),
        ("evaluate", ENDPOINT, "--cohort", "predictions.tsv", "-o", "."),
        ("train", ENDPOINT, "--cohort", "./model.json", "-o", "."),
        ("kb", "build", "facts", "-o", "facts"),
        ("kb", "build", "facts", "-o", "facts/../facts"),
        ("kb", "export", "ward", "--knowledge", "ward"),
        ("kb", "export", "-o", "ward", "--knowledge", "ward", "--format", "tsv"),
        ("kb", "diff", "facts", "-o", "facts"),
        ("kb", "validate", "facts", "-o", "facts/problems.tsv"),
    ],
    ids=lambda arguments: " ".join(str(one) for one in arguments if one is not PERSON),
)
def test_a_user_is_told_in_one_line_and_nothing_changes(plain: Path, arguments: tuple[object, ...]) -> None:
    here = plain.parent
    for name in ("clinical.tsv", "scores.tsv", "calls.tsv", "predictions.tsv", "provenance.json", "model.json",
                 "HG00652.fhir.json", "facts/alleles.tsv", "ward/alleles.tsv"):  # fmt: skip
        (here / name).parent.mkdir(exist_ok=True)
        (here / name).write_text("mine")
    before = {path: path.stat().st_mtime_ns for path in here.rglob("*")}
    done = run(*arguments, cwd=here)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("pgx: ") and done.stderr.count("\n") == 1 and "would be written" in done.stderr
    assert {path: path.stat().st_mtime_ns for path in here.rglob("*")} == before


def test_an_output_beside_the_inputs_is_fine(plain: Path) -> None:
    here = plain.parent
    shutil.copy(PERSON, here / "person.vcf.gz")
    shutil.copy(HISTORY, here / "history.json")
    for arguments in (
        ("report", "person.vcf.gz", "-c", "history.json", "-o", "."),
        ("report", "person.vcf.gz", "-c", "history.json", "-o", "."),
        ("check", "history.json", "-o", "history.checked.tsv"),
        ("call", "person.vcf.gz", "-o", "x.tsv", "--log", "x.parquet"),
        ("call", "person.vcf.gz", "-o", "x.tsv"),
    ):
        done = run(*arguments, cwd=here)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("guidance.tsv", "drug,what my ward does\n"),
        ("calls.parquet", "PAR1 of another tool PAR1"),
        ("HG00652.report.html", "<!DOCTYPE html><html>my page</html>"),
        ("HG00652.report.json", '{"format": "another"}'),
        ("HG00652.plan.ics", "BEGIN:VCALENDAR"),
        ("HG00652.report.txt", "my notes"),
        ("provenance.json", "{}"),
    ],
)
def test_a_report_replaces_its_own_files_and_no_others_of_the_name(tmp_path: Path, name: str, content: str) -> None:
    def run() -> subprocess.CompletedProcess[str]:
        formats = "text,html,json,tsv,parquet,plan"
        given = ("report", PERSON, "--drugs", "codeine", "-o", "out", "--format", formats)
        return command_line.run(*given, cwd=tmp_path)

    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text(content)
    done = run()
    assert done.returncode == 2 and f"out/{name}: a file that pgx did not write has this name" in done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == [name]
    assert (tmp_path / "out" / name).read_text() == content
    (tmp_path / "out" / name).unlink()
    assert run().returncode == run().returncode == 0, "what it wrote itself is renewed"


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (("report", "broken.vcf", "--drugs", "codeine", "--format", "tsv", "-o", "."), "judgements.tsv"),
        (("report", "broken.vcf", "--drugs", "codeine", "--format", "parquet", "-o", "."), "calls.parquet"),
        (("report", "broken.vcf", "--drugs", "codeine", "--format", "text", "-o", "."), "provenance.json"),
        (("call", "broken.vcf", "-o", "out.tsv"), "out.tsv"),
        (("features", "broken.vcf", "-o", "out.parquet"), "out.parquet"),
        (("score", "broken.vcf", "-o", "out.json"), "out.json"),
    ],
)
def test_somebody_s_file_is_found_before_the_genotypes_are_read(
    tmp_path: Path, command: tuple[object, ...], name: str
) -> None:
    (tmp_path / "broken.vcf").write_text("no genotypes\n")
    assert command_line.run(*command, cwd=tmp_path).returncode == 3, "reading them would be an error of its own"
    (tmp_path / name).write_text("somebody's own notes\n")
    refused = command_line.run(*command, cwd=tmp_path)
    assert refused.returncode == 2 and "a file that pgx did not write" in refused.stderr


@pytest.mark.parametrize("name", ["model.json", "trees.json", "card.md"])
def test_a_model_is_not_written_over_files_that_are_none(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('{"mine": true}')
    with pytest.raises(UsageError, match="a file that pgx did not write"):
        train("warfarin.dose", pl.DataFrame(), tmp_path, knowledge.load())
    assert (tmp_path / name).read_text() == '{"mine": true}'


@pytest.mark.parametrize("ending", [".tsv", ".json", ".parquet"])
@pytest.mark.parametrize(
    "command",
    [
        ("call", PERSON), ("simulate", "warfarin.dose", "-n", "20"), ("check", "--columns"), ("schema", "calls"),
        ("kb", "genes"),
    ],
    ids=lambda one: one[0],
)  # fmt: skip
def test_a_table_replaces_its_own_file_and_no_other(tmp_path: Path, command: tuple[object, ...], ending: str) -> None:
    out = tmp_path / f"out{ending}"
    out.write_text("somebody's own notes\n")
    refused = command_line.run(*command, "-o", out)
    assert refused.returncode == 2 and "a file that pgx did not write" in refused.stderr
    assert out.read_text() == "somebody's own notes\n"
    out.unlink()
    for _ in range(2):
        assert command_line.run(*command, "-o", out).returncode == 0


def test_a_template_that_somebody_filled_in_is_not_replaced(tmp_path: Path) -> None:
    out = tmp_path / "persons.csv"
    for _ in range(2):
        assert command_line.run("check", "--template", "csv", "-o", out).returncode == 0
    out.write_text(out.read_text() + "P1\n")
    refused = command_line.run("check", "--template", "csv", "-o", out)
    assert refused.returncode == 2 and "may be filled in" in refused.stderr
    assert out.read_text().endswith("P1\n")


def test_a_table_on_standard_output_replaces_no_file_and_asks_for_none(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-").write_text("mine\n")
    write_table(pl.DataFrame({"sample": ["a"], "gene": ["CYP2D6"]}), "-")
    assert capsys.readouterr().out == "sample\tgene\na\tCYP2D6\n"
    assert (tmp_path / "-").read_text() == "mine\n"
