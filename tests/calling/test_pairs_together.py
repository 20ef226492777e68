"""Pairs of many haplotypes that are weighed together are those that are weighed one by one; what is kept is bounded."""

from __future__ import annotations

import random

import numpy as np
import pytest

from pgx.calling import priors, solve
from pgx.calling.context import Context
from pgx.calling.model import model
from pgx.calling.patterns import HOMOZYGOUS
from pgx.calling.strands import Naming
from pgx.knowledge import load

KB = load()
GENES = ("RYR1", "CFTR", "G6PD", "CYP2B6")


def drawn(gene, rng):
    """A pattern with some positions without data, and perhaps one that is heterozygous."""
    found = model(KB, gene)
    one = found.naming.baseline.argmax(axis=1).astype(np.int8)
    missing = rng.sample(range(len(one)), rng.randint(1, min(12, len(one) - 1)))
    two = one.copy()
    blocks = np.full(len(one), HOMOZYGOUS, dtype=np.int32)
    if rng.random() < 0.5:
        place = rng.choice([p for p in range(len(one)) if p not in missing])
        other = [code for code in range(len(found.naming.bases(place))) if code != one[place]]
        two[place], blocks[place] = rng.choice(other), -(place + 1)
    one[missing] = two[missing] = -1
    return found, np.stack([one, two], axis=1), blocks


@pytest.mark.parametrize("gene", GENES)
@pytest.mark.parametrize("kept", [0.9995, 1 - 1e-7])  # the latter cuts among rare ones, of which many weigh the same
def test_the_pairs_are_those_that_are_weighed_one_by_one(gene, kept, monkeypatch):
    monkeypatch.setattr(solve, "KEPT_MASS", kept)
    rng = random.Random(gene)
    mixtures = [priors.groups(KB).mixture(group) for group in range(3)]
    compared = 0
    for _ in range(60):
        found, codes, blocks = drawn(gene, rng)
        context = Context(found)
        first, second = (context.counted(codes[:, strand]) for strand in (0, 1))
        if solve.MANY_PAIRS <= len(first) * len(second) <= solve.MOST_PAIRS and context.names_differ:
            mixture = rng.choice(mixtures)
            one_by_one = solve.ranked(context.arrange(codes, blocks, mixture))
            together = solve.pairs(context, codes, blocks, mixture, haploid=False)
            assert (together.pairs, together.total) == (one_by_one.pairs, one_by_one.total)
            compared += 1
    assert compared >= 5


def test_the_names_of_a_gene_that_are_kept_are_bounded(monkeypatch):
    monkeypatch.setattr("pgx.calling.strands._NAMES", 3)
    naming = Naming(KB, model(KB, "CYP2C9").definition)
    plain = naming.baseline.argmax(axis=1).astype(np.int8)
    naming.name(plain)
    for place in range(8):
        other = plain.copy()
        other[place] = -1
        naming.name(other)
    assert naming._names.find(plain.tobytes()) is None
    assert naming.name(plain).name == "*1"


def test_a_base_of_this_file_alone_gives_no_name_to_the_next_file():
    naming = Naming(KB, model(KB, "CYP2C9").definition)
    codes = naming.baseline.argmax(axis=1).astype(np.int8)
    codes[0] = past = len(naming.bases(0))
    for bases in ("G", "GT"):
        named = naming.name(codes, {0: [*naming.bases(0), bases]})
        assert named.undocumented and named.name.endswith(naming.variant(0, past, [*naming.bases(0), bases]))
