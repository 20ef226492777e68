"""Which phenotypes the baseline of an endpoint stands for: those that its gene can have and that no term is about.

A word beyond these is no baseline. *Normal Metabolizer* is none of NAT2's phenotypes, and who is a *Possible
Intermediate Metabolizer* of CYP3A5 may carry the allele whose absence the baseline is about.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl

from pgx.features.names import gene_of

if TYPE_CHECKING:
    from pgx.knowledge import KnowledgeBase
    from pgx.models.evidence.endpoint import Endpoint


def of(endpoint: Endpoint, kb: KnowledgeBase) -> Mapping[str, frozenset[str]]:
    """Return the phenotypes of the baseline, by column, of the columns whose levels are terms.

    A word of doubt (*Likely*, *Possible*) lies between the level that it names and the next one up: it is of the
    baseline where both are.

    Examples
    --------
    >>> import pgx.knowledge
    >>> from pgx.models.evidence import baseline_levels, endpoints
    >>> kb = pgx.knowledge.load()
    >>> sorted(baseline_levels.of(endpoints.get(kb, "tacrolimus.exposure"), kb)["gene.cyp3a5.phenotype"])
    ['Poor Metabolizer']
    """
    levels: dict[str, set[str]] = {}
    for term in endpoint.terms:
        if term.reading.kind == "level" and term.reading.column.endswith("phenotype"):
            levels.setdefault(term.reading.column, set()).update(map(str, term.reading.levels))
    found = {column: _baseline(gene_of(column), told, kb) for column, told in levels.items()}
    return {column: words for column, words in found.items() if words}


def _baseline(gene: str, levels: set[str], kb: KnowledgeBase) -> frozenset[str]:
    rules = kb.table("phenotype_rules").filter(pl.col("gene").str.to_lowercase() == gene)
    given = set(rules["phenotype"].cast(pl.String)) - levels
    terms = list(kb.table("phenotype_terms").filter(pl.col("rung").is_not_null()).iter_rows(named=True))
    plain = {row["phenotype"] for row in terms if not row["broader"]} & given
    at = {(row["ladder"], row["rung"]): row["phenotype"] for row in terms if not row["broader"]}
    doubtful = {
        row["phenotype"]
        for row in terms
        if row["broader"] in plain and at.get((row["ladder"], row["rung"] + 1)) in plain
    }
    return frozenset(plain | (doubtful - levels))
