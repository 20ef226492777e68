"""Tandem repeats of which a record counts the units: spelled out in bases, so that they are read like other alleles.

VCF 4.4 and 4.5 (samtools/hts-specs, section 5.7) write ``<CNV:TR>``; ExpansionHunter and DRAGEN write ``<STR8>`` with
what the reference has in INFO (RU, the unit; REF, how many of it; RL, how many bases), and how sure each person's
counts are in FORMAT/REPCI, as GangSTR does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgx.types import NOT_CALLED
from pgx.variants.vcf import extent
from pgx.variants.vcf.records import Record
from pgx.variants.vcf.sample_columns import subfield
from pgx.variants.whole_numbers import decimal_number, whole_number

_COUNTED = re.compile(r"<STR(\d{1,4})>$", re.I)
_LONGEST = 300
"""Bases from which a repeat, or its change, is left as it is: repeats that define alleles are short."""
_INTERVAL = re.compile(rb"(\d{1,6})-(\d{1,6})$")


def spell(record: Record) -> None:
    """Write REF and ALT of tandem repeats in bases, where the record counts whole units of one kind; in place.

    REF then holds the whole repeat, so that one which the genome does not have there shows as such.
    """
    if len(record.ref) != 1:
        return
    told = {key: value.split(",") for key, _, value in (part.partition("=") for part in record.info.split(";"))}
    if set(record.alts) == {"<CNV:TR>"}:
        repeat = _by_specification(told, extent.lengths_of(record.info), len(record.alts))
    elif all(map(_COUNTED.match, record.alts)):
        repeat = _by_name(told, record.alts)
    else:
        return
    if repeat is None or not repeat.unit or not set(repeat.unit) <= set("ACGT"):
        return
    told_lengths = [count * len(repeat.unit) for count in repeat.counts]
    lengths = [int(length) for length in told_lengths]
    if lengths != told_lengths or max(lengths) >= _LONGEST or repeat.length in lengths:
        return
    if any((length - repeat.length) % len(repeat.unit) for length in lengths):
        return
    bases = repeat.unit * _LONGEST
    record.ref, *record.alts = (record.ref + bases[:length] for length in (repeat.length, *lengths))
    record.end, record.spelled = max(record.end, record.pos + repeat.length), True


@dataclass(frozen=True, slots=True)
class _Repeat:
    """A repeat's unit, how many bases the reference has of it, and how many units each allele has."""

    unit: str
    length: int
    counts: tuple[float, ...]


def _by_specification(told: dict[str, list[str]], lengths: list[int | None], alleles: int) -> _Repeat | None:
    """Read ``<CNV:TR>``: RUC is how many units an allele has, SVLEN how many bases the reference has of them."""
    one_each = told.get("RN", []) in ([], ["1"] * alleles)
    sure = all(one in ("0", ".") for one in told.get("CIRUC", ()))
    units, counts = told.get("RUS", []), [decimal_number(one) for one in told.get("RUC", ())]
    known = [count for count in counts if count is not None and count >= 0]
    if not (one_each and sure and len(units) == len(known) == len(counts) == len(lengths) == alleles):
        return None
    return _repeat(units[0], lengths[0], known) if len(set(units)) == len(set(lengths)) == 1 else None


def _by_name(told: dict[str, list[str]], alts: list[str]) -> _Repeat | None:
    """Read ``<STR8>``: the reference has REF units, or RL bases."""
    unit = told.get("RU", [""])[0]
    length = whole_number(told.get("RL", [""])[0])
    units = whole_number(told.get("REF", [""])[0])
    if length is None or (units is not None and units != length // max(1, len(unit))):
        length = None if units is None or length is not None else units * len(unit)
    counts = [whole_number(match[1]) for match in map(_COUNTED.match, alts) if match]
    return None if None in counts else _repeat(unit, length, [count for count in counts if count is not None])


def _repeat(unit: str, length: int | None, counts: Sequence[float]) -> _Repeat | None:
    return None if length is None or length >= _LONGEST else _Repeat(unit.upper(), length, tuple(counts))


def drop_unsure(record: Record, gt: NDArray[np.int16]) -> None:
    """Take alleles for not called whose count of units is a range (REPCI); in place."""
    if "REPCI" not in record.format[1:]:
        return
    for sample, text in enumerate(subfield(record.rest, len(gt), record.format.index("REPCI"))):
        ranges = [_INTERVAL.match(part) for part in re.split(rb"[/,]", text)]
        for strand, match in enumerate(ranges[:2]):
            if match is not None and whole_number(match[1]) != whole_number(match[2]) and gt[sample, strand] >= 0:
                gt[sample, strand] = NOT_CALLED
