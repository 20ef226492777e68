"""Notes on standard error: a line a fact, however many persons it is about."""

from __future__ import annotations

import json

import pytest
import typer

from pgx.cli.shown import notes
from pgx.notes import Note, frame_of
from tests.outside import ROOT


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


LONG = "q" * 100_000
ODD_RECORDS = {
    "a key": {"sample": "HG00652", LONG: 5},
    "a diagnosis": {"sample": "HG00652", "conditions": [LONG]},
    "a reference": {
        "resourceType": "Observation", "status": "final", "subject": {"reference": f"Patient/{LONG}"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "valueQuantity": {"value": 70, "unit": LONG},
    },
}  # fmt: skip


@pytest.mark.parametrize("name", ODD_RECORDS)
def test_what_a_record_spells_at_length_is_not_printed_at_length(pgx_command, tmp_path, name):
    record = tmp_path / "record.json"
    record.write_text(json.dumps(ODD_RECORDS[name]))
    genotypes = ROOT / "data" / "examples" / "HG00652.GRCh38.vcf.gz"
    for command in (["check", record], ["call", genotypes, "-c", record, "--genes", "CYP2C19", "-v"]):
        done = pgx_command(*command)
        assert max(map(len, (done.stdout + done.stderr).splitlines())) < 7_000
