"""How probable it is that a person satisfies a condition, for all persons at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.guidance.conditions import NO_RESULT, Class, Condition, Conditions, undetermined
from pgx.knowledge.tables import SCHEMES

Vector = NDArray[np.float64]
Labels = NDArray[np.int64]
_CALLED = ("called", "ambiguous", "outside")


@dataclass(frozen=True, slots=True)
class _Block:
    """Phenotype rows of one gene and scheme: the distinct classes, and per row its class, person and probability."""

    frame: pl.DataFrame
    classes: list[Class]
    number: NDArray[np.int64]
    at: NDArray[np.int64]
    share: Vector


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
        self.texts: list[str] = []
        self.converted: list[bool] = []
        self._text_index: dict[tuple[str, bool], int] = {}
        self._conditions = conditions
        order = pl.DataFrame({"sample": samples}, schema={"sample": pl.String}).with_row_index("at")
        parts = _split(phenotypes.join(order, on="sample", maintain_order="left"), ["gene", "scheme"])
        self._rows = {key: _block(part) for key, part in parts.items()}
        self._calls = _split(
            calls.filter(pl.col("status").is_in(_CALLED)).join(order, on="sample", maintain_order="left"), ["gene"]
        )
        self._known: dict[tuple[Condition, bool], tuple[Vector, Labels]] = {}
        self._tested: dict[Condition, Vector] = {}

    def label(self, text: str, converted: bool = False) -> int:
        """Return the number of a text."""
        key = (text, converted)
        if key not in self._text_index:
            self._text_index[key] = len(self.texts)
            self.texts.append(text)
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

    def converted_share(self, condition: Condition) -> Vector:
        """Return the probability that conversion changed the gene's phenotype in the condition's scheme."""
        total = np.zeros(len(self.samples))
        block = self._rows.get((condition.gene, condition.scheme))
        if block is not None:
            changed = np.array([one.converted for one in block.classes], dtype=float)[block.number]
            np.add.at(total, block.at, changed * block.share)
        return np.minimum(total, 1.0)

    def _has_result(self, condition: Condition) -> Vector:
        if condition.compare in ("diplotype", "any_allele"):
            frame = self._calls.get((condition.gene,))
            told = None if frame is None else frame.filter(pl.col("diplotype").is_not_null())
            return self._mark(told)
        alleles = _alleles(condition)
        schemes = [condition.scheme] if condition.compare != NO_RESULT else list(SCHEMES)
        found = np.zeros(len(self.samples))
        for scheme in schemes:
            block = self._rows.get((condition.gene, scheme))
            frame = None if block is None else block.frame
            if frame is not None and alleles:
                frame = frame.filter(pl.col("phenotype").str.replace(r" \S+$", "").is_in(alleles))
            found = np.maximum(found, self._mark(frame))
        return found

    def _mark(self, frame: pl.DataFrame | None) -> Vector:
        found = np.zeros(len(self.samples))
        if frame is not None:
            found[frame["at"].to_numpy()] = 1.0
        return found

    def _no_result(self, condition: Condition) -> tuple[Vector, Labels]:
        probability = 1.0 - self.tested(condition)
        text = self.label(f"{condition.gene}=not tested")
        return probability, np.where(probability > 0, text, -1)

    def _by_class(self, condition: Condition, broader: bool) -> tuple[Vector, Labels]:
        probability, labels = self._empty()
        block = self._rows.get((condition.gene, condition.scheme))
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
        total = np.zeros(len(self.samples))
        for scheme in SCHEMES:
            block = self._rows.get((condition.gene, scheme))
            if block is not None and scheme != condition.scheme:
                told = np.array([not undetermined(one) for one in block.classes], dtype=float)[block.number]
                np.add.at(total, block.at, told * block.share)
        return np.minimum(total, 1.0)

    def _say(self, condition: Condition, one: Class) -> int:
        by_score = condition.compare == "score"
        if condition.compare == "status":
            return self.label(f"{one.gene}={one.phenotype}")
        name = condition.value if by_score else (one.phenotype if condition.genetic else one.clinical_phenotype)
        score = one.score if condition.genetic else one.clinical_score
        details = [f"score {score:g}"] if by_score and score is not None else []
        converted = one.converted and not condition.genetic
        if converted:
            own = "" if one.score is None else f" score {one.score:g}"
            details.append(f"genetic {one.phenotype}{own}")
        text = f"{one.gene}={name}" + (f" ({', '.join(details)})" if details else "")
        return self.label(text, converted)

    def _by_genotype(self, condition: Condition) -> tuple[Vector, Labels]:
        probability, labels = self._empty()
        frame = self._calls.get((condition.gene,))
        if frame is None:
            return probability, labels
        columns = ["diplotype", "probability", "alternatives"]
        cases = frame.select(columns).unique(maintain_order=True).with_row_index("case")
        number = frame.join(cases, on=columns, how="left", nulls_equal=True, maintain_order="left")["case"].to_numpy()
        found = [_genotype(condition, *row) for row in cases.select(columns).iter_rows()]
        at = frame["at"].to_numpy()
        probability[at] = np.array([p for p, _ in found])[number]
        texts = np.array([self.label(f"{condition.gene}={name}") if name else -1 for _, name in found])
        labels[at] = texts[number]
        return probability, labels

    def _empty(self) -> tuple[Vector, Labels]:
        return np.zeros(len(self.samples)), np.full(len(self.samples), -1, dtype=np.int64)


def _alleles(condition: Condition) -> list[str]:
    """Alleles whose carriage the condition (or its family, for a missing result) is about."""
    if condition.compare == "status":
        return [value.rsplit(" ", 1)[0] for value in condition.accepted]
    return list(condition.accepted) if condition.compare == NO_RESULT else []


def _split(frame: pl.DataFrame, keys: list[str]) -> dict[tuple[object, ...], pl.DataFrame]:
    return {tuple(key): part for key, part in frame.partition_by(keys, as_dict=True, maintain_order=True).items()}


def _block(frame: pl.DataFrame) -> _Block:
    columns = [
        "gene", "scheme", "phenotype", "activity_score", "clinical_phenotype", "clinical_activity_score",
    ]  # fmt: skip
    cases = frame.select(columns).unique(maintain_order=True).with_row_index("case")
    number = frame.join(cases, on=columns, how="left", nulls_equal=True, maintain_order="left")["case"]
    return _Block(
        frame,
        [Class(*row) for row in cases.select(columns).iter_rows()],
        number.to_numpy().astype(np.int64),
        frame["at"].to_numpy().astype(np.int64),
        frame["probability"].to_numpy(),
    )


def _genotype(
    condition: Condition, diplotype: str | None, probability: float | None, alternatives: str | None
) -> tuple[float, str]:
    """Return the probability of the diplotypes that satisfy the condition, and the most probable of them."""
    if diplotype is None:
        return 0.0, ""
    shares = [(diplotype, 1.0 if probability is None else probability)]
    for part in (alternatives or "").split(";"):
        name, _, share = part.rpartition("=")
        if name:
            shares.append((name, float(share)))
    hits = [(share, name) for name, share in shares if _satisfies(condition, name)]
    return min(sum(share for share, _ in hits), 1.0), max(hits)[1] if hits else ""


def _satisfies(condition: Condition, diplotype: str) -> bool:
    strands = sorted(diplotype.split("/"))
    if condition.compare == "any_allele":
        carried = {part for strand in strands for part in (strand, *strand.strip("[]").split(" + "))}
        return not carried.isdisjoint(condition.accepted)
    return any(sorted(wanted.split("/")) == strands for wanted in condition.accepted)
