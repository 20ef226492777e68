"""Build ``data/knowledge/priors.tsv``: haplotype frequencies from phased panels and CPIC's tables, per allele.

Run ``python -m pgx.build_data.priors --panel FILE... --people TSV -o data/knowledge/priors.tsv``.

Neither source will do alone. CPIC's tables lack alleles that were named later (CYP2C19 *38 is counted as *1 there), and
a panel cannot tell apart alleles that differ at positions it lacks (CYP2B6 *6 from *9). So, per gene and group:

1. Each phased strand of the panel's unrelated persons fits a class of haplotypes: the named alleles that agree with it
   at the positions that the panel has, or, if there are none, what its bases are reported as.
2. The strands of a class are shared among its members in proportion to CPIC's frequencies. A member that CPIC does not
   list takes what CPIC's figures leave of the class if the panel sees all its positions, and `UNSEEN` of the class
   otherwise, `ALL_UNSEEN` at most for all such members together.
3. Frequencies are the shares, with `CPIC_CHROMOSOMES` chromosomes' worth of CPIC's non-reference frequencies and
   `POOLED_CHROMOSOMES` of the panel's average over groups, so that an allele which the panel happens not to show in a
   group is rare there and not impossible.
4. Groups that the panel lacks have CPIC's figures; alleles that CPIC does not list have the panel's average.

An allele that CPIC lists for other groups only has at most `UNREPORTED`. Combinations and partial matches are kept
too; one seen on a single strand counts for `ONCE` of it, since what is seen once is rarer than that on average.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.calling import priors
from pgx.calling.context import Context
from pgx.calling.model import GeneModel, assemble
from pgx.calling.patterns import usable
from pgx.calling.strands import Strand
from pgx.knowledge.base import KnowledgeBase
from pgx.knowledge.loading import load
from pgx.knowledge.tables.declared import TABLES
from pgx.types import Genotypes

CPIC_CHROMOSOMES = 50.0
POOLED_CHROMOSOMES = 2.0
ONCE = 0.5
UNSEEN, ALL_UNSEEN = 1e-4, 1e-3
UNREPORTED = 1e-4
SMALLEST = 2e-6
CPIC = "CPIC/ClinPGx biogeographic"
ADMIXED = {"ASW": "aac", "ACB": "aac"}
"""Panel populations that belong to another group than their superpopulation."""


@dataclass(frozen=True, slots=True)
class _Member:
    strand: Strand
    codes: NDArray[np.int8] | None


def build(
    panels: Sequence[Genotypes], people: pl.DataFrame, kb: KnowledgeBase, only: set[str] | None = None
) -> pl.DataFrame:
    """Return the priors table.

    Parameters
    ----------
    panels
        Phased genotypes; for each gene the panel with most of its positions is counted.
    people
        ``sample population superpopulation father mother``; persons with a parent in the table are left out.
    kb
        The knowledge base (its own priors are not used).
    only
        Samples to count; None = all.
    """
    names = set(people["sample"])
    founders = people.filter(~pl.col("father").is_in(names) & ~pl.col("mother").is_in(names))
    known = priors.groups(kb)
    group_of = {
        sample: known.index(ADMIXED.get(population, superpopulation))
        for sample, population, superpopulation in founders.select(
            "sample", "population", "superpopulation"
        ).iter_rows()
        if only is None or sample in only
    }
    frames = [_gene(panels, group_of, kb, gene) for gene in kb.genes]
    return pl.concat([frame for frame in frames if frame.height])


def _gene(panels: Sequence[Genotypes], group_of: Mapping[str, int], kb: KnowledgeBase, gene: str) -> pl.DataFrame:
    codes = priors.groups(kb).codes
    model = assemble(kb, gene, priors.Counted((), (), np.zeros((0, len(codes)))))
    cpic = _cpic(kb, gene, model)
    if not len(model.definition.alleles):
        return pl.DataFrame()
    members, counts = _count(max(panels, key=lambda panel: _coverage(panel, model)), group_of, model, cpic)
    if not counts.any() and cpic is None:
        return pl.DataFrame()
    composed = np.array([m.codes is not None for m in members])
    once = composed & (counts.sum(axis=1) > 0) & (counts.sum(axis=1) < 1.5)
    values = _combine(members, np.where(once[:, None], ONCE * counts, counts), cpic, model)
    keep = [i for i, m in enumerate(members) if m.codes is None or not m.strand.undocumented]
    keep = [i for i in keep if np.nanmax(values[i]) >= SMALLEST * 5]
    source = "panel+cpic" if counts.any() and cpic is not None else "panel" if counts.any() else "cpic"
    return pl.DataFrame(
        {
            "gene": [gene] * len(keep),
            "haplotype": [members[i].strand.detail for i in keep],
            "bases": [_bases(members[i], model, kb) for i in keep],
            **{c: [_rounded(values[i, g]) for i in keep] for g, c in enumerate(codes)},
            "source": [source] * len(keep),
        },
        schema=TABLES["priors"].polars_schema(),
    )


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else float(f"{max(value, SMALLEST):.4g}")


def _coverage(panel: Genotypes, model: GeneModel) -> int:
    return int(usable(panel.state[model.definition.sites]).any(axis=1).sum()) if len(panel.samples) else 0


def _cpic(kb: KnowledgeBase, gene: str, model: GeneModel) -> NDArray[np.float64] | None:
    """CPIC's frequencies (A, G) of the callable alleles, each group adding up to 1; NaN = not listed."""
    rows = kb.table("frequencies").filter((pl.col("gene") == gene) & (pl.col("scheme") == CPIC))
    if rows.is_empty():
        return None
    known = priors.groups(kb)
    table = np.full((len(model.definition.alleles), len(known.codes)), np.nan)
    place = {allele: i for i, allele in enumerate(model.definition.alleles)}
    for allele, population, frequency in rows.select("allele", "population", "frequency").iter_rows():
        if allele in place:
            table[place[allele], known.index(population)] = frequency
    listed = ~np.isnan(table).all(axis=0)
    table[:, listed] /= np.nansum(table[:, listed], axis=0)
    return table


