"""How probable it is that a person satisfies a condition, for all persons at once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.assertion import CALLED
from pgx.cells import Pair, distinct
from pgx.codes import Flag, FlagCode
from pgx.guidance.conditions import NO_RESULT, Class, Condition, Conditions, undetermined
from pgx.knowledge.tables.declared import SCHEMES

Vector = NDArray[np.float64]
Labels = NDArray[np.int64]
_CLASS = ("gene", "scheme", "phenotype", "activity_score", "clinical_phenotype", "clinical_activity_score")
_GENOTYPE = ("gene", "diplotype", "probability", "alternatives")
EFFECT_UNKNOWN = (FlagCode.UNDOCUMENTED_PASSED_OVER, FlagCode.FILTERED_VARIANT, FlagCode.UNREAD_GENOTYPE)
"""Flags of a call that could not use a change which the file shows: its effect on the result is not known."""
REFUSED = FlagCode.OUTSIDE_REFUSED
"""Flag of a call beside which a laboratory's result could not be used: who sent it may know better."""
CAVEATS = (
    FlagCode.NO_COPY_NUMBER,
    FlagCode.REFERENCE_ASSUMED,
    FlagCode.PRIOR_DRIVEN,
    *EFFECT_UNKNOWN,
)
"""Flags of a call that a reader of the guidance must see too."""
_SEEN = (*CAVEATS, REFUSED)
_UNKNOWN_BITS = sum(1 << CAVEATS.index(name) for name in EFFECT_UNKNOWN)
_REFUSED_BIT = 1 << len(CAVEATS)
UNCLEAR = (FlagCode.EFFECT_UNKNOWN, FlagCode.OUTSIDE_UNKNOWN)
"""Why a result of a gene may not be the whole truth; the first that holds is said."""


@dataclass(frozen=True, slots=True)
class _Block:
    """Phenotype rows of one gene and scheme: the distinct classes, and per row its class, person and probability."""

    classes: list[Class]
    number: NDArray[np.int64]
    at: NDArray[np.int64]
    share: Vector


@dataclass(frozen=True, slots=True)
class _Genotypes:
    """Calls of one gene: the distinct (diplotype, probability, alternatives); per row its case, person and caveats."""

    cases: list[tuple[str | None, float | None, list[Pair]]]
    number: NDArray[np.int64]
    at: NDArray[np.int64]
    caveats: Labels


def _unclear(number: int, genes: Sequence[str]) -> tuple[Flag, ...]:
    flags = []
    for gene in genes:
        number, why = divmod(number, len(UNCLEAR) + 1)
        flags += [Flag(UNCLEAR[why - 1], gene)] if why else []
    return tuple(flags)


