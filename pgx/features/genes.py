"""Gene features, worked out once per distinct call and spread over the samples."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from pgx.assertion import is_asserted, of_asserted
from pgx.cells import distinct, sums
from pgx.features import posterior as posterior_column
from pgx.features.diplotypes import expected_counts, posterior
from pgx.features.names import gene_of, gene_stem
from pgx.features.registry import GENE_FEATURES, common_alleles
from pgx.knowledge import KnowledgeBase

_PLAIN = ("diplotype", "probability", "phenotype", "activity_score", "clinical_phenotype", "clinical_activity_score")
_TYPES = {"string": pl.String, "float": pl.Float64}
MAX_UNSCORED = 0.05
"""The mean activity is null when diplotypes without a score hold more of the posterior than this."""


def gene_columns(
    calls: pl.DataFrame,
    phenotypes: pl.DataFrame,
    kb: KnowledgeBase,
    samples: pl.DataFrame,
    wanted: Collection[str] | None,
) -> list[pl.Series]:
    """Return the gene features, one series each, in the order of `samples`.

    Those of a gene that is not asserted (`pgx.assertion`) are null: a guess of the population's is no feature of the
    person.

    Parameters
    ----------
    calls, phenotypes
        `pgx.schema.CALLS` and `pgx.schema.PHENOTYPES`.
    kb
        Knowledge base.
    samples
        One column ``sample``.
    wanted
        Features to make; None = those of every gene in `calls`.
    """
    genes = {gene.lower(): gene for gene in kb.genes}
    stated, phenotypes = calls.filter(is_asserted()), of_asserted(phenotypes, calls)
    if wanted is None:
        here = set(calls["gene"].unique())
        present = [gene for gene in kb.genes if gene in here]
    else:
        present = sorted({genes[gene] for name in wanted if (gene := gene_of(name)) in genes})
    columns: list[pl.Series] = []
    calls_of, phenotypes_of = _by_gene(stated, present), _by_gene(phenotypes.filter(scheme="CPIC"), present)
    for gene in present:
        stem = gene_stem(gene)
        asked = None if wanted is None else {name.removeprefix(stem) for name in wanted if name.startswith(stem)}
        called = _spread(samples, calls_of.get((gene,), stated.clear()))
        rows = phenotypes_of.get((gene,), phenotypes.clear())
        share = _spread(samples, _activity(rows)).hstack([_phenotype_probability(called, rows)])
        if asked is None or posterior_column.NAME in asked:
            share = share.hstack([posterior_column.column(called, rows)])
        for name, kind, _, _ in GENE_FEATURES:
            if asked is None or name in asked:
                source = called if name in _PLAIN else share
                columns.append(source[name].cast(_TYPES[kind]).alias(stem + name))
        columns += _counts(kb, gene, called, stem, asked)
    return columns


def _by_gene(frame: pl.DataFrame, genes: Collection[str]) -> dict[tuple[object, ...], pl.DataFrame]:
    own = frame.filter(pl.col("gene").is_in(list(genes)))
    return own.partition_by("gene", as_dict=True, maintain_order=True)


def _spread(samples: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    return samples.join(rows, on="sample", how="left", maintain_order="left")


def _activity(rows: pl.DataFrame) -> pl.DataFrame:
    """Return per sample the moments of one gene's activity score."""

    people, numbers = distinct(rows, ["sample"])
    weight = rows["probability"]

    def moments(column: str) -> tuple[pl.Series, pl.Series]:
        score = rows[column]
        parts = {"all": weight, "known": weight.set(score.is_null(), 0.0), "first": score * weight,
                 "second": score.pow(2) * weight}  # fmt: skip
        found = pl.DataFrame({name: sums(numbers, values) for name, values in parts.items()})
        known = found["known"]
        mean = found["first"] / known
        spread = (found["second"] / known - mean.pow(2)).clip(lower_bound=0).sqrt()
        enough = (known >= (1 - MAX_UNSCORED) * found["all"]) & (known > 0)
        return mean.set(~enough, None), spread.set(~enough, None)

    mean, spread = moments("activity_score")
    clinical, _ = moments("clinical_activity_score")
    return people.with_columns(expected_activity=mean, activity_sd=spread, expected_clinical_activity=clinical)


def _phenotype_probability(called: pl.DataFrame, rows: pl.DataFrame) -> pl.Series:
    cases, numbers = distinct(rows, ["sample", "phenotype"])
    summed = cases.with_columns(phenotype_probability=sums(numbers, rows["probability"]))
    joined = called.join(summed, on=["sample", "phenotype"], how="left", maintain_order="left")
    return joined["phenotype_probability"]


def _counts(kb: KnowledgeBase, gene: str, called: pl.DataFrame, stem: str, asked: set[str] | None) -> list[pl.Series]:
    prefix = "allele_count."
    if asked is None:
        alleles = list(common_alleles(kb).get(gene, ()))
    else:
        alleles = sorted(name.removeprefix(prefix) for name in asked if name.startswith(prefix))
    if not alleles:
        return []
    key = ["diplotype", "probability", "alternatives"]
    cases, numbers = distinct(called, key)
    rows = []
    for values in cases.iter_rows():
        counts = expected_counts(kb, gene, posterior(*values))
        rows.append([None if counts is None else counts.get(allele, 0.0) for allele in alleles])
    names = {f"{stem}{prefix}{allele}": pl.Float64 for allele in alleles}
    return pl.DataFrame(rows, schema=names, orient="row")[numbers].get_columns()