def _count(
    panel: Genotypes, group_of: Mapping[str, int], model: GeneModel, cpic: NDArray[np.float64] | None
) -> tuple[list[_Member], NDArray[np.float64]]:
    """Share the panel's strands among haplotypes; return the members (named alleles first) and counts (M, G)."""
    n_groups = model.frequency.shape[1]
    members = [_Member(strand, None) for strand in model.haplotypes]
    place = {strand.detail: i for i, strand in enumerate(model.haplotypes)}
    chosen = np.array([i for i, sample in enumerate(panel.samples) if sample in group_of], dtype=np.intp)
    group = np.array([group_of[panel.samples[i]] for i in chosen], dtype=np.intp)
    sites = model.definition.sites
    alleles = np.where(usable(panel.state[sites])[:, :, None], panel.alleles[sites], -1)[:, chosen]
    present = alleles[:, :, 1] != -2
    strands = np.concatenate([alleles[:, :, 0].T, alleles[:, present.all(axis=0), 1].T]).astype(np.int8)
    groups = np.concatenate([group, group[present.all(axis=0)]])
    rows, which = np.unique(strands, axis=0, return_inverse=True)
    tally = np.zeros((len(rows), n_groups))
    np.add.at(tally, (which.ravel(), groups), 1)
    counts: list[NDArray[np.float64]] = [np.zeros(n_groups) for _ in members]
    context = Context(model)
    whole = tally.sum(axis=0)
    for codes, number in zip(rows, tally, strict=True):
        if (codes < 0).all():
            continue
        found = context.explain(np.where(codes < 0, -1, codes).astype(np.int8))
        shares = _shares([strand for strand, _, _ in found], codes, number / np.maximum(whole, 1), model, cpic)
        for (strand, _, named), share in zip(found, shares, strict=True):
            if strand.detail not in place:
                place[strand.detail] = len(members)
                members.append(_Member(strand, None if named else context.filled(codes, strand)))
                counts.append(np.zeros(n_groups))
            counts[place[strand.detail]] = counts[place[strand.detail]] + share * number
    return members, np.stack(counts)


