"""Frequencies of strands that no source counts, as mosaics of those that are counted.

A strand new to the panel is nearly always two of its strands joined, or one of them with a single base changed: the
model of Li and Stephens (2003, doi:10.1093/genetics/165.4.2213) with one event at most. With frequencies f_h of the
counted haplotypes in a group, a strand s of P positions has

    sum over gaps b between positions of JOINED * (length of b in kb) * A_b * B_b  +  CHANGED / P * C

where A_b and B_b add up f_h over the haplotypes that agree with s before and after b, and C over those that agree
everywhere but at one position.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

JOINED = 0.0026
"""Share of strands per kilobase that the panel does not show because two of its own were joined there."""
CHANGED = 0.003
"""Share of strands that differ from one of the panel's at one position; both shares fit half of the families best."""
DONOR = 1e-3
"""Frequency, in some group, from which a haplotype counts as a part of new strands."""
MOST_POSITIONS = 52
"""Positions compared at most: a float64 holds as many bits exactly."""


@dataclass(frozen=True, slots=True)
class Donors:
    """The counted haplotypes of one gene that new strands are put together from.

    Parameters
    ----------
    positions
        int (P,): the gene's positions at which the donors differ.
    elsewhere
        int (Q,): the other positions, at which all donors are alike.
    accepts
        int64 (P, C, H): bit p is set where a haplotype accepts the base at position p of `positions`.
    alike
        bool (Q, C): what all donors accept `elsewhere`.
    frequency
        float (H, G).
    gaps
        float (P - 1,): kilobases between `positions`.
    """

    positions: NDArray[np.intp]
    elsewhere: NDArray[np.intp]
    accepts: NDArray[np.int64]
    alike: NDArray[np.bool_]
    frequency: NDArray[np.float64]
    gaps: NDArray[np.float64]

    @classmethod
    def of(cls, accepts: NDArray[np.bool_], frequency: NDArray[np.float64], at: NDArray[np.int64]) -> Donors | None:
        """Choose the donors among haplotypes; None if they differ nowhere, or at more than `MOST_POSITIONS`.

        Parameters
        ----------
        accepts
            bool (H, P, C).
        frequency
            float (H, G).
        at
            int (P,): genomic position of each position.
        """
        kept = np.flatnonzero((frequency >= DONOR).any(axis=1))
        if not len(kept):
            return None
        accepts = accepts[kept]
        differ = (accepts != accepts[:1]).any(axis=(0, 2))
        here, elsewhere = np.flatnonzero(differ), np.flatnonzero(~differ)
        if not 0 < len(here) <= MOST_POSITIONS:
            return None
        gaps = np.diff(at[here]) / 1000
        bits = accepts[:, here].transpose(1, 2, 0) * (np.int64(1) << np.arange(len(here)))[:, None, None]
        return cls(here, elsewhere, bits, accepts[0][elsewhere], frequency[kept], gaps)

    def frequencies(
        self, columns: NDArray[np.intp], turned: NDArray[np.bool_], groups: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        """Return the frequencies (T, len(groups)) of T strands of one person; 0 where a base is no donor's.

        Parameters
        ----------
        columns
            int (P, 2): columns of `accepts` that the person's genotypes stand for, at all positions of the gene.
        turned
            bool (T, P): positions at which the strand has the first of the two, else it has the second.
        groups
            Groups to give frequencies for.
        """
        rows = np.arange(len(self.positions))
        first, second = (
            self.accepts[rows, columns[self.positions, strand]].sum(axis=0) for strand in (0, 1)
        )  # as bits: the positions at which each donor agrees
        here = _packed(turned[:, self.positions])[:, None]
        differs = (~((first & here) | (second & ~here))) & ((np.int64(1) << len(rows)) - 1)
        known = np.arange(len(self.elsewhere))
        same = [self.alike[known, columns[self.elsewhere, strand]] for strand in (0, 1)]
        possible = np.where(turned[:, self.elsewhere], *same).all(axis=1) & (differs != 0).all(axis=1)
        found = np.zeros((len(turned), len(groups)))
        found[possible] = self._mosaics(differs[possible], groups)
        return found

    def _mosaics(self, differs: NDArray[np.int64], groups: NDArray[np.intp]) -> NDArray[np.float64]:
        """Add up donors by the first and the last position at which strands (T, H) do not agree with them."""
        n_strands, n_positions = len(differs), len(self.positions)
        lowest = differs & -differs
        row = np.arange(n_strands)[:, None] * n_positions
        first = (row + np.frexp(lowest.astype(np.float64))[1] - 1).ravel()
        last = (row + np.frexp(differs.astype(np.float64))[1] - 1).ravel()
        single = (lowest == differs).astype(np.float64)
        # All groups at once; each sum goes through the donors in their order, as one by one.
        size = n_strands * n_positions
        weight = np.repeat(self.frequency.T[groups][:, None, :], n_strands, axis=1).ravel()
        offset = np.arange(len(groups))[:, None] * size
        shape = (len(groups), n_strands, n_positions)
        ends = np.bincount((offset + first).ravel(), weight, len(groups) * size).reshape(shape)
        begins = np.bincount((offset + last).ravel(), weight, len(groups) * size).reshape(shape)
        joined = ends[:, :, ::-1].cumsum(axis=2)[:, :, -2::-1] * begins.cumsum(axis=2)[:, :, :-1]
        changed = single @ self.frequency[:, groups]
        return np.asarray(JOINED * (joined @ self.gaps).T + CHANGED / n_positions * changed)


def _packed(fits: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Pack bool (N, P) into int64 (N,), position p as bit p."""
    return np.asarray(fits @ np.exp2(np.arange(fits.shape[1]))).astype(np.int64)  # a sum of powers of two is exact