class Persons:
    """Phenotypes and calls of a block of samples, in the form that conditions are asked of.

    Parameters
    ----------
    samples
        The block; every vector that this gives has their order.
    phenotypes, calls
        `pgx.schema.PHENOTYPES` and `pgx.schema.CALLS` rows of these samples.
    conditions
        The compiled recommendations.
    """

    def __init__(
        self, samples: Sequence[str], phenotypes: pl.DataFrame, calls: pl.DataFrame, conditions: Conditions
    ) -> None:
        self.samples = samples
        self.texts: list[tuple[str, str]] = []
        self.converted: list[bool] = []
        self._text_index: dict[tuple[str, str, bool], int] = {}
        self._conditions = conditions
        place = {sample: at for at, sample in enumerate(samples)}
        # Rows are told apart once for all genes; what belongs to a gene is cut out of arrays when it is asked for.
        classes, numbers = distinct(phenotypes, list(_CLASS))
        self._classes, self._numbers = classes.rows(), _integers(numbers)
        self._at = _integers(phenotypes["sample"].replace_strict(place, return_dtype=pl.Int64))
        self._share = phenotypes["probability"].to_numpy()
        self._places = _places([row[:2] for row in self._classes], self._numbers)
        self._blocks: dict[tuple[str, str], _Block | None] = {}
        called = calls.filter(pl.col("status").is_in(CALLED), pl.col("diplotype").is_not_null())
        cases, numbers = distinct(called, list(_GENOTYPE))
        self._cases, self._case_numbers = cases.rows(), _integers(numbers)
        self._called_at = _integers(called["sample"].replace_strict(place, return_dtype=pl.Int64))
        flags, numbers = distinct(called, ["flags"])
        bits = [sum(1 << bit for bit, name in enumerate(_SEEN) if name in listed) for (listed,) in flags.iter_rows()]
        self._called_caveats = np.array(bits, dtype=np.int64)[_integers(numbers)]
        self._places_of_calls = _places([row[0] for row in self._cases], self._case_numbers)
        self._genotypes: dict[str, _Genotypes] = {}
        self._caveats: dict[str, Labels] = {}
        self._unclear: dict[tuple[str, ...], tuple[Labels, list[tuple[Flag, ...]]]] = {}
        self._known: dict[tuple[Condition, bool], tuple[Vector, Labels]] = {}
        self._tested: dict[Condition, Vector] = {}

    def label(self, gene: str, value: str, converted: bool = False) -> int:
        """Return the number of what a gene has in the rows of a person."""
        key = (gene, value, converted)
        if key not in self._text_index:
            self._text_index[key] = len(self.texts)
            self.texts.append((gene, value))
            self.converted.append(converted)
        return self._text_index[key]

    def ask(self, condition: Condition, broader: bool) -> tuple[Vector, Labels]:
        """Return the probability that each person satisfies the condition, and the text of what does (-1 = nothing)."""
        key = (condition, broader)
        if key not in self._known:
            if condition.compare == NO_RESULT:
                found = self._no_result(condition)
            elif condition.compare in ("diplotype", "any_allele"):
                found = self._by_genotype(condition)
            else:
                found = self._by_class(condition, broader)
            self._known[key] = found
        return self._known[key]

    def tested(self, condition: Condition) -> Vector:
        """Return 1 where the person has a result that the condition could be asked of, else 0."""
        if condition not in self._tested:
            self._tested[condition] = self._has_result(condition)
        return self._tested[condition]

    def _block(self, gene: str, scheme: str) -> _Block | None:
        key = (gene, scheme)
        if key not in self._blocks:
            places = self._places.get(key)
            self._blocks[key] = None if places is None else self._made(places)
        return self._blocks[key]

    def _made(self, places: NDArray[np.int64]) -> _Block:
        kinds, number = np.unique(self._numbers[places], return_inverse=True)
        return _Block([Class(*self._classes[kind]) for kind in kinds], number, self._at[places], self._share[places])

    def _called(self, gene: str) -> _Genotypes:
        if gene not in self._genotypes:
            places = self._places_of_calls.get(gene, np.zeros(0, dtype=np.int64))
            kinds, number = np.unique(self._case_numbers[places], return_inverse=True)
            cases = [self._cases[kind][1:] for kind in kinds]
            self._genotypes[gene] = _Genotypes(cases, number, self._called_at[places], self._called_caveats[places])
        return self._genotypes[gene]

    def caveats(self, genes: Sequence[str]) -> Labels:
        """Return for each person which of `CAVEATS` the calls of `genes` carry, one bit each."""
        found = np.zeros(len(self.samples), dtype=np.int64)
        for gene in dict.fromkeys(genes):
            found |= self._caveats_of(gene)
        return found & (_REFUSED_BIT - 1)

    def unclear(self, genes: Sequence[str]) -> tuple[Labels, list[tuple[Flag, ...]]]:
        """Say of which of `genes` each person's result may not be the whole truth, and why (`UNCLEAR`).

        Returns
        -------
        tuple
            For each person the number of a case, and the flags ``why:gene`` of each case.
        """
        if (key := tuple(genes)) not in self._unclear:
            self._unclear[key] = self._read_unclear(genes)
        return self._unclear[key]

    def _read_unclear(self, genes: Sequence[str]) -> tuple[Labels, list[tuple[Flag, ...]]]:
        found = np.zeros(len(self.samples), dtype=np.int64)
        for gene in reversed(genes):
            bits = self._caveats_of(gene)
            why = np.where(bits & _UNKNOWN_BITS, 1, np.where(bits & _REFUSED_BIT, 2, 0))
            found = found * (len(UNCLEAR) + 1) + why
        numbers, labels = np.unique(found, return_inverse=True)
        return labels, [_unclear(int(number), genes) for number in numbers]

    def _caveats_of(self, gene: str) -> Labels:
        if gene not in self._caveats:
            self._caveats[gene] = self._read_caveats(gene)
        return self._caveats[gene]

    def _read_caveats(self, gene: str) -> Labels:
        bits = np.zeros(len(self.samples), dtype=np.int64)
        called = self._called(gene)
        np.bitwise_or.at(bits, called.at, called.caveats)
        return bits

    def standing(self, gene: str, scheme: str, alleles: frozenset[str] = frozenset()) -> Labels:
        """Return the text of each person's most probable phenotype in a scheme, -1 where there is none.

        In a gene that is read by the presence of `alleles`, it is the status of one of these.
        """
        labels = np.full(len(self.samples), -1, dtype=np.int64)
        block = self._block(gene, scheme)
        if block is not None:
            texts = np.array([self.label(gene, one.clinical_phenotype, one.converted) for one in block.classes])
            asked = [not alleles or one.phenotype.rsplit(" ", 1)[0] in alleles for one in block.classes]
            places = np.flatnonzero(np.array(asked, dtype=bool)[block.number])[::-1]
            labels[block.at[places]] = texts[block.number[places]]
        return labels

    def converted_share(self, condition: Condition) -> Vector:
        """Return the probability that conversion changed the gene's phenotype in the condition's scheme."""
        return self._share_of(condition.gene, condition.scheme, lambda one: one.converted)

    def _share_of(self, gene: str, scheme: str, holds: Callable[[Class], bool]) -> Vector:
        total = np.zeros(len(self.samples))
        block = self._block(gene, scheme)
        if block is not None:
            hit = np.array([holds(one) for one in block.classes], dtype=float)[block.number]
            np.add.at(total, block.at, hit * block.share)
        return np.minimum(total, 1.0)

    def _has_result(self, condition: Condition) -> Vector:
        found = np.zeros(len(self.samples))
        alleles = _alleles(condition)
        for scheme in SCHEMES:
            block = self._block(condition.gene, scheme)
            if block is not None:
                told = [not alleles or one.phenotype.rsplit(" ", 1)[0] in alleles for one in block.classes]
                found[block.at[np.array(told)[block.number]]] = 1.0
        if condition.compare in ("diplotype", "any_allele"):
            found[self._called(condition.gene).at] = 1.0
        return found

    def _no_result(self, condition: Condition) -> tuple[Vector, Labels]:
        probability = 1.0 - self.tested(condition)
        text = self.label(condition.gene, "not tested")
        return probability, np.where(probability > 0, text, -1)

    def _by_class(self, condition: Condition, broader: bool) -> tuple[Vector, Labels]:
        probability, labels = self._empty()
        block = self._block(condition.gene, condition.scheme)
        if block is None:
            return probability, labels
        weights = np.array([self._weight(condition, one, broader) for one in block.classes])
        row_weight, at, share = weights[block.number], block.at, block.share
        hit = row_weight > 0
        np.add.at(probability, at[hit], share[hit] * row_weight[hit])
        if not condition.own:
            probability = np.minimum(probability, 1.0 - self._determined(condition))
        said = zip(block.classes, weights, strict=True)
        texts = np.array([self._say(condition, one) if weight > 0 else -1 for one, weight in said])
        # Rows are in order of probability, so writing backwards leaves the most probable one.
        places = np.flatnonzero(hit)[::-1]
        labels[at[places]] = texts[block.number[places]]
        return np.minimum(probability, 1.0), labels

    def _weight(self, condition: Condition, one: Class, broader: bool) -> float:
        shown = one.phenotype if condition.genetic else one.clinical_phenotype
        return condition.weight(one, self._conditions.names(shown, broader))

    def _determined(self, condition: Condition) -> Vector:
        """Probability that the source's own scheme (the other one) has an answer of its own."""
        others = [scheme for scheme in SCHEMES if scheme != condition.scheme]
        shares = [self._share_of(condition.gene, scheme, lambda one: not undetermined(one)) for scheme in others]
        total: Vector = np.minimum(np.sum(shares, axis=0), 1.0)
        return total

    def _say(self, condition: Condition, one: Class) -> int:
        by_score = condition.compare == "score"
        if condition.compare == "status":
            return self.label(one.gene, one.phenotype)
        name = condition.value if by_score else (one.phenotype if condition.genetic else one.clinical_phenotype)
        score = one.score if condition.genetic else one.clinical_score
        details = [f"score {score:g}"] if by_score and score is not None else []
        converted = one.converted and not condition.genetic
        if converted:
            own = "" if one.score is None else f" score {one.score:g}"
            details.append(f"genetic {one.phenotype}{own}")
        return self.label(one.gene, f"{name} ({', '.join(details)})" if details else name, converted)

    def _by_genotype(self, condition: Condition) -> tuple[Vector, Labels]:
        probability, labels = self._empty()
        called = self._called(condition.gene)
        if not called.cases:
            return probability, labels
        found = [_genotype(condition, *case) for case in called.cases]
        probability[called.at] = np.array([p for p, _ in found])[called.number]
        texts = np.array([self.label(condition.gene, name) if name else -1 for _, name in found])
        labels[called.at] = texts[called.number]
        return probability, labels

    def _empty(self) -> tuple[Vector, Labels]:
        return np.zeros(len(self.samples)), np.full(len(self.samples), -1, dtype=np.int64)


