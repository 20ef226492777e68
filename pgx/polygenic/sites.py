"""From records to rows: how many copies of each row's effect allele every person has."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.codes import VariantUse
from pgx.polygenic.alleles import NONE, Found, find
from pgx.polygenic.genotypes import Batch
from pgx.types import NO_COPY, NOT_CALLED
from pgx.variants.sites.fasta import Reference
from pgx.variants.vcf.records import Record
from pgx.variants.vcf.windows import Windows

MISSING = -1
"""Copies of a genotype that is not known."""
_ONE_COPY = ("chrX", "chrY")
"""Chromosomes of which a person may have one copy; elsewhere a genotype of one allele is not whole."""
_Candidate = tuple[int, Found]


@dataclass(frozen=True, slots=True)
class Sites:
    """The rows that a genotype is looked for, sorted by place.

    `rows` int64 (V,) are places in `Weights.rows`; `spans` maps a chromosome to its first and last + 1 site.
    """

    rows: NDArray[np.int64]
    pos: NDArray[np.int64]
    effect: list[str]
    other: list[str | None]
    may_be_single: NDArray[np.bool_]
    spans: dict[str, tuple[int, int]]

    @classmethod
    def of(cls, usable: pl.DataFrame) -> Sites:
        """Sort the usable rows of a scoring file."""
        placed = usable.sort("chrom", "pos", "row")
        counts = placed.group_by("chrom", maintain_order=True).len()
        ends = counts["len"].cum_sum().to_list()
        spans = {chrom: (end - size, end) for (chrom, size), end in zip(counts.iter_rows(), ends, strict=True)}
        return cls(placed["row"].to_numpy(), placed["pos"].to_numpy(), placed["effect"].to_list(),
                   placed["other"].to_list(), placed["chrom"].is_in(_ONE_COPY).to_numpy(), spans)  # fmt: skip

    def windows(self) -> Windows:
        """Return the positions as windows of one base."""
        at = {chrom: np.unique(self.pos[first:last]) for chrom, (first, last) in self.spans.items()}
        return Windows({chrom: (pos, pos) for chrom, pos in at.items()})

    def between(self, chrom: str, first: int, last: int) -> range:
        """Return the sites of a chromosome from one position to another."""
        begin, end = self.spans.get(chrom, (0, 0))
        low, high = np.searchsorted(self.pos[begin:end], (first, last + 1))
        return range(begin + int(low), begin + int(high))


@dataclass(frozen=True, slots=True)
class Counted:
    """What a batch tells of some sites.

    `copies` int8 (K, S) are copies of the effect allele or MISSING, `hidden` bool (K, S) says which of the missing ones
    a filter kept from use, `why` says of sites with a record that none of them fits. `doses` float64 (K, S) are the
    copies that imputation expects, NaN where the genotype was measured or no dosage is told; None = in nobody.
    """

    sites: NDArray[np.int64]
    copies: NDArray[np.int8]
    hidden: NDArray[np.bool_]
    flipped: NDArray[np.bool_]
    why: dict[int, VariantUse]
    doses: NDArray[np.float64] | None = None


def count_copies(batch: Batch, sites: Sites, reference: Reference | None, *, keep_ambiguous: bool) -> Counted:
    """Count the effect alleles of the sites that a batch has records of.

    Parameters
    ----------
    batch
        Records with their genotypes.
    sites
        The rows of the scoring file.
    reference
        Genome, for the reference bases inside blocks of a gVCF; None = not known.
    keep_ambiguous
        Take A/T and C/G pairs for written on the forward strand.
    """
    candidates: dict[int, list[_Candidate]] = {}
    why: dict[int, VariantUse] = {}
    for index, record in enumerate(batch.records):
        # Any record tells of its first base; only one of reference tells of the bases behind it.
        last = record.end if record.is_block or record.alts == ["."] else record.pos
        for site in sites.between(record.chrom, record.pos, last):
            found = _look(record, int(sites.pos[site]), sites.effect[site], sites.other[site], reference,
                          keep_ambiguous=keep_ambiguous)  # fmt: skip
            if found.why is None:
                candidates.setdefault(site, []).append((index, found))
            else:
                why[site] = found.why
    chosen = sorted(candidates)
    of = np.array([candidates[site][0][0] for site in chosen], dtype=np.intp)
    allele = np.array([candidates[site][0][1].index for site in chosen], dtype=np.int16)
    flipped = np.array([candidates[site][0][1].flipped for site in chosen], dtype=bool)
    at = np.array(chosen, dtype=np.int64)
    copies = _copies(batch.gt[of], allele, sites.may_be_single[at], batch.hidden[of])
    hidden = batch.hidden[of] & (batch.gt[of] != NOT_CALLED).all(axis=2)
    _settle(batch, sites, candidates, chosen, copies)
    lacking = {site: why[site] for site in why if site not in candidates}
    return Counted(at, copies, hidden, flipped, lacking, _doses(batch, sites, candidates, chosen))


def _look(
    record: Record, pos: int, effect: str, other: str | None, reference: Reference | None, *, keep_ambiguous: bool
) -> Found:
    """Find the effect allele in a record, or in the reference base that a block vouches for."""
    if pos == record.pos and not (record.is_block and len(record.ref) > 1):
        return find(record.ref, tuple(record.alts), effect, other, keep_ambiguous)
    base = record.ref[pos - record.pos : pos - record.pos + 1]
    if not base and reference is not None:
        base = reference.bases(record.chrom, pos, pos)
    if not base:
        return Found(why=VariantUse.REFERENCE_UNKNOWN)
    return find(base, (".",), effect, other, keep_ambiguous)


def _copies(
    gt: NDArray[np.int16], allele: NDArray[np.int16], may_be_single: NDArray[np.bool_], hidden: NDArray[np.bool_]
) -> NDArray[np.int8]:
    copies: NDArray[np.int8] = (gt == allele[:, None, None]).sum(axis=2, dtype=np.int8)
    unknown = (gt == NOT_CALLED).any(axis=2) | hidden
    unknown |= (gt == NO_COPY).any(axis=2) & ~may_be_single[:, None]
    unknown |= (allele == NONE)[:, None] & (gt > 0).any(axis=2)  # "any other allele" may be the effect allele
    copies[unknown] = MISSING
    return copies


def _doses(
    batch: Batch, sites: Sites, candidates: dict[int, list[_Candidate]], chosen: list[int]
) -> NDArray[np.float64] | None:
    """Return the expected copies of the effect alleles where one imputed record tells of a site; None = nowhere.

    What several records tell of a position is settled by their genotypes; of a person who may have one copy, a dosage
    does not say of how many copies it is.
    """
    if not batch.doses:
        return None
    places = Counter((record.chrom, record.pos) for record in batch.records)
    found = np.full((len(chosen), batch.gt.shape[1]), np.nan)
    for place, site in enumerate(chosen):
        index, allele = candidates[site][0][0], candidates[site][0][1].index
        record = batch.records[index]
        if index not in batch.doses or allele not in (0, 1) or places[record.chrom, record.pos] > 1:
            continue
        gt, dose = batch.gt[index], batch.doses[index]
        usable = ~batch.hidden[index] & (gt != NO_COPY).all(axis=1)
        if sites.may_be_single[site]:
            usable &= (gt != NOT_CALLED).all(axis=1)
        found[place] = np.where(usable, dose if allele == 1 else 2 - dose, np.nan)
    return found


def _settle(
    batch: Batch, sites: Sites, candidates: dict[int, list[_Candidate]], chosen: list[int], copies: NDArray[np.int8]
) -> None:
    """Correct sites that several records speak of; in place.

    Records that both fit must agree. Where a position with several ALTs is written as several records, a person who
    has no copy of one ALT may have the other: the reference allele is what all of them leave.
    """
    at_place: dict[tuple[str, int], list[int]] = {}
    for index, record in enumerate(batch.records):
        if len(record.ref) == 1 and not record.is_block:
            at_place.setdefault((record.chrom, record.pos), []).append(index)
    for place, site in enumerate(chosen):
        first, found = candidates[site][0]
        record = batch.records[first]
        same = {first}
        for index, more in candidates[site][1:]:
            if found.index == 0 and batch.records[index].alts != record.alts:
                continue
            same.add(index)
            again = _copies(batch.gt[[index]], np.array([more.index], np.int16), sites.may_be_single[[site]],
                            batch.hidden[[index]])[0]  # fmt: skip
            copies[place, again != copies[place]] = MISSING
        if found.index == 0:
            beside = at_place.get((record.chrom, record.pos), [])
            _take_off(batch, [index for index in beside if index not in same], copies[place])


def _take_off(batch: Batch, others: list[int], copies: NDArray[np.int8]) -> None:
    """Take the copies of other records' single-base ALTs off those of the reference allele; in place."""
    for index in others:
        alts = batch.records[index].alts
        bases = [n for n, alt in enumerate(alts, 1) if len(alt) == 1 and alt != "."]
        if not bases:
            continue
        gt = batch.gt[index]
        unknown = (gt == NOT_CALLED).any(axis=1) | batch.hidden[index]
        left = copies - np.isin(gt, bases).sum(axis=1).astype(np.int8)
        copies[:] = np.where((copies == MISSING) | unknown | (left < 0), MISSING, left)
