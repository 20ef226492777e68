"""The POS of many lines at once: eight bytes of text are one integer, which numpy compares and decodes as a whole.

Lines of one contig in order come in long runs whose CHROM, leading digits and number of digits are the same. Within a
run the other digits (at most seven, with the tab behind them) are one big-endian word a line, and words of
the same number of digits are in the order of their numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
_DIGITS = 7
_ZEROS = 0x30303030303030
_TOPS = 0x80808080808080
_ABOVE_NINE = 0x76767676767676
_EN, _ND = (int.from_bytes(pair, "little") for pair in (b"EN", b"ND"))
_PIECE = 1 << 17


@dataclass(slots=True)
class Run:
    """The first `count` lines: their POS lie in order between `first` and `last`."""

    count: int
    first: int
    last: int
    base: int
    words: Words

    def all(self) -> NDArray[np.int64]:
        """Return every POS, int64 (count,)."""
        pairs = (self.words >> 8 & 0x00FF00FF00FF00FF) * 10 + (self.words & 0x00FF00FF00FF00FF)
        fours = (pairs >> 16 & 0x0000FFFF0000FFFF) * 100 + (pairs & 0x0000FFFF0000FFFF)
        return np.asarray((fours >> 32) * 10_000 + (fours & 0xFFFFFFFF) + self.base).astype(np.int64)


def run(text: bytes, buffer: NDArray[np.uint8], starts: NDArray[np.int64], lead: int) -> Run | None:
    """Return the longest run at the first of the lines; None if POS there is not a number, or the run not in order.

    Parameters
    ----------
    text, buffer
        The lines, as bytes and as uint8 (len(text),).
    starts
        Where the lines start; every line ends with a line end.
    lead
        Length of CHROM and its tab in the first line.
    """
    start = int(starts[0])
    tab = text.find(b"\t", start + lead, start + lead + 12)
    digits = text[start + lead : tab] if tab > 0 else b""
    if not digits.isdigit() or len(digits) > 10:
        return None
    varying = min(len(digits), _DIGITS)
    prefix = text[start : tab - varying]
    count = _count(text, starts, prefix, varying)
    starts = starts[:count]
    if int(starts[-1]) + len(prefix) + 8 > len(text) or not _all_begin_with(prefix, buffer, text, starts):
        return None
    words = _word_at(text, starts + len(prefix)) >> np.uint64(8 * (_DIGITS - varying))
    zeros, tops, above = (mask & ((1 << 8 * varying) - 1) for mask in (_ZEROS, _TOPS, _ABOVE_NINE))
    closed = (words & 0xFF) == 9
    words = (words >> np.uint64(8)) ^ np.uint64(zeros)
    if not closed.all() or (((words + above) | words) & tops).any() or (words[1:] < words[:-1]).any():
        return None
    last = int(starts[-1]) + lead
    return Run(count, int(digits), int(text[last : last + len(digits)]),
               int(digits[:-varying] or 0) * 10**varying, words)  # fmt: skip


def names_end(text: bytes, buffer: NDArray[np.uint8], begin: int, stop: int) -> bool:
    """Say whether ``END=`` stands anywhere in text[begin:stop], several times faster than `bytes.find`.

    Cut into pairs of bytes, the text shows ``EN`` where it stands at an even place and ``ND`` where at an odd one.
    """
    pairs = buffer[begin & ~1 : (stop + 1 & ~1)][: (len(buffer) - (begin & ~1)) & ~1].view("<u2")
    for at in range(0, len(pairs), _PIECE):
        piece = pairs[at : at + _PIECE]
        even, odd = piece == _EN, piece == _ND
        for hits, shift in ((even, 0), (odd, -1)):
            if hits.any():
                places = (np.flatnonzero(hits) + at) * 2 + shift + (begin & ~1)
                places = places[(places >= begin) & (places + 4 <= stop)]
                if len(places) and _any_is(text, places, b"END="):
                    return True
    return False


def _any_is(text: bytes, places: NDArray[np.int64], wanted: bytes) -> bool:
    """Say whether the four bytes at any of the places are `wanted`; all of them lie in the text."""
    words = np.ndarray((len(text) - 3,), dtype=">u4", buffer=text, strides=(1,))
    return bool((words[places] == int.from_bytes(wanted, "big")).any())


def _count(text: bytes, starts: NDArray[np.int64], prefix: bytes, varying: int) -> int:
    """Return how many lines begin like the first one, if they are in order (which `run` then looks at)."""
    low, high = 1, len(starts)
    while low < high:
        middle = (low + high + 1) // 2
        at = int(starts[middle - 1])
        if text.startswith(prefix, at) and text.startswith(b"\t", at + len(prefix) + varying):
            low = middle
        else:
            high = middle - 1
    return low


def _word_at(text: bytes, at: NDArray[np.int64]) -> Words:
    """Return the eight bytes at each place as a big-endian number, uint64 (n,)."""
    words = np.ndarray((len(text) - 7,), dtype=">u8", buffer=text, strides=(1,))
    return words[at].astype(np.uint64)


def _all_begin_with(prefix: bytes, buffer: NDArray[np.uint8], text: bytes, starts: NDArray[np.int64]) -> bool:
    """Say whether every line begins with `prefix`; eight bytes at a time, the last eight overlapping."""
    size = len(prefix)
    if size < 8:
        wanted = int.from_bytes(prefix, "big")
        return bool((_word_at(text, starts) >> (8 * (8 - size)) == wanted).all()) if size else True
    places = [*range(0, size - 7, 8), size - 8]
    return all(bool((_word_at(text, starts + k) == int.from_bytes(prefix[k : k + 8], "big")).all()) for k in places)
