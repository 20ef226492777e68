"""What a check of the knowledge base finds, and rows by a column for the checks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pgx.knowledge.base import KnowledgeBase

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: ``error``, ``warning`` or ``note``; which check found it; where; what is wrong."""

    severity: str
    check: str
    where: str
    message: str


def rows_by(kb: KnowledgeBase, table: str, column: str) -> dict[Any, list[Row]]:
    """Return the rows of a table as dicts, grouped by a column."""

    def group() -> dict[Any, list[Row]]:
        groups: dict[Any, list[Row]] = defaultdict(list)
        for row in kb.table(table).iter_rows(named=True):
            groups[row[column]].append(row)
        return dict(groups)

    return kb.remember(("rows by", table, column), group)
