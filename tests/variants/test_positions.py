"""POS of many lines read as words: what plain reading finds, or nothing."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pgx.variants.vcf import pos_column

NAMES = st.sampled_from(["1", "chr1", "chr10", "chrUn_x", "NC_000001.11", "HLA-DRB1*15:01:01:01"])


def runs(lines: list[bytes], lead: int) -> list[int] | None:
    """Return the POS of all lines run by run; None where a run is refused."""
    text = b"".join(line + b"\n" for line in lines)
    buffer = np.frombuffer(text, dtype=np.uint8)
    starts = np.r_[0, np.flatnonzero(buffer == 10)[:-1] + 1]
    found: list[int] = []
    while len(found) < len(lines):
        run = pos_column.run(text, buffer, starts[len(found) :], lead)
        if run is None:
            return None
        values = run.all().tolist()
        assert len(values) == run.count > 0
        assert (values[0], values[-1]) == (run.first, run.last)
        found += values
    return found


@given(NAMES, st.lists(st.integers(0, 9_999_999_999), min_size=1, max_size=40))
def test_sorted_positions_are_read_whatever_their_width(name: str, numbers: list[int]) -> None:
    numbers.sort()
    lines = [f"{name}\t{number}\t.\tA\tC\t.\t.\t." for number in numbers]
    assert runs([line.encode() for line in lines], len(name) + 1) == numbers


@given(NAMES, st.lists(st.one_of(st.integers(0, 10**8), st.text("0123456789aé-.: ", max_size=9)), min_size=1))
def test_what_is_no_sorted_number_is_refused_or_read_as_it_stands(name: str, cells: list[int | str]) -> None:
    lines = [f"{name}\t{cell}\t.\tA\tC\t.\t.\t.".encode() for cell in cells]
    found = runs(lines, len(name) + 1)
    if found is not None:
        assert [str(cell).lstrip("0") or "0" for cell in cells] == [str(number) for number in found]


@given(
    st.lists(st.sampled_from([b"chr1\t5\t.\tA\tC\t.\t.\t.", b"chr1\t7", b"chr1", b"", b"chr2\t9\t.\tA"]), min_size=1)
)
def test_short_lines_are_never_read_beyond_their_end(lines: list[bytes]) -> None:
    if lines[0].startswith(b"chr1\t"):
        found = runs(lines, 5)
        assert found is None or found == [int(line.split(b"\t")[1]) for line in lines]
