"""Diplotypes in little room: alleles of normal function give way, and what decides is never cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator

_JOINED = " + "
SURE = 0.9
"""Probability from which a diplotype is named without its alternatives, as of a gene that counts as called."""
_SHORT = 26
"""Length from which alleles without an effect are left out of a diplotype in little room."""


def alleles_of(diplotype: str) -> Iterator[str]:
    """Yield the alleles of a diplotype, also those that stand together on one chromosome (``[a + b]/c``)."""
    for strand in diplotype.split("/"):
        yield from strand.removeprefix("[").removesuffix("]").split(_JOINED)


def brief(diplotype: str, most: int, harmless: Callable[[str], bool]) -> str:
    """Return a diplotype in at most `most` characters, if leaving out harmless alleles can do that.

    Parameters
    ----------
    diplotype
        Two strands joined by ``/``; several alleles on one strand are ``[a + b]``.
    most
        Characters that there is room for.
    harmless
        Whether an allele is known to change nothing.

    Examples
    --------
    >>> brief("[*9A + c.2846A>T]/Reference", 20, lambda allele: allele == "*9A")
    '[c.2846A>T + 1 normal]/Reference'
    """
    if len(diplotype) <= most:
        return diplotype
    return "/".join(_without(strand, harmless) for strand in diplotype.split("/"))


def in_short(diplotype: str, harmless: Callable[[str], bool], *, with_phenotype: bool) -> str:
    """Return a diplotype for little room; beside two alike that are named in words the phenotype says all.

    Examples
    --------
    >>> in_short("Reference/Reference", lambda allele: True, with_phenotype=True)
    ''
    """
    first, *others = diplotype.split("/")
    in_words = first == "Reference" or (" " in first and not set("+*") & set(first))
    return "" if with_phenotype and others == [first] and in_words else brief(diplotype, _SHORT, harmless)


def _without(strand: str, harmless: Callable[[str], bool]) -> str:
    alleles = list(alleles_of(strand))
    deciding = [allele for allele in alleles if not harmless(allele)]
    left_out = len(alleles) - len(deciding)
    if len(alleles) == 1 or not left_out:
        return strand
    return f"[{_JOINED.join([*deciding, f'{left_out} normal'])}]"