def _shares(
    strands: list[Strand],
    codes: NDArray[np.int8],
    frequency: NDArray[np.float64],
    model: GeneModel,
    cpic: NDArray[np.float64] | None,
) -> NDArray[np.float64]:
    """Share of each member of a class, (n, G)."""
    alleles = model.definition.alleles
    weight = np.full((len(strands), len(frequency)), np.nan)
    seen = np.zeros(len(strands), dtype=bool)
    for i, strand in enumerate(strands):
        parts = [alleles.index(part) for part in strand.parts]
        seen[i] = all((codes[model.naming.core[a]] >= 0).all() for a in parts)
        if cpic is not None:
            weight[i] = np.prod([_over_groups(cpic[a]) for a in parts], axis=0)
    listed = np.nansum(weight, axis=0)
    rest = np.maximum(frequency - listed, 0) if cpic is not None else np.ones_like(frequency)
    n_seen = max(int((seen & np.isnan(weight).all(axis=1)).sum()), 1)
    n_unseen = int((~seen & np.isnan(weight).all(axis=1)).sum())
    unseen = min(UNSEEN, ALL_UNSEEN / max(n_unseen, 1))
    for i in range(len(strands)):
        gap = np.isnan(weight[i])
        fallback = (
            np.maximum(rest / n_seen, priors.FLOOR)
            if seen[i]
            else np.full_like(rest, unseen) * np.maximum(frequency, 1e-3)
        )
        weight[i] = np.where(gap, fallback, np.maximum(weight[i], SMALLEST))
    return np.asarray(weight / weight.sum(axis=0))


def _over_groups(row: NDArray[np.float64]) -> NDArray[np.float64]:
    """CPIC's figures of one allele; in a group without one it is presumed rare, if others have it at all."""
    return (
        np.asarray(np.where(np.isnan(row), min(float(np.nanmean(row)), UNREPORTED), row))
        if not np.isnan(row).all()
        else row
    )


def _combine(
    members: list[_Member], counts: NDArray[np.float64], cpic: NDArray[np.float64] | None, model: GeneModel
) -> NDArray[np.float64]:
    """Frequencies (M, G); NaN where neither source has anything to say of a group."""
    n_members, n_groups = counts.shape
    total = counts.sum(axis=0)
    has_panel = total > 0
    pooled = (counts[:, has_panel] / total[has_panel]).mean(axis=1) if has_panel.any() else np.zeros(n_members)
    prior = np.zeros((n_members, n_groups))
    if cpic is not None:
        prior[: len(cpic)] = np.nan_to_num(cpic)
    n_cpic = CPIC_CHROMOSOMES * (prior.sum(axis=0) > 0)
    extra = prior.copy()
    extra[0] = 0
    values = counts + n_cpic * extra + POOLED_CHROMOSOMES * pooled[:, None]
    values = values / np.maximum(values.sum(axis=0), 1e-12)
    for g in np.flatnonzero(~has_panel):
        if prior[:, g].any():
            unlisted = np.ones(n_members, dtype=bool)
            unlisted[: len(model.definition.alleles)] = np.isnan(cpic[:, g]) if cpic is not None else True
            column = np.where(unlisted, pooled, prior[:, g])
            others = column[1:].sum()
            column[0] = max(1 - others, priors.FLOOR)
            values[:, g] = column / column.sum()
        else:
            values[:, g] = np.nan
    return np.asarray(values)


def _bases(member: _Member, model: GeneModel, kb: KnowledgeBase) -> str | None:
    if member.codes is None:
        return None
    positions = kb.sites["pos_grch38"].gather(model.definition.sites)
    return ";".join(
        f"{positions[int(p)]}={model.naming.bases(int(p))[member.codes[p]]}"
        for p in (np.flatnonzero(member.codes > 0) if member.codes.any() else [0])
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the panels and write the table."""
    from pgx import variants

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--panel", nargs="+", type=Path, required=True, help="phased VCF, one per build")
    parser.add_argument(
        "--people", type=Path, required=True, help="sample, population, superpopulation, father, mother"
    )
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args(arguments)
    kb = load()
    panels = [variants.read([path], kb) for path in options.panel]
    people = pl.read_csv(options.people, separator="\t", infer_schema=False)
    build(panels, people, kb).write_csv(options.output, separator="\t", quote_style="never")


if __name__ == "__main__":
    main()
