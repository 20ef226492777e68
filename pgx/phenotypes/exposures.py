"""What acts on a person's enzymes: drugs taken, drugs stopped a short while ago, drugs planned, smoke, inflammation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import polars as pl

from pgx.knowledge.acting import PLANNED
from pgx.knowledge.base import KnowledgeBase
from pgx.knowledge.drug_names import drug_names
from pgx.knowledge.overlays import LOCAL
from pgx.types import ClinicalData

EXPOSURE_COLUMNS = {
    "sample": pl.String,
    "gene": pl.String,
    "trigger": pl.String,
    "strength": pl.String,
    "agent": pl.String,
    "phase": pl.String,
    "confidence": pl.String,
    "local": pl.String,
    "until": pl.Date,
}
"""``trigger``: inhibitor, inducer, smoking, inflammation, `WITH`; ``agent``: the drug, or the concept that shows it;
``phase``: current, washout (stopped, still acting), planned; ``confidence``: read or recall; ``local``: the overlay
that says so, null for the product's own facts; ``until``: the last day on which what was stopped acts, null for what is
taken."""
WITH = "with"
"""Trigger of a drug that was stopped and that labels still warn of beside others; it has no gene and no strength."""
RUNNING_AFTER = timedelta(days=28)
"""A drug taken for so long is a running therapy: the steady state and the first titration lie behind it.

The four weeks are this program's own choice; no guideline gives them."""


def long_taken(clinical: ClinicalData | None, as_of: date | None = None) -> frozenset[tuple[str, str]]:
    """Return (sample, drug) of what has been taken for long: it has a present dose and a response, and no first one.

    A drug of which nobody wrote when it was begun is none of them.
    """
    if clinical is None:
        return frozenset()
    taken = clinical.medications.filter(pl.col("status") == "current", pl.col("start").is_not_null())
    dated = taken.join(present_days(clinical, as_of), on="sample")
    return frozenset(
        dated.filter(pl.col("start") + RUNNING_AFTER <= pl.col("day")).select("sample", "drug").iter_rows()
    )


def undated(clinical: ClinicalData | None) -> frozenset[tuple[str, str]]:
    """Return (sample, drug) of what is taken and of which nobody wrote when it was begun."""
    if clinical is None:
        return frozenset()
    taken = clinical.medications.filter(pl.col("status") == "current").group_by("sample", "drug")
    begun = taken.agg(pl.col("start").is_not_null().any())
    return frozenset(begun.filter(~pl.col("start")).select("sample", "drug").iter_rows())


def known_medication(clinical: ClinicalData | None) -> set[str]:
    """Return the samples whose medication is known: a drug taken now, or the statement that the list is given.

    A plan or a drug of the past does not say what is taken now, nor does a list with a drug that could not be read but
    may be one of the knowledge base's.
    """
    if clinical is None:
        return set()
    told = clinical.observations.filter(pl.col("concept") == "medication_list")["sample"]
    unread = clinical.observations.filter(pl.col("concept") == "medication_unread")["sample"]
    return {*clinical.medications.filter(pl.col("status") == "current")["sample"], *told} - set(unread)


def present_days(clinical: ClinicalData, as_of: date | None = None) -> pl.DataFrame:
    """Return ``sample day``: the day that counts as now for each person of whom anything is known; null = unknown.

    `as_of` for all, or else the person's own ``as_of`` statement, or else the newest day on which something was
    observed of that person or a drug was begun. A planned start lies in the future, and the day on which a drug was
    stopped does not say how long ago that is.
    """
    observed, taken = clinical.observations.lazy(), clinical.medications.lazy()
    people = pl.concat([observed.select("sample"), taken.select("sample")]).unique(maintain_order=True)
    if as_of is not None:
        return people.with_columns(day=pl.lit(as_of)).collect()
    stated = observed.filter(pl.col("concept") == "as_of").select(
        "sample", stated=pl.col("code").str.to_date(strict=False)
    )
    dates = pl.concat(
        [
            observed.select("sample", found="date"),
            taken.filter(pl.col("status") != PLANNED).select("sample", found="start"),
        ]
    )
    newest = dates.group_by("sample").agg(pl.col("found").max())
    return (
        people.join(
            stated.group_by("sample").agg(pl.col("stated").max()), on="sample", how="left", maintain_order="left"
        )
        .join(newest, on="sample", how="left", maintain_order="left")
        .select("sample", day=pl.coalesce("stated", "found"))
        .collect()
    )


