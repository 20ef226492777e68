"""Titled frames on a terminal, as TSV or JSON, or as files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pgx.errors import UsageError

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console

Sections = Mapping[str, "pl.DataFrame"]

_SHOWN_ROWS = 200
_WRAP = 40


def as_tsv(sections: Sections) -> str:
    """Return all sections as TSV; of several, each starts with a line ``# title`` and ends with an empty one."""
    from pgx.tables import tsv

    if len(sections) == 1:
        return tsv(next(iter(sections.values())))
    return "\n".join(f"# {title}\n{tsv(frame)}" for title, frame in sections.items())


def as_json(sections: Sections) -> str:
    """Return ``{title: [row, ...]}``, or the rows alone if there is one section."""
    rows = {title: frame.to_dicts() for title, frame in sections.items()}
    content = next(iter(rows.values())) if len(rows) == 1 else rows
    return json.dumps(content, ensure_ascii=False, indent=1, default=str) + "\n"


def to_files(sections: Sections, path: Path) -> None:
    """Write one file by its ending, or one TSV a section into a folder.

    Raises
    ------
    UsageError
        If the ending is not known, or holds only one table and there are several.
    """
    from pgx.tables import put, write_table

    if str(path) == "-":
        import sys

        sys.stdout.write(as_tsv(sections))
    elif len(sections) == 1:
        write_table(next(iter(sections.values())), path)
    elif path.suffix == ".json":
        put(path, as_json(sections).encode())
    elif path.suffix == ".tsv":
        put(path, as_tsv(sections).encode())
    elif path.suffix:
        raise UsageError(f"{path}: this result has several tables; name a folder, or a .json or .tsv file")
    else:
        for title, frame in sections.items():
            write_table(frame, path / f"{title.replace(' ', '_')}.tsv")


def to_terminal(sections: Sections) -> None:
    """Print sections for reading.

    Columns without any value are left out; a table that does not fit the width is written as one block a row; a long
    one is cut with a remark.
    """
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for title, frame in sections.items():
        console.print(Text(f"{title} ({frame.height})" if frame.height != 1 else title, style="bold"))
        shown = [name for name in frame.columns if frame[name].null_count() < frame.height]
        if not shown:
            console.print("  none\n")
            continue
        rows = [[_cell(cell) for cell in row] for row in frame.select(shown).head(_SHOWN_ROWS).iter_rows()]
        _print(console, shown, rows)
        if frame.height > _SHOWN_ROWS:
            console.print(f"  ... {frame.height - _SHOWN_ROWS} more rows; all with --format tsv or -o FILE")
        console.print()


def _print(console: Console, names: list[str], rows: list[list[str]]) -> None:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    widths = [min(_WRAP, max(map(len, column))) for column in zip(names, *rows, strict=True)]
    if sum(widths) + 2 * len(widths) <= console.width:
        table = Table(*names, box=None, pad_edge=False, header_style="dim")
        for row in rows:
            table.add_row(*(Text(cell, overflow="fold") for cell in row))
        console.print(table)
        return
    for row in rows:
        block = Table(box=None, pad_edge=False, show_header=False)
        for name, cell in zip(names, row, strict=True):
            if cell:
                block.add_row(Text(name, style="dim", no_wrap=True), Text(cell, overflow="fold"))
        console.print(Padding(block, (0, 0, 1, 2)))


def _cell(value: object) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
