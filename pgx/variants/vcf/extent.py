"""How far a symbolic allele reaches: INFO/END, or INFO/SVLEN where END says nothing.

VCF 4.4 and 4.5 (samtools/hts-specs, section 3) write SVLEN, positive, and let END be left out; earlier files write END,
and SVLEN negative for a deletion. POS is the base before the event. Translocations of Delly and older Sniffles name the
other chromosome in CHR2; END, or POS2 where there is one, lies on that.
"""

from __future__ import annotations

import math
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
_MARGIN = re.compile(r"(?:^|;)(CIPOS|CIEND|CIRPOS|CILEN)=([^;]*)")
_OFFSET = re.compile(r"[+-]?\d{1,10}(?:\.\d{0,6})?$")
_IMPRECISE = re.compile(r"(?:^|;)IMPRECISE(?:;|$)")
_LENGTH = re.compile(r"[+-]?(\d{1,10})(?:\.0*)?$")


@dataclass(frozen=True, slots=True)
class Spread:
    """How far the two ends of a change may lie from where they are written: bases before and behind each.

    `told` says that this is all: an imprecise change without a margin may end anywhere (VCF 4.5, section 3).
    """

    before_first: int = 0
    behind_first: int = 0
    before_last: int = 0
    behind_last: int = 0
    told: bool = True

    @classmethod
    def of(cls, info: str, *, breakend: bool = False) -> Spread:
        """Read CIPOS and CIEND; of several ALTs, the widest.

        Without CIEND the far end is as uncertain as the near one, and by CILEN more, where that is told. GRIDSS writes
        the far end of a breakend as CIRPOS.
        """
        margins = {key: _margin(text) for key, text in _MARGIN.findall(info) if text.strip(".,")}
        told = None not in margins.values() and ("CIPOS" in margins or not _IMPRECISE.search(info))
        near = margins.get("CIPOS") or (0, 0)
        more = margins.get("CILEN") or (0, 0)
        far = margins.get("CIEND") or margins.get("CIRPOS") or (near[0] + more[0], near[1] + more[1])
        if breakend:  # either of the two ends may be the first, and they may run against each other
            near = far = max(*near, *far), max(*near, *far)
        return cls(*near, *far, told)

    def tightest(self, first: int, last: int) -> tuple[int, int]:
        """Return the bases of a change of [first, last] that it takes in whichever way its ends lie."""
        return first + self.behind_first, last - self.before_last

    def widest(self, first: int, last: int) -> tuple[int, int]:
        """Return the bases that it may take in."""
        return first - self.before_first, last + self.behind_last


EXACT = Spread()


def _margin(text: str) -> tuple[int, int] | None:
    """Return the bases before and behind, the widest of the pairs of a list; None if it is no list of pairs about 0."""
    parts = text.split(",")
    numbers = [float(part) if _OFFSET.match(part) else None if part != "." else 0.0 for part in parts]
    known = [number for number in numbers if number is not None]
    lows, highs = known[::2], known[1::2]
    if len(known) < len(parts) or len(lows) != len(highs) or max(lows) > 0 or min(highs) < 0:
        return None
    return math.ceil(-min(lows)), math.ceil(max(highs))


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
