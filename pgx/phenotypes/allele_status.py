"""Genes read by whether an allele is carried (HLA): each allele has a status of its own, the same in every scheme."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import polars as pl

from pgx.knowledge import KnowledgeBase
from pgx.types import Diplotype, PatternCall

POSITIVE, NEGATIVE = "positive", "negative"
UNDECIDED = 1e-9


def targets(kb: KnowledgeBase, gene: str) -> tuple[str, ...]:
    """Return the alleles of `gene` whose carriage decides something; empty if the gene is not read that way."""
    by_gene: dict[str, tuple[str, ...]] = kb.remember("carriage", lambda: _targets(kb))
    return by_gene.get(gene, ())


def _targets(kb: KnowledgeBase) -> dict[str, tuple[str, ...]]:
    rules = kb.table("phenotype_rules").filter(pl.col("rule_type") == "allele_presence").select("gene", "input1")
    conditions = kb.table("recommendation_conditions").filter(pl.col("match_on") == "allele_status")
    found: dict[str, set[str]] = defaultdict(set)
    for gene, allele in rules.iter_rows():
        found[gene].add(allele)
    for gene, value in conditions.select("gene", "value").iter_rows():
        found[gene].add(value.rsplit(" ", 1)[0])
    return {gene: tuple(sorted(alleles)) for gene, alleles in found.items()}


def statuses(kb: KnowledgeBase, gene: str, pattern: PatternCall, wanted: Sequence[str]) -> Iterator[tuple[str, float]]:
    """Yield ``(status, probability)`` of each allele in `wanted`; an allele that cannot be told yields nothing."""
    if not pattern.diplotypes:
        yield from _stated(pattern, wanted)
        return
    for allele in wanted:
        carried = absent = 0.0
        for diplotype in pattern.diplotypes:
            known = _carries(diplotype, allele)
            carried += diplotype.probability if known is True else 0.0
            absent += diplotype.probability if known is False else 0.0
        if carried + absent < 1 - 1e-3:
            continue  # some diplotype is typed too coarsely (or on one strand only) to tell
        total = carried + absent
        for word, share in sorted(((POSITIVE, carried / total), (NEGATIVE, absent / total)), key=lambda one: -one[1]):
            if share > UNDECIDED:
                yield f"{allele} {word}", share


def undecided(kb: KnowledgeBase, gene: str, diplotype: Diplotype) -> list[str]:
    """Return the alleles that decide something and of which a diplotype is typed too coarsely to tell.

    ``*57/*07`` may be ``*57:01/*07:02``: it says neither that ``*57:01`` is there nor that it is not.
    """
    return [allele for allele in targets(kb, gene) if _carries(diplotype, allele) is None]


def _stated(pattern: PatternCall, wanted: Sequence[str]) -> Iterator[tuple[str, float]]:
    said = [part.strip() for part in (pattern.stated_phenotype or "").replace(",", ";").split(";")]
    for allele in wanted:
        for word in (POSITIVE, NEGATIVE):
            if f"{allele} {word}" in said:
                yield f"{allele} {word}", 1.0


def _carries(diplotype: Diplotype, allele: str) -> bool | None:
    """Return whether one of the strands carries `allele`; None if that cannot be told."""
    strands = [diplotype.parts1] if diplotype.allele2 is None else [diplotype.parts1, diplotype.parts2]
    seen = [same_allele(part, allele) for parts in strands for part in parts]
    if True in seen:
        return True
    # One typed strand says nothing of the other.
    complete = len(strands) == 2 and all(strands) and not (diplotype.novel1 or diplotype.novel2)
    return False if complete and None not in seen else None


def same_allele(name: str, target: str) -> bool | None:
    """Return whether an allele name (``HLA-B*57:01:01G``, ``*57:01``) is `target`; None if too coarse to tell."""
    plain = "*" + name.rsplit("*", 1)[-1].rstrip("GP")
    if plain == target or plain.startswith(f"{target}:"):
        return True
    return None if target.startswith(f"{plain}:") else False
