"""Names of strands: a named allele, a combination of several, or an allele with bases that no allele explains."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pgx.knowledge.base import GeneDefinition, KnowledgeBase
from pgx.knowledge.recent import Recent
from pgx.variants.whole_numbers import whole_number

_DIGITS = re.compile(r"([0-9]+)")
_NAMES = 10_000
"""Strands of a gene of which the name is kept: a cohort has ever more of them."""


@dataclass(frozen=True, slots=True)
class Strand:
    """One strand as reported.

    Parameters
    ----------
    name
        ``*2``, ``[*6 + *14]``, ``*2 + g.94781859G>A``.
    parts
        The named alleles in it.
    novel
        Whether it carries bases that the named alleles do not explain.
    undocumented
        Whether one of them is a base that the knowledge does not have at all.
    detail
        The name with every unexplained base, also where the gene's policy leaves those out of `name`.
    n_unexplained
        Count of the bases that the named alleles do not explain.
    copies
        How many copies of the gene it carries; `name` says so.
    """

    name: str
    parts: tuple[str, ...]
    novel: bool
    undocumented: bool = False
    detail: str = ""
    n_unexplained: int = 0
    copies: int = 1


class Naming:
    """Names the strands of one gene.

    A *baseline* base is one that the gene's reference allele accepts; an allele's *core* is the positions where it
    accepts no baseline base.
    """

    def __init__(self, kb: KnowledgeBase, definition: GeneDefinition, *, extra_allowed: bool = False) -> None:
        self._kb = kb
        bases: list[list[str]] = kb.remember("site alleles", kb.sites["alleles"].to_list)
        self._bases = [bases[site] for site in definition.sites.tolist()]
        self._extra_allowed = extra_allowed
        self.definition = definition
        self.baseline = definition.accepts[0] if len(definition.alleles) else np.zeros((0, 1), dtype=bool)
        self.core = ~(definition.accepts & self.baseline).any(axis=2)
        self._core_size = self.core.sum(axis=1)
        self._names = Recent(_NAMES)
        self._places = np.arange(len(definition.sites))

    def bases(self, position: int) -> list[str]:
        """Return the documented bases of one position, by allele code."""
        return self._bases[position]

    def is_baseline(self, codes: NDArray[np.int8]) -> NDArray[np.bool_]:
        """Return bool (P,): the strand carries a base of the reference allele, or nothing is known."""
        documented = codes < self.baseline.shape[1]
        return np.asarray((codes < 0) | (documented & self.baseline[self._places, self._inside(codes)]))

    def _inside(self, codes: NDArray[np.int8]) -> NDArray[np.int8]:
        """Return the codes, or for those that the knowledge does not have the nearest that it has."""
        return np.minimum(np.maximum(codes, 0), np.int8(min(self.baseline.shape[1] - 1, 127)))

    def carried(self, codes: NDArray[np.int8], *, assume: bool = False) -> NDArray[np.intp]:
        """Return the alleles whose core the strand carries; with `assume`, unknown bases count as carried.

        An allele of which nothing is seen is never returned.
        """
        # Nothing else is part of a core that the strand carries: a base of the baseline fits none.
        at = np.flatnonzero(~self.is_baseline(codes))
        at = at[codes[at] < self.baseline.shape[1]]
        core = self.core[:, at]
        seen = (self.definition.accepts[:, at, codes[at]] & core).sum(axis=1)
        unknown = self.core[:, codes < 0].sum(axis=1) if assume else 0
        return np.flatnonzero((seen > 0) & (seen + unknown == self._core_size))

    def name(self, codes: NDArray[np.int8], extra: dict[int, list[str]] | None = None) -> Strand:
        """Name one strand; unknown positions are left out of account.

        Parameters
        ----------
        codes
            int8 (P,): allele code per position.
        extra
            Bases by allele code, for positions where the file shows more than the knowledge has.
        """
        if extra:  # which names bases of this file alone
            return self._name(codes, extra)
        key = codes.tobytes()
        known: Strand | None = self._names.find(key)
        if known is None:
            known = self._name(codes, {})
            self._names.keep(key, known)
        return known

    def _name(self, codes: NDArray[np.int8], extra: dict[int, list[str]]) -> Strand:
        alleles = self.definition.alleles
        kept = self._largest(self.carried(codes))
        other = np.flatnonzero(~self.is_baseline(codes))
        accepted = self.definition.accepts[kept[:, None], other, self._inside(codes[other])]
        explained = self.core[kept][:, other] | (accepted & (codes[other] < self.baseline.shape[1]))
        rest = other[~explained.any(axis=0)]
        variants = [self.variant(int(p), int(codes[p]), extra.get(int(p))) for p in rest]
        undocumented = any(codes[p] >= len(self.bases(int(p))) for p in rest)
        parts = tuple(alleles[int(a)] for a in kept) or (alleles[0],)
        detail = _joined(parts, variants)
        if self._extra_allowed and not undocumented:
            return Strand(_joined(parts, []), parts, False, detail=detail, n_unexplained=len(variants))
        return Strand(detail, parts, bool(variants), undocumented, detail, len(variants))

    def _largest(self, carried: NDArray[np.intp]) -> NDArray[np.intp]:
        """Leave out alleles whose core lies within another's; of alleles with the same core keep the first."""
        if len(carried) < 2:
            return carried
        cores = self.core[carried].astype(np.float32)  # whole numbers all the same
        sizes = cores.sum(axis=1)
        inside = cores @ cores.T == sizes[:, None]
        order = np.arange(len(carried))
        worse = inside & (
            (sizes[None, :] > sizes[:, None]) | ((sizes[None, :] == sizes[:, None]) & (order[None, :] < order[:, None]))
        )
        return np.asarray(carried[~worse.any(axis=1)])

    def variant(self, position: int, code: int, bases: list[str] | None = None) -> str:
        """Return the genomic name of a base, such as ``g.94781859G>A`` (GRCh38, forward strand)."""
        site = self._kb.sites.row(int(self.definition.sites[position]), named=True)
        listed = bases or list(site["alleles"])
        alt = listed[code] if code < len(listed) else "?"
        return genomic_name(int(site["pos_grch38"]), str(site["ref"]), alt)


