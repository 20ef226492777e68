"""Reports of many persons made in blocks: the bytes of one run, whatever the blocks and however it was stopped."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

import pgx
from pgx.codes import NoteCode
from pgx.cohort import person_pages
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
    return person_pages.make(
        files / "all.vcf", out, FORMATS, clinical=files / "ward.csv", options=pgx.Options(), block_size=2, **more
    )


def test_blocks_give_the_files_of_one_run(files, one_run, tmp_path):
    made = make(files, tmp_path, threads=2)
    assert content(tmp_path) == one_run
    assert made.progress.lost == 0
    assert len(one_run) == len(PEOPLE) * len(FORMATS) + 3


def test_the_notes_are_those_of_one_run(files, tmp_path):
    """But for how many of a block have no score, which is no news of the run."""
    made = make(files, tmp_path, threads=1)
    told = pgx.report(files / "all.vcf", clinical=files / "ward.csv").notes
    told = told.filter(told["code"] != NoteCode.SCORE_REFUSED)
    columns = ["sample", "severity", "code", "message"]
    assert sorted(made.notes.select(columns).rows(), key=str) == sorted(told.select(columns).rows(), key=str)


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


@pytest.mark.parametrize(
    ("formats", "kept", "many", "asked"),
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
def test_whether_pages_are_made_in_blocks(files, tmp_path, monkeypatch, formats, kept, many, asked):
    monkeypatch.setattr(person_pages, "MANY", many)
    if kept:
        (tmp_path / kept).write_text("")
    assert person_pages.suits(files / "all.vcf", tmp_path, formats, (), (), pgx.Options()) is asked


def test_pages_of_genotypes_from_a_pipe_are_made_from_one_reading(files, pgx_process, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=((files / "all.vcf").read_bytes(),))
    writer.start()
    run = pgx_process("report", "pipe", "--genes", "CYP2C19", "-o", "out", "--format", "card", "--no-print")
    writer.join()
    assert run.returncode == 0, run.stderr
    options = pgx.Options(genes="CYP2C19")
    pgx.report(files / "all.vcf", out=tmp_path / "one", formats="card", options=options)
    assert sorted(content(tmp_path / "out")) == sorted(content(tmp_path / "one"))


def test_the_command_makes_pages_of_many_in_blocks(pgx_command, tmp_path):
    people = [f"P{number}" for number in range(person_pages.MANY)]
    (tmp_path / "all.vcf").write_text(vcf(people, ("chr10",), 3))
    run = pgx_command(
        "report", "all.vcf", "--drugs", "clopidogrel", "--genes", "CYP2C19", "-o", "out", "--format", "card", "--no-print"
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert f"{len(people)} of {len(people)} persons done: out" in run.stderr
    options = pgx.Options(genes="CYP2C19")
    pgx.report(tmp_path / "all.vcf", drugs="clopidogrel", out=tmp_path / "one", formats="card", options=options)
    assert content(tmp_path / "out") == content(tmp_path / "one")
