"""Phase as VCF 4.4 lists it (FORMAT/PSL): each allele of a genotype names the haplotype that it lies on.

The specification (samtools/hts-specs, VCFv4.5, section 1.6.2) gives an entry for every allele of GT, ``.`` for one that
is not phased. A name stands for one haplotype in all records, whereas a PS says only that genotypes are in one order.
The person has two haplotypes, so the alleles of one genotype lie on different ones: a record with the names A and B, or
with A alone, is in phase with every record that holds either name. PSQ is the phred-scaled chance that an entry is
wrong, as PQ is for all of a genotype that PS orders; PSO orders repeated stretches and says nothing of single bases.

Here the first strand of a phase set is the haplotype whose name came first, and genotypes are turned accordingly.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pgx.variants.vcf.records import Record, phase_set_number
from pgx.variants.vcf.sample_columns import SampleColumns, lists, subfield

_ALLELES = re.compile(rb"([/|]?)(\d+|\.)")
_GUESS = 3
"""PSQ and PQ up to which an entry is as likely wrong as right."""


@dataclass(slots=True)
class PhaseLists:
    """The haplotype names of one file: for each sample, the phase set and strand that a name stands for."""

    file: str
    strands: dict[tuple[int, bytes], tuple[int, int]] = field(default_factory=dict)

    def read(self, record: Record, columns: SampleColumns, sets: list[int]) -> int:
        """Order the genotypes of a record with PSL, in place; return how many had to be left unphased.

        Parameters
        ----------
        record
            A record whose FORMAT holds GT and PSL.
        columns
            Its genotypes; their order and whether they are phased are changed.
        sets
            Phase set of each sample by PS, 0 without; those by PSL are written here.
        """
        count = len(sets)
        lists = subfield(record.rest, count, record.format.index("PSL"))
        texts = subfield(record.rest, count, 0)
        quality = [b"."] * count
        if "PSQ" in record.format:
            quality = subfield(record.rest, count, record.format.index("PSQ"))
        left = 0
        for sample in range(count):
            one, two = (int(allele) for allele in columns.gt[sample])
            if min(one, two) < 0 or (lists[sample] == b"." and sets[sample]):
                continue
            names = _names(texts[sample], lists[sample], quality[sample])
            place = None if names is None or sets[sample] else self._place(sample, *names)
            columns.phased[sample] = place is not None
            if place is None:
                left += one != two and (b"|" in texts[sample] or lists[sample].strip(b".,") != b"")
                sets[sample] = 0
                continue
            sets[sample], strand = place
            if strand:
                columns.gt[sample] = (two, one)
        return left

    def _place(self, sample: int, one: bytes | None, two: bytes | None) -> tuple[int, int] | None:
        """Return the phase set and the strand of the first allele; None if there is none."""
        if one is None and two is None:
            return None
        if one == two:  # written as PS is: a name of the set, not of a haplotype
            return self._number(b"=" + (one or b"")), 0
        by_first, by_second = (None if name is None else self.strands.get((sample, name)) for name in (one, two))
        if by_first is None and by_second is not None:
            by_first = by_second[0], 1 - by_second[1]
        if by_first is None:
            by_first = self._number(one or two or b""), 0
        elif by_second == by_first:
            return None  # the names were on one strand elsewhere
        for name, strand in ((one, by_first[1]), (two, 1 - by_first[1])):
            if name is not None:
                self.strands.setdefault((sample, name), (by_first[0], strand))
        return by_first

    def _number(self, name: bytes) -> int:
        return phase_set_number(f"{self.file}\0".encode() + name)


def without_guesses(record: Record, phased: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which genotypes are in order, without those whose order is a guess by its own quality (PQ)."""
    if "PQ" not in record.format:
        return phased
    quality = lists(record.rest, len(phased), record.format.index("PQ"), 1)[:, 0]
    return np.asarray(phased & ~(quality <= _GUESS))


def _names(genotype: bytes, listed: bytes, quality: bytes) -> tuple[bytes | None, bytes | None] | None:
    """Return the haplotype names of a genotype's two alleles, None for one that is not phased; None if it is amiss.

    The sign before the first allele may be left out: it is then ``/`` if any other is, else ``|``.
    """
    signs = [sign for sign, _ in _ALLELES.findall(genotype)]
    names = listed.split(b",")
    doubts = quality.split(b",")
    if len(signs) != 2 or len(names) != 2:
        return None
    signs[0] = signs[0] or signs[1]
    found: list[bytes | None] = []
    for index, (sign, name) in enumerate(zip(signs, names, strict=True)):
        unsure = len(doubts) == 2 and doubts[index].isdigit() and int(doubts[index][:9]) <= _GUESS
        if name in (b".", b"") or unsure:
            found.append(None)
        elif sign != b"|":
            return None  # a name for an allele that GT says is not phased
        else:
            found.append(name)
    return found[0], found[1]