def exposures(clinical: ClinicalData | None, kb: KnowledgeBase, *, as_of: date | None = None) -> pl.DataFrame:
    """Return one row per person, gene and agent; columns `EXPOSURE_COLUMNS`.

    Each person's own day counts as now (`present_days`). A drug stopped on an unknown day counts as gone
    (`pgx.phenotypes.notes` says so); one stopped within its washout days acts on.
    """
    if clinical is None:
        return pl.DataFrame(schema=EXPOSURE_COLUMNS)
    # Several stages of a run ask for the exposures of the same people: as they are, with and without their plans.
    return lately("last exposures", clinical, kb, as_of, _exposures)


def lately(
    what: str,
    clinical: ClinicalData,
    kb: KnowledgeBase,
    as_of: date | None,
    make: Callable[[ClinicalData, KnowledgeBase, date | None], pl.DataFrame],
) -> pl.DataFrame:
    """Return what `make` gives for these people on this day; the last three answers are kept under the name `what`."""
    kept: list[tuple[ClinicalData, date | None, pl.DataFrame]] = kb.remember(what, list)
    for known, day, frame in kept:
        if known is clinical and day == as_of:
            return frame
    made = make(clinical, kb, as_of)
    kept[:] = [*kept[-2:], (clinical, as_of, made)]
    return made


def _exposures(clinical: ClinicalData, kb: KnowledgeBase, as_of: date | None) -> pl.DataFrame:
    days = present_days(clinical, as_of)
    drugs = _drugs(clinical.medications, kb, days)
    other = _observed(clinical.observations, kb, days)
    frame = pl.concat([drugs, other]).select(pl.col(name).cast(kind) for name, kind in EXPOSURE_COLUMNS.items())
    known = [name for name in EXPOSURE_COLUMNS if name != "until"]
    return (
        frame.group_by(known).agg(pl.col("until").max()).sort("sample", "gene", "trigger", "strength", "agent", "phase")
    )


def agents(kb: KnowledgeBase) -> pl.DataFrame:
    """Return ``drug gene trigger strength confidence local days`` of each inhibitor and inducer, groups unfolded."""
    return kb.remember("agents", lambda: _agents(kb))


def acts_on(kb: KnowledgeBase) -> dict[str, frozenset[str]]:
    """Return the genes of the enzymes that each inhibitor and inducer acts on, by its name in lower case."""
    return kb.remember(
        "acts on",
        lambda: {drug: frozenset(genes) for drug, genes in agents(kb).group_by("drug").agg("gene").iter_rows()},
    )


def _agents(kb: KnowledgeBase) -> pl.DataFrame:
    listed = kb.table("interactions").select(
        pl.col("drug").str.to_lowercase(), "enzyme", "strength", "confidence", LOCAL, trigger="role"
    )
    groups = kb.table("enzyme_groups").select("gene", "enzyme", grouped=LOCAL)
    own = listed.rename({"enzyme": "gene"})
    shared = listed.join(groups, on="enzyme").with_columns(pl.coalesce(LOCAL, "grouped").alias(LOCAL))
    shared = shared.select(own.columns)
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


def _drugs(medications: pl.DataFrame, kb: KnowledgeBase, days: pl.DataFrame) -> pl.DataFrame:
    taken = medications.with_columns(agent=pl.col("drug"), drug=pl.col("drug").str.to_lowercase())
    of_pairs = pair_washouts(kb).select(
        "days", drug="listed", gene=pl.lit(""), trigger=pl.lit(WITH), strength=pl.lit("")
    )
    of_pairs = of_pairs.unique(maintain_order=True).with_columns(confidence=pl.lit("read"))
    known = pl.concat([agents(kb), of_pairs], how="diagonal_relaxed")
    found = taken.join(known, on="drug").join(days, on="sample", how="left")
    # An end date that has passed decides, whatever the list calls the drug; without a day nothing has passed.
    over = (pl.col("end") < pl.col("day")).fill_null(False)
    acts_on = (pl.col("end") + pl.duration(days=pl.col("days")) >= pl.col("day")).fill_null(False)
    stopped = (pl.col("status") == "stopped") | (over & (pl.col("status") == "current"))
    phase = pl.when(stopped & acts_on).then(pl.lit("washout")).when(stopped).then(pl.lit("stopped")).otherwise("status")
    until = pl.when(stopped).then(pl.col("end") + pl.duration(days=pl.col("days")))
    acting = found.with_columns(phase=phase, until=until.cast(pl.Date)).filter(pl.col("phase") != "stopped")
    # A label speaks of what is taken by its name; only of what was stopped, and not begun again, the days tell.
    gone = (pl.col("phase") == "washout").all().over("sample", "drug", "trigger")
    acting = acting.filter((pl.col("trigger") != WITH) | gone)
    # What a combination as a whole does to an enzyme stands for what its parts do to it.
    return acting.join(_parts(acting, kb), on=["sample", "drug", "gene"], how="anti").select(list(EXPOSURE_COLUMNS))


