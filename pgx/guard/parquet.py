"""Parquet files of strangers, opened in a process of their own.

A damaged file can make polars panic twice in its own threads, and that ends the process that reads it: no `except`
sees it. So another process reads first. What a history or a small table holds is handed back by it, and this process
never sees the file; a table that is too large to be handed over is read there once from end to end, and only then
here. Either way a damaged file costs one line.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from pgx.errors import InputError, shortened
from pgx.guard.limits import PARQUET, Limit
from pgx.guard.parquet_child import TOO_MANY, TOO_MUCH, UNREADABLE

_CHILD = Path(__file__).with_name("parquet_child.py")
_SECONDS = 300
_MIB = 1 << 20
_FIX = "write it again from its source"
_FIRST_DAY, _LAST_DAY = (date(year, month, day).toordinal() - date(1970, 1, 1).toordinal()
                         for year, month, day in ((1, 1, 1), (9999, 12, 31)))  # fmt: skip
_DAY = 86_400
_UNITS = {"ms": 10**3, "us": 10**6, "ns": 10**9}


def read_parquet(
    source: Path | bytes,
    file: object = None,
    *,
    columns: Collection[str] | None = None,
    among: tuple[str, Collection[int]] | None = None,
    small_letters: bool = False,
    most: Limit | None = None,
    most_rows: Limit | None = None,
) -> pl.DataFrame:
    """Read a Parquet file that may hold anything.

    Parameters
    ----------
    source
        The file, or its content.
    file
        How messages name it; None = by its path.
    columns
        Those to read, as far as there are such; None = all.
    among
        A column, and its values in the rows to read; None = all rows.
    small_letters
        Take the names of columns in small letters.
    most
        How much text the cells may hold together, however well it is packed; None = `PARQUET`.
    most_rows
        How many rows are read; None = any number.

    Raises
    ------
    InputError
        If it is no Parquet file, is damaged, or unpacks to more than is read.

    Examples
    --------
    >>> content = io.BytesIO()
    >>> pl.DataFrame({"sample": ["A"], "weight": [70]}).write_parquet(content)
    >>> read_parquet(content.getvalue(), "a.parquet", columns=["weight"]).rows()
    [(70,)]
    >>> read_parquet(content.getvalue()[:-9], "a.parquet")
    Traceback (most recent call last):
    pgx.errors.InputError: a.parquet: not a readable Parquet file: parquet: File out of specification: ...
    """
    name = source if file is None and isinstance(source, Path) else file
    most = PARQUET if most is None else most
    task = {
        "how": "frame",
        "columns": None if columns is None else sorted(columns),
        "among": None if among is None else (among[0], sorted(among[1])),
        "small_letters": small_letters,
        "memory": PARQUET.most,
        "text": most.most,
        "rows": None if most_rows is None else most_rows.most,
    }
    limits = {TOO_MUCH: most, TOO_MANY: most_rows}
    if isinstance(source, bytes):
        told = _ask({**task, "paths": None}, source, len(source), name, limits)
    else:
        told = _ask({**task, "paths": [str(source)]}, b"", _size(source), name, limits)
    return _in_calendar(pl.read_ipc_stream(io.BytesIO(told)), name)


def _in_calendar(frame: pl.DataFrame, file: object) -> pl.DataFrame:
    """Refuse dates beyond the years 1 to 9999: polars panics when it writes one as text, and Python knows none."""
    for name, dtype in frame.schema.items():
        inner = dtype.inner if isinstance(dtype, pl.List) else dtype
        if not isinstance(inner, pl.Date | pl.Datetime):
            continue
        a_day = _DAY * _UNITS[inner.time_unit] if isinstance(inner, pl.Datetime) else 1
        column = frame[name].explode() if isinstance(dtype, pl.List) else frame[name]
        days = column.to_physical() // a_day
        if not days.drop_nulls().is_between(_FIRST_DAY, _LAST_DAY).all():
            problem = f"column {shortened(repr(name))} holds a date that is in no calendar"
            raise InputError(problem, file=file, fix=_FIX)
    return frame


def check_parquet(paths: Sequence[Path], *, blocks: bool = False) -> None:
    """Read every cell of files in another process, so that they can be read in this one.

    Parameters
    ----------
    paths
        The files.
    blocks
        Read them a block of rows at a time, as `pgx.models.cohort.tables.source` does.

    Raises
    ------
    InputError
        If one of them is no Parquet file, or is damaged.
    """
    task: dict[str, Any] = {"how": "blocks" if blocks else "whole"}
    task["memory"] = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        if paths:
            _ask({**task, "paths": [*map(str, paths)]}, b"", sum(map(_size, paths)), paths[0])
    except InputError:
        if len(paths) == 1:
            raise
        for path in paths:  # which of them it is
            check_parquet([path], blocks=blocks)
        raise


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", file=path) from None


def _ask(
    task: dict[str, Any], content: bytes, size: int, file: object, limits: Mapping[int, Limit | None] | None = None
) -> bytes:
    """Start the process, and return what it writes; `limits` are by the code with which it ends over one."""
    seconds = _SECONDS + size // _MIB  # of the processor, and of the clock
    told = json.dumps({**task, "seconds": seconds}).encode() + b"\n"
    try:
        # Without -P the folder of that file would come first where modules are looked for.
        done = subprocess.run(
            [sys.executable, "-P", str(_CHILD)], input=told + content, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, timeout=2 * seconds, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        problem = f"a damaged Parquet file: reading it takes more than {2 * seconds} seconds"
        raise InputError(problem, file=file, fix=_FIX) from None
    if limit := (limits or {}).get(done.returncode):
        raise limit.refused(file)
    if done.returncode == UNREADABLE:
        told_of = done.stdout.decode("utf-8", "replace")
        raise InputError(f"not a readable Parquet file: {told_of[:120]}", file=file, fix=_FIX)
    if done.returncode != 0:
        problem = f"a damaged Parquet file, or one that needs more than {task['memory'] // _MIB} MiB of memory"
        raise InputError(problem, file=file, fix=_FIX)
    return done.stdout
