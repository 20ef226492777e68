"""Notes are typed; programs act on their code and subject, and no program reads a sentence."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from pgx import schema
from pgx.notes import Note, frame_of
from tests.outside import ROOT

TOLD = Note(stage="clinical", severity="error", code="bad_row", message="row 3 is not used", where="p.csv: line 3")


def test_a_note_on_several_persons_is_a_row_for_each():
    shared = Note(
        stage="clinical", severity="warning", code="drug_unknown", message="no", sample=("A", "B"), subject="x"
    )
    frame = frame_of([TOLD, shared])
    assert frame.schema == schema.polars_schema(schema.NOTES)
    assert frame.select("sample", "code", "subject", "where").rows() == [
        (None, "bad_row", None, "p.csv: line 3"),
        ("A", "drug_unknown", "x", None),
        ("B", "drug_unknown", "x", None),
    ]
    assert frame_of([]).equals(schema.empty(schema.NOTES))


def test_notes_do_not_change():
    with pytest.raises(AttributeError):
        TOLD.code = "x"
    assert len({TOLD, TOLD}) == 1


def is_message(node: ast.AST) -> bool:
    """Whether an expression is the cell, the column or the attribute ``message``."""
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Constant) and node.slice.value == "message"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "col":
        return any(isinstance(one, ast.Constant) and one.value == "message" for one in node.args)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("str", "clean"):
        return any(map(is_message, node.args))
    return isinstance(node, ast.Attribute) and node.attr == "message"


MATCHERS = ("search", "match", "fullmatch", "sub", "findall")


def reads(node: ast.AST) -> bool:
    """Whether a piece of code takes a message apart, looks into it, or compares it."""
    if isinstance(node, ast.Attribute):
        return is_message(node.value) and node.attr not in ("alias", "format")
    if isinstance(node, ast.Compare):
        return any(map(is_message, (node.left, *node.comparators)))
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Attribute) and called.attr in MATCHERS and any(map(is_message, node.args))


def readings(tree: ast.AST) -> Iterator[int]:
    """Yield the lines that read a message."""
    yield from (node.lineno for node in ast.walk(tree) if reads(node))


def test_no_program_reads_a_message():
    read = [
        f"{path.relative_to(ROOT)}: {line}"
        for path in sorted((ROOT / "pgx").rglob("*.py"))
        for line in readings(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert read == []


@pytest.mark.parametrize(
    "code",
    [
        'pl.col("message").str.contains("is a bound")',
        'note["message"].split(" ")[0]',
        'str(note["message"]).replace("a", "b")',
        '"bound" in note.message',
        'RULE.search(clean(note["message"]))',
    ],
)
def test_each_way_of_reading_one_would_be_seen(code):
    assert list(readings(ast.parse(code)))


def test_a_note_quotes_no_more_of_a_file_than_a_sentence_can_hold():
    long = Note(stage="variants", severity="warning", code="bad_row", message="x" * 9_000, where="y" * 9_000)
    told = frame_of([long]).row(0, named=True)
    assert told["message"] == "x" * 2_000 + " ... (9000 characters)"
    assert told["where"] == "y" * 2_000 + " ... (9000 characters)"
