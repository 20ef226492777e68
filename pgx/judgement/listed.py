"""Lists in the cells of a frame, whether a frame holds them as lists or as text joined by ``;``."""

from __future__ import annotations

from collections.abc import Mapping

_LITERAL = "text:"


def names_of(cell: object) -> list[str]:
    """Return the entries of a cell; a text that begins with ``text:`` is one entry, null is an empty list.

    Examples
    --------
    >>> names_of("CYP2C19;CYP2D6")
    ['CYP2C19', 'CYP2D6']
    """
    if isinstance(cell, list | tuple):
        return [str(entry) for entry in cell]
    text = "" if cell is None else str(cell)
    return [text] if text.startswith(_LITERAL) else [part for part in text.split(";") if part]


def pairs_of(cell: object) -> list[tuple[str, str]]:
    """Return the (name, value) pairs of a cell of ``name=value``.

    Examples
    --------
    >>> pairs_of("CYP2C19=Poor Metabolizer")
    [('CYP2C19', 'Poor Metabolizer')]
    """
    if isinstance(cell, list | tuple) and all(isinstance(entry, Mapping) for entry in cell):
        return [_two(entry) for entry in cell]
    pairs = (entry.rpartition("=") for entry in names_of(cell))
    return [(name, value) if equals else (value, "") for name, equals, value in pairs]


def _two(entry: Mapping[str, object]) -> tuple[str, str]:
    name, value = (str("" if part is None else part) for part in entry.values())
    return name, value
