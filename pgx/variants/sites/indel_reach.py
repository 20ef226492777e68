"""How far to the right of its VCF position an indel may be written and still be the same change.

In a repeat the same insertion or deletion has several spellings. VCF asks for the left-most, HGVS for the right-most;
the distance between the two, where the knowledge has both, says how far a file's spelling may lie to the right without
a reference genome to look at.
"""

from __future__ import annotations

import re
from collections import defaultdict

from pgx.knowledge.base import KnowledgeBase
from pgx.variants.trim import trim

Reach = dict[int, dict[str, int]]
"""Site to the bases that it may move right, by allele string."""

_PLACE = re.compile(r":[gm]\.(\d+)(?:_(\d+))?(del|dup|ins)")
_REPEAT = re.compile(r":[gm]\.(\d+)([ACGT]+)\[(\d+)\]$")


def reach_of(kb: KnowledgeBase) -> Reach:
    """Return how far each indel of the knowledge may move right; those that cannot, or of which nothing is known, are
    left out.
    """
    return kb.remember("reach of indels", lambda: _reach(kb))


def _reach(kb: KnowledgeBase) -> Reach:
    sites = {
        (chrom, pos): (site, ref)
        for site, chrom, pos, ref in kb.sites.select("site", "chrom", "pos_grch38", "ref").rows()
    }
    found: Reach = defaultdict(dict)
    rows = kb.table("variants").select("chrom", "pos_grch38", "ref", "alt", "hgvs_g").drop_nulls().iter_rows()
    for chrom, pos, ref, alt, name in rows:
        site, longest = sites.get((chrom, pos), (None, ""))
        bases = distance(pos, ref, alt, name)
        if site is not None and bases > 0:
            found[site][alt + longest[len(ref) :]] = bases
    return dict(found)


def distance(pos: int, ref: str, alt: str, name: str) -> int:
    """Return how many bases the right-most spelling of an indel lies right of the given one; 0 if that is not known.

    Parameters
    ----------
    pos, ref, alt
        The indel as VCF writes it, left-aligned.
    name
        Its genomic HGVS name.

    Examples
    --------
    >>> distance(42128211, "C", "CG", "NC_000022.11:g.42128218dup")
    7
    """
    at, old, new = trim(pos, ref, alt)
    if bool(old) == bool(new):
        return 0
    last = _last_base(name, len(old) - len(new))
    if last is None:
        return 0
    # Right-most: the last base that is taken away, or the base after which the new ones stand.
    return max(last - (at + len(old) - 1), 0)


def _last_base(name: str, removed: int) -> int | None:
    repeat = _REPEAT.search(name)
    if repeat:
        start, unit, count = int(repeat[1]), repeat[2], int(repeat[3])
        if removed % len(unit):
            return None
        return start + len(unit) * (count + removed // len(unit)) - 1
    place = _PLACE.search(name)
    if place is None:
        return None
    first, second = int(place[1]), int(place[2] or place[1])
    return first if place[3] == "ins" else second


def same_change(at: int, old: str, new: str, known: tuple[int, str, str], reach: int) -> bool:
    """Say whether an indel (trimmed) is a known one moved right by at most `reach`."""
    known_at, known_old, known_new = known
    moved = at - known_at
    if not 0 <= moved <= reach or bool(old) != bool(known_old) or bool(new) != bool(known_new):
        return False
    bases, ours = (known_old or known_new), (old or new)
    turn = moved % len(bases)
    return ours == bases[turn:] + bases[:turn]
