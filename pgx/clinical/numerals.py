"""Numbers as people write them: a decimal comma, separated thousands; only where one reading is possible."""

from __future__ import annotations

import re

_SPACE = "[   ]"
_FORMS = (
    # Groups of three digits before a decimal sign of the other kind: 1.234,5 and 1,234.5 and 1 234,5.
    (re.compile(rf"[-+]?[0-9]{{1,3}}(?:\.[0-9]{{3}})+,[0-9]+|[-+]?[0-9]{{1,3}}(?:{_SPACE}[0-9]{{3}})+,[0-9]+"), True),
    (re.compile(r"[-+]?[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]+"), False),
    # Several groups are thousands: no number has two decimal signs.
    (re.compile(r"[-+]?[0-9]{1,3}(?:\.[0-9]{3}){2,}"), True),
    (re.compile(rf"[-+]?[0-9]{{1,3}}(?:,[0-9]{{3}}){{2,}}|[-+]?[0-9]{{1,3}}(?:{_SPACE}[0-9]{{3}})+"), False),
    # What stands behind the comma, or before it, can be no group of thousands.
    (re.compile(r"[-+]?[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|[-+]?0+,[0-9]+|[-+]?[0-9]{4,},[0-9]{3}"), True),
)
"""Forms, and whether the comma is the decimal sign in them."""


def number(text: str) -> float | None:
    """Return the number that a text can only mean; None where there is none, or more than one.

    Examples
    --------
    >>> number("54,0"), number("1.234,5"), number("1,234.5"), number("0,125")
    (54.0, 1234.5, 1234.5, 0.125)
    >>> number("1,234") is None  # 1234, or 1.234
    True
    """
    text = text.strip()
    try:
        return float(text) if not _PLAIN_NOT.search(text) else None
    except ValueError:
        pass
    for form, comma in _FORMS:
        if form.fullmatch(text):
            bare = re.sub(_SPACE, "", text)
            return float(bare.replace(".", "").replace(",", ".") if comma else bare.replace(",", ""))
    return None


_PLAIN_NOT = re.compile(r"_|nan|[^\x00-\x7f]", re.IGNORECASE)
"""What Python's numbers allow and people do not write."""


def with_point(text: str) -> str:
    """Write the number that a text begins with, before a unit, with a decimal point; other text stays as it is.

    Examples
    --------
    >>> with_point("72,5 kg"), with_point("1,234 kg")
    ('72.5 kg', '1,234 kg')
    """
    found = _WITH_UNIT.match(text)
    if not found or (value := number(found[1])) is None or found[1].isdecimal():
        return text
    return f"{value:.15g}{found[2]}"


_WITH_UNIT = re.compile(rf"^\s*([-+]?[0-9](?:[0-9.,]|{_SPACE}(?=[0-9]{{3}}))*)(\s*[^0-9\s.,eE+-].*)$")
