"""The tables of ``data/knowledge``: one declared schema each, with keys and the tables that a column points to.

``data/knowledge/<name>.tsv`` is UTF-8, tab separated, one header row, no quoting; an empty cell is null; lists inside a
cell are joined by ``;`` (accepted bases by ``|``). Yes/no columns hold ``y`` or ``n``.

A new table is a `Table` in the module of its subject (``genes``, ``frequencies``,
``guidance``, ``drugs``, ``exposure``, ``clinical``, ``reading``); it is found there by itself.
"""

from __future__ import annotations

from pgx.knowledge.tables import clinical, drugs, exposure, frequencies, genes, guidance, reading
from pgx.knowledge.tables.table import SCHEMES, YES_NO, Field, Table

__all__ = ["SCHEMES", "TABLES", "YES_NO", "Field", "Table"]

TABLES: dict[str, Table] = {
    table.name: table
    for module in (genes, reading, frequencies, guidance, drugs, exposure, clinical)
    for table in vars(module).values()
    if isinstance(table, Table)
}
"""Every table by name."""
