"""What each allele of a record means at a site.

Files write one and the same indel in several ways. Two spellings are the same allele if they turn the same stretch of
reference into the same sequence, so both are laid over the union of their spans, which the record's REF and the
site's reference string together spell out, and the sequences are compared. Where the two spans do not touch, only a
reference FASTA could tell; records are then left-aligned with it before they come here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgx.types import NOT_CALLED, SPANNED
from pgx.variants.sites.indel_reach import same_change
from pgx.variants.sites.targets import Target
from pgx.variants.trim import trim
from pgx.variants.vcf import extent
from pgx.variants.vcf.records import REFERENCE_ALTS
from pgx.variants.vcf.structural_alleles import is_structural

UNPLACED = -4
"""Internal code: the strand changes the site in a way that its notation cannot write."""
SILENT = -5
"""Internal code: the strand says nothing of the site."""
BESIDE = -6
"""Internal code: the strand's change is next to the site; the site itself is reference if the record tests it."""
VOUCHES = -7
"""Internal code: the strand is reference over a part of the site; enough such parts make a reference."""

UNTOLD = -9
"""Internal code: the notation does not say whether the strand is the reference or not (letters of an array)."""
ELSEWHERE = -11
"""Internal code: the record leaves the strand to other records of the site; without one it is a no-call."""
LOST = -10
"""Internal code: the strand carries an allele that the record cannot write, and another record may."""

_BASES = frozenset("ACGTN")

Spelling = tuple[int, str, str]


@dataclass(slots=True)
class Reading:
    """How to translate a record's allele indices into codes of one site.

    `table` int8 has one entry an allele index, then two for NOT_CALLED and NO_COPY (so that index -1 and -2 hit them).
    `covers` = the record's reference strands vouch for the whole site. `weak` = the record is another variant that
    only happens to remove the site's base.
    """

    table: NDArray[np.int8]
    covers: bool = True
    weak: bool = False


class ReferenceMismatchError(ValueError):
    """The record's REF does not agree with the site's reference string; `swapped` if an ALT does."""

    def __init__(self, problem: str, *, swapped: bool) -> None:
        super().__init__(problem)
        self.swapped = swapped


def read_alleles(
    pos: int, ref: str, alts: list[str], end: int, target: Target, spellings: list[Spelling] | None = None
) -> Reading | None:
    """Translate a record for one site; None if the record says nothing of it.

    Parameters
    ----------
    pos, ref, alts
        POS, REF and ALTs as written, upper case.
    end
        Last base the record speaks of (INFO/END of a reference block, or the end of REF).
    target
        The site, in the same build.
    spellings
        The left-most spelling (pos, ref, alt) of each ALT, where a reference genome is at hand.

    Raises
    ------
    ReferenceMismatchError
        If REF contradicts the site's reference string.
    """
    _check_reference(pos, ref, alts, target)
    if alts == ["."] or ref in alts or all(map(extent.COUNTED.match, alts)):
        return _without_change(pos, ref, alts, end, target)
    open_ended = not alts or any(alt in REFERENCE_ALTS for alt in alts)
    covers = pos <= target.pos and end >= target.end
    codes = [_place(*spelling, target) for spelling in spellings or [(pos, ref, alt) for alt in alts]]
    if pos <= target.end and end >= target.pos:
        codes = [UNPLACED if _untold(alt) else code for alt, code in zip(alts, codes, strict=True)]
    speaks = any(
        code >= 0 or (code == UNPLACED and alt not in REFERENCE_ALTS) or (code == SPANNED and alt == "*")
        for alt, code in zip(alts, codes, strict=True)
    )
    if not speaks and not open_ended:
        if SPANNED not in codes:
            # Another change within the site's bases: the reference, and no more of it than the record tells.
            inside = not covers and pos <= target.end and end >= target.pos and set(codes) == {BESIDE}
            return Reading(_table(VOUCHES, [VOUCHES] * len(codes)), covers=False) if inside else None
        return Reading(_table(SILENT, [c if c == SPANNED else SILENT for c in codes]), covers=False, weak=True)
    if not speaks and (end < target.pos or pos > target.end):
        return None
    reference = target.reference_code
    if open_ended and not covers and not speaks:
        return Reading(_table(VOUCHES, [VOUCHES if c == BESIDE else c for c in codes]), covers=False)
    return Reading(_table(reference, [reference if c == BESIDE else c for c in codes]))


