"""Which diplotypes there are, what each becomes, and which recommendation conditions it meets.

This looks at knowledge alone, one certain diplotype at a time; what a person's uncertain calls, drugs and conditions
mean is `pgx.guidance`'s to say. The validator and the version diff use it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any

from pgx.knowledge.rules.phenotypes import PhenotypeResult, rules_for

if TYPE_CHECKING:
    from pgx.knowledge.base import KnowledgeBase


OTHER = "another allele"
"""Stands for every allele that an allele-presence gene does not list."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A diplotype (one allele in a haploid call) and what it becomes in one scheme."""

    alleles: tuple[str, ...]
    result: PhenotypeResult

    @property
    def name(self) -> str:
        """The diplotype as written."""
        return "/".join(self.alleles)


def alleles_of(kb: KnowledgeBase, gene: str) -> tuple[str, ...]:
    """Return every allele name of a gene, structural ones included."""

    def group() -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, allele in kb.table("alleles").select("gene", "allele").iter_rows():
            found.setdefault(name, []).append(allele)
        return found

    return tuple(kb.remember("alleles by gene", group).get(gene, ()))


def outcomes(kb: KnowledgeBase, gene: str, scheme: str) -> Iterator[Outcome]:
    """Yield every diplotype of the gene's alleles with its phenotype; haploid calls too where the gene has them."""
    rules = rules_for(kb, gene, scheme)
    names = alleles_of(kb, gene) + ((OTHER,) if rules.is_presence else ())
    inheritance = inheritance_of(kb, gene)
    if inheritance != "autosomal":
        for name in names:
            yield Outcome((name,), rules.phenotype((name,), None))
    if inheritance != "mitochondrial":
        for first, second in combinations_with_replacement(names, 2):
            yield Outcome((first, second), rules.phenotype((first,), (second,)))


def every_outcome(kb: KnowledgeBase, gene: str, scheme: str) -> tuple[Outcome, ...]:
    """Return what `outcomes` yields, worked out once a knowledge base."""
    return kb.remember(("outcomes", gene, scheme), lambda: tuple(outcomes(kb, gene, scheme)))


def inheritance_of(kb: KnowledgeBase, gene: str) -> str:
    """Return ``autosomal``, ``x_linked`` or ``mitochondrial``."""
    rows = kb.remember("inheritance", lambda: dict(kb.table("genes").select("gene", "inheritance").iter_rows()))
    return str(rows[gene])


def scheme_of(kb: KnowledgeBase, source: str) -> str:
    """Return the phenotype scheme that a guideline source is written in; CPIC's if it is not listed."""
    rows = kb.remember("schemes", lambda: dict(kb.table("guideline_sources").select("source", "scheme").iter_rows()))
    return str(rows.get(source, "CPIC"))


def meets(kb: KnowledgeBase, source: str, condition: Mapping[str, Any], outcome: Outcome) -> bool:
    """Tell whether a diplotype meets one row of ``recommendation_conditions`` (its own gene's)."""
    kind, value = condition["match_on"], str(condition["value"])
    if kind == "no_result":
        return False
    if kind == "activity_score":
        rules = rules_for(kb, str(condition["gene"]), scheme_of(kb, source))
        named = value in outcome.result.statuses or value not in rules.outcomes
        return named and _in_range(outcome.result, condition["score_min"], condition["score_max"])
    if kind in ("phenotype", "allele_status"):
        return value in outcome.result.statuses
    return _genotype(kb, source, str(condition["gene"]), value, outcome)


def _in_range(result: PhenotypeResult, low: float | None, high: float | None) -> bool:
    score = result.activity_score
    if score is None or score < (low or 0.0):
        return False
    return high is None or (score <= high and not result.score_is_minimum)


def terms_of(kb: KnowledgeBase, source: str, gene: str, value: str) -> list[tuple[str, list[str]]]:
    """Return how ``genotype_terms`` spells a genotype condition out: (what to compare, values)."""

    def group() -> dict[tuple[str, str, str], list[tuple[str, list[str]]]]:
        found: dict[tuple[str, str, str], list[tuple[str, list[str]]]] = {}
        for row in kb.table("genotype_terms").iter_rows(named=True):
            key = (row["guideline"], row["gene"], row["term"])
            found.setdefault(key, []).append((row["compare"], row["value"].split("|")))
        return found

    terms = kb.remember("genotype terms", group)
    return terms.get((source, gene, value)) or terms.get(("*", gene, value)) or []


def _genotype(kb: KnowledgeBase, source: str, gene: str, value: str, outcome: Outcome) -> bool:
    terms = terms_of(kb, source, gene, value)
    if not terms:
        return value in outcome.result.statuses or _same_diplotype(value, outcome)
    for compare, values in terms:
        if compare == "phenotype" and set(values) & set(outcome.result.statuses):
            return True
        if compare == "any_allele" and set(values) & set(outcome.alleles):
            return True
        if compare == "diplotype" and any(_same_diplotype(one, outcome) for one in values):
            return True
    return False


def _same_diplotype(written: str, outcome: Outcome) -> bool:
    return written in (outcome.name, "/".join(reversed(outcome.alleles)))
