"""Who looks alike: kinship after KING at a few unlinked positions, which shows duplicates and little else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx import schema
from pgx.cohort.genotype_rows import codes_of
from pgx.cohort.summary.parts import Parts
from pgx.cohort.summary.site_counts import SiteCounts
from pgx.knowledge import KnowledgeBase
from pgx.output_tables.own_columns import COHORT_PAIRS

MOST_PERSONS = 20_000
"""Persons of whom every pair is looked at; of more, only those with the very same genotypes are found."""
MOST_ROWS = 10_000
COMMON, COMPLETE = 0.05, 0.9
"""Frequency of the rarer allele, and share of persons known, from which a position is used."""
UNLINKED = 0.2
"""Highest squared correlation of two positions that are both used."""
LEAST_POSITIONS = 20
SAME = 0.98
"""Share of equal genotypes of one person read twice, errors allowed for."""
FIRST_DEGREE = 0.177
"""Kinship between first and second degree (2 ** -2.5)."""
FALSE_PAIRS = 0.05
"""Pairs that chance may put among those that look related, in the whole cohort."""
_CHUNK = 1000
_FOR_LINKAGE = 2000
Dosage = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Likeness:
    """What was found, and how much it can mean.

    Parameters
    ----------
    pairs
        `own_columns.COHORT_PAIRS`.
    positions
        How many unlinked positions were used.
    persons
        Persons compared.
    spread
        Standard deviation of the kinship of unrelated pairs; None if pairs were not looked at.
    threshold
        Kinship from which a pair is listed.
    chance_matches
        Pairs of strangers that would have the same genotypes.
    """

    pairs: pl.DataFrame
    positions: int
    persons: int
    spread: float | None = None
    threshold: float | None = None
    chance_matches: float = 0.0


def likeness(parts: Parts, counts: SiteCounts, kb: KnowledgeBase) -> Likeness:
    """Compare everybody with everybody.

    Parameters
    ----------
    parts
        The cohort; its table ``genotypes`` is read once more.
    counts
        Of the same genotypes.
    kb
        Knowledge base.
    """
    sites = _common(counts, kb)
    names, dosage = _dosages(parts, sites)
    dosage = dosage[:, _unlinked(dosage)]
    nothing = schema.empty(COHORT_PAIRS)
    if dosage.shape[1] < LEAST_POSITIONS or len(names) < 2:
        return Likeness(nothing, dosage.shape[1], len(names))
    chance = _chance_matches(dosage)
    if len(names) > MOST_PERSONS:
        rows = [_row(names, dosage, i, j) for i, j in _identical(dosage)]
        return Likeness(_table(rows), dosage.shape[1], len(names), chance_matches=chance)
    spread, threshold = _noise(dosage)
    rows = []
    for start, other, kinship, same, both in _compared(dosage):
        enough = both >= LEAST_POSITIONS
        for i, j in np.argwhere(enough & ((same >= SAME) | (kinship >= threshold))).tolist():
            if start + i < other + j and len(rows) < MOST_ROWS:
                rows.append(_row(names, dosage, start + i, other + j))
    return Likeness(_table(rows), dosage.shape[1], len(names), spread, threshold, chance)


def _common(counts: SiteCounts, kb: KnowledgeBase) -> NDArray[np.intp]:
    """Return the autosomal sites with one change that is common."""
    autosomal = (
        kb.sites["chrom"].str.contains(r"^chr\d+$").to_numpy() & (kb.sites["alleles"].list.len() == 2).to_numpy()
    )
    share = counts.copies[1] / np.maximum(counts.strands, 1)
    complete = counts.known >= COMPLETE * max(counts.persons, 1)
    return np.flatnonzero(autosomal & complete & (np.minimum(share, 1 - share) >= COMMON))


def _dosages(parts: Parts, sites: NDArray[np.intp]) -> tuple[list[str], Dosage]:
    """Return the persons and int8 (persons, sites): copies of the change, -1 where they are not known."""
    names: list[str] = []
    found = [np.zeros((0, len(sites)), dtype=np.int8)]
    for rows in parts.blocks("genotypes"):
        if rows.height:
            codes = codes_of(rows)[:, sites]
            names += rows["sample"].to_list()
            found.append(np.where((codes >= 0).all(axis=2), (codes == 1).sum(axis=2), -1).astype(np.int8))
    return names, np.concatenate(found)


def _unlinked(dosage: Dosage) -> NDArray[np.intp]:
    """Return the positions that are left when of two that go together one is dropped."""
    import allel

    some = dosage[:_FOR_LINKAGE]
    varied = np.flatnonzero([len(np.unique(column[column >= 0])) > 1 for column in some.T])
    if len(varied) < 2:
        return varied
    free = allel.locate_unlinked(some.T[varied], size=len(varied), step=len(varied), threshold=UNLINKED)
    return np.asarray(varied[free])


def _compared(
    dosage: Dosage,
) -> Iterator[tuple[int, int, NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]]:
    """Yield, for two stretches of persons, where each begins, kinship, share of equal genotypes, and positions."""
    for start in range(0, len(dosage), _CHUNK):
        for other in range(start, len(dosage), _CHUNK):
            yield start, other, *kinships(dosage[start : start + _CHUNK], dosage[other : other + _CHUNK])


def kinships(one: Dosage, two: Dosage) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Return KING's robust kinship of each pair, the share of equal genotypes, and at how many positions.

    Examples
    --------
    >>> rows = np.array([[0, 1, 2, 1], [0, 1, 2, 1], [2, 1, 0, 1]], dtype=np.int8)
    >>> kinships(rows[:1], rows)[0].tolist()
    [[0.5, 0.5, -0.5]]
    """
    (r1, h1, a1, k1), (r2, h2, a2, k2) = _kinds(one), _kinds(two)
    shared = h1 @ h2.T
    opposite = r1 @ a2.T + a1 @ r2.T
    mine, theirs = h1 @ k2.T, k1 @ h2.T
    both = k1 @ k2.T
    fewest = np.maximum(np.minimum(mine, theirs), 1)
    kinship = (shared - 2 * opposite) / (2 * fewest) + 0.5 - 0.25 * (mine + theirs) / fewest
    # Without a heterozygous position nothing is known of the pair.
    kinship = np.where(np.minimum(mine, theirs) > 0, kinship, np.float32(-1))
    same = (r1 @ r2.T + shared + a1 @ a2.T) / np.maximum(both, 1)
    return kinship, same, both


