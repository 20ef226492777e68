"""Alleles that change a chromosome's structure other than by whole copies: breakends, insertions, inversions, and
changes written out that are as long as these.

Deletions, duplications and copy-number changes in angle brackets are counted (`pgx.variants.vcf.extent`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pgx.variants.trim import trim
from pgx.variants.vcf import extent
from pgx.variants.vcf.contigs import canonical
from pgx.variants.whole_numbers import whole_number

LONG = 50
"""Bases from which a change counts as structural, as dbVar and the callers of structural variants draw the line."""

_WORD = re.compile(r"<(INS|INV|BND|TRA|CTX|ITX|CPX|MEI)(?:[:_][^>]*)?>$", re.I)
_BREAKEND = re.compile(
    r"(?P<before>[ACGTN.]*)(?P<facing>[\[\]])(?P<mate>[^\[\]]+):(?P<pos>\d+)[\[\]](?P<behind>[ACGTN.]*)$", re.I
)
_SINGLE = re.compile(r"\.[ACGTN]+$|[ACGTN]+\.$", re.I)
_NAMES = {"INS": "insertion", "INV": "inversion", "MEI": "insertion"}


@dataclass(frozen=True, slots=True)
class Change:
    """What one allele does.

    `breaks` are the (chromosome, base) behind which it cuts the chromosome; `first` and `last` the bases that it takes
    away or adds again, or (a breakend) that lie between the two that it joins; none (`last` < `first`) where there are
    none. `added` is how many bases come in their place. `written` alleles are spelled out; `spread` is how uncertain
    the ends of others are.
    """

    kind: str
    breaks: tuple[tuple[str, int], ...]
    first: int = 1
    last: int = 0
    written: bool = False
    spread: extent.Spread = extent.EXACT
    added: int = 0

    @property
    def is_loss(self) -> bool:
        """Whether it takes bases away and puts next to none in their place."""
        return self.kind == "deletion" and self.first <= self.last and self.added < LONG

    def widest(self) -> tuple[int, int]:
        """Return the bases that the change may take in; none (last < first) where it takes none."""
        return self.spread.widest(self.first, self.last) if self.first <= self.last else (self.first, self.last)


def is_structural(ref: str, alts: str) -> bool:
    """Say whether any allele of an ALT column changes the structure, counted copies included."""
    return any(extent.COUNTED.match(alt) or _is_other(ref, alt) for alt in alts.split(","))


def changes(chrom: str, pos: int, ref: str, alts: list[str], info: str) -> Iterator[tuple[int, Change]]:
    """Yield (allele number, what it does) of the structural alleles that are no counted copies."""
    ends: list[tuple[int, ...]] | None = None
    for number, alt in enumerate(alts, 1):
        if not _is_other(ref, alt):
            continue
        word = _WORD.match(alt)
        if word:
            ends = ends or extent.told_bases(pos, alts, info)
            name, told = _NAMES.get(word[1].upper(), "breakend"), ends[number - 1]
            other = extent.elsewhere(chrom, info)
            far = () if name == "insertion" else tuple((chrom, end) for end in told)
            if other is not None:
                far = () if other[1] is None else ((other[0], other[1]),)
            between = max(told, default=0) if name == "breakend" and other is None else 0
            spread = extent.Spread.of(info, breakend=name == "breakend")
            yield number, Change(name, ((chrom, pos), *far), pos + 1, between, spread=spread)
        elif set(alt.upper()) <= set("ACGTN"):
            at, old, new = trim(pos, ref.upper(), alt.upper())
            kind = "deletion" if len(old) > len(new) else "insertion"
            yield number, Change(kind, ((chrom, at - 1),), at, at + len(old) - 1, written=True, added=len(new))
        else:
            yield number, replace(_breakend(chrom, pos, alt), spread=extent.Spread.of(info, breakend=True))


def mates(alts: str) -> Iterator[tuple[str, int]]:
    """Yield where the breakends of an ALT column lead to."""
    for alt in alts.split(","):
        match = _BREAKEND.match(alt)
        if match:
            yield canonical(match["mate"]) or match["mate"], whole_number(match["pos"]) or 0


def _is_other(ref: str, alt: str) -> bool:
    if alt[:1] == "<":
        return _WORD.match(alt) is not None
    if alt.isalpha():
        return abs(len(ref) - len(alt)) >= LONG
    # One whose mate cannot be read turns the chromosome all the same.
    return "[" in alt or "]" in alt or _SINGLE.match(alt) is not None


def _breakend(chrom: str, pos: int, alt: str) -> Change:
    """Read one breakend: two that join a chromosome to itself in its own direction delete or duplicate what lies
    between (VCF 4.5, section 5.4). Joined against its direction they are one half of an inversion, which alone does
    not show that what lies between is still there."""
    match = _BREAKEND.match(alt)
    if match is None:
        return Change("breakend", ((chrom, pos),))
    mate, at = canonical(match["mate"]) or match["mate"], whole_number(match["pos"]) or 0
    breaks = ((chrom, pos), (mate, at))
    forward = bool(match["before"]) and match["facing"] == "["
    backward = not match["before"] and match["facing"] == "]"
    if mate != chrom:
        return Change("breakend", breaks)
    if not (forward or backward):
        return Change("breakend", breaks, min(pos, at) + 1, max(pos, at) - 1)
    left, right = (pos, at) if forward else (at, pos)
    if left < right:
        return Change("deletion", breaks, left + 1, right - 1, added=len(match["before"] + match["behind"]) - 1)
    return Change("duplication", breaks, right, left)
