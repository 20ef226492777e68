"""What one block of a cohort has answered, the next does not solve again, and answers alike."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from pgx.calling import call, caller, patterns
from pgx.calling.model import model
from pgx.knowledge.recent import Recent
from pgx.types import Doubts, Likelihood, State
from tests.calling.build import genotypes

STAR2, STAR17 = 94781859, 94761900
HET2, HET17 = ("G", "A"), ("C", "T")


@pytest.fixture(scope="module")
def block(kb):
    return genotypes(kb, [{}, {STAR2: HET2}, {STAR2: HET2, STAR17: HET17}, {STAR2: (None, None)}], fill=["CYP2C19"])


def test_calls_are_those_of_a_run_without_memory(kb, block):
    recent = Recent()
    plain = _answers(call(block, kb, genes=["CYP2C19"]))
    assert [_answers(call(block, kb, genes=["CYP2C19"], recent=recent)) for _ in range(2)] == [plain, plain]


def test_a_pattern_that_recurs_is_not_solved_again(kb, block, monkeypatch):
    recent = Recent()
    call(block, kb, genes=["CYP2C19"], recent=recent)
    monkeypatch.setattr(caller._Solver, "solve", lambda self, n: pytest.fail("solved again"))
    call(block, kb, genes=["CYP2C19"], recent=recent)


def test_everything_that_a_call_depends_on_makes_another_key(kb, block):
    found = _patterns(kb, block)
    keys = set(found.keys())
    assert len(keys) == 4
    for name, other in {
        "assumed": ~found.assumed,
        "group": found.group + 1,
        "copies": found.copies + 3,
        **{flag: ~getattr(found, flag) for flag in ("haploid", "conflict", "strange", "unread", "filtered", "imputed")},
    }.items():
        assert keys.isdisjoint(dataclasses.replace(found, **{name: other}).keys()), name
    phased = _patterns(kb, genotypes(kb, [{STAR2: HET2, STAR17: HET17}], fill=["CYP2C19"], phased=True))
    assert keys.isdisjoint(phased.keys())


def test_a_genotype_in_doubt_is_answered_for_its_own_file_alone(kb):
    """Likelihoods have numbers within a file: number 0 of the next file is another one."""
    recent = Recent()
    place = list(kb.sites["pos_grch38"]).index(STAR2)
    found = genotypes(kb, [{STAR2: HET2}], fill=["CYP2C19"])
    answers = []
    for tenths in ((0, 20, 90), (90, 0, 90)):
        vector = Likelihood("PL", ((0, 1), (0, 0), (1, 1)), tenths)
        one = Doubts(np.array([place]), np.array([0]), np.array([0]), (vector,))
        answers.append(_answers(call(dataclasses.replace(found, doubts=one), kb, genes=["CYP2C19"], recent=recent)))
    assert answers[0] != answers[1]


def test_bases_that_a_file_alone_has_are_not_kept(kb):
    recent = Recent()
    named = []
    for base in ("C", "T"):
        found = genotypes(kb, [{STAR2: ("G", base)}], fill=["CYP2C19"])
        named.append(call(found, kb, genes=["CYP2C19"], recent=recent).genes[0].patterns[0].diplotypes)
    assert named[0] != named[1]


def _answers(callset):
    return [callset.genes[0].patterns[n] for n in callset.genes[0].pattern_of]


def _patterns(kb, block):
    gene = model(kb, "CYP2C19")
    n = len(block.samples)
    assert (block.state != State.FILTERED).all()
    unknown = np.full(n, -1, dtype=np.int32)
    return patterns.find(block, gene.definition.sites, np.zeros(n, dtype=np.intp), gene.inheritance, unknown)
