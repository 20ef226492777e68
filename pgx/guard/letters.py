"""Characters that nobody sees: those that steer a terminal, turn the direction of text, or end a line or cell."""

from __future__ import annotations

import re

HIDDEN = "\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff"
"""Control characters, marks of direction and separators of lines, as the inside of a pattern's brackets."""
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
    return _HIDDEN.sub(lambda found: found[0] if found[0] in kept else f"\\u{ord(found[0]):04x}", text)
