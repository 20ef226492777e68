"""Whom a drug's label rules out, whatever the genes: rows of their own, never mixed with advice on a genotype."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from pgx import schema
from pgx.guidance.populations import NO, YES, Populations
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.sentences import compose

FLAG = "label_limit"
"""Flag of a row that rests on the label and the person, not on a gene."""
NO_GENE = "none"
"""What stands for the genes of such a row."""

_HOLDS = "This is from the label and holds whatever the genes."


def limits(
    kb: KnowledgeBase,
    populations: Populations,
    samples: Sequence[str],
    wanted: Mapping[str, set[str] | None],
) -> pl.DataFrame:
    """Return the label limits that hold, or may hold, for each person's drugs.

    Parameters
    ----------
    kb
        Knowledge base; its ``label_limits`` table.
    populations
        The populations, decided for `samples`.
    samples
        The persons.
    wanted
        Drug -> persons that it is asked for; None = all.

    Returns
    -------
    polars.DataFrame
        `schema.GUIDANCE`; ``genes`` is ``none``, ``applies`` is ``yes``, or ``if_population`` where the data do not
        decide. Who is known not to be concerned has no row.
    """
    urgencies = dict(kb.table("actions").select("action", "urgency").iter_rows())
    names = pl.Series("sample", samples, dtype=pl.String)
    found = []
    for row in kb.table("label_limits").filter(pl.col("drug").is_in(list(wanted))).iter_rows(named=True):
        truth = populations.decide(row["population"], (), row["drug"])
        people = wanted[row["drug"]]
        asked = np.array([people is None or sample in people for sample in samples])
        concerned = np.flatnonzero(asked & (truth != NO))
        flags = [FLAG, *(["recall"] if row["confidence"] == "recall" else []), *(["local"] if row["local"] else [])]
        constants = {
            "drug": row["drug"],
            "source": row["label"],
            "guideline": row["limit_id"],
            "genes": NO_GENE,
            "population": row["population"],
            "action": row["action"],
            "strength": "none",
            "recommendation": f"{compose(row, kb=kb)} {_HOLDS}",
            "url": row["url"],
            "urgency": urgencies[row["action"]],
            "flags": ";".join(flags),
        }
        found.append(
            pl.DataFrame({"sample": names[concerned], "sure": truth[concerned] == YES})
            .with_columns(
                applies=pl.when("sure").then(pl.lit("yes")).otherwise(pl.lit("if_population")),
                **{name: pl.lit(value, dtype=pl.String) for name, value in constants.items()},
            )
            .drop("sure")
        )
    if not found:
        return schema.empty(schema.GUIDANCE)
    every = pl.concat(found)
    missing = [column for column in schema.GUIDANCE if column.name not in every.columns]
    every = every.with_columns(pl.lit(None, dtype=column.dtype).alias(column.name) for column in missing)
    return schema.conform(every.select(column.name for column in schema.GUIDANCE), schema.GUIDANCE)


def joined(advice: pl.DataFrame, more: pl.DataFrame, samples: Sequence[str], drugs: Sequence[str]) -> pl.DataFrame:
    """Put the limits behind the advice on the same person and drug."""
    if more.is_empty():
        return advice
    people = pl.DataFrame({"sample": samples}, schema={"sample": pl.String}).with_row_index("_person")
    order = pl.DataFrame({"drug": drugs}, schema={"drug": pl.String}).with_row_index("_drug")
    return (
        pl.concat([advice, more])
        .join(people, on="sample", how="left", maintain_order="left")
        .join(order, on="drug", how="left", maintain_order="left")
        .sort("_person", "_drug", maintain_order=True)
        .drop("_person", "_drug")
    )
