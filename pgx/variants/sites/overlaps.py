"""Changes that several records of one site tell of: ``*`` of what another record spells out, and possible ones."""

from __future__ import annotations

from pgx.types import NO_COPY, NOT_CALLED, SPANNED
from pgx.variants.sites.match import ELSEWHERE, LOST, SILENT, UNPLACED

Pair = tuple[int, ...]


def without_own_stars(rows: list[tuple[Pair, int, bool]], reference: int) -> list[Pair]:
    """Take ``*`` of a change that another record spells out for no second change.

    That is a record further left whose deletion reaches over this one, and any that a record with an allele of its
    own beside the ``*`` touches: what `bcftools norm -a` makes of one record. A record of ``*`` alone at the same
    position is one of several alleles, written on lines of their own.

    Parameters
    ----------
    rows
        Of each record the codes of the strands, its position, and whether it has other alleles than one.
    reference
        The site's reference code.
    """
    kept = []
    for index, (pair, start, atom) in enumerate(rows):
        spelled = [
            sum(code >= 0 and code != reference and code not in pair for code in other)
            for n, (other, at, _) in enumerate(rows)
            if n != index and (at < start or atom)
        ]
        left = max(spelled, default=0)
        codes = list(pair)
        for strand, code in enumerate(pair):
            if code == SPANNED and left:
                codes[strand], left = SILENT, left - 1
        kept.append(tuple(codes))
    return kept


def without_lost(rows: list[Pair], reference: int) -> list[Pair]:
    """Take alleles that a record has lost for those that other records spell out; what is left stays untold.

    Strands that a record leaves to others it says nothing of; they are no-calls where no other record tells of them.
    """
    alone = all(code in (SILENT, NO_COPY, ELSEWHERE) for pair in rows for code in pair)
    kept = []
    for index, pair in enumerate(rows):
        spelled = [
            sum(code >= 0 and code != reference and code not in pair for code in other)
            for n, other in enumerate(rows)
            if n != index
        ]
        left = max(spelled, default=0)
        codes = [code if code != ELSEWHERE else NOT_CALLED if alone else SILENT for code in pair]
        for strand, code in enumerate(pair):
            if code == LOST:
                codes[strand], left = (SILENT, left - 1) if left else (UNPLACED, 0)
        kept.append(tuple(codes))
    return kept


def with_doubt(pair: tuple[int, int], strands: int, reference: int) -> tuple[int, int]:
    """Mark reference strands as not placed, where a change that may be the site's own is on so many."""
    codes = list(pair)
    for strand in (1, 0):
        if strands and codes[strand] in (reference, NOT_CALLED, SILENT):
            codes[strand], strands = UNPLACED, strands - 1
    return codes[0], codes[1]