def _kinds(dosage: Dosage) -> list[NDArray[np.float32]]:
    """Return, as numbers, where there is no copy, one, two, and where the genotype is known."""
    return [(dosage == copies).astype(np.float32) for copies in (0, 1, 2)] + [(dosage >= 0).astype(np.float32)]


def _noise(dosage: Dosage) -> tuple[float, float]:
    """Return the spread of unrelated pairs, and the kinship that chance hardly gives to any pair of the cohort.

    Some persons stand for all; the middle half of their pairs tells the spread, whoever else is related.
    """
    step = max(len(dosage) // _CHUNK, 1)
    some = dosage[::step][:_CHUNK]
    kinship = kinships(some, some)[0][np.triu_indices(len(some), 1)]
    low, middle, high = np.quantile(kinship, [0.25, 0.5, 0.75])
    spread = float(high - low) / 1.349
    pairs = len(dosage) * (len(dosage) - 1) / 2
    reach = NormalDist().inv_cdf(1 - min(FALSE_PAIRS / pairs, 0.4))
    return spread, max(FIRST_DEGREE, float(middle) + reach * spread)


def _chance_matches(dosage: Dosage) -> float:
    """Return how many pairs of strangers have the same genotypes at all positions."""
    known = np.maximum((dosage >= 0).sum(axis=0), 1)
    match = sum(((dosage == copies).sum(axis=0) / known) ** 2 for copies in (0, 1, 2))
    return float(np.exp(np.log(match).sum())) * len(dosage) * (len(dosage) - 1) / 2


def _identical(dosage: Dosage) -> Iterator[tuple[int, int]]:
    """Yield pairs with the very same genotypes, each person beside the first of the kind."""
    first: dict[bytes, int] = {}
    for i, row in enumerate(dosage):
        before = first.setdefault(row.tobytes(), i)
        if before != i:
            yield before, i


def _row(names: list[str], dosage: Dosage, i: int, j: int) -> dict[str, object]:
    kinship, same, both = kinships(dosage[i : i + 1], dosage[j : j + 1])
    relation = "same_genotypes" if same.item() >= SAME else "may_be_related"
    return {
        "sample": names[i],
        "other": names[j],
        "positions": int(both.item()),
        "same": float(same.item()),
        "kinship": float(kinship.item()),
        "relation": relation,
    }


def _table(rows: list[dict[str, object]]) -> pl.DataFrame:
    frame = schema.from_rows(rows, COHORT_PAIRS)
    return frame.sort("kinship", descending=True, maintain_order=True).head(MOST_ROWS)
