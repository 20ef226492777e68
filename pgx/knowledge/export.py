"""The whole knowledge base as files for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pgx.guard.staging import together
from pgx.io import atomic_write, check_outputs
from pgx.knowledge.tables.declared import TABLES
from pgx.tables import write_table

if TYPE_CHECKING:
    from pgx.knowledge.base import KnowledgeBase


def export(kb: KnowledgeBase, folder: Path, kind: str = "parquet") -> int:
    """Write every table, overlays applied, and ``SCHEMA.md`` that says what each column means.

    Parameters
    ----------
    kb
        Knowledge base.
    folder
        Folder to write to; it is created.
    kind
        ``parquet``, ``json`` or ``tsv``.

    Returns
    -------
    int
        Number of tables.

    Raises
    ------
    UsageError
        If `folder` is one that the knowledge base was read from.
    """
    check_outputs([folder / "SCHEMA.md", *(folder / f"{name}.{kind}" for name in TABLES)], kb.folders)
    with together(folder):
        for name in TABLES:
            write_table(kb.table(name), folder / f"{name}.{kind}")
        with atomic_write(folder / "SCHEMA.md") as handle:
            handle.write(schema_text(kb))
    return len(TABLES)


def schema_text(kb: KnowledgeBase) -> str:
    """Describe every table and column."""
    lines = [f"# Knowledge base {kb.version}", "", f"SHA-256 of all tables: `{kb.checksum}`", ""]
    for table in TABLES.values():
        lines += [f"## {table.name}", "", table.doc, "", f"Key: {', '.join(table.key)}", ""]
        for one in table.fields:
            more = f" One of: {', '.join(one.codes)}." if one.codes else ""
            more += f" Refers to {one.refers}." if one.refers else ""
            lines.append(f"- `{one.name}`: {one.doc}.{more}")
        lines += ["- `local`: the overlay that the row is from; empty in the product's own rows.", ""]
    return "\n".join(lines)
