"""Lists in cells: frames hold them as lists, and here alone they become text, and text becomes lists again.

A cell of a TSV file holds a list as ``one;two``, and a list of pairs as ``name=value;name=value``. Which a column
holds, its type says: `NAMES`, or a list of structs of two fields.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import polars as pl

NAMES = pl.List(pl.String)
"""Type of a column that lists codes or names; flags stand in it in their text form (`pgx.codes.Flag`)."""
DIPLOTYPES = pl.List(pl.Struct({"diplotype": pl.String, "probability": pl.Float64}))
FACTORS = pl.List(pl.Struct({"feature": pl.String, "contribution": pl.Float64}))
BY_GENE = pl.List(pl.Struct({"gene": pl.String, "value": pl.String}))
_NUMBERS = {"probability": ".4g", "contribution": "+.2f"}
"""How the number of a pair is written, by the name of its field."""
_LITERAL = "text:"
"""Begins a cell that is one text, whatever it holds."""

_BETWEEN = "\x1f"
"""Stands between the names of a list written as one text; no name holds it."""

_FEW = 256
"""Up to so many rows are told apart one by one."""
Pair = dict[str, Any]


def flag_where(flag: str, condition: pl.Expr) -> pl.Expr:
    """Return a list with the flag where a condition holds, and an empty one elsewhere."""
    return pl.when(condition).then(pl.lit([str(flag)], dtype=NAMES)).otherwise(pl.lit([], dtype=NAMES))


def with_text(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame with its lists joined to text, an empty list to null; other columns stay as they are."""
    return frame.with_columns(_text(frame[name], dtype) for name, dtype in frame.schema.items() if is_list(dtype))


def with_lists(frame: pl.DataFrame, types: Mapping[str, Any]) -> pl.DataFrame:
    """Return a frame of text, as a TSV file has it, with lists in the columns that `types` says hold lists."""
    columns = (name for name, dtype in types.items() if is_list(dtype) and frame.schema.get(name) == pl.String)
    return frame.with_columns(
        pl.Series(name, [parse(cell, types[name]) for cell in frame[name]], dtype=types[name]) for name in columns
    )


def is_list(dtype: Any) -> bool:
    """Return whether a column of this type holds lists."""
    return isinstance(dtype, pl.List)


def parse(cell: str | None, dtype: Any) -> list[str] | list[Pair]:
    """Return the list that a cell of text holds; null and empty are an empty list.

    Examples
    --------
    >>> parse("no_data;local", NAMES)
    ['no_data', 'local']
    >>> parse("*1/*2=0.25", DIPLOTYPES)
    [{'diplotype': '*1/*2', 'probability': 0.25}]
    """
    parts = [cell] if cell and cell.startswith(_LITERAL) else [part for part in (cell or "").split(";") if part]
    pair = cast(pl.List, dtype).inner
    if not isinstance(pair, pl.Struct):
        return parts
    name, value = (field.name for field in pair.fields)
    return [_pair(part, name, value) for part in parts]


def listed(value: object, dtype: Any) -> list[str] | list[Pair]:
    """Return the list of a cell of a JSON document; layout 1 had text in some, and cut texts at their semicolons.

    Raises
    ------
    TypeError, KeyError
        If it is no such list.
    """
    if value is None or isinstance(value, str):
        return parse(value, dtype)
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is not a list")
    pair = cast(pl.List, dtype).inner
    if isinstance(pair, pl.Struct):
        return [{field.name: one[field.name] for field in pair.fields} for one in value]
    if not all(isinstance(one, str) for one in value):
        raise TypeError(f"{value!r} is not a list of texts")
    return [";".join(value)] if value and value[0].startswith(_LITERAL) else list(value)


def _pair(text: str, name: str, value: str) -> Pair:
    # The last '=' counts where a number follows, as names of alleles may hold one; the first after a gene.
    head, equals, tail = text.rpartition("=") if value in _NUMBERS else text.partition("=")
    if not equals:
        return {name: text, value: None}
    return {name: head, value: _number(tail) if value in _NUMBERS else tail}


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _text(column: pl.Series, dtype: Any) -> pl.Series:
    pair = dtype.inner
    if isinstance(pair, pl.Struct):
        name, value = (field.name for field in pair.fields)
        shown = pl.element().struct.field(value)
        if value in _NUMBERS:
            numbers = column.explode().struct.field(value).drop_nulls().unique().to_list()
            written = [f"{number:{_NUMBERS[value]}}" for number in numbers]
            shown = shown.replace_strict(numbers, written, default=None, return_dtype=pl.String)
        one = pl.concat_str(pl.element().struct.field(name), pl.lit("="), shown)
        column = column.list.eval(pl.coalesce(one, pl.element().struct.field(name)))
    joined = column.cast(NAMES).list.join(";")
    return joined.to_frame().select(pl.when(pl.first() != "").then(pl.first())).to_series()


