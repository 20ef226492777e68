"""What one structural record says of the copies that each sample has of the bases it covers.

FORMAT/CN is the person's total and may be a fraction (VCF 4.4 made it a Float). INFO/CN is the copy number of each ALT
since VCF 4.4; before, it was that of a segment in no particular person, and is not used. Without CN, the genotype
counts: <DEL> is no copy, <DUP> two, <CNn> n, and <CNV> does not say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pgx.types import MOST_COPIES
from pgx.variants.sites.structural_events import Stretch
from pgx.variants.vcf import extent, records
from pgx.variants.vcf.phase_lists import PhaseLists
from pgx.variants.vcf.sample_columns import subfield

CN_TOLERANCE = 0.25
"""How far a copy number may lie from a whole number to count as it; 1.5 is neither one copy nor two."""

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
    """

    copies: int | None
    strands: dict[tuple[int | None, bool], tuple[int, int]]
    kind: str
    problem: str = ""
    phase: int | None = None


@dataclass(slots=True)
class Statement:
    """A structural record; `cn_of_allele` says that its INFO/CN is the copy number of each ALT.

    `ends` holds the last base of each ALT, `changes` how many copies each counted ALT (by number) adds; None where it
    does not say.
    """

    record: records.Record
    file: str
    cn_of_allele: bool
    ends: list[int | None] = field(init=False)
    changes: dict[int, int | None] = field(init=False)

    def __post_init__(self) -> None:
        record = self.record
        self.ends = extent.last_bases(record.pos, record.alts, record.info)
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
        return Stretch(self.record.pos + 1, end, gain, self.file, self.record.where)

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
        if record.format[0] == "GT":
            self._read_genotypes(samples, phases, said, free)
        failed = records.failed_samples(record, count)
        if failed is not None and failed.any():
            said = [None if fails else one for one, fails in zip(said, failed, strict=True)]
            free = [one and not fails for one, fails in zip(free, failed, strict=True)]
            return said, free
        if said == [None] and not free[0] and self.changes:  # a file of one person tells it of that person
            said[0] = self._uncounted("a structural record has neither genotype nor CN")
        return said, free

    def _read_genotypes(
        self, samples: tuple[str, ...], phases: PhaseLists, said: list[Said | None], free: list[bool]
    ) -> None:
        """Fill in what the genotypes say where there is no CN."""
        record, count = self.record, len(samples)
        by_number = [one is not None for one in said]
        columns = records.genotypes(record, samples, self.file)
        found = records.phase_sets(record, count)
        sets = [0] * count if found is None else found.tolist()
        if "PSL" in record.format:
            phases.read(record, columns, sets)
        texts = subfield(record.rest, count, 0) if columns.polyploid is not None else []
        sure = [b"."] * count
        if "GQ" in record.format:
            sure = subfield(record.rest, count, record.format.index("GQ"))
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
            if sure[index] == b"0":
                said[index] = said[index] and self._uncounted("a genotype has quality 0")
                continue
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
        """Say whether a genotype of two told strands loses copies where CN loses none, or the other way round."""
        # A genotype of <CNV> does not tell how many copies there are.
        if (
            number is None
            or number.copies is None
            or min(pair) < 0
            or not self.changes
            or None in self.changes.values()
        ):
            return False
        changes = [self.changes.get(allele, 0) for allele in pair]
        total = sum(change or 0 for change in changes)
        return (total > 0) - (total < 0) != (number.copies > 2) - (number.copies < 2)

    def _uncounted(self, problem: str) -> Said:
        return Said(None, {(self.ends[number - 1], False): (0, 0) for number in self.changes}, "cnv", problem)


def _change(alt: str, given: str) -> int | None:
    """Return how many copies an allele adds to the one of the reference."""
    if given not in ("", "."):
        copies = whole_copies(given)
        return None if copies is None else copies - 1
    upper = alt.upper()
    number = _CN_ALLELE.match(upper)
    if number:
        return min(int(number[1][:4]), MOST_COPIES + 1) - 1
    return -1 if upper.startswith("<DEL") else 1 if upper.startswith("<DUP") else None
