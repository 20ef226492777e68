"""Likelihoods of a record's genotypes in the codes of a site, merged where several records tell of one site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pgx.types import NO_COPY, Doubts, Likelihood
from pgx.variants.sites.match import Reading
from pgx.variants.sites.targets import Target
from pgx.variants.vcf.likelihoods import LEAST, Weighed
from pgx.variants.vcf.records import REFERENCE_ALTS, Record

Numbers = NDArray[np.int32]
"""Per sample the number of its likelihood in the `Register`; 0 = the genotype is as good as certain."""
Part = tuple[Likelihood | None, tuple[int, int], frozenset[int]]
"""What a record tells of one genotype: its likelihood (None = certain), its codes, the alternate codes it tests."""


@dataclass(slots=True)
class Register:
    """The distinct likelihoods of a run, and where each was found."""

    vectors: list[Likelihood] = field(default_factory=list)
    _numbers: dict[Likelihood, int] = field(default_factory=dict)
    _found: list[tuple[int, NDArray[np.intp], Numbers]] = field(default_factory=list)

    def number(self, likelihood: Likelihood) -> int:
        """Return the number of a likelihood, from 1."""
        known = self._numbers.get(likelihood)
        if known is None:
            self.vectors.append(likelihood)
            known = self._numbers[likelihood] = len(self.vectors)
        return known

    def note(self, site: int, columns: NDArray[np.intp], numbers: Numbers) -> None:
        """Keep the likelihoods of one site's samples."""
        in_doubt = numbers > 0
        if in_doubt.any():
            self._found.append((site, columns[in_doubt], numbers[in_doubt]))

    def doubts(self) -> Doubts | None:
        """Return all that was kept; None if it is nothing."""
        if not self._found:
            return None
        rows = sorted(self._found, key=lambda row: row[0])
        return Doubts(
            np.concatenate([np.full(len(columns), site, dtype=np.int32) for site, columns, _ in rows]),
            np.concatenate([columns for _, columns, _ in rows]).astype(np.int32),
            np.concatenate([numbers - 1 for _, _, numbers in rows]).astype(np.int32),
            tuple(self.vectors),
        )


def at_site(
    weighed: Weighed,
    record: Record,
    reading: Reading,
    target: Target,
    register: Register,
    keep: NDArray[np.intp] | None = None,
) -> Numbers | None:
    """Return the numbers of the likelihoods of all samples, or those to `keep`, at a site; None if none is in doubt."""
    if reading.weak or not reading.covers or not weighed.weights:
        return None
    codes = _codes(record, reading, target)
    numbers = np.zeros(len(weighed.void), dtype=np.int32)
    for weights in weighed.weights:
        levels, which = np.unique(weights.tenths, axis=0, return_inverse=True)
        told = [register.number(_likelihood(weights.evidence, weights.pairs, row, codes)) for row in levels.tolist()]
        numbers[weights.rows] = np.array(told, dtype=np.int32)[which.ravel()]
    return numbers if keep is None else numbers[keep]


def without_repeats(parts: Sequence[Part]) -> list[Part]:
    """Return the surest record of each that test the same alleles: a line that is there twice is no second measurement.

    Records of different alleles of the site stay beside each other (`merged`).
    """
    surest: dict[frozenset[int], Part] = {}
    for part in parts:
        known = surest.get(part[2])
        if known is None or _lead(part[0]) > _lead(known[0]):
            surest[part[2]] = part
    return list(surest.values())


def _lead(likelihood: Likelihood | None) -> int:
    """Return by how many tenths the best genotype leads."""
    ordered = [] if likelihood is None else sorted(likelihood.tenths, reverse=True)
    return ordered[0] - ordered[1] if len(ordered) > 1 else LEAST


def merged(parts: Sequence[Part], reference: int) -> Likelihood:
    """Return the likelihood of what several records tell of one genotype, each of its own alleles.

    Parameters
    ----------
    parts
        The records.
    reference
        Code of the reference, which is what a record takes alleles for that it does not test.
    """
    tested = sorted({reference}.union(*({c for c in tests if c >= 0} for _, _, tests in parts)))
    haploid = any(pair[1] == NO_COPY for _, pair, _ in parts)
    pairs = [(a, NO_COPY) for a in tested] if haploid else [(a, b) for a in tested for b in tested if a <= b]
    sums = []
    for pair in pairs:
        total = 0
        for likelihood, shown, tests in parts:
            seen = tuple(code if code in tests or code < 0 else reference for code in pair)
            if likelihood is None:
                total += 0 if sorted(seen) == sorted(shown) else -LEAST
            else:
                level = likelihood.of(seen[0], seen[1])
                total += -LEAST if level is None else level
        sums.append(total)
    best = max(sums)
    evidence = next(likelihood.evidence for likelihood, _, _ in parts if likelihood is not None)
    return Likelihood(evidence, tuple(pairs), tuple(max(one - best, -LEAST) for one in sums))


def _codes(record: Record, reading: Reading, target: Target) -> list[list[int]]:
    """Return the site's codes of each allele of the record; "any other allele" is each that it does not write out."""
    plain = [int(code) for code in reading.table[: len(record.alts) + 1]]
    others = [code for code in range(target.documented) if code not in plain and code != target.reference_code]
    codes = [[target.reference_code]]
    for alt, code in zip(record.alts, plain[1:], strict=True):
        codes.append(others if alt in REFERENCE_ALTS else [code] if code >= 0 else [])
    return codes


def _likelihood(
    evidence: str, pairs: tuple[tuple[int, int], ...], tenths: list[int], codes: list[list[int]]
) -> Likelihood:
    best: dict[tuple[int, int], int] = {}
    for (one, two), level in zip(pairs, tenths, strict=True):
        for a in codes[one]:
            for b in codes[two] if two != NO_COPY else [NO_COPY]:
                pair = (a, b) if b == NO_COPY or a <= b else (b, a)
                best[pair] = max(best.get(pair, -LEAST), level)
    ordered = sorted(best)
    return Likelihood(evidence, tuple(ordered), tuple(best[pair] for pair in ordered))
