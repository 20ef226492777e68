"""Which drugs act on the enzymes that carry another drug, and whether that raises or lowers it.

An interaction counts here if it is expected to change the drug's level about twofold or more: a strong inhibitor or
inducer on any enzyme that carries the drug, a moderate one where the drug is a sensitive substrate (FDA's classes:
a sensitive substrate rises fivefold with a strong inhibitor, and twofold or more with a moderate one).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from pgx.knowledge.acting import Acting
from pgx.knowledge.base import KnowledgeBase
from pgx.knowledge.overlays import LOCAL
from pgx.phenotypes.exposures import exposures, present_days
from pgx.types import ClinicalData

MARKED = (("strong", "sensitive"), ("strong", "moderate"), ("strong", "major"), ("moderate", "sensitive"))
"""Strengths of an agent and of a substrate that together change the level markedly."""

COLUMNS = {
    **dict.fromkeys(("sample", "drug", "agent", "enzyme", "strength", "role", "phase", "effect"), pl.String),
    "marked": pl.Boolean,
    "recall": pl.Boolean,
    "unverified": pl.Boolean,
    "local": pl.String,
}
"""Columns of `acting_drugs`."""

_RECALL = "recall"


def acting_drugs(clinical: ClinicalData | None, kb: KnowledgeBase, *, as_of: date | None = None) -> pl.DataFrame:
    """Return which drugs of each person's list act on which drug.

    Parameters
    ----------
    clinical
        The medication lists.
    kb
        Knowledge base; its ``substrates`` and ``interactions`` tables.
    as_of
        Day for which it holds; None = each person's own (`pgx.phenotypes.exposures.present_days`).

    Returns
    -------
    polars.DataFrame
        ``sample drug agent enzyme strength role phase effect marked recall unverified local``, the strongest agent of a
        drug first. `drug` is any drug of the substrates table, whether it is taken or not, never the agent itself;
        `marked` says whether the interaction counts, `recall` whether it rests on a fact without a checked source.
        A pair that a label names without an enzyme has the effect ``with``, and neither enzyme, strength nor role.
    """
    if clinical is None:
        return pl.DataFrame(schema=COLUMNS)
    # Label limits and advice ask for the same people, block by block.
    kept: list[tuple[ClinicalData, date | None, pl.DataFrame]] = kb.remember("last acting drugs", list)
    for known, day, frame in kept:
        if known is clinical and day == as_of:
            return frame
    found = pl.concat([_acting_drugs(clinical, kb, as_of), _named_by_labels(clinical, kb, as_of)])
    kept[:] = [(clinical, as_of, found)]
    return found


def _acting_drugs(clinical: ClinicalData, kb: KnowledgeBase, as_of: date | None) -> pl.DataFrame:
    marked = pl.DataFrame(MARKED, schema=["strength", "sensitivity"], orient="row").with_columns(marked=pl.lit(True))
    carried = kb.table("substrates").select(
        "drug",
        "by",
        gene="enzyme",
        way="role",
        sensitivity="strength",
        recalled=pl.col("confidence") == _RECALL,
        own=LOCAL,
    )
    raised = (pl.col("trigger") == "inhibitor") == (pl.col("way") == "clears")
    form = pl.when(pl.col("way") == "activates").then(pl.lit("_active_form")).otherwise(pl.lit(""))
    return (
        exposures(clinical, kb, as_of=as_of)
        .filter(pl.col("trigger").is_in(["inhibitor", "inducer"]))
        .join(carried, on="gene")
        .join(marked, on=["strength", "sensitivity"], how="left")
        .filter(
            pl.col("agent").str.to_lowercase() != pl.col("drug"),
            pl.col("by").is_null() | (pl.col("by") == pl.col("trigger")),
        )
        .with_columns(
            enzyme="gene",
            role="trigger",
            effect=pl.when(raised).then(pl.lit("raises")).otherwise(pl.lit("lowers")) + form,
            marked=pl.col("marked").fill_null(False),
            recall=pl.col("recalled") | (pl.col("confidence") == _RECALL),
            unverified=pl.col("confidence") == _RECALL,
            local=pl.coalesce(LOCAL, "own"),
            rank=pl.col("strength").replace_strict({"strong": 0, "moderate": 1}, default=2),
        )
        .sort("sample", "drug", "rank", "enzyme", "agent", "phase")
        .select(list(COLUMNS))
    )


def _named_by_labels(clinical: ClinicalData, kb: KnowledgeBase, as_of: date | None) -> pl.DataFrame:
    """Return the pairs of which a label speaks by name alone, of drugs taken now or planned."""
    pairs = kb.table("label_interactions").filter(pl.col("enzyme").is_null())
    names = pairs.select("drug", listed=pl.col("agent").str.to_lowercase(), local=LOCAL).unique(maintain_order=True)
    taken = clinical.medications.join(present_days(clinical, as_of), on="sample", how="left")
    over = (pl.col("end") < pl.col("day")).fill_null(False)
    here = taken.filter(pl.col("status") != "stopped", ~over).select(
        "sample", agent="drug", phase="status", listed=pl.col("drug").str.to_lowercase()
    )
    nothing = dict.fromkeys(("enzyme", "strength", "role"), pl.lit(""))
    return (
        here.unique(maintain_order=True)
        .join(names, on="listed", maintain_order="left")
        .filter(pl.col("listed") != pl.col("drug").str.to_lowercase())
        .with_columns(
            **nothing, effect=pl.lit("with"), marked=pl.lit(False), recall=pl.lit(False), unverified=pl.lit(False)
        )
        .sort("sample", "drug", "agent", "phase")
        .select(pl.col(name).cast(kind) for name, kind in COLUMNS.items())
    )


def acting_of(row: Mapping[str, object]) -> Acting:
    """Return one row of `acting_drugs` as what can be said."""
    agent, enzyme, strength, role, phase, effect = (
        str(row[name]) for name in ("agent", "enzyme", "strength", "role", "phase", "effect")
    )
    return Acting(agent, enzyme, strength, role, phase, effect, unverified=bool(row["unverified"]))
