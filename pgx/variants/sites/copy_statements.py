"""What one structural record says of the copies that each sample has of the bases it covers.

FORMAT/CN is the person's total and may be a fraction (VCF 4.4 made it a Float). INFO/CN is the copy number of each ALT
since VCF 4.4; before, it was that of a segment in no particular person, and is not used. Without CN, the genotype
counts: <DEL> is no copy, <DUP> two, <CNn> n, and <CNV> does not say. How sure that is tell CNQ of a CN, CNL or CNP, the
likelihoods of 0, 1, 2 ... copies; PL or GL, else GQ, of a genotype; and never more than QUAL. Quality 0 is no evidence,
and no copy number.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from pgx.types import MOST_COPIES
from pgx.variants.sites.structural_events import Stretch
from pgx.variants.vcf import extent, records
from pgx.variants.vcf.phase_lists import PhaseLists
from pgx.variants.vcf.sample_columns import SampleColumns, lists, subfield
from pgx.variants.whole_numbers import decimal_number

CN_TOLERANCE = 0.25
"""How far a copy number may lie from a whole number to count as it; 1.5 is neither one copy nor two."""
SURE = 20
"""Quality (phred) from which a file is believed that both copies are there, or none: one in a hundred is wrong then.
Such a number is not weighed, for want of what else there might be."""

_CN_ALLELE = re.compile(r"<CN(\d+)>$", re.I)
_FRACTION = re.compile(r"\d{1,9}(?:\.\d*)?(?:e[+-]?\d{1,3})?$", re.I)


def whole_copies(text: str) -> int | None:
    """Return the whole number of copies that a CN tells; None if it is a list, a word, between two or beyond belief."""
    if not _FRACTION.match(text):
        return None
    value = float(text)
    if value > MOST_COPIES + CN_TOLERANCE:
        return None
    nearest = round(value)
    return nearest if abs(value - nearest) <= CN_TOLERANCE else None


@dataclass(frozen=True, slots=True)
class Said:
    """What a record says of one sample.

    `copies` is what it states. `strands` maps (last base, whether copies are added) of the alleles that the sample
    carries to the change on each strand; a last base of None is not told. `problem` says why nothing can be counted.
    `quality` (phred) is how sure it is, None where that is not told.
    """

    copies: int | None
    strands: dict[tuple[int | None, bool], tuple[int, int]]
    kind: str
    problem: str = ""
    phase: int | None = None
    quality: int | None = None

    @property
    def left(self) -> int:
        """The copies that there are, as far as this record tells."""
        return 2 + sum(map(sum, self.strands.values())) if self.copies is None else self.copies


@dataclass(slots=True)
class Statement:
    """A structural record; `cn_of_allele` says that its INFO/CN is the copy number of each ALT.

    `told` holds the last bases of each ALT, `ends` the first of them, None where there is none, `changes` how many
    copies each counted ALT (by number) adds; None where it does not say.
    """

    record: records.Record
    file: str
    cn_of_allele: bool
    told: list[tuple[int, ...]] = field(init=False)
    ends: list[int | None] = field(init=False)
    changes: dict[int, int | None] = field(init=False)
    spread: extent.Spread = field(init=False)

    def __post_init__(self) -> None:
        record = self.record
        self.told = extent.told_bases(record.pos, record.alts, record.info)
        self.spread = extent.Spread.of(record.info)
        self.ends = [told[0] if told else None for told in self.told]
        if record.alts == ["."]:
            self.ends = [end or record.end for end in self.ends]
        given = (record.info_value("CN") or "").split(",") if self.cn_of_allele else []
        self.changes = {
            number: _change(alt, given[number - 1] if len(given) == len(record.alts) else "")
            for number, alt in enumerate(record.alts, 1)
            if extent.COUNTED.match(alt)
        }

    def stretch(self, end: int, gain: bool) -> Stretch:
        """Return the bases from the record's position to `end`."""
        return Stretch(self.record.pos + 1, end, gain, self.file, self.record.where, self.spread)

    def changed(self) -> list[tuple[int, bool]]:
        """Return (last base, whether copies are added) of the ALTs that tell both."""
        told = {(self.ends[number - 1], change > 0) for number, change in self.changes.items() if change}
        return [(end, gain) for end, gain in sorted(told, key=str) if end is not None]

    def read(self, samples: tuple[str, ...], phases: PhaseLists) -> tuple[list[Said | None], list[bool]]:
        """Return what is said of each sample (None: nothing), and who is said to carry none of the alleles.

        Nothing is said of a sample that fails its own filter (FORMAT/FT).
        """
        record, count = self.record, len(samples)
        numbers = [b"."] * count
        if "CN" in record.format:
            numbers = subfield(record.rest, count, record.format.index("CN"))
        said = [None if text == b"." else self._of_number(text.decode("latin-1")) for text in numbers]
        free = [False] * count
        columns = records.genotypes(record, samples, self.file)
        if record.format[0] == "GT":
            self._read_genotypes(columns, phases, said, free)
        failed = records.failed_samples(record, count)
        if failed is not None and failed.any():
            said = [None if fails else one for one, fails in zip(said, failed, strict=True)]
            free = [one and not fails for one, fails in zip(free, failed, strict=True)]
        elif said == [None] and not free[0] and self.changes:  # a file of one person tells it of that person
            said[0] = self._uncounted("a structural record has neither genotype nor CN")
        sure = self._qualities(columns, said)
        said = [one and self._weighed(one, quality) for one, quality in zip(said, sure, strict=True)]
        return said, [one and quality != 0 for one, quality in zip(free, sure, strict=True)]

    def qualities(self, samples: tuple[str, ...]) -> list[int | None]:
        """Return how sure (phred) each sample's genotype is, None where the record does not tell."""
        return self._qualities(records.genotypes(self.record, samples, self.file), [None] * len(samples))

    def _qualities(self, columns: SampleColumns, said: list[Said | None]) -> list[int | None]:
        """Return how sure (phred) what is said of each sample is, None where the record does not tell."""
        record, count = self.record, len(said)
        by_number = [one is not None and one.copies is not None for one in said]
        of_record = decimal_number(record.quality)
        found: list[float | None] = [None] * count
        leads: list[float | None]
        for key in ("CNQ", "CNL", "CNP", "PL", "GL", "GQ"):
            if key not in record.format[1:]:
                continue
            texts = subfield(record.rest, count, record.format.index(key))
            if key in ("CNL", "CNP"):
                left = [2 if one is None else one.left for one in said]
                leads = [_lead_of_copies(text, of, key) for text, of in zip(texts, left, strict=True)]
            elif key in ("PL", "GL"):
                leads = _leads(record, columns, key)
            else:
                leads = [decimal_number(text) for text in texts]
            for index, lead in enumerate(leads):
                if found[index] is None and (by_number[index] or key != "CNQ"):
                    found[index] = lead
        told = [[number for number in (one, of_record) if number is not None] for one in found]
        return [max(0, round(min(numbers))) if numbers else None for numbers in told]

    def _weighed(self, said: Said, quality: int | None) -> Said | None:
        """Return what is left of a statement of such quality."""
        if quality is None or said.problem:
            return said
        if quality < SURE and said.left == 2:
            return None
        if quality == 0 or (quality < SURE and said.left <= 0):
            return self._uncounted(
                f"a copy number has {'no evidence (quality 0)' if not quality else f'quality {quality}'}"
            )
        return replace(said, quality=quality)

    def _read_genotypes(
        self, columns: SampleColumns, phases: PhaseLists, said: list[Said | None], free: list[bool]
    ) -> None:
        """Fill in what the genotypes say where there is no CN."""
        record, count = self.record, len(said)
        by_number = [one is not None for one in said]
        found = records.phase_sets(record, count)
        sets = [0] * count if found is None else found.tolist()
        if "PSL" in record.format:
            phases.read(record, columns, sets)
        texts = subfield(record.rest, count, 0) if columns.polyploid is not None else []
        for index in range(count):
            polyploid = columns.polyploid is not None and bool(columns.polyploid[index])
            pair = (int(columns.gt[index, 0]), int(columns.gt[index, 1]))
            if by_number[index]:
                if not polyploid and self._contradicts(pair, said[index]):
                    said[index] = self._uncounted("a genotype and its CN contradict each other")
                continue
            if polyploid:
                if re.search(rb"[1-9]", texts[index]):
                    said[index] = self._uncounted("a genotype has three or more alleles")
                continue
            said[index] = self._of_genotype(pair, sets[index] if columns.phased[index] else None)
            free[index] = said[index] is None and min(pair) >= 0

    def _of_number(self, text: str) -> Said:
        copies = whole_copies(text)
        known = [end for end in self.ends if end is not None]
        strands: dict[tuple[int | None, bool], tuple[int, int]] = {(min(known), False): (0, 0)} if known else {}
        if len(known) < len(self.ends) and copies != 2:
            strands[None, False] = (0, 0)
        if copies is None:
            problem = f"CN {text[:40]} is not within {CN_TOLERANCE} of a whole number from 0 to {MOST_COPIES}"
            return Said(None, strands, "cnv", problem)
        return Said(copies, strands, "deletion" if copies < 2 else "duplication" if copies > 2 else "reference")

    def _of_genotype(self, pair: tuple[int, int], phase: int | None) -> Said | None:
        carried = [number for number in pair if self.changes.get(number, 0) != 0]
        if not carried:
            return None
        unknown = next((number for number in carried if self.changes[number] is None), None)
        if unknown is not None:
            return self._uncounted(f"{self.record.alts[unknown - 1]} is carried without a copy number")
        if min(pair) < 0:
            return self._uncounted(f"{self.record.alts[carried[0] - 1]} is carried and the other strand is not told")
        strands: dict[tuple[int | None, bool], tuple[int, int]] = {}
        for strand, number in enumerate(pair):
            change = self.changes.get(number) or 0
            if change:
                key = (self.ends[number - 1], change > 0)
                one, two = strands.get(key, (0, 0))
                strands[key] = (one + change, two) if strand == 0 else (one, two + change)
        total = sum(sum(changes) for changes in strands.values())
        return Said(None, strands, "deletion" if total < 0 else "duplication", phase=phase)

    def _contradicts(self, pair: tuple[int, int], number: Said | None) -> bool:
        """Say whether a genotype of two told strands tells other copies than CN does; <DUP> adds one or more."""
        # A genotype of <CNV> does not tell how many copies there are.
        if (
            number is None
            or number.copies is None
            or min(pair) < 0
            or not self.changes
            or None in self.changes.values()
        ):
            return False
        total = sum(self.changes.get(allele, 0) or 0 for allele in pair)
        adds = any(self.record.alts[allele - 1].upper().startswith("<DUP") for allele in pair if allele)
        return number.copies < 2 + total if adds else number.copies != 2 + total

    def _uncounted(self, problem: str) -> Said:
        return Said(None, {(self.ends[number - 1], False): (0, 0) for number in self.changes}, "cnv", problem)


