"""A person's genotype as a user writes it, read as an activity score."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pgx.errors import UsageError
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.rules.phenotypes import phenotype_of, rules_for
from pgx.models.exposure.prediction import check_genotypes
from pgx.variants.whole_numbers import decimal_number

_COPIES = re.compile(r"^(\*\S+?)x(\d+)$")
_HIGHEST = 6.0


def scores_of(kb: KnowledgeBase, written: Mapping[str, str]) -> dict[str, float]:
    """Return enzyme -> activity score.

    Parameters
    ----------
    kb
        Knowledge base.
    written
        Enzyme -> a diplotype such as ``*1/*4`` or ``*1x2/*4``, or an activity score.

    Raises
    ------
    UsageError
        If an allele is not known or has no activity value, or the gene's genotypes are not predicted.

    Examples
    --------
    >>> from pgx import knowledge
    >>> scores_of(knowledge.load(), {"cyp2d6": "*1/*4"})
    {'CYP2D6': 1.0}
    """
    by_gene = _by_gene(kb, written)
    for gene in by_gene:
        check_genotypes(kb, gene)
    return {gene: _score(kb, gene, text.strip()) for gene, text in by_gene.items()}


def _by_gene(kb: KnowledgeBase, written: Mapping[str, str]) -> dict[str, str]:
    symbols = {gene.lower(): gene for gene in kb.table("genes")["gene"]}
    for name in written:
        if name.lower() not in symbols:
            raise UsageError(f"--genotype: the gene {name!r} is not known")
    return {symbols[name.lower()]: text for name, text in written.items()}


def _score(kb: KnowledgeBase, gene: str, text: str) -> float:
    score = decimal_number(text)
    if score is None:
        return _of_diplotype(kb, gene, text)
    if not 0.0 <= score <= _HIGHEST:
        raise UsageError(f"--genotype {gene}={text}: an activity score lies between 0 and {_HIGHEST:g}")
    return score


def _of_diplotype(kb: KnowledgeBase, gene: str, text: str) -> float:
    strands = text.split("/")
    if len(strands) != 2 or not all(strands):
        raise UsageError(f"--genotype {gene}={text}: write two alleles, such as *1/*4, or an activity score")
    parts = [_COPIES.match(one.strip()) for one in strands]
    names = [found[1] if found else one.strip() for found, one in zip(parts, strands, strict=True)]
    copies = [int(found[2]) if found else 1 for found in parts]
    for name in names:
        if rules_for(kb, gene).allele(name).function is None:
            raise UsageError(f"--genotype {gene}={text}: the function of {name} is not known")
    found = phenotype_of(kb, gene, "CPIC", [names[0]], [names[1]], copies1=copies[0], copies2=copies[1])
    if found.activity_score is None:
        raise UsageError(f"--genotype {gene}={text}: has no activity score; give one, such as {gene}=1")
    return float(found.activity_score)
