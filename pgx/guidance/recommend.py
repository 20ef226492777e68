"""Guidance: every recommendation that holds for a person and a drug, the sources side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial, reduce
from types import MappingProxyType

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx import schema
from pgx.assertion import is_asserted, of_asserted
from pgx.codes import Applies
from pgx.guidance import alternatives, genes_alone, interactions, named_elsewhere, untested, unverified
from pgx.guidance.asked import ALL, apart, wanted_of
from pgx.guidance.conditions import NO_RESULT, Conditions, Recommendation, alleles_asked, compiled, groups_of
from pgx.guidance.guidance_frame import APPLIES, Emitted, frame_of
from pgx.guidance.label_limits import label_rows, without_dose_of_the_forbidden
from pgx.guidance.matching import Persons, Vector, distinct_rows
from pgx.guidance.own_effects import OwnEffects
from pgx.guidance.populations import GENERAL, NO, YES, Populations
from pgx.guidance.stages import Stages
from pgx.guidance.untested import Stakes, urgency_places, without_result
from pgx.knowledge import KnowledgeBase
from pgx.phenotypes import phenoconversion
from pgx.phenotypes.exposures import exposures
from pgx.phenotypes.substrates import acting_drugs, perhaps_acting
from pgx.types import ClinicalData

POSSIBLE_FROM = 0.01
"""Another recommendation is shown beside the most probable one from this probability on."""
LEADS_FROM = 0.5
"""Less probable advice is never the answer: it is shown as possible, and the gene counts as not tested."""
ROUNDING = 0.001
"""Probabilities of diplotypes are listed to four digits."""
BLOCK = 5_000
"""Samples handled at once; bounds memory."""


def recommend(
    phenotypes: pl.DataFrame,
    calls: pl.DataFrame,
    clinical: ClinicalData | None,
    kb: KnowledgeBase,
    *,
    drugs: Sequence[str] | Mapping[str, Collection[str]] | None = None,
    as_of: date | None = None,
    fitting: bool = True,
    alone: bool = True,
) -> pl.DataFrame:
    """Return what CPIC, DPWG, FDA and local sources say of each person's drugs.

    Parameters
    ----------
    phenotypes, calls
        `schema.PHENOTYPES` and `schema.CALLS` of the same samples, as `pgx.phenotypes.assign` gives them.
    clinical
        Decides populations (age, indication, comedication, ...) and is the medication list.
    kb
        Knowledge base.
    drugs
        Generic or brand names, RxNorm or ATC codes; ``["all"]`` = every drug with recommendations. None = each person's
        own medication list, of which unknown medicines have no row, or every drug for a person without a list. An empty
        list = nothing. A mapping of generic names to samples = each drug for those alone. Of a drug that a person uses
        on skin, eye or ear alone, only rows on such use hold, unless it is named.
    as_of
        Day for which it holds; None = each person's own.
    fitting, alone
        Whether it is asked which of the drugs that are named instead fit the person, and what the genes would ask for
        without what acts on their enzymes. What is said of the drug itself is the same without either.

    Returns
    -------
    polars.DataFrame
        `schema.GUIDANCE`, by sample and drug. Every drug asked for has at least one row. ``applies`` is

        * ``yes``: the row of the most probable result; ``if_population``: the same, if the person belongs to
          `population`, which the data do not decide;
        * ``possible``: another result, less probable but not excluded, would give this other advice;
        * ``not_tested``: a gene that decides is not called (no advice is drawn from its absence);
        * ``no_match``: the genes are called and the source has nothing for the result, or nobody has a guideline.

        What rows flagged ``label_limit`` and ``interaction`` say stands in `pgx.guidance.label_cells` and
        `pgx.guidance.interactions`.

    Raises
    ------
    UsageError
        If a drug is unknown; the message suggests what may be meant.
    """
    samples = calls["sample"].unique(maintain_order=True).to_list()
    wanted, local = apart(wanted_of(samples, clinical, compiled(kb), kb, drugs), samples, clinical, drugs)
    if not samples or not (wanted or local):
        return schema.empty(schema.GUIDANCE)
    # A gene of which only the population speaks is not tested.
    every_call = calls
    phenotypes, calls = of_asserted(phenotypes, calls), calls.filter(is_asserted())
    guidance = _in_blocks(samples, phenotypes, calls, clinical, kb, wanted, as_of, local)

    def without_interactions(
        genetic: pl.DataFrame, own_calls: pl.DataFrame, drugs_asked: dict[str, set[str] | None]
    ) -> pl.DataFrame:
        people = own_calls["sample"].unique(maintain_order=True).to_list()
        return _in_blocks(people, genetic, own_calls, None, kb, drugs_asked, as_of)

    doubted = unverified.doubtful(exposures(clinical, kb, as_of=as_of))

    def anew(asked: dict[str, set[str] | None], *, confirmed: bool = False) -> pl.DataFrame:
        people = sorted(set().union(*(persons or () for persons in asked.values())))
        genetic, theirs = (frame.filter(pl.col("sample").is_in(people)) for frame in (phenotypes, calls))
        if confirmed:
            genetic = phenoconversion.convert(genetic, clinical, kb, as_of=as_of, confirmed=True)
        return _in_blocks(people, genetic, theirs, clinical, kb, asked, as_of) if asked else guidance.clear()

    guidance = unverified.without_comfort(guidance, doubted, partial(anew, confirmed=True))
    guidance = untested.mark_refused(guidance, every_call)
    acting = acting_drugs(clinical, kb, as_of=as_of)
    if fitting:
        guidance = named_elsewhere.carried_over(guidance, kb)
        guidance = alternatives.fitting(guidance, clinical, kb, acting, anew)
    guidance = genes_alone.mark_local(guidance, phenotypes)
    if alone:
        guidance = genes_alone.mark(guidance, phenotypes, calls, without_interactions)
    guidance = unverified.mark(guidance, doubted)
    perhaps = perhaps_acting(clinical, kb, as_of=as_of)
    guidance = interactions.respect(guidance, phenotypes, pl.concat([acting, perhaps]), kb)
    return without_dose_of_the_forbidden(guidance, kb)


def _in_blocks(
    samples: Sequence[str],
    phenotypes: pl.DataFrame,
    calls: pl.DataFrame,
    clinical: ClinicalData | None,
    kb: KnowledgeBase,
    wanted: dict[str, set[str] | None],
    as_of: date | None,
    local: Mapping[str, set[str]] = MappingProxyType({}),
) -> pl.DataFrame:
    conditions = compiled(kb)
    blocks = []
    for start in range(0, len(samples), BLOCK):
        block = samples[start : start + BLOCK]
        whole = len(block) == len(samples)
        inside = pl.col("sample").is_in(block)
        blocks.append(
            _Block(
                kb,
                conditions,
                block,
                phenotypes if whole else phenotypes.filter(inside),
                calls if whole else calls.filter(inside),
                clinical,
                as_of,
            ).guidance(wanted, local)
        )
    return schema.conform(pl.concat(blocks), schema.GUIDANCE)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One drug asked for some persons: `mask` over the persons of `persons`."""

    drug: str
    persons: Persons
    mask: NDArray[np.bool_]


