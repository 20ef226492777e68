"""Which sites a record speaks of, and whether the file's REF bases are those of the genome that it says it is of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgx.errors import InputError
from pgx.variants.notes import Notes
from pgx.variants.sites.fasta import Reference
from pgx.variants.sites.match import (
    Reading,
    ReferenceMismatchError,
    Spelling,
    may_shift_left,
    moved_code,
    opened,
    read_alleles,
    settle,
    undecided,
)
from pgx.variants.sites.targets import Target, Targets
from pgx.variants.vcf import extent, records

UNDECIDED_REACH = 60
"""How far to the right of a site an indel that may be the site's own, shifted along a repeat, leaves it open."""


@dataclass(slots=True)
class SiteReader:
    """Translates the records of one file into readings of sites, and counts where REF agrees with the genome."""

    file: str
    targets: Targets
    notes: Notes
    reference: Reference | None = None
    agreements: int = 0
    mismatches: int = 0
    swapped: int = 0
    first_mismatch: str = ""

    def read(self, record: records.Record) -> list[tuple[Target, Reading]]:
        """Find the sites that a record speaks of, and what its alleles mean there."""
        contig = self.targets.contigs.get(record.chrom)
        if contig is None:
            return []
        readings = self._undecided(record)
        spellings = self._spellings(record)
        first = min([record.pos, *(pos for pos, _, _ in spellings or ())])
        moving = contig.moving if may_shift_left(record.pos, record.ref, record.alts) else 0
        end = record.end
        if all(map(extent.COUNTED.match, record.alts)):
            end = max(end, extent.last_base(record.pos, ",".join(record.alts), record.info) or 0)
        for target in contig.overlapping(first - 1 - moving, end + 1):
            try:
                reading = read_alleles(record.pos, record.ref, record.alts, end, target, spellings)
            except ReferenceMismatchError as error:
                self._mismatch(record, error)
                readings.append((target, opened(record.alts)))
                continue
            if reading is not None:
                readings.append((target, reading))
                self.agreements += not reading.weak
        settle(readings)
        if readings and record.ref in record.alts:
            self.notes.count("warning", "ref_equals_alt", "{n} records are not used because ALT is the same as REF",
                             f"{self.file}: {record.where}")  # fmt: skip
        return readings

    def _undecided(self, record: records.Record) -> list[tuple[Target, Reading]]:
        """Find the sites whose indel the record may be, spelled too far to the right to tell without a reference."""
        if self.reference is not None or not may_shift_left(record.pos, record.ref, record.alts):
            return []
        found = []
        for target in self.targets.contigs[record.chrom].overlapping(record.pos - UNDECIDED_REACH, record.pos - 2):
            told = any(moved_code(record.pos, record.ref, alt, target) is not None for alt in record.alts)
            if target.has_indel and target.end < record.pos - 1 and not told:
                reading = undecided(record.pos, record.ref, record.alts, target)
                if reading is not None:
                    found.append((target, reading))
                    self.notes.count("warning", "indel_undecided", "{n} indels may be a defining indel in another "
                                     "spelling; only a reference genome can tell (--fasta), so it is not called",
                                     f"{self.file}: {record.where}")  # fmt: skip
        return found

    def _spellings(self, record: records.Record) -> list[Spelling] | None:
        if self.reference is None or record.is_block:
            return None
        plain = [set(alt) <= set("ACGTN") for alt in record.alts]
        return [
            self.reference.left_align(record.chrom, record.pos, record.ref, alt)
            if bases
            else (record.pos, record.ref, alt)
            for alt, bases in zip(record.alts, plain, strict=True)
        ]

    def _mismatch(self, record: records.Record, error: ReferenceMismatchError) -> None:
        of_genome = record.chrom != "chrM" and not record.spelled
        self.mismatches += of_genome
        self.swapped += of_genome and error.swapped
        place = f"{record.where} ({record.chrom}:{record.pos})"
        self.first_mismatch = self.first_mismatch or place
        self.notes.count(
            "warning",
            "reference_mismatch",
            f"{{n}} records are not used because REF is not the reference genome's ({_braced(str(error))})",
            f"{self.file}: {place}",
        )

    def refuse_if_foreign(self) -> None:
        """Refuse the file if REF disagrees too often.

        Raises
        ------
        InputError
            Naming the first disagreement.
        """
        if self.mismatches * 4 <= self.agreements:
            return
        count = f"{self.mismatches} of {self.mismatches + self.agreements}"
        if self.swapped * 2 > self.mismatches:
            raise InputError(
                f"REF and ALT are exchanged at {self.swapped} positions (of {count} where REF disagrees)",
                file=self.file, where=self.first_mismatch,
                fix="write the reference genome's base as REF (plink2 --ref-from-fa, bcftools +fixref)",
            )  # fmt: skip
        raise InputError(
            f"REF disagrees with {self.targets.build} at {count} positions: the file is of another genome build",
            file=self.file, where=self.first_mismatch, fix="give the right --build or the right file",
        )  # fmt: skip


def keep_in_phase(
    record: records.Record, readings: list[tuple[Target, Reading]], gt: NDArray[np.int16],
    phased: NDArray[np.bool_], sets: NDArray[np.int32] | None,
) -> tuple[NDArray[np.bool_], NDArray[np.int32] | None]:  # fmt: skip
    """Keep the strands of one record together at the several sites that its alleles change."""
    changed = [reading for target, reading in readings if not reading.weak and _changes(reading, target)]
    unordered = ~phased & (gt[:, 0] != gt[:, 1]) & (gt >= 0).all(axis=1)
    if len(changed) < 2 or not unordered.any():
        return phased, sets
    number = records.phase_set_number(f"{record.chrom}:{record.pos}:{record.ref}".encode())
    sets = np.zeros(len(gt), dtype=np.int32) if sets is None else sets
    return phased | unordered, np.where(unordered, np.int32(number), sets).astype(np.int32)


def _changes(reading: Reading, target: Target) -> bool:
    return any(code >= 0 and code != target.reference_code for code in reading.table[1:-2].tolist())


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
