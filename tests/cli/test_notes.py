"""Notes on standard error: a line a fact, however many persons it is about."""

from __future__ import annotations

import pytest
import typer

from pgx.cli.shown import notes
from pgx.notes import Note, frame_of


def note(sample, message="said", code="variants_only", severity="warning"):
    return Note(sample=sample, stage="variants", severity=severity, code=code, message=message)


@pytest.mark.parametrize(
    ("samples", "line"),
    [
        (None, "pgx: warning: said\n"),
        ("A", "pgx: warning: A: said\n"),
        (("A", "B", "C"), "pgx: warning: A, B, C: said\n"),
        (("A", "B", "C", "D"), "pgx: warning: 4 samples: said\n"),
    ],
)
def test_what_several_persons_are_told_is_one_line(capsys, samples, line):
    notes.show(frame_of([note(samples)]))
    assert capsys.readouterr().err == line


def test_lines_of_one_kind_are_cut_by_line_and_not_by_person(capsys):
    many = [note(("A", "B"), f"message {n}") for n in range(7)]
    notes.show(frame_of([*many, *(note("A", f"lost {n}", "record_lost", "error") for n in range(7))]))
    lines = capsys.readouterr().err.splitlines()
    assert lines[5:] == [
        *(f"pgx: error: A: lost {n}" for n in range(7)), "pgx: ... and 2 more notes 'variants_only' (-v shows all)"
    ]  # fmt: skip


def test_a_lost_result_ends_with_4_and_nothing_else_does():
    notes.end(frame_of([note("A", severity="error")]))
    with pytest.raises(typer.Exit) as end:
        notes.end(frame_of([note("A", code="outside_refused")]))
    assert end.value.exit_code == 4
