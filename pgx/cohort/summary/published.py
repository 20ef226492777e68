"""Frequencies of the knowledge base by biogeographic group: alleles, phenotypes, and the diplotypes they make."""

from __future__ import annotations

import polars as pl

from pgx.knowledge import KnowledgeBase

ALLELE, DIPLOTYPE, PHENOTYPE = "allele", "diplotype", "phenotype"
MOST = 1.02
"""Sum of a group's frequencies above which they cannot all be true: something is counted twice."""
_REMARK = 2
"""Separators in a source that says more than the panel and how much of the allele it shows."""


def published(kb: KnowledgeBase) -> pl.DataFrame:
    """Return ``gene group level value published`` of alleles and phenotypes.

    The groups have CPIC's names; of a group in which CPIC counts nothing of the gene, the 1000 Genomes Project stands
    in. Left out is what cannot be compared: figures of a gene that add up to more than `MOST` in a group, and those
    whose source remarks that other strands are counted in them, or not counted.
    """
    found = pl.concat([_alleles(kb), _phenotypes(kb)]).select("gene", "group", "level", "value", "published")
    return found.filter(pl.col("published").sum().over("gene", "group", "level") <= MOST)


def _alleles(kb: KnowledgeBase) -> pl.DataFrame:
    names = {name.lower(): name for name in kb.table("groups")["name"]}
    for name, synonyms in kb.table("groups").select("name", "synonyms").iter_rows():
        names |= {one.lower(): name for one in (synonyms or "").split(";") if one}
    frame = kb.table("frequencies").with_columns(
        group=pl.col("population").str.to_lowercase().replace_strict(names, default=None, return_dtype=pl.String),
        own=pl.col("population").str.to_lowercase().is_in([name.lower() for name in kb.table("groups")["name"]]),
    )
    # CPIC's figures of a gene add up to 1: alleles of the panel beside them would be counted twice.
    return (
        frame.drop_nulls("group")
        .filter(pl.col("own") == pl.col("own").any().over("gene", "group"))
        .filter(pl.col("source").str.count_matches("; ", literal=True) < _REMARK)
        .unique(["gene", "group", "allele"], keep="first", maintain_order=True)
        .select("gene", "group", level=pl.lit(ALLELE), value="allele", published="frequency")
    )


def _phenotypes(kb: KnowledgeBase) -> pl.DataFrame:
    """Add up the activity scores of a phenotype; the source's short names are those of the terms without a noun."""
    terms = kb.table("phenotype_terms")["phenotype"].to_list()
    short = {term.removesuffix(" Metabolizer"): term for term in terms if term.endswith(" Metabolizer")}
    return (
        kb.table("phenotype_frequencies")
        .with_columns(value=pl.col("phenotype").replace(short))
        .group_by("gene", "population", "value", maintain_order=True)
        .agg(pl.col("frequency").sum())
        .select("gene", group="population", level=pl.lit(PHENOTYPE), value="value", published="frequency")
    )


def of_diplotypes(alleles: pl.DataFrame, wanted: pl.DataFrame) -> pl.DataFrame:
    """Return ``gene group level value published``: what independent strands make of each diplotype.

    Parameters
    ----------
    alleles
        `published`.
    wanted
        ``gene value``: diplotypes.
    """
    known = alleles.filter(level=ALLELE).select("gene", "group", "value", "published")
    strands = wanted.unique(maintain_order=True).with_columns(
        one=pl.col("value").str.split("/").list.get(0), two=pl.col("value").str.split("/").list.get(1, null_on_oob=True)
    )
    both = strands.join(known.rename({"value": "one", "published": "first"}), on=["gene", "one"], how="inner").join(
        known.rename({"value": "two", "published": "second"}), on=["gene", "group", "two"], how="left"
    )
    times = pl.when(pl.col("one") == pl.col("two")).then(1.0).otherwise(2.0)
    chance = (
        pl.when(pl.col("two").is_null()).then(pl.col("first")).otherwise(times * pl.col("first") * pl.col("second"))
    )
    return both.select("gene", "group", level=pl.lit(DIPLOTYPE), value="value", published=chance).drop_nulls(
        "published"
    )
