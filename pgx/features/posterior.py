"""What a table of features keeps of an uncertain gene: its diplotypes with probabilities, and what they become.

A row of features has the most probable diplotype. So that a score from the table is that from the genotypes, to the
last digit, the table also keeps what `scenarios` averages over, as JSON: ``diplotypes`` (name, probability) and
``phenotypes`` (phenotype, activity score, and both after interacting drugs and conditions).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import polars as pl

from pgx.cells import distinct
from pgx.codes import Status
from pgx.features.diplotypes import posterior
from pgx.features.names import gene_column
from pgx.features.registry import GENE_FEATURES
from pgx.features.scenarios import scenarios
from pgx.knowledge import KnowledgeBase

NAME = "posterior"
_PHENOTYPE = ("phenotype", "activity_score", "clinical_phenotype", "clinical_activity_score")


def column(called: pl.DataFrame, phenotypes: pl.DataFrame) -> pl.Series:
    """Return the feature of one gene, a row of `called` each; null where one diplotype is all that is allowed.

    Parameters
    ----------
    called
        ``sample diplotype probability alternatives`` of the samples, asserted calls only.
    phenotypes
        The gene's rows of `pgx.schema.PHENOTYPES` in CPIC's scheme.
    """
    several = called["alternatives"].list.len().fill_null(0) > 0
    if not several.any():
        return pl.Series(NAME, [None] * called.height, dtype=pl.String)
    unsure = called.with_row_index("_at").filter(several)
    becomes: dict[str, list[tuple[Any, ...]]] = {}
    theirs = phenotypes.join(unsure.select("sample"), on="sample", how="semi")
    for sample, *row in theirs.select("sample", *_PHENOTYPE).unique(maintain_order=True).iter_rows():
        becomes.setdefault(sample, []).append(tuple(row))
    cases, numbers = distinct(unsure, ["diplotype", "probability", "alternatives"])
    listed = [posterior(*case) if case[1] is not None and case[1] else [] for case in cases.iter_rows()]
    known: dict[tuple[int, tuple[Any, ...]], str] = {}
    texts: list[str | None] = [None] * called.height
    for at, sample, number in zip(unsure["_at"].to_list(), unsure["sample"].to_list(), numbers, strict=True):
        if len(listed[number]) > 1:
            rows = becomes.get(sample, [])
            case = (number, tuple(rows))
            if case not in known:
                content = {"diplotypes": listed[number], "phenotypes": rows}
                known[case] = json.dumps(content, separators=(",", ":"))
            texts[at] = known[case]
    return pl.Series(NAME, texts, dtype=pl.String)


def averaged(features: pl.DataFrame, kb: KnowledgeBase, genes: Sequence[str]) -> pl.DataFrame:
    """Return the rows that `scenarios` makes of a table of features whose uncertain genes say what they may be.

    A cell that is not as `column` writes it is taken as empty.
    """
    calls: list[dict[str, Any]] = []
    phenotypes: list[dict[str, Any]] = []
    for gene in genes:
        name = gene_column(gene, NAME)
        if name not in features.columns or features.schema[name] != pl.String:
            continue
        for sample, text in features.select("sample", name).drop_nulls().iter_rows():
            listed, becomes = parsed(text)
            if len(listed) < 2:
                continue
            (first, share), *others = listed
            calls.append({
                "sample": sample, "gene": gene, "diplotype": first, "probability": share, "status": Status.CALLED,
                "alternatives": [{"diplotype": d, "probability": p} for d, p in others], "flags": [],
            })  # fmt: skip
            phenotypes += [
                {"sample": sample, "gene": gene, "scheme": "CPIC", **dict(zip(_PHENOTYPE, row, strict=True))}
                for row in becomes
            ]
    if not calls:
        return features
    pair = pl.List(pl.Struct({"diplotype": pl.String, "probability": pl.Float64}))
    called = pl.DataFrame(calls, schema={
        "sample": pl.String, "gene": pl.String, "diplotype": pl.String, "probability": pl.Float64,
        "status": pl.String, "alternatives": pair, "flags": pl.List(pl.String),
    })  # fmt: skip
    told = pl.DataFrame(phenotypes, schema={
        "sample": pl.String, "gene": pl.String, "scheme": pl.String, "phenotype": pl.String,
        "activity_score": pl.Float64, "clinical_phenotype": pl.String, "clinical_activity_score": pl.Float64,
    })  # fmt: skip
    present = set(called["gene"])
    unsure = [gene for gene in genes if gene in present]
    return scenarios(_typed(features, unsure), called, kb, unsure, phenotypes=told)


def _typed(features: pl.DataFrame, genes: Sequence[str]) -> pl.DataFrame:
    """Give the genes' columns their own types: one without a value, or of whole numbers, loses it in a text file."""
    types = {
        gene_column(gene, name): pl.Float64 if kind == "float" else pl.String
        for gene in genes
        for name, kind, _, _ in GENE_FEATURES
    }
    return features.with_columns(pl.col(n).cast(t, strict=False) for n, t in types.items() if n in features.columns)


def parsed(text: str) -> tuple[list[tuple[str, float]], list[list[Any]]]:
    """Return the diplotypes with their probabilities, and what they become; nothing if it is not as `column` writes."""
    try:
        known = json.loads(text)
        listed = [(str(name), float(share)) for name, share in known["diplotypes"]]
        becomes = [row for row in known["phenotypes"] if len(row) == len(_PHENOTYPE)]
    except (ValueError, TypeError, KeyError):
        return [], []
    fits = all(share > 0 for _, share in listed) and abs(sum(share for _, share in listed) - 1.0) < 1e-6
    return (listed, becomes) if fits else ([], [])
