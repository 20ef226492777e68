"""What a gene that was not tested, or not understood, could mean for a drug: absence of a result is no result."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.codes import Applies, Flag, FlagCode, Urgency
from pgx.guidance.conditions import NO_RESULT, Condition, Recommendation, groups_of
from pgx.guidance.matching import Persons
from pgx.knowledge import KnowledgeBase

_URGENCIES = {Urgency.AVOID: "avoid or replace it", Urgency.CHANGE_DOSE: "change its dose"}
"""Urgencies that are worth saying, the gravest first, in the words of the sentence."""
_ORDER = tuple(_URGENCIES)
_AT_LEAST = Urgency.MONITOR
"""What an unknown effect could mean where no result of the gene has graver advice."""

NOTHING = len(_ORDER)
"""Place of a gene no result of which would ask for any of these."""


def urgency_places(kb: KnowledgeBase) -> NDArray[np.int64]:
    """Return for each recommendation, by its number, the place of its urgency among those worth saying."""
    return kb.remember("urgencies of recommendations", lambda: _urgency_places(kb))


def _urgency_places(kb: KnowledgeBase) -> NDArray[np.int64]:
    urgencies = dict(kb.table("actions").select("action", "urgency").iter_rows())
    actions = (urgencies.get(action) for action in kb.table("recommendations")["action"])
    return np.array([_ORDER.index(urgency) if urgency in _ORDER else NOTHING for urgency in actions], dtype=np.int64)


def without_result(persons: Persons, rows: Sequence[Recommendation]) -> dict[str, NDArray[np.bool_]]:
    """Return gene -> who has no result that any of the rows could be asked of."""
    tested: dict[str, NDArray[np.float64]] = {}
    for condition in (condition for row in rows for condition in row.conditions if condition.compare != NO_RESULT):
        has_result = persons.tested(condition)
        tested[condition.gene] = np.maximum(tested.get(condition.gene, has_result), has_result)
    return {gene: has_result == 0 for gene, has_result in tested.items()}


class Stakes:
    """What a result of a gene that was not tested could still mean for each person.

    A row counts only where the genes that were tested, and the person's history, leave it possible: with a normal
    TPMT, a poor metabolizer of NUDT15 is told what that means, and nobody what both together would.

    Parameters
    ----------
    places
        `urgency_places`.
    persons
        Persons asked.
    rows
        What one source says of one drug.
    broader
        Whether the source words its phenotypes broadly.
    excluded
        Population and the populations beside it -> whom it is not about.
    possible_from
        Least probability at which a row is still possible.
    """

    def __init__(
        self,
        places: NDArray[np.int64],
        persons: Persons,
        rows: Sequence[Recommendation],
        *,
        broader: bool,
        excluded: Callable[[str, Collection[str]], NDArray[np.bool_]],
        possible_from: float,
    ) -> None:
        self._places, self._persons, self._rows, self._broader = places, persons, rows, broader
        self._excluded, self._possible_from = excluded, possible_from
        self._known: dict[str, NDArray[np.int64]] = {}

    def of(self, gene: str) -> NDArray[np.int64]:
        """Return for each person the place of the gravest urgency that a result of `gene` could bring."""
        if gene not in self._known:
            self._known[gene] = self._gravest(gene)
        return self._known[gene]

    def of_genes(self, genes: Sequence[str], people: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the same of some genes (C) and persons (N), as N rows."""
        return np.stack([self.of(gene)[people] for gene in genes], axis=1)

    def _gravest(self, gene: str) -> NDArray[np.int64]:
        gravest = np.full(len(self._persons.samples), NOTHING, dtype=np.int64)
        for group in groups_of(self._rows):
            populations = {row.population for row in group}
            for row in group:
                place = self._places[row.index]
                if place < NOTHING and any(_asks(condition, gene) for condition in row.conditions):
                    possible = self._still_possible(row, gene) & ~self._excluded(row.population, populations)
                    gravest[possible] = np.minimum(gravest[possible], place)
        return gravest

    def _still_possible(self, row: Recommendation, gene: str) -> NDArray[np.bool_]:
        """Return to whom the row could apply, whatever the result of `gene`.

        Another gene without a result, or with one of which the source has no row (an indeterminate one), may be
        anything.
        """
        chance = np.ones(len(self._persons.samples))
        for condition in row.conditions:
            if condition.gene != gene:
                share = self._persons.ask(condition, self._broader)[0]
                chance *= np.where(self._placed(condition), share, 1.0)
        possible: NDArray[np.bool_] = chance >= self._possible_from
        return possible

    def _placed(self, condition: Condition) -> NDArray[np.bool_]:
        """Return of whom the source has a row for the result of a condition's gene."""
        conditions = [other for row in self._rows for other in row.conditions if _asks(other, condition.gene)]
        shares = [self._persons.ask(other, self._broader)[0] for other in dict.fromkeys(conditions)]
        placed: NDArray[np.bool_] = np.max(shares, axis=0, initial=0.0) >= self._possible_from
        return placed if condition.compare != NO_RESULT else np.ones_like(placed)


