"""The positions of interest in one build: where they are, and what allele strings stand there."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.variants.sites.indel_reach import Reach
from pgx.variants.trim import trim
from pgx.variants.vcf.contigs import GRCH37

_MOST_ALLELES = 120  # codes are int8


@dataclass(slots=True)
class Target:
    """One site in the file's build.

    `alleles` are strings over the span ``[pos, pos + len(ref))``; code = index. `ref` is the build's own reference
    string over that span (not always ``alleles[0]``, which is GRCh38's). Undocumented strings are appended as met.
    `pos` is 0 where the build lacks the site. `movable` are its indels (trimmed: position, old bases, new bases) that
    may be written further right, with how far, by code.
    """

    site: int
    chrom: str
    pos: int
    ref: str
    alleles: list[str]
    documented: int
    index: dict[str, int] = field(default_factory=dict)
    has_indel: bool = False
    substituted: tuple[int, ...] = (0,)
    movable: dict[int, tuple[tuple[int, str, str], int]] = field(default_factory=dict)

    @property
    def end(self) -> int:
        """Last base of the span."""
        return self.pos + len(self.ref) - 1

    @property
    def reference_code(self) -> int:
        """Code of the build's own reference string."""
        return self.code(self.ref)

    def code(self, string: str) -> int:
        """Return the code of an allele string, a new one if never seen; -4 (not placed) if there are too many."""
        known = self.index.get(string)
        if known is None:
            if len(self.alleles) >= _MOST_ALLELES:
                return -4
            known = self.index[string] = len(self.alleles)
            self.alleles.append(string)
        return known


@dataclass(slots=True)
class ContigTargets:
    """The targets of one chromosome, by position."""

    targets: list[Target]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    reach: int
    moving: int = 0
    """How far right the farthest moving indel may be written."""

    def overlapping(self, first: int, last: int) -> list[Target]:
        """Return the targets whose span, widened to where their alleles can be written, touches ``[first, last]``."""
        low = int(np.searchsorted(self.starts, first - self.reach, side="left"))
        high = int(np.searchsorted(self.starts, last, side="right"))
        return [t for t in self.targets[low:high] if t.end >= first]


@dataclass(slots=True)
class Targets:
    """All sites in one build, by canonical chromosome name."""

    build: str
    all: list[Target]
    contigs: dict[str, ContigTargets]

    @classmethod
    def of(cls, sites: pl.DataFrame, build: str, reach: Reach | None = None) -> Targets:
        """Build the table from `KnowledgeBase.sites`, with how far its indels may move right (`indel_reach`)."""
        pos, ref = ("pos_grch37", "ref_grch37") if build == GRCH37 else ("pos_grch38", "ref")
        everything = [
            _target(site, chrom, at or 0, own or alleles[0], alleles)
            for site, chrom, at, own, alleles in sites.select("site", "chrom", pos, ref, "alleles").iter_rows()
        ]
        for target in everything:
            for allele, bases in (reach or {}).get(target.site, {}).items():
                if target.pos and allele in target.index and target.ref != allele:
                    target.movable[target.index[allele]] = (trim(target.pos, target.ref, allele), bases)
        by_contig: dict[str, list[Target]] = defaultdict(list)
        for target in everything:
            if target.pos:
                by_contig[target.chrom].append(target)
        return cls(build, everything, {chrom: _contig(targets) for chrom, targets in by_contig.items()})


def _target(site: int, chrom: str, pos: int, ref: str, alleles: list[str]) -> Target:
    has_indel, offsets = _shape(ref, tuple(alleles))
    return Target(
        site=site, chrom=chrom, pos=pos, ref=ref, alleles=list(alleles), documented=len(alleles),
        index={a: i for i, a in enumerate(alleles)}, has_indel=has_indel, substituted=offsets,
    )  # fmt: skip


@lru_cache(maxsize=16_384)
def _shape(ref: str, alleles: tuple[str, ...]) -> tuple[bool, tuple[int, ...]]:
    """Whether alleles differ in length, and where those of the reference's length differ from it: as for every file."""
    same = [a for a in alleles if len(a) == len(ref)]
    offsets = tuple(i for i in range(len(ref)) if any(a[i] != ref[i] for a in same))
    return len({len(a) for a in alleles}) > 1, offsets


def _contig(targets: list[Target]) -> ContigTargets:
    targets.sort(key=lambda t: (t.pos, t.end))
    return ContigTargets(
        targets=targets,
        starts=np.array([t.pos for t in targets], dtype=np.int64),
        ends=np.array([t.end for t in targets], dtype=np.int64),
        reach=max(len(t.ref) for t in targets),
        moving=max((bases for t in targets for _, bases in t.movable.values()), default=0),
    )
