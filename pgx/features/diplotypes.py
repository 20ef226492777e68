"""Diplotype names taken apart: which alleles each strand carries, and how many copies."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import polars as pl

from pgx.cells import Pair
from pgx.knowledge import KnowledgeBase

_NOVEL = re.compile(r"^(?:g\.|m\.|chr)[^/]+$")
_COPIES = re.compile(r"^(.*?)(?:x(\d+))$")


@dataclass(frozen=True, slots=True)
class Strand:
    """One strand of a diplotype: the named alleles behind it, its copies, whether it carries an unknown base too."""

    name: str
    parts: tuple[str, ...]
    copies: int = 1
    novel: bool = False


@lru_cache(maxsize=256)
def known_alleles(kb: KnowledgeBase, gene: str) -> frozenset[str]:
    """Return the allele names of a gene."""
    return frozenset(kb.table("alleles").filter(pl.col("gene") == gene)["allele"])


@lru_cache(maxsize=100_000)
def read_diplotype(kb: KnowledgeBase, gene: str, name: str) -> tuple[Strand, ...] | None:
    """Return the one or two strands of a diplotype, or None when the name cannot be read in one way only.

    A ``/`` inside an allele name is told from the one between the strands by the names that the knowledge base has.
    """
    alleles = known_alleles(kb, gene)
    readings: list[tuple[Strand, ...]] = []
    whole = read_strand(name, alleles)
    if whole:
        readings.append((whole,))
    for found in re.finditer("/", name):
        left, right = read_strand(name[: found.start()], alleles), read_strand(name[found.end() :], alleles)
        if left and right:
            readings.append((left, right))
    return readings[0] if len(readings) == 1 else None


def read_strand(name: str, alleles: frozenset[str]) -> Strand | None:
    """Return the alleles of one strand: ``*2``, ``*1x2``, ``[*6 + *14]``, ``*2 + g.123A>G``; None if one is unknown."""
    if name in alleles:
        return Strand(name, (name,))
    copies = _COPIES.match(name)
    if copies and copies[1] in alleles:
        return Strand(name, (copies[1],), int(copies[2]))
    parts = name.removeprefix("[").removesuffix("]").split(" + ")
    named = tuple(part for part in parts if part in alleles)
    novel = any(part not in alleles for part in parts)
    if not named or any(part not in alleles and not _NOVEL.match(part) for part in parts):
        return None
    return Strand(name, named, 1, novel)


def posterior(
    diplotype: str | None, probability: float | None, alternatives: Sequence[Pair] | None
) -> list[tuple[str, float]]:
    """Return (diplotype, probability), most probable first, adding up to 1.

    The calls frame lists only alternatives of some weight; the rest is spread over what is listed. A gene that is not
    asserted has alternatives and no diplotype.
    """
    listed = [] if diplotype is None else [(diplotype, 1.0 if probability is None else probability)]
    listed += [(one["diplotype"], one["probability"]) for one in alternatives or () if one["probability"] is not None]
    total = sum(share for _, share in listed)
    return [(name, share / total) for name, share in listed] if total > 0 else []


def expected_counts(kb: KnowledgeBase, gene: str, listed: list[tuple[str, float]]) -> dict[str, float] | None:
    """Return the expected number of copies of each allele; None when nothing is called or a name cannot be read."""
    if not listed:
        return None
    counts: Counter[str] = Counter()
    for name, share in listed:
        strands = read_diplotype(kb, gene, name)
        if strands is None:
            return None
        for strand in strands:
            for part in strand.parts:
                counts[part] += share * strand.copies  # type: ignore[assignment]
    return dict(counts)
