"""The process that opens a stranger's Parquet file for `pgx.guard.parquet`: what breaks in the library breaks here.

It is run as a file of its own and imports nothing of ours. Its first line of input is a `dict` as JSON; what follows
is the content of the file, if no paths are named. It writes Arrow IPC, or one line about what is wrong.
"""

from __future__ import annotations

import io
import json
import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import polars as pl

UNREADABLE = 3
"""Exit code when the library itself says that a file cannot be read."""
TOO_MUCH = 4
"""Exit code when the cells hold more text than the task allows."""
TOO_MANY = 5
"""Exit code when there are more rows than the task allows."""
_BLOCK = 4_000_000
"""Cells of a block."""


def main(source: IO[bytes], target: IO[bytes]) -> int:
    """Do what the first line of the input asks for; return the exit code."""
    task: dict[str, Any] = json.loads(source.readline())
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump of the memory would be the patients' data on disk
    _lower(resource.RLIMIT_DATA, task["memory"])
    _lower(resource.RLIMIT_CPU, task["seconds"])
    try:
        if task["how"] == "frame":
            given = io.BytesIO(source.read()) if task["paths"] is None else Path(task["paths"][0])
            # Rows without text cost nothing in the file and much in whoever reads them; the file says how many.
            if task["rows"] is not None and int(_scan(given).select(pl.len()).collect().item()) > task["rows"]:
                return TOO_MANY
            frame = _frame(given, task)
            # Packed, a text that every row repeats counts once; whoever reads the rows pays for each of them.
            if sum(map(_text_size, frame.iter_columns())) > task["text"]:
                return TOO_MUCH
            frame.write_ipc_stream(target)
        else:
            for path in task["paths"]:
                (_read_blocks if task["how"] == "blocks" else _read_whole)(Path(path))
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        line = (str(error).strip().splitlines() or [type(error).__name__])[0]
        target.write(line[:200].encode("utf-8", "replace"))
        return UNREADABLE
    return 0


def _lower(what: int, most: int) -> None:
    """Set a limit, unless a lower one holds already."""
    hard = resource.getrlimit(what)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (most, hard))


def _scan(source: Path | io.BytesIO) -> pl.LazyFrame:
    return pl.scan_parquet(source, glob=False, hive_partitioning=False)


def _frame(source: Path | io.BytesIO, task: dict[str, Any]) -> pl.DataFrame:
    """Return the rows and columns that are asked for; names are compared in small letters, and become such."""
    lazy = _scan(source)
    columns: Sequence[str] | None = task["columns"]
    among: Sequence[Any] | None = task["among"]
    if task["small_letters"]:
        lazy = lazy.rename({name: name.lower() for name in lazy.collect_schema().names()})
    if among is not None:
        lazy = lazy.filter(pl.col(among[0]).cast(pl.Int64, strict=False).is_in(among[1]))
    if columns is not None:
        lazy = lazy.select(name for name in lazy.collect_schema().names() if name in columns)
    return lazy.collect()


def _text_size(column: pl.Series) -> int:
    """Return how many bytes a column would take as text: that of its cells, and one more for each."""
    dtype, cells = column.dtype, len(column)
    if isinstance(dtype, pl.List | pl.Array):
        return cells + _text_size(column.explode())
    if isinstance(dtype, pl.Struct):
        return cells + sum(_text_size(column.struct.field(field.name)) for field in dtype.fields)
    if isinstance(dtype, pl.Categorical | pl.Enum):
        column = column.cast(pl.String)
    if isinstance(column.dtype, pl.String | pl.Binary):
        lengths = column.bin.size() if isinstance(dtype, pl.Binary) else column.str.len_bytes()
        return cells + int(lengths.cast(pl.Int64).sum())  # a sum of 32 bits would start again at 4 GiB
    return cells


def _read_whole(path: Path) -> None:
    _scan(path).collect()


def _read_blocks(path: Path) -> None:
    """Read every cell, a block at a time, as `pgx.models.cohort.tables.source` does after this."""
    lazy = _scan(path)
    width = max(1, len(lazy.head(0).collect().columns))
    size = max(1000, _BLOCK // width)
    for first in range(0, int(lazy.select(pl.len()).collect().item()), size):
        lazy.slice(first, size).collect()


if __name__ == "__main__":
    sys.exit(main(sys.stdin.buffer, sys.stdout.buffer))