def _without_change(pos: int, ref: str, alts: list[str], end: int, target: Target) -> Reading | None:
    """Read a record that writes out no other allele.

    Where ALT is missing it is reference over the site or a part of it, and allele 1 would be one that is not told.
    Where an ALT is REF again, nothing of it can be used. Copies counted of a stretch shorter than a gene change the
    site in a way that is not told; who has none of them may carry anything.
    """
    if alts != ["."] and ref not in alts:
        met = pos < target.end + target.has_indel and end >= target.pos
        return Reading(_table(SILENT, [UNPLACED] * len(alts)), covers=False, weak=True) if met else None
    if pos > target.end or max(end, pos + len(ref) - 1) < target.pos:
        return None
    if ref in alts:
        return opened(alts)
    covers = pos <= target.pos and end >= target.end
    return Reading(_table(target.reference_code if covers else VOUCHES, [UNPLACED]), covers=covers)


def _untold(alt: str) -> bool:
    """Say whether an allele is a word in angle brackets that tells neither the reference nor a change of structure."""
    return alt[:1] == "<" and alt not in REFERENCE_ALTS and not is_structural("N", alt)


def opened(alts: list[str]) -> Reading:
    """Return the reading of a record that cannot be used: whatever the strands carry is not told."""
    return Reading(_table(UNPLACED, [UNPLACED] * len(alts)), covers=True)


def settle(readings: list[tuple[Target, Reading]]) -> None:
    """Let an allele that is exactly one of a site's be nothing else at the sites that overlap it; in place."""
    if len(readings) < 2:
        return
    for index in range(1, min(len(reading.table) for _, reading in readings) - 2):
        told = [(target, reading, int(reading.table[index])) for target, reading in readings if not reading.weak]
        if any(0 <= code < target.documented and code != target.reference_code for target, _, code in told):
            for target, reading, code in told:
                if code >= target.documented or code == UNPLACED:
                    reading.table[index] = target.reference_code


def may_shift_left(pos: int, ref: str, alts: list[str]) -> bool:
    """Say whether an indel might be written further left, which its own bases do not rule out."""
    for alt in alts:
        if len(alt) != len(ref) and _BASES.issuperset(alt):
            at, old, new = trim(pos, ref, alt)
            if at == pos and not (old and new):
                return True
    return False


def undecided(pos: int, ref: str, alts: list[str], target: Target) -> Reading | None:
    """Return a reading that leaves the site open, if the record may be its indel shifted to the right along a repeat.

    Only a reference genome could tell. The strands that carry it are not placed; the others say nothing.
    """
    codes = []
    for alt in alts:
        at, old, new = trim(pos, ref, alt) if _BASES.issuperset(alt) else (0, "", "")
        same = at == pos and any(_same_unit(old, new, target, code) for code in range(target.documented))
        codes.append(UNPLACED if same else SILENT)
    if UNPLACED not in codes:
        return None
    return Reading(_table(SILENT, codes), covers=False, weak=True)


def _same_unit(old: str, new: str, target: Target, code: int) -> bool:
    """Say whether two indels take or add the same bases, read from any starting point."""
    _, known_old, known_new = trim(target.pos, target.ref, target.alleles[code])
    one, two = (old, known_old) if old else (new, known_new)
    return (
        bool(one)
        and bool(old) == bool(known_old)
        and not (known_old and known_new)
        and len(one) == len(two)
        and one in two + two
    )


