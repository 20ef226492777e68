"""Which allele of a record is the effect allele of a row, on the same strand or on the other one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from pgx.codes import VariantUse
from pgx.variants.vcf.records import REFERENCE_ALTS

NONE = -9
"""Stands for an effect allele that the record does not list, and of which the genotypes therefore have no copy."""
_SYMBOLS = "<.*"
_COMPLEMENT = str.maketrans("ACGT", "TGCA")


@dataclass(frozen=True, slots=True)
class Found:
    """`index` is the effect allele among REF and ALTs (`NONE` = not listed); `why` says why there is no answer."""

    index: int = NONE
    flipped: bool = False
    why: VariantUse | None = None


def complement(allele: str) -> str:
    """Return an allele as the other strand writes it.

    Examples
    --------
    >>> complement("ACC")
    'GGT'
    """
    return allele.translate(_COMPLEMENT)[::-1]


@lru_cache(maxsize=1 << 14)
def find(ref: str, alts: tuple[str, ...], effect: str, other: str | None, keep_ambiguous: bool) -> Found:
    """Find the effect allele of a row in a record.

    Parameters
    ----------
    ref, alts
        Alleles of the record; symbols and ``.`` among the ALTs stand for "any other".
    effect, other
        Alleles of the row; other may be several joined by ``/``, or None.
    keep_ambiguous
        Take A/T and C/G pairs, which read the same on both strands, for written on the forward strand.

    Examples
    --------
    >>> find("A", ("G",), "C", "T", False)
    Found(index=1, flipped=True, why=None)
    >>> find("A", ("T",), "T", "A", False).why
    <VariantUse.AMBIGUOUS: 'ambiguous'>
    """
    written = (ref, *(alt for alt in alts if alt[0] not in _SYMBOLS))
    places = {allele: place for place, allele in reversed(list(enumerate((ref, *alts))))}
    open_ended = any(alt in REFERENCE_ALTS for alt in alts)
    others = tuple(other.split("/")) if other else ()
    single = len(effect) == 1 and all(len(one) == 1 for one in others)
    pairs = [{effect, one} for one in others] if others else [{effect, one} for one in written if one != effect]
    fitting = [pair for pair in pairs if pair <= set(written) or (open_ended and ref in pair)]
    if not keep_ambiguous and any(_is_ambiguous(pair) for pair in fitting):
        return Found(why=VariantUse.AMBIGUOUS)
    if not others:  # the strand cannot be checked, so the effect allele must be there as it is written
        return Found(places[effect]) if effect in written else Found(why=VariantUse.ALLELES_DIFFER)
    for flipped in (False, True):
        if flipped and not single:
            break  # a repeat reads the same on both strands too easily
        mine = complement(effect) if flipped else effect
        theirs = [complement(one) if flipped else one for one in others]
        if mine in written and any(one in written for one in theirs if one != mine):
            return Found(places[mine], flipped)
        # A record that vouches for the reference against any other base tells of a single base.
        if open_ended and single and len(ref) == 1 and (mine == ref or ref in theirs):
            return Found(places.get(mine, NONE), flipped)
    return Found(why=VariantUse.ALLELES_DIFFER)


def _is_ambiguous(pair: set[str]) -> bool:
    return {complement(one) for one in pair} == pair and all(len(one) == 1 for one in pair)
