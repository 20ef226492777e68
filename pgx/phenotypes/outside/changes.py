"""One form of the ways to write a change: ``c.521T>C``, ``521 T>C`` and ``T521C``; ``p.Arg139Cys`` and ``R139C``."""

from __future__ import annotations

import re

_CHANGE = re.compile(r"^(?:[cgmnr]\.)?(?P<at>[*-]?\d+(?:[+-]\d+)?)\s*(?P<ref>[ACGT])\s*>\s*(?P<alt>[ACGT])$")
_OLD_CHANGE = re.compile(r"^(?P<ref>[ACGT])(?P<at>-?\d+)(?P<alt>[ACGT])$")
_AMINO_ACIDS = {
    "ala": "A", "arg": "R", "asn": "N", "asp": "D", "cys": "C", "gln": "Q", "glu": "E", "gly": "G", "his": "H",
    "ile": "I", "leu": "L", "lys": "K", "met": "M", "phe": "F", "pro": "P", "ser": "S", "thr": "T", "trp": "W",
    "tyr": "Y", "val": "V", "ter": "X", "del": "del",
}  # fmt: skip
_PROTEIN = re.compile(r"^(?:p\.)?\s*\(?(?P<was>[a-z]{3})(?P<at>\d+)(?P<becomes>[a-z]{3})\)?$", re.IGNORECASE)
_SHORT_PROTEIN = re.compile(r"^p\.\s*\(?([a-z]\d+(?:[a-z]|del))\)?$", re.IGNORECASE)


def key_of(name: str) -> str:
    """Return one form of the ways to write a change.

    Examples
    --------
    >>> key_of("c.521T>C"), key_of("521 T>C"), key_of("T521C")
    ('521t>c', '521t>c', '521t>c')
    >>> key_of("p.Arg139Cys"), key_of("Arg139Cys"), key_of("R139C")
    ('r139c', 'r139c', 'r139c')
    """
    if protein := _PROTEIN.match(name):
        was, becomes = (_AMINO_ACIDS.get(protein[part].lower(), "") for part in ("was", "becomes"))
        name = f"{was}{protein['at']}{becomes}" if was and becomes else name
    elif short := _SHORT_PROTEIN.match(name):
        name = short[1]
    match = _CHANGE.match(name.upper()) or _CHANGE.match(_unprefixed(name).upper()) or _OLD_CHANGE.match(name.upper())
    return f"{match['at']}{match['ref']}>{match['alt']}".lower() if match else name.lower()


def _unprefixed(name: str) -> str:
    return re.sub(r"^[cgmnr]\.", "", name.strip(), flags=re.IGNORECASE)
