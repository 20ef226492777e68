"""Whole numbers of files: plain digits within 64 bits; whatever else there is, no exception."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pgx.variants
from pgx.variants.whole_numbers import LARGEST, whole_number


@given(st.integers(0, LARGEST), st.integers(0, 30))
def test_digits_are_their_number_whatever_zeros_lead(value: int, zeros: int) -> None:
    text = "0" * zeros + str(value)
    assert whole_number(text) == whole_number(text.encode()) == value


@given(st.text() | st.binary())
def test_any_text_gives_a_number_or_none(text: str | bytes) -> None:
    value = whole_number(text)
    assert value is None or 0 <= value <= LARGEST


@pytest.mark.parametrize(
    "text", ["", " 1", "1 ", "+1", "-1", "1_0", "1.0", "²", "٣", "1e3", "0x1", str(LARGEST + 1), "9" * 5000]
)
def test_what_is_no_whole_number(text: str) -> None:
    assert whole_number(text) is None


def test_the_bound_is_the_last_number_that_is_taken() -> None:
    assert (whole_number("50", 50), whole_number("51", 50)) == (50, None)
    assert (whole_number("0" * 40), whole_number(b"0" * 5000)) == (0, 0)


def test_readers_ask_for_the_digits_of_a_file_here() -> None:
    """``int`` of a match or of a split field is how 5,000 digits came in."""
    found = []
    for path in Path(pgx.variants.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "int" and call.args:
                subject = call.args[0]
                if isinstance(subject, ast.Subscript) and ast.unparse(subject.value) in (
                    "match",
                    "number",
                    "length",
                    "part",
                    "parts",
                    "fields",
                ):
                    found.append(f"{path.name}: {ast.unparse(call)}")
    assert found == []
