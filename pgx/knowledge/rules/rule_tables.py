"""The rows of ``phenotype_rules`` of one gene and scheme, sorted by kind."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pgx.errors import UsageError
from pgx.knowledge.rules.alleles import AlleleFunction, functions_of, rows_by_keys

if TYPE_CHECKING:
    from pgx.knowledge.base import KnowledgeBase

INDETERMINATE = "Indeterminate"
"""Phenotype of what the rules do not list."""

_SCHEME_FREE = {"genotype", "allele_presence"}


@dataclass(frozen=True, slots=True)
class Range:
    """Activity scores of one phenotype."""

    low: float
    low_inclusive: bool
    high: float
    high_inclusive: bool
    phenotype: str

    def holds(self, score: float) -> bool:
        """Return whether a score lies inside."""
        above = score >= self.low if self.low_inclusive else score > self.low
        below = score <= self.high if self.high_inclusive else score < self.high
        return above and below


class RuleTables:
    """The compiled rows; parameters as for `pgx.knowledge.rules.phenotypes.GeneRules`."""

    def __init__(self, kb: KnowledgeBase, gene: str, scheme: str, function_scheme: str | None = None) -> None:
        self.gene, self.scheme = gene, scheme
        row = rows_by_keys(kb, "genes", "gene").get((gene,))
        if row is None:
            raise UsageError(f"the knowledge base has no gene {gene!r}; see `pgx kb genes`")
        self._kb = kb
        self._is_list = row[0]["caller"] == "variant_list"
        self._copies_vary = row[0]["copy_number_varies"] == "y"
        self.functions = functions_of(kb, gene, function_scheme or scheme)
        self._pairs: dict[tuple[str, str], str] = {}
        self._singles: dict[str, str] = {}
        self._any: dict[str, str] = {}
        self._ranges: list[Range] = []
        self._values: dict[str, float] = {}
        self._pair_scores: dict[tuple[str, str], float] = {}
        self._missing = INDETERMINATE
        self._genotypes: list[tuple[str, str, str]] = []
        self._presence: dict[str, dict[bool, str]] = {}
        self._strands: dict[tuple[object, ...], AlleleFunction] = {}
        self._sets: dict[str, frozenset[str]] = {}
        self._scores: dict[str, tuple[float, ...]] = {}
        rules = rows_by_keys(kb, "phenotype_rules", "gene").get((gene,), [])
        for rule in sorted(rules, key=lambda rule: rule["scheme"] != scheme):
            if rule["scheme"] == scheme or rule["rule_type"] in _SCHEME_FREE:
                self._compile(rule)
        self.has_rules = bool(
            self._pairs or self._singles or self._any or self._ranges or self._genotypes or self._presence
        )

    def _compile(self, rule: dict[str, object]) -> None:
        kind, first, second = str(rule["rule_type"]), str(rule["input1"]), str(rule["input2"] or "")
        result = str(rule["phenotype"] or INDETERMINATE)
        low, high = rule["score_min"], rule["score_max"]
        if kind == "function_pair":
            self._pairs[pair(first, second)] = result
            if isinstance(low, float) and low == high:
                self._pair_scores[pair(first, second)] = low
        elif kind == "function_single":
            self._singles[first] = result
        elif kind == "any_allele":
            self._any[first] = result
        elif kind == "activity_range":
            self._ranges.append(
                Range(
                    float(low) if isinstance(low, float) else -math.inf,
                    rule["score_min_inclusive"] == "y",
                    float(high) if isinstance(high, float) else math.inf,
                    rule["score_max_inclusive"] == "y" or high is None,
                    result,
                )
            )
        elif kind == "function_to_activity" and isinstance(low, float):
            self._values[first] = low
        elif kind == "missing_value":
            self._missing = result
        elif kind == "genotype":
            self._genotypes.append((first, second, result))
        elif kind == "allele_presence":
            self._presence.setdefault(first, {}).setdefault(not second.startswith("0"), result)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Every phenotype or status that the rules can give, `INDETERMINATE` included."""
        found = [*self._pairs.values(), *self._singles.values(), *self._any.values()]
        found += [one.phenotype for one in self._ranges] + [result for _, _, result in self._genotypes]
        found += [status for both in self._presence.values() for status in both.values()]
        return tuple(dict.fromkeys([*found, INDETERMINATE]))

    @property
    def is_presence(self) -> bool:
        """Whether the gene's results are the presence of alleles, such as HLA's."""
        return bool(self._presence)

    @property
    def listed(self) -> frozenset[tuple[str, str]]:
        """The pairs of functions (sorted) that have a rule."""
        return frozenset(self._pairs)


def pair(first: str, second: str) -> tuple[str, str]:
    """Return two functions in the order of the table's keys."""
    return (first, second) if first <= second else (second, first)
