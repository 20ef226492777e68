"""Whether a person belongs to the population of a recommendation: yes, no, or not to be told from the data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.knowledge import KnowledgeBase
from pgx.phenotypes.exposures import exposures, known_medication, newest, present_days
from pgx.types import ClinicalData

NO, UNKNOWN, YES = -1, 0, 1
"""Three-valued truth: *and* is the minimum, *or* the maximum, *not* the sign changed."""

GENERAL = "general"
Truth = NDArray[np.int8]
_COMPARISONS = ("at_least", "above", "at_most", "below")
_STRENGTHS = ("weak", "moderate", "strong")


class Populations:
    """The populations of the recommendations, decided for one block of samples.

    Parameters
    ----------
    kb
        Knowledge base; its ``populations`` table says how each population is decided.
    clinical
        Clinical data; None = nothing is known, so nothing but ``general`` is decided.
    samples
        The block; every vector has its order.
    as_of
        Day for which it holds; None = each person's own.
    """

    def __init__(
        self, kb: KnowledgeBase, clinical: ClinicalData | None, samples: Sequence[str], as_of: date | None = None
    ) -> None:
        self._n = len(samples)
        self._at = {sample: i for i, sample in enumerate(samples)}
        self._clinical = clinical
        self._days = None if clinical is None else present_days(clinical, as_of)
        self._windows = dict(kb.table("concepts").select("concept", "window_days").iter_rows())
        self._acting = exposures(clinical, kb, as_of=as_of)
        self._told = self._mark(known_medication(clinical))
        self._tests: dict[str, dict[int, list[dict[str, str]]]] = defaultdict(lambda: defaultdict(list))
        for row in kb.table("populations").iter_rows(named=True):
            self._tests[row["population"]][row["alternative"]].append(row)
        self._agents = frozenset(self._acting["agent"])
        self._decided: dict[tuple[str, tuple[str, ...], str, bool], Truth] = {}
        self._seen: dict[str, pl.DataFrame] = {}

    def decide(
        self, population: str, siblings: Iterable[str] = (), drug: str = "", *, exceptions_known: bool = False
    ) -> Truth:
        """Return `YES`, `NO` or `UNKNOWN` for each person.

        Parameters
        ----------
        population
            Population code; one that the table does not have cannot be decided.
        siblings
            The other populations of the same guideline, which "other cases" are other to.
        drug
            The drug in question, whose own effect on enzymes is not a comedication.
        exceptions_known
            Whether an exception (``is_not``) must be recorded to count: one that nobody mentions changes nothing.
        """
        others = tuple(sorted(set(siblings) - {population, GENERAL}))
        drug = drug if drug in self._agents else ""
        key = (population, others if self._needs_others(population) else (), drug, exceptions_known)
        if key not in self._decided:
            self._decided[key] = self._any(population, others, drug, exceptions_known)
        return self._decided[key]

    def _needs_others(self, population: str) -> bool:
        tests = self._tests.get(population, {})
        return any(test["test"] == "no_other_population" for one in tests.values() for test in one)

    def _any(self, population: str, others: tuple[str, ...], drug: str, exceptions_known: bool = False) -> Truth:
        if population == GENERAL:
            return self._constant(YES)
        alternatives = self._tests.get(population)
        if not alternatives:
            return self._constant(UNKNOWN)
        found = self._constant(NO)
        for tests in alternatives.values():
            truth = self._constant(YES)
            for test in tests:
                one = self._one(test, others, drug)
                if exceptions_known and test["test"] == "is_not":
                    one = np.where(one == UNKNOWN, YES, one).astype(np.int8)
                truth = np.minimum(truth, one)
            found = np.maximum(found, truth)
        return found

    def _one(self, row: dict[str, str], others: tuple[str, ...], drug: str) -> Truth:
        test, subject, value = row["test"], row["subject"], row["value"]
        negated = test.startswith("not_") or test == "is_not" or test.startswith("takes_no_")
        truth = self._constant(UNKNOWN)
        if test in _COMPARISONS:
            truth = _compare(test, self._numbers(subject), float(value), self._margin(subject))
        elif test in ("is", "is_not"):
            truth = self._coded(subject, value.split("|"))
        elif test == "recorded":
            truth = np.where(self._coded(subject, value.split("|")) == YES, YES, NO).astype(np.int8)
        elif test.startswith("takes_"):
            truth = self._takes(subject, test.rsplit("_", 1)[-1], value.split("|"), drug)
        elif test.endswith("taken_longer"):
            truth = self._taken_longer(subject.split("|"), int(value))
        elif test.startswith("dose_"):
            truth = _compare(test.removeprefix("dose_"), self._doses(subject), float(value))
        elif test == "no_other_population" and others:
            truth, negated = np.maximum.reduce([self._any(one, (), drug) for one in others]), True
        return np.negative(truth) if negated else truth

    def _constant(self, value: int) -> Truth:
        return np.full(self._n, value, dtype=np.int8)

    def _mark(self, samples: Iterable[str]) -> NDArray[np.bool_]:
        found = np.zeros(self._n, dtype=bool)
        found[[self._at[sample] for sample in samples if sample in self._at]] = True
        return found

    def _observed(self, concept: str) -> pl.DataFrame:
        if self._clinical is None or self._days is None:
            return pl.DataFrame(schema={"sample": pl.String, "value": pl.Float64, "code": pl.String})
        if concept not in self._seen:
            days, window = self._days, self._windows.get(concept)
            self._seen[concept] = newest(self._clinical.observations, concept, days, window_days=window)
        return self._seen[concept]

    def _numbers(self, concept: str) -> NDArray[np.float64]:
        found = np.full(self._n, np.nan)
        for sample, value in self._observed(concept).select("sample", "value").iter_rows():
            if sample in self._at and value is not None:
                found[self._at[sample]] = value
        return found

    def _margin(self, concept: str) -> NDArray[np.float64]:
        """By how much a number may be wrong: an age from the year of birth alone by half a year."""
        if concept != "age":
            return np.zeros(self._n)
        return np.nan_to_num(self._numbers("age_margin"))

    def _coded(self, concept: str, answers: Sequence[str]) -> Truth:
        found = self._constant(UNKNOWN)
        for sample, code in self._observed(concept).select("sample", "code").iter_rows():
            if sample in self._at and code is not None:
                found[self._at[sample]] = YES if code in answers else NO
        return found

    def _takes(self, enzyme: str, role: str, strengths: Sequence[str], drug: str) -> Truth:
        """Whether the strongest agent of that role on the enzyme has one of the strengths."""
        acting = self._acting.filter(
            (pl.col("gene") == enzyme) & (pl.col("trigger") == role) & (pl.col("agent") != drug)
        )
        strongest: dict[str, int] = {}
        for sample, strength in acting.select("sample", "strength").iter_rows():
            strongest[sample] = max(strongest.get(sample, 0), _STRENGTHS.index(strength))
        found = np.where(self._told, NO, UNKNOWN).astype(np.int8)
        for sample, place in strongest.items():
            if sample in self._at:
                found[self._at[sample]] = YES if _STRENGTHS[place] in strengths else NO
        return found

    def _rows(self, drugs: Sequence[str]) -> pl.DataFrame | None:
        if self._clinical is None:
            return None
        return self._clinical.medications.filter(pl.col("drug").is_in(list(drugs)) & (pl.col("status") != "stopped"))

    def _taken_longer(self, drugs: Sequence[str], days: int) -> Truth:
        found = np.where(self._told, NO, UNKNOWN).astype(np.int8)
        rows = self._rows(drugs)
        if rows is None or self._days is None:
            return found
        rows = rows.join(self._days, on="sample", how="left", maintain_order="left")
        for sample, status, start, day in rows.select("sample", "status", "start", "day").iter_rows():
            if sample in self._at and status == "current":
                since = None if start is None or day is None else start <= day - timedelta(days=days)
                found[self._at[sample]] = UNKNOWN if since is None else (YES if since else NO)
            elif sample in self._at and not self._told[self._at[sample]]:
                found[self._at[sample]] = NO  # a drug yet to be started is not taken for long
        return found

    def _doses(self, drug: str) -> NDArray[np.float64]:
        found = np.full(self._n, np.nan)
        rows = self._rows([drug])
        if rows is not None:
            for sample, dose in rows.select("sample", "dose_mg_per_day").iter_rows():
                if sample in self._at and dose is not None:
                    found[self._at[sample]] = dose
        return found


def _compare(test: str, numbers: NDArray[np.float64], limit: float, margin: NDArray[np.float64] | float = 0.0) -> Truth:
    low, high = _exactly(test, numbers - margin, limit), _exactly(test, numbers + margin, limit)
    return np.where(low == high, low, UNKNOWN).astype(np.int8)


def _exactly(test: str, numbers: NDArray[np.float64], limit: float) -> Truth:
    truth = {
        "at_least": numbers >= limit,
        "above": numbers > limit,
        "at_most": numbers <= limit,
        "below": numbers < limit,
    }[test]
    return np.where(np.isnan(numbers), UNKNOWN, np.where(truth, YES, NO)).astype(np.int8)
