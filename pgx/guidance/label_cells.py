"""The cells that every row of a label shares, whether it is about the person or about another drug on the list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pgx.cells import BY_GENE, NAMES
from pgx.codes import FlagCode

FLAG = FlagCode.LABEL_LIMIT
"""Flag of a row that rests on the label and the person, not on a gene."""
NO_GENE = "none"
"""What stands for the genes of such a row."""
CONSTANT = (
    "drug", "source", "guideline", "genes", "phenotypes", "population", "action", "strength", "recommendation", "url",
    "urgency", "static_flags",
)  # fmt: skip
"""Columns of `pgx.schema.GUIDANCE` that a row of a label fills."""
TYPES = {"genes": NAMES, "static_flags": NAMES, "phenotypes": BY_GENE}
"""Types of those columns that hold lists; the others are text."""


def constants(row: Mapping[str, Any], urgencies: Mapping[str, str]) -> dict[str, Any]:
    """Return the cells of a row of ``label_limits`` or ``label_interactions`` that hold for every person.

    Parameters
    ----------
    row
        The row of the table.
    urgencies
        Action -> urgency.
    """
    flags = [FLAG]
    flags += [FlagCode.RECALL] if row["confidence"] == "recall" else []
    flags += [FlagCode.LOCAL] if row["local"] else []
    return {
        "drug": row["drug"],
        "source": row["label"],
        "guideline": row["limit_id"],
        "genes": [NO_GENE],
        "action": row["action"],
        "strength": "none",
        "url": row["url"],
        "urgency": urgencies[row["action"]],
        "static_flags": [flag.value for flag in flags],
    }


def holds(label: str = "the label", beside: str | None = None, gene: str | None = None, result: str = "") -> str:
    """Return the sentence that says whose row it is, and of whom it holds.

    Parameters
    ----------
    label
        The label, in words.
    beside
        Enzyme that does not work either in those whom the row is about.
    gene, result
        The gene whose result the row is about, and the result; empty where it is not known.
    """
    if gene:
        return (
            f"This is from {label}, for {gene} {result}." if result else f"This is from {label}; {gene} is not known."
        )
    if beside:
        return f"This is from {label}, for persons whose {beside} does not work either."
    return f"This is from {label} and holds whatever the genes."
