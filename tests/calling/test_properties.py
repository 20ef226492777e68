"""What holds of every call: two haplotypes drawn from the definitions, seen phased, unphased or in part."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgx import knowledge
from pgx.calling import call
from pgx.calling.model import model
from pgx.types import NO_COPY, NOT_CALLED, Genotypes, State
from tests.calling.build import genotypes

KB = knowledge.load()
GENES = ("CYP2B6", "CYP2C19", "CYP2C9", "CYP2D6", "CYP3A5", "DPYD", "G6PD", "NAT2", "SLCO1B1", "TPMT", "UGT1A1")
SETTINGS = settings(max_examples=30, deadline=None, derandomize=True)


@st.composite
def persons(draw, genes=GENES):
    """Draw a gene, two of its haplotypes and the bases that each carries."""
    gene = draw(st.sampled_from(genes))
    haplotypes = model(KB, gene).haplotypes
    pair = [draw(st.integers(0, len(haplotypes) - 1)) for _ in range(2)]
    return gene, pair


def strand(gene: str, index: int, rng: np.random.Generator) -> np.ndarray:
    """Bases that haplotype `index` accepts, one drawn per position."""
    accepts = model(KB, gene).accepts[index, :, :-2]
    return np.array([rng.choice(np.flatnonzero(accepts[p])) for p in range(len(accepts))], dtype=np.int8)


def person(gene: str, pair: list[int], *, phased: bool, seed: int = 0, swap: bool = False) -> Genotypes:
    """One person with these two haplotypes."""
    rng = np.random.default_rng(seed)
    one, two = (strand(gene, index, rng) for index in pair)
    found = genotypes(KB, [{}], fill=[gene], phased=phased)
    sites = model(KB, gene).definition.sites
    first, second = (two, one) if swap else (one, two)
    if not phased:
        turned = rng.random(len(one)) < 0.5
        first, second = np.where(turned, second, first), np.where(turned, first, second)
    found.alleles[sites, 0] = np.stack([first, second], axis=1)
    return found


def answer(found: Genotypes, gene: str):
    return call(found, KB, genes=[gene]).genes[0].patterns[0]


def name(gene: str, pair: list[int]) -> set[str]:
    return {model(KB, gene).haplotypes[i].name for i in pair}


@SETTINGS
@given(persons())
def test_a_phased_call_contains_the_truth(drawn):
    gene, pair = drawn
    called = answer(person(gene, pair, phased=True), gene)
    fits = [{d.allele1, d.allele2} for d in called.diplotypes]
    assert name(gene, pair) in fits
    assert sum(d.probability for d in called.diplotypes) == pytest.approx(1)


@SETTINGS
@given(persons())
def test_an_unphased_call_weighs_the_truth_as_hardy_weinberg_would(drawn):
    gene, pair = drawn
    called = answer(person(gene, pair, phased=False), gene)
    assert called.status != "not_called"
    assert sum(d.probability for d in called.diplotypes) == pytest.approx(1)
    assert [d.probability for d in called.diplotypes] == sorted(
        (d.probability for d in called.diplotypes), reverse=True
    )
    fits = {frozenset((d.allele1, d.allele2)) for d in called.diplotypes}
    one = model(KB, gene)
    weight = float((one.frequency[pair[0]] * one.frequency[pair[1]]).max())
    if frozenset(name(gene, pair)) not in fits:  # only a pair of next to no weight may be cut off
        best = called.diplotypes[0]
        strands = {haplotype.name: h for h, haplotype in enumerate(one.haplotypes)}
        rivals = [one.frequency[strands[allele]] for allele in (best.allele1, best.allele2)]
        assert weight < 1e-3 * float((rivals[0] * rivals[1]).max())


@SETTINGS
@given(persons(), st.booleans())
def test_the_order_of_the_strands_does_not_matter(drawn, phased):
    gene, pair = drawn
    one, two = (answer(person(gene, pair, phased=phased, swap=swap), gene) for swap in (False, True))
    assert one == two


@SETTINGS
@given(persons(), st.integers(0, 1000))
def test_calls_do_not_depend_on_the_other_samples(drawn, seed):
    gene, pair = drawn
    rng = np.random.default_rng(seed)
    others = [list(rng.integers(0, len(model(KB, gene).haplotypes), 2)) for _ in range(4)]
    alone = answer(person(gene, pair, phased=False), gene)
    found = [person(gene, p, phased=False, seed=i) for i, p in enumerate([pair, *others])]
    order = rng.permutation(len(found))
    many = joined([found[i] for i in order])
    place = int(np.flatnonzero(order == 0)[0])
    calls = call(many, KB, genes=[gene]).genes[0]
    together = calls.patterns[calls.pattern_of[place]]
    assert [d.name for d in together.diplotypes] == [d.name for d in alone.diplotypes]
    assert [d.probability for d in together.diplotypes] == pytest.approx([d.probability for d in alone.diplotypes])
    assert (together.status, together.flags) == (alone.status, alone.flags)


@SETTINGS
@given(persons(), st.floats(0.05, 0.95), st.integers(0, 1000))
def test_hiding_positions_never_rules_out_what_fitted(drawn, share, seed):
    gene, pair = drawn
    full = person(gene, pair, phased=True)
    sites = model(KB, gene).definition.sites
    hidden = sites[np.random.default_rng(seed).random(len(sites)) < share]
    state = full.state.copy()
    state[hidden] = State.NO_CALL
    part = answer(dataclasses.replace(full, state=state), gene)
    whole = answer(full, gene)
    if part.status == "not_called":
        assert {"no_data", "required_positions_missing"} & set(part.flags)
        return
    assert part.positions_called == whole.positions_called - len(hidden)
    odds = {d.name: d.probability for d in part.diplotypes}
    common = [d for d in whole.diplotypes if d.name in odds]
    for one, two in itertools.pairwise(common):  # what remains keeps its odds
        assert odds[one.name] / odds[two.name] == pytest.approx(one.probability / two.probability, rel=1e-6)
    assert odds.get(whole.diplotypes[0].name, 0.0) <= whole.diplotypes[0].probability + 1e-9


@SETTINGS
@given(st.sampled_from(GENES), st.integers(0, 10_000))
def test_any_genotypes_give_an_answer_or_a_reason(gene, seed):
    rng = np.random.default_rng(seed)
    found = genotypes(KB, [{}], fill=[gene])
    sites = model(KB, gene).definition.sites
    found.alleles[sites, 0] = rng.integers(-3, 3, (len(sites), 2))
    found.alleles[sites, 0, 0] = np.where(found.alleles[sites, 0, 0] == NO_COPY, NOT_CALLED, found.alleles[sites, 0, 0])
    found.phased[sites, 0] = rng.random(len(sites)) < 0.5
    found.phase_set[sites, 0] = rng.integers(0, 3, len(sites))
    called = answer(found, gene)
    assert called.diplotypes or called.flags
    if called.diplotypes:
        assert sum(d.probability for d in called.diplotypes) == pytest.approx(1)


def joined(found: list[Genotypes]) -> Genotypes:
    """The same persons in one input."""
    return dataclasses.replace(
        found[0],
        samples=tuple(f"P{n + 1}" for n in range(len(found))),
        **{
            part: np.concatenate([getattr(one, part) for one in found], axis=1)
            for part in ("alleles", "state", "phased", "phase_set")
        },
    )


@pytest.mark.parametrize("gene", ["CYP2B6", "CYP2D6", "DPYD", "G6PD", "RYR1"])
def test_far_too_many_heterozygous_positions_are_survived(gene):
    rng = np.random.default_rng(3)
    found = genotypes(KB, [{}] * 3, fill=[gene])
    sites = model(KB, gene).definition.sites
    found.alleles[sites, :, 1] = rng.random((len(sites), 3)) < 0.3
    for called in call(found, KB, genes=[gene]).genes[0].patterns:
        assert called.status != "called"
        assert {"alternatives_cut", "unresolved"} & set(called.flags)
