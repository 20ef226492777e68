"""One gene as calling sees it: the haplotypes that a strand may be, the bases each accepts, their frequencies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.calling import priors
from pgx.calling.mosaic import Donors
from pgx.calling.strands import Naming, Strand
from pgx.knowledge.base import GeneDefinition, KnowledgeBase
from pgx.knowledge.rules.phenotypes import GeneRules, rules_for

UNKNOWN = -1
"""Column of `GeneModel.accepts` for strands without data: every haplotype accepts."""


PolicyRow = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Proxy:
    """A position that counts only where the deciding one has no data (indices into the gene's positions)."""

    position: int
    decided_by: int


_LOSS = ("No function", "Decreased function")
_UNTOLD = ("Unknown function", "Uncertain function", "uncertain risk of aminoglycoside-induced hearing loss")


@dataclass(frozen=True, slots=True)
class Fallback:
    """A variant that stands for the gene where no named alleles explain the strands.

    Parameters
    ----------
    position, code
        Index into the gene's positions, and the variant's base there.
    allele, reference
        What a strand with the variant and one without it are read as.
    carriers
        Alleles that have the variant.
    lossy
        Alleles of lesser function that lack the variant; with one of them it cannot stand for the gene.
    name
        How the variant is called in flags.
    """

    position: int
    code: int
    allele: str
    reference: str
    carriers: frozenset[str]
    lossy: frozenset[str]
    name: str


@dataclass(frozen=True, slots=True)
class GeneModel:
    """What one gene's patterns are solved with.

    Parameters
    ----------
    definition
        The gene's definition.
    naming
        Names strands that are no named allele.
    haplotypes
        The H haplotypes that frequencies are known for: named alleles first, then combinations seen in the panel.
    accepts
        bool (H, P, C + 2): the definition's `accepts` with two more columns: bases that the knowledge does not
        have, which no haplotype accepts, and `UNKNOWN`.
    frequency
        float (H, G), each group adding up to 1.
    required
        Positions (indices) without which the gene is not called.
    proxies
        Positions that another position overrules.
    passes_over_undocumented
        Whether bases in no definition are read as the reference allele's (and flagged).
    variant_list
        Whether every variant is an allele of its own, so that combinations are the rule.
    independent
        Whether each allele is a single variant, so that strands are put together from them.
    inheritance
        ``autosomal``, ``x_linked`` or ``mitochondrial``.
    copy_number_varies
        Whether deletions and duplications of the gene are named alleles.
    fallback
        The variant that decides where no named alleles explain the strands.
    common
        Bases in no definition that are passed over without doubt: position (index) to bases.
    functions
        Allele to what it does, with its activity; those of which nobody knows are left out.
    rules
        What CPIC makes of two strands.
    decisive
        The position (index) that decides the gene alone.
    donors
        What strands are put together from that no source counts; None if new strands are not looked for among counted
        ones.
    """

    definition: GeneDefinition
    naming: Naming
    haplotypes: tuple[Strand, ...]
    accepts: NDArray[np.bool_]
    frequency: NDArray[np.float64]
    required: NDArray[np.intp]
    proxies: tuple[Proxy, ...]
    passes_over_undocumented: bool
    variant_list: bool
    independent: bool
    inheritance: str
    copy_number_varies: bool
    rules: GeneRules
    fallback: Fallback | None = None
    common: Mapping[int, frozenset[str]] = field(default_factory=dict)
    functions: Mapping[str, str] = field(default_factory=dict)
    decisive: int | None = None
    donors: Donors | None = None

    @property
    def n_codes(self) -> int:
        """Count of documented allele codes, C."""
        return int(self.accepts.shape[2]) - 2

    @property
    def shares_names(self) -> bool:
        """Whether several haplotypes are reported under one name."""
        return len({strand.name for strand in self.haplotypes}) < len(self.haplotypes)

    @property
    def pass_over(self) -> NDArray[np.int8] | None:
        """int8 (P, 2): count of documented codes per position and the baseline code, if others are passed over."""
        if not self.passes_over_undocumented:
            return None
        counts = [len(self.naming.bases(p)) for p in range(len(self.definition.sites))]
        return np.stack([np.array(counts), self.naming.baseline.argmax(axis=1)], axis=1).astype(np.int8)

    def columns(self, codes: NDArray[np.int8]) -> NDArray[np.intp]:
        """Turn allele codes into columns of `accepts`."""
        return _columns(self.n_codes)[np.asarray(codes, dtype=np.int8).view(np.uint8)]


@lru_cache(maxsize=64)
def _columns(n_codes: int) -> NDArray[np.intp]:
    """Return the column of `accepts` of each allele code, seen as a byte without sign."""
    codes = np.arange(256).astype(np.uint8).view(np.int8)
    return np.where(codes < 0, n_codes + 1, np.minimum(codes, n_codes)).astype(np.intp)


@lru_cache(maxsize=512)
def model(kb: KnowledgeBase, gene: str) -> GeneModel:
    """Return the model of one gene.

    Raises
    ------
    UsageError
        If the knowledge base does not have the gene.
    """
    return assemble(kb, gene, priors.counted(kb, gene))


def assemble(kb: KnowledgeBase, gene: str, counts: priors.Counted) -> GeneModel:
    """Return the model of one gene with the frequencies of `counts`."""
    policies = _policies(kb).get(gene, {})
    renamed = {row["allele"]: row["report_as"] for row in policies.get("report_as", ())}
    definition = _distinguishable(kb.gene(gene), renamed)
    row = definition.row
    variant_list = row["caller"] == "variant_list"
    everywhere: NDArray[np.int64] = kb.remember("site positions", kb.sites["pos_grch38"].to_numpy)
    positions = everywhere[definition.sites]
    index = {int(position): i for i, position in enumerate(positions)}
    naming = Naming(kb, definition, extra_allowed="extra_variants_allowed" in policies)
    haplotypes, accepts = _universe(definition, naming, counts, index)
    names = [strand.detail for strand in haplotypes]
    required = [index[int(p)] for p in str(row["required_positions"] or "").split(";") if p]
    frequency = priors.frequencies(counts, names, names[0]) if names else np.zeros((0, 1))
    independent = (len(naming.core) > 2 and bool((naming.core[1:].sum(axis=1) <= 1).all())) or variant_list
    pairs = [(row["pos_grch38"], row["decided_by"]) for row in policies.get("proxy", ())]
    return GeneModel(
        definition=definition,
        naming=naming,
        haplotypes=haplotypes,
        accepts=accepts,
        frequency=frequency,
        required=np.array(required, dtype=np.intp),
        proxies=tuple(Proxy(index[p], index[d]) for p, d in pairs),
        passes_over_undocumented="undocumented_is_reference" in policies,
        variant_list=variant_list,
        independent=independent,
        inheritance=str(row["inheritance"]),
        copy_number_varies=row["copy_number_varies"] == "y",
        rules=rules_for(kb, gene),
        fallback=_fallback(kb, definition, naming, policies.get("fallback_variant", []), index),
        common={index[p]: frozenset(bases) for p, bases in _common(policies.get("common_base", [])).items()},
        functions=_functions(kb).get(gene, {}),
        decisive=next((index[row["pos_grch38"]] for row in policies.get("decisive_position", ())), None),
        donors=Donors.of(accepts, frequency, positions.astype(np.int64)) if independent else None,
    )


def _policies(kb: KnowledgeBase) -> dict[str, dict[str, list[PolicyRow]]]:
    """The policy rows by gene and policy."""

    def parts() -> dict[str, dict[str, list[PolicyRow]]]:
        found: dict[str, dict[str, list[PolicyRow]]] = {}
        for row in kb.table("calling_policies").iter_rows(named=True):
            found.setdefault(row["gene"], {}).setdefault(row["policy"], []).append(row)
        return found

    return kb.remember("calling policies", parts)


def _functions(kb: KnowledgeBase) -> dict[str, dict[str, str]]:
    """What alleles do and how active they are, by gene and allele; the first source of each leads."""

    def found() -> dict[str, dict[str, str]]:
        of_gene: dict[str, dict[str, str]] = {}
        told = kb.table("functions").filter(pl.col("function").is_not_null() & ~pl.col("function").is_in(_UNTOLD))
        for gene, allele, function, activity in told.select("gene", "allele", "function", "activity_value").iter_rows():
            of_gene.setdefault(gene, {}).setdefault(allele, f"{function} {activity}")
        return of_gene

    return kb.remember("functions of alleles", found)


def _common(policies: list[PolicyRow]) -> dict[int, list[str]]:
    """Bases by genomic position."""
    found: dict[int, list[str]] = {}
    for row in policies:
        found.setdefault(int(row["pos_grch38"]), []).append(row["allele"])
    return found


def _fallback(
    kb: KnowledgeBase, definition: GeneDefinition, naming: Naming, policies: list[PolicyRow], index: dict[int, int]
) -> Fallback | None:
    if not policies:
        return None
    at, allele = policies[0]["pos_grch38"], policies[0]["allele"]
    position, own = index[int(at)], definition.alleles.index(allele)
    code = int(definition.accepts[own, position].argmax())
    has_it = naming.core[:, position] & definition.accepts[:, position, code]
    carriers = frozenset(name for name, has in zip(definition.alleles, has_it, strict=True) if has)
    site = kb.sites.row(int(definition.sites[position]), named=True)
    name = next(iter(site["rsids"] or [naming.variant(position, code)]))
    functions = kb.table("functions").filter((pl.col("gene") == definition.gene) & pl.col("function").is_in(_LOSS))
    lacking = {name for name, has in zip(definition.alleles, has_it, strict=True) if not has}
    lossy = frozenset(set(functions["allele"]) & lacking)
    return Fallback(position, code, allele, definition.alleles[0], carriers, lossy, name)


def _distinguishable(definition: GeneDefinition, renamed: dict[str, str]) -> GeneDefinition:
    """Leave out what no data could tell apart.

    That is alleles that accept just what an earlier one does, and positions at which all callable alleles accept the
    same (they belong to alleles that small variants cannot define).
    """
    accepts = definition.accepts
    if not len(accepts):
        return definition
    positions = np.flatnonzero((accepts != accepts[:1]).any(axis=(0, 2)))
    accepts = accepts[:, positions]
    seen: dict[bytes, int] = {}
    for i in range(len(definition.alleles)):
        seen.setdefault(np.packbits(accepts[i]).tobytes(), i)
    keep = sorted(seen.values())
    return GeneDefinition(
        definition.gene,
        definition.row,
        definition.sites[positions],
        tuple(renamed.get(definition.alleles[i], definition.alleles[i]) for i in keep),
        accepts[keep],
        definition.defining[keep][:, positions],
    )


def _universe(
    definition: GeneDefinition, naming: Naming, counts: priors.Counted, index: dict[int, int]
) -> tuple[tuple[Strand, ...], NDArray[np.bool_]]:
    """Return the named alleles and the panel's combinations, with what each accepts."""
    strands = [Strand(name, (name,), False, detail=name) for name in definition.alleles]
    n_alleles, n_positions, n_codes = definition.accepts.shape
    rows = [definition.accepts]
    for bases in counts.bases:
        if bases is None:
            continue
        codes = np.zeros(n_positions, dtype=np.int8)
        for item in bases.split(";"):
            position, base = item.split("=")
            codes[index[int(position)]] = naming.bases(index[int(position)]).index(base)
        one = np.zeros((1, n_positions, n_codes), dtype=bool)
        one[0, np.arange(n_positions), codes] = True
        rows.append(one)
        strands.append(naming.name(codes))
    accepts = np.concatenate(rows) if rows else np.zeros((n_alleles, n_positions, n_codes), dtype=bool)
    wide = np.concatenate([accepts, np.zeros_like(accepts[:, :, :1]), np.ones_like(accepts[:, :, :1])], axis=2)
    return tuple(strands), wide
