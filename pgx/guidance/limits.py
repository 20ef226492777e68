"""Whom a drug's label rules out, whatever the genes: rows of their own, never mixed with advice on a genotype."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

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
        ``at`` (place of the person in `samples`), ``code`` (0 = it holds, 1 = the data do not decide) and the columns
        of `schema.GUIDANCE` that a limit has. Who is known not to be concerned has no row.
    """
    urgencies = dict(kb.table("actions").select("action", "urgency").iter_rows())
    found = []
    for row in kb.table("label_limits").filter(pl.col("drug").is_in(list(wanted))).iter_rows(named=True):
        # "Except with ...": only an exception that somebody recorded lets a person off.
        truth = populations.decide(row["population"], (), row["drug"], exceptions_known=True)
        people = wanted[row["drug"]]
        asked = np.array([people is None or sample in people for sample in samples])
        concerned = np.flatnonzero(asked & (truth != NO))
        if not len(concerned):
            continue
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
            "static_flags": ";".join(flags),
        }
        found.append(
            pl.DataFrame({"at": concerned, "code": np.where(truth[concerned] == YES, 0, 1)}).with_columns(
                pl.lit(value, dtype=pl.String).alias(name) for name, value in constants.items()
            )
        )
    return pl.concat(found) if found else pl.DataFrame()
