"""Known copy number of a gene: deletions, duplications, and which of two alleles may be the duplicated one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.calling.strands import sort_key
from pgx.errors import UsageError
from pgx.knowledge.base import KnowledgeBase
from pgx.types import MOST_COPIES, Diplotype, Genotypes, PatternCall

UNKNOWN = -1
UNCLEAR = -2
"""The file tells of a change of copies that cannot be counted."""
STRUCTURAL = -3
"""The file tells of a change inside the gene."""
ONE_CUT = -4
BOTH_CUT = -5
"""One strand, or both, have lost exons of the gene."""

_KINDS = {("exon_deletion", 1): ONE_CUT, ("exon_deletion", 0): BOTH_CUT, ("structure", None): STRUCTURAL}
CERTAIN = 60
"""Quality (phred) of a copy number from which on nothing is left to weigh, as of a genotype's likelihoods."""
RARE = 1e-4
"""Share of an allele's strands that carry it twice, where no table counts the duplication."""
FURTHER = 0.3
"""Factor of each copy beyond the second, where no table counts them."""

Known = Mapping[tuple[str | None, str], int]


@dataclass(frozen=True, slots=True)
class Copies:
    """What is known of duplications and the deletion of one gene.

    Parameters
    ----------
    deletion
        Name of the allele without the gene; None = the knowledge has none.
    cut
        Name of the allele that has lost exons; None = the knowledge has none, or several that copies do not tell apart.
    duplicated
        Allele to the share of its strands that carry it two times, and three or more times.
    """

    deletion: str | None
    cut: str | None
    duplicated: Mapping[str, tuple[float, float]]

    def share(self, parts: tuple[str, ...], copies: int) -> float:
        """Return the relative frequency of a strand with `copies` of what it carries."""
        if copies == 1:
            return 1.0
        twice, more = (
            self.duplicated.get(parts[0], (RARE, RARE * FURTHER)) if len(parts) == 1 else (RARE, RARE * FURTHER)
        )
        return twice if copies == 2 else more * FURTHER ** (copies - 3)


@lru_cache(maxsize=512)
def copies_of(kb: KnowledgeBase, gene: str) -> Copies:
    """Return what the knowledge has on duplications of a gene."""
    policies = kb.table("calling_policies").filter(pl.col("gene") == gene).select("policy", "allele")
    deletion, cut = (_only_name(policies, policy) for policy in ("deletion_allele", "exon_deletion_allele"))
    counted = (
        kb.table("frequencies")
        .filter((pl.col("gene") == gene) & pl.col("scheme").str.starts_with("CPIC"))
        .group_by("allele", maintain_order=True)
        .agg(pl.col("frequency").mean())
    )
    frequency = dict(counted.iter_rows())
    shares: dict[str, tuple[float, float]] = {}
    for allele, single in frequency.items():
        twice = frequency.get(f"{allele}x2", 0.0)
        more = sum(f for name, f in frequency.items() if name.startswith((f"{allele}x≥", f"{allele}x3")))
        if single > 0 and (twice or more):
            shares[allele] = max(twice / single, RARE), max(more / single, RARE * FURTHER)
    return Copies(deletion, cut, shares)


def _only_name(policies: pl.DataFrame, policy: str) -> str | None:
    names = policies.filter(pl.col("policy") == policy)["allele"].unique().to_list()
    return names[0] if len(names) == 1 else None


def known_copies(genotypes: Genotypes, given: Known | None, gene: str) -> NDArray[np.int32]:
    """Return the copies (S,) of a gene in each sample, `UNKNOWN` where nothing is known, `UNCLEAR` where a file leaves
    open how many there are, `STRUCTURAL`, `ONE_CUT` or `BOTH_CUT` where it shows a change inside the gene.

    What the user gives overrules the numbers of the file, and no change inside the gene; a number for one sample
    overrules the number for all (sample None).

    Raises
    ------
    UsageError
        If a given number is impossible.
    """
    found = np.full(len(genotypes.samples), UNKNOWN, dtype=np.int32)
    if not given and (genotypes.copy_number is None or not genotypes.copy_number.height):
        return found
    place = {sample: i for i, sample in enumerate(genotypes.samples)}
    if genotypes.copy_number is not None and genotypes.copy_number.height:
        rows = genotypes.copy_number.filter(pl.col("gene") == gene).select("sample", "copies", "kind")
        for sample, copies, kind in rows.iter_rows():
            if sample in place:
                found[place[sample]] = _KINDS.get((kind, copies), UNCLEAR if copies is None else copies)
    stated = {sample: copies for (sample, name), copies in (given or {}).items() if name == gene}
    if any(not 0 <= copies <= MOST_COPIES for copies in stated.values()):
        raise UsageError(f"a person cannot have {max(stated.values(), key=abs)} copies of {gene}")
    inside = found <= STRUCTURAL
    if None in stated:
        found[~inside] = stated[None]
    for sample, copies in stated.items():
        if sample is not None and sample in place and not inside[place[sample]]:
            found[place[sample]] = copies
    return found


def qualities(genotypes: Genotypes, given: Known | None, gene: str) -> NDArray[np.int32]:
    """Return how sure (phred, S) the files are of the copies of a gene, 0 where none tells or the user gives them."""
    found = np.zeros(len(genotypes.samples), dtype=np.int32)
    table = genotypes.copy_number
    if table is None or not table.height or (None, gene) in (given or {}):
        return found
    place = {sample: i for i, sample in enumerate(genotypes.samples)}
    rows = table.filter((pl.col("gene") == gene) & pl.col("quality").is_not_null() & pl.col("copies").is_not_null())
    for sample, quality in rows.select("sample", "quality").iter_rows():
        if sample in place and (sample, gene) not in (given or {}):
            found[place[sample]] = min(quality, CERTAIN)
    found[found == CERTAIN] = 0
    return found


