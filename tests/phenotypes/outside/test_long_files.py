"""A file of hundreds of thousands of results: each way to say something is worked out once, each line is looked at once."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from pgx.guard import alike_names
from pgx.knowledge import load
from pgx.phenotypes.outside import merge, strangers

KB = load()
SAID = (("CYP2D6", "*1/*4"), ("CYP2C19", "*2/*17"), ("cyp2c19", "*2"), ("TPMT", "*1/*3A"))


def written(place: Path, lines: list[str]) -> Path:
    path = place / "lab.tsv"
    path.write_text("sample\tgene\tdiplotype\n" + "\n".join(lines) + "\n")
    return path


def test_what_many_samples_have_is_worked_out_once_and_told_of_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked, one = [], merge.call_of
    monkeypatch.setattr(merge, "call_of", lambda *given: (worked.append(given), one(*given))[1])
    path = written(tmp_path, [f"S{i}\t{gene}\t{said}" for i in range(500) for gene, said in SAID if gene != "cyp2c19"])
    calls, notes = merge.read(path, KB)
    assert len(worked) == 3
    assert [(call.sample, call.gene, call.where) for call in calls[3:5]] == [
        ("S1", "CYP2D6", "lab.tsv: line 5"), ("S1", "CYP2C19", "lab.tsv: line 6")]  # fmt: skip
    assert len(calls) == 1500 and not notes


def test_a_result_that_is_refused_once_is_refused_of_each(tmp_path: Path) -> None:
    calls, notes = merge.read(written(tmp_path, [f"S{i}\tCYP2C19\t*2" for i in range(3)]), KB)
    assert not calls
    assert [(one.sample, f"line {i + 2}" in one.message) for i, one in enumerate(notes)] == [
        (f"S{i}", True) for i in range(3)]  # fmt: skip


def test_slips_are_looked_for_in_some_unknown_names_and_every_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, one = [], difflib.get_close_matches
    monkeypatch.setattr(difflib, "get_close_matches", lambda *given, **more: (looked.append(1), one(*given, **more))[1])
    _, notes = merge.read(written(tmp_path, [f"S\tXYZ{i}Q\t*1/*1" for i in range(3000)]), KB)
    assert len(notes) == 3000
    assert 0 < len(looked) <= 100


def test_persons_are_compared_with_strangers_of_the_same_number_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    compared, one = [], alike_names.is_alike
    monkeypatch.setattr(alike_names, "is_alike", lambda *names: (compared.append(names), one(*names))[1])
    everyone = [f"HG{i:05}" for i in range(2000)]
    results = [(f"hg-{i:05}", "CYP2D6") for i in range(1000, 3000)]
    found = strangers.genes_of_strangers(results, everyone)
    said = list(strangers.notes_of_persons(Path("lab.tsv"), found, everyone, (), everyone))
    assert [person for _, person, _ in said] == everyone[1000:]
    assert len(compared) == 1000
