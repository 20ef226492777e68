"""What would change the advice on a drug: which single result, and with which probability.

A gene that was not tested is given each result that it may have, with the probability that the person's group gives it,
and the drug is judged again with each; one that was tested and fits several results, each of those, with its
probability. What only the record can tell (a population, a medicine that is stopped) is listed without a probability.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pgx import schema
from pgx.assertion import asserted
from pgx.codes import Applies, FlagCode, Urgency
from pgx.guidance import recommend
from pgx.guidance.conditions import compiled
from pgx.judgement.judgement import Judgement
from pgx.judgement.judgements import judgements, of_row
from pgx.judgement.planned import settled
from pgx.judgement.relief import milder
from pgx.judgement.together import FOR_OTHERS
from pgx.judgement.untested_results import Outcome, Outcomes
from pgx.judgement.without_drugs import copied_record
from pgx.knowledge.base import KnowledgeBase
from pgx.phenotypes import assign
from pgx.phenotypes.exposures import exposures
from pgx.types import CallSet, ClinicalData, GeneCalls, PatternCall

GENE, HLA, COPIES, GENOTYPE, RECORD = "gene", "hla", "copy_number", "genotype", "record"
STOPPED, WASHED_OUT = "drug_stopped", "drug_washed_out"
"""Kinds of what could be found out."""
_OF_DRUGS = {"drug": STOPPED, "washout": WASHED_OUT}
"""What could change a judgement, where that is another medicine."""
_LEAST = 0.001
"""Results of a gene that was tested are asked about from this probability on."""
_CERTAIN = 0.999
"""Results of which one has this probability together are all that there are."""
_AT_ONCE = 200
"""Persons whose results are looked at together; bounds memory."""

Key = tuple[str, str]
Advised = tuple[str, str]
"""What is done, as a code (`advice_of`), and its urgency."""


@dataclass(frozen=True, slots=True)
class _Case:
    """A person with a result that they may have."""

    name: str
    at: int
    gene: str
    outcome: Outcome


def next_tests(
    judged: pl.DataFrame,
    guidance: pl.DataFrame,
    callset: CallSet,
    clinical: ClinicalData,
    kb: KnowledgeBase,
    groups: Mapping[str, str] | None = None,
) -> pl.DataFrame:
    """Return what would change the advice on each drug of each person.

    Parameters
    ----------
    judged, guidance
        `pgx.schema.JUDGEMENTS` and `pgx.schema.GUIDANCE` of the run.
    callset, clinical
        What they were made of.
    kb
        Knowledge base.
    groups
        Sample -> biogeographic group, where it is known; others are of all groups.

    Returns
    -------
    polars.DataFrame
        `pgx.schema.NEXT_TESTS`, by person and drug in the order of the judgements, the gravest first.
    """
    decided = [of_row(row) for row in judged.iter_rows(named=True)]
    current = {(judgement.sample, judgement.drug): judgement for judgement in decided}
    rows: defaultdict[Key, list[dict[str, object]]] = defaultdict(list)
    leftover = _leftover(kb)
    for judgement in decided:
        rows[judgement.sample, judgement.drug] += _of_record(judgement, leftover)
    still_open = _still_open(guidance)
    outcomes = Outcomes(kb, groups or {}, _sexes(clinical))
    rejudged = _Rejudged(callset, clinical, kb)
    samples = list(dict.fromkeys(judged["sample"]))
    for start in range(0, len(samples), _AT_ONCE):
        block = set(samples[start : start + _AT_ONCE])
        of_block = [judgement for judgement in decided if judgement.sample in block]
        for key, row in _by_gene(of_block, current, still_open, callset, outcomes, rejudged):
            rows[key].append(row)
    listed = (
        {"sample": key[0], "drug": key[1], "advice_now": advice_of(current[key]), **row}
        for key in current
        for row in sorted(rows[key], key=_gravest_first)
    )
    return schema.from_rows(listed, schema.NEXT_TESTS)


def advice_of(judgement: Judgement) -> str:
    """Return what is done as a code: the action with its change of dose, or the urgency where there is none."""
    return f"{judgement.action or judgement.urgency}{f' {judgement.dose_change}' if judgement.dose_change else ''}"


def _gravest_first(row: Mapping[str, object]) -> tuple[object, ...]:
    probability = row["probability"]
    chance = float(probability) if isinstance(probability, float) else -1.0
    return list(Urgency).index(Urgency(str(row["urgency_then"]))), -chance, str(row["kind"]), str(row["what"])


def _row(subject: str, kind: str, probability: float | None, advice: str, urgency: str) -> dict[str, object]:
    return {"what": subject, "kind": kind, "probability": probability, "advice_then": advice, "urgency_then": urgency}


def _leftover(kb: KnowledgeBase) -> set[str]:
    """Return the populations of those who are in no other one: no record says that of itself ("in other cases")."""
    alone = (pl.col("test") == "no_other_population").all()
    return set(kb.table("populations").group_by("population").agg(alone=alone).filter("alone")["population"])


def _of_record(judgement: Judgement, leftover: Collection[str]) -> Iterator[dict[str, object]]:
    for change in judgement.could_change:
        kind, _, rest = change.partition(":")
        subject, equals, urgency = rest.rpartition("=")
        if kind == "person" and equals and urgency != judgement.urgency and subject not in leftover:
            yield _row(subject, RECORD, None, urgency, urgency)
        elif kind in _OF_DRUGS and equals and urgency != Urgency.NO_DATA:
            yield _row(subject, _OF_DRUGS[kind], None, urgency, urgency)


def _still_open(guidance: pl.DataFrame) -> dict[Key, dict[str, None]]:
    """Return the genes of which several results fit the data and mean other advice, by person and drug."""
    rows = guidance.filter(pl.col("applies") == Applies.POSSIBLE, pl.col("action").is_not_null())
    genes_of: defaultdict[Key, dict[str, None]] = defaultdict(dict)
    for sample, drug, genes in rows.select("sample", "drug", "genes").iter_rows():
        genes_of[sample, drug].update(dict.fromkeys(genes))
    return genes_of


def _by_gene(
    judged: Sequence[Judgement],
    current: Mapping[Key, Judgement],
    still_open: Mapping[Key, Mapping[str, None]],
    callset: CallSet,
    outcomes: Outcomes,
    rejudged: _Rejudged,
) -> Iterator[tuple[Key, dict[str, object]]]:
    """Yield what the results of genes that were not tested, or that fit several results, would change."""
    place_of = {sample: place for place, sample in enumerate(callset.samples)}
    calls = {gene.gene: gene for gene in callset.genes}
    drugs_by_gene: dict[tuple[str, str], list[str]] = {}
    for judgement in judged:
        if judgement.sample in place_of:
            place, ambiguous = place_of[judgement.sample], still_open.get((judgement.sample, judgement.drug), {})
            genes = (gene for gene in dict.fromkeys((*_untested(judgement), *ambiguous)) if gene in calls)
            for gene in genes:
                if gene not in ambiguous or len(_pattern(calls[gene], place).diplotypes) > 1:
                    drugs_by_gene.setdefault((judgement.sample, gene), []).append(judgement.drug)
    cases = [
        _Case(f"{number}:{sample}:{gene}:{index}", place_of[sample], gene, outcome)
        for number, (sample, gene) in enumerate(drugs_by_gene)
        for index, outcome in enumerate(_worth_asking(outcomes, sample, _pattern(calls[gene], place_of[sample]), gene))
    ]
    advice_then = rejudged.judged(cases, drugs_by_gene)
    chances: defaultdict[tuple[str, str, str], dict[tuple[str, str], float | None]] = defaultdict(dict)
    for case in cases:
        sample = callset.samples[case.at]
        for drug in drugs_by_gene[sample, case.gene]:
            advice = advice_then.get((case.name, drug))
            if advice is None or advice[1] == Urgency.NO_DATA:
                continue
            # What another medicine makes of this one is said whatever its genes are, unless they ask for more.
            if current[sample, drug].action in FOR_OTHERS and not milder(current[sample, drug].urgency, advice[1]):
                advice = advice_of(current[sample, drug]), current[sample, drug].urgency
            by_case = chances[sample, drug, case.gene]
            chance = case.outcome.probability
            by_case[advice] = None if chance is None else chance + (by_case.get(advice) or 0.0)
    for (sample, drug, gene), by_advice in chances.items():
        if len(by_advice) == 1 and sum(share or 0.0 for share in by_advice.values()) > _CERTAIN:
            continue  # whatever the result is, the same is said: another medicine makes it so, and no test tells more
        for (action, urgency), chance in by_advice.items():
            if action != advice_of(current[sample, drug]):
                share = None if chance is None else float(f"{min(chance, 1.0):.6g}")
                kind = _kind(_pattern(calls[gene], place_of[sample])) if share is not None else HLA
                yield (sample, drug), _row(gene, kind, share, action, urgency)


def _kind(pattern: PatternCall) -> str:
    """Return what could be found out of a gene: all of it, or its copies, or which of several results it is."""
    if not asserted(pattern.status, pattern.flags):
        return GENE
    return COPIES if FlagCode.NO_COPY_NUMBER in pattern.flags else GENOTYPE


def _untested(judgement: Judgement) -> Iterator[str]:
    for change in judgement.could_change:
        kind, _, rest = change.partition(":")
        if kind == "gene":
            yield rest.partition("=")[0]


def _worth_asking(outcomes: Outcomes, sample: str, pattern: PatternCall, gene: str) -> Iterator[Outcome]:
    """Yield the results that a gene may have, without the most improbable ones of a gene that was tested."""
    for outcome in outcomes.of(sample, pattern, gene):
        tested = asserted(pattern.status, pattern.flags)
        if not tested or outcome.probability is None or outcome.probability >= _LEAST:
            yield outcome


def _pattern(gene: GeneCalls, at: int) -> PatternCall:
    pattern: PatternCall = gene.patterns[gene.pattern_of[at]]
    return pattern


class _Rejudged:
    """Judges drugs once more, with a result that is supposed; persons of whom the same is known are judged once.

    Parameters
    ----------
    callset, clinical, kb
        As for `next_tests`.
    """

    def __init__(self, callset: CallSet, clinical: ClinicalData, kb: KnowledgeBase) -> None:
        self._callset, self._clinical, self._kb = callset, clinical, kb
        recorded = (clinical.observations, clinical.medications, clinical.kept_out)
        self._recorded = {sample for frame in recorded for sample in frame["sample"].unique()}
        self._known: dict[tuple[object, ...], Advised | None] = {}
        self._genes: dict[str, list[GeneCalls]] = {}

    def judged(self, cases: Sequence[_Case], drugs_of: Mapping[tuple[str, str], Sequence[str]]) -> dict[Key, Advised]:
        """Return what is advised on each of the drugs that the cases are about, by the case's name and the drug."""
        keys: dict[Key, tuple[object, ...]] = {}
        drugs_by_case: dict[str, list[str]] = {}
        for case in cases:
            for drug in drugs_of[self._callset.samples[case.at], case.gene]:
                key = keys[case.name, drug] = self._key(case, drug)
                if key not in self._known:
                    self._known[key] = None
                    drugs_by_case.setdefault(case.name, []).append(drug)
        if drugs_by_case:
            fresh = [case for case in cases if case.name in drugs_by_case]
            judgements = _judged_again(fresh, drugs_by_case, self._callset, self._clinical, self._kb)
            self._known |= {
                keys[key_of]: (advice_of(judgement), judgement.urgency) for key_of, judgement in judgements.items()
            }
        advised = {key_of: advice for key_of, key in keys.items() if (advice := self._known[key]) is not None}
        self._known = {key: advice for key, advice in self._known.items() if key[0] is None}
        return advised

    def _key(self, case: _Case, drug: str) -> tuple[object, ...]:
        """Return all that the advice on the drug rests on: who has a record is like nobody else."""
        sample = self._callset.samples[case.at]
        if drug not in self._genes:
            genes = _genes_of([drug], self._kb)
            self._genes[drug] = [gene for gene in self._callset.genes if gene.gene in genes]
        patterns = (int(gene.pattern_of[case.at]) for gene in self._genes[drug] if gene.gene != case.gene)
        return sample if sample in self._recorded else None, case.gene, id(case.outcome.pattern), drug, *patterns


