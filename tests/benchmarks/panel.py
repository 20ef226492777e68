"""The 1000 Genomes panel of ../shared, whole or in part, for the benchmarks of calling."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.types import NO_COPY, Doubts, Genotypes, State
from tests.outside import OUTSIDE

GENOMES = OUTSIDE / "genomes"
PANEL38 = GENOMES / "1kgp.GRCh38.positions.vcf.gz"
PANEL37 = GENOMES / "1kgp.GRCh37.positions.vcf.gz"


def table(name: str) -> pl.DataFrame:
    """Read one of the panel's tables, all columns as text."""
    return pl.read_csv(GENOMES / name, separator="\t", infer_schema=False)


def subset(genotypes: Genotypes, samples: Sequence[int]) -> Genotypes:
    """Keep these samples."""
    kept = np.array(samples, dtype=np.intp)
    return dataclasses.replace(
        genotypes,
        samples=tuple(genotypes.samples[i] for i in kept),
        alleles=genotypes.alleles[:, kept],
        state=genotypes.state[:, kept],
        phased=genotypes.phased[:, kept],
        phase_set=genotypes.phase_set[:, kept],
        doubts=_doubts(genotypes, kept),
        imputed=None if genotypes.imputed is None else genotypes.imputed[:, kept],
    )


def _doubts(genotypes: Genotypes, kept: NDArray[np.intp]) -> Doubts | None:
    doubts = genotypes.doubts
    if doubts is None:
        return None
    place = np.full(len(genotypes.samples), -1, dtype=np.int32)
    place[kept] = np.arange(len(kept), dtype=np.int32)
    own = place[doubts.sample] >= 0
    return Doubts(doubts.site[own], place[doubts.sample[own]], doubts.vector[own], doubts.vectors)


def without_phase(genotypes: Genotypes, seed: int = 0) -> Genotypes:
    """Forget the phase: strands are swapped at random, position by position."""
    alleles = genotypes.alleles.copy()
    swap = (np.random.default_rng(seed).random(alleles.shape[:2]) < 0.5) & (alleles[:, :, 1] != NO_COPY)
    alleles[swap] = alleles[swap][:, ::-1]
    return dataclasses.replace(
        genotypes,
        alleles=alleles,
        phased=np.zeros_like(genotypes.phased),
        phase_set=np.zeros_like(genotypes.phase_set),
    )


def with_gaps(genotypes: Genotypes, share: float, seed: int = 1) -> Genotypes:
    """Hide that share of the genotypes at random."""
    state = genotypes.state.copy()
    state[np.random.default_rng(seed).random(state.shape) < share] = State.NO_CALL
    return dataclasses.replace(genotypes, state=state)


def absent_as_reference(genotypes: Genotypes) -> Genotypes:
    """Read positions that the file lacks as GRCh38's reference, as the peers were made to."""
    state, alleles, phased = genotypes.state.copy(), genotypes.alleles.copy(), genotypes.phased.copy()
    absent = state == State.ABSENT
    one_copy = np.zeros_like(absent)
    for chrom in set(genotypes.sites["chrom"]):
        here = (genotypes.sites["chrom"] == chrom).to_numpy()
        one_copy[here] = (alleles[here, :, 1] == NO_COPY).any(axis=0)
    alleles[absent] = 0
    alleles[absent & one_copy, 1] = NO_COPY
    state[absent] = State.ASSUMED_REFERENCE
    phased[absent] = True
    return dataclasses.replace(genotypes, state=state, alleles=alleles, phased=phased)
