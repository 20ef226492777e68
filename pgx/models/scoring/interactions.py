"""Scores that do not count an interaction of the person's drugs: no number is given.

A risk of myopathy by SLCO1B1 holds for persons whose level of simvastatin nothing else changes. Where another drug
changes it about twofold or more, the number would be that of somebody else. The same holds where the other drug
changes the phenotype of an enzyme that carries the drug and the endpoint reads the genes alone. What counts the
interaction already is left alone: an endpoint that reads the other drug, or the enzyme's phenotype as the other drug
leaves it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import polars as pl

from pgx import schema
from pgx.cells import FACTORS
from pgx.codes import OF_A_NUMBER, Category, Flag, FlagCode
from pgx.features.names import FeatureName, gene_of
from pgx.features.registry import drug_slugs
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.acting import PLANNED, UNREAD
from pgx.models.evidence import design
from pgx.phenotypes.phenoconversion import converter
from pgx.phenotypes.substrates import acting_drugs, acting_of
from pgx.types import ClinicalData

NOT_COUNTED = "interaction_not_counted"
"""Why a score has no number: ``refused:interaction_not_counted``."""
_CONVERTED = ("clinical_phenotype", "clinical_activity_score")
_BY_PRESENCE = "allele_presence"


def refuse_uncounted(
    scores: pl.DataFrame, acting: pl.DataFrame, columns: Mapping[str, Collection[str]], kb: KnowledgeBase
) -> pl.DataFrame:
    """Take the number from every score that does not count an interaction of the person's drugs.

    Looked at are the marked ones, and those that convert a phenotype of which the endpoint reads the genetic one.

    Parameters
    ----------
    scores
        `pgx.schema.SCORES`.
    acting
        Which drugs act on which (`pgx.phenotypes.substrates.acting_drugs`).
    columns
        Endpoint -> the features that it reads (`pgx.models.columns_by_endpoint`).
    kb
        Knowledge base.

    Returns
    -------
    polars.DataFrame
        The same rows; those concerned are ``refused`` and name the drugs that act in their flags.
    """
    pairs = scores.select("sample", "drug", "endpoint").join(acting, on=["sample", "drug"])
    if pairs.is_empty():
        return scores
    counting = _Counting(columns, kb)
    found: dict[tuple[str, str], list[str]] = {}
    for row in pairs.iter_rows(named=True):
        concerns = row["marked"] or counting.reads_unconverted(row["endpoint"], row)
        if concerns and not counting.counted(row["endpoint"], row):
            found.setdefault((row["sample"], row["endpoint"]), []).append(str(acting_of(row).flag))
    if not found:
        return scores
    refused = pl.DataFrame(
        [{"sample": sample, "endpoint": name, "_acting": flags} for (sample, name), flags in found.items()]
    )
    joined = scores.join(refused, on=["sample", "endpoint"], how="left", maintain_order="left")
    concerned = pl.col("_acting").is_not_null()
    why = str(Flag(FlagCode.REFUSED, NOT_COUNTED))
    of_a_number = pl.element().str.extract(r"^([^:]*)").is_in(sorted(OF_A_NUMBER))
    kept = pl.col("flags").list.eval(pl.element().filter(~of_a_number))
    flags = pl.concat_list(pl.lit([why]), kept, "_acting").list.unique(maintain_order=True)
    return joined.with_columns(
        *(pl.when(~concerned).then(pl.col(name)).alias(name) for name in ("estimate", "low", "high")),
        factors=pl.when(concerned).then(pl.lit(pl.Series([[]], dtype=FACTORS))).otherwise("factors"),
        category=pl.when(concerned).then(pl.lit(Category.REFUSED)).otherwise("category"),
        usable=pl.col("usable") & ~concerned,
        flags=pl.when(concerned).then(flags).otherwise("flags"),
    ).select(scores.columns)


def refuse_uncounted_of_table(
    scores: pl.DataFrame, features: pl.DataFrame, columns: Mapping[str, Collection[str]], kb: KnowledgeBase
) -> pl.DataFrame:
    """Do the same to scores of a table of features, by the drugs that its columns ``medication.<drug>`` say are taken.

    What the table says of inhibitors and inducers in words does not count against them: a drug is known to be taken.
    A phenotype as other drugs leave it counts an interaction only where the table has it.

    Parameters
    ----------
    scores, columns, kb
        As for `refuse_uncounted`.
    features
        The table that was scored.
    """
    taken = _taken(features, kb)
    if taken.is_empty():
        return scores
    medications = pl.concat([schema.empty(schema.MEDICATIONS), taken], how="diagonal")
    listed = ClinicalData(schema.empty(schema.CLINICAL), medications, schema.empty(schema.NOTES))
    here = {name for name in features.columns if features[name].null_count() < features.height}
    told = {
        endpoint: [name for name in read if name in here or not name.endswith(_CONVERTED)]
        for endpoint, read in columns.items()
    }
    return refuse_uncounted(scores, acting_drugs(listed, kb), told, kb)


def _taken(features: pl.DataFrame, kb: KnowledgeBase) -> pl.DataFrame:
    """Return ``sample drug status source`` of the drugs that a table says are taken."""
    empty = {"sample": pl.String, "drug": pl.String, "status": pl.String, "source": pl.String}
    rows = []
    for slug, drugs in drug_slugs(kb).items():
        if (name := f"medication.{slug}") in features.columns:
            people = features["sample"].cast(pl.String).filter(design.truth(features[name]).fill_null(value=False))
            rows += [(sample, drug, "current", "features") for sample in people.unique() for drug in drugs]
    return pl.DataFrame(rows, schema=empty, orient="row")


class _Counting:
    def __init__(self, columns: Mapping[str, Collection[str]], kb: KnowledgeBase) -> None:
        self._columns, self._engine = columns, converter(kb)
        methods = kb.table("genes").select(pl.col("gene").str.to_lowercase(), "phenotype_method")
        self._methods: dict[str, str] = dict(methods.iter_rows())
        self._drugs = {f"medication.{slug}": {drug.lower() for drug in drugs} for slug, drugs in drug_slugs(kb).items()}

    def counted(self, endpoint: str, acting: Mapping[str, object]) -> bool:
        columns = self._columns.get(endpoint, ())
        genes = {gene: name.last for name in map(FeatureName.parse, columns) if (gene := name.gene)}
        if genes and all(self._methods.get(gene) == _BY_PRESENCE for gene in genes):
            return True  # an immune reaction to the drug does not follow its level
        if any(str(acting["agent"]).lower() in self._drugs.get(name, ()) for name in columns):
            return True
        reads = any(name.endswith(_CONVERTED) for name in self._of_enzyme(endpoint, acting))
        return reads and acting["phase"] not in (PLANNED, UNREAD) and self._converts(acting)

    def reads_unconverted(self, endpoint: str, acting: Mapping[str, object]) -> bool:
        """Whether the drug changes the phenotype of an enzyme of which the endpoint reads the genes alone."""
        read = self._of_enzyme(endpoint, acting)
        return bool(read) and not any(name.endswith(_CONVERTED) for name in read) and self._converts(acting)

    def _of_enzyme(self, endpoint: str, acting: Mapping[str, object]) -> list[str]:
        return [name for name in self._columns.get(endpoint, ()) if gene_of(name) == str(acting["enzyme"]).lower()]

    def _converts(self, acting: Mapping[str, object]) -> bool:
        agent = {"trigger": acting["role"], "strength": acting["strength"]}
        return self._engine.has_effect(str(acting["enzyme"]), [agent])
