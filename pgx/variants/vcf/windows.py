"""The stretches of the genome that are looked at, and which records touch them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pgx.variants.vcf import extent, structural_alleles

_INDEX_SPAN = 16384


@dataclass(slots=True)
class Windows:
    """Intervals of interest a chromosome, merged and sorted: `starts` and `ends` are the first and last base."""

    by_chrom: dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]
    _lists: dict[str, tuple[list[int], list[int]]] = field(default_factory=dict)

    @classmethod
    def of(cls, intervals: Iterable[tuple[str, int, int]], gap: int = 0) -> Windows:
        """Merge intervals (chrom, first, last) that overlap or lie within `gap` bases of each other."""
        grouped: dict[str, list[list[int]]] = {}
        for chrom, first, last in sorted(intervals):
            runs = grouped.setdefault(chrom, [])
            if runs and first <= runs[-1][1] + gap + 1:
                runs[-1][1] = max(runs[-1][1], last)
            else:
                runs.append([first, last])
        return cls(
            {
                chrom: (np.array([r[0] for r in runs], dtype=np.int64), np.array([r[1] for r in runs], dtype=np.int64))
                for chrom, runs in grouped.items()
            }
        )

    def touches(self, chrom: str | None, first: int, last: int) -> bool:
        """Say whether the interval [first, last] touches a window."""
        if chrom is None or chrom not in self.by_chrom:
            return False
        if chrom not in self._lists:
            starts, ends = self.by_chrom[chrom]
            self._lists[chrom] = (starts.tolist(), ends.tolist())
        begin, stop = self._lists[chrom]
        index = bisect_left(stop, first)
        return index < len(begin) and begin[index] <= last

    def hits(self, chrom: str | None, first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say for each interval [first, last] of one chromosome whether it touches a window."""
        if chrom is None or chrom not in self.by_chrom:
            return np.zeros(len(first), dtype=bool)
        starts, ends = self.by_chrom[chrom]
        index = np.searchsorted(ends, first, side="left")
        inside = index < len(starts)
        return np.asarray(inside & (starts[np.minimum(index, len(starts) - 1)] <= last), dtype=bool)

    def spread(self, chrom: str) -> Iterator[tuple[int, int]]:
        """Yield the windows of one chromosome, joined where an index cannot tell them apart."""
        starts, ends = self.by_chrom[chrom]
        first, last = int(starts[0]), int(ends[0])
        for start, end in zip(starts[1:].tolist(), ends[1:].tolist(), strict=True):
            if start - last > _INDEX_SPAN:
                yield first, last
                first = start
            last = max(last, end)
        yield first, last

    def joined(self, other: Windows) -> Windows:
        """Return the windows of both."""
        return Windows.of(
            (chrom, int(first), int(last))
            for one in (self, other)
            for chrom, runs in one.by_chrom.items()
            for first, last in zip(*runs, strict=True)
        )


def reach(
    chrom: str | None, first: int, ref: bytes, alts: bytes, info: bytes, regions: Windows | None
) -> tuple[int, bool]:
    """Return the last base of a structural record, and whether it must be looked at whatever the windows: one that
    changes the structure of one of the regions, or may do so without saying how far it reaches."""
    written, reference = alts.decode("latin-1"), ref.decode("latin-1")
    last = first + len(reference) - 1
    end = extent.last_base(first, written, info.decode("latin-1")) if "<" in written else None
    last = last if end is None else max(last, end)
    if regions is None or not structural_alleles.is_structural(reference, written):
        return last, False
    return last, regions.touches(chrom, first, last) or any(
        regions.touches(mate, min(at, first), max(at, first)) if mate == chrom else regions.touches(mate, at, at)
        for mate, at in structural_alleles.mates(written)
    )