def _leads(record: records.Record, columns: SampleColumns, key: str) -> list[float | None]:
    """Return how far PL or GL favour each genotype before the next best (phred); 0 or less: another one."""
    alleles = len(record.alts) + 1
    levels = lists(record.rest, len(columns.gt), record.format.index(key), alleles * (alleles + 1) // 2)
    levels = levels if key == "PL" else -10 * levels
    return [_lead(own, *sorted(pair)) for own, pair in zip(levels, columns.gt.tolist(), strict=True)]


def _lead_of_copies(text: bytes, copies: int, key: str) -> float | None:
    """Return how far CNL (log10) or CNP (shares) favour a number of copies before the next best (phred)."""
    read = [decimal_number(part) for part in text.split(b",")]
    levels = [one for one in read if one is not None]
    if len(levels) < max(len(read), 2) or not 0 <= copies < len(levels):
        return None
    if key == "CNP":
        levels = [math.log10(max(one, 1e-12)) for one in levels]
    return 10 * (levels.pop(copies) - max(levels))


def _lead(levels: NDArray[np.float64], low: int, high: int) -> float | None:
    """Return how far behind the genotype of two alleles all others are; None where either is not told."""
    if low < 0 or np.isnan(levels).any():
        return None
    own = high * (high + 1) // 2 + low
    return float(np.delete(levels, own).min() - levels[own])


def _change(alt: str, given: str) -> int | None:
    """Return how many copies an allele adds to the one of the reference; None if its name and number disagree."""
    upper = alt.upper()
    adds = -1 if upper.startswith("<DEL") else 1 if upper.startswith("<DUP") else None
    if given not in ("", "."):
        copies = whole_copies(given)
        # A caller that writes the person's total there gives a lost allele one copy: it is lost all the same.
        return None if copies is None or (adds is not None and (copies - 1) * adds <= 0) else copies - 1
    number = _CN_ALLELE.match(upper)
    if number:
        return min(int(number[1][:4]), MOST_COPIES + 1) - 1
    return adds