class _Block:
    def __init__(
        self,
        kb: KnowledgeBase,
        conditions: Conditions,
        samples: Sequence[str],
        phenotypes: pl.DataFrame,
        calls: pl.DataFrame,
        clinical: ClinicalData | None,
        as_of: date | None,
    ) -> None:
        self._kb, self._conditions, self._samples = kb, conditions, samples
        self._phenotypes, self._calls = phenotypes, calls
        self._own_effects = OwnEffects(clinical, kb, as_of)
        self._persons = Persons(samples, phenotypes, calls, conditions)
        self._populations = Populations(kb, clinical, samples, as_of)
        self._stages = Stages(kb, self._populations)
        self._at = {sample: at for at, sample in enumerate(samples)}
        self._acting = acting_drugs(clinical, kb, as_of=as_of)

    def guidance(self, wanted: dict[str, set[str] | None], local: Mapping[str, set[str]]) -> pl.DataFrame:
        """Return the guidance rows of the block; `local` are drugs of those who use them on skin, eye or ear alone."""
        emitted = Emitted()
        set_apart: defaultdict[str, list[_Asked]] = defaultdict(list)
        of_block = self._samples, wanted, self._phenotypes, self._calls
        for phenotypes, calls, takers in self._own_effects.left_out(*of_block):
            persons = Persons(self._samples, phenotypes, calls, self._conditions)
            for drug, takers_of_drug in takers.items():
                set_apart[drug].append(_Asked(drug, persons, self._mask(takers_of_drug)))
        for drug, people in wanted.items():
            mask = self._mask(self._samples if people is None else people)
            for group in self._asked(drug, mask, set_apart.get(drug, ())):
                if group.mask.any():
                    self._one_drug(group, emitted)
        for drug, users in local.items():
            use = self._mask(users)
            rows = [row for row in self._conditions.of(drug) if row.population in self._populations.of_local_use]
            self._sources(_Asked(drug, self._persons, use), rows, emitted)
            emitted.acts_locally(drug, np.flatnonzero(use))
        label_inputs = self._kb, self._populations, self._acting, self._samples
        by_label = label_rows(*label_inputs, wanted, local, self._phenotypes)
        order = sorted({*wanted, *local}) if local else list(wanted)
        return frame_of(emitted, by_label, self._samples, order, self._kb)

    def _mask(self, people: Iterable[str]) -> NDArray[np.bool_]:
        mask = np.zeros(len(self._samples), dtype=bool)
        mask[[self._at[sample] for sample in people if sample in self._at]] = True
        return mask

    def _asked(self, drug: str, mask: NDArray[np.bool_], apart: Sequence[_Asked]) -> Iterator[_Asked]:
        """Yield who is asked: those who are looked at without the drug's own effect apart from all the others."""
        yield _Asked(drug, self._persons, np.logical_and.reduce([mask, *(~group.mask for group in apart)]))
        yield from apart

    def _one_drug(self, asked: _Asked, emitted: Emitted) -> None:
        rows = self._conditions.of(asked.drug)
        if not rows:
            emitted.nothing(asked.drug, np.flatnonzero(asked.mask))
        self._sources(asked, rows, emitted)

    def _sources(self, asked: _Asked, rows: Sequence[Recommendation], emitted: Emitted) -> None:
        by_source: dict[str, list[Recommendation]] = defaultdict(list)
        for row in rows:
            by_source[row.source].append(row)
        for source, of_source in by_source.items():
            answered = np.zeros(len(self._samples), dtype=bool)
            stakes = self._stakes(asked, source, of_source)
            untested: dict[str, NDArray[np.bool_]] = {}
            for group in groups_of(of_source):
                beyond = self._beyond_table(asked, group, of_source)
                emitted_for, concerned = self._one_group(beyond, source, group, stakes, emitted)
                answered |= emitted_for
                for gene, missing in without_result(asked.persons, group).items():
                    lacking = missing & concerned
                    untested[gene] = untested.get(gene, np.zeros_like(answered)) | lacking
            self._without_advice(asked, source, of_source, answered, untested, stakes, emitted)

    def _stakes(self, asked: _Asked, source: str, rows: Sequence[Recommendation]) -> Stakes:
        """Return what the genes of a source that were not tested could still mean for each person."""
        return Stakes(
            urgency_places(self._kb),
            asked.persons,
            rows,
            broader=self._conditions.words_broadly(source),
            excluded=lambda population, beside: self._populations.decide(population, beside, asked.drug) == NO,
            possible_from=POSSIBLE_FROM,
        )

    def _beyond_table(self, asked: _Asked, group: Sequence[Recommendation], rows: Sequence[Recommendation]) -> _Asked:
        """Leave out whom a row of more genes answers: a row that points to the table of such rows adds nothing.

        Where an interacting drug changed a phenotype, the table of genotypes no longer tells the dose.
        """
        if not any(row.points_to_table for row in group):
            return asked
        genes, chance = set(group[0].genes), np.zeros(len(self._samples))
        for row in (row for row in rows if genes < set(row.genes)):
            told = (asked.persons.ask(c, False)[0] * (1.0 - asked.persons.converted_share(c)) for c in row.conditions)
            chance += reduce(np.multiply, told)
        return replace(asked, mask=asked.mask & (chance < LEADS_FROM))

    def _one_group(
        self, asked: _Asked, source: str, group: Sequence[Recommendation], stakes: Stakes, emitted: Emitted
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Emit the rows of one guideline for one set of genes; return who got one, and whom it may concern."""
        answered = np.zeros(len(self._samples), dtype=bool)
        concerned = np.zeros(len(self._samples), dtype=bool)
        by_population: dict[str, list[Recommendation]] = defaultdict(list)
        for row in group:
            by_population[row.population].append(row)
        for population, rows in by_population.items():
            truth = self._populations.decide(population, by_population, asked.drug)
            concerned |= truth != NO
            people = np.flatnonzero(asked.mask & (truth != NO))
            if len(people):
                emitted_for = self._one_population(asked, source, rows, people, truth[people] == YES, stakes, emitted)
                answered[emitted_for] = True
        return answered, concerned

    def _one_population(
        self,
        asked: _Asked,
        source: str,
        rows: Sequence[Recommendation],
        people: NDArray[np.int64],
        belongs: NDArray[np.bool_],
        stakes: Stakes,
        emitted: Emitted,
    ) -> NDArray[np.int64]:
        broader = self._conditions.words_broadly(source)
        # A row on 'Possible' or 'Likely' itself goes before the row on the plain term.
        worded = {condition.value for row in rows for condition in row.conditions}
        answers = [
            [asked.persons.ask(c, broader and not self._conditions.narrower(c.value) & worded) for c in row.conditions]
            for row in rows
        ]
        stages = {row.population for row in self._conditions.of(asked.drug)}
        chance = np.array([reduce(np.multiply, (share[people] for share, _ in answer)) for answer in answers])
        chance = self._specific_first(asked.persons, rows, people, chance)
        best = chance.argmax(axis=0)
        top = chance[best, np.arange(len(people))]
        nothing = 1.0 - np.minimum(chance.sum(axis=0), 1.0)
        # Ties between "no row" and a row go to the row: silence is the weaker statement.
        advice = _advice(rows)
        support = np.where(advice[:, None] == advice[best][None, :], chance, 0.0).sum(axis=0)
        leads = (top > 0) & (top >= nothing - 1e-9) & (support >= LEADS_FROM)
        differing = (chance >= POSSIBLE_FROM) & (advice[:, None] != advice[best][None, :])
        unsure = leads & (differing.any(axis=0) | (nothing >= POSSIBLE_FROM))
        for index, row in enumerate(rows):
            labels = [label for _, label in answers[index]]
            main = leads & (best == index)
            if main.any():
                code = np.where(belongs, APPLIES[Applies.YES], APPLIES[Applies.IF_POPULATION])
                if all(condition.compare == NO_RESULT for condition in row.conditions):
                    code = np.full_like(code, APPLIES[Applies.NOT_TESTED])
                for flag, inside in self._stages.of(row, asked.drug, stages, people):
                    of_stage = main & inside
                    emitted_row = asked, row, people[of_stage], labels, chance[index][of_stage]
                    emitted.add(*emitted_row, code[of_stage], unsure[of_stage], stakes, flag)
            weaker = (chance[index] >= POSSIBLE_FROM) & ~main & (~leads | (advice[index] != advice[best]))
            possible = np.full(int(weaker.sum()), APPLIES[Applies.POSSIBLE])
            doubted = np.ones(len(possible), dtype=bool)
            emitted.add(asked, row, people[weaker], labels, chance[index][weaker], possible, doubted, stakes)
        has_row = leads | (chance >= POSSIBLE_FROM).any(axis=0)
        answered: NDArray[np.int64] = people[has_row]
        return answered

    def _specific_first(
        self, persons: Persons, rows: Sequence[Recommendation], people: NDArray[np.int64], chance: Vector
    ) -> Vector:
        """Rows on a diplotype go before rows on the phenotype, which are for all other diplotypes.

        Where an interacting drug changed the phenotype, the diplotype no longer tells what the enzyme does, and the row
        on the phenotype is the one.
        """
        exact = np.array([any(c.compare == "diplotype" for c in row.conditions) for row in rows])
        if exact.all() or not exact.any():
            return chance
        chance = chance.copy()
        for index, row in enumerate(rows):
            for condition in row.conditions:
                if condition.compare == "diplotype":
                    chance[index] *= 1.0 - persons.converted_share(condition)[people]
        for index, row in enumerate(rows):
            wanted = {value for condition in row.conditions for value in condition.accepted}
            named = [any(c.means in wanted for c in other.conditions) for other in rows]
            if not exact[index]:
                chance[index] -= chance[exact & np.array(named)].sum(axis=0)
        # What is left of a subtraction of rounded numbers is no probability.
        remaining: Vector = np.where(exact[:, None] | (chance >= ROUNDING), chance, 0.0)
        return remaining

    def _without_advice(
        self,
        asked: _Asked,
        source: str,
        rows: Sequence[Recommendation],
        answered: NDArray[np.bool_],
        untested: dict[str, NDArray[np.bool_]],
        stakes: Stakes,
        emitted: Emitted,
    ) -> None:
        """Say which genes of the source are not tested, and where it has no row for the result."""
        order = list(dict.fromkeys(gene for row in rows for gene in row.genes))
        missing = np.array([untested.get(gene, np.zeros_like(answered)) for gene in order])
        people = np.flatnonzero(asked.mask & (missing.any(axis=0) | ~answered))
        first_of, number = distinct_rows(missing[:, people].T)
        for index, pattern in enumerate(missing[:, people[first_of]].T):
            of_pattern = people[number == index]
            absent = [gene for gene, is_absent in zip(order, pattern, strict=True) if is_absent]
            present = [gene for gene in order if gene not in absent]
            if absent:
                emitted.not_tested(asked, source, absent, of_pattern, stakes)
            if present:
                scheme = self._conditions.scheme(source)
                standing = [asked.persons.standing(gene, scheme, alleles_asked(rows, gene)) for gene in present]
                emitted.no_match(asked, source, present, of_pattern[~answered[of_pattern]], standing, stakes)


def _advice(rows: Sequence[Recommendation]) -> NDArray[np.int64]:
    """Number the distinct pieces of advice."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(row.says, len(numbers)) for row in rows])


__all__ = ["ALL", "GENERAL", "POSSIBLE_FROM", "recommend"]
