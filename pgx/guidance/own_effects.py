"""Drugs that act on an enzyme by which they are judged themselves: a guideline measured that effect already."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import polars as pl

from pgx.guidance.conditions import compiled
from pgx.knowledge import KnowledgeBase
from pgx.phenotypes import phenoconversion
from pgx.phenotypes.exposures import acts_on
from pgx.types import ClinicalData


class OwnEffects:
    """Leaves out what drugs do to their own enzymes.

    Parameters
    ----------
    clinical, kb, as_of
        As for `pgx.guidance.recommend`.
    """

    def __init__(self, clinical: ClinicalData | None, kb: KnowledgeBase, as_of: date | None) -> None:
        self._clinical, self._kb, self._as_of = clinical, kb, as_of

    def left_out(
        self,
        samples: Sequence[str],
        wanted: Mapping[str, set[str] | None],
        phenotypes: pl.DataFrame,
        calls: pl.DataFrame,
    ) -> Iterator[tuple[pl.DataFrame, pl.DataFrame, Mapping[str, Sequence[str]]]]:
        """Yield phenotypes and calls of some persons, each without the effect of one drug, and who takes which.

        The first such drug of everybody is left out at once, then everybody's second one.

        Parameters
        ----------
        samples
            The persons.
        wanted
            Drug -> persons that it is asked for; None = all.
        phenotypes, calls
            `pgx.schema.PHENOTYPES` and `pgx.schema.CALLS` of the samples.
        """
        genes: set[str] = set()
        rounds: list[dict[str, str]] = []
        number: Counter[str] = Counter()
        acting, takers, here = acts_on(self._kb), self._takers(), set(samples)
        for drug in [drug for drug in wanted if drug in takers]:
            read = {gene for row in compiled(self._kb).of(drug) for gene in row.genes}
            if read.isdisjoint(acting[drug.lower()]):
                continue
            genes |= read
            people = wanted[drug]
            for sample in takers[drug] & (here if people is None else here.intersection(people)):
                if number[sample] == len(rounds):
                    rounds.append({})
                rounds[number[sample]][sample] = drug
                number[sample] += 1
        for round_ in rounds:
            inside = pl.col("sample").is_in(list(round_)) & pl.col("gene").is_in(sorted(genes))
            without = phenoconversion.convert(
                phenotypes.filter(inside), self._clinical, self._kb, as_of=self._as_of, without=round_
            )
            own: defaultdict[str, list[str]] = defaultdict(list)
            for sample, drug in round_.items():
                own[drug].append(sample)
            yield without, calls.filter(inside), own

    def _takers(self) -> dict[str, set[str]]:
        """Drug -> persons who take it, for the drugs that act on an enzyme."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        if self._clinical is not None:
            acts = pl.col("drug").str.to_lowercase().is_in(list(acts_on(self._kb)))
            for drug, sample in self._clinical.medications.filter(acts).select("drug", "sample").iter_rows():
                found[drug].add(sample)
        return dict(found)
