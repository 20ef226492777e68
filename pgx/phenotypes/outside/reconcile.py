"""Results that belong together, or do not go with the person's sex."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from pgx.knowledge import KnowledgeBase
from pgx.phenotypes.outside.names import SECOND_ALLELE
from pgx.types import PatternCall


def statuses(several: Sequence[PatternCall]) -> PatternCall | None:
    """Take lines that state one allele each (``*57:01 negative``, ``*15:02 positive``) as one result of the gene.

    Returns
    -------
    PatternCall or None
        None where a line gives a diplotype: then the lines are rivals.

    Raises
    ------
    ValueError
        If an allele is there by one line and not there by another.
    """
    if any(one.diplotypes for one in several):
        return None
    stated: dict[str, str] = {}
    for one in several:
        for part in re.split(r"[;,]", one.stated_phenotype or ""):
            allele, _, word = part.strip().rpartition(" ")
            if stated.setdefault(allele, word) != word:
                raise ValueError(f"{allele} is {stated[allele]} by another line, and {word} by this one")
    together = "; ".join(f"{allele} {word}".strip() for allele, word in stated.items())
    return replace(several[0], stated_phenotype=together)


def with_sex(kb: KnowledgeBase, gene: str, pattern: PatternCall, sex: str | None) -> tuple[PatternCall, str | None]:
    """Return the call as the person's sex has it, and a remark: of one allele of a woman, the other is not known.

    Raises
    ------
    ValueError
        If two different alleles of a gene on X are given for a man.
    """
    if gene not in kb.genes or kb.gene(gene).row["inheritance"] != "x_linked" or not pattern.diplotypes:
        return pattern, None
    single = [one for one in pattern.diplotypes if one.allele2 is None]
    if sex == "male":
        if any(one.allele2 is not None and one.allele1 != one.allele2 for one in pattern.diplotypes):
            raise ValueError("two different alleles of a gene on X are given for a man")
        alone = tuple(replace(one, allele2=None, parts2=()) for one in pattern.diplotypes)
        return replace(pattern, diplotypes=alone), None
    if sex == "female" and single:
        both = tuple(replace(one, allele2="?") if one in single else one for one in pattern.diplotypes)
        remark = f"{gene} {single[0].name}: {SECOND_ALLELE} not known, so its function is not either; a woman has two"
        return replace(pattern, diplotypes=both), remark
    return pattern, None
