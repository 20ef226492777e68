"""Whose enzyme works too little, or not at all, for another drug to change it: a poor metabolizer's own genes.

An enzyme without function can neither be induced nor inhibited. A poor metabolizer by alleles that still do something
(CYP2B6 *6/*6) can be induced, yet not so that a weak inducer makes up for the difference. Transporters are left out:
what inhibits one inhibits others of the same drug, which no table lists.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pgx.knowledge.base import KnowledgeBase

_NONE = "No function"
_HALF = 0.5

Place = tuple[str, str]
"""A person and a gene."""


@dataclass(frozen=True, slots=True)
class Weakened:
    """The enzymes of persons that are of little use by the genes alone.

    Parameters
    ----------
    poor
        Those of poor metabolizers.
    absent
        Those of them that have no function: a score of 0, or a phenotype that takes two alleles without function.
    """

    poor: frozenset[Place]
    absent: frozenset[Place]


def weakened(phenotypes: pl.DataFrame, kb: KnowledgeBase) -> Weakened:
    """Return which enzymes are of little use, or of none, by the phenotype of the genes, not the converted one.

    Parameters
    ----------
    phenotypes
        `schema.PHENOTYPES`.
    kb
        Knowledge base; its ``phenotype_terms`` and ``phenotype_rules`` tables.
    """
    terms, useless = kb.remember("phenotypes without function", lambda: _without_function(kb))
    poor = phenotypes.filter(pl.col("phenotype").is_in(terms))
    if poor.is_empty():
        return Weakened(frozenset(), frozenset())
    none = poor.join(useless, on=["gene", "scheme", "phenotype"], how="semi")
    scored = poor.filter(pl.col("activity_score") == 0)
    return Weakened(likely_places(poor), likely_places(scored) | likely_places(none))


def _without_function(kb: KnowledgeBase) -> tuple[list[str], pl.DataFrame]:
    """Return the terms of poor metabolizers, and those (gene, scheme, phenotype) that only such alleles make."""
    terms = kb.table("phenotype_terms").filter(ladder="metabolizer", rung=0)["phenotype"].to_list()
    kinds = ["function_pair", "activity_range", "genotype"]
    rules = kb.table("phenotype_rules").filter(pl.col("phenotype").is_in(terms), pl.col("rule_type").is_in(kinds))
    both = (pl.col("rule_type") == "function_pair") & (pl.col("input1") == _NONE) & (pl.col("input2") == _NONE)
    found = rules.group_by("gene", "scheme", "phenotype").agg(only=both.fill_null(False).all())
    return terms, found.filter("only")


def likelier(rows: pl.DataFrame, *names: str) -> pl.DataFrame:
    """Return what is likelier than not, by `names`: more than half of it; a result without a probability is certain."""
    mass = rows.lazy().group_by(names).agg(pl.col("probability").fill_null(1.0).sum())
    return mass.filter(pl.col("probability") > _HALF).select(names).collect()


def likely_places(rows: pl.DataFrame) -> frozenset[Place]:
    """Return the persons and genes of whom these phenotypes together are likelier than not in a scheme."""
    return frozenset(likelier(rows, "sample", "gene", "scheme").select("sample", "gene").iter_rows())
