"""How many reads of a sample show each allele of a record, by whatever name a caller tells it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pgx.variants.vcf import local_alleles
from pgx.variants.vcf.records import SHARES, Record, read_shares
from pgx.variants.vcf.sample_columns import lists

_PAIRS = (("RO", "AO"), ("RD", "AD"), ("FRO", "FAO"))
"""Reads of the reference and of each ALT: FreeBayes and Ion Torrent, VarScan; Ion Torrent's after its flow model."""
_WHOLES = (("NR", "NV"), ("DP", "DV"), ("DP", "AO"), ("FDP", "FAO"))
"""All reads, and those of each ALT: Platypus, early samtools; FreeBayes and Ion Torrent without the reference's."""
_HALVES = (("ADF", "ADR"), ("F1R2", "F2R1"))
"""Reads of each allele by strand (bcftools) or by the order of the pair (Mutect2, DRAGEN): two halves of AD."""
_QUARTERS = (("SRF", "SRR", "SAF", "SAR"), ("FSRF", "FSRR", "FSAF", "FSAR"), ("RDF", "RDR", "ADF", "ADR"))
"""The reference's reads by strand, and those of each ALT: FreeBayes, Ion Torrent's flow model, VarScan."""
_FOURS = ("SB", "DP4")
"""The same four in one list, of one ALT: GATK, and samtools."""
_WHOLE_LISTS = ("AD", "DPR", "CLCAD2")
"""A list with the reads of each allele: nearly every caller; early bcftools; CLC Genomics Workbench."""
_OF_BASES = ("AU", "CU", "GU", "TU")
"""Strelka's reads of each base; the first number of each is of the reads that it trusts (tier 1)."""
_OF_INDELS = ("TAR", "TIR")
"""Strelka's reads of all but an indel, and of it; tier 1 first."""
_BASES_IN_ORDER = "BCOUNT"
"""SomaticSniper's reads of A, C, G and T."""
SUMS = (*_PAIRS, *((key,) for key in _WHOLE_LISTS), *_QUARTERS, *_HALVES, *((key,) for key in _FOURS))
"""Sub-fields that tell together how many reads there are, even where they are of other alleles than the record's."""
KEYS = frozenset({"LAD", "NR", *_OF_BASES, *_OF_INDELS, _BASES_IN_ORDER, *(key for keys in SUMS for key in keys)})
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
    for key in _WHOLE_LISTS:
        if key in keys:
            yield _each(record, count, key)
    if "LAD" in keys:
        yield local_alleles.depths(record, count)
    for one, other in _PAIRS:
        if one in keys and other in keys:
            first = lists(record.rest, count, keys.index(one), 1)
            yield np.hstack([first, _of_alts(record, count, other)])
    for one, other in _HALVES:
        if one in keys and other in keys:
            yield _each(record, count, one) + _each(record, count, other)
    yield from _by_strand(record, count)
    yield from _by_base(record, count)
    for one, other in _WHOLES:
        if one in keys[1:] and other in keys:
            whole = lists(record.rest, count, keys.index(one), alts if one == "NR" else 1)[:, :1]
            rest = _of_alts(record, count, other)
            yield np.hstack([np.maximum(whole - rest.sum(axis=1, keepdims=True), 0), rest])
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


def _of_alts(record: Record, count: int, key: str) -> Counts:
    """Return a list with a number for each ALT; there are none to count where the record has no ALT."""
    found = lists(record.rest, count, record.format.index(key), len(record.alts))
    return np.nan_to_num(found) if record.alts == ["."] else found


def _by_strand(record: Record, count: int) -> Iterator[Counts]:
    """Yield what four numbers tell: the reference's on either strand, then those of the ALT."""
    keys = record.format
    for quarters in _QUARTERS:
        one, two, three, four = quarters
        if set(quarters) <= set(keys):
            first = sum(lists(record.rest, count, keys.index(key), 1) for key in (one, two))
            yield np.hstack([first, _of_alts(record, count, three) + _of_alts(record, count, four)])
    for key in _FOURS if len(record.alts) == 1 else ():
        if key in keys:
            told = lists(record.rest, count, keys.index(key), 4)
            yield np.stack([told[:, :2].sum(axis=1), told[:, 2:].sum(axis=1)], axis=1)


def _by_base(record: Record, count: int) -> Iterator[Counts]:
    """Yield what is told of each base, or of an indel and all else."""
    keys, alleles = record.format, [record.ref, *record.alts]
    plain = all(allele in ("A", "C", "G", "T", ".") for allele in alleles)
    if set(_OF_BASES) <= set(keys) and plain:
        tiers = {key[0]: lists(record.rest, count, keys.index(key), 2)[:, :1] for key in _OF_BASES}
        yield np.hstack([tiers[allele] if allele != "." else 0 * tiers["A"] for allele in alleles])
    if _BASES_IN_ORDER in keys and plain:
        told = lists(record.rest, count, keys.index(_BASES_IN_ORDER), 4)
        columns = [told[:, "ACGT".index(allele)] if allele != "." else 0 * told[:, 0] for allele in alleles]
        yield np.stack(columns, axis=1)
    if set(_OF_INDELS) <= set(keys) and len(alleles) == 2:
        yield np.hstack([lists(record.rest, count, keys.index(key), 2)[:, :1] for key in _OF_INDELS])
