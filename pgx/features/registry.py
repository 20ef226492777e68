"""Every feature's name, type, unit, meaning and source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import polars as pl

from pgx.features import refused
from pgx.features.ancestry import COLUMNS as ANCESTRY
from pgx.features.names import gene_column
from pgx.knowledge import KnowledgeBase

COMMON = 0.005
"""Alleles at least this frequent in some population have a count feature by default; any other can be asked for."""
GENE_FEATURES = (
    ("diplotype", "string", None, "most probable diplotype"),
    ("probability", "float", None, "posterior probability of the diplotype, 0 to 1"),
    ("phenotype", "string", None, "CPIC phenotype from genotype"),
    ("phenotype_probability", "float", None, "posterior probability of the phenotype, 0 to 1"),
    ("activity_score", "float", None, "activity score of the diplotype"),
    ("expected_activity", "float", None, "mean activity score over the posterior"),
    ("activity_sd", "float", None, "standard deviation of the activity score over the posterior"),
    ("clinical_phenotype", "string", None, "phenotype after interacting drugs and conditions"),
    ("clinical_activity_score", "float", None, "activity score after interacting drugs and conditions"),
    ("expected_clinical_activity", "float", None, "mean activity score after interacting drugs and conditions"),
    ("posterior", "string", None, "diplotypes that the data allow, where there are several, for scores (JSON)"),
)
TREND_FEATURES = (
    ("count", None, "number of values in the period"),
    ("mean", "{unit}", "mean of the period"),
    ("sd", "{unit}", "standard deviation of the period"),
    ("slope", "{unit}/a", "change per year, least squares, from values over at least two weeks"),
)
STRENGTHS = ("weak", "moderate", "strong")
_TYPES = {"numeric": "float", "coded": "string", "boolean": "bool"}


def slug(name: str) -> str:
    """Write a drug name as part of a feature name: ``st. john's wort`` is ``st_johns_wort``."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower().replace("'", "")).strip("_")


@lru_cache(maxsize=8)
def describe(kb: KnowledgeBase) -> pl.DataFrame:
    """Return one row a feature: ``name type unit meaning source``.

    `type` is ``float``, ``string`` or ``bool``; `unit` is UCUM. Further alleles than those listed can be asked for by
    name (``gene.cyp2c9.allele_count.*13``).
    """
    rows = [*_genes(kb), *_refused(), *_ancestry(), *_clinical(kb), *_medications(kb), *_trends(kb)]
    schema = dict.fromkeys(("name", "type", "unit", "meaning", "source"), pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row")


_Row = tuple[str, str, str | None, str, str]


def _genes(kb: KnowledgeBase) -> Iterator[_Row]:
    counted = common_alleles(kb)
    for gene in kb.genes:
        for name, kind, unit, meaning in GENE_FEATURES:
            yield gene_column(gene, name), kind, unit, f"{gene}: {meaning}", "genotypes"
        for allele in counted.get(gene, ()):
            meaning = f"{gene}: copies of {allele}, expected over the posterior"
            yield gene_column(gene, f"allele_count.{allele}"), "float", None, meaning, "genotypes"


@lru_cache(maxsize=8)
def common_alleles(kb: KnowledgeBase) -> dict[str, tuple[str, ...]]:
    """Return the alleles of each gene that have a count feature by default, other than the reference allele."""
    frequent = kb.table("frequencies").filter(pl.col("frequency") >= COMMON).select("gene", "allele").unique()
    alleles = kb.table("alleles").with_row_index("order").filter(pl.col("reference") == "n")
    alone = alleles.filter(pl.len().over("gene") == 1)  # single-variant genes always count their variant
    chosen = pl.concat([alleles.join(frequent, on=["gene", "allele"], how="semi"), alone]).unique("order").sort("order")
    grouped = chosen.group_by("gene", maintain_order=True).agg("allele")
    return {gene: tuple(names) for gene, names in grouped.iter_rows()}


def _refused() -> Iterator[_Row]:
    yield refused.GENES, "string", None, refused.GENES_MEANING, "genotypes"


def _ancestry() -> Iterator[_Row]:
    source = "estimated from genotypes"
    for axis, name in enumerate(ANCESTRY[:-2], start=1):
        yield (
            name,
            "float",
            None,
            f"principal component {axis} of the 1000 Genomes panel at pharmacogene positions",
            source,
        )
    yield ANCESTRY[-2], "string", None, "biogeographic group that fits the principal components best", source
    yield ANCESTRY[-1], "float", None, "its probability among the panel's groups, 0 to 1", source


def _clinical(kb: KnowledgeBase) -> Iterator[_Row]:
    for row in kb.table("concepts").filter(pl.col("feature").is_not_null()).iter_rows(named=True):
        window = f"; newest within {row['window_days']} days" if row["window_days"] else ""
        if row["summary"] == "mean":
            window = f"; {row['window_days']} days"
        yield row["feature"], _TYPES[row["kind"]], row["unit"], row["meaning"] + window, "clinical data"
    yield refused.NAME, "string", None, refused.MEANING, "clinical data"


def _medications(kb: KnowledgeBase) -> Iterator[_Row]:
    source = "medication list"
    yield "medication.count", "float", None, "number of drugs of the knowledge base taken now", source
    for name, drugs in drug_slugs(kb).items():
        yield f"medication.{name}", "bool", None, f"takes {drugs[0]} now", source
    for role, enzyme in kb.table("interactions").select("role", "enzyme").unique().sort("role", "enzyme").iter_rows():
        meaning = f"strongest {role} of {enzyme} taken now: none, weak, moderate or strong"
        yield f"medication.{role}.{enzyme.lower()}", "string", None, meaning, source


@lru_cache(maxsize=8)
def drug_slugs(kb: KnowledgeBase) -> dict[str, tuple[str, ...]]:
    """Return feature name part -> drugs, for every drug."""
    found: dict[str, list[str]] = {}
    for drug in kb.table("drugs")["drug"].sort():
        found.setdefault(slug(drug), []).append(drug)
    return {name: tuple(drugs) for name, drugs in found.items()}


def _trends(kb: KnowledgeBase) -> Iterator[_Row]:
    for row in kb.table("concepts").filter(pl.col("trend_days").is_not_null()).iter_rows(named=True):
        for name, unit, meaning in TREND_FEATURES:
            shown = unit.format(unit=row["unit"]) if unit else None
            period = f"{row['meaning']}: {meaning}; {row['trend_days']} days"
            yield f"trend.{row['concept']}.{name}", "float", shown, period, "clinical data"
