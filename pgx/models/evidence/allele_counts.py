"""Allele counts of a foreign table: read where the evidence is per allele, refused with what to give elsewhere.

A count says nothing of the alleles that it does not count. So counts stand for a diplotype only if there is one for
every allele that the endpoint names; a phenotype is never made of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pgx.features.names import FeatureName, gene_column, gene_of
from pgx.models.evidence import design
from pgx.models.evidence.endpoint import Reading

if TYPE_CHECKING:
    from pgx.knowledge import KnowledgeBase
    from pgx.models.evidence.endpoint import Endpoint


def named(endpoint: Endpoint, kb: KnowledgeBase) -> dict[str, tuple[str, list[str]]]:
    """Return gene (as in column names) -> reference allele and the other alleles that the endpoint names."""
    readings = [t.reading for t in endpoint.terms] + [f.reading for f in endpoint.features]
    genes = {str(row["gene"]).lower(): str(row["reference_allele"]) for row in kb.table("genes").iter_rows(named=True)
             if row["reference_allele"] and row["inheritance"] == "autosomal"}  # fmt: skip
    found: dict[str, tuple[str, list[str]]] = {}
    for gene, reference in genes.items():
        mine = [
            r
            for r in readings
            if r.column == gene_column(gene, "diplotype") and r.kind in ("level", "recorded", "text_count")
        ]
        # A count is asked of the alleles that were studied by themselves, not of the rest (`text_count` of several).
        mine = [r for r in mine if not (r.kind == "text_count" and r.levels)]
        words = {str(level) for r in mine for level in r.levels} | {r.text for r in mine if r.text}
        if not words:
            continue
        alleles = kb.table("alleles").filter(pl.col("gene").str.to_lowercase() == gene)["allele"].to_list()
        halves = {half for word in words for half in (word, *word.split("/"))}
        # A feature may name an allele by a part of its name.
        parts = [r.text for r in mine if r.text and r.text not in alleles]
        told = [name for name in alleles if name in halves or any(part in name for part in parts)]
        found[gene] = reference, [name for name in told if name != reference]
    return found


def columns(table: pl.DataFrame, endpoint: Endpoint, kb: KnowledgeBase) -> list[str]:
    """Return the columns of counts that `read` would use."""
    names = [_column(gene, name) for gene, (_, alleles) in named(endpoint, kb).items() for name in alleles]
    return [name for name in names if name in table.columns]


def read(
    table: pl.DataFrame, endpoint: Endpoint, kb: KnowledgeBase, cells: Mapping[str, pl.Series], *, mark: bool = False
) -> tuple[pl.DataFrame, list[str]]:
    """Add the diplotypes that allele counts mean, where the table has no diplotype of the gene; and say so.

    Counts other than 0, 1 and 2, and more than two alleles in one person, leave the diplotype unknown. `cells` says
    which cells held anything; `mark` adds a column `design.DERIVED` + name where something was filled.
    """
    remarks: list[str] = []
    for gene, (reference, alleles) in named(endpoint, kb).items():
        target = gene_column(gene, "diplotype")
        given = [name for name in alleles if _column(gene, name) in table.columns]
        empty = ~cells[target] if target in cells else pl.repeat(True, table.height, eager=True)
        if not given or not empty.any():
            continue
        lacking = [_column(gene, name) for name in alleles if name not in given]
        if lacking:
            remarks.append(f"{_column(gene, given[0])} is not read without {' and '.join(lacking)}")
            continue
        counts = np.column_stack([design.read(table, Reading(_column(gene, name))) for name in alleles])
        with np.errstate(invalid="ignore"):
            known = (np.isin(counts, (0.0, 1.0, 2.0))).all(axis=1) & (counts.sum(axis=1) <= 2)
        patterns, which = np.unique(np.where(known[:, None], counts, -1.0), axis=0, return_inverse=True)
        texts = [_diplotype(row, alleles, reference) for row in patterns]
        new = pl.Series(target, [texts[i] for i in which.ravel()], dtype=pl.String)
        empty &= new.is_not_null()
        before = table[target].cast(pl.String) if target in table.columns else pl.lit(None, dtype=pl.String)
        table = table.with_columns(pl.when(empty).then(new).otherwise(before).alias(target))
        if not empty.any():
            continue
        if mark:
            table = table.with_columns(empty.alias(design.DERIVED + target))
        remarks.append(f"{target} is made of the counts of {', '.join(alleles)}; other alleles are taken as not there")
    return table, remarks


def wish(endpoint: Endpoint, kb: KnowledgeBase) -> str:
    """Return, for an error, which columns an endpoint can read its genes from, with an example each."""
    parts: list[str] = []
    per_allele = named(endpoint, kb)
    for name in dict.fromkeys(design.genetic(one) for one in endpoint.requires):
        gene, kind = gene_of(name), FeatureName.parse(name).last
        levels = [str(level) for term in endpoint.terms if design.genetic(term.reading.column) == name
                  for level in term.reading.levels]  # fmt: skip
        status = [r.text for r in (term.reading for term in endpoint.terms) if r.column == name and r.kind == "status"]
        if kind == "phenotype" and status:
            parts.append(f"{name} in words, like {status[0] + ' negative'!r}")
        elif kind == "phenotype":
            other = gene_column(gene, "diplotype")
            parts.append(f"{name} in words, like {(levels or ['Normal Metabolizer'])[0]!r}, or {other}")
        elif kind == "diplotype" and gene in per_allele and per_allele[gene][1]:
            reference, alleles = per_allele[gene]
            parts.append(f"{name}, like {f'{reference}/{alleles[0]}'!r}, or the number of copies (0, 1, 2) of "
                         f"each allele in {', '.join(_column(gene, one) for one in alleles)}")  # fmt: skip
        else:
            parts.append(name)
    return "; or ".join(parts)


def _column(gene: str, allele: str) -> str:
    return gene_column(gene, f"allele_count.{allele}")


def _diplotype(row: np.ndarray[tuple[int], np.dtype[np.float64]], alleles: list[str], reference: str) -> str | None:
    if (row < 0).any():
        return None
    halves = [name for name, copies in zip(alleles, row, strict=True) for _ in range(int(copies))]
    return "/".join([reference] * (2 - len(halves)) + halves)
