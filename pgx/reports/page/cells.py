"""Cells of a result's frames as texts, numbers and lists that are safe to show. Nothing else takes a cell apart."""

from __future__ import annotations

import math

from pgx.reports.page.wording import clean

_LITERAL = "text:"


def text_of_cell(value: object) -> str:
    """Return a cell as cleaned text, empty for null."""
    return "" if value is None else clean(str(value))


def number_of(value: object) -> float | None:
    """Return a finite number, or None."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def split(text: str | None) -> list[str]:
    """Split a ``;``-joined text as it is; null is an empty list."""
    return [part for part in (text or "").split(";") if part]


def split_pairs(text: str | None) -> list[tuple[str, str]]:
    """Split a text of ``name=value`` joined by ``;`` as it is.

    The last ``=`` counts, since names of alleles may hold one.
    """
    pairs = []
    for part in split(text):
        name, equals, value = part.rpartition("=")
        pairs.append((name, value) if equals else (value, ""))
    return pairs


def codes_of(cell: object) -> list[str]:
    """Return the codes of a ``;``-joined cell; null is an empty list."""
    return split(text_of_cell(cell))


def texts_of(cell: object) -> list[str]:
    """Return the entries of a ``;``-joined cell; one that begins with ``text:`` is a single text."""
    text = text_of_cell(cell)
    return [text] if text.startswith(_LITERAL) else codes_of(text)


def pairs_of(cell: object) -> list[tuple[str, str]]:
    """Return the (name, value) pairs of a cell of ``name=value`` joined by ``;``."""
    return split_pairs(text_of_cell(cell))


def numbers_of(cell: object) -> list[tuple[str, float]]:
    """Return the pairs of a cell whose values are numbers; others are left out."""
    pairs = []
    for name, value in pairs_of(cell):
        try:
            pairs.append((name, float(value)))
        except ValueError:
            continue
    return pairs
