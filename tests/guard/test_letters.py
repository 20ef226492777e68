"""What nobody sees reaches neither a table nor a terminal as it is."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import polars as pl
import pytest

from pgx.cli.shown.terminal import guard_streams
from pgx.guard.letters import visible
from pgx.reports.formats.fhir import to_text
from pgx.reports.formats.result_json import from_json, to_json
from pgx.tables import tsv, write_table
from tests.reports import example
from tests.reports.rendered import LEXICON

EVIL = ["\x1b[2J\x1b]0;title\x07", "abc\u202ecba", "a\x00b", "a\x85b", "a\u2028b", "\x9b31m", "\u2066x\u2069", "\r+", "a\u061cb",
        "a\u200bb", "a\xadb", "a\u2060b", "\ufeffa", "a\U000e0041\U000e007f", "\ufff9a"]  # fmt: skip


@pytest.mark.parametrize("name", EVIL)
def test_hidden_characters_are_written_out(name: str) -> None:
    assert visible(name).isprintable() and visible(name) != name
    assert visible("Ærø, 李 µg/mL – ½ 😀") == "Ærø, 李 µg/mL – ½ 😀"


def test_names_that_differ_in_what_nobody_sees_stay_different() -> None:
    assert visible("A\u202eB") != visible("AB") != visible("A\u202dB")


@pytest.mark.parametrize("name", EVIL)
def test_a_table_shows_what_nobody_sees(name: str) -> None:
    rows = tsv(pl.DataFrame({"sample": [name, "B"], "names": [[name], []], "number": [1, 2]})).split("\n")
    assert len(rows) == 4 and all(row.replace("\t", "").isprintable() for row in rows)
    assert rows[2] == "B\t\t2"


@pytest.mark.parametrize("name", EVIL)
def test_a_document_shows_what_nobody_sees_and_is_read_back_as_it_was(name: str, tmp_path: Path) -> None:
    result = example.build(name)
    write_table(pl.DataFrame({"sample": [name]}), tmp_path / "a.json")
    for text in (to_json(result, LEXICON), to_text({"name": name}), (tmp_path / "a.json").read_text(encoding="utf-8")):
        assert text.replace("\n", "").isprintable() and repr(name)[1:-1] in str(json.loads(text))
    assert from_json(to_json(result, LEXICON)).samples == (name,)


@pytest.mark.parametrize("name", EVIL)
def test_a_terminal_is_not_steered(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", stream)
    guard_streams()
    print("one\ttwo", name, "\nthree")
    stream.flush()
    told = raw.getvalue().decode()
    assert told.startswith("one\ttwo ") and told.endswith(" \nthree\n")
    assert told.replace("\n", "").replace("\t", "").isprintable()


def test_output_that_is_not_utf_8_degrades(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    guard_streams()
    print("5 µg – *1/*2")
    stream.flush()
    assert raw.getvalue() == b"5 \\xb5g \\u2013 *1/*2\n"


def test_a_closed_standard_output_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    guard_streams()
    with pytest.raises(OSError, match="standard output is closed"):
        print("x")
