"""What the rows add up to for each person, and what became of every row."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.codes import VariantUse
from pgx.polygenic.sites import MISSING, Counted, Sites
from pgx.polygenic.weights import COPIES, Weights

MOST_KEPT = 20_000_000
"""Rows of the table of variants, at most: one a person and row of the scoring file."""
USES = tuple(VariantUse)
GENOTYPED = (VariantUse.USED, VariantUse.FLIPPED, VariantUse.DOSAGE, VariantUse.ASSUMED_REFERENCE)
"""What counts towards the match rate: the person's genotype is known, or taken as known because the user said so."""
_CODE = {use: code for code, use in enumerate(USES)}


@dataclass(slots=True)
class Tally:
    """Sums and counts of one scoring file over the persons of a file.

    Persons are added up in the order of the records, one record after the other, so that a sum is the same to the last
    digit whoever else is in the file.
    """

    weights: Weights
    sites: Sites
    samples: tuple[str, ...]
    keep: bool = False
    sums: NDArray[np.float64] = field(init=False)
    counts: dict[VariantUse, NDArray[np.int64]] = field(init=False)
    seen: NDArray[np.bool_] = field(init=False)
    why: NDArray[np.int8] = field(init=False)
    again: int = 0
    flipped: int = 0
    dosage_only: int = 0
    dosages: int = 0
    _added: NDArray[np.float64] = field(init=False)
    _expected: NDArray[np.float64] = field(init=False)
    _copies: NDArray[np.float64] = field(init=False)
    _frequency: NDArray[np.float64] = field(init=False)
    _kept: tuple[NDArray[np.int8], NDArray[np.float64]] | None = None

    def __post_init__(self) -> None:
        persons, size = len(self.samples), len(self.sites.rows)
        self.sums = np.zeros(persons)
        self.counts = {use: np.zeros(persons, dtype=np.int64) for use in USES}
        self.seen = np.zeros(size, dtype=bool)
        self.why = np.full(size, _CODE[VariantUse.ABSENT], dtype=np.int8)
        rows = self.weights.rows[self.sites.rows].select(*COPIES, "frequency")
        self._added = np.ascontiguousarray(rows.select(COPIES).to_numpy())
        self._frequency = rows["frequency"].fill_null(np.nan).to_numpy().copy()
        # Of a chromosome of which a person may have one copy, nobody says how many copies to expect.
        self._frequency[self.sites.may_be_single] = np.nan
        f = self._frequency
        self._expected = ((1 - f) ** 2) * self._added[:, 0] + 2 * f * (1 - f) * self._added[:, 1]
        self._expected += f**2 * self._added[:, 2]
        if self.keep:
            self._kept = (np.full((size, persons), -1, np.int8), np.full((size, persons), np.nan))

    def add(self, counted: Counted) -> None:
        """Add what a batch tells; a row that an earlier batch told of is passed over and counted."""
        for site, reason in counted.why.items():
            if not self.seen[site]:
                self.why[site] = _CODE[reason]
        fresh = ~self.seen[counted.sites]
        self.again += int((~fresh).sum())
        at = counted.sites[fresh]
        if len(at):
            self.seen[at] = True
            self.flipped += int(counted.flipped[fresh].sum())
            plain = np.where(counted.flipped[fresh], _CODE[VariantUse.FLIPPED], _CODE[VariantUse.USED])
            doses = None if counted.doses is None else counted.doses[fresh]
            if doses is not None:
                self.dosages += int((~np.isnan(doses)).any(axis=1).sum())
            self._sum(at, counted.copies[fresh], counted.hidden[fresh], plain.astype(np.int8), doses)

    def assume(self, sites: NDArray[np.int64], copies: NDArray[np.int8]) -> None:
        """Add sites that are taken for reference in everybody; `copies` int8 (K,) are those of the effect allele."""
        self.seen[sites] = True
        everybody = np.repeat(copies[:, None], len(self.samples), axis=1)
        plain = np.full(len(sites), _CODE[VariantUse.ASSUMED_REFERENCE], dtype=np.int8)
        self._sum(sites, everybody, np.zeros(everybody.shape, dtype=bool), plain)

    def finish(self) -> None:
        """Count, for everybody, the rows that no genotype was found for."""
        left = np.flatnonzero(~self.seen)
        for code, number in enumerate(np.bincount(self.why[left], minlength=len(USES)).tolist()):
            self.counts[USES[code]] += number
        refused = self.weights.rows["refused"].drop_nulls().value_counts()
        for use, number in refused.iter_rows():
            self.counts[VariantUse(use)] += number
        if self._kept is not None:
            self._kept[0][left] = self.why[left, None]

    def is_absent(self, site: int) -> bool:
        """Say whether no record speaks of a site."""
        return not self.seen[site] and self.why[site] == _CODE[VariantUse.ABSENT]

    def why_is(self, use: VariantUse) -> int:
        """Count the sites without a genotype of this reason."""
        return int((self.why[~self.seen] == _CODE[use]).sum())

    def leave_out(self, site: int, use: VariantUse) -> None:
        """Say why a site has no genotype."""
        self.why[site] = _CODE[use]

    def rates(self) -> NDArray[np.float64]:
        """Return for each person the share of the file's rows whose genotype is known."""
        known = sum((self.counts[use] for use in GENOTYPED), np.zeros(len(self.samples), dtype=np.int64))
        return np.asarray(known / self.weights.rows.height)

    def kept(self, person: int) -> pl.DataFrame:
        """Return what became of every row in a person: ``row``, ``copies``, ``added`` and ``use``."""
        assert self._kept is not None
        codes, copies = self._kept[0][:, person], self._kept[1][:, person]
        added = self._worth(np.arange(len(copies))[:, None], copies[:, None])[:, 0]
        imputed = codes == _CODE[VariantUse.IMPUTED]
        added = np.where(imputed, self._expected, added)
        found = pl.DataFrame({
            "row": self.sites.rows,
            "copies": pl.Series(copies).fill_nan(None),
            "added": pl.Series(added).fill_nan(None),
            "use": [str(USES[code]) for code in codes.tolist()],
        })  # fmt: skip
        refused = self.weights.rows.filter(pl.col("refused").is_not_null()).select(
            "row", pl.lit(None, pl.Float64).alias("copies"), pl.lit(None, pl.Float64).alias("added"),
            pl.col("refused").alias("use"),
        )  # fmt: skip
        return pl.concat([found, refused]).sort("row")

    def _worth(self, at: NDArray[np.int64], copies: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what copies of the effect allele add, a dosage in proportion; NaN where they are not known."""
        known = np.nan_to_num(copies, nan=0.0)
        low = np.floor(known).astype(np.int64)
        first = self._added[at, low]
        between = first + (known - low) * (self._added[at, np.minimum(low + 1, 2)] - first)
        return np.where(np.isnan(copies), np.nan, between)

    def _sum(
        self,
        at: NDArray[np.int64],
        copies: NDArray[np.int8],
        hidden: NDArray[np.bool_],
        plain: NDArray[np.int8],
        doses: NDArray[np.float64] | None = None,
    ) -> None:
        known = np.where(copies == MISSING, np.nan, copies)
        by_dose = np.zeros(known.shape, dtype=bool) if doses is None else ~np.isnan(doses)
        known = known if doses is None else np.where(by_dose, doses, known)
        unknown = np.isnan(known)
        added = self._worth(at[:, None], known)
        expected = np.broadcast_to(self._expected[at, None], added.shape)
        imputed = unknown & ~np.isnan(expected)
        added = np.where(imputed, expected, np.where(unknown, 0.0, added))
        self.sums = np.cumsum(np.vstack([self.sums[None, :], added]), axis=0)[-1]
        nothing = np.where(hidden, _CODE[VariantUse.FILTERED], _CODE[VariantUse.NO_GENOTYPE])
        told = np.where(by_dose, np.int8(_CODE[VariantUse.DOSAGE]), plain[:, None])
        codes = np.where(imputed, _CODE[VariantUse.IMPUTED], np.where(unknown, nothing, told))
        for use in (*GENOTYPED, VariantUse.IMPUTED, VariantUse.FILTERED, VariantUse.NO_GENOTYPE):
            self.counts[use] += (codes == _CODE[use]).sum(axis=0)
        if self._kept is not None:
            self._kept[0][at] = codes
            self._kept[1][at] = np.where(imputed, 2 * self._frequency[at, None], known)
