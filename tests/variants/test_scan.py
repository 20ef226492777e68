"""Finding records in text: the vectorised ways against looking at each line."""

from __future__ import annotations

import gzip
import io
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgx.errors import InputError
from pgx.variants.vcf.pos_column import names_end
from pgx.variants.vcf.scan import Scanner
from pgx.variants.vcf.streams import read_stream
from pgx.variants.vcf.windows import Windows

WINDOWS = [("chr1", 100, 105), ("chr1", 300, 300), ("chr2", 50, 60), ("chrX", 1000, 1000)]
REGIONS = [("chr1", 90, 120), ("chr2", 1, 100)]
INFO = st.sampled_from(
    [
        ".",
        "DP=3",
        "END={end}",
        "DP=3;END={end}",
        "CIEND=9",
        "END=",
        "SVLEN=50",
        "AN=2;SVLEN=-50",
        "SVLEN=.",
        "SVLEN=20,90",
    ]
)
ALT = st.sampled_from(
    "A A A <NON_REF> . <*> A,<NON_REF> <DEL> <DUP:TANDEM> <del>,<CNV> <CGA> <INS:ME:ALU> <inv> A[chr7:95[ ]2:99]A "
    f"A,A]chr9:1] .A A. {'A' * 70}".split()
)
STRUCTURAL = re.compile(r"<(DEL|DUP|CNV|INS|INV)|[\[\]]|\.A|A\.|A{51}", re.I)
ROW = st.tuples(st.integers(1, 400), st.integers(1, 30), ALT, INFO)


def plain(lines: list[str]) -> list[int]:
    """Return the lines that touch a window, by looking at each."""
    found = []
    for number, line in enumerate(lines, 1):
        chrom, pos, _, ref, alt, _, _, info = line.split("\t")[:8]
        last = int(pos) + len(ref) - 1
        ends = [part[4:] for part in info.split(";") if part.startswith("END=") and part[4:].isdigit()]
        if (alt[0] == "<" or alt == ".") and ends:
            last = max(last, int(ends[0]))
        lengths = [part[6:].split(",") for part in info.split(";") if part.startswith("SVLEN=")]
        told = [abs(int(n)) for n in (lengths[0] if lengths else []) if n != "."]
        if len(told) > 1 and len(told) != alt.count(",") + 1:
            told = []
        symbolic = alt[0] == "<" and alt[1] not in "N*"
        if symbolic and not ends and told:
            last = max(last, int(pos) + max(told))
        name = chrom if chrom.startswith("chr") else f"chr{chrom}"
        changed = bool(STRUCTURAL.search(alt))
        looked_at = WINDOWS + REGIONS if changed else WINDOWS
        reaches = any(name == c and int(pos) <= stop and last >= start for c, start, stop in looked_at)
        if reaches or "]2:99]" in alt:  # leads into a region
            found.append(number)
    return found


@settings(deadline=None, max_examples=80)
@given(
    st.dictionaries(st.sampled_from(["chr1", "2", "X", "chr3"]), st.lists(ROW, min_size=1, max_size=30), min_size=1),
    st.integers(1, 600),
    st.integers(1, 300),
)
def test_every_chunking_finds_the_same_lines(
    rows: dict[str, list[tuple[int, int, str, str]]], size: int, samples: int
) -> None:
    lines = []
    for chrom, records in rows.items():
        for pos, length, alt, info in sorted(records):
            cells = [chrom, str(pos), ".", "A" * length, alt, ".", ".", info.format(end=pos + length * 3), "GT"]
            lines.append("\t".join([*cells, *["0/1"] * samples]))
    text = ("\n".join(lines) + "\n").encode()
    chunks = [text[i : i + size * 20] for i in range(0, len(text), size * 20)]
    scanner = Scanner(Windows.of(WINDOWS), "x", 0, regions=Windows.of(REGIONS))
    found = [number for number, _ in scanner.scan(chunks)]
    assert found == plain(lines)
    whole = list(Scanner(Windows.of(WINDOWS), "x", 0, everything=True).scan(chunks))
    assert [line.decode() for _, line in whole] == lines


@settings(deadline=None)
@given(st.lists(st.integers(1, 10**9), min_size=2, max_size=60), st.integers(50, 5000))
def test_records_out_of_order_are_noticed_in_every_chunking(positions: list[int], size: int) -> None:
    text = "".join(f"chr1\t{pos}\t.\tA\tC\t.\t.\t.\tGT\t0/1\n" for pos in positions).encode()
    scanner = Scanner(Windows.of(WINDOWS), "x", 0)
    list(scanner.scan(text[i : i + size] for i in range(0, len(text), size)))
    back = next((i for i in range(1, len(positions)) if positions[i] < positions[i - 1]), None)
    assert bool(scanner.disorder) == (back is not None)
    if back is not None:
        assert f"line {back + 1}:" in scanner.disorder


@given(st.binary(max_size=60) | st.text("END=;", max_size=60).map(str.encode), st.integers(0, 60), st.integers(0, 60))
def test_the_name_end_is_found_wherever_it_stands(data: bytes, begin: int, stop: int) -> None:
    begin, stop = sorted((min(begin, len(data)), min(stop, len(data))))
    found = names_end(data, np.frombuffer(data, dtype=np.uint8), begin, stop)
    assert found == (data.find(b"END=", begin, stop) >= 0)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=4000), min_size=1, max_size=40), st.integers(0, 5))
def test_gzip_members_of_any_size_are_unpacked_to_the_last(parts: list[bytes], padding: int) -> None:
    packed = b"".join(gzip.compress(part, mtime=0) for part in parts) + b"\0" * padding
    assert b"".join(read_stream(io.BytesIO(packed), "gzip", "x", [])) == b"".join(parts)


def test_a_large_member_behind_many_small_ones() -> None:
    large = np.random.default_rng(1).bytes(1 << 20)
    packed = gzip.compress(b"a") * 5000 + gzip.compress(large) + gzip.compress(b"z")
    assert b"".join(read_stream(io.BytesIO(packed), "gzip", "x", [])) == b"a" * 5000 + large + b"z"
    with pytest.raises(InputError, match="cut short or damaged"):
        list(read_stream(io.BytesIO(packed + b"\0rest"), "gzip", "x", []))
