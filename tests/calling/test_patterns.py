"""Samples with the same data share a pattern, others never do, and patterns come in order of first appearance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgx.calling import patterns

COLUMNS = st.lists(st.tuples(*[st.integers(-3, 3)] * 3, st.integers(-9, 2**31 - 1)), max_size=30)


def distinct(columns: list[tuple[int, ...]]) -> tuple[list[int], list[int]]:
    table = np.array(columns, dtype=np.int64).reshape(len(columns), 4).T
    traits = np.zeros((2, len(columns)), dtype=np.int32)
    of, chosen = patterns._distinct(table[:3].astype(np.int8), table[3:].astype(np.int32), traits)
    return of.tolist(), chosen.tolist()


def plainly(columns: list[tuple[int, ...]]) -> tuple[list[int], list[int]]:
    names = list(dict.fromkeys(columns))
    return [names.index(one) for one in columns], [columns.index(one) for one in names]


@given(COLUMNS)
def test_they_are_those_of_plain_comparison(columns: list[tuple[int, ...]]) -> None:
    assert distinct(columns) == plainly(columns)


def test_equal_fingerprints_of_different_data_do_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "_weights", lambda count: np.zeros(count, dtype=np.uint64))
    columns = [(1, 2, 3, 4), (0, 0, 0, 0), (1, 2, 3, 4), (1, 2, 3, 5), (0, 0, 0, 0)]
    assert distinct(columns) == plainly(columns)
