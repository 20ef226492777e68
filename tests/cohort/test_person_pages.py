"""Reports of many persons made in blocks: the bytes of one run, whatever the blocks and however it was stopped."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

import pgx
from pgx.codes import NoteCode
from pgx.cohort import person_pages
from pgx.errors import UsageError
from tests.test_persons_apart import vcf

PEOPLE = ("a", "b", "B", "c/d", "A")
"""Two pairs that differ in case alone, one of them in different blocks of two; and a name that is no file name."""
FORMATS = ("html", "card")


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "all.vcf").write_text(vcf(PEOPLE, ("chr1", "chr10", "chr12", "chr22", "chrX"), 3))
    rows = [f"{name},clopidogrel;warfarin" for name in PEOPLE[1:]]
    (folder / "ward.csv").write_text("\n".join(["sample,medications", *rows]) + "\n")
    return folder


@pytest.fixture(scope="module")
def one_run(files, tmp_path_factory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("one") / "out"
    pgx.report(files / "all.vcf", clinical=files / "ward.csv", out=out, formats=FORMATS)
    return content(out)


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def make(files: Path, out: Path, **more) -> person_pages.Made:
    return person_pages.make(asked(files, out), block_size=2, **more)


def asked(files: Path, out: Path, **more) -> person_pages.Asked:
    given = {"vcf": files / "all.vcf", "sheet": None, "clinical": files / "ward.csv", "medications": None,
             "outside_calls": (), "drugs": None, "options": pgx.Options(), "out": out, "formats": FORMATS}  # fmt: skip
    return person_pages.Asked(**{**given, **more})


def test_blocks_give_the_files_of_one_run(files, one_run, tmp_path):
    made = make(files, tmp_path, threads=2)
    assert content(tmp_path) == one_run
    assert made.progress.lost == 0
    assert len(one_run) == len(PEOPLE) * len(FORMATS) + 3


@pytest.mark.usefixtures("one_process")
def test_the_notes_are_those_of_one_run(files, tmp_path):
    """But for how many of a block have no score, which is no news of the run."""
    made = make(files, tmp_path, threads=1)
    told = pgx.report(files / "all.vcf", clinical=files / "ward.csv").notes
    told = told.filter(told["code"] != NoteCode.SCORE_REFUSED)
    columns = ["sample", "severity", "code", "message"]
    assert sorted(made.notes.select(columns).rows(), key=str) == sorted(told.select(columns).rows(), key=str)


@pytest.mark.usefixtures("one_process")
def test_what_was_done_before_a_stop_is_kept(files, one_run, tmp_path):
    """A stop after the first block leaves no page, and the same call then does the rest."""

    def stop(progress) -> None:
        if progress.done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(files, tmp_path, threads=1, on_progress=stop)
    assert not [path for path in tmp_path.iterdir() if path.is_file()]
    seen = []
    make(files, tmp_path, threads=1, on_progress=seen.append)
    assert seen[0].resumed == 2
    assert content(tmp_path) == one_run


@pytest.mark.usefixtures("one_process")
def test_a_stop_while_what_a_run_has_kept_is_removed_leaves_nothing_behind(files, one_run, tmp_path, monkeypatch):
    def stop(folder, **_) -> None:
        for path in Path(folder).iterdir():
            if path.is_file():
                path.unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(person_pages, "shutil", SimpleNamespace(rmtree=stop))
        with pytest.raises(KeyboardInterrupt):
            make(files, tmp_path, threads=1)
    assert (tmp_path / person_pages.WORK).is_dir()
    make(files, tmp_path, threads=1)
    assert content(tmp_path) == one_run
    assert not (tmp_path / person_pages.WORK).exists()


@pytest.mark.parametrize(
    ("formats", "kept", "many", "blocks"),
    [
        (FORMATS, "", 5, True),
        (FORMATS, "", 6, False),
        (("html", "tsv"), "", 5, False),
        (FORMATS, "x.report.html", 5, False),
        (FORMATS, "index.html", 5, False),
        (FORMATS, "complete.json", 5, False),
        (FORMATS, "x.txt", 5, True),
    ],
)
def test_whether_pages_are_made_in_blocks(files, tmp_path, monkeypatch, formats, kept, many, blocks):
    monkeypatch.setattr(person_pages, "MANY", many)
    if kept:
        (tmp_path / kept).write_text("")
    assert person_pages.suits(asked(files, tmp_path, formats=formats)) is blocks


@pytest.mark.usefixtures("one_process")
def test_a_sheet_and_a_list_for_everybody_give_the_files_of_one_run(files, tmp_path, monkeypatch):
    """Whom the sheet gives a list of their own does not take that of everybody."""
    (tmp_path / "two.vcf").write_text(vcf(("x", "y"), ("chr10",), 4))
    rows = [f"{name},{files / 'all.vcf'}," for name in ("a", "b", "c/d")]
    rows += [f"x,{tmp_path / 'two.vcf'},clopidogrel", f"y,{tmp_path / 'two.vcf'},none"]
    sheet = tmp_path / "people.csv"
    sheet.write_text("\n".join(["sample,vcf,medications", *rows]) + "\n")
    monkeypatch.setattr(person_pages, "MANY", 5)
    people = asked(files, tmp_path / "out", vcf=(), clinical=(), sheet=sheet, medications="codeine")
    assert person_pages.suits(people)
    person_pages.make(people, block_size=2, threads=1)
    pgx.report(sheet=sheet, medications="codeine", out=tmp_path / "one", formats=FORMATS)
    assert content(tmp_path / "out") == content(tmp_path / "one")


@pytest.mark.usefixtures("one_process")
def test_a_wrong_name_is_said_once_and_is_nobodys_failure(files, tmp_path):
    for wrong in ({"medications": "codeinn"}, {"drugs": "codeinn"}, {"options": pgx.Options(genes="CYP2C20")}):
        with pytest.raises(UsageError, match=r"codeinn|CYP2C20"):
            person_pages.make(asked(files, tmp_path / "out", **wrong), block_size=2, threads=1)


@pytest.mark.usefixtures("one_process")
def test_a_wrong_endpoint_of_a_cohort_is_said_once(files, tmp_path):
    with pytest.raises(UsageError, match="unknown endpoint"):
        pgx.cohort.run(files / "all.vcf", tmp_path / "out", endpoints="warfarin.dos", threads=1)


@pytest.mark.parametrize(("persons", "size"), [(1, 1), (100, 50), (1200, 600), (1201, 301), (3202, 534)])
def test_blocks_come_in_pairs_and_are_of_one_size(persons, size):
    assert person_pages._even(persons) == size


def test_pages_of_genotypes_from_a_pipe_are_made_from_one_reading(files, pgx_process, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    write = (tmp_path / "pipe").write_bytes
    writer = threading.Thread(target=write, args=((files / "all.vcf").read_bytes(),), daemon=True)
    writer.start()
    run = pgx_process("report", "pipe", "--genes", "CYP2C19", "-o", "out", "--format", "card", "--no-print")
    assert run.returncode == 0, run.stderr  # before the writer, who waits for ever for a reader who has gone
    writer.join()
    options = pgx.Options(genes="CYP2C19")
    pgx.report(files / "all.vcf", out=tmp_path / "one", formats="card", options=options)
    assert sorted(content(tmp_path / "out")) == sorted(content(tmp_path / "one"))


def test_the_command_makes_pages_of_many_in_blocks(pgx_command, tmp_path):
    people = [f"P{number}" for number in range(person_pages.MANY)]
    (tmp_path / "all.vcf").write_text(vcf(people, ("chr10",), 3))
    run = pgx_command(
        "report", "all.vcf", "--drugs", "clopidogrel", "--genes", "CYP2C19", "-o", "out", "--format", "card",
        "--log-file", "log.jsonl",
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert not run.stdout, "who asks for so many reports in a folder does not read them on a terminal"
    events = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [one["event"] for one in events] == ["start", "progress", "progress", "progress", "end"]
    assert [one["done"] for one in events[1:-1]] == [0, 50, 100]
    assert f"{len(people)} of {len(people)} persons done: out" in run.stderr
    options = pgx.Options(genes="CYP2C19")
    pgx.report(tmp_path / "all.vcf", drugs="clopidogrel", out=tmp_path / "one", formats="card", options=options)
    assert content(tmp_path / "out") == content(tmp_path / "one")