def _genes_of(drugs: Collection[str], kb: KnowledgeBase) -> set[str]:
    """Return the genes that the guidance on the drugs asks for."""
    rows = compiled(kb)
    return {condition.gene for drug in drugs for row in rows.of(drug) for condition in row.conditions}


def _judged_again(
    cases: Sequence[_Case],
    drugs_by_case: Mapping[str, Sequence[str]],
    callset: CallSet,
    clinical: ClinicalData,
    kb: KnowledgeBase,
) -> dict[Key, Judgement]:
    """Return what is judged of the drugs that are wanted of each case, by its name."""
    drugs: defaultdict[str, list[str]] = defaultdict(list)
    for case in cases:
        for drug in drugs_by_case[case.name]:
            drugs[drug].append(case.name)
    supposed = _supposed(cases, callset, _genes_of(drugs, kb))
    theirs = copied_record(clinical, {case.name: callset.samples[case.at] for case in cases})
    calls, phenotypes = assign(supposed, kb, theirs)
    guidance = recommend(phenotypes, calls, theirs, kb, drugs=drugs, fitting=False)
    today = settled(guidance, phenotypes, calls, theirs, kb, fitting=False).guidance
    again = judgements(today, calls, schema.empty(schema.SCORES), kb, exposures(theirs, kb))
    return {(row["sample"], row["drug"]): of_row(row) for row in again.iter_rows(named=True)}


def _supposed(cases: Sequence[_Case], callset: CallSet, genes: set[str]) -> CallSet:
    """Return the calls of the persons of the cases, each with the result that is supposed."""
    places = np.array([case.at for case in cases])
    genes_out = []
    for gene in callset.genes:
        if gene.gene in genes:
            # Those of the others of the run need not be read again for every few persons.
            used, places_of = np.unique(gene.pattern_of[places], return_inverse=True)
            patterns, numbers = [gene.patterns[index] for index in used], places_of.astype(np.int32)
            for index, case in enumerate(cases):
                if case.gene == gene.gene:
                    numbers[index] = len(patterns)
                    patterns.append(case.outcome.pattern)
            genes_out.append(GeneCalls(gene.gene, tuple(patterns), numbers))
    return CallSet(tuple(case.name for case in cases), tuple(genes_out))


def _sexes(clinical: ClinicalData) -> dict[str, str]:
    rows = clinical.observations.filter(pl.col("concept") == "sex", pl.col("code").is_not_null())
    return dict(rows.select("sample", "code").iter_rows())
