"""Clinical, laboratory, medication, lifestyle and trend features."""

from __future__ import annotations

from collections.abc import Callable, Collection

import polars as pl

from pgx.cells import distinct, sums
from pgx.clinical.current import current_values
from pgx.clinical.vocabulary import vocabulary
from pgx.features import refused
from pgx.features.registry import STRENGTHS, drug_slugs
from pgx.knowledge import KnowledgeBase
from pgx.types import ClinicalData

MIN_SPAN_DAYS = 14
"""A slope needs values over at least this many days."""
Wanted = Callable[[str], bool]


def now_of(clinical: ClinicalData) -> pl.DataFrame:
    """Return ``sample as_of``: the day that counts as now for each person, as the reader found it."""
    rows = clinical.observations.filter(pl.col("concept") == "as_of")
    return rows.select("sample", as_of=pl.col("code").str.to_date(strict=False)).unique("sample", maintain_order=True)


def clinical_columns(
    clinical: ClinicalData, kb: KnowledgeBase, samples: pl.DataFrame, wanted: Collection[str] | None
) -> list[pl.Series]:
    """Return the clinical, medication and trend features, one series each, in the order of `samples`.

    A condition nobody states is null, not absent; a drug is absent only where the medication list is known and no drug
    on it that could not be read may be the one.
    """

    def asked(name: str) -> bool:
        return wanted is None or name in wanted

    now = now_of(clinical)
    return [
        *_values(clinical, kb, samples, now, asked),
        *([refused.column(clinical, kb, samples)] if asked(refused.NAME) else []),
        *_medications(clinical, kb, samples, asked),
        *_trends(clinical, kb, samples, now, asked),
    ]


def _values(
    clinical: ClinicalData, kb: KnowledgeBase, samples: pl.DataFrame, now: pl.DataFrame, asked: Wanted
) -> list[pl.Series]:
    words = vocabulary(kb)
    chosen = [c for c in words.concepts.values() if c.feature and asked(c.feature)]
    rows = clinical.observations.filter(pl.col("concept").is_in([c.name for c in chosen]))
    current = current_values(rows, now, words).select("sample", "concept", "value", "code")
    parts = current.partition_by("concept", as_dict=True)
    columns = []
    for concept in chosen:
        spread = samples.join(
            parts.get((concept.name,), current.clear()), on="sample", how="left", maintain_order="left"
        )
        found = spread["value"] if concept.kind == "numeric" else spread["code"]
        if concept.kind == "boolean":
            found = found == "yes"
        columns.append(found.alias(str(concept.feature)))
    return columns


def _medications(clinical: ClinicalData, kb: KnowledgeBase, samples: pl.DataFrame, asked: Wanted) -> list[pl.Series]:
    taken = (
        clinical.medications.filter(pl.col("status") == "current").select("sample", "drug").unique(maintain_order=True)
    )
    listed = clinical.observations.filter(pl.col("concept") == "medication_list").select("sample").unique()
    listed = pl.concat([listed, taken.select("sample")]).unique()
    known = samples.join(listed.with_columns(known=pl.lit(True)), on="sample", how="left", maintain_order="left")[
        "known"
    ]
    doubts = _doubts(clinical)
    columns = []
    if asked("medication.count"):
        counts = samples.join(taken.group_by("sample").len(), on="sample", how="left", maintain_order="left")
        number = counts["len"].fill_null(0).cast(pl.Float64)
        unread = set().union(*doubts.values())
        columns.append(_without(_only_where(known, number), samples, unread).alias("medication.count"))
    by_drug = {drug: set(rows["sample"]) for (drug,), rows in taken.partition_by("drug", as_dict=True).items()}
    nobody = _only_where(known, pl.repeat(False, samples.height, eager=True))
    for name, drugs in drug_slugs(kb).items():
        if asked(f"medication.{name}"):
            takers = set().union(*(by_drug.get(drug, set()) for drug in drugs))
            flags = _only_where(known, samples["sample"].is_in(sorted(takers))) if takers else nobody
            maybe = set().union(*(doubts.get(drug, set()) for drug in (*drugs, ANY))) - takers
            columns.append(_without(flags, samples, maybe).alias(f"medication.{name}"))
    return columns + _interactions(taken, known, doubts, kb, samples, asked)


ANY = "any"
"""Code of ``medication_unread`` for a drug of which not even a name is known."""


def _doubts(clinical: ClinicalData) -> dict[str, set[str]]:
    """Drug -> the persons whose list has something unread that may be it."""
    rows = clinical.observations.filter(pl.col("concept") == "medication_unread")
    return {str(drug): set(part["sample"]) for (drug,), part in rows.partition_by("code", as_dict=True).items()}


