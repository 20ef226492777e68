"""Cells of a result's frames as texts, numbers and lists that are safe to show. Nothing else takes a cell apart."""

from __future__ import annotations

import math
from typing import Any

from pgx.codes import Flag
from pgx.reports.page.wording import clean


def text_of_cell(value: object) -> str:
    """Return a cell as cleaned text, empty for null."""
    return "" if value is None else clean(str(value))


def codes_of(cell: object) -> list[str]:
    """Return the cleaned texts of a cell that lists codes or names."""
    return [clean(str(one)) for one in cell] if isinstance(cell, list | tuple) else []


def flags_of(cell: object) -> list[Flag]:
    """Return the flags of a cell that lists them."""
    return [Flag.parse(text) for text in codes_of(cell)]


def pairs_of(cell: object) -> list[tuple[str, Any]]:
    """Return the pairs of a cell that lists them: the cleaned first field, and the second, cleaned if it is text."""
    fields = (tuple(one.values()) for one in cell) if isinstance(cell, list | tuple) else ()
    return [(clean(str(name)), clean(said) if isinstance(said, str) else said) for name, said in fields]


def numbers_of(cell: object) -> list[tuple[str, float]]:
    """Return the pairs of a cell whose second is a number; others are left out."""
    return [(name, number) for name, value in pairs_of(cell) if (number := number_of(value)) is not None]


def number_of(value: object) -> float | None:
    """Return a finite number, or None."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
