"""Cohorts and feature tables from files: Parquet, TSV, CSV or JSON."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from pgx.errors import InputError
from pgx.guard.limits import HEADER, not_a_file, refuse_pipe
from pgx.guard.panics import no_panic
from pgx.guard.parquet import check_parquet
from pgx.tables import separator_of

_WORDS = ("", "na", "n/a", "#n/a", "<na>", "n.a.", "nan", "null", "unknown", "unk", "not known", "missing",
          "?", "./.", "?/?", "unknown/unknown", ".", "-", "--")  # fmt: skip
"""How tables say that nothing is known, in small letters."""
_NOTHING = sorted({form for word in _WORDS for form in (word, word.upper(), word.capitalize(), word.title(), "NaN")})
_TEXT = (pl.String, pl.Categorical, pl.Enum)
_IN_QUOTES = r'^\s*"(?:[^"]|"")*"\s*$'
_BLOCK = 4_000_000
"""Cells of a block."""


def read(path: str | Path) -> pl.DataFrame:
    """Read a table; empty cells are null.

    Text that a spreadsheet saved is read too: with quoted cells, semicolons between them, or in UTF-16.

    Parameters
    ----------
    path
        ``.parquet``, ``.tsv``, ``.csv`` or ``.json``.

    Raises
    ------
    InputError
        If the file is missing, empty, of another kind, or not what its ending says.
    """
    source = Path(path)
    with _understood(source):
        table = _read(source)
    if table.width == 0 or table.height == 0:
        raise InputError("the table has no rows", file=source)
    _once(table.columns, source)
    return absent(table)


def absent(table: pl.DataFrame) -> pl.DataFrame:
    """Make every way to say that nothing is known null: NaN, and empty or ``N/A``-like text, in any case.

    Categories become text: what a column of them says is read like that of a text file.
    """
    questions: list[pl.Expr] = []
    answers: dict[str, pl.Expr] = {}
    for at, (name, dtype) in enumerate(table.schema.items()):
        column = pl.nth(at)  # not by name: somebody's column may be called *
        if dtype in (pl.Float32, pl.Float64):
            questions.append(column.is_nan().any())
            answers[name] = column.fill_nan(None)
        elif dtype in _TEXT:
            text = column.cast(pl.String).str.strip_chars()
            nothing = text.str.to_lowercase().is_in(_WORDS)
            changed = (nothing | (text != column)).any() if dtype == pl.String else pl.lit(True).alias(name)
            questions.append(changed)
            answers[name] = pl.when(~nothing).then(text)
    # One question for all columns, and only those that change are made anew: a large table must not be held twice.
    return table.with_columns(answers[flag.name] for flag in table.select(questions) if flag.item())


def _read(source: Path) -> pl.DataFrame:
    if source.suffix == ".parquet":
        check_parquet([source])
        return pl.scan_parquet(source, glob=False, hive_partitioning=False).collect()
    if source.suffix == ".json":
        return pl.read_json(source, infer_schema_length=None)
    if source.suffix in (".tsv", ".csv"):
        return _read_text(source)
    raise InputError("the ending must be .parquet, .tsv, .csv or .json", file=source, fix="convert or rename the file")


def _read_text(path: Path) -> pl.DataFrame:
    """Read delimited text; a table with tabs is quoted only if all its cells that begin with a quote are so."""
    with path.open("rb") as file:
        head = file.readline(HEADER.most)
    data: Path | bytes = path
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        data = path.read_bytes().decode("utf-16").encode()
        head = data.partition(b"\n")[0]
    separator = separator_of(head.decode("utf-8", "replace"))
    read = partial(pl.read_csv, data, separator=separator, infer_schema_length=None, null_values=_NOTHING)
    if separator != "\t":
        return read()
    table = read(quote_char=None)
    return read() if _is_quoted(table) else table


def _is_quoted(table: pl.DataFrame) -> bool:
    """Whether cells stand in quotes, as a spreadsheet writes those with quotes or commas inside; `tsv` writes none."""
    quoted = any(re.fullmatch(_IN_QUOTES, name) for name in table.columns)
    for column in table.select(pl.col(pl.String)):
        begin = column.filter(column.str.strip_chars_start().str.starts_with('"'))
        if not begin.str.contains(_IN_QUOTES).all():
            return False
        quoted |= not begin.is_empty()
    return quoted


@dataclass(frozen=True, slots=True)
class Source:
    """A table that is read in blocks of rows.

    Parameters
    ----------
    height
        Rows.
    head
        The columns with their types, without rows.
    read
        First row, number of rows, and columns (None = all) -> that block, as `absent` leaves it.
    """

    height: int
    head: pl.DataFrame
    read: Callable[[int, int, Sequence[str] | None], pl.DataFrame]

    def blocks(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """Yield the table, about `_BLOCK` cells at a time."""
        width = max(1, len(self.head.columns if columns is None else columns))
        size = max(1000, _BLOCK // width)
        for first in range(0, self.height, size):
            yield self.read(first, size, columns)


def source(table: pl.DataFrame | Path) -> Source:
    """Open a table for reading in blocks; Parquet is read block by block, any other file is read whole.

    Raises
    ------
    InputError
        As `read`.
    """
    if isinstance(table, pl.DataFrame) or table.suffix != ".parquet":
        frame = absent(table) if isinstance(table, pl.DataFrame) else read(table)
        return Source(frame.height, frame.clear(), lambda first, size, columns: (
            frame.slice(first, size) if columns is None else frame.select(columns).slice(first, size)))  # fmt: skip
    with _understood(table):
        check_parquet([table], blocks=True)
        lazy = pl.scan_parquet(table, glob=False, hive_partitioning=False)
        head, height = lazy.head(0).collect(), int(lazy.select(pl.len()).collect().item())
    if head.width == 0 or height == 0:
        raise InputError("the table has no rows", file=table)

    def block(first: int, size: int, columns: Sequence[str] | None) -> pl.DataFrame:
        with _understood(table):
            return absent((lazy if columns is None else lazy.select(columns)).slice(first, size).collect())

    return Source(height, absent(head), block)


def _once(names: Sequence[str], path: Path) -> None:
    """Refuse a table of text that names a column twice: polars calls the second ``NAME_duplicated_0``."""
    for name in names:
        first, twice, number = name.rpartition("_duplicated_")
        if twice and number.isdecimal() and first in names and path.suffix != ".parquet":
            raise InputError(f"two columns are called {first!r}", file=path, fix="rename or remove one of them")


@contextmanager
def _understood(path: Path) -> Iterator[None]:
    """Turn what polars says of a table into one line; refuse files that are none."""
    refuse_pipe(path)
    if not path.is_file():
        raise not_a_file(path)
    if path.stat().st_size == 0:
        raise InputError("the file is empty", file=path)
    try:
        with no_panic(InputError(f"a damaged {path.suffix[1:]} table", file=path)):
            yield
    except InputError:
        raise
    except (pl.exceptions.PolarsError, UnicodeDecodeError, ValueError, OSError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"not a readable {path.suffix[1:]} table: {first}", file=path) from error
