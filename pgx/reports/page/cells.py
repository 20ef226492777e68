"""Cells of frames as texts and numbers that are safe to show."""

from __future__ import annotations

import math

from pgx.reports.page.wording import clean


def text_of_cell(value: object) -> str:
    """Return a cell as cleaned text, empty for null."""
    return "" if value is None else clean(str(value))


def number_of(value: object) -> float | None:
    """Return a finite number, or None."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
