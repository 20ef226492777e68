"""Feature rows for each diplotype that the posterior allows, so that a score can be averaged over what is not known."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import product

import polars as pl

from pgx.assertion import is_computed_with, is_disputed
from pgx.cells import Pair, distinct
from pgx.features.diplotypes import expected_counts, posterior, read_diplotype
from pgx.features.names import gene_column, gene_stem
from pgx.knowledge import KnowledgeBase
from pgx.phenotypes import interpret
from pgx.phenotypes.outside.names import diplotype_of
from pgx.types import Diplotype, PatternCall

MAX_SCENARIOS = 64
"""Scenarios of one sample at most: the most probable ones, weights scaled to add up to 1."""
_Case = tuple[str | None, float | None, Sequence[Pair]]
"""Diplotype, probability and alternatives of a call."""
AVERAGED = "averaged"
"""Last part of the name of a column that says that a gene is not asserted and the row is one of the guesses."""


def scenarios(
    features: pl.DataFrame,
    calls: pl.DataFrame,
    kb: KnowledgeBase,
    genes: Sequence[str],
    *,
    phenotypes: pl.DataFrame | None = None,
    averaged: Collection[str] = (),
    limit: int = MAX_SCENARIOS,
) -> pl.DataFrame:
    """Expand each sample into one row per joint diplotype of some genes.

    Parameters
    ----------
    features
        The frame of `build`.
    calls
        `pgx.schema.CALLS` that it was built from.
    kb
        Knowledge base.
    genes
        Genes whose diplotype is to be certain in each row; genes that no score may rest on stay missing.
    phenotypes
        `pgx.schema.PHENOTYPES`, for the clinical phenotype of each row; without it those features are null.
    averaged
        Those of `genes` that have a row for each guess too where they are not asserted.
    limit
        Rows a sample at most.

    Returns
    -------
    polars.DataFrame
        The columns of `features`, with `scenario` (0 = the most probable) and `weight` (adding up to 1 per sample).
        The gene features of `genes` are those of the row's diplotype; ``gene.<gene>.averaged`` is true where a gene of
        `averaged` is not asserted and the row is one of the guesses.
    """
    wide = features.select("sample")
    known: dict[str, list[_Case]] = {}
    for gene in genes:
        own = pl.col("gene") == gene
        rows = calls.filter(own & (~is_disputed() if gene in averaged else is_computed_with()))
        cases, numbers = distinct(rows, ["diplotype", "probability", "alternatives"])
        known[gene] = cases.rows()
        wide = wide.join(rows.select("sample", numbers.alias(gene)), on="sample", how="left", maintain_order="left")
        if gene in averaged:
            features = features.with_columns(_guessed(cases, wide[gene]).alias(gene_column(gene, AVERAGED)))
    patterns = wide.select(genes).unique(maintain_order=True) if genes else pl.DataFrame()
    expanded = _patterns(patterns, known, limit) if genes else None
    if expanded is None or expanded.is_empty():
        return features.with_columns(scenario=pl.lit(0, dtype=pl.Int64), weight=pl.lit(1.0))
    keyed = wide.join(
        patterns.with_row_index("_pattern"), on=list(genes), how="left", nulls_equal=True, maintain_order="left"
    )
    frame = features.with_columns(keyed["_pattern"]).join(
        expanded, on="_pattern", how="left", maintain_order="left_right"
    )
    for gene in genes:
        converted = gene_column(gene, "clinical_phenotype")
        if converted in frame.columns:
            told = pl.col(converted).is_not_null()
            if gene in averaged:
                told |= pl.col(gene_column(gene, AVERAGED))
            frame = frame.with_columns(told.alias(f"{converted}?"))
        frame = _settle(frame, kb, gene)
        frame = _convert(frame, gene, phenotypes).drop(f"{converted}?", strict=False)
    return frame.drop("_pattern", *(f"_{gene}" for gene in genes))


def _guessed(cases: pl.DataFrame, number: pl.Series) -> pl.Series:
    guessed = cases.select(pl.col("diplotype").is_null() & (pl.col("alternatives").list.len() > 0)).to_series()
    return number.is_in(guessed.arg_true()) & number.is_not_null()


def _patterns(patterns: pl.DataFrame, known: Mapping[str, Sequence[_Case]], limit: int) -> pl.DataFrame:
    rows: list[dict[str, object]] = []
    for index, values in enumerate(patterns.iter_rows()):
        called = ((None, None, ()) if at is None else known[gene][at] for gene, at in zip(known, values, strict=True))
        each: list[_Options] = [[*posterior(*case)] or [(None, 1.0)] for case in called]
        joint = sorted(_joint(each, limit), key=lambda one: -one[1])[:limit]
        total = sum(weight for _, weight in joint)
        for order, (names, weight) in enumerate(joint):
            cells = {f"_{gene}": name for gene, name in zip(known, names, strict=True)}
            rows.append({"_pattern": index, "scenario": order, "weight": weight / total, **cells})
    schema = {
        "_pattern": pl.UInt32,
        "scenario": pl.Int64,
        "weight": pl.Float64,
        **{f"_{gene}": pl.String for gene in known},
    }
    return pl.DataFrame(rows, schema=schema)


_Options = list[tuple[str | None, float]]


def _joint(each: list[_Options], limit: int) -> list[tuple[tuple[str | None, ...], float]]:
    """Multiply the genes' posteriors, keeping the `limit` most probable combinations at every step."""
    found: list[tuple[tuple[str | None, ...], float]] = [((), 1.0)]
    for options in each:
        grown = [((*names, name), weight * share) for (names, weight), (name, share) in product(found, options)]
        found = sorted(grown, key=lambda one: -one[1])[:limit]
    return found


