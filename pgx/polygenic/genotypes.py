"""The genotypes of a file at the positions of a scoring file, many records at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgx.errors import InputError
from pgx.types import NOT_CALLED
from pgx.variants.vcf import posteriors, records
from pgx.variants.vcf.records import Record
from pgx.variants.vcf.sample_columns import BadGenotypeError, decode
from pgx.variants.vcf.source import Source
from pgx.variants.vcf.windows import Windows

_CELLS = 1 << 20
"""Genotypes of a batch, about."""
_MOST = 1 << 15
"""Records of a batch, about."""
_DENSE = 20_000
"""From how many positions on a file is read from end to end: an index does not skip what lies between them."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Which genotypes are used; as `pgx.Options` has it."""

    min_gq: float | None = None
    min_dp: float | None = None
    include_filtered: bool = False
    harmless: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Batch:
    """Some records in file order.

    `gt` int16 (R, S, 2) holds indices into REF and ALTs, NOT_CALLED or NO_COPY; `hidden` bool (R, S) marks what FILTER
    or a threshold keeps from use. `doses` holds the copies that imputation expects of a record's one ALT, float64 (S,)
    by the record's number, NaN where it says nothing; records that were measured are not there.
    """

    records: list[Record]
    gt: NDArray[np.int16]
    hidden: NDArray[np.bool_]
    doses: dict[int, NDArray[np.float64]]


def read_batches(source: Source, windows: Windows, keep: NDArray[np.intp], thresholds: Thresholds) -> Iterator[Batch]:
    """Yield the records that touch a window; the records of one position are never in two batches.

    Parameters
    ----------
    source
        The opened file.
    windows
        Positions of interest.
    keep
        Which of the file's samples are read, intp (S,).
    thresholds
        Which genotypes are used.

    Raises
    ------
    InputError
        If a record is malformed.
    """
    samples = source.header().samples
    source.whole = sum(len(starts) for starts, _ in windows.by_chrom.values()) > _DENSE
    most = max(1, min(_MOST, _CELLS // len(samples)))
    waiting: list[Record] = []
    for where, line in source.records(windows):
        record = records.parse(where, line, len(samples), source.name, thresholds.harmless)
        if len(waiting) >= most and (record.pos, record.chrom) != (waiting[-1].pos, waiting[-1].chrom):
            yield _decoded(waiting, samples, keep, thresholds, source.name)
            waiting = []
        waiting.append(record)
    if waiting:
        yield _decoded(waiting, samples, keep, thresholds, source.name)


def _decoded(
    found: list[Record], samples: Sequence[str], keep: NDArray[np.intp], thresholds: Thresholds, name: str
) -> Batch:
    count = len(samples)
    gt = np.full((len(found), count, 2), NOT_CALLED, dtype=np.int16)
    told = [index for index, record in enumerate(found) if record.format[0] == "GT"]
    try:
        columns = decode(b"\t".join([found[index].rest for index in told]), len(told) * count) if told else None
    except BadGenotypeError as error:
        record = found[told[(error.column or 0) // count]]
        sample = samples[(error.column or 0) % count]
        raise InputError(str(error), file=name, where=f"{record.where}, sample {sample}",
                         fix="the line may be cut short or edited by hand") from error  # fmt: skip
    if columns is not None:
        gt[told] = columns.gt.reshape(len(told), count, 2)
    highest = np.array([len(record.alts) for record in found], dtype=np.int16)
    beyond = np.argwhere(gt.max(axis=2) > highest[:, None])
    if len(beyond):
        record, sample = found[int(beyond[0, 0])], samples[int(beyond[0, 1])]
        raise InputError(f"genotype names an allele that the record does not have ({len(record.alts)} ALT)", file=name,
                         where=f"{record.where}, sample {sample}")  # fmt: skip
    hidden = np.stack([_hidden(record, gt[index], thresholds) for index, record in enumerate(found)])
    expected = {index: posteriors.doses(one, count) for index, one in enumerate(found) if posteriors.is_imputed(one)}
    doses = {index: values[keep] for index, values in expected.items() if values is not None}
    return Batch(found, gt[:, keep], hidden[:, keep], doses)


def _hidden(record: Record, gt: NDArray[np.int16], thresholds: Thresholds) -> NDArray[np.bool_]:
    """Say which genotypes FILTER or a threshold keeps from use."""
    count = len(gt)
    hidden = np.zeros(count, dtype=bool)
    if not thresholds.include_filtered:
        if record.is_reference_call:
            hidden |= (gt > 0).any(axis=1)
        elif not record.passes:
            hidden[:] = True
        elif (failed := records.failed_samples(record, count)) is not None:
            hidden |= failed
    for limit, keys in ((thresholds.min_gq, ("GQ", "RGQ")), (thresholds.min_dp, ("MIN_DP", "DP"))):
        if limit is not None and (values := records.values(record, keys, count)) is not None:
            hidden |= values < limit  # one without a value is used, as everywhere
    return hidden
