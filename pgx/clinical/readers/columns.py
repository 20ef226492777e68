"""The columns that a flat clinical file can have."""

from __future__ import annotations

import polars as pl

from pgx.clinical.readers import long_tables
from pgx.clinical.readers.rows import DATES, IDS, IGNORED, LISTS
from pgx.clinical.vocabulary import vocabulary
from pgx.knowledge import KnowledgeBase

_OWN = (
    *("as_of", "age_margin", "allergy"),
    *("medication_list", "medication_unread", "medication_unknown", "medication_local"),
)
"""Concepts that have no column of their own."""


TEMPLATES = ("csv", "long", "medications")
"""Tables that `template` has: one row a person and day, one row a value, and one row a drug."""


def template(kb: KnowledgeBase, kind: str = "csv") -> str:
    """Return the heading line of an empty table, one of `TEMPLATES`; conditions go into their list."""
    if kind != "csv":
        return ",".join(long_tables.TEMPLATES[kind]) + "\n"
    conditions = kb.table("concepts").filter(pl.col("feature").str.starts_with("condition."))["concept"]
    table = columns(kb).filter(~pl.col("column").is_in(conditions.to_list()), pl.col("column") != IGNORED[0])
    return ",".join(table["column"]) + "\n"


def columns(kb: KnowledgeBase) -> pl.DataFrame:
    """Return one row a column: ``column other_names kind unit values units meaning``.

    ``values`` are the answers of a coded column, or the possible range of a number; ``units`` the endings that a
    column in another unit can have (``weight_lb``).
    """
    words = vocabulary(kb)
    rows: list[tuple[str | None, ...]] = [
        ("sample", ";".join(IDS[1:]), "text", None, None, None, "who it is: the sample name of the genotypes"),
        (
            "date",
            ";".join(DATES[1:]),
            "date",
            None,
            None,
            None,
            "when the row was observed; <column>_date for one value",
        ),
    ]
    meanings = {
        "current": "drugs taken now",
        "planned": "drugs to be started",
        "stopped": "drugs taken earlier",
        "condition": "conditions, by name or code",
        "allergy": "drugs not tolerated",
    }
    for kind, meaning in meanings.items():
        names = [name for name, what in LISTS.items() if what == kind]
        rows.append((names[0], ";".join(names[1:]) or None, "list", None, "joined by ';', or none", None, meaning))
    answers = kb.table("concept_answers").filter(pl.col("answer").is_not_null())
    table = kb.table("concepts")
    for row in table.iter_rows(named=True):
        if row["concept"] in _OWN:
            continue
        names = row["names"]
        if row["kind"] == "numeric":
            values: str | None = f"{row['low']:g} to {row['high']:g}"
            endings = sorted(
                {
                    s
                    for s, unit in words.suffixes.items()
                    if unit != row["unit"]
                    and not s.startswith(("omop_", "ncit_"))
                    and words.factor(row["concept"], unit)
                }
            )
        else:
            own = answers.filter(pl.col("concept") == row["concept"])["answer"].unique(maintain_order=True)
            values, endings = "; ".join(own) or ("yes; no" if row["kind"] == "boolean" else None), []
        rows.append(
            (row["concept"], names, row["kind"], row["unit"], values, ";".join(endings) or None, row["meaning"])
        )
    rows.append((IGNORED[0], ";".join(IGNORED[1:]) + ";x_...", "text", None, None, None, "not read"))
    schema = dict.fromkeys(("column", "other_names", "kind", "unit", "values", "units", "meaning"), pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row")