def genomic_name(position: int, ref: str, alt: str) -> str:
    """Return an HGVS-like genomic name from VCF-like bases, trimmed at both ends."""
    if ref == alt:
        return f"g.{position}{ref}="
    while ref and alt and ref[-1] == alt[-1]:
        ref, alt = ref[:-1], alt[:-1]
    while ref and alt and ref[0] == alt[0]:
        ref, alt, position = ref[1:], alt[1:], position + 1
    last = position + len(ref) - 1
    span = f"{position}" if len(ref) == 1 else f"{position}_{last}"
    if not ref:
        return f"g.{position - 1}_{position}ins{alt}"
    if not alt:
        return f"g.{span}del"
    return f"g.{position}{ref}>{alt}" if len(ref) == len(alt) == 1 else f"g.{span}delins{alt}"


def _joined(parts: tuple[str, ...], variants: list[str]) -> str:
    name = " + ".join([*parts, *variants])
    return f"[{name}]" if len(parts) > 1 else name


@lru_cache(maxsize=4096)
def sort_key(name: str) -> tuple[object, ...]:
    """Return a key that sorts ``*2`` before ``*10``."""
    return tuple(_piece_key(piece) for piece in _DIGITS.split(name))


@lru_cache(maxsize=16_384)
def _piece_key(piece: str) -> tuple[int, int, str]:
    """Return the key of a piece of a name, of digits or of none; names of a gene share most of their pieces."""
    number = whole_number(piece)
    return (0, 0, piece) if number is None else (1, number, "")
