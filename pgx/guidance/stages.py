"""What the time and the kind of a treatment make of advice: set aside, or its later action due now.

Advice on a first treatment is set aside for who tolerated the drug for long (table ``set_aside``), and the second
action of a row takes the place of the first where the record shows that its condition is met.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
from numpy.typing import NDArray

from pgx.codes import Flag, FlagCode
from pgx.guidance.conditions import Recommendation
from pgx.guidance.populations import NO, YES, Populations
from pgx.knowledge import KnowledgeBase

Case = tuple[Flag | None, NDArray[np.bool_]]


class Stages:
    """The stages of treatment of one block of samples.

    Parameters
    ----------
    kb
        Knowledge base.
    populations
        The populations, decided for the block.
    """

    def __init__(self, kb: KnowledgeBase, populations: Populations) -> None:
        self._populations = populations
        rows = kb.table("set_aside").select("population", "genes").iter_rows()
        self._aside = {population: frozenset(genes.split(";")) for population, genes in rows}

    def of(
        self, row: Recommendation, drug: str, siblings: Collection[str], people: NDArray[np.int64]
    ) -> Iterator[Case]:
        """Yield what the stage of treatment makes of a row, and for which of `people`; each person is in one case.

        Parameters
        ----------
        row
            The recommendation.
        drug
            The drug in question.
        siblings
            The populations that the sources name for the drug.
        people
            Places of the persons in the block.
        """
        rest = np.ones(len(people), dtype=bool)
        for flag, held in self._cases(row, drug, siblings):
            here = held[people] & rest
            if here.any():
                yield flag, here
                rest &= ~here
        yield None, rest

    def _cases(
        self, row: Recommendation, drug: str, siblings: Collection[str]
    ) -> Iterator[tuple[Flag, NDArray[np.bool_]]]:
        for population, genes in self._aside.items():
            if row.against and population in siblings and population != row.population and genes.issuperset(row.genes):
                yield Flag(FlagCode.SET_ASIDE, population), self._populations.decide(population, (), drug) == YES
        if row.when and self._populations.knows(row.when):
            truth = self._populations.decide(row.when, (), drug)
            yield Flag(FlagCode.CONDITION_MET, row.when), truth == YES
            # What only time decides is not over: it is yet to come.
            if not self._populations.of_time(row.when):
                yield Flag(FlagCode.CONDITION_NOT_MET, row.when), truth == NO