def _without(values: pl.Series, samples: pl.DataFrame, doubtful: Collection[str]) -> pl.Series:
    return _only_where(~samples["sample"].is_in(sorted(doubtful)), values) if doubtful else values


def _only_where(known: pl.Series, values: pl.Series) -> pl.Series:
    return pl.select(pl.when(known).then(values)).to_series()


def _interactions(
    taken: pl.DataFrame,
    known: pl.Series,
    doubts: dict[str, set[str]],
    kb: KnowledgeBase,
    samples: pl.DataFrame,
    asked: Wanted,
) -> list[pl.Series]:
    """Return the strongest inhibitor and inducer of each enzyme; null where something unread may be a stronger one."""
    ranks = {name: rank for rank, name in enumerate(STRENGTHS, start=1)}
    table = kb.table("interactions").select(
        pl.col("drug").str.to_lowercase(),
        "enzyme",
        "role",
        rank=pl.col("strength").replace_strict(ranks, return_dtype=pl.Int64),
    )
    strongest = (
        taken.with_columns(pl.col("drug").str.to_lowercase())
        .join(table, on="drug")
        .group_by("sample", "enzyme", "role")
        .agg(pl.col("rank").max())
    )
    parts = strongest.partition_by("role", "enzyme", as_dict=True)
    columns = []
    for role, enzyme in table.select("role", "enzyme").unique().sort("role", "enzyme").iter_rows():
        name = f"medication.{role}.{enzyme.lower()}"
        if asked(name):
            found = samples.join(
                parts.get((role, enzyme), strongest.clear()), on="sample", how="left", maintain_order="left"
            )["rank"]
            words = found.fill_null(0).replace_strict(
                {0: "none", **{r: n for n, r in ranks.items()}}, return_dtype=pl.String
            )
            agents = table.filter(pl.col("role") == role, pl.col("enzyme") == enzyme)
            maybe: set[str] = set()
            for drug, people in doubts.items():
                rank = (
                    max(ranks.values()) if drug == ANY else agents.filter(pl.col("drug") == drug.lower())["rank"].max()
                )
                weaker = samples.filter(found.fill_null(0) < (rank or 0))["sample"]
                maybe |= people & set(weaker)
            columns.append(_without(_only_where(known, words), samples, maybe).alias(name))
    return columns


def _trends(
    clinical: ClinicalData, kb: KnowledgeBase, samples: pl.DataFrame, now: pl.DataFrame, asked: Wanted
) -> list[pl.Series]:
    names = refused.TREND_PARTS
    concepts = [
        c for c in vocabulary(kb).concepts.values() if c.trend_days and any(asked(f"trend.{c.name}.{n}") for n in names)
    ]
    periods = pl.DataFrame(
        [(c.name, c.trend_days) for c in concepts], schema={"concept": pl.String, "trend_days": pl.Int64}, orient="row"
    )
    rows = clinical.observations.filter(
        pl.col("origin") == "given", pl.col("date").is_not_null(), pl.col("value").is_not_null()
    )
    rows = rows.join(periods, on="concept", maintain_order="left").join(now, on="sample", maintain_order="left")
    age = (pl.col("as_of") - pl.col("date")).dt.total_days()
    rows = rows.filter(age.is_between(0, pl.col("trend_days"))).with_columns(age=age, years=-age / 365.25)
    _, numbers = distinct(rows, ["sample", "concept"])
    span = pl.col("age").max() - pl.col("age").min()
    summary = rows.group_by("sample", "concept", maintain_order=True).agg(count=pl.len().cast(pl.Float64), span=span)
    x, y = (one - (sums(numbers, one) / summary["count"])[numbers] for one in (rows["years"], rows["value"]))
    summary = summary.with_columns(
        mean=sums(numbers, rows["value"]) / summary["count"],
        sd=(sums(numbers, y * y) / (summary["count"] - 1)).sqrt(),
        slope=sums(numbers, x * y) / sums(numbers, x * x),
    ).with_columns(
        sd=pl.when(pl.col("count") > 1).then("sd"), slope=pl.when(pl.col("span") >= MIN_SPAN_DAYS).then("slope")
    )
    parts = summary.partition_by("concept", as_dict=True)
    columns = []
    for concept in concepts:
        spread = samples.join(
            parts.get((concept.name,), summary.clear()), on="sample", how="left", maintain_order="left"
        )
        columns += [spread[n].alias(f"trend.{concept.name}.{n}") for n in names if asked(f"trend.{concept.name}.{n}")]
    return columns
