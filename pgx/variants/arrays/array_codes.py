"""An array's own genotypes, 0, 1, 2 or AA, AB, BB: bases only where the table says which base A is, and which B.

Axiom's and Affymetrix' programs write 0 for AA, 1 for AB, 2 for BB and a negative number for no call.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pgx.variants.arrays.result_alleles import is_lettered

_CODES = {"0": "AA", "1": "AB", "2": "BB"}
_NO_CALLS = frozenset({"-1", "-2"})
"""No call, and a cluster that is off the target (OTV)."""
_MISSING = frozenset({"", "-", ".", "na", "n/a", "nan", "nc", "nocall", "no call", "---"})
_DECLARED = re.compile(r"\[?\s*([ACGT]+|[-DI])\s*//?\s*([ACGT]+|[-DI])\s*\]?$", re.I)
_LETTERS = re.compile(r"[AB]\s*/?\s*[AB]?$", re.I)


def are_codes(cells: Iterable[str]) -> bool:
    """Say whether cells hold numbers for genotypes: of 0, 1, 2 and those of no call, others than 0 among them.

    A lone 0 is how many tables write that there is no call.

    >>> are_codes(["0", "1", "-1"]), are_codes(["0", "0"]), are_codes(["1", "A/G"])
    (True, False, False)
    """
    told = {cell for cell in (one.strip() for one in cells) if cell.lower() not in _MISSING}
    return told <= {*_CODES, *_NO_CALLS} and not told <= {"0"}


def declared(cells: Iterable[str]) -> tuple[str, str] | None:
    """Return the bases of A and B, as one cell or two tell them; None if they do not.

    >>> declared(["[A/G]"]), declared(["-", "GAG"]), declared(["rs4244285"])
    (('A', 'G'), ('-', 'GAG'), None)
    """
    match = _DECLARED.match("/".join(cell.strip() for cell in cells))
    return (match[1].upper(), match[2].upper()) if match and match[1] != match[2] else None


def are_letters(genotypes: Iterable[tuple[str, tuple[str, str] | None]]) -> bool:
    """Say whether genotypes, each with the alleles that its row declares, are an array's letters and no bases.

    That needs a B, or an A where no A is declared; all of a base A may be either, and is read as bases.
    """
    return any(
        is_lettered(text) or (bases is not None and "A" not in bases and bool(_LETTERS.match(text.strip())))
        for text, bases in genotypes
    )


def in_bases(text: str, bases: tuple[str, str] | None, *, coded: bool, lettered: bool) -> str:
    """Return a genotype in bases, as far as the table tells them; empty for no call."""
    cell = text.strip()
    if coded:
        if cell in _NO_CALLS or cell.lower() in _MISSING:
            return ""
        cell = _CODES.get(cell, cell)
    if bases is None or not (coded or lettered) or not _LETTERS.match(cell):
        return cell
    letters = [letter for letter in cell.upper() if letter in "AB"]
    return "/".join(bases["AB".index(letter)] for letter in letters)