def in_doubt(call: PatternCall, counted: PatternCall, quality: int, threshold: float) -> PatternCall:
    """Return the call with copies that the file is not sure of: of `counted`, or of two as in `call`, which shows one
    strand alone where only one is left."""
    if not call.diplotypes or call.diplotypes == counted.diplotypes:
        return counted
    error = 10 ** (-quality / 10)
    two = [d if d.allele2 is not None else replace(d, allele2=d.allele1, parts2=d.parts1) for d in call.diplotypes]
    weighed = [replace(d, probability=d.probability * (1 - error)) for d in counted.diplotypes]
    weighed += [replace(d, probability=d.probability * error) for d in two]
    ranked = tuple(sorted(weighed, key=lambda d: (-d.probability, sort_key(d.name))))
    status = "ambiguous" if ranked[0].probability < threshold else counted.status
    return replace(counted, diplotypes=ranked, status=status)


def without_judgement(call: PatternCall, reason: str) -> PatternCall:
    """Return what is left of a call where the gene's copies or its structure are unclear: the flag that says so."""
    flags = (*(flag for flag in call.flags if flag != "no_copy_number"), reason)
    return replace(call, diplotypes=(), status="not_called", flags=flags)


def apply_cut(call: PatternCall, copies: int, known: Copies, threshold: float) -> PatternCall:
    """Return the call of a gene that has lost exons on one strand (`ONE_CUT`) or on both, if that has a name."""
    two_strands = any(diplotype.allele2 is not None for diplotype in call.diplotypes)
    if known.cut is None or (copies == ONE_CUT and two_strands):
        return without_judgement(call, "structural_variant")
    return apply(call, 1 if copies == ONE_CUT else 0, replace(known, deletion=known.cut), threshold)


def apply(
    call: PatternCall, copies: int, known: Copies, threshold: float, *, shows_change: bool = False
) -> PatternCall:
    """Return the call of two copies (of one, if `copies` is 1) as it reads with a known copy number.

    Parameters
    ----------
    call
        The call from small variants; of one strand if `copies` is 1.
    copies
        Copies of the gene in the person.
    known
        The gene's deletion allele and duplications.
    threshold
        Posterior below which the status is ``ambiguous``.
    shows_change
        Whether a genotype in the gene shows another base than the reference: without a copy there is none.
    """
    if copies < 2 and known.deletion is None:
        return without_judgement(call, "structural_variant")
    flags = (*(flag for flag in call.flags if flag != "no_copy_number"), "copy_number_given")
    if copies == 0:
        assert known.deletion is not None
        return _without_gene(call, known.deletion, flags, shows_change=shows_change)
    if not call.diplotypes or copies == 2:
        return replace(call, flags=flags)
    if copies == 1:
        assert known.deletion is not None
        if any(diplotype.allele2 is not None for diplotype in call.diplotypes):
            return replace(call, status="ambiguous", flags=(*flags, "copy_number_conflict"))
        deleted = tuple(_beside(diplotype, known.deletion) for diplotype in call.diplotypes)
        return replace(call, diplotypes=deleted, flags=flags)
    found = [one for diplotype in call.diplotypes for one in _duplicated(diplotype, copies, known)]
    total = sum(one.probability for one in found)
    ranked = sorted(found, key=lambda one: (-one.probability, sort_key(one.name)))
    diplotypes = tuple(replace(one, probability=one.probability / total) for one in ranked)
    best = diplotypes[0]
    if best.parts1 != best.parts2:
        flags = (*flags, "which_copy_unknown")
    status = "ambiguous" if best.probability < threshold else call.status
    return replace(call, diplotypes=diplotypes, status=status, flags=flags)


def _without_gene(call: PatternCall, deletion: str, flags: tuple[str, ...], *, shows_change: bool) -> PatternCall:
    if shows_change:
        status = "ambiguous" if call.diplotypes else call.status
        return replace(call, status=status, flags=(*flags, "copy_number_conflict"))
    none = Diplotype(deletion, deletion, (deletion,), (deletion,), 1.0)
    kept = tuple(flag for flag in flags if flag in ("copy_number_given", "reference_assumed"))
    return replace(call, diplotypes=(none,), status="called", flags=kept)


def _beside(diplotype: Diplotype, deletion: str) -> Diplotype:
    return replace(diplotype, allele2=deletion, parts2=(deletion,), novel2=False)


def _duplicated(diplotype: Diplotype, copies: int, known: Copies) -> list[Diplotype]:
    """Spread the copies over the two strands in every way, each as probable as its duplication is frequent."""
    if diplotype.allele2 is None:
        return [replace(diplotype, allele1=_times(diplotype.allele1, copies), copies1=copies)]
    ways = []
    for first in range(1, copies):
        second = copies - first
        if diplotype.allele1 == diplotype.allele2 and first > second:
            break
        share = known.share(diplotype.parts1, first) * known.share(diplotype.parts2, second)
        ways.append((first, second, share))
    total = sum(share for _, _, share in ways)
    return [
        replace(
            diplotype,
            allele1=_times(diplotype.allele1, first),
            allele2=_times(diplotype.allele2, second),
            copies1=first,
            copies2=second,
            probability=diplotype.probability * share / total,
        )
        for first, second, share in ways
    ]


def _times(name: str, copies: int) -> str:
    if copies == 1:
        return name
    return f"({name})x{copies}" if " " in name and not name.startswith("[") else f"{name}x{copies}"