def _alleles(condition: Condition) -> list[str]:
    """Alleles whose carriage the condition (or its family, for a missing result) is about."""
    if condition.compare == "status":
        return [value.rsplit(" ", 1)[0] for value in condition.accepted]
    return list(condition.accepted) if condition.compare == NO_RESULT else []


def distinct_rows(labels: Labels) -> tuple[NDArray[np.intp], Labels]:
    """Return where each distinct row of labels (N, C), -1 or above, is first, in their order; and which each row is."""
    at, number = np.zeros(min(len(labels), 1), dtype=np.intp), np.zeros(len(labels), dtype=np.int64)
    for column in labels.T:  # numbers are sorted many times faster than rows
        key = number * (int(column.max(initial=0)) + 2) + column + 1
        _, at, number = np.unique(key, return_index=True, return_inverse=True)
    return at, number


def _places(keys: Sequence[Hashable], number: NDArray[np.int64]) -> dict[Any, NDArray[np.int64]]:
    """Return where the rows of each key are; `keys` are those of the numbers of the rows."""
    known: dict[Hashable, int] = {}
    kinds = np.array([known.setdefault(key, len(known)) for key in keys], dtype=np.int64)[number]
    ends = np.cumsum(np.bincount(kinds, minlength=len(known)))
    return dict(zip(known, np.split(np.argsort(kinds, kind="stable"), ends[:-1]), strict=False))


def _integers(numbers: pl.Series) -> NDArray[np.int64]:
    return numbers.to_numpy().astype(np.int64)


def _genotype(
    condition: Condition, diplotype: str | None, probability: float | None, alternatives: Sequence[Pair]
) -> tuple[float, str]:
    """Return the probability of the diplotypes that satisfy the condition, and the most probable of them."""
    if diplotype is None:
        return 0.0, ""
    shares = [(diplotype, 1.0 if probability is None else probability)]
    shares += [(one["diplotype"], one["probability"] or 0.0) for one in alternatives]
    hits = [(share, name) for name, share in shares if satisfies(condition, name)]
    return min(sum(share for share, _ in hits), 1.0), max(hits)[1] if hits else ""


def satisfies(condition: Condition, diplotype: str) -> bool:
    """Return whether a diplotype is the one, or carries an allele, that a condition names."""
    strands = sorted(diplotype.split("/"))
    if condition.compare == "any_allele":
        carried = {part for strand in strands for part in (strand, *strand.strip("[]").split(" + "))}
        return not carried.isdisjoint(condition.accepted)
    return any(sorted(wanted.split("/")) == strands for wanted in condition.accepted)
