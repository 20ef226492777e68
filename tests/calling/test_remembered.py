"""Calls of drawn persons are those that they were when last looked at: every gene, phased or not, with gaps."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pgx.calling import call, calls_frame, explain, position_log
from pgx.calling.model import model
from pgx.types import NO_COPY, NOT_CALLED, UNREAD, Genotypes, State
from tests.calling.build import genotypes
from tests.remembered import check

PERSONS = 16
SHOWN = ("sample", "gene", "diplotype", "probability", "status", "alternatives", "positions_called", "flags")


def _drawn(kb, genes, seed: int) -> Genotypes:
    """Draw two haplotypes a gene and person; person by person phased, unphased, with gaps, or with other bases."""
    rng = np.random.default_rng(seed)
    found = genotypes(kb, [{} for _ in range(PERSONS)], fill=genes)
    found.phased[:] = False
    for gene in genes:
        one = model(kb, gene)
        sites = one.definition.sites
        if not len(one.haplotypes):
            continue
        weights = one.frequency.mean(axis=1) ** 0.5
        for person in range(PERSONS):
            first, second = (
                one.accepts[rng.choice(len(one.haplotypes), p=weights / weights.sum()), :, :-2] for _ in range(2)
            )
            strands = [np.array([rng.choice(np.flatnonzero(row)) for row in bases]) for bases in (first, second)]
            if person % 4 in (1, 2, 3):  # unphased
                turned = rng.random(len(sites)) < 0.5
                strands = [np.where(turned, strands[1 - i], strands[i]) for i in (0, 1)]
            found.alleles[sites, person] = np.stack(strands, axis=1)
            found.phased[sites, person] = person % 4 == 0
            if person % 8 == 0:
                found.phase_set[sites, person] = np.arange(len(sites)) // 3 + 1
            gaps = sites[rng.random(len(sites)) < (0.3 if person % 4 == 2 else 0.0)]
            found.alleles[gaps, person] = NOT_CALLED
            found.state[gaps, person] = State.NO_CALL
            if person % 4 == 3:
                odd = rng.choice(sites)
                found.alleles[odd, person, 1] = [UNREAD, NOT_CALLED, 0][person // 4 % 3]
                found.state[odd, person] = [State.UNSUPPORTED, State.CALLED, State.FILTERED][person // 4 % 3]
            if one.inheritance == "mitochondrial" or (one.inheritance == "x_linked" and person % 2):
                found.alleles[sites, person, 1] = NO_COPY
            if person == 5:
                found.state[sites, person] = State.ASSUMED_REFERENCE
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_calls_of_every_gene(kb, seed):
    genes = [gene for gene in kb.genes if len(model(kb, gene).definition.sites)]
    people = _drawn(kb, genes, seed)
    groups = {"P2": "European", "P3": "East Asian", "P7": "Sub-Saharan African"}
    found = calls_frame(call(people, kb, groups=groups), kb)
    check(f"calls_{seed}", found.select(SHOWN))


def test_calls_with_known_copies(kb):
    people = _drawn(kb, ["CYP2D6"], 4)
    known = {(f"P{n + 1}", "CYP2D6"): n % 6 for n in range(PERSONS)}
    check("calls_copies", calls_frame(call(people, kb, genes=["CYP2D6"], copy_number=known), kb).select(SHOWN))


def test_why_a_person_is_called_so(kb):
    people = _drawn(kb, ["CYP2C19", "TPMT", "DPYD"], 7)
    frames = [explain(people, kb, gene, f"P{n}").with_columns(person=pl.lit(n), of=pl.lit(gene))
              for gene in ("CYP2C19", "TPMT") for n in (1, 3, 4)]  # fmt: skip
    check("calls_explained", pl.concat(frames))
    check("calls_positions", position_log(people, kb).filter(pl.col("sample").is_in(["P3", "P4"])).head(300))
