"""What is decided of each drug for each person, each case once however many persons share it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import polars as pl

from pgx.cells import distinct
from pgx.codes import FlagCode
from pgx.judgement.decide import CHANGES, Decision, decide
from pgx.judgement.statement import Statement

Key = tuple[str, str]
"""A person and a drug."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The statements of a guidance, whose they are, and what is decided from them.

    Parameters
    ----------
    statements
        What is said of drugs, whoever it is said to, each once.
    by_drug
        Person and drug -> the numbers of its statements, in the order of the guidance.
    decisions
        Numbers of statements -> what is decided from them.
    """

    statements: tuple[Statement, ...]
    by_drug: dict[Key, tuple[int, ...]]
    decisions: dict[tuple[int, ...], Decision[Statement]]

    def of(self, key: Key) -> Decision[Statement]:
        """Return what is decided of a drug for a person."""
        return self.decisions[self.by_drug[key]]

    def ruled_out(self) -> dict[str, frozenset[str]]:
        """Return person -> the drugs that are ruled out by themselves, whatever else is taken."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        alone = {numbers for numbers, decision in self.decisions.items() if _by_itself(decision)}
        for (sample, drug), numbers in self.by_drug.items():
            if numbers in alone:
                found[sample].add(drug)
        return {sample: frozenset(drugs) for sample, drugs in found.items()}


def decided(guidance: pl.DataFrame) -> Decided:
    """Return what is decided from a guidance (`pgx.schema.GUIDANCE`)."""
    told, said = distinct(guidance, [name for name in guidance.columns if name != "sample"])
    statements = tuple(Statement(row) for row in told.iter_rows(named=True))
    grouped: dict[Key, list[int]] = {}
    for sample, drug, number in zip(guidance["sample"].to_list(), guidance["drug"].to_list(), said, strict=True):
        grouped.setdefault((sample, drug), []).append(number)
    by_drug = {key: tuple(numbers) for key, numbers in grouped.items()}
    decisions = {numbers: decide(statements[one] for one in numbers) for numbers in dict.fromkeys(by_drug.values())}
    return Decided(statements, by_drug, decisions)


def _by_itself(decision: Decision[Statement]) -> bool:
    """Return whether the genes, or the label for such a person, rule a drug out without any other medicine."""
    limits = (row for row in decision.limits if not row.acting)
    genes = (row for row in (None if decision.part else decision.deciding,) if row is not None)
    by_genes = (row for row in genes if not row.turned and not row.has(FlagCode.PHENOCONVERTED))
    return any(row.applies == "yes" and row.urgency == CHANGES[0] for row in (*limits, *by_genes))
