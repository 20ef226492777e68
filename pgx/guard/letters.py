"""Characters that nobody sees: those that steer a terminal, turn the direction of text, or end a line or cell."""

from __future__ import annotations

import re

HIDDEN = (
    "\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f"
)
"""Control characters, marks of direction, separators of lines and letters without width, as the inside of a pattern's
brackets; the two that join and part the letters of some scripts stay (U+200C, U+200D)."""
_HIDDEN = re.compile(f"[{HIDDEN}]")


def visible(text: str, *, kept: str = "") -> str:
    r"""Return text with its hidden characters written out, so that different names stay different.

    Parameters
    ----------
    text
        Any text.
    kept
        Hidden characters that stay.

    Examples
    --------
    >>> visible("A\u202eB"), visible("a\tb", kept="\t")
    ('A\\u202eB', 'a\tb')
    """
    return _HIDDEN.sub(lambda found: found[0] if found[0] in kept else _written(found[0]), text)


def _written(letter: str) -> str:
    """Return a letter as JSON writes it: beyond 16 bits as two."""
    units = letter.encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