def _table(reference: int, alts: list[int]) -> NDArray[np.int8]:
    return np.array([reference, *alts, -2, NOT_CALLED], dtype=np.int8)


def _check_reference(pos: int, ref: str, alts: list[str], target: Target) -> None:
    first, last = max(pos, target.pos), min(pos + len(ref), target.pos + len(target.ref))
    if first >= last:
        return
    ours, theirs = target.ref[first - target.pos : last - target.pos], ref[first - pos : last - pos]
    if ours != theirs and any(b not in (a, "N") for a, b in zip(ours, theirs, strict=True)):
        swapped = any(len(alt) == len(ref) and alt[first - pos : last - pos] == ours for alt in alts)
        problem = f"REF is {theirs} where the reference genome has {ours}"
        raise ReferenceMismatchError(problem + (", which is the ALT: the two are exchanged" * swapped), swapped=swapped)


def _place(pos: int, ref: str, alt: str, target: Target) -> int:  # noqa: PLR0911
    if alt == "*":
        return SPANNED if pos <= target.end and pos + len(ref) > target.pos else BESIDE
    if alt in REFERENCE_ALTS:
        return UNPLACED if pos <= target.end and pos + len(ref) > target.pos and alt != "." else SILENT
    if not _BASES.issuperset(alt):
        return SILENT
    if "N" in alt:
        return UNPLACED if pos <= target.end and pos + len(ref) > target.pos else BESIDE
    moved = moved_code(pos, ref, alt, target)
    if moved is not None:
        return moved
    start, length = target.pos, len(target.ref)
    if pos > start + length or start > pos + len(ref):
        return BESIDE
    low, high = min(pos, start), max(pos + len(ref), start + length)
    context = _context(low, high, (pos, ref), (start, target.ref))
    at, old, new = trim(pos, ref, alt)
    haplotype = context[: at - low] + new + context[at - low + len(old) :]
    before, after = context[: start - low], context[start - low + length :]
    if len(haplotype) == len(context) and haplotype == context:
        return target.reference_code
    for code in range(target.documented):
        if before + target.alleles[code] + after == haplotype:
            return code
    if len(old) == len(new):
        return _substitution(at, old, new, target)
    return _indel(at, old, new, target)


def moved_code(pos: int, ref: str, alt: str, target: Target) -> int | None:
    """Return the code of the site's indel that a record writes further right along its repeat; None if it is none."""
    if not target.movable or len(alt) == len(ref) or not _BASES.issuperset(alt):
        return None
    at, old, new = trim(pos, ref, alt)
    for code, (known, reach) in target.movable.items():
        if same_change(at, old, new, known, reach):
            return code
    return None


def _context(low: int, high: int, record: tuple[int, str], site: tuple[int, str]) -> str:
    bases = ["N"] * (high - low)
    for start, string in (record, site):
        bases[start - low : start - low + len(string)] = string
    return "".join(bases)


def _substitution(at: int, old: str, new: str, target: Target) -> int:
    """Bases exchanged: only those where the site's own alleles differ count."""
    string = list(target.ref)
    changed = False
    for offset in target.substituted:
        index = target.pos + offset - at
        if 0 <= index < len(old) and old[index] != new[index]:
            string[offset] = new[index]
            changed = True
    return target.code("".join(string)) if changed else BESIDE


def _indel(at: int, old: str, new: str, target: Target) -> int:
    start, length = target.pos, len(target.ref)
    last = at + len(old)
    covered = at <= start and last >= start + length
    if not target.has_indel:
        if covered:
            return SPANNED if not new else UNPLACED
        touches = at < start + length and last > start if old else start < at < start + length
        return UNPLACED if touches else BESIDE
    if covered and not new:
        return SPANNED
    inside = start < at <= start + length if not old else at <= start + length and last > start + 1
    if not inside and not (at <= start < last):
        return BESIDE
    if at > start and last <= start + length:
        return target.code(target.ref[: at - start] + new + target.ref[last - start :])
    return UNPLACED
