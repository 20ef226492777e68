"""Whether a person belongs to the population of a recommendation: yes, no, or not to be told from the data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.clinical import bounds
from pgx.clinical.allergies import allergens
from pgx.codes import NoteCode
from pgx.knowledge.acting import PLANNED
from pgx.knowledge.base import KnowledgeBase
from pgx.phenotypes.exposures import exposures, known_medication, newest, present_days
from pgx.types import ClinicalData

NO, UNKNOWN, YES = -1, 0, 1
"""Three-valued truth: *and* is the minimum, *or* the maximum, *not* the sign changed."""

GENERAL = "general"
Truth = NDArray[np.int8]
_STRENGTHS = ("weak", "moderate", "strong")
_MEASURES = ("below", "above", "at_least", "at_most")
LOCAL_USE = "medication_local"
"""Concept of a drug that is used on skin, eye or ear alone."""
ACTS_LOCALLY = "acts_locally"
"""Test whether a drug is used on skin, eye or ear."""
THIS_DRUG = "this_drug"
"""Subject of a test on the drug in question."""


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
        self._kb = kb
        self._at = {sample: i for i, sample in enumerate(samples)}
        self._clinical = clinical
        self._days = None if clinical is None else present_days(clinical, as_of)
        concepts = kb.table("concepts")
        self._windows = dict(concepts.select("concept", "window_days").iter_rows())
        self._measured = frozenset(concepts.filter(kind="numeric")["concept"])
        self._acting = exposures(clinical, kb, as_of=as_of)
        self._told = self._mark(known_medication(clinical))
        self._tests: dict[str, dict[int, list[dict[str, str]]]] = defaultdict(lambda: defaultdict(list))
        for row in kb.table("populations").iter_rows(named=True):
            self._tests[row["population"]][row["alternative"]].append(row)
        self._agents = frozenset(self._acting["agent"])
        self._decided: dict[tuple[str, tuple[str, ...], str, bool], Truth] = {}
        self._pointed_at: dict[str, NDArray[np.bool_]] = {}
        self._seen: dict[str, list[tuple[int, float | None, str | None]]] = {}

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
        drug = drug if drug in self._agents or self._of_drug(population) else ""
        key = (population, others if self._needs_others(population) else (), drug, exceptions_known)
        if key not in self._decided:
            self._decided[key] = self._any(population, others, drug, exceptions_known)
        return self._decided[key]

    def pointed_at(self, population: str) -> NDArray[np.bool_]:
        """Return whether the record tells a part of an open population of each person: pregnant, perhaps at term."""
        if population in self._pointed_at:
            return self._pointed_at[population]
        found = np.zeros(self._n, dtype=bool)
        for tests in self._tests.get(population, {}).values():
            about = [test for test in tests if test["subject"] in self._of_history]
            told = [test for test in about if test["test"] in ("is", "recorded")]
            if told:
                found |= np.minimum.reduce([self._one(test, (), "") for test in told]) == YES
        self._pointed_at[population] = found
        return found

    def told_in_part(self, population: str) -> NDArray[np.bool_]:
        """Return whether the record tells a part of an open population of each person, or a value near to its own."""
        return self.pointed_at(population) | self.measured_near(population)

    def measured_near(self, population: str) -> NDArray[np.bool_]:
        """Return whether a measured value of each person leaves open whether they belong to a population.

        An eGFR of 22 need not be a creatinine clearance below 30 mL/min, and it may be.
        """
        found = np.zeros(self._n, dtype=bool)
        for tests in self._tests.get(population, {}).values():
            others = [test for test in tests if test["test"] != "cannot_be_decided"]
            measured = any(test["test"].removeprefix("recorded_") in _MEASURES for test in others)
            if measured and len(others) < len(tests):
                found |= np.minimum.reduce([self._one(test, (), "") for test in others]) == YES
        return found

    @cached_property
    def _of_history(self) -> frozenset[str]:
        """The concepts that are conditions of a person, or how they live."""
        of_record = (pl.col("kind") == "boolean") & pl.col("when_over").is_not_null()
        history = pl.col("feature").str.contains(r"^(condition|lifestyle)\.") | of_record
        return frozenset(self._kb.table("concepts").filter(history)["concept"])

    def knows(self, population: str) -> bool:
        """Return whether the table says how a population is decided."""
        return population in self._tests

    def of_time(self, population: str) -> bool:
        """Return whether a population is one that everybody comes to with time."""
        return any(test["test"] == "taken_longer" for test in self._every_test(population))

    @cached_property
    def of_local_use(self) -> frozenset[str]:
        """The populations of those who use a drug on skin, eye or ear."""
        return frozenset(name for name in self._tests if any(t["test"] == ACTS_LOCALLY for t in self._every_test(name)))

    def _every_test(self, population: str) -> list[dict[str, str]]:
        return [test for tests in self._tests.get(population, {}).values() for test in tests]

    def _of_drug(self, population: str) -> bool:
        return any(test["subject"] == THIS_DRUG for test in self._every_test(population))

    def _needs_others(self, population: str) -> bool:
        return any(test["test"] == "no_other_population" for test in self._every_test(population))

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
        negated = test.startswith(("not_", "takes_no_")) or test in ("is_not", "no_allergy")
        drugs = [drug if name == THIS_DRUG else name for name in (subject or "").split("|")]
        truth = self._constant(UNKNOWN)
        if test in bounds.COMPARISONS:
            truth = bounds.compare(test, *self._range(subject), float(value))
        elif test in ("is", "is_not"):
            truth = self._coded(subject, value.split("|"))
        elif test in ("recorded", "not_recorded"):
            truth = np.where(self._coded(subject, value.split("|")) == YES, YES, NO).astype(np.int8)
            truth[self._left_out(subject)] = UNKNOWN
        elif test.removeprefix("recorded_") in bounds.COMPARISONS:
            told = bounds.compare(test.removeprefix("recorded_"), *self._range(subject), float(value))
            truth = np.where(told == YES, YES, NO).astype(np.int8)
            truth[self._left_out(subject)] = UNKNOWN
        elif test == "happened_within":
            truth = self._happened(subject, int(value))
        elif test.startswith("takes_"):
            truth = self._takes(subject, test.rsplit("_", 1)[-1], value.split("|"), drug)
        elif test.endswith("taken_longer"):
            truth = self._taken_longer(drugs, int(value))
        elif test in ("allergy", "no_allergy"):
            truth = self._allergic(drugs)
        elif test == "mentioned":
            truth = self._mentioned(drugs)
        elif test == ACTS_LOCALLY:
            truth = self._local(drugs)
        elif test.startswith("dose_"):
            truth = bounds.compare(test.removeprefix("dose_"), doses := self._doses(subject), doses, float(value))
        elif test == "no_other_population" and others:
            truth, negated = np.maximum.reduce([self._any(one, (), drug) for one in others]), True
        return np.negative(truth) if negated else truth

    def _constant(self, value: int) -> Truth:
        return np.full(self._n, value, dtype=np.int8)

    def _mark(self, samples: Iterable[str]) -> NDArray[np.bool_]:
        found = np.zeros(self._n, dtype=bool)
        found[[self._at[sample] for sample in samples if sample in self._at]] = True
        return found

    def _left_out(self, concept: str) -> NDArray[np.bool_]:
        """Return of whom a value of a concept was told that could not be used: that is not the same as none."""
        if self._clinical is None:
            return self._mark(())
        refused = self._clinical.kept_out.filter(pl.col("code") != NoteCode.BOUND, concept=concept)
        return self._mark(refused["sample"])

    def _observed(self, concept: str) -> list[tuple[int, float | None, str | None]]:
        """Return place, value and code of each person's newest observation of a concept."""
        if self._clinical is None or self._days is None:
            return []
        if concept not in self._seen:
            days, window = self._days, self._windows.get(concept)
            passes = concept not in self._measured
            rows = newest(self._clinical.observations, concept, days, window_days=window, passes=passes)
            told = rows.select("sample", "value", "code").iter_rows() if rows.height else ()
            self._seen[concept] = [(self._at[who], value, code) for who, value, code in told if who in self._at]
        return self._seen[concept]

    def _numbers(self, concept: str) -> NDArray[np.float64]:
        found = np.full(self._n, np.nan)
        for at, value, _ in self._observed(concept):
            if value is not None:
                found[at] = value
        return found

    def _range(self, concept: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the least and the greatest number that may be: of a bound, or of an age from the year of birth."""
        numbers = self._numbers(concept)
        margin = np.nan_to_num(self._numbers("age_margin")) if concept == "age" else 0.0
        low, high = numbers - margin, numbers + margin
        for at, value, code in self._observed(concept):
            if value is None and code is not None:
                low[at], high[at] = bounds.interval(code)
        return low, high

    def _coded(self, concept: str, answers: Sequence[str]) -> Truth:
        found = self._constant(UNKNOWN)
        for at, _, code in self._observed(concept):
            if code is not None:
                found[at] = YES if code in answers else NO
        return found

    def _happened(self, concept: str, days: int) -> Truth:
        """Whether something happened so many days ago or less; unknown where nobody says on which day it did."""
        found = self._constant(UNKNOWN)
        if self._clinical is None or self._days is None:
            return found
        rows = self._clinical.observations.filter(concept=concept, code="yes").join(self._days, on="sample")
        ago = (pl.col("day") - pl.col("end_date")).dt.total_days()
        found[self._mark(rows.filter(ago.is_between(0, days))["sample"])] = YES
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

    def _rows(self, drugs: Sequence[str]) -> pl.DataFrame:
        if self._clinical is None:
            return pl.DataFrame(schema={"sample": pl.String, "dose_mg_per_day": pl.Float64})
        mine = pl.col("drug").is_in(list(drugs)) & pl.col("sample").is_in(list(self._at))
        return self._clinical.medications.filter(mine)

    def _taken_longer(self, drugs: Sequence[str], days: int) -> Truth:
        """Whether any of the drugs was taken for so many days, now or in a time that is over."""
        found = np.where(self._told, NO, UNKNOWN).astype(np.int8)
        rows = self._rows(drugs)
        if self._days is None or rows.is_empty():
            return found
        rows = rows.join(self._days, on="sample", how="left", maintain_order="left")
        terms: dict[int, list[int]] = defaultdict(list)
        for sample, status, start, end, day in rows.select("sample", "status", "start", "end", "day").iter_rows():
            terms[self._at[sample]].append(_long_enough(status, start, day if status == "current" else end, days))
        for at, truths in terms.items():
            found[at] = max(truths)
        return found

    def _allergic(self, drugs: Sequence[str]) -> Truth:
        """Whether a recorded allergy speaks against any of the drugs; one that nobody recorded is none."""
        found = self._constant(NO)
        found[[at for drug in drugs for at in self.allergic_to(drug)]] = YES
        return found

    def allergic_to(self, drug: str, *, perhaps: bool = False) -> dict[int, str]:
        """Return place of each person of whom an allergy to the drug is recorded -> all that speaks against it.

        With `perhaps` it is the persons of whom no such allergy is recorded, and one that may extend to the drug is.
        """
        found: defaultdict[int, dict[str, None]] = defaultdict(dict)
        for at, code in self._allergies:
            reason = allergens(self._kb).against(code, drug)
            if reason and reason.certain != perhaps:
                found[at][reason.message] = None
        sure = self.allergic_to(drug) if perhaps and found else {}
        return {at: ", and ".join(reasons) for at, reasons in found.items() if at not in sure}

    @cached_property
    def _allergies(self) -> list[tuple[int, str]]:
        if self._clinical is None:
            return []
        mine = pl.col("sample").is_in(list(self._at))
        recorded = self._clinical.observations.filter(pl.col("concept") == "allergy", mine)
        return [(self._at[sample], code) for sample, code in recorded.select("sample", "code").iter_rows()]

    def _mentioned(self, drugs: Sequence[str]) -> Truth:
        """Whether the record names any of the drugs, as taken, planned, stopped or not tolerated."""
        found = np.where(self._told, NO, UNKNOWN).astype(np.int8)
        found[self._mark(self._rows(drugs)["sample"])] = YES
        return np.maximum(found, np.where(self._allergic(drugs) == YES, YES, NO).astype(np.int8))

    def _local(self, drugs: Sequence[str]) -> Truth:
        """Whether the record says that a drug is used on skin, eye or ear; a form that nobody wrote is not known."""
        found = self._constant(UNKNOWN)
        if self._clinical is not None:
            used = self._clinical.observations.filter(pl.col("code").is_in(list(drugs)), concept=LOCAL_USE)
            found[self._mark(used["sample"])] = YES
        return found

    def _doses(self, drug: str) -> NDArray[np.float64]:
        found = np.full(self._n, np.nan)
        taken = self._rows([drug])
        if taken.height:
            taken = taken.filter(pl.col("status") != "stopped")
        for sample, dose in taken.select("sample", "dose_mg_per_day").iter_rows():
            if dose is not None:
                found[self._at[sample]] = dose
        return found


def _long_enough(status: str, start: date | None, end: date | None, days: int) -> int:
    if status == PLANNED:
        return NO  # a drug yet to be started is not taken for long
    if start is None or end is None:
        return UNKNOWN
    return YES if start <= end - timedelta(days=days) else NO
