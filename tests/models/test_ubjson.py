"""Boosters are read as xgboost wrote them: the same numbers to the last bit, and damage is noticed."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgx.models.fitting import boost
from pgx.models.scoring import ubjson


def _grown(trees: int = 3) -> bytes:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(200, 3)).astype(np.float32)
    return boost.grow(x, x[:, 0] + rng.normal(size=200), np.zeros(200), "sqrt", [0] * 3, trees, boost.Settings())


def test_it_is_what_xgboost_says_in_json() -> None:
    content = _grown()
    ours = ubjson.loads(content)
    theirs = json.loads(boost.open_booster(content).save_raw("json"))
    assert ours["version"] == theirs["version"]
    both = (one["learner"]["gradient_booster"]["model"]["trees"] for one in (ours, theirs))
    for mine, other in zip(*both, strict=True):
        assert mine.keys() == other.keys()
        for key, value in other.items():
            same = np.float32(mine[key]) == np.float32(value) if isinstance(value, list) else mine[key] == value
            assert np.all(same), key


def test_every_kind_of_value() -> None:
    text = b"Si\x02ok"
    content = b"{" + b"".join(
        b"i\x01" + bytes([65 + i]) + value
        for i, value in enumerate(
            [b"Z", b"T", b"F", b"i\xff", b"U\xff", b"I\x01\x00", b"l\x00\x00\x01\x00", b"Cx", text, b"[" + text + b"]",
             b"[$U#i\x02\x01\x02", b"[#i\x01T", b"{}", b"{$U#i\x01i\x01a\x07", b"D" + struct.pack(">d", 0.1)]
        )
    ) + b"}"  # fmt: skip
    expected: list[Any] = [None, True, False, -1, 255, 256, 256, "x", "ok", ["ok"], [1, 2], [True], {}, {"a": 7}, 0.1]
    assert list(ubjson.loads(content).values()) == expected


@given(st.data())
def test_a_cut_or_changed_file_is_refused_or_read_but_nothing_else_happens(data: st.DataObject) -> None:
    content = bytearray(_SMALL)
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        ubjson.loads(cut)
    except ValueError as error:
        assert str(error)


@pytest.mark.parametrize("content", [b"", b"[", b"{", b"[$U", b"[$Ux", b"[#L\x7f" + b"\xff" * 7, b"[$Z#l\x7f\xff\xff\xff",
                                     b"Q", b"TT", b"[" * 100_000, b"Si\x09abc", b"[#D" + struct.pack(">d", 1.0)])  # fmt: skip
def test_what_is_not_ubjson_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"UBJSON"):
        ubjson.loads(content)


_SMALL = _grown(1)
