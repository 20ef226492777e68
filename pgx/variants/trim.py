"""Allele strings without the bases that they share."""

from __future__ import annotations


def trim(pos: int, ref: str, alt: str) -> tuple[int, str, str]:
    """Cut the bases that two alleles share, from the right first; either may become empty."""
    cut = 0
    while cut < min(len(ref), len(alt)) and ref[-1 - cut] == alt[-1 - cut]:
        cut += 1
    ref, alt = ref[: len(ref) - cut], alt[: len(alt) - cut]
    lead = 0
    while lead < min(len(ref), len(alt)) and ref[lead] == alt[lead]:
        lead += 1
    return pos + lead, ref[lead:], alt[lead:]
