"""Haplotype frequencies: what is believed of a strand before its bases are seen.

``priors.tsv`` holds one row a haplotype with a frequency per biogeographic group; ``groups.tsv`` names the groups. A
haplotype that no table counts gets `FLOOR`. A person of unknown group is treated as drawn from the groups in
proportion to ``pooled_weight``: the posterior is the mixture over groups, not Hardy-Weinberg on averaged frequencies,
because haplotypes that are common in different places seldom meet in one person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pgx.errors import UsageError
from pgx.knowledge.base import KnowledgeBase

FLOOR = 1e-5
"""Frequency of a named allele that no source counts, in every group; `FLOOR_OF_ALL` at most for all of a gene."""
FLOOR_OF_ALL = 1e-3

UNCOUNTED_FLOOR = 1e-3
"""The same in genes that no source counts at all: little is known, so little is presumed."""

POOLED = -1
"""Group index of a person whose group is unknown."""


@dataclass(frozen=True, slots=True)
class Groups:
    """The biogeographic groups.

    Parameters
    ----------
    codes
        Column names of ``priors.tsv``.
    weights
        float (G,): share of each group in the pooled mixture; adds up to 1.
    aliases
        Lower-case name or synonym to group index.
    """

    codes: tuple[str, ...]
    weights: NDArray[np.float64]
    aliases: Mapping[str, int]

    def index(self, name: str | None) -> int:
        """Return the index of a group by code, CPIC name or synonym; `POOLED` for None.

        Raises
        ------
        UsageError
            If there is no such group.
        """
        if name is None or not name.strip():
            return POOLED
        key = name.strip().lower()
        if key not in self.aliases:
            raise UsageError(f"unknown biogeographic group {name!r}; there are: {', '.join(self.codes)}")
        return self.aliases[key]

    def mixture(self, group: int) -> NDArray[np.float64]:
        """Return the weights (G,) of the groups for a person of `group`."""
        return self.weights if group == POOLED else np.eye(len(self.codes))[group]


@lru_cache(maxsize=8)
def groups(kb: KnowledgeBase) -> Groups:
    """Return the groups of the knowledge base."""
    table = kb.table("groups")
    aliases: dict[str, int] = {}
    for i, (code, name, synonyms) in enumerate(table.select("group", "name", "synonyms").iter_rows()):
        for alias in (code, name, *(synonyms or "").split(";")):
            if alias:
                aliases[alias.lower()] = i
    weights = table["pooled_weight"].to_numpy().astype(np.float64)
    return Groups(tuple(table["group"]), weights / weights.sum(), aliases)


@dataclass(frozen=True, slots=True)
class Counted:
    """What the sources say of one gene.

    Parameters
    ----------
    names
        Haplotype names as counted.
    bases
        ``position=base`` pairs joined by ``;`` for haplotypes that are not named alleles, else None.
    frequency
        float (n, G).
    """

    names: tuple[str, ...]
    bases: tuple[str | None, ...]
    frequency: NDArray[np.float64]


def counted(kb: KnowledgeBase, gene: str) -> Counted:
    """Return the counted haplotypes of a gene; a group without a figure has the mean of those that have one."""
    found: dict[str, Counted] = kb.remember("counted haplotypes", lambda: _counted(kb))
    return found.get(gene) or Counted((), (), np.zeros((0, len(groups(kb).codes))))


def _counted(kb: KnowledgeBase) -> dict[str, Counted]:
    """Read the whole table at once: frames of a few rows, gene by gene, take longer than what is in them."""
    table = kb.table("priors")
    values = table.select(groups(kb).codes).to_numpy().astype(np.float64)
    known = ~np.isnan(values)
    mean = np.where(known, values, 0).sum(1) / np.maximum(known.sum(1), 1)
    values = np.where(known, values, mean[:, None])
    places: dict[str, list[int]] = {}
    for place, gene in enumerate(table["gene"]):
        places.setdefault(gene, []).append(place)
    names, bases = table["haplotype"].to_list(), table["bases"].to_list()
    return {
        gene: Counted(tuple(names[i] for i in own), tuple(bases[i] for i in own), values[own])
        for gene, own in places.items()
    }


def frequencies(counts: Counted, names: Sequence[str], reference: str) -> NDArray[np.float64]:
    """Return frequencies (len(names), G), each group adding up to 1.

    Names that are not counted get `FLOOR` (`UNCOUNTED_FLOOR` where nothing is); if the reference allele is not counted
    it takes what the others leave.
    """
    n_groups = counts.frequency.shape[1]
    floor = min(FLOOR, FLOOR_OF_ALL / max(len(names), 1)) if counts.names else UNCOUNTED_FLOOR
    result = np.full((len(names), n_groups), floor)
    places: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        places.setdefault(name, []).append(i)
    for name, row in zip(counts.names, counts.frequency, strict=True):
        for place in places.get(name, []):  # definitions that are reported under one name share its frequency
            result[place] = np.maximum(row / len(places[name]), floor)
    if reference not in counts.names and reference in places:
        result[places[reference]] = 0
        result[places[reference]] = np.maximum(1 - result.sum(0), floor)
    return np.asarray(result / result.sum(0))


def before(frequencies: Sequence[NDArray[np.float64]], kinds: int, mixture: NDArray[np.float64]) -> float:
    """Return how probable one or two strands are before any base is seen.

    Parameters
    ----------
    frequencies
        Of each strand in every group.
    kinds
        How many of the strands differ: two that do are as probable the other way round.
    mixture
        Share of each group.
    """
    return float(np.prod(frequencies, axis=0) @ mixture) * kinds


def removed(after: float, before: float) -> float:
    """Return the share of the prior doubt that the data removed; 0 where there was none."""
    return (after - before) / (1.0 - before) if before < 1.0 else 0.0
