"""Changes that more persons of a file show than any population has: more likely an error of the method than a find.

What is found here is for who runs the laboratory. It goes to standard error alone, and changes nobody's call: a
person's result must not depend on who else is in the file.
"""

from __future__ import annotations

import math

import numpy as np

from pgx.knowledge.base import KnowledgeBase
from pgx.types import Genotypes
from pgx.variants.sites.site_errors import highest_frequencies

FEWEST = 20
"""Persons from which a file's frequencies say something."""
BEYOND = 5.0
"""Times the highest published frequency from which a change is suspect."""
LEAST = 1e-4
"""Frequency presumed of a change that no population shows."""
BY_CHANCE = 1e-6
"""Probability of so many strands by chance below which a change is suspect."""


def suspects(genotypes: Genotypes, kb: KnowledgeBase) -> tuple[str, ...]:
    """Return a line for each defining change that is far more frequent in the files than in any population."""
    if len(genotypes.samples) < FEWEST:
        return ()
    published = highest_frequencies(kb)
    found = []
    table = genotypes.sites.select("chrom", "pos", "alleles", "documented")
    for site, (chrom, pos, bases, documented) in enumerate(table.iter_rows()):
        known = [code for code in range(1, documented) if (site, code) in published]
        if not known:
            continue
        one, two = genotypes.alleles[site].T
        told = np.stack([one, two])[:, (one >= 0) & (two >= 0)]
        if told.shape[1] < FEWEST or not told.any():
            continue
        for code in known:
            copies = (told == code).sum(axis=0)
            count, strands = int(copies.sum()), told.size
            expected = max(published[site, code], LEAST)
            if beyond_published(count, strands, published[site, code]):
                shown = int((copies > 0).sum())
                found.append(
                    f"{chrom}:{pos} {bases[0]}>{bases[code]}: {shown} of {told.shape[1]} persons show it "
                    f"(frequency {count / strands:.3f}, published at most {expected:.3g}{_imbalance(copies)}): likely "
                    "an artefact of the method; nobody's call is changed by it"
                )
    return tuple(found)


def beyond_published(count: int, strands: int, published: float) -> bool:
    """Whether more strands have a change than its highest published frequency and chance explain."""
    expected = max(published, LEAST)
    return count / max(strands, 1) > BEYOND * expected and _at_least(count, strands, expected) < BY_CHANCE


def _at_least(count: int, strands: int, frequency: float) -> float:
    """Probability of `count` strands or more if each has the change with this frequency (binomial)."""
    logs = [
        math.lgamma(strands + 1) - math.lgamma(k + 1) - math.lgamma(strands - k + 1)
        + k * math.log(frequency) + (strands - k) * math.log1p(-frequency)
        for k in range(count, strands + 1)
    ]  # fmt: skip
    return math.fsum(math.exp(log) for log in logs)


def _imbalance(copies: np.ndarray[tuple[int], np.dtype[np.int64]]) -> str:
    """Say whether one and two copies are out of the proportion of Hardy and Weinberg (chi-squared, one degree)."""
    n, frequency = len(copies), float(copies.mean()) / 2
    if not 0 < frequency < 1:
        return ""
    expected = n * np.array([(1 - frequency) ** 2, 2 * frequency * (1 - frequency), frequency**2])
    chi = float(((np.bincount(copies, minlength=3)[:3] - expected) ** 2 / expected).sum())
    chance = math.erfc(math.sqrt(chi / 2))
    return f", out of Hardy-Weinberg equilibrium, p = {chance:.1g}" if chance < 0.01 else ""
