"""From weighed pairs of strands to diplotypes as they are reported."""

from __future__ import annotations

from pgx.calling.context import Pair
from pgx.calling.model import Fallback, GeneModel
from pgx.calling.solve import ranked
from pgx.calling.strands import Strand, sort_key
from pgx.types import Diplotype


def merged(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
    """Add up pairs of the same names: definitions that are reported as one allele."""
    found: dict[tuple[str, str | None], Pair] = {}
    for pair in pairs:
        names = sorted((pair.first.name, pair.second.name)) if pair.second else [pair.first.name, ""]
        old = found.get((names[0], names[1]))
        weight = pair.weight + (old.weight if old else 0.0)
        found[names[0], names[1]] = Pair(pair.first, pair.second, weight, pair.counted)
    return ranked(list(found.values())).pairs


def falls_back(pair: Pair, fallback: Fallback) -> bool:
    """Whether a strand of the pair is no named allele, and no other loss of function is known on either."""
    strands = [pair.first] if pair.second is None else [pair.first, pair.second]
    unexplained = any(strand.novel or len(strand.parts) > 1 for strand in strands)
    return unexplained and all(fallback.lossy.isdisjoint(strand.parts) for strand in strands)


def _read_as(strands: tuple[Strand, Strand], fallback: Fallback, count: int) -> list[str]:
    """Read `count` strands as the fallback's allele, those that must carry its variant first."""
    likely = sorted((0, 1), key=lambda s: fallback.carriers.isdisjoint(strands[s].parts))
    carrying = likely[:count]
    return [fallback.allele if s in carrying else fallback.reference for s in (0, 1)]


def diplotype(
    pair: Pair, probability: float, gene: GeneModel, fallback: tuple[Fallback, int] | None = None
) -> Diplotype:
    """Write the strands in the alleles' order, the reference allele first."""
    first, second = pair.first, pair.second
    reference = gene.definition.alleles[0]
    if second is not None and (second.name != reference, sort_key(second.name)) < (
        first.name != reference,
        sort_key(first.name),
    ):
        first, second = second, first
    strands = (first, second or first)
    parts, novel = [strand.parts for strand in strands], [strand.novel for strand in strands]
    if fallback is not None and falls_back(pair, fallback[0]):
        parts, novel = [(name,) for name in _read_as(strands, *fallback)], [False, False]
    if second is None:
        return Diplotype(first.name, None, parts[0], (), probability, novel[0])
    names = (first.name, second.name)
    return Diplotype(*names, parts[0], parts[1], probability, novel[0], novel[1], first.copies, second.copies)


class Writer:
    """Writes the pairs of one gene: which strand goes first, and how both are named, is worked out once a pair."""

    def __init__(self, gene: GeneModel) -> None:
        self._gene = gene
        self._known: dict[tuple[str, str | None], Diplotype] = {}
        self._flags: dict[tuple[str, str | None, bool], tuple[str, ...]] = {}

    def write(self, pair: Pair, probability: float, fallback: tuple[Fallback, int] | None) -> Diplotype:
        """Return the diplotype of a pair; parameters as for `diplotype`."""
        if fallback is not None:
            return diplotype(pair, probability, self._gene, fallback)
        key = (pair.first.detail, None if pair.second is None else pair.second.detail)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = diplotype(pair, probability, self._gene)
        return Diplotype(
            known.allele1, known.allele2, known.parts1, known.parts2, probability, known.novel1, known.novel2,
            known.copies1, known.copies2,
        )  # fmt: skip

    def flags_of(self, pair: Pair) -> tuple[str, ...]:
        """Return the flags of what the strands of a pair are."""
        key = (pair.first.detail, None if pair.second is None else pair.second.detail, pair.counted)
        if key not in self._flags:
            self._flags[key] = _flags_of(pair, self._gene)
        return self._flags[key]


def _flags_of(pair: Pair, gene: GeneModel) -> tuple[str, ...]:
    strands = [pair.first] if pair.second is None else [pair.first, pair.second]
    told = {
        "combination": any(len(strand.parts) > 1 for strand in strands) and not gene.variant_list,
        "partial": any(strand.novel for strand in strands),
        "extra_variants": any(strand.detail != strand.name for strand in strands),
        "undocumented_base": any(strand.undocumented for strand in strands),
        "novel_combination": not pair.counted,
    }
    return tuple(flag for flag, is_so in told.items() if is_so)
