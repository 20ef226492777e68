"""What acts on a person's enzymes: drugs taken, drugs stopped a short while ago, drugs planned, smoke, inflammation."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from pgx.knowledge import KnowledgeBase
from pgx.types import ClinicalData

EXPOSURE_COLUMNS = {
    "sample": pl.String,
    "gene": pl.String,
    "trigger": pl.String,
    "strength": pl.String,
    "agent": pl.String,
    "phase": pl.String,
    "confidence": pl.String,
}
"""``trigger``: inhibitor, inducer, smoking, inflammation; ``agent``: the drug, or the concept that shows the exposure;
``phase``: current, washout (stopped, still acting), planned; ``confidence``: read or recall."""


def known_medication(clinical: ClinicalData | None) -> set[str]:
    """Return the samples whose medication is known: a drug, or the statement that the list is given."""
    if clinical is None:
        return set()
    told = clinical.observations.filter(pl.col("concept") == "medication_list")["sample"]
    return {*clinical.medications["sample"], *told}


def newest_date(clinical: ClinicalData | None) -> date | None:
    """Return the newest day on which something was observed or a drug was begun.

    A planned start lies in the future, and the day on which a drug was stopped does not say how long ago that is.
    """
    if clinical is None:
        return None
    taken = clinical.medications.filter(pl.col("status") != "planned")
    dates = [clinical.observations["date"].max(), taken["start"].max()]
    return max((day for day in dates if isinstance(day, date)), default=None)


def exposures(clinical: ClinicalData | None, kb: KnowledgeBase, *, as_of: date | None = None) -> pl.DataFrame:
    """Return one row per person, gene and agent; columns `EXPOSURE_COLUMNS`.

    A drug stopped on an unknown day counts as gone (`pgx.phenotypes.notes` says so); one stopped within its washout
    days acts on.
    """
    if clinical is None:
        return pl.DataFrame(schema=EXPOSURE_COLUMNS)
    day = as_of or newest_date(clinical)
    drugs = _drugs(clinical.medications, kb, day)
    other = _observed(clinical.observations, kb, day)
    frame = pl.concat([drugs, other]).select(pl.col(name).cast(kind) for name, kind in EXPOSURE_COLUMNS.items())
    return frame.unique().sort("sample", "gene", "trigger", "strength", "agent", "phase")


def agents(kb: KnowledgeBase) -> pl.DataFrame:
    """Return ``drug gene trigger strength confidence days`` of each inhibitor and inducer, enzyme groups unfolded."""
    return kb.remember("agents", lambda: _agents(kb))


def _agents(kb: KnowledgeBase) -> pl.DataFrame:
    listed = kb.table("interactions").select(
        pl.col("drug").str.to_lowercase(), "enzyme", "strength", "confidence", trigger="role"
    )
    groups = kb.table("enzyme_groups").select("gene", "enzyme")
    own = listed.rename({"enzyme": "gene"})
    shared = listed.join(groups, on="enzyme").select(own.columns)
    # The gene's own row wins over the one that its group lends it.
    both = pl.concat([own, shared]).unique(["drug", "gene", "trigger"], keep="first", maintain_order=True)
    washout = kb.table("washout").select("drug", "days", trigger="role")
    usual = washout.filter(pl.col("drug") == "*").select("trigger", usual="days")
    return (
        both.join(washout, on=["drug", "trigger"], how="left")
        .join(usual, on="trigger", how="left")
        .with_columns(days=pl.coalesce("days", "usual"))
        .drop("usual")
        .sort("drug", "gene", "trigger")
    )


def _drugs(medications: pl.DataFrame, kb: KnowledgeBase, day: date | None) -> pl.DataFrame:
    taken = medications.with_columns(agent=pl.col("drug"), drug=pl.col("drug").str.to_lowercase())
    found = taken.join(agents(kb), on="drug").with_columns(phase=pl.col("status"))
    if day is not None:
        # An end date that has passed decides, whatever the list calls the drug.
        over = pl.col("end").is_not_null() & (pl.col("end") < day)
        acts_on = pl.col("end") + pl.duration(days=pl.col("days")) >= day
        stopped = (pl.col("phase") == "stopped") | (over & (pl.col("phase") == "current"))
        found = found.with_columns(
            phase=pl.when(stopped & acts_on.fill_null(False))
            .then(pl.lit("washout"))
            .when(stopped)
            .then(pl.lit("stopped"))
            .otherwise("phase")
        )
    return found.filter(pl.col("phase") != "stopped").select(list(EXPOSURE_COLUMNS))


def _observed(observations: pl.DataFrame, kb: KnowledgeBase, day: date | None) -> pl.DataFrame:
    frames = [pl.DataFrame(schema=EXPOSURE_COLUMNS)]
    for row in kb.table("exposures").iter_rows(named=True):
        seen = newest(observations, row["concept"])
        if day is not None:
            seen = seen.filter(pl.col("date").is_null() | (pl.col("date") >= day - timedelta(days=row["window_days"])))
        shows = pl.col("code") == row["answer"] if row["answer"] else pl.col("value") >= row["min_value"]
        hit = seen.filter(shows).select("sample")
        frames += [
            hit.with_columns(
                gene=pl.lit(gene),
                trigger=pl.lit(row["trigger"]),
                strength=pl.lit(row["strength"]),
                agent=pl.lit(row["concept"]),
                phase=pl.lit("current"),
                confidence=pl.lit("recall" if "recall" in row["source"] else "read"),
            )
            for gene in row["genes"].split(";")
        ]
    return pl.concat(frames)


def newest(observations: pl.DataFrame, concept: str) -> pl.DataFrame:
    """Return each person's newest observation of a concept; one without a date counts as the oldest."""
    return (
        observations.filter(pl.col("concept") == concept)
        .sort("date", nulls_last=False, maintain_order=True)
        .unique("sample", keep="last", maintain_order=True)
    )