def list_column(name: str, lists: Sequence[Any], dtype: Any) -> pl.Series:
    """Return a column of lists, made as one text or as two columns: polars takes each list of Python's as a column.

    Examples
    --------
    >>> list_column("flags", [["local", "recall"], [], None], NAMES).to_list()
    [['local', 'recall'], [], None]
    >>> list_column("alternatives", [[], [{"diplotype": "*1/*2", "probability": 0.25}]], DIPLOTYPES).to_list()
    [[], [{'diplotype': '*1/*2', 'probability': 0.25}]]
    """
    inner = cast(pl.List, dtype).inner
    if isinstance(inner, pl.Struct):
        return _of_pairs(name, lists, dtype, [field.name for field in inner.fields])
    try:
        texts = [None if one is None else _BETWEEN.join(one) for one in lists]
    except TypeError:  # something in a list is no text
        return pl.Series(name, lists, dtype=dtype, strict=False)
    if any(one is not None and len(one) == 1 and not one[0] for one in lists):
        return pl.Series(name, lists, dtype=dtype, strict=False)
    text = pl.Series(name, texts, dtype=pl.String)
    nothing = pl.Series([[]], dtype=NAMES)
    split = pl.when(pl.first() == "").then(nothing).otherwise(pl.first().str.split(_BETWEEN))
    return text.to_frame().select(split).to_series().alias(name)


def _of_pairs(name: str, lists: Sequence[Any], dtype: Any, fields: Sequence[str]) -> pl.Series:
    at = [place for place, one in enumerate(lists) for _ in one or ()]
    kinds = {field.name: field.dtype for field in dtype.inner.fields}
    cells = {field: [pair.get(field) for one in lists for pair in one or ()] for field in fields}
    pairs = pl.DataFrame(
        {"_at": pl.Series(at, dtype=pl.Int64), **{f: pl.Series(values, dtype=kinds[f]) for f, values in cells.items()}}
    )
    whole = pl.DataFrame(
        {"_at": pl.Series(range(len(lists)), dtype=pl.Int64), "_is": pl.Series([one is not None for one in lists])},
        schema={"_at": pl.Int64, "_is": pl.Boolean},
    )
    joined = pairs.select("_at", pl.struct(fields).alias(name)).group_by("_at", maintain_order=True).agg(name)
    found = whole.join(joined, on="_at", how="left", maintain_order="left")
    nothing = pl.Series([[]], dtype=dtype)
    empty = pl.col("_is") & pl.col(name).is_null()
    return found.select(pl.when(empty).then(nothing).otherwise(name)).to_series().alias(name).cast(dtype)


def distinct(frame: pl.DataFrame, names: Sequence[str]) -> tuple[pl.DataFrame, pl.Series]:
    """Return the distinct rows of some columns, in order of first appearance, and the number of each row's.

    Lists are no keys of polars' joins: each is written as one text, with separators that no name holds. The few rows of
    one person are told apart without polars, whose every step costs more than they do.
    """
    if frame.height <= _FEW:
        chosen = frame.select(names)
        numbered: dict[object, int] = {}
        kinds = [numbered.setdefault(tuple(map(_hashable, row)), len(numbered)) for row in chosen.iter_rows()]
        first_at: dict[int, int] = {}
        for place, kind in enumerate(kinds):
            first_at.setdefault(kind, place)
        first = pl.Series("_at", list(first_at.values()), dtype=pl.UInt32)
        return chosen[first], pl.Series("_number", kinds, dtype=pl.UInt32)
    keys = frame.select(_key(frame[name]) for name in names)
    told = keys.with_row_index("_at").unique(names, keep="first", maintain_order=True).with_row_index("_number")
    numbers = keys.join(told, on=list(names), how="left", nulls_equal=True, maintain_order="left")["_number"]
    return frame.select(names)[told["_at"]], numbers


def _hashable(cell: object) -> object:
    """Return what a cell is told apart by."""
    if isinstance(cell, list):
        return tuple(tuple(one.values()) if isinstance(one, dict) else one for one in cell)
    return cell


def sums(numbers: pl.Series, values: pl.Series) -> pl.Series:
    """Return the sum of the values of each number, as `distinct` numbers rows, added in the order of the rows.

    Polars adds up the parts of a group in any order, and the last digit of a sum then differs from run to run.

    Examples
    --------
    >>> sums(pl.Series([0, 1, 0]), pl.Series([0.1, 5.0, 0.2])).to_list()
    [0.30000000000000004, 5.0]
    """
    weights = values.cast(pl.Float64).fill_null(0.0).to_numpy()
    return pl.Series(np.bincount(numbers.cast(pl.Int64).to_numpy(), weights), dtype=pl.Float64)


def _key(column: pl.Series) -> pl.Series:
    if not is_list(column.dtype):
        return column
    inner = cast(pl.List, column.dtype).inner
    if isinstance(inner, pl.Struct):
        fields = pl.element().struct
        parts = (fields.field(field.name).cast(pl.String).fill_null("\x1d") for field in inner.fields)
        column = column.list.eval(pl.concat_str(*parts, separator="\x1e"))
    return column.list.join(_BETWEEN)
