"""Positions at which a person has no record: said, or taken for reference where the user asks for that."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgx.types import NO_COPY, NOT_CALLED, State
from pgx.variants.notes import Notes
from pgx.variants.sites.assemble import Assembly
from pgx.variants.sites.targets import Targets

MOSTLY_ABSENT = 0.5
"""Share of all positions that a file of variants alone leaves out at least."""


def name_variants_only(assembly: Assembly, targets: Targets, notes: Notes, may: NDArray[np.bool_]) -> None:
    """Say of whom, of those that `may`, the files list only differences from the reference: the rest is unknown.

    In a file of several persons somebody's difference is the others' reference; the record counts who carries it.
    """
    sites = [target.site for target in targets.all if target.pos]
    state, alleles = assembly.state[sites], assembly.alleles[sites]
    reference = np.array([target.reference_code for target in targets.all if target.pos], dtype=np.int8)
    called = (state == State.CALLED) | (state == State.REFERENCE_BLOCK)
    first, second = alleles[:, :, 0], alleles[:, :, 1]
    plain = called & (first == reference[:, None]) & ((second == first) | (second == NO_COPY))
    row_of = {site: row for row, site in enumerate(sites)}
    for site, persons in assembly.carried.items():
        plain[row_of[site], np.concatenate(persons)] = False
    absent = (state == State.ABSENT).sum(axis=0)
    lists_variants = may & called.any(axis=0) & ~plain.any(axis=0) & (absent > len(sites) * MOSTLY_ABSENT)
    if lists_variants.any():
        notes.add(
            "warning",
            "variants_only",
            "the file lists only differences from the reference, so most positions are unknown rather than normal: "
            "give a gVCF or genotypes forced at the positions of `pgx kb positions`, or say --absent-is-reference if "
            "every position was covered",
            columns=np.flatnonzero(lists_variants),
        )


def assume_reference(assembly: Assembly, targets: Targets, notes: Notes) -> None:
    """Fill positions without any record with the reference of the file's build."""
    total = np.zeros(assembly.count, dtype=np.int64)
    for target in targets.all:
        if not target.pos:
            continue
        absent = assembly.state[target.site] == State.ABSENT
        total += absent
        unknown = absent[:, None] & (assembly.alleles[target.site] == NOT_CALLED)
        assembly.alleles[target.site][unknown] = target.reference_code
        assembly.state[target.site][absent] = State.ASSUMED_REFERENCE
    for n in np.unique(total[total > 0]).tolist():
        notes.count("warning", "reference_assumed",
                    "{n} genotypes without data were taken for reference, as asked (--absent-is-reference)",
                    "", n, np.flatnonzero(total == n))  # fmt: skip