def _settle(frame: pl.DataFrame, kb: KnowledgeBase, gene: str) -> pl.DataFrame:
    """Set the gene's feature columns to those of the row's diplotype."""
    stem = gene_stem(gene)
    marks = (f"{stem}clinical_phenotype?", f"{stem}{AVERAGED}")
    columns = [name for name in frame.columns if name.startswith(stem) and name not in marks]
    if not columns:
        return frame
    types = {name: frame.schema[name] for name in columns}
    rows = [
        {f"_{gene}": name, **_certain(kb, gene, name, stem, columns)}
        for name in frame[f"_{gene}"].drop_nulls().unique(maintain_order=True)
    ]
    table = pl.DataFrame(rows, schema={f"_{gene}": pl.String, **{f"{n}*": types[n] for n in columns}})
    frame = frame.join(table, on=f"_{gene}", how="left", maintain_order="left")
    settled = [pl.when(pl.col(f"_{gene}").is_not_null()).then(f"{n}*").otherwise(n).alias(n) for n in columns]
    return frame.with_columns(settled).drop(f"{n}*" for n in columns)


def _convert(frame: pl.DataFrame, gene: str, phenotypes: pl.DataFrame | None) -> pl.DataFrame:
    """Set the phenotype after interacting drugs to the one that the sample's phenotype of this row becomes."""
    stem = gene_stem(gene)
    source = {
        "clinical_phenotype": "clinical_phenotype",
        "clinical_activity_score": "clinical_activity_score",
        "expected_clinical_activity": "clinical_activity_score",
    }
    names = [n for n in source if stem + n in frame.columns]
    if phenotypes is None or not names or stem + "phenotype" not in frame.columns:
        return frame
    table = phenotypes.filter((pl.col("gene") == gene) & (pl.col("scheme") == "CPIC"))
    key = ["sample", "phenotype", *(["activity_score"] if stem + "activity_score" in frame.columns else [])]
    table = table.unique(key, maintain_order=True).select(
        *key, *(pl.col(source[n]).alias(f"{stem}{n}*") for n in names)
    )
    on = ["sample", *(stem + k for k in key[1:])]
    frame = frame.join(table, left_on=on, right_on=key, how="left", nulls_equal=True, maintain_order="left")
    interacting = stem + "clinical_phenotype"  # null where nothing is known of the person's drugs
    known = pl.col(f"_{gene}").is_not_null()
    if interacting in frame.columns:
        known &= pl.col(f"{interacting}?")
    settled = [pl.when(known).then(f"{stem}{n}*").otherwise(stem + n).alias(stem + n) for n in names]
    return frame.with_columns(settled).drop(f"{stem}{n}*" for n in names)


def _certain(kb: KnowledgeBase, gene: str, name: str, stem: str, columns: Sequence[str]) -> dict[str, object]:
    strands = read_diplotype(kb, gene, name)
    phenotype, score = _phenotype(kb, gene, name)
    counts = expected_counts(kb, gene, [(name, 1.0)])
    certain: dict[str, object] = {
        "diplotype": name,
        "probability": 1.0,
        "phenotype": phenotype,
        "phenotype_probability": 1.0 if phenotype else None,
        "activity_score": score,
        "expected_activity": score,
        "activity_sd": None if score is None else 0.0,
    }
    row: dict[str, object] = {}
    for column in columns:
        short = column.removeprefix(stem)
        if short.startswith("allele_count."):
            row[f"{column}*"] = None if counts is None or strands is None else counts.get(short.split(".", 1)[1], 0.0)
        else:
            row[f"{column}*"] = certain.get(short)
    return row


def _phenotype(kb: KnowledgeBase, gene: str, name: str) -> tuple[str | None, float | None]:
    one = _diplotype(kb, gene, name)
    if one is None:
        return None, None
    row = interpret(kb, gene, PatternCall((one,), "called", 0, 0)).row
    phenotype, score = row.get("phenotype"), row.get("activity_score")
    number = float(score) if isinstance(score, int | float) else None
    return (phenotype if isinstance(phenotype, str) else None), number


def _diplotype(kb: KnowledgeBase, gene: str, name: str) -> Diplotype | None:
    strands = read_diplotype(kb, gene, name)
    if strands is None:
        # Another tool's alleles need not be in the tables (most HLA alleles are not).
        try:
            return diplotype_of(kb, gene, name, 1.0)[0]
        except ValueError:
            return None
    first, second = strands[0], strands[1] if len(strands) > 1 else None
    return Diplotype(
        first.name,
        second.name if second else None,
        first.parts,
        second.parts if second else (),
        1.0,
        first.novel,
        second.novel if second else False,
        first.copies,
        second.copies if second else 1,
    )
