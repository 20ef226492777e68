"""Parameters of the published model of warfarin's effect on the INR, from ``response_parameters.tsv``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from pgx.knowledge import KnowledgeBase

MODEL = "hamberg_2010"


@dataclass(frozen=True, slots=True)
class ByAllele:
    """A parameter that is the sum of a part for each of a person's two alleles.

    Parameters
    ----------
    gene
        HGNC symbol.
    parts
        Allele to its part.
    like
        Other alleles of known activity to the allele that they are taken for: one of the same activity value.
    """

    gene: str
    parts: Mapping[str, float]
    like: Mapping[str, str]

    def part(self, allele: str) -> float | None:
        """Return the part of an allele; None if the model does not know it, nor one of its activity."""
        return self.parts.get(self.like.get(allele, allele))


@dataclass(frozen=True, slots=True)
class Parameters:
    """The model's parameters: two that depend on alleles, the others by name.

    Parameters
    ----------
    drug
        Generic name.
    clearance
        Clearance of S-warfarin, L/h.
    half_effect
        Concentration of S-warfarin with half of the effect, mg/L.
    values
        Every other parameter, in the unit of the table.
    """

    drug: str
    clearance: ByAllele
    half_effect: ByAllele
    values: Mapping[str, float]

    def __getitem__(self, name: str) -> float:
        return self.values[name]


def parameters(kb: KnowledgeBase) -> Parameters:
    """Return the parameters of the model in a knowledge base."""
    return kb.remember(("response parameters", MODEL), lambda: _read(kb))


def _read(kb: KnowledgeBase) -> Parameters:
    table = kb.table("response_parameters").filter(pl.col("model") == MODEL)
    single = table.filter(pl.col("allele").is_null())
    values = dict(single.select("parameter", "value").iter_rows())
    return Parameters(
        str(table["drug"][0]), _by_allele(kb, table, "clearance"), _by_allele(kb, table, "half_effect"), values
    )


def _by_allele(kb: KnowledgeBase, table: pl.DataFrame, parameter: str) -> ByAllele:
    rows = table.filter(pl.col("parameter") == parameter)
    gene, parts = str(rows["gene"][0]), dict(rows.select("allele", "value").iter_rows())
    functions = kb.table("functions").filter(
        (pl.col("gene") == gene) & (pl.col("scheme") == "CPIC") & pl.col("activity_value").is_not_null()
    )
    activity = dict(functions.select("allele", "activity_value").iter_rows())
    first: dict[float, str] = {}
    for allele in parts:
        if allele in activity:
            first.setdefault(activity[allele], allele)
    like = {one: first[value] for one, value in activity.items() if one not in parts and value in first}
    return ByAllele(gene, parts, like)