def pair_days(kb: KnowledgeBase) -> dict[tuple[str, str], int]:
    """Return agent and drug -> days after the agent's last dose for which a label warns of the two."""
    return kb.remember("days of pairs", lambda: _pair_days(kb))


def _pair_days(kb: KnowledgeBase) -> dict[tuple[str, str], int]:
    listed = pl.col("agent").str.to_lowercase()
    pairs = kb.table("label_interactions").filter(pl.col("enzyme").is_null()).with_columns(listed=listed)
    named = pairs.select("drug", "agent", "listed").join(pair_washouts(kb), on="listed")
    held = named.filter(pl.col("beside").is_null() | (pl.col("beside") == pl.col("drug")))
    return {(agent, drug): days for agent, drug, days in held.select("agent", "drug", "days").iter_rows()}


def pair_washouts(kb: KnowledgeBase) -> pl.DataFrame:
    """Return ``listed beside days``: for how long after its last dose labels warn of a drug beside others.

    ``listed`` is in lower case; ``beside`` is the other drug, null = every one that a label names with it.
    """
    rows = kb.table("washout").filter(role=WITH)
    return rows.select(
        pl.col("drug").str.to_lowercase().alias("listed"), pl.col("beside").str.split(";"), "days"
    ).explode("beside")


def _parts(acting: pl.DataFrame, kb: KnowledgeBase) -> pl.DataFrame:
    """Return ``sample drug gene`` of the parts of each combination that has a row of its own for the enzyme."""
    made_of = [(whole.lower(), part.lower()) for whole, parts in drug_names(kb).made_of.items() for part in parts]
    parts = pl.DataFrame(made_of, schema={"drug": pl.String, "part": pl.String}, orient="row")
    return acting.select("sample", "drug", "gene").join(parts, on="drug").select("sample", "gene", drug="part")


def _observed(observations: pl.DataFrame, kb: KnowledgeBase, days: pl.DataFrame) -> pl.DataFrame:
    frames = [pl.DataFrame(schema=EXPOSURE_COLUMNS)]
    told = frozenset(observations["concept"].unique())
    for row in kb.table("exposures").iter_rows(named=True):
        if row["concept"] not in told:
            continue
        passes = bool(row["answer"])
        seen = newest(observations, row["concept"], days, window_days=row["window_days"], passes=passes)
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
                local=pl.lit(row[LOCAL], dtype=pl.String),
                until=pl.lit(None, dtype=pl.Date),
            )
            for gene in row["genes"].split(";")
        ]
    return pl.concat(frames)


def newest(
    observations: pl.DataFrame,
    concept: str,
    days: pl.DataFrame,
    *,
    window_days: int | None = None,
    passes: bool = False,
) -> pl.DataFrame:
    """Return each person's newest observation of a concept as of their day; a value without a date is of that day.

    Parameters
    ----------
    observations
        `schema.CLINICAL`.
    concept
        Concept name.
    days
        ``sample day``, as of `present_days`; a later observation is left out.
    window_days
        Greatest age of an observation that still counts; None = any age.
    passes
        Whether the concept is a state and no measured number: with a window, one that ended before the day is over.
    """
    rows = observations.filter(pl.col("concept") == concept)
    if rows.is_empty():
        return rows
    age = (pl.col("day") - pl.coalesce("end_date", "date")).dt.total_days()
    begun = (pl.col("date") <= pl.col("day")).fill_null(True)
    recent = pl.lit(True) if window_days is None else (age <= window_days).fill_null(True)
    if passes and window_days is not None:
        recent = recent & (pl.col("end_date") >= pl.col("day")).fill_null(True)
    return (
        rows.lazy()
        .join(days.lazy(), on="sample", how="left", maintain_order="left")
        .filter(begun & recent)
        .with_columns(order=pl.coalesce("date", "day"))
        .sort("order", nulls_last=True, maintain_order=True)
        .unique("sample", keep="last", maintain_order=True)
        .drop("order", "day")
        .collect()
    )
