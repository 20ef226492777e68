"""The feature frame, and why a feature is missing."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pgx import schema
from pgx.codes import FlagCode, Severity, Status
from pgx.errors import UsageError
from pgx.features import ancestry, refused
from pgx.features.clinic import clinical_columns
from pgx.features.diplotypes import known_alleles
from pgx.features.genes import gene_columns
from pgx.features.names import FeatureName
from pgx.features.registry import describe
from pgx.knowledge import KnowledgeBase
from pgx.types import ClinicalData, Genotypes


def build(
    calls: pl.DataFrame,
    phenotypes: pl.DataFrame,
    clinical: ClinicalData | None,
    kb: KnowledgeBase,
    *,
    genotypes: Genotypes | None = None,
    columns: Sequence[str] | None = None,
) -> pl.DataFrame:
    """Join genotype and clinic to one row per sample.

    Parameters
    ----------
    calls, phenotypes
        `pgx.schema.CALLS` and `pgx.schema.PHENOTYPES`.
    clinical
        Clinical data, or None.
    kb
        Knowledge base.
    genotypes
        The genotypes behind the calls, for the estimated ancestry; without them those features are null.
    columns
        Features to make, in this order; None = all of `describe`, the gene features for the genes in `calls`. Asking
        for few saves time and memory in a cohort.

    Returns
    -------
    polars.DataFrame
        ``sample`` and one column a feature; samples in the order of `calls`, then persons with clinical data only.

    Raises
    ------
    UsageError
        If a feature is asked for that there is not.
    """
    data = clinical or ClinicalData(
        schema.empty(schema.CLINICAL), schema.empty(schema.MEDICATIONS), schema.empty(schema.NOTES)
    )
    samples = pl.concat([calls.select("sample"), data.observations.select("sample"), data.medications.select("sample")])
    samples = samples.unique(maintain_order=True)
    wanted = None if columns is None else set(_check(columns, kb))
    made = gene_columns(calls, phenotypes, kb, samples, wanted)
    if wanted is None or refused.GENES in wanted:
        made.append(refused.genes(calls, samples))
    if wanted is None or wanted & set(ancestry.COLUMNS):
        made += ancestry.estimate(genotypes, kb, samples).get_columns()
    made += clinical_columns(data, kb, samples, wanted)
    frame = samples.hstack(made)
    return frame if columns is None else frame.select("sample", *columns)


def known(columns: Sequence[str], kb: KnowledgeBase) -> list[str]:
    """Return those of `columns` that are features."""
    listed = set(describe(kb)["name"])
    genes = {gene.lower(): gene for gene in kb.genes}

    def counted(name: str) -> bool:
        parts = name.split(".", 3)
        is_count = len(parts) == 4 and parts[0] == "gene" and parts[2] == "allele_count" and parts[1] in genes
        return is_count and parts[3] in known_alleles(kb, genes[parts[1]])

    return [name for name in columns if name in listed or counted(name)]


def _check(columns: Sequence[str], kb: KnowledgeBase) -> Sequence[str]:
    found = set(known(columns, kb))
    for name in columns:
        if name not in found:
            raise UsageError(f"no feature is called {name!r}; `pgx features --describe` lists them")
    return columns


def missing(
    features: pl.DataFrame, calls: pl.DataFrame, clinical: ClinicalData | None, kb: KnowledgeBase
) -> pl.DataFrame:
    """Return why values are missing: ``sample feature reason``, one row per null of `features`.

    Reasons: ``not_called`` (with the call's flags), ``no_score``, ``no_value``, ``too_old`` (older than the concept's
    window), ``too_few_values`` (a trend), ``not_used`` (left out by the reader, or a laboratory's
    result of the gene was refused: see the notes), ``no_medication_list``,
    ``drug_unknown`` (a drug on the list that could not be read may be it),
    ``too_few_positions`` (ancestry).
    """
    concepts = {row["feature"]: row["concept"] for row in kb.table("concepts").iter_rows(named=True) if row["feature"]}
    genes = {gene.lower(): gene for gene in kb.genes}
    rows = []
    status = {
        (s, g): (state, flags) for s, g, state, flags in calls.select("sample", "gene", "status", "flags").iter_rows()
    }
    have = set(clinical.observations.select("sample", "concept").unique().iter_rows()) if clinical else set()
    errors = _left_out(clinical)
    for name in features.columns[1:]:
        for sample in features.filter(pl.col(name).is_null())["sample"]:
            parts = FeatureName.parse(name)
            if parts.gene:
                state, flags = status.get((sample, genes[parts.gene]), (Status.NOT_CALLED, []))
                told = f" ({';'.join(flags)})" if flags else ""
                reason = "not_used" if FlagCode.OUTSIDE_REFUSED in flags else "no_score"
                reason = f"{Status.NOT_CALLED}{told}" if state == Status.NOT_CALLED else reason
            elif parts.kind in ("medication", "ancestry"):
                unread = (sample, "medication_unread") in have
                listed = "drug_unknown" if unread else "no_medication_list"
                reason = listed if parts.kind == "medication" else "too_few_positions"
            else:
                concept = concepts.get(name) or parts.subject
                reason = _clinical_reason(parts.kind, (sample, concept), have, errors)
            rows.append((sample, name, reason))
    return pl.DataFrame(rows, schema={"sample": pl.String, "feature": pl.String, "reason": pl.String}, orient="row")


def _clinical_reason(
    stem: str, key: tuple[str, str], have: set[tuple[str, str]], errors: set[tuple[str | None, str]]
) -> str:
    if key in have:
        return "too_few_values" if stem == "trend" else "too_old"
    return "not_used" if key in errors else "no_value"


def _left_out(clinical: ClinicalData | None) -> set[tuple[str | None, str]]:
    if clinical is None:
        return set()
    bad = clinical.notes.filter(pl.col("severity") == Severity.ERROR, pl.col("subject").is_not_null())
    return set(bad.select("sample", "subject").iter_rows())
