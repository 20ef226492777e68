"""Whatever an input holds, every reader answers or refuses it in one line (`tests.tools.fuzz`; `make fuzz` for longer)."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from pgx.knowledge import load
from tests.tools import fuzz

INPUTS_EACH = 4


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> dict[str, fuzz.Reader]:
    return {one.name: one for one in fuzz.readers(load(), tmp_path_factory.mktemp("seeds"))}


@pytest.mark.parametrize("path", sorted(fuzz.CRASHES.iterdir()), ids=lambda path: path.name)
def test_what_once_broke_a_reader_breaks_it_no_more(every: dict[str, fuzz.Reader], path: Path, tmp_path: Path) -> None:
    assert not fuzz.attempt(every[path.name.partition(".")[0]], path.read_bytes(), tmp_path)


def test_changed_inputs_are_read_or_refused(every: dict[str, fuzz.Reader], tmp_path: Path) -> None:
    rng = random.Random(18)
    for reader in every.values():
        for content in [*reader.seeds[:1], *(fuzz.change(rng.choice(reader.seeds), rng) for _ in range(INPUTS_EACH))]:
            told = fuzz.attempt(reader, content[: fuzz.MOST], tmp_path)
            assert not told, f"{reader.name}: {content[:500]!r}\n{told}"


def test_a_reader_that_breaks_is_found(tmp_path: Path) -> None:
    def breaks(path: Path) -> None:
        raise KeyError(path.read_bytes()[:3])

    assert "KeyError: b'abc'" in fuzz.attempt(fuzz.Reader("broken", "in", [], breaks), b"abcdef", tmp_path)
