"""What one diplotype answers outright is what solving the patterns one by one gives."""

from __future__ import annotations

import random

import numpy as np
import pytest

from pgx.calling import outright, priors, solve
from pgx.calling.context import Context
from pgx.calling.model import model
from pgx.calling.patterns import HOMOZYGOUS, Patterns
from pgx.knowledge import load
from pgx.types import NO_COPY

KB = load()
N = 80
GROUPS = priors.groups(KB)
MIXTURES = {group: GROUPS.mixture(group) for group in (priors.POOLED, 0, 2)}


def drawn(gene, rng):
    """Patterns with positions without data, some heterozygous at one position or two, some of one strand."""
    plain = gene.naming.baseline.argmax(axis=1).astype(np.int8)
    codes = np.repeat(np.stack([plain, plain], axis=1)[None], N, axis=0)
    blocks = np.full((N, len(plain)), HOMOZYGOUS, dtype=np.int32)
    haploid = np.array([rng.random() < 0.2 for _ in range(N)])
    for n in range(N):
        codes[n, rng.sample(range(len(plain)), rng.randint(0, min(6, len(plain) - 2)))] = -1
        for place in rng.sample(range(len(plain)), rng.choice((0, 0, 1, 2))):
            other = rng.choice([code for code in range(len(gene.naming.bases(place))) if code != plain[place]])
            if haploid[n] or rng.random() < 0.3:
                codes[n, place] = other
            elif codes[n, place, 0] >= 0:
                codes[n, place, 1], blocks[n, place] = other, -(place + 1)
        if haploid[n]:
            codes[n, :, 1] = NO_COPY
    nothing = np.zeros(N, dtype=bool)
    return Patterns(
        codes=codes,
        blocks=blocks,
        assumed=np.zeros((N, len(plain)), dtype=bool),
        group=np.array([rng.choice(list(MIXTURES)) for _ in range(N)]),
        haploid=haploid,
        conflict=nothing,
        strange=nothing,
        unread=nothing,
        filtered=nothing,
        copies=np.full(N, -1, dtype=np.int32),
        copy_quality=np.zeros(N, dtype=np.int32),
        doubts=np.zeros((N, len(plain)), dtype=np.int32),
        imputed=nothing,
        shows_change=nothing,
        pattern_of=np.arange(N, dtype=np.int32),
    )


@pytest.mark.parametrize("gene", ["RYR1", "CFTR", "G6PD", "TPMT", "CYP2C9", "CYP2C19", "SLCO1B1", "MT-RNR1"])
def test_an_answer_is_that_of_solving_the_pattern(gene):
    found = model(KB, gene)
    patterns = drawn(found, random.Random(gene))
    answers = outright.find(Context(found), patterns, np.arange(N), MIXTURES)
    assert len(answers) >= N / 8
    for n, answer in answers.items():
        context, mixture = Context(found), MIXTURES[int(patterns.group[n])]
        alone = solve.pairs(context, patterns.codes[n], patterns.blocks[n], mixture, haploid=bool(patterns.haploid[n]))
        assert (answer.pairs, answer.exhaustive, answer.scale) == (alone.pairs, alone.exhaustive, alone.scale)
        assert answer.total == pytest.approx(alone.total, rel=1e-12)


def test_only_patterns_that_were_asked_for_and_are_without_doubt_are_answered():
    found = model(KB, "CFTR")
    patterns = drawn(found, random.Random(1))
    answered = list(outright.find(Context(found), patterns, np.arange(N), MIXTURES))
    asked, doubtful = answered[:6], answered[:2]
    patterns.doubts[doubtful, 0] = 1
    assert list(outright.find(Context(found), patterns, np.array(asked), MIXTURES)) == answered[2:6]


def test_a_pair_that_holds_less_than_what_is_kept_is_no_answer(monkeypatch):
    found = model(KB, "CYP2C9")
    patterns = drawn(found, random.Random(2))
    context = Context(found)
    few = outright.find(context, patterns, np.arange(N), MIXTURES)
    monkeypatch.setattr(outright, "_ENOUGH", 0.5)
    more = outright.find(context, patterns, np.arange(N), MIXTURES)
    assert len(more) > len(few)
    for n, answer in more.items():
        assert (n in few) == (answer.pairs[0].weight >= (solve.KEPT_MASS + 1e-9) * answer.total)
