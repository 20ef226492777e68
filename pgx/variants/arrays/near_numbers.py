"""Rs numbers that are one slip of the pen from a known one: nothing is read by them, but a result may be lost."""

from __future__ import annotations

import re
from collections.abc import Iterator

SHORTEST = 6
"""Digits from which a number counts as a slip of another one: nearly every shorter number is a variant of its own."""
_NUMBER = re.compile(r"(?:rs)?\W*([\dOIl]+)", re.I)
_LOOK_ALIKE = str.maketrans("OoIiLl", "001111")
_DIGITS = "0123456789"


def digits_of(name: str) -> str | None:
    """Return the digits of a marker's name that is a number and nothing else, with or without ``rs``.

    A letter may stand for the digit that it looks like, but not for most of them.

    Examples
    --------
    >>> digits_of("rs391829O")
    '3918290'
    """
    found = _NUMBER.fullmatch(name.strip())
    if not found or len(found[1]) < SHORTEST - 1 or 2 * sum(map(str.isdigit, found[1])) < len(found[1]):
        return None
    return found[1].translate(_LOOK_ALIKE)


def slips(name: str) -> Iterator[str]:
    """Yield the rs numbers that may be meant by a name: a digit is wrong, missing or too many, or two are swapped.

    Examples
    --------
    >>> {"rs4244285"} <= set(slips("rs424428")) & set(slips("rs4244258")) & set(slips("4244285"))
    True
    """
    number = digits_of(name)
    for digits in () if number is None else (number, *_edited(number)):
        if len(digits) >= SHORTEST and not digits.startswith("0"):
            yield f"rs{digits}"


def _edited(number: str) -> Iterator[str]:
    for at in range(len(number) + 1):
        before, after = number[:at], number[at:]
        yield from (before + digit + after for digit in _DIGITS)
        if after:
            yield before + after[1:]
            yield from (before + digit + after[1:] for digit in _DIGITS)
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
