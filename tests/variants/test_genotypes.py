"""The sample columns of a record: vectorised decoding against the plain meaning of the text."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgx.variants.vcf.sample_columns import BadGenotypeError, decode, numbers, subfield

GT = st.sampled_from(["0/0", "0|1", "./.", "1", ".", "10/2", "./1", "|1|0", "0/1/1", "1|12"])
VALUE = st.sampled_from(["", ".", "0", "7", "99", "123456789", "1234567890", "3.5", "-2", "1e2", "5,6", "x"])


def meaning(text: str) -> float:
    try:
        return float(text.split(",", maxsplit=1)[0])
    except ValueError:
        return float("nan")


@given(st.lists(st.tuples(GT, st.lists(VALUE, max_size=3)), min_size=1, max_size=12), st.integers(1, 3))
def test_numbers_are_those_of_the_text(columns: list[tuple[str, list[str]]], index: int) -> None:
    rest = "\t".join(":".join([gt, *values]) for gt, values in columns).encode()
    found = numbers(rest, len(columns), index)
    for (gt, values), value, text in zip(columns, found, subfield(rest, len(columns), index), strict=True):
        cells = [gt, *values]
        expected = meaning(cells[index]) if index < len(cells) else float("nan")
        assert value == expected or (math.isnan(value) and math.isnan(expected))
        assert text.decode() == ((cells[index] or ".") if index < len(cells) else ".")


@given(st.lists(GT, min_size=1, max_size=12))
def test_each_column_is_decoded_as_if_alone(columns: list[str]) -> None:
    together = decode("\t".join(columns).encode(), len(columns))
    for i, text in enumerate(columns):
        alone = decode(text.encode(), 1)
        assert together.gt[i].tolist() == alone.gt[0].tolist()
        assert together.phased[i] == alone.phased[0]


@pytest.mark.parametrize("text", ["", "0/", "/", "a/b", "0//1", "0/1|", "0\\1", " 0/1", "0/1 "])
def test_what_is_no_genotype(text: str) -> None:
    with pytest.raises(BadGenotypeError):
        decode(text.encode(), 1)


@pytest.mark.parametrize(("rest", "count"), [(b"0/1", 2), (b"0/1\t0/1", 1), (b"0/1\t", 1), (b"\t0/1", 1)])
def test_a_wrong_count_of_columns(rest: bytes, count: int) -> None:
    for attempt in (lambda: decode(rest, count), lambda: numbers(rest, count, 0), lambda: subfield(rest, count, 0)):
        with pytest.raises(BadGenotypeError):
            attempt()
