"""For which use of a drug a source names another one instead, where it names others for other uses.

CPIC names ticlopidine instead of clopidogrel in neurovascular indications, and not after a stent. Where the record does
not say what the drug is given for, such a name stands with its use.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import polars as pl

from pgx.codes import Applies

_GENERAL = "general"


class Naming(NamedTuple):
    """Which drugs a source names for a use, and whether the use is known to be the person's."""

    source: str
    population: str
    holds: bool
    alternatives: tuple[str, ...]


def narrow(rows: Iterable[Naming]) -> dict[str, tuple[str, ...]]:
    """Return drug -> the uses that it is named for, of those that no source names for all that it names drugs for.

    Examples
    --------
    >>> stent = Naming("CPIC", "stent", False, ("prasugrel", "ticagrelor"))
    >>> narrow([stent, Naming("CPIC", "stroke", False, ("ticagrelor", "ticlopidine"))])
    {'prasugrel': ('stent',), 'ticlopidine': ('stroke',)}
    """
    by_source: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    uses: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for row in rows:
        population = _GENERAL if row.holds else row.population
        by_source[row.source][population].update(row.alternatives)
        for other in row.alternatives:
            uses[other][population] = None
    return {
        other: tuple(found)
        for other, found in uses.items()
        if _GENERAL not in found
        and not any(all(other in named for named in source.values()) for source in by_source.values())
    }


def uses(guidance: pl.DataFrame, words: Callable[[str], str]) -> Mapping[tuple[str, str, str], str]:
    """Return sample, drug, the one that is named instead -> its use in words, where that is only one of several.

    Parameters
    ----------
    guidance
        `pgx.schema.GUIDANCE`, the rows that name other drugs.
    words
        Gives the words of a population.
    """
    by_drug: defaultdict[tuple[str, str], list[Naming]] = defaultdict(list)
    wanted = guidance.filter(pl.col("applies") != Applies.NO_MATCH)
    for row in wanted.select("sample", "drug", "source", "population", "applies", "alternatives").iter_rows():
        sample, drug, source, population, applies, alternatives = row
        naming = Naming(source, population or _GENERAL, applies == Applies.YES, tuple(alternatives))
        by_drug[sample, drug].append(naming)
    cases: dict[tuple[Naming, ...], dict[str, str]] = {}
    found: dict[tuple[str, str, str], str] = {}
    for (sample, drug), namings in by_drug.items():
        if (case := tuple(namings)) not in cases:
            cases[case] = {other: " or ".join(map(words, of)) for other, of in narrow(case).items()}
        found.update({(sample, drug, other): said for other, said in cases[case].items()})
    return found
