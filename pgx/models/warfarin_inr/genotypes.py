"""What a person's diplotypes leave open of clearance and sensitivity: all that is possible, with its probability."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

import polars as pl

from pgx.calling.priors import groups
from pgx.codes import Flag, FlagCode, Status
from pgx.knowledge import KnowledgeBase
from pgx.models.warfarin_inr.parameters import ByAllele, Parameters

Weighed = Sequence[tuple[str, str, float]]
"""Two alleles and the probability of the diplotype."""
_TOLD = (Status.CALLED, Status.AMBIGUOUS, Status.OUTSIDE)
_LEAST = 1e-3
"""Sums less probable than this are left out."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What a parameter may be in one person: values with their probabilities, and flags on how they were found."""

    values: tuple[tuple[float, float], ...]
    flags: tuple[str, ...]


def of_person(
    parameter: ByAllele, calls: Mapping[str, Mapping[str, Any]], kb: KnowledgeBase, group: str | None
) -> Sums:
    """Return what a parameter may be in a person.

    Parameters
    ----------
    parameter
        Which one.
    calls
        Gene to the person's row of the calls table (`pgx.schema.CALLS`).
    kb
        Knowledge base.
    group
        Biogeographic group, where known: its frequencies stand in for a gene that is not called.
    """
    gene = parameter.gene
    row = calls.get(gene)
    refused: tuple[str, ...] = ()
    if row is not None and FlagCode.OUTSIDE_REFUSED in (row.get("flags") or ()):
        # What a laboratory sent of the gene was not understood: what stands here may not be the whole truth.
        row, refused = None, (str(Flag(FlagCode.OUTSIDE_REFUSED, gene)),)
    if row is not None and row["status"] in _TOLD and (found := _summed(parameter, _alleles(row))):
        near = {one for pair in _alleles(row)[:1] for one in pair[:2] if one in parameter.like}
        return Sums(found, tuple(str(Flag(FlagCode.ALLELE_BY_ACTIVITY, gene, one)) for one in sorted(near)))
    averaged = (str(Flag(FlagCode.GENE_AVERAGED, gene)), *refused)
    if row is not None and row["status"] == Status.NOT_CALLED and (found := _summed(parameter, _alleles(row))):
        return Sums(found, averaged)
    key = ("response of a population", parameter.gene, group)
    return Sums(kb.remember(key, lambda: _summed(parameter, _of_population(parameter, kb, group))), averaged)


def typical(known: Parameters, age: float | None, clearance: float) -> float:
    """Return the clearance of a person of an age; at an unknown one that of the age it was measured at."""
    years = 0.0 if age is None else age - known["age_centre"]
    return clearance * (1.0 + known["clearance_per_year"] * years)


def _alleles(row: Mapping[str, Any]) -> list[tuple[str, str, float]]:
    """Return the diplotypes of a call, the reported one first; one without its probability is certain."""
    rest = [(one["diplotype"], one["probability"]) for one in row.get("alternatives") or ()]
    first = [] if row["diplotype"] is None else [(row["diplotype"], row.get("probability"))]
    listed = [*first, *rest]
    return [
        (*name.split("/", 1), 1.0 if weight is None else float(weight))
        for name, weight in listed
        if name and name.count("/") == 1
    ]


def _of_population(parameter: ByAllele, kb: KnowledgeBase, group: str | None) -> list[tuple[str, str, float]]:
    """Return the diplotypes of a population by the frequencies of its haplotypes, mixed over groups."""
    known = groups(kb)
    shares = known.mixture(known.index(group))
    table = kb.table("priors").filter(pl.col("gene") == parameter.gene)
    found: list[tuple[str, str, float]] = []
    for code, share in zip(known.codes, shares.tolist(), strict=True):
        counted = table.select("haplotype", pl.col(code).fill_null(0.0)).iter_rows()
        frequency = {name: value for name, value in counted if parameter.part(name) is not None and value > 0}
        total = sum(frequency.values())
        for one, two in combinations_with_replacement(frequency, 2) if share and total else ():
            both = frequency[one] * frequency[two] / total**2
            found.append((one, two, share * both * (1 if one == two else 2)))
    return found


def _summed(parameter: ByAllele, diplotypes: Iterable[tuple[str, str, float]]) -> tuple[tuple[float, float], ...]:
    """Return the sums that diplotypes come to, most probable first; alleles that nobody measured are left out."""
    weights: dict[float, float] = {}
    for one, two, weight in diplotypes:
        parts = parameter.part(one), parameter.part(two)
        if parts[0] is not None and parts[1] is not None:
            value = round(parts[0] + parts[1], 9)
            weights[value] = weights.get(value, 0.0) + weight
    total = sum(weights.values())
    kept = sorted(((v, w) for v, w in weights.items() if w >= _LEAST * total), key=lambda one: (-one[1], one[0]))
    total = sum(weight for _, weight in kept)
    return tuple((value, weight / total) for value, weight in kept)
