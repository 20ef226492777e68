"""The column whose values have dose intervals of their own: a table of ``data/models``, with a row ``*`` for all."""

from __future__ import annotations

import csv
from functools import cache

from pgx.errors import InputError
from pgx.paths import data_dir

TABLE = "interval_groups.tsv"
_ANY = "*"


def interval_group(endpoint: str) -> str:
    """Return the column by which an endpoint's intervals are grouped: its own row of the table, or that of ``*``.

    Raises
    ------
    InputError
        If the table names neither.
    """
    columns = _columns()
    found = columns.get(endpoint) or columns.get(_ANY)
    if not found:
        raise InputError(f"no column for {endpoint} or {_ANY}", file=data_dir() / "models" / TABLE, fix="add a row")
    return found


@cache
def _columns() -> dict[str, str]:
    """Return endpoint -> column."""
    with (data_dir() / "models" / TABLE).open(encoding="utf-8", newline="") as lines:
        return {row["endpoint"]: row["column"] for row in csv.DictReader(lines, delimiter="\t")}
