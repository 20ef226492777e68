"""Cells of frames as texts and numbers that are safe to show."""

from __future__ import annotations

import math
from typing import Any

from pgx.reports.page.wording import clean


def text_of_cell(value: object) -> str:
    """Return a cell as cleaned text, empty for null."""
    return "" if value is None else clean(str(value))


def list_of_cell(value: object) -> list[str]:
    """Return the cleaned texts of a cell that lists codes or names."""
    return [clean(str(one)) for one in value] if isinstance(value, list | tuple) else []


def pairs_of_cell(value: object) -> list[tuple[str, Any]]:
    """Return the pairs of a cell that lists them: the cleaned first field, and the second, cleaned if it is text."""
    fields = (tuple(one.values()) for one in value) if isinstance(value, list | tuple) else ()
    return [(clean(str(name)), clean(said) if isinstance(said, str) else said) for name, said in fields]


def number_of(value: object) -> float | None:
    """Return a finite number, or None."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
