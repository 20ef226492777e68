"""What the patterns of a gene tell before any is solved, worked out for all of them at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgx.calling import weigh
from pgx.calling.model import GeneModel
from pgx.calling.patterns import HOMOZYGOUS, UNKNOWN_BASE, Patterns
from pgx.types import Likelihood

_FLAGS = (
    "positions_missing", "reference_assumed", "no_copy_number", "phase_unknown", "unread_genotype", "filtered_variant",
    "ploidy_conflict", "heteroplasmy", "undocumented_passed_over", "genotype_undecided", "genotype_contradicted",
    "imputed", "proxy_position",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FirstSight:
    """Of N patterns of a gene: what is read, and the flags of that.

    Parameters
    ----------
    read
        bool (N, P, 2): strands whose base is told.
    known
        bool (N, P): positions whose genotype is told, whatever is in doubt.
    shows
        Whether any base is read.
    count
        How many positions are known.
    assumed
        How many positions are read as the reference only because the user said so.
    complete
        Whether the positions are known without which the gene is not called.
    flags
        bool (N, F): what is true of each pattern, doubts aside.
    """

    read: NDArray[np.bool_]
    known: NDArray[np.bool_]
    shows: list[bool]
    count: list[int]
    assumed: list[int]
    complete: list[bool]
    flags: NDArray[np.bool_]

    @classmethod
    def of(cls, found: Patterns, gene: GeneModel) -> FirstSight:
        """Look at the patterns of a gene."""
        codes = found.codes
        read = (codes >= 0) & (codes != UNKNOWN_BASE)
        known = np.where(found.haploid[:, None], read[:, :, 0], read[:, :, 0] & read[:, :, 1])
        mitochondrial = np.full(len(known), gene.inheritance == "mitochondrial")
        proxy = np.zeros(len(known), dtype=bool)
        for one in gene.proxies:
            proxy |= (codes[:, one.decided_by] < 0).all(axis=1) & (codes[:, one.position] > 0).any(axis=1)
        never = np.zeros(len(known), dtype=bool)
        told = {
            "positions_missing": ~known.all(axis=1),
            "reference_assumed": found.assumed.any(axis=1),
            "no_copy_number": np.full(len(known), gene.copy_number_varies),
            "phase_unknown": _several(found.blocks),
            "unread_genotype": found.unread,
            "filtered_variant": found.filtered,
            "ploidy_conflict": found.conflict & ~mitochondrial,
            "heteroplasmy": (found.conflict | found.unread) & mitochondrial,
            "undocumented_passed_over": found.strange,
            "genotype_undecided": never,
            "genotype_contradicted": never,
            "imputed": found.imputed,
            "proxy_position": proxy,
        }
        return cls(
            read=read,
            known=known,
            shows=read.any(axis=(1, 2)).tolist(),
            count=known.sum(axis=1).tolist(),
            assumed=found.assumed.sum(axis=1).tolist(),
            complete=known[:, gene.required].all(axis=1).tolist(),
            flags=np.stack([told[name] for name in _FLAGS], axis=1).astype(bool),
        )

    def flags_of(
        self, n: int, known: NDArray[np.bool_], codes: NDArray[np.int8], doubts: dict[int, Likelihood]
    ) -> tuple[str, ...]:
        """Return the flags of pattern `n`; `known` are the positions that are told, doubts taken into account."""
        is_so = self.flags[n].tolist()
        if doubts:
            told = {
                "positions_missing": not known.all(),
                "genotype_undecided": not weigh.told_positions(doubts, len(known)).all(),
                "genotype_contradicted": any(weigh.is_contradicted(doubts[p], codes[p]) for p in doubts),
            }
            for name, so in told.items():
                is_so[_FLAGS.index(name)] = so
        return tuple(flag for flag, so in zip(_FLAGS, is_so, strict=True) if so)


def _several(blocks: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return bool (N,): patterns of more than one heterozygous block."""
    if not blocks.shape[1]:
        return np.zeros(len(blocks), dtype=bool)
    varies, bounds = blocks != HOMOZYGOUS, np.iinfo(np.int32)
    return np.asarray(
        np.where(varies, blocks, bounds.min).max(axis=1) > np.where(varies, blocks, bounds.max).min(axis=1)
    )
