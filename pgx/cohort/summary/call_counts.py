"""Counts of the calls by group: alleles, diplotypes, phenotypes, and how many genes are called."""

from __future__ import annotations

import polars as pl

from pgx import schema
from pgx.codes import Status
from pgx.cohort.summary.intervals import with_share
from pgx.cohort.summary.parts import EVERYBODY, Parts
from pgx.cohort.summary.published import ALLELE, DIPLOTYPE, PHENOTYPE, of_diplotypes, published
from pgx.knowledge import KnowledgeBase
from pgx.output_tables.own_columns import COHORT_FREQUENCIES, COHORT_GENES

SURE = (Status.CALLED, Status.OUTSIDE)
"""States of a gene whose result is counted: an ambiguous one is no call to count."""
EXPECTED = 5
"""Strands or persons with the value, and without it, that the published frequency must give for a comparison."""
_VALUE = ["gene", "level", "value"]
_LEVELS = (ALLELE, DIPLOTYPE, PHENOTYPE)


def frequencies(parts: Parts, kb: KnowledgeBase) -> pl.DataFrame:
    """Return `own_columns.COHORT_FREQUENCIES`: each value that anybody has, in every group and in all."""
    counted = pl.concat([_counted(parts, level) for level in _LEVELS])
    totals = counted.group_by("gene", "level", "group").agg(total=pl.col("count").sum())
    grid = counted.select(_VALUE).unique().join(totals, on=["gene", "level"])
    rows = grid.join(counted, on=[*_VALUE, "group"], how="left").with_columns(pl.col("count").fill_null(0))
    known = published(kb)
    made = of_diplotypes(known, counted.filter(level=DIPLOTYPE).select("gene", "value"))
    rows = rows.join(pl.concat([known, made]), on=[*_VALUE, "group"], how="left")
    # In one order: how numbers add up to the last digit depends on it.
    everybody = _everybody(rows.sort([*_VALUE, "group"]))
    every = everybody if not parts.groups else pl.concat([everybody, rows.select(everybody.columns)])
    spread = (pl.col("published") * (1 - pl.col("published")) / pl.col("total")).sqrt()
    likely = pl.col("total") * pl.min_horizontal("published", 1 - pl.col("published"))
    every = with_share(every, "count", "total").with_columns(
        z=pl.when(likely >= EXPECTED).then((pl.col("frequency") - pl.col("published")) / spread)
    )
    ranks = {level: rank for rank, level in enumerate(_LEVELS)}
    order = [
        pl.col("group") != EVERYBODY, "group", "gene", pl.col("level").replace_strict(ranks), -pl.col("count"), "value"
    ]  # fmt: skip
    return schema.conform(every.sort(order), COHORT_FREQUENCIES)


def _counted(parts: Parts, level: str) -> pl.DataFrame:
    """Return ``gene level value group count``."""
    sure = parts.scan("calls").filter(pl.col("status").is_in([str(one) for one in SURE]))
    if level == ALLELE:
        sure = sure.with_columns(value=pl.concat_list("allele1", "allele2")).explode("value")
    else:
        sure = sure.with_columns(value=pl.col(level))
    return (
        sure.select("sample", "gene", "value")
        .drop_nulls("value")
        .join(parts.people.lazy().select("sample", "group"), on="sample")
        .group_by("gene", "value", "group")
        .agg(count=pl.len().cast(pl.Int64))
        .select("gene", "value", "group", "count", level=pl.lit(level))
        .collect(engine="streaming")
    )


def calls_of_groups(parts: Parts) -> pl.DataFrame:
    """Return ``gene group allele1 allele2 phenotype``: what is counted in each group, once."""
    return (
        parts.scan("calls")
        .filter(pl.col("status").is_in([str(one) for one in SURE]))
        .join(parts.people.lazy().select("sample", "group"), on="sample")
        .select("gene", "group", "allele1", "allele2", "phenotype")
        .unique()
        .collect(engine="streaming")
    )


def _everybody(rows: pl.DataFrame) -> pl.DataFrame:
    """Add up the groups; the published figures are weighted by them, and null where one of them has none."""
    weighted = (pl.col("published") * pl.col("total")).sum() / pl.col("total").sum()
    return rows.group_by(_VALUE, maintain_order=True).agg(
        pl.col("count").sum(),
        pl.col("total").sum(),
        published=pl.when(pl.col("published").is_not_null().all()).then(weighted),
        group=pl.lit(EVERYBODY),
    )


def genes(parts: Parts) -> pl.DataFrame:
    """Return `own_columns.COHORT_GENES`: how many persons each gene is called of, by group and in all."""
    counted = (
        parts.scan("calls")
        .select("sample", "gene", "status")
        .join(parts.people.lazy().select("sample", "group"), on="sample")
        .group_by("group", "gene", "status")
        .agg(count=pl.len().cast(pl.Int64))
        .collect(engine="streaming")
    )
    everybody = counted.group_by("gene", "status").agg(pl.col("count").sum(), group=pl.lit(EVERYBODY))
    both = everybody if not parts.groups else pl.concat([everybody, counted.select(everybody.columns)])
    rows = both.group_by("group", "gene").agg(
        pl.col("count").sum().alias("persons"),
        *(pl.col("count").filter(pl.col("status") == str(one)).sum().alias(str(one)) for one in Status),
    )
    rows = rows.with_columns(sure=pl.sum_horizontal([str(one) for one in SURE]))
    rows = with_share(rows, "sure", "persons", "call_rate").drop("sure")
    return schema.conform(
        _ordered(rows, COHORT_GENES).sort(pl.col("group") != EVERYBODY, "group", "gene"), COHORT_GENES
    )


def _ordered(rows: pl.DataFrame, declared: schema.Schema) -> pl.DataFrame:
    return rows.select(column.name for column in declared)
