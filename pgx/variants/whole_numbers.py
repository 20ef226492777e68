"""Numbers as files write them: of plain digits, within what a computer holds, and nothing else.

``int`` also takes signs, ``1_000`` and digits of other scripts, and raises on thousands of digits; ``str.isdigit``
takes ``²``. Every reader of genotype files asks here instead.
"""

from __future__ import annotations

import math

LARGEST = 2**63 - 1
_DIGITS = 19


def decimal_number(text: str | bytes) -> float | None:
    """Read a decimal number of the digits 0 to 9; None if it is not one, or beyond what a computer holds.

    Examples
    --------
    >>> decimal_number("1.5"), decimal_number(b"-2e-3")
    (1.5, -0.002)
    >>> [decimal_number(text) for text in ("", "1_0", "\u0663", "nan", "1e400", "0x1F")]
    [None, None, None, None, None, None]
    """
    if not text.isascii() or (b"_" if isinstance(text, bytes) else "_") in text:  # type: ignore[operator]
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def whole_number(text: str | bytes, most: int = LARGEST) -> int | None:
    """Read a number of the digits 0 to 9; None if it is not one, or more than `most`.

    Examples
    --------
    >>> whole_number("94781859"), whole_number(b"007")
    (94781859, 7)
    >>> [whole_number(text) for text in ("", "-1", "1_0", "²", "9" * 5000)]
    [None, None, None, None, None]
    """
    if not (text.isascii() and text.isdigit()):
        return None
    if len(text) > _DIGITS:
        text = text.lstrip("0" if isinstance(text, str) else b"0") or text[:1]  # type: ignore[arg-type]
        if len(text) > _DIGITS:
            return None
    value = int(text)
    return value if value <= most else None
