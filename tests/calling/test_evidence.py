"""When a gene counts as called: the data must have removed half of the prior doubt, and the best answer must lead."""

from __future__ import annotations

import pytest

from pgx.calling import caller
from pgx.errors import UsageError

NUDT15_STAR3, NUDT15_STAR2 = 48045719, 48037782
TPMT_3C, TPMT_3B, TPMT_2 = 18130687, 18138997, 18143724


@pytest.mark.parametrize(
    ("gene", "known"),
    [
        ("TPMT", {TPMT_3B: ("C", "C")}),
        ("NUDT15", {NUDT15_STAR2: ("AGGAGTC", "AGGAGTC")}),
    ],
)
def test_a_likely_diplotype_of_which_the_data_tell_a_third_is_driven_by_the_prior(one, gene, known):
    found = one(gene, known, filled=False)
    assert found.diplotypes[0].name == "*1/*1"
    assert found.diplotypes[0].probability > caller.THRESHOLD
    assert found.status == "ambiguous"
    assert "prior_driven" in found.flags


def test_where_the_data_tell_most_the_gene_is_called(one):
    found = one("NUDT15", {NUDT15_STAR3: ("C", "C")}, filled=False)
    assert (found.status, "prior_driven" in found.flags) == ("called", False)


def test_what_is_typed_in_full_never_rests_on_the_prior(one):
    found = one("TPMT", {TPMT_3C: ("T", "C")})
    assert (found.status, "prior_driven" in found.flags) == ("called", False)


@pytest.mark.parametrize(
    ("share", "status"), [(0.2, "ambiguous"), (0.4999, "ambiguous"), (0.5, "called"), (0.5001, "called")]
)
def test_half_of_the_doubt_is_the_line(one, monkeypatch, share, status):
    monkeypatch.setattr(caller._Solver, "_evidence", lambda self, best, probability, mixture: share)
    found = one("TPMT", {TPMT_2: (None, None)})
    assert found.status == status
    assert ("prior_driven" in found.flags) == (status == "ambiguous")


@pytest.mark.parametrize(
    ("gene", "open_at", "status"),
    [("TPMT", TPMT_3C, "ambiguous"), ("TPMT", TPMT_2, "called"), ("NUDT15", NUDT15_STAR3, "ambiguous")],
)
def test_an_open_site_of_a_common_change_is_never_called_normal(one, gene, open_at, status):
    """Each of 25 persons or so has TPMT*3C: without that position nobody is known to be normal; few have TPMT*2."""
    found = one(gene, {open_at: (None, None)})
    assert found.diplotypes[0].name == "*1/*1" and found.diplotypes[0].probability > caller.THRESHOLD
    assert found.status == status


def test_the_share_of_the_doubt_that_was_removed(one, monkeypatch):
    seen = []
    real = caller._Solver._evidence

    def noted(self, best, probability, mixture):
        share = real(self, best, probability, mixture)
        first, second = self._prior(best.first), self._prior(best.second)
        before = float((first * second) @ mixture) * (1 if best.first == best.second else 2)
        seen.append((share, (probability - before) / (1 - before)))
        return share

    monkeypatch.setattr(caller._Solver, "_evidence", noted)
    one("TPMT", {TPMT_3C: ("T", "T")}, filled=False)
    one("TPMT", {TPMT_3C: ("T", "C")}, filled=False)
    assert len(seen) == 2
    for share, expected in seen:
        assert share == pytest.approx(expected)
        assert 0 < share < 1


@pytest.mark.parametrize(("threshold", "status"), [(0.5, "called"), (0.98, "ambiguous"), (1.0, "ambiguous")])
def test_the_best_diplotype_must_reach_the_threshold(kb, threshold, status):
    from pgx.calling import call
    from tests.calling.build import genotypes

    found = (
        call(genotypes(kb, [{NUDT15_STAR3: ("C", "C")}]), kb, genes=["NUDT15"], threshold=threshold)
        .genes[0]
        .patterns[0]
    )
    assert 0.9 < found.diplotypes[0].probability < 0.98
    assert found.status == status


def test_a_probability_equal_to_the_threshold_is_called(kb, one):
    from pgx.calling import call
    from tests.calling.build import genotypes

    people = genotypes(kb, [{NUDT15_STAR3: ("C", "C")}])
    exact = one("NUDT15", {NUDT15_STAR3: ("C", "C")}, filled=False).diplotypes[0].probability
    found = [call(people, kb, genes=["NUDT15"], threshold=t).genes[0].patterns[0].status for t in (exact, exact + 1e-9)]
    assert found == ["called", "ambiguous"]


@pytest.mark.parametrize("threshold", [0.0, -0.1, 1.0001])
def test_a_threshold_that_is_no_probability_is_refused(kb, threshold):
    from pgx.calling import call
    from tests.calling.build import genotypes

    with pytest.raises(UsageError, match="between 0 and 1"):
        call(genotypes(kb, [{}]), kb, threshold=threshold)


def test_the_lines_are_those_that_are_documented():
    assert (caller.THRESHOLD, caller.MIN_EVIDENCE) == (0.9, 0.5)
