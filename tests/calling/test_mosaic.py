"""Strands that no source counts are put together from those that are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgx.calling import call
from pgx.calling.model import model
from pgx.calling.mosaic import CHANGED, DONOR, JOINED, MOST_POSITIONS, Donors
from tests.calling.build import genotypes


def donors(bases, frequency, at):
    """Haplotypes of two bases a position, with one group."""
    accepts = np.stack([~np.array(bases, dtype=bool), np.array(bases, dtype=bool)], axis=2)
    return Donors.of(accepts, np.array(frequency)[:, None], np.array(at))


def by_hand(strand, bases, frequency, at):
    """The docstring's formula, term by term."""
    same = np.array(bases) == np.array(strand)
    total = 0.0
    for cut in range(1, len(strand)):
        before = sum(f for f, s in zip(frequency, same, strict=True) if s[:cut].all())
        after = sum(f for f, s in zip(frequency, same, strict=True) if s[cut:].all())
        total += JOINED * (at[cut] - at[cut - 1]) / 1000 * before * after
    near = sum(f for f, s in zip(frequency, same, strict=True) if (~s).sum() == 1)
    return total + CHANGED / len(strand) * near


@st.composite
def panels(draw):
    n_positions, n_haplotypes = draw(st.integers(2, 7)), draw(st.integers(2, 6))
    row = st.lists(st.integers(0, 1), min_size=n_positions, max_size=n_positions)
    bases = draw(st.lists(row, min_size=n_haplotypes, max_size=n_haplotypes, unique_by=tuple))
    frequency = [draw(st.floats(0.01, 0.3)) for _ in bases]
    at = np.cumsum([draw(st.integers(1, 5000)) for _ in range(n_positions)]).tolist()
    strands = [draw(row) for _ in range(3)]
    return bases, frequency, at, strands


@settings(max_examples=60, deadline=None, derandomize=True)
@given(panels())
def test_frequencies_follow_the_formula(panel):
    bases, frequency, at, strands = panel
    found = donors(bases, frequency, at)
    if found is None:
        assert len({tuple(row) for row in bases}) == 1
        return
    here = found.positions
    kept, at = np.array(bases)[:, here], np.array(at)[here]
    for strand in strands:
        alike = all(strand[p] == bases[0][p] for p in found.elsewhere)
        new = (kept != np.array(strand)[here]).any(axis=1).all()
        columns = np.array([strand, strand]).T
        got = found.frequencies(columns, np.zeros((1, len(strand)), dtype=bool), np.array([0]))[0, 0]
        expected = by_hand(np.array(strand)[here], kept, frequency, at) if alike and new else 0.0
        assert got == pytest.approx(expected, abs=1e-15)


def test_a_turned_position_takes_the_other_base():
    found = donors([[0, 0, 0], [1, 1, 1]], [0.5, 0.5], [0, 1000, 3000])
    columns = np.array([[0, 1], [0, 1], [0, 1]])
    turned = np.array([[True, False, False], [True, True, False]])
    one_base = CHANGED / 3 * 0.5
    assert found.frequencies(columns, turned, np.array([0]))[:, 0] == pytest.approx(
        [JOINED * 1 * 0.25 + one_base, JOINED * 2 * 0.25 + one_base]
    )


def test_a_position_without_data_agrees_with_every_donor():
    accepts = np.zeros((2, 3, 3), dtype=bool)
    accepts[0, :, 0] = accepts[1, :, 1] = accepts[:, :, 2] = True
    found = Donors.of(accepts, np.array([[0.5], [0.5]]), np.array([0, 1000, 3000]))
    columns = np.array([[0, 0], [2, 2], [1, 1]])
    got = found.frequencies(columns, np.zeros((1, 3), dtype=bool), np.array([0]))[0, 0]
    assert got == pytest.approx(JOINED * 3 * 0.25 + CHANGED / 3 * 1.0)


def test_rare_haplotypes_are_no_donors_and_too_many_positions_are_left_alone():
    assert donors([[0, 0], [1, 1]], [0.9, DONOR / 2], [1, 2]) is None
    many = np.eye(MOST_POSITIONS + 1, dtype=int)
    assert donors(many, [0.01] * len(many), range(len(many))) is None


def test_only_genes_of_single_variants_have_donors(kb):
    assert model(kb, "COMT").donors is not None
    assert model(kb, "CYP2C19").donors is None


def _bases(kb, gene, haplotype):
    """One base a position that the haplotype accepts, by GRCh38 position."""
    found = model(kb, gene)
    sites = kb.sites[found.definition.sites.astype(np.uint32)]
    codes = found.accepts[haplotype, :, :-2].argmax(axis=1)
    return {
        pos: alleles[code]
        for pos, alleles, code in zip(sites["pos_grch38"], sites["alleles"], codes.tolist(), strict=True)
    }


def test_a_counted_explanation_is_no_longer_certain_where_a_new_strand_explains_as_well(kb):
    """Two common strands, one of them cut in the middle: the counted pair has rivals, and they are shown."""
    found = model(kb, "COMT")
    frequency = found.frequency.mean(axis=1)
    common = np.argsort(-frequency)[:12]
    for a in common:
        for b in common:
            one, two = _bases(kb, "COMT", a), _bases(kb, "COMT", b)
            differ = [pos for pos in one if one[pos] != two[pos]]
            if len(differ) < 6:
                continue
            middle = differ[len(differ) // 2]
            cut = {pos: one[pos] if pos < middle else two[pos] for pos in one}
            person = genotypes(kb, [{pos: (one[pos], cut[pos]) for pos in one}])
            answer = call(person, kb, genes=["COMT"]).genes[0].patterns[0]
            assert sum(pair.probability for pair in answer.diplotypes) == pytest.approx(1)
            known = {strand.name for strand in found.haplotypes}
            names = [(pair.allele1, pair.allele2) for pair in answer.diplotypes]
            if any(set(pair) - known for pair in names) and any(set(pair) <= known for pair in names):
                return
    pytest.fail("no person with both kinds of explanation was found")


def test_a_person_is_called_alone_as_among_others(kb):
    found = model(kb, "COMT")
    common = np.argsort(-found.frequency.mean(axis=1))[:8]
    strands = [_bases(kb, "COMT", h) for h in common]
    middle = sorted(strands[0])[14]
    persons = [
        {pos: (one[pos], (one if pos < middle else two)[pos]) for pos in one} for one in strands for two in strands[::3]
    ]
    together = call(genotypes(kb, persons), kb, genes=["COMT"]).genes[0]
    for n, person in enumerate(persons):
        alone = call(genotypes(kb, [person]), kb, genes=["COMT"]).genes[0]
        assert together.patterns[together.pattern_of[n]] == alone.patterns[0]
