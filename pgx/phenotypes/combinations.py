"""Combinations whose parts stand on a list one by one: what a label says of the whole holds for who takes its parts.

"Lopinavir/ritonavir" and "lopinavir, ritonavir" are the same treatment. Only combinations that a label names are asked
for: what the parts do by themselves is known of each.
"""

from __future__ import annotations

import polars as pl

from pgx import schema
from pgx.knowledge.acting import PLANNED
from pgx.knowledge.base import KnowledgeBase
from pgx.knowledge.drug_names import drug_names

SOURCE = "parts"
"""Source of such an entry of a list."""
_KEY = ["sample", "drug"]


def of_parts(medications: pl.DataFrame, kb: KnowledgeBase) -> pl.DataFrame:
    """Return an entry for each combination all of whose parts a person takes or is to take, and that is not listed.

    Parameters
    ----------
    medications
        `schema.MEDICATIONS`. What was stopped makes no combination.
    kb
        Knowledge base; its ``label_interactions`` table and the products.

    Returns
    -------
    polars.DataFrame
        `schema.MEDICATIONS`: planned where one of the parts is only planned, from the day on which the last part was
        begun to the day on which the first one ends.
    """
    made: pl.DataFrame = kb.remember("combinations that labels name", lambda: _named(kb))
    listed = medications.filter(pl.col("status") != "stopped")
    parts = listed.with_columns(part=pl.col("drug").str.to_lowercase()).drop("drug").join(made, on="part")
    if parts.is_empty():
        return schema.empty(schema.MEDICATIONS)
    last = pl.when(pl.col("end").is_null().any()).then(None).otherwise(pl.col("end").max())
    of_each = parts.group_by(*_KEY, "part", "number").agg(
        planned=(pl.col("status") == PLANNED).all(), start=pl.col("start").min(), end=last
    )
    whole = of_each.group_by(*_KEY, "number").agg(
        pl.len(), pl.col("planned").any(), pl.col("start").max(), pl.col("end").min()
    )
    complete = whole.filter(pl.col("len") == pl.col("number")).join(listed, on=_KEY, how="anti").sort(_KEY)
    status = pl.when(pl.col("planned")).then(pl.lit(PLANNED)).otherwise(pl.lit("current"))
    rows = complete.select(*_KEY, "start", "end", status=status, source=pl.lit(SOURCE))
    return schema.from_rows(rows.to_dicts(), schema.MEDICATIONS)


def _named(kb: KnowledgeBase) -> pl.DataFrame:
    """Return ``drug part number`` of the combinations that labels name: each part, and how many there are."""
    told = {agent.lower() for agent in kb.table("label_interactions")["agent"].drop_nulls()}
    rows = [
        {"drug": whole, "part": part.lower(), "number": len(parts)}
        for whole, parts in drug_names(kb).made_of.items()
        # A part that nobody knows would make a whole of the rest.
        if whole.lower() in told and len(parts) == whole.count("/") + 1
        for part in parts
    ]
    return pl.DataFrame(rows, schema={"drug": pl.String, "part": pl.String, "number": pl.UInt32})
