"""Copies of both strands together, as in ``*1/*2 dup`` and ``(*1/*2)x3``: which strand has them is not said.

Where all of the diplotypes that it may be do the same, all of them are candidates; else the text is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pgx.types import MOST_COPIES

_DUPLICATED = re.compile(
    r"^\(?(?P<one>\*\w+)\s*/\s*(?P<two>\*\w+)(?:\)\s*|[\s,(]+)(?:dup|duplication|duplicated|duplikation)\)?$",
    re.IGNORECASE,
)
_COPY_NUMBER = re.compile(
    r"^(?P<one>\*\d+\w*?)(?:x(?P<first>\d|N))?\s*/\s*(?P<two>\*\d+\w*?)(?:x(?P<second>\d|N))?[\s,;(]+"
    r"(?:(?:total )?(?:CNV?|copy number|copies|kopienzahl|nombre de copies|número de copias)\s*[:=]?\s*(?P<count>\d+)|"
    r"(?P<copies>\d+) (?:gene )?copies)\)?$",
    re.IGNORECASE,
)
_BEHIND_BOTH = re.compile(r"^(?P<one>\*\w+)\s*/\s*(?P<two>\*\w+)\s*\(\s*[x×]\s*(?P<count>\d+)\)$", re.IGNORECASE)
"""``*1/*2 (x3)``: three copies in all, or three of the second allele."""
_STRANDS = (("one", "first"), ("two", "second"))
_COPIES_OF_BOTH = re.compile(r"^\((?P<one>\*\w+)\s*/\s*(?P<two>\*\w+)\)\s*[x×]\s*(?P<count>\d+|N)$", re.IGNORECASE)


def ways(text: str, activity: Mapping[str, float], deletion: str | None) -> tuple[str, ...]:
    """Return the diplotypes that a text may mean; none where it is no such text.

    Parameters
    ----------
    text
        What a laboratory writes.
    activity
        Activity value of each allele.
    deletion
        The allele without the gene.

    Raises
    ------
    ValueError
        If the diplotypes differ in what they do, or one strand has no copy.

    Examples
    --------
    >>> ways("(*1/*2)x3", {"*1": 1.0, "*2": 1.0}, "*5")
    ('*1/*2x2', '*1x2/*2')
    >>> ways("*1/*4, CN=2", {"*1": 1.0, "*4": 0.0}, "*5")
    ('*1/*4',)
    >>> ways("*2xN/*4 (CN=3)", {"*2": 1.0, "*4": 0.0}, "*5")
    ('*2x2/*4',)
    """
    match = (
        _DUPLICATED.match(text) or _COPIES_OF_BOTH.match(text) or _COPY_NUMBER.match(text) or _BEHIND_BOTH.match(text)
    )
    if match is None:
        return ()
    one, two = match["one"], match["two"]
    count = str(match.groupdict().get("count") or match.groupdict().get("copies") or "N").upper()
    if match.re is _COPY_NUMBER:
        told = _told(match, int(count), deletion)
        if int(count) == sum(told):
            return ("/".join(_times(allele, max(copies, 1)) for allele, copies in zip((one, two), told, strict=True)),)
        if match["first"] or match["second"]:
            raise ValueError(f"{text!r} contradicts itself")
    if deletion in (one, two):
        raise ValueError(f"{text!r}: {deletion} is a deletion, which has no copies; write them as in *1xN/{deletion}")
    if one != two and activity.get(one, one) != activity.get(two, two):
        raise ValueError(f"{text!r} does not say which allele is duplicated; write it as in {one}/{two}xN")
    if count == "N":
        return (f"{one}/{two}xN",) if one == two else (f"{one}/{two}xN", f"{one}xN/{two}")
    if match.re is _BEHIND_BOTH and count == "2":
        raise ValueError(f"{text!r} may be {one}/{two}x2 or two copies in all; write {one}/{two}x2 or {one}/{two}")
    if not 3 <= int(count) <= MOST_COPIES:
        few = "are no duplication" if int(count) < 3 else f"are more than the {MOST_COPIES} that can be"
        raise ValueError(f"{text!r}: {int(count)} copies {few}")
    totals = (int(count), int(count) + 1) if match.re is _BEHIND_BOTH else (int(count),)
    return tuple(
        f"{_times(one, first)}/{_times(two, total - first)}"
        for total in totals
        for first in range(1, (total - 1 if one != two else total // 2) + 1)
    )


def _told(match: re.Match[str], total: int, deletion: str | None) -> list[int]:
    """Return the copies of both strands as they are written; one xN is what the other strand leaves of the total."""
    written = [(match[name] or "1").upper() if match[allele] != deletion else "0" for allele, name in _STRANDS]
    known = sum(int(copies) for copies in written if copies != "N")
    left = total - known if written.count("N") == 1 and total - known >= 2 else 0
    return [left if copies == "N" else int(copies) for copies in written]


def _times(allele: str, copies: int) -> str:
    return allele if copies == 1 else f"{allele}x{copies}"