def _asks(condition: Condition, gene: str) -> bool:
    return condition.gene == gene and condition.compare != NO_RESULT


def flags(known: Mapping[str, int], untested: Sequence[str]) -> list[str]:
    """Return the flags ``could_mean:<urgency>:<gene>`` of the untested genes whose place `known` tells."""
    numbered = ((known.get(gene, NOTHING), gene) for gene in untested)
    return [str(Flag(FlagCode.COULD_MEAN, _ORDER[place], gene)) for place, gene in numbered if place < NOTHING]


def unclear_flags(known: Mapping[str, int], unclear: Sequence[Flag]) -> list[str]:
    """Return the flags ``<why>:<urgency>:<gene>`` of the genes whose result may not be the whole truth.

    `unclear` are flags ``<why>:<gene>`` (`pgx.guidance.matching.UNCLEAR`).
    """
    numbered = ((flag.code, known.get(flag.about, NOTHING), flag.about) for flag in unclear)
    return [str(Flag(why, _AT_LEAST if place == NOTHING else _ORDER[place], gene)) for why, place, gene in numbered]


def sentence(places: Mapping[str, int], source: str, genes: Sequence[str]) -> str:
    """Say which genes of a source are not tested, and what a result could mean."""
    place = min((places.get(gene, NOTHING) for gene in genes), default=NOTHING)
    text = f"No advice by {source}: {', '.join(genes)} not tested."
    return text if place == NOTHING else f"{text} Some results would mean: {_URGENCIES[_ORDER[place]]}."


def mark_refused(guidance: pl.DataFrame, calls: pl.DataFrame) -> pl.DataFrame:
    """Let a row on a gene that was not tested say that a laboratory's result of it was refused.

    Parameters
    ----------
    guidance
        `pgx.schema.GUIDANCE`.
    calls
        `pgx.schema.CALLS`.

    Returns
    -------
    polars.DataFrame
        The same rows; those concerned have the flag ``outside_refused:<gene>`` for each such gene.
    """
    refused = calls.filter(pl.col("flags").list.contains(str(FlagCode.OUTSIDE_REFUSED))).select("sample", "gene")
    if refused.is_empty():
        return guidance
    numbered = guidance.with_row_index("row")
    code = pl.concat_str(pl.lit(f"{FlagCode.OUTSIDE_REFUSED}:"), "gene")
    flags_of_row = (
        numbered.filter(pl.col("applies") == Applies.NOT_TESTED)
        .select("row", "sample", gene="genes")
        .explode("gene")
        .join(refused, on=["sample", "gene"])
        .group_by("row", maintain_order=True)
        .agg(new=code)
    )
    added = pl.col("flags").list.concat(pl.col("new").fill_null([]))
    return (
        numbered.join(flags_of_row, on="row", how="left", maintain_order="left")
        .with_columns(flags=added)
        .drop("row", "new")
    )
