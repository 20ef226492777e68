"""What activity scores a person can have: sums of the values that the alleles of a gene have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pgx.knowledge.rules.phenotypes import rules_for
from pgx.knowledge.tables.table import SCHEMES
from pgx.types import MOST_COPIES

if TYPE_CHECKING:
    from pgx.knowledge.base import KnowledgeBase

_SEVERAL = re.compile(r"x\W*(\d+|N)$")
"""End of the name of several copies of one allele."""


def allele_values(kb: KnowledgeBase, gene: str, schemes: Sequence[str] = SCHEMES) -> frozenset[float]:
    """Return the activity values that single copies of a gene's alleles have in any of these schemes."""
    rules = [rules_for(kb, gene, scheme) for scheme in schemes]
    alleles = (one.allele(name) for one in rules for name in one.functions if not _SEVERAL.search(name))
    return frozenset(allele.value for allele in alleles if allele.value is not None)


def possible_scores(kb: KnowledgeBase, gene: str, schemes: Sequence[str] = SCHEMES) -> frozenset[float]:
    """Return what two alleles, or where copies vary up to `MOST_COPIES`, add up to; empty without activity values.

    Parameters
    ----------
    kb, gene
        Knowledge base, and the gene's symbol.
    schemes
        Whose values count: a laboratory may have used any, a table of features has those of one.
    """
    key = ("possible scores", gene, tuple(schemes))
    found: frozenset[float] = kb.remember(key, lambda: _sums(kb, gene, schemes))
    return found


def _sums(kb: KnowledgeBase, gene: str, schemes: Sequence[str]) -> frozenset[float]:
    values = allele_values(kb, gene, schemes)
    if kb.gene(gene).row["copy_number_varies"] != "y":
        return frozenset(round(a + b, 6) for a in values for b in values)
    found = {0.0} if values else set()
    for _ in range(MOST_COPIES):
        found |= {round(one + value, 6) for one in found for value in values}
    return frozenset(found)
