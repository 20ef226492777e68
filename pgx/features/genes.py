"""Gene features, worked out once per distinct call and spread over the samples."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import polars as pl

from pgx.assertion import is_computed_with, of_asserted
from pgx.cells import distinct
from pgx.features import posterior as posterior_column
from pgx.features.diplotypes import expected_counts, posterior
from pgx.features.names import gene_of, gene_stem
from pgx.features.registry import GENE_FEATURES, common_alleles
from pgx.knowledge import KnowledgeBase

_PLAIN = ("diplotype", "probability", "phenotype", "activity_score", "clinical_phenotype", "clinical_activity_score")
_TYPES = {"string": pl.String, "float": pl.Float64}
_AT = "_at"
"""Place of a row's sample among all samples."""
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

    Those of a gene that no score may rest on (`pgx.assertion.is_computed_with`) are null: a guess of the population's
    is no feature of the person, and neither is a call beside a laboratory's result that was refused.

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
    stated = calls.filter(is_computed_with())
    phenotypes = of_asserted(phenotypes, stated)
    if wanted is None:
        here = set(calls["gene"].unique())
        present = [gene for gene in kb.genes if gene in here]
    else:
        present = sorted({genes[gene] for name in wanted if (gene := gene_of(name)) in genes})
    columns: list[pl.Series] = []
    people = samples.with_row_index(_AT)
    stated = stated.select("sample", "gene", *_PLAIN, "alternatives")
    calls_of, phenotypes_of = (_by_gene(frame, present, people) for frame in (stated, phenotypes.filter(scheme="CPIC")))
    no_calls, no_phenotypes = (
        frame.clear().with_columns(pl.lit(0, pl.UInt32).alias(_AT)) for frame in (stated, phenotypes)
    )
    for gene in present:
        stem = gene_stem(gene)
        asked = None if wanted is None else {name.removeprefix(stem) for name in wanted if name.startswith(stem)}
        called = _spread(samples, calls_of.get((gene,), no_calls))
        rows = phenotypes_of.get((gene,), no_phenotypes)
        share = _activity(rows, samples.height).with_columns(_phenotype_probability(called, rows))
        if asked is None or posterior_column.NAME in asked:
            share = share.hstack([posterior_column.column(called, rows)])
        for name, kind, _, _ in GENE_FEATURES:
            if asked is None or name in asked:
                source = called if name in _PLAIN else share
                columns.append(source[name].cast(_TYPES[kind]).alias(stem + name))
        columns += _counts(kb, gene, called, stem, asked)
    return columns


def _by_gene(
    frame: pl.DataFrame, genes: Collection[str], people: pl.DataFrame
) -> dict[tuple[object, ...], pl.DataFrame]:
    own = frame.filter(pl.col("gene").is_in(list(genes))).join(people, on="sample", maintain_order="left")
    return own.partition_by("gene", as_dict=True, maintain_order=True)


def _spread(samples: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows in the order of the samples, null for a sample that has none."""
    of_sample = np.full(samples.height, -1)
    of_sample[rows[_AT].to_numpy()] = np.arange(rows.height)
    picked = pl.Series(of_sample).set(pl.Series(of_sample < 0), None)
    return rows.select(pl.exclude("sample", _AT).gather(picked)).insert_column(0, samples["sample"])


def _activity(rows: pl.DataFrame, n_samples: int) -> pl.DataFrame:
    """Return of each sample the moments of one gene's activity score.

    In numpy, whose sums are in the order of the rows, and whose small steps cost less than polars'.
    """
    at, weight = rows[_AT].to_numpy(), rows["probability"].fill_null(0.0).to_numpy()
    whole = np.bincount(at, weight, n_samples)

    def moments(column: str) -> tuple[pl.Series, pl.Series]:
        score = rows[column].to_numpy()
        has_score = ~np.isnan(score)
        here, share, score = at[has_score], weight[has_score], score[has_score]
        known = np.bincount(here, share, n_samples)
        enough = (known >= (1 - MAX_UNSCORED) * whole) & (known > 0)
        first, second, known = (
            np.bincount(here, values, n_samples)[enough] for values in (score * share, score**2 * share, share)
        )
        mean, deviation = np.full(n_samples, np.nan), np.full(n_samples, np.nan)
        mean[enough] = first / known
        deviation[enough] = np.sqrt(np.maximum(second / known - mean[enough] ** 2, 0))
        return pl.Series(mean, nan_to_null=True), pl.Series(deviation, nan_to_null=True)

    mean, deviation = moments("activity_score")
    clinical, _ = moments("clinical_activity_score")
    return pl.DataFrame({"expected_activity": mean, "activity_sd": deviation, "expected_clinical_activity": clinical})


def _phenotype_probability(called: pl.DataFrame, rows: pl.DataFrame) -> pl.Series:
    """Return of each sample what the rows of its phenotype add up to; null where there is none."""
    same = (called["phenotype"][rows[_AT]] == rows["phenotype"]).fill_null(value=False).to_numpy()
    at, share = rows[_AT].to_numpy()[same], rows["probability"].fill_null(0.0).to_numpy()[same]
    summed = np.full(called.height, np.nan)
    summed[at] = np.bincount(at, share, called.height)[at]
    return pl.Series("phenotype_probability", summed, nan_to_null=True)


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
