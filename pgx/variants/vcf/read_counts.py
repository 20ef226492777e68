"""How many reads of a sample show each allele of a record, by whatever name a caller tells it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pgx.variants.vcf import local_alleles
from pgx.variants.vcf.records import SHARES, Record, read_shares
from pgx.variants.vcf.sample_columns import lists

_PAIRS = (("RO", "AO"), ("RD", "AD"), ("NR", "NV"))
"""Reads of the reference and of each ALT: FreeBayes and Ion Torrent, VarScan; Platypus counts all, and each ALT's."""
_HALVES = (("ADF", "ADR"), ("F1R2", "F2R1"))
"""Reads of each allele by strand (bcftools) or by the order of the pair (Mutect2, DRAGEN): two halves of AD."""
_QUARTERS = ("RDF", "RDR", "ADF", "ADR")
"""VarScan's: the reference's reads by strand, and those of its one ALT."""
_FOURS = ("SB", "DP4")
"""The same four in one list: GATK, and samtools."""
SUMS = (*_PAIRS[:2], ("AD",), ("DPR",), _QUARTERS, *_HALVES, *((key,) for key in _FOURS))
"""Sub-fields that tell together how many reads there are, even where they are of other alleles than the record's."""
KEYS = frozenset({"LAD", "NR", *(key for keys in SUMS for key in keys)})
"""All sub-fields that count reads by allele."""

Counts = NDArray[np.float64]


def of_alleles(record: Record, count: int) -> Counts | None:
    """Return the reads (S, A) of each allele, NaN where a sample has none; None if the record does not tell them."""
    found: Counts | None = None
    for counts in _told(record, count):
        found = counts if found is None else np.where(np.isnan(found), counts, found)
        if not np.isnan(found).any():
            break
    return found


def _told(record: Record, count: int) -> Iterator[Counts]:
    """Yield what each kind of sub-field tells, the plainest first."""
    keys, alts = record.format, len(record.alts)
    for key in ("AD", "DPR"):
        if key in keys:
            yield _each(record, count, key)
    if "LAD" in keys:
        yield local_alleles.depths(record, count)
    for one, other in _PAIRS:
        if one in keys and other in keys:
            first = lists(record.rest, count, keys.index(one), alts if one == "NR" else 1)[:, :1]
            rest = lists(record.rest, count, keys.index(other), alts)
            if record.alts == ["."]:
                rest = np.nan_to_num(rest)
            yield np.hstack([np.maximum(first - rest.sum(axis=1, keepdims=True), 0) if one == "NR" else first, rest])
    for one, other in _HALVES:
        if one in keys and other in keys:
            yield _each(record, count, one) + _each(record, count, other)
    if alts == 1:
        yield from _by_strand(record, count)
    if "DP" in keys[1:]:  # shares of the reads tell beside it how many they are
        for key in SHARES:
            if key in keys[1:]:
                shares = read_shares(record, count, key)
                whole = np.hstack([1 - shares.sum(axis=1, keepdims=True), shares])
                whole[(whole < -0.01).any(axis=1)] = np.nan
                yield np.maximum(whole, 0) * lists(record.rest, count, keys.index("DP"), 1)


def _each(record: Record, count: int, key: str) -> Counts:
    """Return a list with a number for each allele; a record without ALT has one number, and no reads of others.

    VarScan's one number is always of the ALT.
    """
    index, alts = record.format.index(key), len(record.alts)
    found = lists(record.rest, count, index, alts + 1)
    if record.alts == ["."] and not {"RD", "RDF"} & set(record.format):
        alone = lists(record.rest, count, index, 1)
        found = np.where(np.isnan(found), np.hstack([alone, 0 * alone]), found)
    return found


def _by_strand(record: Record, count: int) -> Iterator[Counts]:
    """Yield what four numbers tell: the reference's on either strand, then those of the one ALT."""
    keys = record.format
    fours = [lists(record.rest, count, keys.index(key), 4) for key in _FOURS if key in keys]
    if set(_QUARTERS) <= set(keys):
        fours.insert(0, np.hstack([lists(record.rest, count, keys.index(key), 1) for key in _QUARTERS]))
    for four in fours:
        yield np.stack([four[:, :2].sum(axis=1), four[:, 2:].sum(axis=1)], axis=1)
