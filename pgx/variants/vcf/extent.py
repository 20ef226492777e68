"""How far a symbolic allele reaches: INFO/END, or INFO/SVLEN where END says nothing.

VCF 4.4 and 4.5 (samtools/hts-specs, section 3) write SVLEN, positive, and let END be left out; earlier files write END,
and SVLEN negative for a deletion. POS is the base before the event. Translocations of Delly and older Sniffles name the
other chromosome in CHR2; END, or POS2 where there is one, lies on that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pgx.variants.vcf.contigs import canonical
from pgx.variants.whole_numbers import whole_number

COUNTED = re.compile(r"<(DEL|DUP|CNV|CN\d+)(?::[^>]*)?>$", re.I)
"""Symbolic alleles that change how many copies of a stretch there are."""
_END = re.compile(r"(?:^|;)END=(\d{1,10})(?:;|$)")
_CHR2, _POS2 = re.compile(r"(?:^|;)CHR2=([^;]+)"), re.compile(r"(?:^|;)POS2=(\d{1,10})(?:;|$)")
_SVLEN = re.compile(r"(?:^|;)SVLEN=([^;]*)")
_MARGIN = re.compile(r"(?:^|;)(CIPOS|CIEND)=([+-]?\d{1,10}),([+-]?\d{1,10})(?=;|$)")
_LENGTH = re.compile(r"[+-]?(\d{1,10})(?:\.0*)?$")


@dataclass(frozen=True, slots=True)
class Spread:
    """How far the two ends of a change may lie from where they are written: bases before and behind each (CIPOS and
    CIEND, VCF 4.5 section 3)."""

    before_first: int = 0
    behind_first: int = 0
    before_last: int = 0
    behind_last: int = 0

    @classmethod
    def of(cls, info: str, *, breakend: bool = False) -> Spread:
        """Read INFO; the far end of a breakend without a margin of its own is as uncertain as the near one."""
        told = {key: (max(0, -int(low)), max(0, int(high))) for key, low, high in _MARGIN.findall(info)}
        near = told.get("CIPOS", (0, 0))
        far = told.get("CIEND", (max(near), max(near)) if breakend else (0, 0))
        if breakend:  # either of the two ends may be the first
            near = far = max(near[0], far[0]), max(near[1], far[1])
        return cls(*near, *far)

    def tightest(self, first: int, last: int) -> tuple[int, int]:
        """Return the bases of a change of [first, last] that it takes in whichever way its ends lie."""
        return first + self.behind_first, last - self.before_last

    def widest(self, first: int, last: int) -> tuple[int, int]:
        """Return the bases that it may take in."""
        return first - self.before_first, last + self.behind_last


EXACT = Spread()


def told_bases(pos: int, alts: Sequence[str], info: str) -> list[tuple[int, ...]]:
    """Return every last base of each ALT that END and SVLEN tell: one, or two if they contradict each other.

    END goes first, unless several ALTs have lengths of their own; one that does not lie behind POS says nothing. The
    length of an insertion is that of its bases, and SVLEN may count the base before the event.
    """
    match = _END.search(info)
    end = whole_number(match[1]) if match else None
    ends = () if end is None or end <= pos else (end,)
    lengths = lengths_of(info)
    if len(lengths) != len(alts):
        lengths = lengths[:1] * len(alts) if len(lengths) == 1 else [None] * len(alts)
    found: list[tuple[int, ...]] = []
    for alt, length in zip(alts, lengths, strict=True):
        by_length = () if length is None else (pos + length,)
        if len(set(lengths)) > 1:
            found.append(by_length or ends)
        elif ends and by_length and (alt[:4].upper() == "<INS" or abs(by_length[0] - ends[0]) <= 1):
            found.append(ends)
        else:
            found.append(ends + by_length)
    return found


def elsewhere(chrom: str, info: str) -> tuple[str, int | None] | None:
    """Return the base of another chromosome to which a translocation leads; None if CHR2 names no other."""
    named = _CHR2.search(info)
    other = (canonical(named[1]) or named[1]) if named else chrom
    if other == chrom:
        return None
    at = _POS2.search(info) or _END.search(info)
    return other, whole_number(at[1]) if at else None


def last_base(pos: int, alts: str, info: str) -> int | None:
    """Return the last base that any allele of an ALT column reaches, None if none tells it."""
    return max((end for told in told_bases(pos, alts.split(","), info) for end in told), default=None)


def lengths_of(info: str) -> list[int | None]:
    """Return the lengths in SVLEN, without their sign; None for one that is not told."""
    match = _SVLEN.search(info)
    if match is None:
        return []
    found = [_LENGTH.match(text.strip()) for text in match[1].split(",")]
    return [whole_number(one[1]) or None if one else None for one in found]
